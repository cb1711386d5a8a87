"""Losses of yes-or-no targets: binary cross entropy and the margins of two classes."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from graphviz_ad.engine.op import Failure, Op, Sample
from graphviz_ad.engine.traced import call
from graphviz_ad.errors import ArgumentError, ShapeError
from graphviz_ad.ops.exponential import Sigmoid
from graphviz_ad.ops.loss_common import (
    check_pair,
    pointwise_check,
    reduce_plainly,
    reduced,
    size_of,
    spread,
)
from graphviz_ad.ops.shape import shape_of

SMALLEST = 1e-45
"""Its logarithm is below -100, where PyTorch stops, in float32 and in float64."""


class BinaryCrossEntropy(Op):
    """Cross entropy between probabilities and yes-or-no targets.

    Logarithms below -100 count as -100, so that the loss stays finite.

    Parameters
    ----------
    input : array_like
        Probabilities, from 0 to 1.
    target : array_like
        Of the same shape, from 0 to 1.
    weight : array_like, optional
        A factor for each element, broadcast; it gets no gradient.
    reduction : {'mean', 'sum', 'none'}

    Raises
    ------
    ShapeError
        For two shapes.
    ArgumentError
        For an input outside 0 to 1, or NaN.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.binary_cross_entropy([1.0], [0.0]).item()
    100.0
    """

    name, label = "binary_cross_entropy", "BCE"
    tex = r"$y = -\tfrac{1}{n}\sum \left($b \log $a + (1 - $b) \log(1 - $a)\right)"
    vjp_tex = (
        r"\tfrac{$g}{n} \frac{$a - $b}{$a\,(1 - $a)}",
        r"\tfrac{$g}{n} \left(\log(1 - $a) - \log $a\right)",
        r"\text{no gradient}",
    )

    def check(input, target, weight=None, *, reduction):
        check_pair("binary_cross_entropy", input, target, reduction)
        x = np.asarray(input) if not hasattr(input, "min") else input
        if x.size and not (bool(x.min() >= 0) and bool(x.max() <= 1)):
            hint = "give binary_cross_entropy_with_logits the scores themselves"
            got = f"from {float(x.min()):.4g} to {float(x.max()):.4g}"
            raise ArgumentError("binary_cross_entropy", "probabilities from 0 to 1", got, hint)

    def forward(xp, input, target, weight=None, *, reduction="mean"):
        yes, no = _logs(xp, input)
        loss = -(target * yes + (1 - target) * no)
        return reduced(loss if weight is None else loss * weight, reduction)

    def vjp(xp, g, out, input, target, weight=None, *, reduction):
        s = _weighted(g, input * target, weight, reduction)

        def to_target():
            yes, no = _logs(xp, input)
            return s * (no - yes)

        return s * ((input - target) / xp.maximum(input * (1 - input), 1e-12)), to_target, None

    def reference(input, target, weight=None, *, reduction="mean"):
        loss = -(target * np.log(input) + (1 - target) * np.log(1 - input))
        return reduce_plainly(loss * (1 if weight is None else weight), reduction)

    def samples(rng):
        x, t = rng.uniform(0.1, 0.9, size=(3, 4)), rng.uniform(size=(3, 4))
        return [
            Sample(x, t),
            Sample(x, x),
            Sample(x, t, np.array([1, 2, 3, 4]), reduction="sum"),
            Sample(x, (t > 0.5).astype(int), reduction="none"),
            Sample(np.float64(0.3), 1.0),
            Sample(x.astype(np.float32), t.astype(np.float32)),
        ]

    fails = Failure(ArgumentError, r"binary_cross_entropy: expected probabilities .* from -2 to 1",
                    [-2.0, 1.0], [0.0, 1.0])  # fmt: skip


class BinaryCrossEntropyWithLogits(Op):
    """Cross entropy between scores (logits) and yes-or-no targets, with the sigmoid built in.

    Parameters
    ----------
    input : array_like
        Scores of any size; nothing overflows.
    target : array_like
        Of the same shape, from 0 to 1.
    weight : array_like, optional
        A factor for each element, broadcast; it gets no gradient.
    reduction : {'mean', 'sum', 'none'}
    pos_weight : array_like, optional
        A factor for the positive targets, broadcast; it gets no gradient.

    Raises
    ------
    ShapeError
        For two shapes.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.binary_cross_entropy_with_logits([-1000.0], [1.0]).item()
    1000.0
    """

    name, label = "binary_cross_entropy_with_logits", "BCE σ"
    order = ("input", "target", "weight", "reduction", "pos_weight")
    tex = r"$y = -\tfrac{1}{n}\sum \left($b \log \sigma($a) + (1 - $b) \log \sigma(-$a)\right)"
    vjp_tex = (
        r"\tfrac{$g}{n} \left(\sigma($a) - $b\right)",
        r"-\tfrac{$g}{n} $a",
        r"\text{no gradient}",
        r"\text{no gradient}",
    )

    def check(input, target, weight=None, pos_weight=None, *, reduction):
        check_pair("binary_cross_entropy_with_logits", input, target, reduction)

    def forward(xp, input, target, weight=None, pos_weight=None, *, reduction="mean"):
        rest = xp.log1p(xp.exp(-xp.abs(input)))
        if pos_weight is None:
            loss = xp.maximum(input, 0) - target * input + rest
        else:
            factor = 1 + (pos_weight - 1) * target
            loss = (1 - target) * input + factor * (rest + xp.maximum(-input, 0))
        return reduced(loss if weight is None else loss * weight, reduction)

    def vjp(xp, g, out, input, target, weight=None, pos_weight=None, *, reduction):
        s = _weighted(g, input * target, weight, reduction)
        if pos_weight is None:
            return s * (call(Sigmoid, xp, input) - target), lambda: s * -input, None, None
        extra = pos_weight - 1

        def to_target():
            softplus = xp.log1p(xp.exp(-xp.abs(input))) + xp.maximum(-input, 0)
            return s * (extra * softplus - input)

        slope = 1 - target - (1 + extra * target) * call(Sigmoid, xp, -input)
        return s * slope, to_target, None, None

    def reference(input, target, weight=None, pos_weight=None, *, reduction="mean"):
        p = 1 / (1 + np.exp(np.negative(input)))
        yes = np.log(p) * (1 if pos_weight is None else pos_weight)
        loss = -(target * yes + np.subtract(1, target) * np.log(1 - p))
        return reduce_plainly(loss * (1 if weight is None else weight), reduction)

    def samples(rng):
        x, t = rng.normal(size=(3, 4)), rng.uniform(size=(3, 4))
        whole = np.array([1, 2, 3, 4])
        return [
            Sample(x, t),
            Sample(x, x),
            Sample(x, t, whole, reduction="sum"),
            Sample(x, t, None, whole, reduction="none"),
            Sample(x, (t > 0.5).astype(int), whole, whole[::-1]),
            Sample(np.float64(0.3), 1.0),
            Sample(x.astype(np.float32), t.astype(np.float32)),
        ]

    fails = Failure(
        ShapeError, r"binary_cross_entropy_with_logits: expected arrays of one shape",
        [1.0, 2.0], [[1.0], [2.0]],
    )  # fmt: skip


class SoftMarginLoss(Op):
    """Logistic loss of targets 1 and -1: ``mean(log(1 + exp(-target * input)))``.

    Parameters
    ----------
    input : array_like
        Scores.
    target : array_like
        1 or -1, of the same shape.
    reduction : {'mean', 'sum', 'none'}

    Raises
    ------
    ShapeError
        For two shapes.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.soft_margin_loss([-1000.0], [1.0]).item()
    1000.0
    """

    name, label = "soft_margin_loss", "soft margin"
    tex = r"$y = \tfrac{1}{n}\sum \log\left(1 + e^{-$b \odot $a}\right)"
    vjp_tex = (
        r"-\tfrac{$g}{n} $b \odot \sigma(-$b \odot $a)",
        r"-\tfrac{$g}{n} $a \odot \sigma(-$b \odot $a)",
    )
    check = pointwise_check("soft_margin_loss")

    def forward(xp, input, target, *, reduction="mean"):
        z = -(target * input)
        return reduced(xp.maximum(z, 0) + xp.log1p(xp.exp(-xp.abs(z))), reduction)

    def vjp(xp, g, out, input, target, *, reduction):
        z = -(target * input)
        sent = -spread(g, size_of(z), reduction) * call(Sigmoid, xp, z)
        return sent * target, lambda: sent * input

    def reference(input, target, *, reduction="mean"):
        return reduce_plainly(np.log(1 + np.exp(-np.multiply(input, target))), reduction)

    def samples(rng):
        x = rng.normal(size=(3, 4))
        t = rng.choice([-1, 1], size=(3, 4))
        return [
            Sample(x, t),
            Sample(x, x),
            Sample(x, t * 1.0, reduction="sum"),
            Sample(x, t, reduction="none"),
        ]

    fails = Failure(
        ShapeError, r"soft_margin_loss: expected arrays of one", [1.0, 2.0], [[1.0], [2.0]]
    )


class HingeEmbeddingLoss(Op):
    """Distances of similar pairs, and what distances of unlike pairs lack of a margin.

    Where a distance equals the margin, the gradient is that of a smaller one.

    Parameters
    ----------
    input : array_like
        Distances.
    target : array_like
        1 for similar pairs, -1 for unlike ones; of the same shape, without gradient.
    margin : float
    reduction : {'mean', 'sum', 'none'}

    Raises
    ------
    ShapeError
        For two shapes.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.hinge_embedding_loss([0.25, 0.25], [1, -1], reduction="none")
    tensor([0.25, 0.75], shape=(2,), dtype=float64)
    """

    name, label = "hinge_embedding_loss", "hinge"
    tex = (
        r"$y = \tfrac{1}{n}\sum \begin{cases} $a & $b = 1 \\"
        r" \max(0, m - $a) & $b = -1 \end{cases}"
    )
    vjp_tex = (
        r"\tfrac{$g}{n} \begin{cases} 1 & $b = 1 \\ -[$a \le m] & $b = -1 \end{cases}",
        r"\text{no gradient}",
    )

    def check(input, target, *, margin, reduction):
        check_pair("hinge_embedding_loss", input, target, reduction)

    def forward(xp, input, target, *, margin=1.0, reduction="mean"):
        like = xp.where(xp.equal(target, -1), 0, input)
        unlike = xp.where(xp.equal(target, 1), 0, xp.maximum(margin - input, 0))
        return reduced(like + unlike, reduction)

    def vjp(xp, g, out, input, target, *, margin, reduction):
        s = spread(g, size_of(input * target), reduction) + 0 * input
        like = xp.where(xp.equal(target, -1), 0, s)
        unlike = xp.where(xp.equal(target, 1) | (input > margin), 0, s)
        return like - unlike, None

    def reference(input, target, *, margin=1.0, reduction="mean"):
        loss = np.where(np.equal(target, 1), input, np.maximum(0, np.subtract(margin, input)))
        return reduce_plainly(loss, reduction)

    def samples(rng):
        x, t = rng.uniform(0.1, 2.0, size=(3, 4)), rng.choice([-1, 1], size=(3, 4))
        return [
            Sample(x, t),
            Sample(x, t, margin=0.5, reduction="sum"),
            Sample(x, t, reduction="none"),
        ]

    fails = Failure(
        ShapeError, r"hinge_embedding_loss: expected arrays of one", [1.0, 2.0], [[1], [1]]
    )


def _logs(xp: Any, p: Any) -> tuple[Any, Any]:
    """Return ``log(p)`` and ``log(1 - p)``, both at least -100 and exact for small p."""
    yes = xp.maximum(xp.log(xp.maximum(p, SMALLEST)), -100)
    small = xp.log1p(-xp.minimum(p, 0.5))
    no = xp.where(p < 0.5, small, xp.log(xp.maximum(1 - p, SMALLEST)))
    return yes, xp.maximum(no, -100)


def _weighted(g: Any, like: Any, weight: Any, reduction: str) -> Any:
    """Return what the reduction and the weight send to each loss."""
    full = np.broadcast_shapes(shape_of(like), shape_of(weight))
    s = g / prod(full) if reduction == "mean" and 0 not in full else g
    return s if weight is None else s * weight
