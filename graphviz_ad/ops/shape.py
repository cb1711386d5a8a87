"""Operations that give an array another shape and keep its elements."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from graphviz_ad.engine.op import Failure, Op, Sample
from graphviz_ad.errors import ArgumentError, AxisError, DTypeError, ShapeError


def shape_of(array: Any) -> tuple[int, ...]:
    """Return the shape of an array, a tensor, a list or a Python number."""
    shape: tuple[int, ...] = array.shape if hasattr(array, "shape") else np.shape(array)
    return shape


def as_shape(shape: Any) -> tuple[int, ...]:
    """Return a shape or axes, given as an integer or a sequence of them, as a tuple."""
    lengths = (shape,) if isinstance(shape, int) or not hasattr(shape, "__iter__") else shape
    return tuple([operator.index(n) for n in lengths])


def normalize_axis(function: str, axis: Any, ndim: int) -> int:
    """Return `axis` counted from the front.

    Raises
    ------
    AxisError
        For an axis that an array of `ndim` axes does not have.
    """
    k = operator.index(axis)
    if not -ndim <= k < ndim:
        raise AxisError(function, f"an axis of {ndim}", f"axis {k}")
    return k % ndim


class Reshape(Op):
    """Give an array a new shape without changing its elements; one length may be -1.

    Parameters
    ----------
    a : array_like
    shape : int or tuple of int
        As a method, also as separate arguments: ``x.reshape(2, 3)``.
    order : {"C", "F"}
        Which index changes fastest: the last (``"C"``) or the first (``"F"``).

    Raises
    ------
    ShapeError
        When the number of elements differs.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.tensor([1.0, 2.0, 3.0, 4.0]).reshape(2, -1).shape
    (2, 2)
    """

    name, label, method, spread = "reshape", "reshape", True, "shape"
    tex = r"$y = \operatorname{reshape}($a)"
    vjp_tex = (r"\operatorname{reshape}($g)",)

    def prepare(a, *, shape, order="C"):
        return (a,), {"shape": as_shape(shape), "order": order}

    def check(a, *, shape, order="C"):
        require_order("reshape", order)

    def forward(xp, a, *, shape, order="C"):
        return a.reshape(shape, order=order)

    def vjp(xp, g, out, a, *, shape, order="C"):
        return g.reshape(a.shape, order=order)

    def samples(rng):
        a = rng.normal(size=(3, 4))
        return [
            Sample(a, shape=(2, 6)),
            Sample(a, shape=(2, -1, 3)),
            Sample(a, shape=12),
            Sample(a, shape=(6, 2), order="F"),
            Sample(a[:1, :1], shape=()),
            Sample(2.5, shape=(1, 1)),
            Sample(rng.normal(size=(0, 4)), shape=(2, 0)),
        ]

    fails = Failure(ShapeError, r"reshape: .* got a \(6,\) float64", [1.0] * 6, shape=(4, 2))


def require_order(function, order):
    """Raise `ArgumentError` for an order of elements that a traced array does not have."""
    if order not in ("C", "F"):
        raise ArgumentError(function, "order 'C' or 'F'", repr(order))


class Rearranged(Op):
    """A page whose output has the elements of its input in the same order."""

    vjp_tex = (r"\operatorname{reshape}($g)",)

    def vjp(xp, g, out, a, **params):
        return g.reshape(a.shape)


class Ravel(Rearranged):
    """Flatten into one axis.

    Parameters
    ----------
    a : array_like
    order : {'C', 'F'}
        Rows first, or columns first.

    Raises
    ------
    ArgumentError
        For another order.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.ravel([[1.0, 2.0], [3.0, 4.0]]).shape
    (4,)
    """

    name, label, method = "ravel", "ravel", True
    tex = r"$y = \operatorname{ravel}($a)"

    def check(a, *, order="C"):
        require_order("ravel", order)

    def forward(xp, a, *, order="C"):
        return a.reshape(-1, order=order)

    def vjp(xp, g, out, a, *, order="C"):
        return g.reshape(a.shape, order=order)

    def samples(rng):
        a = rng.normal(size=(3, 4))
        return [Sample(a), Sample(a.T), Sample(a, order="F"), Sample(2.5), Sample(a[:0])]

    fails = Failure(DTypeError, r"ravel: expected numbers in a regular array", [[1.0], [1.0, 2.0]])


class Flatten(Rearranged):
    """Flatten the axes from `start_dim` to `end_dim` into one, as `torch.flatten` does.

    Parameters
    ----------
    a : array_like
    start_dim, end_dim : int
        The first and the last axis of those that are joined; all by default.

    Raises
    ------
    AxisError
        For an axis that the array does not have.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.tensor([[[1.0], [2.0]]]).flatten(1).shape
    (1, 2)
    """

    name, label, method = "flatten", "flatten", True
    tex = r"$y = \operatorname{flatten}($a)"

    def forward(xp, a, *, start_dim=0, end_dim=-1):
        if not a.ndim:
            return a.reshape(1)
        first = normalize_axis("flatten", start_dim, a.ndim)
        last = normalize_axis("flatten", end_dim, a.ndim)
        if last < first:
            got = f"start_dim={start_dim}, end_dim={end_dim}"
            raise AxisError("flatten", "start_dim before end_dim", got)
        joined = math.prod(a.shape[first : last + 1])
        return a.reshape((*a.shape[:first], joined, *a.shape[last + 1 :]))

    def reference(a, *, start_dim=0, end_dim=-1):
        a = np.asarray(a)
        axes = range(a.ndim)[start_dim:][
            : end_dim % max(a.ndim, 1) - start_dim % max(a.ndim, 1) + 1
        ]
        shape = [n for i, n in enumerate(a.shape) if i not in axes]
        shape.insert(axes[0] if axes else 0, -1)
        return a.reshape(shape)

    def samples(rng):
        a = rng.normal(size=(2, 3, 4))
        return [
            Sample(a),
            Sample(a, start_dim=1),
            Sample(a, start_dim=-3, end_dim=-2),
            Sample(a, start_dim=1, end_dim=1),
            Sample(2.5),
        ]

    fails = Failure(
        AxisError, r"flatten: expected start_dim before", [[1.0]], start_dim=1, end_dim=0
    )


class Unflatten(Rearranged):
    """Split one axis into several, as `torch.unflatten` does.

    Parameters
    ----------
    a : array_like
    axis : int
    sizes : tuple of int
        The lengths that replace the axis; one may be -1.

    Raises
    ------
    ShapeError
        When the lengths do not make up the axis.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.unflatten([1.0, 2.0, 3.0, 4.0], 0, (2, -1)).shape
    (2, 2)
    """

    name, label, method, aliases = "unflatten", "unflatten", True, {"dim": "axis"}
    tex = r"$y = \operatorname{unflatten}($a)"

    def prepare(a, *, axis, sizes):
        return (a,), {"axis": axis, "sizes": as_shape(sizes)}

    def forward(xp, a, *, axis, sizes):
        k = normalize_axis("unflatten", axis, a.ndim)
        return a.reshape((*a.shape[:k], *sizes, *a.shape[k + 1 :]))

    def reference(a, *, axis, sizes):
        shape = list(a.shape)
        shape[axis : axis + 1 or None] = np.atleast_1d(sizes)
        return np.reshape(a, shape)

    def samples(rng):
        a = rng.normal(size=(2, 6))
        return [
            Sample(a, axis=1, sizes=(2, 3)),
            Sample(a, axis=-1, sizes=(3, -1, 1)),
            Sample(a, axis=0, sizes=2),
        ]

    fails = Failure(ShapeError, r"unflatten: .* sizes=\(2, 2\)", [1.0] * 3, axis=0, sizes=(2, 2))


class Squeeze(Rearranged):
    """Remove axes of length one.

    Parameters
    ----------
    a : array_like
    axis : int or tuple of int, optional
        Which ones; all of them by default.

    Raises
    ------
    ShapeError
        For an axis of another length.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.squeeze([[[1.0, 2.0]]]).shape
    (2,)
    """

    name, label, method, aliases = "squeeze", "squeeze", True, {"dim": "axis"}
    tex = r"$y = \operatorname{squeeze}($a)"

    def forward(xp, a, *, axis=None):
        return a.squeeze() if axis is None else a.squeeze(axis)

    def samples(rng):
        a = rng.normal(size=(1, 3, 1))
        return [
            Sample(a),
            Sample(a, axis=0),
            Sample(a, axis=(-1, 0)),
            Sample(a[:, :1]),
            Sample(2.5),
        ]

    fails = Failure(ShapeError, r"squeeze: .* a \(2, 1\) float64, axis=0", [[1.0], [2.0]], axis=0)


class ExpandDims(Rearranged):
    """Insert axes of length one, such that they are at `axis` of the result.

    Parameters
    ----------
    a : array_like
    axis : int or tuple of int

    Raises
    ------
    AxisError
        For an axis that the result does not have.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.expand_dims([1.0, 2.0], 0).shape
    (1, 2)
    """

    name, label, aliases = "expand_dims", "expand", {"dim": "axis"}
    tex = r"$y = \operatorname{expand}($a)"

    def forward(xp, a, *, axis):
        return xp.expand_dims(a, axis)

    def samples(rng):
        a = rng.normal(size=(2, 3))
        return [
            Sample(a, axis=0),
            Sample(a, axis=-1),
            Sample(a, axis=(0, -2)),
            Sample(2.5, axis=0),
        ]

    fails = Failure(AxisError, r"expand_dims: .* axis=3", [1.0], axis=3)


class Contiguous(Rearranged):
    """Lay the elements out in memory row by row, which a transposed array does not.

    The values stay what they are; products with them may be faster.

    Parameters
    ----------
    a : array_like

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> x = ad.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> x.T.data.flags.c_contiguous, x.T.contiguous().data.flags.c_contiguous
    (False, True)
    """

    name, label, method = "contiguous", "copy", True
    tex = r"$y = $a"
    vjp_tex = (r"$g",)

    def forward(xp, a):
        return xp.array(a, order="C")

    def vjp(xp, g, out, a):
        return g

    def reference(a):
        return np.array(a)

    def samples(rng):
        a = rng.normal(size=(2, 3))
        return [Sample(a), Sample(a.T), Sample(2.5)]

    fails = Failure(DTypeError, r"contiguous: expected booleans, integers or real", [1j])
