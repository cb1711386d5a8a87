"""The matrix product."""

from __future__ import annotations

import math

from numpy import ndarray

from graphviz_ad.engine.op import Failure, Op, Sample
from graphviz_ad.errors import ShapeError

_SMALL = 10_000
"""The elements of a result that are filled in less time than ``dot`` saves."""


class Matmul(Op):
    """Multiply matrices, or stacks of them: ``a @ b``.

    An array with one axis is a row on the left and a column on the right, and its
    axis of length 1 is dropped from the result. Leading axes broadcast.

    Parameters
    ----------
    a : array_like, (..., n, k) or (k,)
    b : array_like, (..., k, m) or (k,)

    Returns
    -------
    Tensor, (..., n, m)

    Raises
    ------
    ShapeError
        When the inner axes differ, or an operand has no axes.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.matmul([[1.0, 2.0]], [[3.0], [4.0]])
    tensor([[11.]], shape=(1, 1), dtype=float64)
    """

    name, label, operator, method = "matmul", "@", "matmul", True
    numpy = ("matmul", "linalg.matmul")
    weak = False
    tex = r"$y = $a\,$b"
    vjp_tex = (r"$g\,{$b}^\top", r"{$a}^\top$g")

    def forward(xp, a, b):
        if a.ndim > 2 and b.ndim == 2:
            # one product of two matrices is faster than a stack of them
            return (rows(a) @ b).reshape((*a.shape[:-1], b.shape[-1]))
        return product(a, b)

    def vjp(xp, g, out, a, b):
        if type(g) is ndarray and a.ndim == 2 == b.ndim and a.size <= _SMALL >= b.size:
            return lambda: g.dot(b.T), lambda: a.T.dot(g)
        if a.ndim == 1 or b.ndim == 1:
            return _vector_vjp(g, a, b)
        if a.ndim > 2 and b.ndim == 2:
            return (
                lambda: (rows(g) @ b.swapaxes(0, 1)).reshape(a.shape),
                lambda: rows(a).swapaxes(0, 1) @ rows(g),
            )
        return lambda: g @ b.swapaxes(-1, -2), lambda: a.swapaxes(-1, -2) @ g

    def samples(rng):
        def draw(*shape):
            return rng.normal(size=shape)

        square = draw(3, 3)
        return [
            Sample(draw(3, 4), draw(4, 2)),
            Sample(square, square),
            Sample(square, square.T),
            Sample(draw(4), draw(4)),
            Sample(draw(4), draw(4, 2)),
            Sample(draw(3, 4), draw(4)),
            Sample(draw(4), draw(2, 4, 3)),
            Sample(draw(2, 3, 4), draw(4)),
            Sample(draw(2, 3, 4), draw(4, 2)),
            Sample(draw(3, 4), draw(2, 4, 2)),
            Sample(draw(2, 3, 4), draw(2, 4, 2)),
            Sample(draw(5, 1, 3, 4), draw(2, 4, 2)),
            Sample(draw(0, 4), draw(4, 2)),
            Sample(draw(3, 0), draw(0, 2)),
            Sample(draw(0, 3, 4), draw(4, 2)),
            Sample(draw(2, 3, 0), draw(0, 2)),
            Sample(rng.integers(0, 5, size=(3, 4)), draw(4, 2)),
        ]

    fails = Failure(ShapeError, r"matmul: .* got a \(2,\)", [1.0, 2.0], [[1.0, 2.0, 3.0]])


def _vector_vjp(g, a, b):
    """Return the rule of a product where one operand has a single axis."""
    if a.ndim == b.ndim == 1:
        return g * b, g * a
    if a.ndim == 1:
        row = g.reshape((*g.shape[:-1], 1, g.shape[-1]))
        return lambda: (b @ column(g)).reshape(b.shape[:-1]), lambda: column(a) * row
    return (
        lambda: column(g) * b,
        lambda: (a.swapaxes(-1, -2) @ column(g)).reshape((*a.shape[:-2], a.shape[-1])),
    )


def product(a, b):
    """Return ``a @ b``; a small product of two NumPy matrices by ``dot``.

    That takes half a microsecond less, but it fills the result with zeros first.
    """
    if (
        type(a) is ndarray is type(b)
        and a.ndim == b.ndim == 2
        and a.shape[0] * b.shape[1] <= _SMALL
    ):
        return a.dot(b)
    return a @ b


def rows(a):
    """Return a stack of matrices as one matrix of all their rows."""
    return a.reshape((math.prod(a.shape[:-1]), a.shape[-1]))


def column(a):
    """Return `a` with a last axis of length 1."""
    return a.reshape((*a.shape, 1))
