"""Losses that ask for an order and a margin between scores."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphviz_ad.engine.op import Failure, Op, Sample
from graphviz_ad.errors import ArgumentError, IndexingError, ShapeError
from graphviz_ad.ops.loss_common import (
    check_reduction,
    check_same_shape,
    reduce_plainly,
    reduced,
    size_of,
    spread,
)
from graphviz_ad.ops.loss_labels import check_labels, check_range, hits
from graphviz_ad.ops.shape import shape_of


class MarginRankingLoss(Op):
    """What two scores lack of a margin in the wanted order: ``max(0, margin - t * (x1 - x2))``.

    At the kink the gradient is that of the missing margin.

    Parameters
    ----------
    input1, input2 : array_like
        Scores of one shape, or single numbers.
    target : array_like
        1 where `input1` should be larger, -1 where `input2` should; without gradient.
    margin : float
    reduction : {'mean', 'sum', 'none'}

    Raises
    ------
    ShapeError
        For different shapes.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.margin_ranking_loss([2.0, 2.0], [1.0, 5.0], [1, 1], reduction="none")
    tensor([0., 3.], shape=(2,), dtype=float64)
    """

    name, label = "margin_ranking_loss", "rank"
    tex = r"$y = \tfrac{1}{n}\sum \max\left(0, m - $c \odot ($a - $b)\right)"
    vjp_tex = (
        r"-\tfrac{$g}{n} $c \odot [m \ge $c \odot ($a - $b)]",
        r"\tfrac{$g}{n} $c \odot [m \ge $c \odot ($a - $b)]",
        r"\text{no gradient}",
    )

    def check(input1, input2, target, *, margin, reduction):
        check_reduction("margin_ranking_loss", reduction)
        check_same_shape("margin_ranking_loss", input1=input1, input2=input2, target=target)

    def forward(xp, input1, input2, target, *, margin=0.0, reduction="mean"):
        return reduced(xp.maximum(margin - target * (input1 - input2), 0), reduction)

    def vjp(xp, g, out, input1, input2, target, *, margin, reduction):
        lack = margin - target * (input1 - input2)
        sent = xp.where(lack >= 0, spread(g, size_of(lack), reduction) * target, 0)
        return -sent, sent, None

    def reference(input1, input2, target, *, margin=0.0, reduction="mean"):
        return reduce_plainly(np.maximum(0, margin - target * (input1 - input2)), reduction)

    def samples(rng):
        a, b = rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
        t = rng.choice([-1, 1], size=(3, 4))
        return [
            Sample(a, b, t),
            Sample(a, b, t, margin=0.7, reduction="sum"),
            Sample(a, b, np.int64(-1), reduction="none"),
        ]

    fails = Failure(ShapeError, r"margin_ranking_loss: expected arrays of one",
                    [1.0, 2.0], [1.0, 2.0, 3.0], [1])  # fmt: skip


class MultiMarginLoss(Op):
    """What the label's score lacks of a margin above the others, averaged over the classes.

    At the kink the gradient is 0.

    Parameters
    ----------
    input : array_like, shape (N, C) or (C,)
    target : array_like of int, shape (N,) or ()
    p : {1, 2}
        The power of what is lacking.
    margin : float
    weight : array_like, shape (C,), optional
        A factor for each label; it gets no gradient.
    reduction : {'mean', 'sum', 'none'}

    Raises
    ------
    ShapeError, DTypeError, IndexingError
        For labels that do not fit.
    ArgumentError
        For another `p`.

    Notes
    -----
    Formula: Crammer and Singer, JMLR 2 (2001).

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.multi_margin_loss([[0.0, 3.0, 0.0]], [0]).numpy().round(4).item()
    1.6667
    """

    name, label = "multi_margin_loss", "margin"
    order = ("input", "target", "p", "margin", "weight", "reduction")
    tex = (
        r"$y = \tfrac{1}{NC}\sum_n \sum_{i \ne {$b}_n} \max(0, m - {$a}_{n,{$b}_n} + {$a}_{n,i})^p"
    )
    vjp_tex = (
        r"\tfrac{p\,$g}{NC} \left(h - \mathrm{onehot}($b) \textstyle\sum_i h_i\right),"
        r"\; h_i = \max(0, m - {$a}_{$b} + {$a}_i)^{p-1}",
        r"\text{no gradient}",
        r"\text{no gradient}",
    )

    def check(input, target, weight=None, *, p, margin, reduction):
        check_reduction("multi_margin_loss", reduction)
        if p not in (1, 2):
            raise ArgumentError("multi_margin_loss", "p of 1 or 2", repr(p))
        if len(shape_of(input)) not in (1, 2):
            raise ShapeError("multi_margin_loss", "input (N, C) or (C,)", f"{shape_of(input)}")
        check_labels("multi_margin_loss", input, target, weight)
        check_range("multi_margin_loss", target, shape_of(input)[-1])

    def forward(xp, input, target, weight=None, *, p=1, margin=1.0, reduction="mean"):
        lack, _ = _lacks(xp, input, target, weight, margin, p)
        classes = input.shape[-1]
        loss = lack.sum(axis=-1) / classes
        return reduced(loss.astype(input.dtype), reduction)

    def vjp(xp, g, out, input, target, weight=None, *, p, margin, reduction):
        _, slope = _lacks(xp, input, target, weight, margin, p)
        hit = hits(xp, target, input.shape[-1], input.ndim - 1)
        s = spread(g, input.size // input.shape[-1], reduction) / input.shape[-1]
        if reduction == "none":
            s = xp.expand_dims(s, -1)
        return s * (slope - hit * xp.sum(slope, axis=-1, keepdims=True)), None, None

    def reference(input, target, weight=None, *, p=1, margin=1.0, reduction="mean"):
        losses = []
        for x, t in zip(np.atleast_2d(input), np.atleast_1d(target), strict=True):
            others = np.delete(margin - x[t] + x, t)
            losses.append((np.maximum(0, others) ** p).sum() / x.size)
            losses[-1] *= 1 if weight is None else weight[t]
        return reduce_plainly(np.reshape(losses, np.shape(target)), reduction)

    def samples(rng):
        x, t = rng.normal(size=(4, 3)), np.array([0, 2, 1, 2])
        return [
            Sample(x, t),
            Sample(x, t, p=2, margin=0.5),
            Sample(x, t, np.array([1, 2, 3]), reduction="none"),
            Sample(x, t, np.array([1, 2, 3]), p=2, reduction="sum"),
            Sample(x[0], np.int64(2)),
        ]

    fails = Failure(IndexingError, r"multi_margin_loss: expected labels 0 to 1", [[1.0, 2.0]], [2])


class MultilabelMarginLoss(Op):
    """What the scores of several labels lack of a margin 1 above all other classes.

    At the kink the gradient is 0.

    Parameters
    ----------
    input : array_like, shape (N, C) or (C,)
    target : array_like of int, shape of `input`
        The labels of each sample, then -1; what follows -1 is ignored. One that is listed
        twice counts twice, as in PyTorch.
    reduction : {'mean', 'sum', 'none'}

    Raises
    ------
    ShapeError
        For two shapes.
    IndexingError
        For a label out of range.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.multilabel_margin_loss([0.1, 0.2, 0.4, 0.8], [3, 0, -1, 1]).numpy().round(4).item()
    0.85
    """

    name, label = "multilabel_margin_loss", "margins"
    tex = (
        r"$y = \tfrac{1}{NC}\sum_n \sum_{j \in {$b}_n} \sum_{i \notin {$b}_n}"
        r" \max(0, 1 - {$a}_{n,j} + {$a}_{n,i})"
    )
    vjp_tex = (
        r"\tfrac{$g}{NC} \left(\#\{j : \text{lack}_{ij} > 0\}"
        r" - \#\{i : \text{lack}_{ji} > 0\}\right)",
        r"\text{no gradient}",
    )

    def check(input, target, *, reduction):
        check_reduction("multilabel_margin_loss", reduction)
        x, t = shape_of(input), shape_of(target)
        if x != t or len(x) not in (1, 2):
            got = f"input {x} and target {t}"
            raise ShapeError("multilabel_margin_loss", "input and target (N, C) or (C,)", got)
        if target.size and not (int(target.min()) >= -1 and int(target.max()) < x[-1]):
            got = f"labels {int(target.min())} to {int(target.max())}"
            raise IndexingError("multilabel_margin_loss", f"labels -1 to {x[-1] - 1}", got)

    def forward(xp, input, target, *, reduction="mean"):
        lack, times = _pair_lacks(xp, input, target)
        lack = xp.maximum(lack, 0) * times
        return reduced(lack.sum(axis=(-2, -1)) / input.shape[-1], reduction)

    def vjp(xp, g, out, input, target, *, reduction):
        lack, times = _pair_lacks(xp, input, target)
        lacking = (lack > 0) * times
        s = spread(g, input.size // input.shape[-1], reduction) / input.shape[-1]
        if reduction == "none":
            s = xp.expand_dims(s, -1)
        return s * (xp.sum(lacking, axis=-2) - xp.sum(lacking, axis=-1)), None

    def reference(input, target, *, reduction="mean"):
        losses = []
        for x, t in zip(np.atleast_2d(input), np.atleast_2d(target), strict=True):
            labels = list(t[: list(t).index(-1)] if -1 in t else t)
            others = [i for i in range(x.size) if i not in labels]
            losses.append(sum(max(0, 1 - x[j] + x[i]) for j in labels for i in others) / x.size)
        return reduce_plainly(np.reshape(losses, np.shape(target)[:-1]), reduction)

    def samples(rng):
        x = rng.normal(size=(3, 4))
        t = np.array([[3, 0, -1, 1], [1, 2, 1, -1], [-1, 0, 0, 0]])
        return [
            Sample(x, t),
            Sample(x, t, reduction="sum"),
            Sample(x, t, reduction="none"),
            Sample(x[0], t[0]),
        ]

    fails = Failure(IndexingError, r"multilabel_margin_loss: expected labels -1 to 1", [[1.0, 2.0]],
                    [[2, -1]])  # fmt: skip


def _lacks(
    xp: Any, scores: Any, target: Any, weight: Any, margin: float, p: int
) -> tuple[Any, Any]:
    """Return what each score lacks of the margin to its label's, to the power p, and its slope."""
    hit = hits(xp, target, scores.shape[-1], scores.ndim - 1)
    own = xp.sum(xp.where(hit, scores, 0), axis=-1, keepdims=True)
    lack = xp.where(hit, 0, xp.maximum(margin - own + scores, 0))
    slope = 2 * lack if p == 2 else 1.0 * (lack > 0)
    lack = lack * lack if p == 2 else lack
    if weight is None:
        return lack, slope
    factor = xp.expand_dims(xp.take(weight, target), -1)
    return lack * factor, slope * factor


def _pair_lacks(xp: Any, scores: Any, target: Any) -> tuple[Any, Any]:
    """Return ``1 - x_j + x_i`` at [j, i], and how often it counts.

    As often as j is a label, where i is none; 0 times elsewhere.
    """
    classes = scores.shape[-1]
    # a label counts until the first -1
    listed = xp.cumsum(1 * (target < 0), axis=-1) < 1
    hit = xp.equal(xp.expand_dims(target, -1), xp.arange(classes))
    times = (1 * (hit & xp.expand_dims(listed, -1))).sum(axis=-2)
    lack = 1 - xp.expand_dims(scores, -1) + xp.expand_dims(scores, -2)
    times = xp.expand_dims(times, -1) * (xp.expand_dims(times, -2) == 0)
    return lack, times.astype(scores.dtype)
