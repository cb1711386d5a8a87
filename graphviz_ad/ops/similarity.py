"""Norms, distances and angles between vectors along one axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphviz_ad.engine.op import Failure, Op, Sample
from graphviz_ad.errors import ArgumentError, ShapeError
from graphviz_ad.ops.shape import shape_of

INF = float("inf")


def p_norm(xp: Any, d: Any, p: float, axis: int) -> Any:
    """Return the p-norm of `d` along `axis`, which is kept with length 1."""
    size = xp.abs(d)
    if p == 2:
        return xp.sqrt(xp.sum(d * d, axis=axis, keepdims=True))
    if p == 1:
        return xp.sum(size, axis=axis, keepdims=True)
    if p == INF:
        return xp.max(size, axis=axis, keepdims=True)
    if p == 0:
        return xp.sum((size > 0).astype(d.dtype), axis=axis, keepdims=True)
    return xp.sum(size**p, axis=axis, keepdims=True) ** (1 / p)


def p_norm_slope(xp: Any, d: Any, norm: Any, p: float, axis: int) -> Any:
    """Return the derivative of the p-norm by `d`: 0 for the zero vector, shared at ties of ∞."""
    if p == 0:
        return 0.0 * d
    if p == 1:
        return xp.sign(d)
    size = xp.abs(d)
    if p == INF:
        hit = size == norm
        return xp.sign(d) * hit / xp.sum(1.0 * hit, axis=axis, keepdims=True)
    positive = norm > 0
    safe = xp.where(positive, norm, 1)
    if p == 2:
        return xp.where(positive, d / safe, 0)
    inside = size > 0
    ratio = xp.where(inside, size / safe, 1) ** (p - 1)
    return xp.where(inside & positive, xp.sign(d) * ratio, 0)


def check_order(function: str, p: float) -> None:
    """Raise `ArgumentError` for a p that gives no norm."""
    if not p >= 0:
        raise ArgumentError(function, "p of 0 or more", repr(p))


class PairwiseDistance(Op):
    """Distance between vectors along the last axis: the p-norm of ``x1 - x2 + eps``.

    Between equal vectors with ``eps=0`` the gradient is 0; at ties of ``p=inf`` it is shared.

    Parameters
    ----------
    x1, x2 : array_like, shape (N, D) or (D,)
        They are broadcast against each other.
    p : float
        2 for Euclid, 1 for city blocks, ``inf`` for the largest difference.
    eps : float
        Added to each difference, which keeps the root away from 0.
    keepdim : bool
        Keep the last axis with length 1.

    Raises
    ------
    ArgumentError
        When `p` is negative.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.pairwise_distance([3.0, 4.0], [0.0, 0.0], eps=0.0).item()
    5.0
    """

    name, label = "pairwise_distance", "dist"
    tex = r"$y = \left\| $a - $b + \varepsilon \right\|_p"
    vjp_tex = (
        r"$g \, \mathrm{sign}(d) \odot (|d| / $y)^{p-1}, \; d = $a - $b + \varepsilon",
        r"-$g \, \mathrm{sign}(d) \odot (|d| / $y)^{p-1}",
    )

    def check(x1, x2, *, p, eps, keepdim):
        check_order("pairwise_distance", p)

    def forward(xp, x1, x2, *, p=2.0, eps=1e-6, keepdim=False):
        norm = p_norm(xp, x1 - x2 + eps, p, -1)
        return norm if keepdim else norm[..., 0]

    def vjp(xp, g, out, x1, x2, *, p, eps, keepdim):
        d = x1 - x2 + eps
        if not keepdim:
            g, out = xp.expand_dims(g, -1), xp.expand_dims(out, -1)
        sent = g * p_norm_slope(xp, d, out, p, -1)
        return sent, lambda: -sent

    def reference(x1, x2, *, p=2.0, eps=1e-6, keepdim=False):
        return np.linalg.norm(x1 - x2 + eps, ord=p, axis=-1, keepdims=keepdim)

    def samples(rng):
        a, b = rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
        return [
            Sample(a, b),
            Sample(a, b, p=1.0),
            Sample(a, b, p=3.0, keepdim=True),
            Sample(a, b, p=INF),
            Sample(a, b, p=0.0),
            Sample(a, b[0], eps=0.1),
            Sample(a[0], b[0]),
            Sample(a[:0], b[:0]),
            Sample(a.astype(np.float32), b.astype(np.float32)),
        ]

    fails = Failure(ArgumentError, r"pairwise_distance: expected p of 0", [1.0], [2.0], p=-1)


def _alike(xp: Any, x1: Any, x2: Any) -> tuple[Any, Any]:
    """Return two arrays in their common shape, in which an axis is counted."""
    if shape_of(x1) == shape_of(x2):
        return x1, x2
    first, second = xp.broadcast_arrays(x1, x2)
    return first, second


class CosineSimilarity(Op):
    """Cosine of the angle between vectors along an axis: ``x1 · x2 / (|x1| |x2|)``.

    A norm below `eps` counts as `eps`, and sends no gradient.

    Parameters
    ----------
    x1, x2 : array_like
        They are broadcast against each other.
    axis : int
        `dim` is another name for it.
    eps : float

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.cosine_similarity([1.0, 0.0], [2.0, 0.0], axis=0).item()
    1.0
    """

    name, label = "cosine_similarity", "cos"
    aliases = {"dim": "axis"}
    tex = r"$y = \frac{$a \cdot $b}{\|$a\|\,\|$b\|}"
    vjp_tex = (
        r"\tfrac{$g}{\|$a\|}\left(\tfrac{$b}{\|$b\|} - $y \tfrac{$a}{\|$a\|}\right)",
        r"\tfrac{$g}{\|$b\|}\left(\tfrac{$a}{\|$a\|} - $y \tfrac{$b}{\|$b\|}\right)",
    )

    def forward(xp, x1, x2, *, axis=1, eps=1e-8):
        x1, x2 = _alike(xp, x1, x2)
        n1, n2 = p_norm(xp, x1, 2, axis), p_norm(xp, x2, 2, axis)
        return ((x1 / xp.maximum(n1, eps)) * (x2 / xp.maximum(n2, eps))).sum(axis=axis)

    def vjp(xp, g, out, x1, x2, *, axis, eps):
        x1, x2 = _alike(xp, x1, x2)
        n1, n2 = p_norm(xp, x1, 2, axis), p_norm(xp, x2, 2, axis)
        s1, s2 = xp.maximum(n1, eps), xp.maximum(n2, eps)
        u1, u2 = x1 / s1, x2 / s2
        g, out = xp.expand_dims(g, axis), xp.expand_dims(out, axis)
        return (
            lambda: g / s1 * (u2 - xp.where(n1 > eps, out * u1, 0)),
            lambda: g / s2 * (u1 - xp.where(n2 > eps, out * u2, 0)),
        )

    def reference(x1, x2, *, axis=1, eps=1e-8):
        x1, x2 = np.broadcast_arrays(x1, x2)
        norms = np.linalg.norm(x1, axis=axis) * np.linalg.norm(x2, axis=axis)
        return (x1 * x2).sum(axis=axis) / norms

    def samples(rng):
        a, b = rng.normal(size=(3, 4, 2)), rng.normal(size=(3, 4, 2))
        return [
            Sample(a, b),
            Sample(a, a * 2.0 + b),
            Sample(a, b, axis=-1),
            Sample(a, b[:1], axis=1),
            Sample(a, b[:, :1], axis=1),
            Sample(a, b[0], axis=0),
            Sample(a[0, 0], b[0, 0], axis=0),
            Sample(a.astype(np.float32), b.astype(np.float32)),
        ]

    fails = Failure(ShapeError, r"cosine_similarity: expected shapes that fit",
                    [[1.0, 2.0]], [[1.0, 2.0, 3.0]])  # fmt: skip


class Normalize(Op):
    """Divide vectors along an axis by their p-norm: ``x / max(|x|, eps)``.

    Where the norm is below `eps` it counts as a constant; at ties of ``p=inf`` its
    gradient is shared.

    Parameters
    ----------
    input : array_like
    p : float
    axis : int
        `dim` is another name for it.
    eps : float

    Raises
    ------
    ArgumentError
        When `p` is negative.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.normalize([3.0, 4.0], axis=0)
    tensor([0.6, 0.8], shape=(2,), dtype=float64)
    """

    name, label = "normalize", "x/‖x‖"
    aliases = {"dim": "axis"}
    tex = r"$y = \frac{$a}{\max(\|$a\|_p, \varepsilon)}"
    vjp_tex = (
        r"\tfrac{1}{\|$a\|_p}\left($g - ($g \cdot $y)\,"
        r"\mathrm{sign}($a) \odot (|$a| / \|$a\|_p)^{p-1}\right)",
    )

    def check(input, *, p, axis, eps):
        check_order("normalize", p)
        if not shape_of(input):
            raise ShapeError("normalize", "an array with axes", "input ()")

    def forward(xp, input, *, p=2.0, axis=1, eps=1e-12):
        return input / xp.maximum(p_norm(xp, input, p, axis), eps)

    def vjp(xp, g, out, input, *, p, axis, eps):
        norm = p_norm(xp, input, p, axis)
        along = xp.sum(g * out, axis=axis, keepdims=True) * p_norm_slope(xp, input, norm, p, axis)
        return (g - xp.where(norm > eps, along, 0)) / xp.maximum(norm, eps)

    def reference(input, *, p=2.0, axis=1, eps=1e-12):
        norm = (np.abs(input) ** p).sum(axis=axis, keepdims=True) ** (1 / p)
        return input / np.maximum(norm, eps)

    def samples(rng):
        x = rng.normal(size=(3, 4, 2))
        return [
            Sample(x),
            Sample(x, axis=-1),
            Sample(x, p=1.0, axis=0),
            Sample(x, p=3.0),
            Sample(x[0, 0], axis=0),
            Sample(x, eps=100.0),
            Sample(x[:0]),
            Sample(x.astype(np.float32)),
        ]

    fails = Failure(ArgumentError, r"normalize: expected p of 0", [[1.0]], p=-1)
