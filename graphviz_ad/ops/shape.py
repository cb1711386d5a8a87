"""Operations that give an array another shape and keep its elements."""

from __future__ import annotations

import operator
from typing import Any

from graphviz_ad.engine.op import Failure, Op, Sample
from graphviz_ad.errors import ArgumentError, AxisError, ShapeError


def as_shape(shape: Any) -> tuple[int, ...]:
    """Return a shape or axes, given as an integer or a sequence of them, as a tuple."""
    lengths = (shape,) if isinstance(shape, int) or not hasattr(shape, "__iter__") else shape
    return tuple([operator.index(n) for n in lengths])


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
        if order not in ("C", "F"):
            raise ArgumentError("reshape", "order 'C' or 'F'", repr(order))

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


class Transpose(Op):
    """Permute the axes; reverse them where no order is given.

    Parameters
    ----------
    a : array_like
    axes : tuple of int, optional
        Axis ``i`` of the result is axis ``axes[i]`` of `a`. As a method, also as
        separate arguments: ``x.transpose(1, 0)``. ``x.T`` reverses the axes.

    Raises
    ------
    AxisError
        For an axis that the array does not have.
    ShapeError
        For axes that are repeated or left out.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.tensor([[1.0, 2.0, 3.0]]).T.shape
    (3, 1)
    """

    name, label, method, spread = "transpose", "ᵀ", True, "axes"
    attributes = {"T": {"axes": None}}
    tex = r"$y = $a^{\mathsf T}"
    vjp_tex = (r"{$g}^{\mathsf T}",)

    def prepare(a, *, axes=None):
        return (a,), {"axes": None if axes is None else as_shape(axes)}

    def forward(xp, a, *, axes=None):
        return a.transpose(axes)

    def vjp(xp, g, out, a, *, axes=None):
        if axes is None:
            return g.transpose()
        order = [axis % a.ndim for axis in axes]
        return g.transpose(tuple(sorted(range(a.ndim), key=order.__getitem__)))

    def samples(rng):
        a = rng.normal(size=(2, 3, 4))
        return [
            Sample(a),
            Sample(a, axes=(1, 2, 0)),
            Sample(a, axes=(-1, 0, -2)),
            Sample(a[0]),
            Sample(a[0, 0]),
            Sample(rng.normal(size=(0, 2))),
            Sample(1.5),
        ]

    fails = Failure(AxisError, r"transpose: .* axes=\(0, 2\)", [[1.0, 2.0]], axes=(0, 2))
