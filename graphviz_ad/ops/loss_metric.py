"""Losses of metric learning: distances and angles between pairs and triples of vectors."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphviz_ad.engine.op import Failure, Op, Sample
from graphviz_ad.errors import ArgumentError, ShapeError
from graphviz_ad.ops.loss_common import (
    check_reduction,
    check_same_shape,
    reduce_plainly,
    reduced,
    size_of,
    spread,
)
from graphviz_ad.ops.shape import shape_of
from graphviz_ad.ops.similarity import check_order, p_norm, p_norm_slope

COSINE_EPSILON = 1e-12


class TripletMarginLoss(Op):
    """What an anchor's distance to a negative lacks of a margin above that to a positive.

    At the kink the gradient is that of the missing margin; with `swap`, equal distances
    share it.

    Parameters
    ----------
    anchor, positive, negative : array_like, shape (N, D) or (D,)
    margin : float
        Above 0.
    p : float
        The norm of the distances.
    eps : float
        Added to each difference.
    swap : bool
        Take the positive's distance to the negative where that is smaller.
    reduction : {'mean', 'sum', 'none'}

    Raises
    ------
    ShapeError
        For different shapes.
    ArgumentError
        When `p` is negative, or `margin` is not above 0.

    Notes
    -----
    Formula: Balntas et al., BMVC (2016).

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.triplet_margin_loss([0.0], [0.0], [3.0], margin=5.0).numpy().round(4).item()
    2.0
    """

    name, label = "triplet_margin_loss", "triplet"
    tex = r"$y = \tfrac{1}{N}\sum \max\left(0, \|$a - $b\|_p - \|$a - $c\|_p + m\right)"
    vjp_tex = (
        r"\tfrac{$g}{N} \left(\nabla\|$a - $b\|_p - \nabla\|$a - $c\|_p\right)",
        r"-\tfrac{$g}{N} \nabla\|$a - $b\|_p",
        r"\tfrac{$g}{N} \nabla\|$a - $c\|_p",
    )

    def check(anchor, positive, negative, *, margin, p, eps, swap, reduction):
        check_reduction("triplet_margin_loss", reduction)
        check_order("triplet_margin_loss", p)
        if not margin > 0:
            raise ArgumentError("triplet_margin_loss", "a margin above 0", repr(margin))
        arrays = {"anchor": anchor, "positive": positive, "negative": negative}
        check_same_shape("triplet_margin_loss", **arrays)
        if any(not shape_of(a) for a in arrays.values()):
            raise ShapeError("triplet_margin_loss", "vectors (N, D) or (D,)", "shape ()")

    def forward(
        xp, anchor, positive, negative,
        *, margin=1.0, p=2.0, eps=1e-6, swap=False, reduction="mean",
    ):  # fmt: skip
        near = p_norm(xp, anchor - positive + eps, p, -1)
        far = p_norm(xp, anchor - negative + eps, p, -1)
        if swap:
            far = xp.minimum(far, p_norm(xp, positive - negative + eps, p, -1))
        return reduced(xp.maximum(margin + near - far, 0)[..., 0], reduction)

    def vjp(xp, g, out, anchor, positive, negative, *, margin, p, eps, swap, reduction):
        ap, an, pn = anchor - positive + eps, anchor - negative + eps, positive - negative + eps
        near, far = p_norm(xp, ap, p, -1), p_norm(xp, an, p, -1)
        s = xp.expand_dims(g, -1) if reduction == "none" else spread(g, near.size, reduction)
        to_far = to_swapped = s + 0 * far
        if swap:
            other = p_norm(xp, pn, p, -1)
            to_far = s * (0.5 * (far < other) + 0.5 * (far <= other))
            to_swapped = s * (0.5 * (other < far) + 0.5 * (other <= far))
            far_used = xp.minimum(far, other)
        else:
            far_used = far
        active = margin + near - far_used >= 0
        by_near = xp.where(active, s, 0) * p_norm_slope(xp, ap, near, p, -1)
        by_far = xp.where(active, to_far, 0) * p_norm_slope(xp, an, far, p, -1)
        if not swap:
            return by_near - by_far, -by_near, by_far
        swapped = xp.where(active, to_swapped, 0) * p_norm_slope(xp, pn, other, p, -1)
        return by_near - by_far, -by_near - swapped, by_far + swapped

    def reference(
        anchor, positive, negative,
        *, margin=1.0, p=2.0, eps=1e-6, swap=False, reduction="mean",
    ):  # fmt: skip
        near = np.linalg.norm(anchor - positive + eps, ord=p, axis=-1)
        far = np.linalg.norm(anchor - negative + eps, ord=p, axis=-1)
        if swap:
            far = np.minimum(far, np.linalg.norm(positive - negative + eps, ord=p, axis=-1))
        return reduce_plainly(np.maximum(0, near - far + margin), reduction)

    def samples(rng):
        a, b, c = rng.normal(size=(3, 5, 4))
        return [
            Sample(a, b, c),
            Sample(a, b, c, swap=True, reduction="sum"),
            Sample(a, b, c, swap=True, p=3.0, margin=2.0, reduction="none"),
            Sample(a, b, c, p=1.0),
            Sample(a[0], b[0], c[0], margin=3.0),
            Sample(a, b, b, margin=0.5),
        ]

    fails = Failure(ShapeError, r"triplet_margin_loss: expected arrays of one",
                    [[1.0, 2.0]], [[1.0, 2.0]], [[1.0, 2.0, 3.0]])  # fmt: skip


class CosineEmbeddingLoss(Op):
    """Make pairs of vectors similar, or unlike, by the cosine of their angle.

    At the kink the gradient is that of too large a cosine.

    Parameters
    ----------
    input1, input2 : array_like, shape (N, D) or (D,)
    target : array_like, shape (N,) or ()
        1 for similar pairs, -1 for unlike ones; without gradient.
    margin : float
        Unlike pairs may have a cosine up to it.
    reduction : {'mean', 'sum', 'none'}

    Raises
    ------
    ShapeError
        For shapes that do not fit.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.cosine_embedding_loss([[1.0, 0.0]], [[0.0, 1.0]], [1]).item()
    1.0
    """

    name, label = "cosine_embedding_loss", "cos loss"
    tex = (
        r"$y = \tfrac{1}{N}\sum \begin{cases} 1 - \cos($a, $b) & $c = 1 \\"
        r" \max(0, \cos($a, $b) - m) & $c = -1 \end{cases}"
    )
    vjp_tex = (
        r"-\tfrac{$g}{N} $c \, \nabla_{$a} \cos($a, $b)",
        r"-\tfrac{$g}{N} $c \, \nabla_{$b} \cos($a, $b)",
        r"\text{no gradient}",
    )

    def check(input1, input2, target, *, margin, reduction):
        name = "cosine_embedding_loss"
        check_reduction(name, reduction)
        check_same_shape(name, input1=input1, input2=input2)
        x, t = shape_of(input1), shape_of(target)
        if len(x) not in (1, 2) or x != shape_of(input2) or t != x[:-1]:
            got = f"input1 {x}, input2 {shape_of(input2)} and target {t}"
            raise ShapeError(name, "inputs (N, D) and target (N,), or (D,) and ()", got)

    def forward(xp, input1, input2, target, *, margin=0.0, reduction="mean"):
        cos, _, _ = _cosine(xp, input1, input2)
        like = xp.where(xp.equal(target, 1), 1 - cos, 0)
        unlike = xp.where(xp.equal(target, -1), xp.maximum(cos - margin, 0), 0)
        return reduced(like + unlike, reduction)

    def vjp(xp, g, out, input1, input2, target, *, margin, reduction):
        cos, n1, n2 = _cosine(xp, input1, input2)
        s = spread(g, size_of(cos), reduction) + 0 * cos
        like = xp.where(xp.equal(target, 1), s, 0)
        unlike = xp.where(xp.equal(target, -1) & (cos >= margin), s, 0)
        slope, cos = xp.expand_dims(unlike - like, -1), xp.expand_dims(cos, -1)
        n1, n2 = xp.expand_dims(n1, -1), xp.expand_dims(n2, -1)
        return (
            lambda: slope / n1 * (input2 / n2 - cos * input1 / n1),
            lambda: slope / n2 * (input1 / n1 - cos * input2 / n2),
            None,
        )

    def reference(input1, input2, target, *, margin=0.0, reduction="mean"):
        norms = np.linalg.norm(input1, axis=-1) * np.linalg.norm(input2, axis=-1)
        cos = (input1 * input2).sum(axis=-1) / norms
        loss = np.where(np.equal(target, 1), 1 - cos, np.maximum(0, cos - margin))
        return reduce_plainly(loss, reduction)

    def samples(rng):
        a, b = rng.normal(size=(4, 3)), rng.normal(size=(4, 3))
        t = np.array([1, -1, 1, -1])
        return [
            Sample(a, b, t),
            Sample(a, b, t, margin=-0.5, reduction="sum"),
            Sample(a, b, -t, reduction="none"),
            Sample(a[0], b[0], np.int64(1)),
        ]

    fails = Failure(ShapeError, r"cosine_embedding_loss: expected inputs \(N, D\)",
                    [[1.0, 2.0]], [[1.0, 2.0]], [[1]])  # fmt: skip


def _cosine(xp: Any, a: Any, b: Any) -> tuple[Any, Any, Any]:
    """Return the cosines along the last axis and the two norms."""
    n1 = xp.sqrt(xp.sum(a * a, axis=-1) + COSINE_EPSILON)
    n2 = xp.sqrt(xp.sum(b * b, axis=-1) + COSINE_EPSILON)
    return xp.sum(a * b, axis=-1) / (n1 * n2), n1, n2
