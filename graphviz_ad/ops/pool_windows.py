"""The maps under pooling: sums over windows, picks from windows, and their transposes."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from graphviz_ad.engine.op import Failure, Op, Sample
from graphviz_ad.engine.traced import call
from graphviz_ad.errors import ShapeError
from graphviz_ad.ops.windows import Windows, frozen, inner, pad_spatial, slabs, windows


class WindowSum(Op):
    """Add up what each window of the last axes holds.

    Parameters
    ----------
    input : array_like, shape (…, *size)
    size : tuple of int
        The lengths of the spatial axes.
    kernel_size, stride, padding : int or tuple of int
    ceil_mode : bool
        Keep a last window that hangs over the end.

    Raises
    ------
    ShapeError
        When the kernel is larger than the padded input.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.window_sum([1.0, 2.0, 4.0], (3,), 2, 1)
    tensor([3., 6.], shape=(2,), dtype=float64)
    """

    name, label = "window_sum", "Σ win"
    tex = r"{$y}_o = \sum_{i \in \mathrm{window}(o)} {$a}_i"
    vjp_tex = (r"\sum_{o \ni i} {$g}_o",)
    prepare = frozen

    def forward(xp, input, *, size, kernel_size, stride=None, padding=0, ceil_mode=False):
        win = windows("window_sum", size, kernel_size, stride, padding, 1, ceil_mode)
        padded = pad_spatial(xp, input, win)
        out = None
        for slab in slabs(win):
            if out is None:
                out = padded[slab].copy()
            else:
                out += padded[slab]
        return out

    def vjp(xp, g, out, input, **params):
        return call(WindowSpread, xp, g, **params)

    def reference(input, *, size, kernel_size, stride=None, padding=0, ceil_mode=False):
        rank = len(size)
        steps = np.broadcast_to(kernel_size if stride is None else stride, rank)
        ends = [(0, 0)] * (input.ndim - rank) + [(p, p) for p in np.broadcast_to(padding, rank)]
        x = np.pad(input, ends)
        axes = tuple(range(-rank, 0))
        kernel = tuple(np.broadcast_to(kernel_size, rank))
        view = np.lib.stride_tricks.sliding_window_view(x, kernel, axis=axes)
        view = view[(..., *(slice(None, None, s) for s in steps), *(slice(None),) * rank)]
        return view.sum(axis=axes)

    def samples(rng):
        x = rng.normal(size=(2, 5, 4))
        return [
            Sample(x, size=(5, 4), kernel_size=2),
            Sample(x, size=(5, 4), kernel_size=(3, 2), stride=1, padding=1),
            Sample(x, size=(4,), kernel_size=3, stride=1),
        ]

    fails = Failure(ShapeError, r"window_sum: expected a kernel no larger", [1.0], size=(1,),
                    kernel_size=2)  # fmt: skip


class WindowSpread(Op):
    """Add each element to every place of its window: the transpose of `window_sum`.

    Parameters
    ----------
    input : array_like, shape (…, windows)
    size : tuple of int
        The lengths of the spatial axes of the result.
    kernel_size, stride, padding, ceil_mode
        As in `window_sum`.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.window_spread([1.0, 10.0], (3,), 2, 1)
    tensor([ 1., 11., 10.], shape=(3,), dtype=float64)
    """

    name, label = "window_spread", "spread"
    tex = r"{$y}_i = \sum_{o \ni i} {$a}_o"
    vjp_tex = (r"\sum_{i \in \mathrm{window}(o)} {$g}_i",)
    prepare = frozen

    def forward(xp, input, *, size, kernel_size, stride=None, padding=0, ceil_mode=False):
        win = windows("window_spread", size, kernel_size, stride, padding, 1, ceil_mode)
        out = xp.zeros(input.shape[: input.ndim - len(size)] + win.padded, dtype=input.dtype)
        for slab in slabs(win):
            out[slab] += input
        return out[(..., *inner(win))]

    def vjp(xp, g, out, input, **params):
        return call(WindowSum, xp, g, **params)

    def reference(input, *, size, kernel_size, stride=None, padding=0, ceil_mode=False):
        # the transpose, read off one unit at a time
        lead = input.shape[: input.ndim - len(size)]
        out = np.zeros((*lead, *size))
        for place in np.ndindex(*size):
            unit = np.zeros(size)
            unit[place] = 1
            seen = WindowSum.reference(
                unit, size=size, kernel_size=kernel_size, stride=stride, padding=padding
            )
            out[(..., *place)] = (seen * input).reshape(*lead, -1).sum(axis=-1)
        return out

    def samples(rng):
        return [
            Sample(rng.normal(size=(2, 2, 2)), size=(5, 4), kernel_size=2),
            Sample(rng.normal(size=(5, 5)), size=(5, 4), kernel_size=(3, 2), stride=1, padding=1),
        ]

    fails = Failure(ShapeError, r"window_spread: expected", [1.0, 2.0], size=(1,), kernel_size=1)


class WindowPick(Op):
    """From each window of the last axes take the element at a given place.

    Parameters
    ----------
    input : array_like, shape (…, *size)
    places : array_like of int, shape (…, windows)
        A place in the kernel for each window, counted in order.
    size, kernel_size, stride, padding, dilation, ceil_mode
        As in `max_pool2d`.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.window_pick([1.0, 2.0, 4.0], [0, 1], (3,), 2, 1)
    tensor([1., 4.], shape=(2,), dtype=float64)
    """

    name, label = "window_pick", "pick"
    tex = r"{$y}_o = {$a}_{\mathrm{window}(o)_{{$b}_o}}"
    vjp_tex = (r"\mathrm{zeros}\ \text{with}\ [$b] \mathrel{+}= $g", r"\text{no gradient}")
    prepare = frozen

    def forward(
        xp, input, places,
        *, size, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False,
    ):  # fmt: skip
        win = windows("window_pick", size, kernel_size, stride, padding, dilation, ceil_mode)
        padded = pad_spatial(xp, input, win)
        steps = [prod(padded.shape[axis + 1 :]) for axis in range(padded.ndim)]
        return xp.take(padded, positions(xp, places, win, steps))

    def vjp(xp, g, out, input, places, **params):
        return call(WindowPlace, xp, g, places, **params), None

    def reference(input, places, *, size, kernel_size, stride=None, padding=0, dilation=1,
                  ceil_mode=False):  # fmt: skip
        step = kernel_size if stride is None else stride
        at = np.arange(len(places)) * step + np.asarray(places) * dilation - padding
        return np.where((at >= 0) & (at < len(input)), input[np.clip(at, 0, len(input) - 1)], 0)

    def samples(rng):
        x, places = rng.normal(size=7), np.array([0, 2, 1])
        return [
            Sample(x, places[:2], size=(7,), kernel_size=3),
            Sample(x, places, size=(7,), kernel_size=3, stride=2, dilation=1),
            Sample(x, places, size=(7,), kernel_size=3, stride=2, padding=1, dilation=2),
        ]

    fails = Failure(ShapeError, r"window_pick: expected a kernel no larger", [1.0], [0], size=(1,),
                    kernel_size=2)  # fmt: skip


class WindowPlace(Op):
    """Add each element at a given place of its window: the transpose of `window_pick`.

    Parameters
    ----------
    input : array_like, shape (…, windows)
    places : array_like of int, shape (…, windows)
        A place in the kernel for each window, counted in order.
    size, kernel_size, stride, padding, dilation, ceil_mode
        As in `max_pool2d`.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.window_place([5.0, 7.0], [1, 0], (3,), 2, 1)
    tensor([ 0., 12.,  0.], shape=(3,), dtype=float64)
    """

    name, label = "window_place", "place"
    tex = r"$y = \mathrm{zeros}\ \text{with}\ [$b] \mathrel{+}= $a"
    vjp_tex = (r"$g[$b]", r"\text{no gradient}")
    prepare = frozen

    def forward(
        xp, input, places,
        *, size, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False,
    ):  # fmt: skip
        win = windows("window_place", size, kernel_size, stride, padding, dilation, ceil_mode)
        shape = input.shape[: input.ndim - len(size)] + win.padded
        order, steps = memory_order(places, shape)
        flat = xp.zeros(prod(shape), dtype=input.dtype)
        at = positions(xp, places, win, steps).reshape(-1)
        if all(
            s > d * (k - 1) for s, d, k in zip(win.stride, win.dilation, win.kernel, strict=True)
        ):
            flat[at] = input.reshape(-1)
        else:
            xp.add.at(flat, at, input.reshape(-1))
        out = flat.reshape([shape[axis] for axis in order])
        out = out.transpose(sorted(range(len(order)), key=order.__getitem__))
        return out[(..., *inner(win))]

    def vjp(xp, g, out, input, places, **params):
        return call(WindowPick, xp, g, places, **params), None

    def reference(input, places, *, size, kernel_size, stride=None, padding=0, dilation=1,
                  ceil_mode=False):  # fmt: skip
        step = kernel_size if stride is None else stride
        out = np.zeros(size)
        for o, (value, place) in enumerate(zip(input, places, strict=True)):
            at = o * step + place * dilation - padding
            if 0 <= at < size[0]:
                out[at] += value
        return out

    def samples(rng):
        x, places = rng.normal(size=3), np.array([0, 2, 1])
        return [
            Sample(x, places, size=(9,), kernel_size=3),
            Sample(x, places, size=(7,), kernel_size=3, stride=2),
            Sample(x, places, size=(7,), kernel_size=3, stride=2, padding=1, dilation=2),
        ]

    fails = Failure(ShapeError, r"window_place: expected a kernel no larger", [1.0], [0], size=(1,),
                    kernel_size=2)  # fmt: skip


class WindowArgmax(Op):
    """Find the place of the first maximum in each window of the last axes; a NaN is a maximum.

    Parameters
    ----------
    input : array_like, shape (…, *size)
    best : array_like, shape (…, windows), optional
        The maxima, where they are known.
    size, kernel_size, stride, padding, dilation, ceil_mode
        As in `max_pool2d`.

    Returns
    -------
    Tensor of int, shape (…, windows)
        A place in the kernel for each window, counted in order.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.window_argmax([1.0, 5.0, 4.0], size=(3,), kernel_size=2, stride=1).numpy().tolist()
    [1, 0]
    """

    name, label, differentiable = "window_argmax", "argmax win", False
    order = ("input", "size", "kernel_size", "stride", "padding", "dilation", "ceil_mode", "best")
    tex = r"${y}_o = \mathrm{argmax}_{i \in \mathrm{window}(o)} \, ${a}_i"
    prepare = frozen

    def forward(
        xp, input, best=None,
        *, size, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False,
    ):  # fmt: skip
        win = windows("window_argmax", size, kernel_size, stride, padding, dilation, ceil_mode)
        padded = pad_spatial(xp, input, win, lowest(xp, input.dtype))
        seen = [padded[slab] for slab in slabs(win)]
        if best is None:
            best = seen[0]
            for part in seen[1:]:
                best = xp.maximum(best, part)
        # the first place scores highest: arithmetic on bytes is ten times faster than masks
        count = len(seen)
        small = xp.int8 if count < 128 else xp.int32
        score = xp.zeros_like(best, dtype=small)
        nan = bool((best != best).any())
        for k, part in enumerate(seen):
            hit = part == best
            if nan:
                hit |= part != part
            score = xp.maximum(score, hit * small(count - k))
        return small(count) - score

    def reference(input, best=None, *, size, kernel_size, stride=None, padding=0, dilation=1,
                  ceil_mode=False):  # fmt: skip
        step = kernel_size if stride is None else stride
        x = np.pad(input, padding, constant_values=-np.inf)
        starts = range(0, len(x) - dilation * (kernel_size - 1), step)
        span = dilation * (kernel_size - 1) + 1
        return np.array([np.argmax(x[s : s + span : dilation]) for s in starts])

    def samples(rng):
        x = rng.normal(size=9)
        return [
            Sample(x, size=(9,), kernel_size=3),
            Sample(x, size=(9,), kernel_size=2, stride=1, padding=1),
            Sample(x, size=(9,), kernel_size=3, dilation=2),
            Sample(np.array([1.0, 1.0, np.nan, 2.0]), size=(4,), kernel_size=2),
        ]

    fails = Failure(ShapeError, r"window_argmax: expected a kernel no larger", [1.0], size=(1,),
                    kernel_size=2)  # fmt: skip


def lowest(xp: Any, dtype: Any) -> Any:
    """Return what loses against every number of `dtype`."""
    return -float("inf") if dtype.kind == "f" else xp.iinfo(dtype).min


def memory_order(like: Any, shape: tuple[int, ...]) -> tuple[list[int], list[int]]:
    """Return the axes of `like` as they lie in memory, and the steps of such a `shape`.

    What is computed from two arrays of different orders takes five times as long.
    """
    order = sorted(range(like.ndim), key=lambda axis: -like.strides[axis])
    steps, below = [0] * like.ndim, 1
    for axis in reversed(order):
        steps[axis], below = below, below * shape[axis]
    return order, steps


def positions(xp: Any, places: Any, win: Windows, steps: list[int]) -> Any:
    """Return where the places in the windows lie in the flattened, padded array of these steps."""
    rank = len(win.size)
    table = [0]
    for k, d, step in zip(win.kernel, win.dilation, steps[-rank:], strict=True):
        table = [t + i * d * step for t in table for i in range(k)]
    strides = [s * step for s, step in zip(win.stride, steps[-rank:], strict=True)]
    lead = places.shape[:-rank]
    first = _starts(xp, lead, steps[:-rank]).reshape(*lead, *(1,) * rank)
    at = xp.take(xp.asarray(table), places)
    at += _starts(xp, win.out, strides)
    at += first
    return at


def _starts(xp: Any, shape: tuple[int, ...], steps: list[int]) -> Any:
    """Return where the elements of an array of these steps lie in memory."""
    starts = xp.zeros((), dtype=int)
    for count, step in zip(shape, steps, strict=True):
        starts = xp.expand_dims(starts, -1) + xp.arange(count) * step
    return starts
