"""Eigenvalues, singular values and the Cholesky factor, of matrices or stacks of them.

The rules follow Giles, "Collected matrix derivative results for forward and reverse mode
algorithmic differentiation" (2008), and Townsend, "Differentiating the singular value
decomposition" (2016).
"""

from __future__ import annotations

import numpy as np

from graphviz_ad.engine.op import Failure, Op, Sample
from graphviz_ad.errors import ArgumentError, ShapeError


def transposed(a):
    """Return every matrix of a stack transposed."""
    return a.swapaxes(-1, -2)


def symmetric(a):
    """Return the symmetric part of every matrix of a stack."""
    return (a + transposed(a)) / 2


def require_square(function, a):
    """Refuse what is not a matrix with as many rows as columns, or a stack of them.

    Raises
    ------
    ShapeError
    """
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise ShapeError(function, "square matrices", f"shape {a.shape}")


def in_columns(v):
    """Return a stack of vectors so that it scales the columns of matrices."""
    return v.reshape((*v.shape[:-1], 1, v.shape[-1]))


def inverse_gaps(xp, values):
    """Return ``1 / (values[j] - values[i])`` for every pair, 0 where the two are equal."""
    gaps = in_columns(values) - values.reshape((*values.shape, 1))
    equal = gaps == 0
    return xp.where(equal, 0.0, 1 / xp.where(equal, 1.0, gaps))


def _symmetric_samples(rng, **params):
    a = rng.normal(size=(2, 4, 4))
    a = a + a.swapaxes(-1, -2)
    return [
        Sample(a[0], **params),
        Sample(a, **params),
        Sample(a[0, :1, :1], **params),
        Sample(a[:0], **params),
    ]


class Eigh(Op):
    """Return the eigenvalues, in ascending order, and the eigenvectors of symmetric matrices.

    The symmetric part ``(a + a^T) / 2`` is what is decomposed, so that the gradient is
    symmetric, as in PyTorch. Of equal eigenvalues the vectors are not determined: what
    depends on the choice sends nothing.

    Parameters
    ----------
    a : array_like, (..., n, n)

    Returns
    -------
    eigenvalues : Tensor, (..., n)
    eigenvectors : Tensor, (..., n, n)
        In columns.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> values, vectors = ad.eigh([[2.0, 1.0], [1.0, 2.0]])
    >>> values
    tensor([1., 3.], shape=(2,), dtype=float64)
    """

    name, label, numpy = "eigh", "eigh", ("linalg.eigh",)
    tex = r"$y1\, \operatorname{diag}($y0)\, {$y1}^\top = $a"
    vjp_tex = (
        r"$y1 \left(\operatorname{diag} $g0"
        r" + ({$y1}^\top $g1) \odot \tfrac{1}{\lambda_j - \lambda_i}\right) {$y1}^\top",
    )

    def check(a):
        require_square("eigh", a)

    def forward(xp, a):
        return tuple(xp.linalg.eigh(symmetric(a)))

    def vjp(xp, g, out, a):
        g_values, g_vectors = g
        values, vectors = out
        inner = (transposed(vectors) @ g_vectors) * inverse_gaps(xp, values)
        return symmetric((vectors * in_columns(g_values) + vectors @ inner) @ transposed(vectors))

    def samples(rng):
        return _symmetric_samples(rng)

    fails = Failure(ShapeError, "eigh: expected square matrices", [[1.0, 2.0]])


class EigValsH(Op):
    """Return the eigenvalues of symmetric matrices, in ascending order.

    The symmetric part ``(a + a^T) / 2`` is what they belong to, so that the gradient is
    symmetric, as in PyTorch.

    Parameters
    ----------
    a : array_like, (..., n, n)

    Returns
    -------
    Tensor, (..., n)

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.eigvalsh([[2.0, 1.0], [1.0, 2.0]])
    tensor([1., 3.], shape=(2,), dtype=float64)
    """

    name, label, numpy = "eigvalsh", "λ", ("linalg.eigvalsh",)
    tex = r"$y = \lambda($a)"
    vjp_tex = (r"V \operatorname{diag}($g)\, V^\top",)

    def check(a):
        require_square("eigvalsh", a)

    def forward(xp, a):
        return xp.linalg.eigvalsh(symmetric(a))

    def vjp(xp, g, out, a):
        def pull():
            _, vectors = xp.linalg.eigh(symmetric(a))
            return (vectors * in_columns(g)) @ transposed(vectors)

        return pull

    def samples(rng):
        return _symmetric_samples(rng)

    fails = Failure(ShapeError, "eigvalsh: expected square matrices", [[1.0, 2.0]])


