"""The softmax family: probabilities from scores, along one axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphviz_ad.engine.op import Failure, Op, Sample
from graphviz_ad.engine.traced import call
from graphviz_ad.errors import AxisError
from graphviz_ad.ops.row_sums import row_sums


def shifted(xp: Any, scores: Any, axis: int, dtype: Any = None) -> Any:
    """Return `scores` less their maximum along `axis`, which no exponential can overflow."""
    scores = xp.asarray(scores, dtype=dtype)
    if not scores.size:
        return scores
    return scores - scores.max(axis=axis, keepdims=True)


class Softmax(Op):
    """Turn scores into probabilities that sum to 1 along an axis: ``exp(x) / sum(exp(x))``.

    The maximum is subtracted first, so that nothing overflows.

    Parameters
    ----------
    input : array_like
    axis : int
        The axis that sums to 1; `dim` is another name for it.
    dtype : dtype, optional
        Convert `input` to it first.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.softmax([1000.0, 1000.0])
    tensor([0.5, 0.5], shape=(2,), dtype=float64)
    """

    name, label, method = "softmax", "softmax", True
    aliases = {"dim": "axis"}
    tex = r"{$y}_i = \frac{e^{{$a}_i}}{\sum_j e^{{$a}_j}}"
    vjp_tex = (r"$y \odot \left($g - \textstyle\sum_j {$g}_j {$y}_j\right)",)

    def forward(xp, input, *, axis=-1, dtype=None):
        e = xp.exp(shifted(xp, input, axis, dtype))
        return e / row_sums(xp, e, axis)

    def vjp(xp, g, out, input, *, axis=-1, dtype=None):
        sent = g * out
        return sent - out * row_sums(xp, sent, axis)

    def reference(input, *, axis=-1, dtype=None):
        e = np.exp(np.asarray(input, dtype=dtype))
        return e / e.sum(axis=axis, keepdims=True)

    def samples(rng):
        return score_samples(rng)

    fails = Failure(AxisError, r"softmax: expected an axis", [1.0, 2.0], axis=3)


class LogSoftmax(Op):
    """Return the logarithm of the softmax along an axis, without forming the softmax.

    Parameters
    ----------
    input : array_like
    axis : int
        The axis whose exponentials sum to 1; `dim` is another name for it.
    dtype : dtype, optional
        Convert `input` to it first.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.log_softmax([0.0, -1000.0])
    tensor([    0., -1000.], shape=(2,), dtype=float64)
    """

    name, label, method = "log_softmax", "log softmax", True
    aliases = {"dim": "axis"}
    tex = r"{$y}_i = {$a}_i - \log \sum_j e^{{$a}_j}"
    vjp_tex = (r"$g - e^{$y} \textstyle\sum_j {$g}_j",)

    def forward(xp, input, *, axis=-1, dtype=None):
        x = shifted(xp, input, axis, dtype)
        if not x.size:
            return x
        return x - xp.log(row_sums(xp, xp.exp(x), axis))

    def vjp(xp, g, out, input, *, axis=-1, dtype=None):
        return g - xp.exp(out) * row_sums(xp, g, axis)

    def reference(input, *, axis=-1, dtype=None):
        e = np.exp(np.asarray(input, dtype=dtype))
        return np.log(e / e.sum(axis=axis, keepdims=True))

    def samples(rng):
        return score_samples(rng)

    fails = Failure(AxisError, r"log_softmax: expected an axis", [1.0, 2.0], axis=3)


class Softmin(Op):
    """Turn scores into probabilities that favour the smallest: ``softmax(-x)``.

    Parameters
    ----------
    input : array_like
    axis : int
        The axis that sums to 1; `dim` is another name for it.
    dtype : dtype, optional
        Convert `input` to it first.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.softmin([0.0, 0.0])
    tensor([0.5, 0.5], shape=(2,), dtype=float64)
    """

    name, label = "softmin", "softmin"
    aliases = {"dim": "axis"}
    tex = r"{$y}_i = \frac{e^{-{$a}_i}}{\sum_j e^{-{$a}_j}}"
    vjp_tex = (r"$y \odot \left(\textstyle\sum_j {$g}_j {$y}_j - $g\right)",)

    def forward(xp, input, *, axis=-1, dtype=None):
        return call(Softmax, xp, xp.negative(input), axis=axis, dtype=dtype)

    def vjp(xp, g, out, input, *, axis=-1, dtype=None):
        sent = g * out
        return out * row_sums(xp, sent, axis) - sent

    def reference(input, *, axis=-1, dtype=None):
        e = np.exp(-np.asarray(input, dtype=dtype))
        return e / e.sum(axis=axis, keepdims=True)

    def samples(rng):
        return score_samples(rng)

    fails = Failure(AxisError, r"softmin: expected an axis", [1.0, 2.0], axis=3)


def score_samples(rng: Any) -> list[Sample]:
    """Return samples that suit every member of the family."""
    x = rng.normal(size=(3, 4, 2))
    return [
        Sample(x),
        Sample(x, axis=0),
        Sample(x, axis=-2),
        Sample(x[0, :, 0]),
        Sample(np.float64(0.7)),
        Sample(np.zeros((0, 3))),
        Sample(np.zeros((3, 0)), axis=1),
        Sample(rng.normal(size=(3, 4)).astype(np.float32), axis=1),
    ]
