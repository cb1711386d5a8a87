"""Pooling over windows of one to three axes: maxima, means and power means."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from graphviz_ad.engine.op import Sample
from graphviz_ad.engine.traced import call
from graphviz_ad.errors import ArgumentError, ShapeError
from graphviz_ad.ops.pool_windows import WindowArgmax, WindowPlace, WindowSpread, WindowSum, lowest
from graphviz_ad.ops.shape import shape_of
from graphviz_ad.ops.windows import Windows, pad_spatial, slabs, windows


def pool_check(name: str, rank: int) -> Callable[..., None]:
    """Return the check of a pooling over `rank` spatial axes."""

    def check(input: Any, **params: Any) -> None:
        shape = shape_of(input)
        axes = ("L", "H, W", "D, H, W")[rank - 1]
        if len(shape) not in (rank + 1, rank + 2):
            raise ShapeError(name, f"input (N, C, {axes}) or (C, {axes})", f"input {shape}")
        win = windows(
            name, shape[-rank:], params["kernel_size"], params["stride"], params.get("padding", 0),
            params.get("dilation", 1), params["ceil_mode"],
        )  # fmt: skip
        if any(
            2 * b > d * (k - 1) + 1
            for b, d, k in zip(win.before, win.dilation, win.kernel, strict=True)
        ):
            got = f"padding {win.before} for kernel {win.kernel}"
            raise ArgumentError(name, "padding of at most half the kernel", got)

    return check


def max_windows(xp: Any, x: Any, win: Windows) -> Any:
    """Return the maximum of each window."""
    padded = pad_spatial(xp, x, win, lowest(xp, x.dtype))
    best = None
    for slab in slabs(win):
        best = padded[slab] if best is None else xp.maximum(best, padded[slab])
    return best


def max_rules(name: str, rank: int) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return the forward rule and the VJP of a max-pooling over `rank` axes."""

    def forward(xp, input, *, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
        size = input.shape[-rank:]
        win = windows(name, size, kernel_size, stride, padding, dilation, ceil_mode)
        return max_windows(xp, input, win)

    def vjp(xp, g, out, input, **params):
        params["size"] = input.shape[-rank:]
        places = call(WindowArgmax, xp, input, out, **params)
        return call(WindowPlace, xp, g, places, **params)

    return forward, vjp


def indexed_rules(name: str, rank: int) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return the rules of a max-pooling that also tells where the maxima were."""

    def forward(xp, input, *, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
        size = input.shape[-rank:]
        win = windows(name, size, kernel_size, stride, padding, dilation, ceil_mode)
        params = {"kernel_size": kernel_size, "stride": stride, "padding": padding,
                  "dilation": dilation, "ceil_mode": ceil_mode, "size": size}  # fmt: skip
        out = max_windows(xp, input, win)
        places = WindowArgmax.forward(xp, input, out, **params).astype(xp.int64)
        index = 0
        for axis in range(rank):
            below = 1
            for k in win.kernel[axis + 1 :]:
                below *= k
            within = places // below % win.kernel[axis]
            steps = xp.arange(win.out[axis]).reshape((-1,) + (1,) * (rank - axis - 1))
            at = steps * win.stride[axis] + within * win.dilation[axis] - win.before[axis]
            index = index * size[axis] + at
        return out, index

    def vjp(xp, g, out, input, **params):
        params["size"] = input.shape[-rank:]
        places = call(WindowArgmax, xp, input, out[0], **params)
        return call(WindowPlace, xp, g[0], places, **params)

    return forward, vjp


def divisors(xp: Any, win: Windows, padding: Any, include_pad: bool) -> Any:
    """Return how many elements each window averages: a number where all have the same."""
    total: Any = 1
    for axis, n in enumerate(win.size):
        k, s, p = win.kernel[axis], win.stride[axis], win.before[axis]
        counts = []
        for o in range(win.out[axis]):
            start, end = o * s - p, min(o * s - p + k, n + p)
            counts.append(end - start if include_pad else min(end, n) - max(start, 0))
        if len(set(counts)) == 1:
            total = total * counts[0]
        else:
            trailing = (1,) * (len(win.size) - axis - 1)
            total = total * xp.asarray(counts).reshape((-1, *trailing))
    return total


def mean_rules(name: str, rank: int) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return the forward rule and the VJP of an average-pooling over `rank` axes."""

    def scale(xp, size, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor):
        win = windows(name, size, kernel_size, stride, padding, 1, ceil_mode)
        if divisor is not None:
            if not divisor:
                raise ArgumentError(name, "divisor_override other than 0", repr(divisor))
            return divisor
        return divisors(xp, win, padding, count_include_pad)

    def forward(
        xp, input, *, kernel_size, stride=None, padding=0, ceil_mode=False,
        count_include_pad=True, divisor_override=None,
    ):  # fmt: skip
        size = input.shape[-rank:]
        geometry = {"kernel_size": kernel_size, "stride": stride, "padding": padding,
                    "ceil_mode": ceil_mode}  # fmt: skip
        total = WindowSum.forward(xp, input, size=size, **geometry)
        by = scale(xp, size, **geometry, count_include_pad=count_include_pad,
                   divisor=divisor_override)  # fmt: skip
        return (total / by).astype(total.dtype if total.dtype.kind == "f" else float)

    def vjp(xp, g, out, input, *, count_include_pad, divisor_override, **geometry):
        size = input.shape[-rank:]
        by = scale(xp, size, **geometry, count_include_pad=count_include_pad,
                   divisor=divisor_override)  # fmt: skip
        return call(WindowSpread, xp, g / by, size=size, **geometry)

    return forward, vjp


def plain_windows(x, rank, kernel_size, stride, padding, dilation, fill):
    """Return every window of `x`, as the references see them, in the last axes."""
    steps = np.broadcast_to(kernel_size if stride is None else stride, rank)
    gaps, kernel = np.broadcast_to(dilation, rank), np.broadcast_to(kernel_size, rank)
    ends = [(0, 0)] * (x.ndim - rank) + [(p, p) for p in np.broadcast_to(padding, rank)]
    x = np.pad(x, ends, constant_values=fill)
    axes = tuple(range(-rank, 0))
    spans = tuple(d * (k - 1) + 1 for d, k in zip(gaps, kernel, strict=True))
    view = np.lib.stride_tricks.sliding_window_view(x, spans, axis=axes)
    strided = (*(slice(None, None, s) for s in steps), *(slice(None, None, d) for d in gaps))
    return view[(..., *strided)]


def max_reference(rank):
    """Return the reference of a max-pooling; `ceil_mode` is left to the peers' test."""

    def reference(input, *, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
        view = plain_windows(input, rank, kernel_size, stride, padding, dilation, -np.inf)
        return view.max(axis=tuple(range(-rank, 0)))

    return reference


def indexed_reference(rank):
    """Return the reference of a max-pooling with indices, for elements that are unique."""

    def reference(input, **params):
        best = max_reference(rank)(input, **params)
        flat = input.reshape(*input.shape[:-rank], *(1,) * rank, math.prod(input.shape[-rank:]))
        return best, np.argmax(flat == best[..., None], axis=-1)

    return reference


def mean_reference(rank):
    """Return the reference of an average-pooling; `ceil_mode` is left to the peers' test."""

    def reference(input, *, kernel_size, stride=None, padding=0, ceil_mode=False,
                  count_include_pad=True, divisor_override=None):  # fmt: skip
        axes = tuple(range(-rank, 0))
        total = plain_windows(input, rank, kernel_size, stride, padding, 1, 0).sum(axis=axes)
        ones = np.ones_like(input)
        counted = plain_windows(ones, rank, kernel_size, stride, padding, 1, count_include_pad)
        return total / (divisor_override or counted.sum(axis=axes))

    return reference


def pool_samples(rng: np.random.Generator, rank: int, dilated: bool) -> list[Sample]:
    """Return samples of the options that every pooling has."""
    size = ((7,), (7, 6), (4, 5, 4))[rank - 1]
    x = rng.permutation(2 * 3 * int(np.prod(size))).reshape(2, 3, *size) / 10.0
    samples = [
        Sample(x, kernel_size=2),
        Sample(x, kernel_size=(3, 2, 2)[:rank], stride=1),
        Sample(x, kernel_size=3, stride=2, padding=1),
        Sample(x[0], kernel_size=2, stride=(2, 3, 1)[:rank]),
        Sample(x[:0], kernel_size=2),
        Sample(x.astype(np.float32), kernel_size=2),
    ]
    return [*samples, Sample(x, kernel_size=2, dilation=2, stride=1)] if dilated else samples


def mean_samples(rng: np.random.Generator, rank: int) -> list[Sample]:
    """Return samples of average-pooling; along one axis PyTorch, a peer, takes no divisor."""
    samples = pool_samples(rng, rank, dilated=False)
    x = samples[0].arrays[0]
    padded = {"kernel_size": 3, "stride": 2, "padding": 1}
    samples.append(Sample(x, **padded, count_include_pad=False))
    return samples if rank == 1 else [*samples, Sample(x, **padded, divisor_override=5)]


def power_rules(name: str, rank: int) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return the forward rule and the VJP of a power-average pooling over `rank` axes."""

    def weight(xp, size, kernel_size, stride, ceil_mode):
        win = windows(name, size, kernel_size, stride, 0, 1, ceil_mode)
        cells = 1
        for k in win.kernel:
            cells *= k
        # a window that hangs over the end counts as a full one, as in PyTorch
        return cells / divisors(xp, win, 0, True)

    def forward(xp, input, *, norm_type, kernel_size, stride=None, ceil_mode=False):
        size = input.shape[-rank:]
        geometry = {"kernel_size": kernel_size, "stride": stride, "ceil_mode": ceil_mode}
        total = WindowSum.forward(xp, input**norm_type, size=size, **geometry)
        return ((total * weight(xp, size, **geometry)) ** (1 / norm_type)).astype(total.dtype)

    def vjp(xp, g, out, input, *, norm_type, **geometry):
        size = input.shape[-rank:]
        inside = out != 0
        slope = xp.where(inside, out, 1) ** (1 - norm_type) * weight(xp, size, **geometry)
        sent = xp.where(inside, g * slope, 0)
        spread = call(WindowSpread, xp, sent, size=size, padding=0, **geometry)
        return spread * input ** (norm_type - 1)

    return forward, vjp


def power_reference(rank):
    """Return the reference of a power-average pooling."""

    def reference(input, *, norm_type, kernel_size, stride=None, ceil_mode=False):
        view = plain_windows(input, rank, kernel_size, stride, 0, 1, 0)
        return (view**norm_type).sum(axis=tuple(range(-rank, 0))) ** (1 / norm_type)

    return reference


def power_samples(rng: np.random.Generator, rank: int) -> list[Sample]:
    """Return samples of power-average pooling."""
    x = rng.uniform(0.5, 2.0, size=(2, 3, *(7, 6)[:rank]))
    return [
        Sample(x, norm_type=2, kernel_size=2),
        Sample(x, norm_type=3.5, kernel_size=3, stride=2),
        Sample(x[0], norm_type=1, kernel_size=(3, 2)[:rank], stride=1),
        Sample(-x, norm_type=2, kernel_size=2),
    ]


def power_check(name: str, rank: int) -> Callable[..., None]:
    """Return the check of a power-average pooling over `rank` axes."""
    base = pool_check(name, rank)

    def check(input: Any, **params: Any) -> None:
        base(input, **params)
        if not 0 < params["norm_type"] < np.inf:
            hint = f"of infinity it is the maximum: max_pool{rank}d of abs(input)"
            got = repr(params["norm_type"])
            raise ArgumentError(name, "norm_type above 0, and finite", got, hint)

    return check
