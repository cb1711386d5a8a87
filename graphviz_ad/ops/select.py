"""Operations that choose elements by a condition or by an array of indices."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphviz_ad.engine.apply import apply
from graphviz_ad.engine.op import Failure, Op, Sample
from graphviz_ad.engine.traced import call
from graphviz_ad.errors import ArgumentError, DTypeError, IndexingError, ShapeError
from graphviz_ad.ops.index import ScatterAt, along, lines_of, mesh, stand_in
from graphviz_ad.ops.shape import normalize_axis


class Where(Op):
    """Choose from `x` where the condition holds and from `y` elsewhere, with broadcasting.

    Parameters
    ----------
    condition : array_like
    x, y : array_like, optional
        Without them the result is the indices where the condition holds, a tensor for each
        axis; they have no gradient.

    Raises
    ------
    ArgumentError
        For one of `x` and `y` without the other.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.where([True, False], [1.0, 2.0], 0.0)
    tensor([1., 0.], shape=(2,), dtype=float64)
    """

    name, label = "where", "where"
    tex = r"$y = \begin{cases} $b & $a \\ $c & \text{else} \end{cases}"
    vjp_tex = (
        "",
        r"\begin{cases} $g & $a \\ 0 & \text{else} \end{cases}",
        r"\begin{cases} 0 & $a \\ $g & \text{else} \end{cases}",
    )

    def check(condition, x=None, y=None):
        if (x is None) != (y is None):
            raise ArgumentError("where", "x and y, or none of them", "one")

    def forward(xp, condition, x=None, y=None):
        return xp.nonzero(condition) if x is None else xp.where(condition, x, y)

    def vjp(xp, g, out, condition, x=None, y=None):
        return None, lambda: xp.where(condition, g, 0), lambda: xp.where(condition, 0, g)

    def samples(rng):
        a, b = rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
        return [
            Sample(a > b, a, b),
            Sample(a > b, a, a),
            Sample(a > 0, a, 0.0),
            Sample(a > 0, 2.0, b[:, :1]),
            Sample(a[0] > 0, a, b),
            Sample(np.arange(4), a, b),
            Sample(True, 1.5, 2.5),
            Sample(a[:0] > 0, a[:0], 1.0),
        ]

    fails = Failure(ShapeError, r"where: .* x \(3,\)", [True, False], [1.0] * 3, 0.0)


def _within(xp: Any, indices: Any, length: int, mode: str) -> Any:
    """Return indices as `mode` means them; CuPy's ``take`` has no argument for it."""
    if mode == "wrap":
        return indices % length
    if mode == "clip":
        return xp.minimum(xp.maximum(indices, 0), length - 1)
    return indices


class Take(Op):
    """Take the slices at `indices` along an axis, or elements of the flattened array.

    Parameters
    ----------
    a : array_like
    indices : array_like of int
        One that occurs twice receives both gradients.
    axis : int, optional
    mode : {"raise", "wrap", "clip"}
        What an index out of range means.

    Raises
    ------
    IndexingError
        For an index out of range.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.take([1.0, 2.0, 3.0], [0, 2, 0])
    tensor([1., 3., 1.], shape=(3,), dtype=float64)
    """

    name, label, method, aliases = "take", "take", True, {"dim": "axis"}
    tex = r"$y = $a[$b]"
    vjp_tex = (r"\mathrm{zeros}\ \text{with}\ [$b] \mathrel{+}= $g", "")

    def prepare(a, indices, *, axis=None, mode="raise"):
        alike = stand_in(a, indices) if mode == "raise" else None
        if alike is not None:
            np.take(alike, indices, axis)
        return (a, indices), {"axis": axis, "mode": mode}

    def check(a, indices, *, axis=None, mode="raise"):
        if mode not in ("raise", "wrap", "clip"):
            raise ArgumentError("take", "mode 'raise', 'wrap' or 'clip'", repr(mode))
        if axis is not None:
            normalize_axis("take", axis, a.ndim or 1)

    def forward(xp, a, indices, *, axis=None, mode="raise"):
        length = a.shape[axis] if a.ndim and axis is not None else a.size
        return a.take(_within(xp, indices, length, mode), axis)

    def vjp(xp, g, out, a, indices, *, axis=None, mode="raise"):
        shape, k = lines_of(a, axis)
        indices = _within(xp, indices, shape[k], mode)
        sent = call(ScatterAt, xp, g, index=along(k, indices), shape=shape)
        return sent.reshape(a.shape), None

    def samples(rng):
        a = rng.normal(size=(3, 4))
        return [
            Sample(a, [0, 5, 5]),
            Sample(a, np.array([[0, 2], [2, 2]]), axis=0),
            Sample(a, [1, -1], axis=-1),
            Sample(a, 1, axis=1),
            Sample(a, [4, -5, 3], axis=1, mode="wrap"),
            Sample(a, [4, -5, 3], axis=1, mode="clip"),
            Sample(a[0], np.zeros((0,), dtype=int)),
            Sample(np.array(2.5), [0, 0], axis=-1),
        ]

    fails = Failure(IndexingError, r"take: .* a \(2,\) float64", [1.0, 2.0], [2])


