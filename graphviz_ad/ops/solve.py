"""Inverses, determinants and linear equations, of matrices or stacks of them.

The rules follow Giles, "Collected matrix derivative results for forward and reverse mode
algorithmic differentiation" (2008).
"""

from __future__ import annotations

import math

import numpy as np

from graphviz_ad.engine.op import Failure, Op, Sample
from graphviz_ad.errors import ArgumentError, ShapeError
from graphviz_ad.ops.decompose import in_columns, transposed
from graphviz_ad.ops.matmul import column


def _matrices(rng):
    """Return two well conditioned matrices with determinants of both signs."""
    a = rng.normal(size=(2, 3, 3)) + 3 * np.eye(3)
    return a * np.array([1.0, -1.0])[:, None, None]


class Inv(Op):
    """Return the inverse of matrices.

    Parameters
    ----------
    a : array_like, (..., n, n)

    Raises
    ------
    ArgumentError
        When a matrix is singular.
    ShapeError
        When they are not square.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.inv([[2.0, 0.0], [0.0, 4.0]])
    tensor([[0.5 , 0.  ],
            [0.  , 0.25]], shape=(2, 2), dtype=float64)
    """

    name, label, numpy = "inv", "⁻¹", ("linalg.inv",)
    tex = r"$y = {$a}^{-1}"
    vjp_tex = (r"-{$y}^\top\, $g\, {$y}^\top",)

    def forward(xp, a):
        return xp.linalg.inv(a)

    def vjp(xp, g, out, a):
        return -(transposed(out) @ g @ transposed(out))

    def samples(rng):
        a = _matrices(rng)
        return [Sample(a[0]), Sample(a), Sample(a[0, :1, :1]), Sample(a[:0])]

    fails = Failure(ArgumentError, r"inv: .*Singular", [[0.0]])


class Solve(Op):
    """Solve linear equations: the x with ``a @ x == b``.

    Parameters
    ----------
    a : array_like, (..., n, n)
    b : array_like, (..., n, k) or (n,)

    Raises
    ------
    ArgumentError
        When a matrix is singular.
    ShapeError
        When the shapes do not fit.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.solve([[2.0, 0.0], [0.0, 4.0]], [2.0, 2.0])
    tensor([1. , 0.5], shape=(2,), dtype=float64)
    """

    name, label, numpy, weak = "solve", "A⁻¹b", ("linalg.solve",), False
    tex = r"$y = {$a}^{-1}\, $b"
    vjp_tex = (r"-{$a}^{-\top}\, $g\, {$y}^\top", r"{$a}^{-\top}\, $g")

    def forward(xp, a, b):
        return xp.linalg.solve(a, b)

    def vjp(xp, g, out, a, b):
        if b.ndim > 1:
            sent = xp.linalg.solve(transposed(a), g)
            return lambda: -(sent @ transposed(out)), sent
        sent = xp.linalg.solve(transposed(a), column(g))
        return lambda: -(sent @ in_columns(out)), lambda: sent.reshape(g.shape)

    def samples(rng):
        a = _matrices(rng)
        b = rng.normal(size=(2, 3, 2))
        return [
            Sample(a[0], b[0]),
            Sample(a[0], b[0, :, 0]),
            Sample(a, b),
            Sample(a, b[0]),
            Sample(a, b[0, :, 0]),
            Sample(a[0], b),
            Sample(a[0], a[0]),
            Sample(a[0], b[0, :, :0]),
            Sample(a[:0], b[:0]),
        ]

    fails = Failure(ShapeError, r"solve: expected shapes that fit", [[1.0]], [1.0, 2.0])


class Det(Op):
    """Return the determinant of matrices. The gradient is exact for singular ones, too.

    Parameters
    ----------
    a : array_like, (..., n, n)

    Raises
    ------
    ShapeError
        When they are not square.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.det([[1.0, 2.0], [3.0, 5.0]]).item()
    -1.0000000000000004
    """

    name, label, numpy = "det", "det", ("linalg.det",)
    tex = r"$y = \det $a"
    vjp_tex = (r"$g\, $y\, {$a}^{-\top}",)

    def forward(xp, a):
        return xp.linalg.det(a)

    def vjp(xp, g, out, a):
        return lambda: g.reshape((*g.shape, 1, 1)) * cofactors(xp, a, out)

    def samples(rng):
        a = _matrices(rng)
        ranks = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]])
        singular = np.array([[1.0, 2.0], [2.0, 4.0]])
        return [
            Sample(a[0]),
            Sample(a),
            Sample(a[0, :1, :1]),
            Sample(a[:0]),
            Sample(a[:, None]),
            Sample(ranks),
            Sample(singular),
        ]

    fails = Failure(ShapeError, "det: expected shapes that fit", [[1.0, 2.0]])


def cofactors(xp, a, det):
    """Return the derivative of the determinant: ``det * inv(a).T``, or by singular values.

    The inverse loses its digits near a singular matrix; ``U diag(others) Vh``, where each
    singular value gives way to the product of the others, does not.
    """
    n = a.shape[-1]
    # the determinant is at most the product of the rows' lengths (Hadamard)
    bound = xp.prod(xp.sqrt((a * a).sum(axis=-1)), axis=-1)
    if bool(xp.all(abs(det) > bound * math.sqrt(xp.finfo(a.dtype).eps))):
        return det.reshape((*det.shape, 1, 1)) * transposed(xp.linalg.inv(a))
    u, s, vh = xp.linalg.svd(a, full_matrices=False)
    others = xp.prod(xp.where(xp.eye(n, dtype=bool), 1.0, in_columns(s)), axis=-1)
    sign = xp.linalg.det(u) * xp.linalg.det(vh)
    return sign.reshape((*sign.shape, 1, 1)) * ((u * in_columns(others)) @ vh)


class SlogDet(Op):
    """Return the sign of the determinant of matrices and the logarithm of its size.

    Parameters
    ----------
    a : array_like, (..., n, n)

    Returns
    -------
    sign, logabsdet : Tensor
        0 and negative infinity for a singular matrix, which has no gradient.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> sign, logabsdet = ad.slogdet([[0.0, 2.0], [2.0, 0.0]])
    >>> sign.item(), round(logabsdet.item(), 4)
    (-1.0, 1.3863)
    """

    name, label, numpy = "slogdet", "ln det", ("linalg.slogdet",)
    tex = r"$y0,\, $y1 = \operatorname{sign} \det $a,\; \ln |\det $a|"
    vjp_tex = (r"$g1\, {$a}^{-\top}",)

    def forward(xp, a):
        return tuple(xp.linalg.slogdet(a))

    def vjp(xp, g, out, a):
        return lambda: g[1].reshape((*g[1].shape, 1, 1)) * transposed(xp.linalg.inv(a))

    def samples(rng):
        a = _matrices(rng)
        return [Sample(a[0]), Sample(a), Sample(a[0, :1, :1]), Sample(a[:0])]

    fails = Failure(ShapeError, "slogdet: expected shapes that fit", [[1.0, 2.0]])
