"""Norms of vectors and of matrices."""

from __future__ import annotations

import math

from graphviz_ad.engine.op import Failure, Op, Sample
from graphviz_ad.engine.traced import call
from graphviz_ad.errors import AxisError
from graphviz_ad.ops.decompose import SvdVals, scale_singular
from graphviz_ad.ops.reduce import keep_axes, reduced_axes


class Norm(Op):
    """Return a norm of vectors or of matrices.

    At 0 the gradient is 0; of absolute values that are equally large the gradient is
    shared, as in PyTorch.

    Parameters
    ----------
    a : array_like
    ord : int, float, "fro" or "nuc", optional
        Of vectors: 2 where it is left out, any power p, 0 for the number of elements that
        are not 0, and plus or minus infinity for the largest or the smallest absolute
        value. Of matrices: Frobenius where it is left out, ``"nuc"`` for the sum of the
        singular values, 2 or -2 for the largest or the smallest of them, 1 or -1 for
        columns and plus or minus infinity for rows, whose absolute values are summed.
    axis : int or pair of int, optional
        One axis for vectors, two for matrices. All of the array where it is left out.
    keepdims : bool
        Keep the reduced axes with length 1.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.norm([3.0, 4.0])
    tensor(5., dtype=float64)
    """

    name, label, method, numpy = "norm", "‖x‖", True, ("linalg.norm",)
    tex = r"$y = \lVert $a \rVert"
    vjp_tex = (r"$g \odot \nabla \lVert $a \rVert",)

    def forward(xp, a, *, ord=None, axis=None, keepdims=False):
        return xp.linalg.norm(a, ord=ord, axis=axis, keepdims=keepdims)

    def vjp(xp, g, out, a, *, ord=None, axis=None, keepdims=False):
        axes = reduced_axes(a.ndim, axis)
        g, out = keep_axes(g, a, axis, keepdims), keep_axes(out, a, axis, keepdims)
        if ord is None or ord == "fro" or (ord == 2 and len(axes) == 1):
            return lambda: a * (g / xp.where(out == 0, 1.0, out))
        if len(axes) == 1:
            return lambda: g_of_vectors(xp, g, out, a, ord, axes)
        if ord in ("nuc", 2, -2):
            return lambda: g_of_singular(xp, g, a, ord, axes)
        return lambda: g_of_sums(xp, g, out, a, ord, axes)

    def samples(rng):
        a = rng.normal(size=(3, 4))
        b = rng.normal(size=(2, 3, 4))
        vectors = [None, 1, 2, 3, 0.5, -1, 0, math.inf, -math.inf]
        matrices = ["fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf]
        return [
            Sample(b),
            Sample(b, keepdims=True),
            Sample(2.5),
            *(Sample(a[0], ord=p) for p in vectors),
            *(Sample(b, ord=p, axis=1) for p in vectors),
            *(Sample(a, ord=p) for p in matrices),
            *(Sample(b, ord=p, axis=(0, 2), keepdims=True) for p in matrices),
            *(Sample(b, ord=p, axis=(-1, 0)) for p in matrices),
            Sample(a, ord="nuc", keepdims=True),
            Sample(a[:0]),
            Sample(a[:0], ord=1, axis=1),
            Sample([3, 4]),
        ]

    fails = Failure(AxisError, "norm: expected an axis that the array has", [1.0, 2.0], axis=3)


def g_of_vectors(xp, g, out, a, ord, axes):
    """Return the gradient of a p-norm of vectors."""
    if ord == 0:
        return xp.zeros(a.shape, dtype=a.dtype)
    if ord == 1:
        return g * xp.sign(a)
    size = abs(a)
    if abs(ord) == math.inf:
        return shared(xp, g, out, size, axes) * xp.sign(a)
    # sign(0) is 0, whatever stands in for the powers of 0
    slope = xp.where(size == 0, 1.0, size) ** (ord - 1)
    return xp.sign(a) * slope * (g / xp.where(out == 0, 1.0, out) ** (ord - 1))


def g_of_sums(xp, g, out, a, ord, axes):
    """Return the gradient of the largest or smallest sum of a column or row."""
    down, across = axes if abs(ord) == 1 else axes[::-1]
    sums = abs(a).sum(axis=down, keepdims=True)
    return shared(xp, g, out, sums, across) * xp.sign(a)


def g_of_singular(xp, g, a, ord, axes):
    """Return the gradient of a norm that is a function of the singular values."""
    moved = xp.moveaxis(a, axes, (-2, -1))
    values = call(SvdVals, xp, moved)
    g = xp.moveaxis(xp.broadcast_to(g, g.shape or (1, 1)), axes, (-2, -1))
    g = g.reshape((*values.shape[:-1], 1))
    if ord == "nuc":
        weights = xp.broadcast_to(g, values.shape)
    else:
        out = (xp.max if ord == 2 else xp.min)(values, axis=-1, keepdims=True)
        weights = shared(xp, g, out, values, -1)
    return xp.moveaxis(scale_singular(xp, moved, weights), (-2, -1), axes)


def shared(xp, g, out, values, axis):
    """Split a gradient among the values that are equal to the result."""
    chosen = values == out
    return chosen * (g / chosen.sum(axis=axis, dtype=g.dtype, keepdims=True))
