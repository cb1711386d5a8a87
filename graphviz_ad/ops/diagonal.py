"""Diagonals and triangles of matrices."""

from __future__ import annotations

from graphviz_ad.engine.op import Failure, Op, Sample
from graphviz_ad.engine.traced import call
from graphviz_ad.errors import DTypeError, ShapeError
from graphviz_ad.ops.index import ScatterAt


def places(xp, n, k):
    """Return the rows and columns of the `n` elements of the `k`-th diagonal."""
    steps = xp.arange(n)
    return steps + max(-k, 0), steps + max(k, 0)


class Diag(Op):
    """Return the diagonal of a matrix, or the matrix with a diagonal.

    Parameters
    ----------
    v : array_like
        A matrix, or the elements of a diagonal.
    k : int
        Which diagonal: above the main one for positive, below for negative numbers.

    Raises
    ------
    ShapeError
        For other than one or two axes.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.diag([1.0, 2.0])
    tensor([[1., 0.],
            [0., 2.]], shape=(2, 2), dtype=float64)
    """

    name, label, method = "diag", "diag", True
    tex = r"$y = \operatorname{diag}($a)"
    vjp_tex = (r"\operatorname{diag}($g)",)

    def check(v, *, k=0):
        if v.ndim not in (1, 2):
            raise ShapeError("diag", "one or two axes", f"v {v.shape}")

    def forward(xp, v, *, k=0):
        return xp.diag(v, k)

    def vjp(xp, g, out, v, *, k=0):
        if v.ndim == 1:
            return g[places(xp, v.shape[0], k)]
        index = places(xp, out.shape[0], k)
        return call(ScatterAt, xp, g, index=index, shape=v.shape)

    def samples(rng):
        a = rng.normal(size=(3, 4))
        return [
            Sample(a[0]),
            Sample(a[0], k=-2),
            Sample(a),
            Sample(a, k=1),
            Sample(a, k=-1),
            Sample(a, k=9),
            Sample(a[0, :0]),
        ]

    fails = Failure(ShapeError, r"diag: expected one or two axes, got v \(\)", 2.0)


class DiagFlat(Op):
    """Return the matrix with the flattened input as a diagonal.

    Parameters
    ----------
    v : array_like
    k : int
        Which diagonal: above the main one for positive, below for negative numbers.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.diagflat([[1.0], [2.0]]).shape
    (2, 2)
    """

    name, label = "diagflat", "diag"
    tex = r"$y = \operatorname{diag}(\operatorname{ravel}($a))"
    vjp_tex = (r"\operatorname{diag}($g)",)

    def forward(xp, v, *, k=0):
        return xp.diag(v.reshape(-1), k)

    def vjp(xp, g, out, v, *, k=0):
        return g[places(xp, v.size, k)].reshape(v.shape)

    def samples(rng):
        a = rng.normal(size=(2, 2))
        return [Sample(a), Sample(a, k=1), Sample(a[0], k=-1), Sample(2.5)]

    fails = Failure(DTypeError, r"diagflat: .* v \(1,\) float64, k='a'", [1.0], k="a")


class Tril(Op):
    """Keep the lower triangle of matrices; zeros elsewhere.

    Parameters
    ----------
    m : array_like
        Of two axes or more; the last two are the matrices.
    k : int
        The diagonal above which all is zero.

    Raises
    ------
    ShapeError
        For fewer than two axes.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.tril([[1.0, 2.0], [3.0, 4.0]])
    tensor([[1., 0.],
            [3., 4.]], shape=(2, 2), dtype=float64)
    """

    name, label, method, aliases = "tril", "tril", True, {"diagonal": "k"}
    tex = r"$y = \operatorname{tril}($a)"
    vjp_tex = (r"\operatorname{tril}($g)",)

    def check(m, *, k=0):
        if m.ndim < 2:
            raise ShapeError("tril", "two axes or more", f"m {m.shape}")

    def forward(xp, m, *, k=0):
        return xp.tril(m, k)

    def vjp(xp, g, out, m, *, k=0):
        return xp.tril(g, k)

    def samples(rng):
        a = rng.normal(size=(2, 3, 4))
        return [Sample(a), Sample(a[0], k=1), Sample(a[0], k=-1), Sample(a[0, :0])]

    fails = Failure(ShapeError, r"tril: expected two axes or more, got m \(1,\)", [1.0])


class Triu(Op):
    """Keep the upper triangle of matrices; zeros elsewhere.

    Parameters
    ----------
    m : array_like
        Of two axes or more; the last two are the matrices.
    k : int
        The diagonal below which all is zero.

    Raises
    ------
    ShapeError
        For fewer than two axes.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.triu([[1.0, 2.0], [3.0, 4.0]], 1)
    tensor([[0., 2.],
            [0., 0.]], shape=(2, 2), dtype=float64)
    """

    name, label, method, aliases = "triu", "triu", True, {"diagonal": "k"}
    tex = r"$y = \operatorname{triu}($a)"
    vjp_tex = (r"\operatorname{triu}($g)",)

    def check(m, *, k=0):
        if m.ndim < 2:
            raise ShapeError("triu", "two axes or more", f"m {m.shape}")

    def forward(xp, m, *, k=0):
        return xp.triu(m, k)

    def vjp(xp, g, out, m, *, k=0):
        return xp.triu(g, k)

    def samples(rng):
        a = rng.normal(size=(2, 3, 4))
        return [Sample(a), Sample(a[0], k=1), Sample(a[0], k=-1), Sample(a[0, :0])]

    fails = Failure(ShapeError, r"triu: expected two axes or more, got m \(1,\)", [1.0])
