"""Padding, and windows that slide over an array."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from graphviz_ad.engine.op import Failure, Op, Sample
from graphviz_ad.engine.register import composite, public_function
from graphviz_ad.engine.traced import call
from graphviz_ad.errors import ArgumentError, ShapeError
from graphviz_ad.ops.index import GetItem, ScatterAt, along
from graphviz_ad.ops.shape import as_shape, normalize_axis

MODES = ("constant", "reflect", "edge", "wrap", "symmetric")


def as_widths(pad_width, ndim):
    """Return NumPy's `pad_width` in full: how much before and after each axis."""
    widths = np.broadcast_to(pad_width, (ndim, 2))
    return tuple([(operator.index(i), operator.index(j)) for i, j in widths])


class Pad(Op):
    """Put elements before and after those of each axis.

    Parameters
    ----------
    array : array_like
    pad_width : int, (int, int) or sequence of (int, int)
        How many before and after: for all axes, or for each.
    mode : {"constant", "reflect", "edge", "wrap", "symmetric"}
        Constants; the mirror image without or with the edge; the edge; the other end.
    constant_values : float

    Raises
    ------
    ShapeError
        For another number of widths than axes.
    ArgumentError
        For a negative width or another mode.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.pad([1.0, 2.0, 3.0], (1, 2), mode="reflect")
    tensor([2., 1., 2., 3., 2., 1.], shape=(6,), dtype=float64)
    """

    name, label = "pad", "pad"
    tex = r"$y = \operatorname{pad}($a)"
    vjp_tex = (r"\textstyle\sum_{\text{copies}} $g",)

    def prepare(array, *, pad_width, mode="constant", constant_values=0):
        ndim = array.ndim if hasattr(array, "ndim") else np.ndim(array)
        params = {"mode": mode, "constant_values": constant_values}
        return (array,), {"pad_width": as_widths(pad_width, ndim), **params}

    def check(array, *, pad_width, mode="constant", constant_values=0):
        if mode not in MODES:
            raise ArgumentError("pad", f"a mode of {', '.join(MODES)}", repr(mode))
        if any(n < 0 for widths in pad_width for n in widths):
            raise ArgumentError("pad", "widths of at least 0", f"pad_width={pad_width}")

    def forward(xp, array, *, pad_width, mode="constant", constant_values=0):
        if mode == "constant":
            return xp.pad(array, pad_width, mode, constant_values=constant_values)
        return xp.pad(array, pad_width, mode)

    def vjp(xp, g, out, array, *, pad_width, mode="constant", constant_values=0):
        if mode == "constant":
            pairs = zip(pad_width, array.shape, strict=True)
            return g[tuple([slice(i, i + n) for (i, _), n in pairs])]
        shape = list(g.shape)
        for axis, (widths, n) in enumerate(zip(pad_width, array.shape, strict=True)):
            if widths != (0, 0):
                shape[axis] = n
                index = along(axis, xp.pad(xp.arange(n), widths, mode))
                g = call(ScatterAt, xp, g, index=index, shape=tuple(shape))
        return g

    def samples(rng):
        a = rng.normal(size=(3, 4))
        return [
            Sample(a, pad_width=1),
            Sample(a, pad_width=(1, 2), constant_values=2.5),
            Sample(a, pad_width=((0, 1), (2, 0))),
            Sample(a, pad_width=((2, 1), (0, 3)), mode="reflect"),
            Sample(a, pad_width=((3, 1), (2, 0)), mode="symmetric"),
            Sample(a, pad_width=2, mode="edge"),
            Sample(a, pad_width=((1, 5), (0, 0)), mode="wrap"),
            Sample(a[0, :2], pad_width=5, mode="reflect"),
            Sample(a[:0], pad_width=((1, 0), (0, 0))),
        ]

    fails = Failure(
        ArgumentError, r"pad: expected a mode of constant", [1.0], pad_width=1, mode="x"
    )


class SlidingWindowView(Op):
    """Return all windows of a given shape; their own axes come last.

    Parameters
    ----------
    x : array_like
    window_shape : int or tuple of int
    axis : int or tuple of int, optional
        The axes along which windows slide; all of them, in order, by default.

    Raises
    ------
    ShapeError
        For a window larger than the array, or another number of lengths than axes.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.sliding_window_view([1.0, 2.0, 3.0], 2)
    tensor([[1., 2.],
            [2., 3.]], shape=(2, 2), dtype=float64)
    """

    name, label = "sliding_window_view", "windows"
    numpy = ("lib.stride_tricks.sliding_window_view",)
    tex = r"{$y}_{ij} = {$a}_{i + j}"
    vjp_tex = (r"\textstyle\sum_j {$g}_{i-j,\,j}",)

    def prepare(x, *, window_shape, axis=None):
        ndim = x.ndim if hasattr(x, "ndim") else np.ndim(x)
        axes = tuple(range(ndim)) if axis is None else as_shape(axis)
        axes = tuple([normalize_axis("sliding_window_view", k, ndim) for k in axes])
        return (x,), {"window_shape": as_shape(window_shape), "axis": axes}

    def check(x, *, window_shape, axis=None):
        if len(window_shape) != len(axis):
            got = f"window_shape={window_shape} for axes {axis}"
            raise ShapeError("sliding_window_view", "one length for each axis", got)

    def forward(xp, x, *, window_shape, axis=None):
        return xp.lib.stride_tricks.sliding_window_view(x, window_shape, axis)

    def vjp(xp, g, out, x, *, window_shape, axis=None):
        # Undo one axis after the other, from the last: its windows are the last axis of g.
        shape = list(out.shape[: x.ndim])
        for k, n in zip(reversed(axis), reversed(window_shape), strict=True):
            count = shape[k]
            shape[k] = count + n - 1
            index = along(k, xp.arange(count)[:, None] + xp.arange(n))
            rest = g.shape[x.ndim : g.ndim - 1]
            target = (*shape, *rest)
            g = call(ScatterAt, xp, xp.moveaxis(g, -1, k + 1), index=index, shape=target)
        return g

    def samples(rng):
        a = rng.normal(size=(3, 4))
        return [
            Sample(a, window_shape=(2, 2)),
            Sample(a, window_shape=3, axis=1),
            Sample(a, window_shape=(2, 2), axis=(1, 1)),
            Sample(a, window_shape=(2, 3), axis=(-1, 0)),
            Sample(a[0], window_shape=4),
        ]

    fails = Failure(ShapeError, r"sliding_window_view: .* x \(2,\)", [1.0, 2.0], window_shape=3)


windows = public_function(SlidingWindowView)
getitem = public_function(GetItem)


@composite
def unfold(a: Any, axis: int, size: int, step: int = 1) -> Any:
    """Return the windows along an axis at every `step`, as `torch.Tensor.unfold` does.

    Parameters
    ----------
    a : array_like
    axis : int
    size : int
        The length of the windows, which become the last axis.
    step : int

    Raises
    ------
    ShapeError
        For a window longer than the axis.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.unfold([1.0, 2.0, 3.0, 4.0], 0, 2, 2)
    tensor([[1., 2.],
            [3., 4.]], shape=(2, 2), dtype=float64)
    """
    slid = windows(a, size, axis)
    k = normalize_axis("unfold", axis, slid.ndim - 1)
    return getitem(slid, along(k, slice(None, None, step)))
