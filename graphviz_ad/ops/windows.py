"""Sliding windows over the spatial axes: their geometry, and the arrays seen through them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from math import prod
from operator import index
from typing import Any, NamedTuple

from graphviz_ad.errors import ArgumentError, ShapeError

CACHE = 1 << 21
"""Bytes of columns to work on at a time: measured; a large batch then needs no more memory."""

SHORT_RUN = 16
"""Rows shorter than this cost more in the loop over rows than in what they add: measured."""


class Windows(NamedTuple):
    """Where windows lie on the spatial axes of an array. One entry per axis in each field.

    Attributes
    ----------
    kernel, stride, dilation : tuple of int
    before, after : tuple of int
        How far the array is padded; `after` may exceed what was asked for with `ceil_mode`.
    size : tuple of int
        The lengths of the axes without padding.
    out : tuple of int
        How many windows there are.
    """

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]
    size: tuple[int, ...]
    out: tuple[int, ...]

    @property
    def padded(self) -> tuple[int, ...]:
        """The lengths of the axes with padding."""
        return tuple(b + n + a for b, n, a in zip(self.before, self.size, self.after, strict=True))


def per_axis(function: str, argument: str, value: Any, rank: int, least: int) -> tuple[int, ...]:
    """Return one integer per spatial axis from an integer or a sequence of them.

    Raises
    ------
    ArgumentError
        For another number of values, or one below `least`.
    """
    try:
        values = tuple(map(index, value)) if isinstance(value, tuple) else (index(value),)
    except TypeError:
        values = ()
    if len(values) == 1:
        values *= rank
    if len(values) != rank or min(values) < least:
        expected = f"{argument}: an integer, or {rank}, from {least} up"
        raise ArgumentError(function, expected, repr(value))
    return values


def frozen(*operands: Any, **params: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Prepare a call: make tuples of lists, which nobody can change after they are recorded."""
    return operands, {k: tuple(v) if type(v) is list else v for k, v in params.items()}


