"""Scaled dot-product attention as one operation."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphviz_ad.engine.op import Failure, Op, Sample
from graphviz_ad.engine.traced import call
from graphviz_ad.errors import ArgumentError, ShapeError
from graphviz_ad.ops.linear import draw_mask
from graphviz_ad.ops.row_sums import row_sums
from graphviz_ad.ops.shape import shape_of
from graphviz_ad.ops.softmax import Softmax

KEPT = 1 << 24
"""Bytes of weights that are kept for the gradient at most: they grow with the square of length."""


class ScaledDotProductAttention(Op):
    """Mix values by how well queries match keys: ``softmax(q @ k.T * scale + mask) @ v``.

    A query that the mask lets see nothing gets zeros, as in PyTorch.

    Parameters
    ----------
    query : array_like, shape (…, L, E)
    key : array_like, shape (…, S, E)
    value : array_like, shape (…, S, V)
    attn_mask : array_like, optional
        Broadcast to (…, L, S): booleans that tell what may be seen, or numbers that are
        added to the scores, which receive a gradient.
    dropout_p : float
        The probability with which a weight becomes 0.
    is_causal : bool
        Whether query i sees keys 0 … i only. Not together with `attn_mask`.
    scale : float, optional
        ``1 / sqrt(E)`` where it is left out.
    rng : numpy.random.Generator or int, optional
        What draws the dropout; a generator of the package's own where it is left out.
    dropout_mask : array_like of bool, optional
        The weights to keep, instead of drawing them.

    Returns
    -------
    Tensor, shape (…, L, V)

    Raises
    ------
    ShapeError
        When the shapes do not fit.
    ArgumentError
        For a mask together with `is_causal`, or a probability outside 0 to 1.

    Notes
    -----
    Formula: Vaswani et al., arXiv:1706.03762.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> q, k, v = [[1.0, 0.0]], [[1.0, 0.0], [1.0, 0.0]], [[2.0], [4.0]]
    >>> ad.scaled_dot_product_attention(q, k, v).numpy().tolist()
    [[3.0]]
    """

    name, label = "scaled_dot_product_attention", "attention"
    saves = True
    order = (
        "query", "key", "value", "attn_mask", "dropout_p", "is_causal", "scale", "rng",
        "dropout_mask",
    )  # fmt: skip
    tex = r"$y = P\,$c, \quad P = \mathrm{softmax}\left(\tfrac{1}{\sqrt{E}} $a\,$b^\top + M\right)"
    vjp_tex = (
        r"\tfrac{1}{\sqrt{E}} S^\nabla $b, \quad"
        r" S^\nabla = P \odot \left(P^\nabla - \textstyle\sum_s P^\nabla_s P_s\right),"
        r" \; P^\nabla = $g\,$c^\top",
        r"\tfrac{1}{\sqrt{E}} (S^\nabla)^\top $a",
        r"P^\top $g",
        r"S^\nabla",
        r"\text{no gradient}",
    )

    def prepare(
        query, key, value, attn_mask=None, dropout_mask=None,
        *, dropout_p=0.0, is_causal=False, scale=None, rng=None,
    ):  # fmt: skip
        name = "scaled_dot_product_attention"
        if not 0 <= dropout_p <= 1:
            raise ArgumentError(name, "dropout_p from 0 to 1", repr(dropout_p))
        if is_causal and attn_mask is not None:
            raise ArgumentError(name, "attn_mask or is_causal", "both")
        q, k, v = shape_of(query), shape_of(key), shape_of(value)
        if min(len(q), len(k), len(v)) < 2 or q[-1] != k[-1] or k[-2] != v[-2]:
            expected = "query (…, L, E), key (…, S, E) and value (…, S, V)"
            raise ShapeError(name, expected, f"query {q}, key {k}, value {v}")
        if dropout_p and dropout_mask is None:
            scores = np.broadcast_to(0, (*np.broadcast_shapes(q[:-2], k[:-2]), q[-2], k[-2]))
            dropout_mask = draw_mask(scores, dropout_p, rng)
        params = {"dropout_p": dropout_p, "is_causal": is_causal, "scale": scale, "rng": None}
        return (query, key, value, attn_mask, dropout_mask), params

    def forward(
        xp, query, key, value, attn_mask=None, dropout_mask=None,
        *, dropout_p=0.0, is_causal=False, scale=None, rng=None,
    ):  # fmt: skip
        weights = _weights(xp, query, key, attn_mask, is_causal, scale)
        out = xp.matmul(_dropped(xp, weights, dropout_mask, dropout_p), value)
        return out, weights if weights.nbytes <= KEPT else None

    def vjp(
        xp, g, out, query, key, value, attn_mask=None, dropout_mask=None,
        *, dropout_p, is_causal, scale, rng, saved=None,
    ):  # fmt: skip
        weights = saved
        if weights is None:
            weights = _weights(xp, query, key, attn_mask, is_causal, scale)
        by_weights = xp.matmul(g, xp.swapaxes(value, -1, -2))
        by_weights = _dropped(xp, by_weights, dropout_mask, dropout_p)
        sent = weights * by_weights
        by_scores = sent - weights * row_sums(xp, sent, -1)
        factor = query.shape[-1] ** -0.5 if scale is None else scale

        def to_value():
            used = _dropped(xp, weights, dropout_mask, dropout_p)
            return xp.matmul(xp.swapaxes(used, -1, -2), g)

        return (
            lambda: xp.matmul(by_scores, key) * factor,
            lambda: xp.matmul(xp.swapaxes(by_scores, -1, -2), query) * factor,
            to_value,
            by_scores,
            None,
        )

    def reference(
        query, key, value, attn_mask=None, dropout_mask=None,
        *, dropout_p=0.0, is_causal=False, scale=None, rng=None,
    ):  # fmt: skip
        scores = np.einsum("...le,...se->...ls", query, key)
        scores = scores * (query.shape[-1] ** -0.5 if scale is None else scale)
        if is_causal:
            attn_mask = np.tril(np.ones(scores.shape[-2:], dtype=bool))
        if attn_mask is not None:
            boolean = attn_mask.dtype == bool
            scores = np.where(attn_mask, scores, -np.inf) if boolean else scores + attn_mask
        e = np.exp(scores)
        total = e.sum(axis=-1, keepdims=True)
        weights = e / np.where(total == 0, 1, total)
        if dropout_mask is not None:
            weights = weights * dropout_mask / (1 - dropout_p)
        return np.einsum("...ls,...sv->...lv", weights, value)

    def samples(rng):
        q, k, v = (rng.normal(size=(2, n, d)) for n, d in ((3, 4), (5, 4), (5, 2)))
        seen = np.array([[1, 1, 0, 0, 1], [0, 0, 0, 0, 0], [0, 1, 1, 1, 1]], dtype=bool)
        kept = rng.random((2, 3, 5)) < 0.7
        return [
            Sample(q, k, v),
            Sample(q, k, v, seen),
            Sample(q, k, v, rng.normal(size=(3, 5))),
            Sample(q, k, v, is_causal=True, scale=0.3),
            Sample(q, k, v, None, kept, dropout_p=0.3),
            Sample(q[0], k, v),
            Sample(q, q, q),
            Sample(*(a.astype(np.float32) for a in (q, k, v))),
        ]

    fails = Failure(
        ShapeError, r"scaled_dot_product_attention: expected query .* key \(1, 3\)",
        [[1.0, 2.0]], [[1.0, 2.0, 3.0]], [[1.0]],
    )  # fmt: skip


def _weights(xp: Any, query: Any, key: Any, mask: Any, is_causal: bool, scale: Any) -> Any:
    """Return how much of each value each query takes."""
    factor = query.shape[-1] ** -0.5 if scale is None else scale
    scores = xp.matmul(query * factor, xp.swapaxes(key, -1, -2))
    if is_causal:
        rows, columns = scores.shape[-2:]
        scores = xp.where(xp.arange(columns) <= xp.arange(rows)[:, None], scores, -float("inf"))
    if mask is None:
        return call(Softmax, xp, scores, axis=-1)
    if mask.dtype.kind == "b":
        seen, scores = mask, xp.where(mask, scores, -float("inf"))
    else:
        seen, scores = mask > -float("inf"), scores + mask
    sighted = xp.any(seen, axis=-1, keepdims=True)
    # blind rows take harmless scores on the way, so that no NaN arises
    return xp.where(sighted, call(Softmax, xp, xp.where(sighted, scores, 0), axis=-1), 0)


def _dropped(xp: Any, weights: Any, kept: Any, p: float) -> Any:
    if kept is None:
        return weights
    return xp.where(kept, weights * (1 / (1 - p) if p < 1 else 0.0), 0)