class Svd(Op):
    """Return the singular value decomposition ``U diag(S) Vh`` of matrices.

    Of equal singular values the vectors are not determined: what depends on the choice
    sends nothing.

    Parameters
    ----------
    a : array_like, (..., n, m)
    full_matrices : bool
        Must be False for a matrix that is not square.
    compute_uv : bool
        False returns ``S`` only, as `svdvals` does.

    Returns
    -------
    U : Tensor, (..., n, k)
        With k the smaller of n and m.
    S : Tensor, (..., k)
        In descending order.
    Vh : Tensor, (..., k, m)

    Raises
    ------
    ArgumentError
        For all of ``U`` or ``Vh`` of a matrix that is not square: what is beyond the
        first k vectors has no gradient.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> U, S, Vh = ad.svd([[0.0, 2.0], [1.0, 0.0]])
    >>> S
    tensor([2., 1.], shape=(2,), dtype=float64)
    """

    name, label, numpy = "svd", "svd", ("linalg.svd",)
    variant = ("compute_uv", True, "svdvals")
    tex = r"$y0\, \operatorname{diag}($y1)\, $y2 = $a"
    vjp_tex = (
        r"$y0 \left(\tfrac{\operatorname{skew}({$y0}^\top $g0)}{s_j^2 - s_i^2} S"
        r" + S \tfrac{\operatorname{skew}($y2\, {$g2}^\top)}{s_j^2 - s_i^2}"
        r" + \operatorname{diag} $g1\right) $y2 + \cdots",
    )

    def check(a, *, full_matrices=True):
        if full_matrices and a.ndim > 1 and a.shape[-1] != a.shape[-2]:
            expected = "full_matrices=False for a matrix that is not square"
            raise ArgumentError("svd", expected, f"shape {a.shape}")

    def forward(xp, a, *, full_matrices=True):
        return tuple(xp.linalg.svd(a, full_matrices=False))

    def vjp(xp, g, out, a, *, full_matrices=True):
        g_u, g_s, g_vh = g
        u, s, vh = out
        across = in_columns(s)
        down = s.reshape((*s.shape, 1))
        gaps = inverse_gaps(xp, s * s)
        left, right = transposed(u) @ g_u, vh @ transposed(g_vh)
        inner = ((left - transposed(left)) * gaps) * across
        inner = inner + down * ((right - transposed(right)) * gaps)
        sent = (u @ inner + u * in_columns(g_s)) @ vh
        n, m = a.shape[-2:]
        if n > m:
            sent = sent + ((g_u - u @ left) * inverse(xp, across)) @ vh
        if m > n:
            sent = sent + u @ ((g_vh - transposed(right) @ vh) * inverse(xp, down))
        return sent

    def samples(rng):
        a = rng.normal(size=(2, 4, 3))
        return [
            Sample(a[0, :3]),
            Sample(a[0], full_matrices=False),
            Sample(a, full_matrices=False),
            Sample(a.swapaxes(1, 2), full_matrices=False),
            Sample(a[:0], full_matrices=False),
        ]

    fails = Failure(ArgumentError, "svd: expected full_matrices=False", [[1.0, 2.0]])


def inverse(xp, values):
    """Return ``1 / values``, 0 where one is 0."""
    zero = values == 0
    return xp.where(zero, 0.0, 1 / xp.where(zero, 1.0, values))


class SvdVals(Op):
    """Return the singular values of matrices, in descending order.

    Parameters
    ----------
    a : array_like, (..., n, m)

    Returns
    -------
    Tensor, (..., k)
        With k the smaller of n and m.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.svdvals([[0.0, 2.0], [1.0, 0.0]])
    tensor([2., 1.], shape=(2,), dtype=float64)
    """

    name, label, numpy = "svdvals", "σᵢ", ("linalg.svdvals",)
    tex = r"$y = \sigma($a)"
    vjp_tex = (r"U \operatorname{diag}($g)\, V^\top",)

    def forward(xp, a):
        return xp.linalg.svd(a, compute_uv=False)

    def vjp(xp, g, out, a):
        return lambda: scale_singular(xp, a, g)

    def samples(rng):
        a = rng.normal(size=(2, 4, 3))
        return [Sample(a[0, :3]), Sample(a[0]), Sample(a), Sample(a.swapaxes(1, 2)), Sample(a[:0])]

    fails = Failure(ShapeError, "svdvals: expected shapes that fit", [1.0, 2.0])


def scale_singular(xp, a, values):
    """Return ``U diag(values) Vh`` with the singular vectors of `a`."""
    u, _, vh = xp.linalg.svd(a, full_matrices=False)
    return (u * in_columns(values)) @ vh


class Cholesky(Op):
    """Return the lower triangular L with ``L @ L.T == a`` of positive definite matrices.

    The symmetric part ``(a + a^T) / 2`` is what is decomposed, so that the gradient is
    symmetric, as in PyTorch.

    Parameters
    ----------
    a : array_like, (..., n, n)
    upper : bool
        Return the transpose of L.

    Raises
    ------
    ArgumentError
        When a matrix is not positive definite.
    ShapeError
        When they are not square.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.cholesky([[4.0, 2.0], [2.0, 5.0]])
    tensor([[2., 0.],
            [1., 2.]], shape=(2, 2), dtype=float64)
    """

    name, label, numpy = "cholesky", "chol", ("linalg.cholesky",)
    tex = r"$y\, {$y}^\top = $a"
    vjp_tex = (r"{$y}^{-\top}\, \Phi({$y}^\top $g)\, {$y}^{-1}",)

    def check(a, *, upper=False):
        require_square("cholesky", a)

    def forward(xp, a, *, upper=False):
        low = xp.linalg.cholesky(symmetric(a))
        return transposed(low) if upper else low

    def vjp(xp, g, out, a, *, upper=False):
        low, g_low = (transposed(out), transposed(g)) if upper else (out, g)
        n = a.shape[-1]
        half = xp.tri(n, dtype=a.dtype) - xp.eye(n, dtype=a.dtype) / 2
        inner = (transposed(low) @ g_low) * half
        half_solved = xp.linalg.solve(transposed(low), inner)
        return symmetric(xp.linalg.solve(transposed(low), transposed(half_solved)))

    def samples(rng):
        a = rng.normal(size=(2, 3, 3))
        a = a @ a.swapaxes(-1, -2) + np.eye(3)
        return [Sample(a[0]), Sample(a), Sample(a[0], upper=True), Sample(a[:0])]

    fails = Failure(ArgumentError, "cholesky: expected arguments it takes", [[-1.0]])