def pads(
    function: str, padding: Any, kernel: tuple[int, ...], stride: Any, dilation: tuple[int, ...]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the padding before and after each axis; ``'same'`` puts an odd one after.

    Raises
    ------
    ArgumentError
        For an unknown word, or ``'same'`` with a stride.
    """
    rank = len(kernel)
    if padding == "valid":
        return (0,) * rank, (0,) * rank
    if padding == "same":
        if any(s != 1 for s in stride):
            raise ArgumentError(function, "stride 1 for padding='same'", f"stride={stride}")
        total = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
        return tuple(t // 2 for t in total), tuple(t - t // 2 for t in total)
    if isinstance(padding, str):
        expected = "padding 'same', 'valid', an integer or one per axis"
        raise ArgumentError(function, expected, repr(padding))
    both = per_axis(function, "padding", padding, rank, 0)
    return both, both


@lru_cache(maxsize=512)
def windows(
    function: str,
    size: tuple[int, ...],
    kernel: Any,
    stride: Any,
    padding: Any,
    dilation: Any = 1,
    ceil_mode: bool = False,
) -> Windows:
    """Return the windows of a convolution or a pooling.

    Raises
    ------
    ArgumentError
        For a kernel, stride, padding or dilation that is not one.
    ShapeError
        When the kernel is larger than the padded input.
    """
    rank = len(size)
    kernel = per_axis(function, "kernel_size", kernel, rank, 1)
    stride = per_axis(function, "stride", kernel if stride is None else stride, rank, 1)
    dilation = per_axis(function, "dilation", dilation, rank, 1)
    before, after = pads(function, padding, kernel, stride, dilation)
    out, reach = [], []
    for n, k, s, d, b, a in zip(size, kernel, stride, dilation, before, after, strict=True):
        spare = n + b + a - d * (k - 1) - 1
        if spare < 0:
            got = f"kernel {kernel}, dilation {dilation} on input {size} padded by {before}"
            raise ShapeError(function, "a kernel no larger than the padded input", got)
        count = spare // s + 1
        if ceil_mode and spare % s and count * s < n + b:
            # a last window may hang over the end, but must start inside
            count += 1
        out.append(count)
        reach.append(max(a, (count - 1) * s + d * (k - 1) + 1 - n - b))
    return Windows(kernel, stride, dilation, before, tuple(reach), size, tuple(out))


def pad_spatial(xp: Any, x: Any, win: Windows, fill: float = 0.0) -> Any:
    """Return `x` padded on its spatial axes, or `x` itself where there is nothing to pad."""
    if not (any(win.before) or any(win.after)):
        return x
    lead = x.shape[: x.ndim - len(win.size)]
    padded = xp.full(lead + win.padded, fill, dtype=x.dtype)
    padded[(..., *inner(win))] = x
    return padded


def inner(win: Windows) -> tuple[slice, ...]:
    """Return the index of the unpadded part of a padded array."""
    return tuple(slice(b, b + n) for b, n in zip(win.before, win.size, strict=True))


def slabs(win: Windows) -> Iterator[tuple[Any, ...]]:
    """For each place in the kernel, in order, index what all windows see there."""
    starts: list[tuple[int, ...]] = [()]
    for k, d in zip(win.kernel, win.dilation, strict=True):
        starts = [(*start, i * d) for start in starts for i in range(k)]
    for start in starts:
        yield (
            ...,
            *(
                slice(i, i + s * (o - 1) + 1, s)
                for i, s, o in zip(start, win.stride, win.out, strict=True)
            ),
        )


def columns(xp: Any, x: Any, win: Windows, groups: int) -> Any:
    """Lay out every window as a column: (N, groups, channels · kernel, windows).

    Parameters
    ----------
    x : array, shape (N, C, …)
    """
    x = pad_spatial(xp, x, win)
    count, channels, strides = x.shape[0], x.shape[1], x.strides
    spatial = strides[2:]
    within = [t * d for t, d in zip(spatial, win.dilation, strict=True)]
    across = [t * s for t, s in zip(spatial, win.stride, strict=True)]
    view = xp.lib.stride_tricks.as_strided(
        x, (count, channels, *win.kernel, *win.out), (*strides[:2], *within, *across)
    )
    rows = channels // groups * prod(win.kernel)
    return view.reshape(count, groups, rows, prod(win.out))


def add_columns(xp: Any, cols: Any, x: Any, win: Windows) -> None:
    """Add every column to the padded `x` where its window lies: the transpose of `columns`.

    One axis of the kernel is added up after the other: there are fewer sums than places in
    the kernel, and most of them are over long runs.
    """
    rank = len(win.kernel)
    part = cols.reshape(*x.shape[:2], *win.kernel, *win.out)
    every = (slice(None),) * (rank + 1)  # what is left of the kernel, and the axes that are done
    for k, d, s, o, n in zip(
        win.kernel, win.dilation, win.stride, win.out, win.padded, strict=True
    ):
        lead, rest = part.shape[:2] + part.shape[3 : rank + 2], part.shape[rank + 3 :]
        whole = x if not rest else xp.zeros((*lead, n, *rest), dtype=x.dtype)
        for i in range(k):
            whole[(*every, slice(i * d, i * d + s * (o - 1) + 1, s))] += part[:, :, i]
        part = whole


def runs_are_short(win: Windows) -> bool:
    """Whether rows of windows are so short that it pays to add whole images at a time."""
    dense = set(win.stride) == {1} and set(win.dilation) == {1}
    return dense and len(win.kernel) <= 2 and win.kernel[-1] > 1 and win.out[-1] < SHORT_RUN


def widened(xp: Any, x: Any, win: Windows) -> Any:
    """Fill the rows of `x`, one element per window, up to those of the padded image with zeros."""
    rows = xp.zeros((*x.shape[:-1], win.padded[-1]), dtype=x.dtype)
    rows[..., : x.shape[-1]] = x
    return rows


def add_wide_columns(xp: Any, cols: Any, x: Any, win: Windows) -> None:
    """Do as `add_columns` for widened rows: each place is then one run of the flattened `x`."""
    run = prod(win.out)
    cols = cols.reshape(*x.shape[:2], prod(win.kernel), run)
    for k in range(cols.shape[2]):
        start = k // win.kernel[-1] * win.padded[-1] + k % win.kernel[-1]
        x[..., start : start + run] += cols[:, :, k]


def batches(xp: Any, count: int, nbytes: int) -> list[slice]:
    """Cut `count` samples into runs whose columns, of `nbytes` a sample, stay in the cache."""
    step = count if xp.__name__ != "numpy" else max(1, CACHE // max(1, nbytes))
    return [slice(start, start + step) for start in range(0, count, step)] if count else []