class TakeAlongAxis(Op):
    """Take, along an axis, one element for each of `indices`: what `argsort` and `argmax` index.

    Parameters
    ----------
    arr : array_like
    indices : array_like of int
        With as many axes as `arr`; the other axes broadcast.
    axis : int or None
        None indexes the flattened array.

    Raises
    ------
    IndexingError
        For an index out of range.
    ShapeError
        For another number of axes.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.take_along_axis([[1.0, 2.0], [3.0, 4.0]], [[1], [0]], 1)
    tensor([[2.],
            [3.]], shape=(2, 1), dtype=float64)
    """

    name, label, aliases = "take_along_axis", "gather", {"dim": "axis"}
    tex = r"{$y}_{i} = $a[{$b}_{i}]"
    vjp_tex = (r"\mathrm{zeros}\ \text{with}\ [{$b}_{i}] \mathrel{+}= {$g}_{i}", "")

    def forward(xp, arr, indices, *, axis=-1):
        return xp.take_along_axis(arr, indices, axis)

    def vjp(xp, g, out, arr, indices, *, axis=-1):
        shape = (arr.size,) if axis is None else arr.shape
        index = mesh(xp, indices, shape, 0 if axis is None else axis)
        return call(ScatterAt, xp, g, index=index, shape=shape).reshape(arr.shape), None

    def samples(rng):
        a = rng.normal(size=(3, 4))
        return [
            Sample(a, np.array([[0, 3, 3], [1, 1, 2], [-1, 0, 0]]), axis=1),
            Sample(a, np.argsort(a, axis=0), axis=0),
            Sample(a, np.array([[2], [0], [1]])),
            Sample(a, np.array([[0, 2]]), axis=-1),
            Sample(a, np.array([0, 7, 7]), axis=None),
        ]

    fails = Failure(
        IndexingError, r"take_along_axis: .* indices \(1, 1\)", [[1.0, 2.0]], [[2]], axis=1
    )


def compress_method(self: Any, condition: Any, axis: int | None = None) -> Any:
    """Keep the slices of an axis, or the elements of the flattened array: see `ad.compress`."""
    return apply(Compress, (condition, self), {"axis": axis})


class Compress(Op):
    """Keep the slices of an axis, or the elements of the flattened array, that fulfil a condition.

    Parameters
    ----------
    condition : array_like of bool
        With one axis; where it is shorter, the rest is dropped.
    a : array_like
    axis : int, optional

    Raises
    ------
    IndexingError
        For a condition that holds beyond the end of the axis.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.compress([True, False, True], [1.0, 2.0, 3.0])
    tensor([1., 3.], shape=(2,), dtype=float64)
    """

    name, label = "compress", "compress"
    tex = r"$y = $b[$a]"
    vjp_tex = ("", r"\mathrm{zeros}\ \text{with}\ [$a] = $g")

    def forward(xp, condition, a, *, axis=None):
        return xp.compress(condition, a, axis)

    def vjp(xp, g, out, condition, a, *, axis=None):
        shape = (a.size,) if axis is None else a.shape
        k = 0 if axis is None else axis % a.ndim
        # the condition is data, never a tensor that is differentiated
        kept = [i for i, holds in enumerate(condition) if holds]
        index = along(k, xp.asarray(kept, dtype=int))
        return None, call(ScatterAt, xp, g, index=index, shape=shape).reshape(a.shape)

    def samples(rng):
        a = rng.normal(size=(3, 4))
        return [
            Sample([True, False, True], a, axis=0),
            Sample([False, True], a, axis=-1),
            Sample([False, True, True, False, True], a),
            Sample([False], a, axis=1),
        ]

    fails = Failure(
        IndexingError, r"compress: .* a \(2,\) float64", [False, True, True], [1.0, 2.0], axis=0
    )


class MaskedFill(Op):
    """Put a value wherever a mask is true, as `torch.Tensor.masked_fill` does.

    Parameters
    ----------
    a : array_like
    mask : array_like of bool
        Broadcast against `a`.
    value : array_like
        A number, or an array without axes.

    Raises
    ------
    DTypeError
        For a mask of other than booleans.
    ShapeError
        For a value with axes: `where` takes arrays.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.tensor([1.0, 2.0]).masked_fill([False, True], 0.0)
    tensor([1., 0.], shape=(2,), dtype=float64)
    """

    name, label, method = "masked_fill", "mask", True
    tex = r"$y = \begin{cases} $c & $b \\ $a & \text{else} \end{cases}"
    vjp_tex = (
        r"\begin{cases} 0 & $b \\ $g & \text{else} \end{cases}",
        "",
        r"\textstyle\sum_{$b} $g",
    )

    def check(a, mask, value):
        if getattr(value, "ndim", 0):
            got = f"value {value.shape}"
            raise ShapeError("masked_fill", "a value without axes", got, "ad.where takes arrays")
        kind = getattr(mask, "dtype", type(mask).__name__)
        if kind != "bool":
            raise DTypeError("masked_fill", "a mask of booleans", f"mask {kind}")

    def forward(xp, a, mask, value):
        return xp.where(mask, value, a)

    def vjp(xp, g, out, a, mask, value):
        return lambda: xp.where(mask, 0, g), None, lambda: xp.where(mask, g, 0)

    def reference(a, mask, value):
        return np.where(mask, value, a)

    def samples(rng):
        a = rng.normal(size=(3, 4))
        return [
            Sample(a, a > 0, 2.0),
            Sample(a, a[:1] > 0, np.float64(0.5)),
            Sample(a[:, :1], a > 0, 1.5),
        ]

    fails = Failure(ShapeError, r"masked_fill: .* value \(1,\)", [1.0], [True], [2.0])
