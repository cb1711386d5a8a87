"""Losses of numbers: squared and absolute errors and their mixtures."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphviz_ad.engine.op import Failure, Op, Sample
from graphviz_ad.errors import ArgumentError, ShapeError
from graphviz_ad.ops.loss_common import (
    check_pair,
    check_weight,
    reduce_plainly,
    reduced,
    size_of,
    spread,
    to_losses,
    to_weights,
    weighted_check,
    weighted_mean,
)


class MSELoss(Op):
    """Squared error, averaged over all elements: ``mean((input - target)**2)``.

    Parameters
    ----------
    input, target : array_like
        Of one shape, or a single number. Both receive a gradient.
    reduction : {'mean', 'sum', 'none'}
    weight : array_like, optional
        A factor for each element; the mean is then divided by the sum of the weights.

    Raises
    ------
    ShapeError
        For two shapes: a column against a row would silently broadcast to a square.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.mse_loss([1.0, 4.0], [0.0, 2.0]).item()
    2.5
    """

    name, label = "mse_loss", "MSE"
    tex = r"$y = \tfrac{1}{n}\sum ($a - $b)^2"
    vjp_tex = (
        r"\tfrac{2}{n} $g \, ($a - $b)",
        r"\tfrac{2}{n} $g \, ($b - $a)",
        r"\tfrac{$g}{\sum $c} \left(($a - $b)^2 - $y\right)",
    )
    order = ("input", "target", "reduction", "weight")
    check = weighted_check("mse_loss")

    def forward(xp, input, target, weight=None, *, reduction="mean"):
        d = input - target
        return weighted_mean(d * d, weight, reduction)

    def vjp(xp, g, out, input, target, weight=None, *, reduction):
        d = input - target
        sent = to_losses(2 * g, d, weight, reduction) * d
        return sent, lambda: -sent, lambda: to_weights(g, out, d * d, weight, reduction)

    def reference(input, target, weight=None, *, reduction="mean"):
        return plain_mean(np.square(np.subtract(input, target)), weight, reduction)

    def samples(rng):
        a = rng.normal(size=(3, 4))
        return [Sample(a, a), *error_samples(rng), *weighted_samples(rng)]

    fails = Failure(
        ShapeError, r"mse_loss: expected arrays of one shape", [1.0, 2.0], [[1.0], [2.0]]
    )


class L1Loss(Op):
    """Absolute error, averaged over all elements. Where it is 0, so is the gradient.

    Parameters
    ----------
    input, target : array_like
        Of one shape, or a single number. Both receive a gradient.
    reduction : {'mean', 'sum', 'none'}
    weight : array_like, optional
        A factor for each element; the mean is then divided by the sum of the weights.

    Raises
    ------
    ShapeError
        For two shapes.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.l1_loss([1.0, 4.0], [0.0, 2.0]).item()
    1.5
    """

    name, label = "l1_loss", "L1"
    tex = r"$y = \tfrac{1}{n}\sum |$a - $b|"
    vjp_tex = (
        r"\tfrac{$g}{n} \, \mathrm{sign}($a - $b)",
        r"\tfrac{$g}{n} \, \mathrm{sign}($b - $a)",
        r"\tfrac{$g}{\sum $c} \left(|$a - $b| - $y\right)",
    )
    order = ("input", "target", "reduction", "weight")
    check = weighted_check("l1_loss")

    def forward(xp, input, target, weight=None, *, reduction="mean"):
        return weighted_mean(xp.abs(input - target), weight, reduction)

    def vjp(xp, g, out, input, target, weight=None, *, reduction):
        d = input - target
        sent = to_losses(g, d, weight, reduction) * xp.sign(d)
        return sent, lambda: -sent, lambda: to_weights(g, out, xp.abs(d), weight, reduction)

    def reference(input, target, weight=None, *, reduction="mean"):
        return plain_mean(np.abs(np.subtract(input, target)), weight, reduction)

    def samples(rng):
        return [*error_samples(rng), *weighted_samples(rng)]

    fails = Failure(
        ShapeError, r"l1_loss: expected arrays of one shape", [1.0, 2.0], [[1.0], [2.0]]
    )


class SmoothL1Loss(Op):
    """Squared error below `beta`, absolute error above, joined smoothly.

    Parameters
    ----------
    input, target : array_like
        Of one shape, or a single number. Both receive a gradient.
    reduction : {'mean', 'sum', 'none'}
    beta : float
        Where the two meet; 0 gives `l1_loss`.

    Raises
    ------
    ShapeError
        For two shapes.
    ArgumentError
        When `beta` is negative.

    Notes
    -----
    Formula: Girshick, arXiv:1504.08083.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.smooth_l1_loss([1.0, 3.0], 0.0, reduction="none")
    tensor([0.5, 2.5], shape=(2,), dtype=float64)
    """

    name, label = "smooth_l1_loss", "smooth L1"
    tex = (
        r"$y = \tfrac{1}{n}\sum \begin{cases} d^2 / 2\beta & |d| < \beta \\"
        r" |d| - \beta/2 & |d| \ge \beta \end{cases}, \quad d = $a - $b"
    )
    vjp_tex = (
        r"\tfrac{$g}{n} \min(\max(d / \beta, -1), 1)",
        r"-\tfrac{$g}{n} \min(\max(d / \beta, -1), 1)",
    )

    def check(input, target, *, reduction, beta):
        check_pair("smooth_l1_loss", input, target, reduction)
        if not beta >= 0:
            raise ArgumentError("smooth_l1_loss", "beta of 0 or more", repr(beta))

    def forward(xp, input, target, *, reduction="mean", beta=1.0):
        size = xp.abs(input - target)
        if not beta:
            return reduced(size, reduction)
        inside = xp.minimum(size, beta)
        return reduced(inside * (size - 0.5 * inside) / beta, reduction)

    def vjp(xp, g, out, input, target, *, reduction, beta):
        d = input - target
        slope = xp.minimum(xp.maximum(d / beta, -1), 1) if beta else xp.sign(d)
        sent = spread(g, size_of(d), reduction) * slope
        return sent, lambda: -sent

    def reference(input, target, *, reduction="mean", beta=1.0):
        d = np.abs(np.subtract(input, target))
        loss = np.where(d < beta, d**2 / (2 * beta or 1), d - beta / 2)
        return reduce_plainly(loss, reduction)

    def samples(rng):
        a, b = rng.normal(size=(3, 4)), 3 * rng.normal(size=(3, 4))
        return [*error_samples(rng), Sample(a, b, beta=0.3), Sample(a, b, beta=0.0)]

    fails = Failure(ArgumentError, r"smooth_l1_loss: expected beta", [1.0], [2.0], beta=-1.0)


class HuberLoss(Op):
    """Half the squared error up to `delta`, and a line of slope `delta` beyond.

    Parameters
    ----------
    input, target : array_like
        Of one shape, or a single number. Both receive a gradient.
    reduction : {'mean', 'sum', 'none'}
    delta : float
    weight : array_like, optional
        A factor for each element; the mean is that of the products, as in PyTorch.

    Raises
    ------
    ShapeError
        For two shapes.
    ArgumentError
        Unless `delta` is positive.

    Notes
    -----
    Formula: Huber, Annals of Mathematical Statistics 35 (1964).

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.huber_loss([1.0, 3.0], 0.0, reduction="none", delta=2.0)
    tensor([0.5, 4. ], shape=(2,), dtype=float64)
    """

    name, label = "huber_loss", "Huber"
    tex = (
        r"$y = \tfrac{1}{n}\sum \begin{cases} d^2 / 2 & |d| \le \delta \\"
        r" \delta\,(|d| - \delta/2) & |d| > \delta \end{cases}, \quad d = $a - $b"
    )
    vjp_tex = (
        r"\tfrac{$g}{n} \min(\max(d, -\delta), \delta)",
        r"-\tfrac{$g}{n} \min(\max(d, -\delta), \delta)",
        r"\tfrac{$g}{n} \begin{cases} d^2 / 2 & |d| \le \delta \\"
        r" \delta\,(|d| - \delta/2) & |d| > \delta \end{cases}",
    )
    order = ("input", "target", "reduction", "delta", "weight")

    def check(input, target, weight=None, *, reduction, delta):
        check_pair("huber_loss", input, target, reduction)
        check_weight("huber_loss", input, weight)
        if not delta > 0:
            raise ArgumentError("huber_loss", "delta above 0", repr(delta))

    def forward(xp, input, target, weight=None, *, reduction="mean", delta=1.0):
        size = xp.abs(input - target)
        inside = xp.minimum(size, delta)
        loss = inside * (size - 0.5 * inside)
        return reduced(loss if weight is None else loss * weight, reduction)

    def vjp(xp, g, out, input, target, weight=None, *, reduction, delta):
        d = input - target
        share = spread(g, size_of(d), reduction)
        sent = share * xp.minimum(xp.maximum(d, -delta), delta)

        def to_weight():
            inside = xp.minimum(xp.abs(d), delta)
            return share * inside * (xp.abs(d) - 0.5 * inside)

        if weight is None:
            return sent, lambda: -sent, None
        return sent * weight, lambda: -sent * weight, to_weight

    def reference(input, target, weight=None, *, reduction="mean", delta=1.0):
        d = np.abs(np.subtract(input, target))
        loss = np.where(d <= delta, d**2 / 2, delta * (d - delta / 2))
        return reduce_plainly(loss if weight is None else loss * weight, reduction)

    def samples(rng):
        a, b = rng.normal(size=(3, 4)), 3 * rng.normal(size=(3, 4))
        return [*error_samples(rng), Sample(a, b, delta=0.3), *weighted_samples(rng)]

    fails = Failure(ArgumentError, r"huber_loss: expected delta", [1.0], [2.0], delta=0.0)


def error_samples(rng: np.random.Generator) -> list[Sample]:
    """Return the samples that every loss of a difference shares."""
    a, b = rng.normal(size=(3, 4)), 3 * rng.normal(size=(3, 4))
    return [
        Sample(a, b),
        Sample(a, b, reduction="sum"),
        Sample(a, b, reduction="none"),
        Sample(a, 0.5),
        Sample(np.float64(1.5), np.float64(0.5)),
        Sample(a.astype(np.float32), b.astype(np.float32)),
        Sample(np.zeros((0, 3)), np.zeros((0, 3)), reduction="sum"),
    ]


def weighted_samples(rng: np.random.Generator) -> list[Sample]:
    """Return the samples of a weight for each element."""
    a, b, w = rng.normal(size=(3, 4)), 3 * rng.normal(size=(3, 4)), rng.uniform(1, 2, size=(3, 4))
    return [Sample(a, b, w, reduction=reduction) for reduction in ("mean", "sum", "none")]


def plain_mean(loss: Any, weight: Any, reduction: str) -> Any:
    """Reduce weighted losses as the tests' references do."""
    if weight is None or reduction != "mean":
        return reduce_plainly(loss if weight is None else loss * weight, reduction)
    return np.average(loss, weights=weight)
