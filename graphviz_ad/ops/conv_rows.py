"""Convolution of small images: channels last, each window a row, one product for the batch.

NumPy spends its time on the loops around short rows and small products there. The results
are seen as (N, C, …) again; element-wise operations keep the memory as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from graphviz_ad.ops.windows import SHORT_RUN, Windows, inner, slabs

KEPT = 1 << 24
"""Bytes of windows that a convolution keeps for its gradient at most; more no longer pays."""

BLOCK = 1 << 10
"""Windows whose gradients are sent back at a time: measured; they stay in the cache."""


def pays(xp: Any, x: Any, weight: Any, win: Windows, groups: int) -> bool:
    """Whether the images are so small that this is faster, and their rows can be kept."""
    return (
        xp.__name__ == "numpy"
        and groups == 1
        # what is copied at a time: here what a row of the kernel sees, else a row of windows
        and win.out[-1] < min(SHORT_RUN, 2 * win.kernel[-1] * x.shape[1] + 1)
        and x.dtype == weight.dtype
        and x.dtype.kind == "f"
        and x.dtype.itemsize >= 4  # half precision has no fast product
        and 0 < x.shape[0] * prod(win.out) * prod(weight.shape[1:]) * x.dtype.itemsize <= KEPT
    )


def convolve_rows(xp: Any, x: Any, weight: Any, bias: Any, win: Windows) -> tuple[Any, Any]:
    """Return the convolution of (N, C, …) images, and the windows as rows."""
    rows = _window_rows(xp, x, win)
    out = rows @ _by_rows(weight)
    if bias is not None and bias.dtype == out.dtype:
        out += bias
    elif bias is not None:
        out = out + bias
    return _channels_first(out.reshape(len(x), *win.out, len(weight))), rows


def _window_rows(xp: Any, x: Any, win: Windows) -> Any:
    """Lay out every window as a row: (N · windows, kernel · channels)."""
    x = _channels_last(x)
    if any(win.before) or any(win.after):
        padded = xp.zeros((len(x), *win.padded, x.shape[-1]), dtype=x.dtype)
        padded[(slice(None), *inner(win))] = x
        x = padded
    strides = x.strides[1:-1]
    across = [t * s for t, s in zip(strides, win.stride, strict=True)]
    within = [t * d for t, d in zip(strides, win.dilation, strict=True)]
    view = xp.lib.stride_tricks.as_strided(
        x,
        (len(x), *win.out, *win.kernel, x.shape[-1]),
        (x.strides[0], *across, *within, x.strides[-1]),
    )
    return view.reshape(len(x) * prod(win.out), prod(win.kernel) * x.shape[-1])


def convolve_rows_vjp(
    xp: Any, g: Any, input: Any, weight: Any, win: Windows, rows: Any
) -> tuple[Callable[[], Any], ...]:
    """Return what a convolution by rows sends to the input, the weight and the bias, as thunks."""
    batched = input.ndim == weight.ndim
    sent = _channels_last(g if batched else g[None]).reshape(-1, len(weight))

    def to_input() -> Any:
        images = _to_images(xp, sent, weight, win, len(input) if batched else 1)
        return images if batched else images[0]

    def to_weight() -> Any:
        by_place = (sent.T @ rows).reshape(len(weight), *win.kernel, weight.shape[1])
        return _channels_first(by_place)

    def to_bias() -> Any:
        # a product is faster than a sum over a long first axis
        return xp.ones(len(sent), dtype=sent.dtype) @ sent

    return to_input, to_weight, to_bias


def _to_images(xp: Any, sent: Any, weight: Any, win: Windows, count: int) -> Any:
    """Return what the rows of gradients (N · windows, F) send to the `count` images."""
    images = xp.zeros((count, *win.padded, weight.shape[1]), dtype=sent.dtype)
    last = weight.transpose(*range(2, weight.ndim), 0, 1).reshape(-1, *weight.shape[:2])
    each = prod(win.out)
    step = min(count, max(1, BLOCK // each))
    part = xp.empty((step, *win.out, weight.shape[1]), dtype=sent.dtype)
    # a product for each place of the kernel: all of them at once would not stay in the cache
    for start in range(0, count, step):
        block = images[start : start + step]
        part = part[: len(block)]
        rows = part.reshape(-1, weight.shape[1])
        given = sent[start * each : (start + step) * each]
        for slab, place in zip(slabs(win), last, strict=True):
            xp.matmul(given, place, out=rows)
            block[(slice(None), *slab[1:])] += part
    return _channels_first(images[(slice(None), *inner(win))])


def _channels_last(x: Any) -> Any:
    """See (N, C, …) as (N, …, C)."""
    return x.transpose(0, *range(2, x.ndim), 1)


def _channels_first(x: Any) -> Any:
    """See (N, …, C) as (N, C, …); the memory below can no longer be written to."""
    owner = x if x.base is None else x.base
    owner.setflags(write=False)
    return x.transpose(0, x.ndim - 1, *range(1, x.ndim - 1))


def _by_rows(weight: Any) -> Any:
    """Return (F, C, …) filters as a matrix (kernel · C, F), to multiply rows by."""
    last = weight.transpose(*range(2, weight.ndim), 1, 0)
    return last.reshape(-1, len(weight))
