"""Losses that are negative log-likelihoods or divergences of distributions."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphviz_ad.engine.op import Failure, Op, Sample
from graphviz_ad.errors import ArgumentError, ShapeError
from graphviz_ad.ops.loss_common import (
    check_pair,
    check_reduction,
    reduce_plainly,
    reduced,
    size_of,
    spread,
)
from graphviz_ad.ops.shape import shape_of

TWO_PI = 6.283185307179586
HALF_LOG_TWO_PI = 0.9189385332046727


def _same_or_one(length: int, of: int) -> bool:
    return length in (1, of)


class GaussianNLLLoss(Op):
    """Negative log-likelihood of targets under normal distributions with learned variances.

    A variance below `eps` counts as `eps`, yet receives the gradient of one at `eps`.

    Parameters
    ----------
    input, target : array_like, shape (…, D)
        Means and observations; of length 1 where an observation counts for all along an
        axis. Both receive a gradient.
    var : array_like, shape (…, D), (…, 1), (…) or ()
        Variances, not negative.
    full : bool
        Add the constant ``log(2π) / 2``.
    eps : float
    reduction : {'mean', 'sum', 'none'}

    Raises
    ------
    ShapeError
        For shapes that do not fit.
    ArgumentError
        When a variance is negative.

    Notes
    -----
    Formula: Nix and Weigend, IEEE ICNN (1994).

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.gaussian_nll_loss([1.0], [3.0], [1.0]).item()
    2.0
    """

    name, label = "gaussian_nll_loss", "Gauss NLL"
    tex = r"$y = \tfrac{1}{2n}\sum \left(\log $c + \tfrac{($a - $b)^2}{$c}\right)"
    vjp_tex = (
        r"\tfrac{$g}{n} \tfrac{$a - $b}{$c}",
        r"\tfrac{$g}{n} \tfrac{$b - $a}{$c}",
        r"\tfrac{$g}{2n} \left(\tfrac{1}{$c} - \tfrac{($a - $b)^2}{$c^2}\right)",
    )

    def check(input, target, var, *, full, eps, reduction):
        check_reduction("gaussian_nll_loss", reduction)
        x, t, v = shape_of(input), shape_of(target), shape_of(var)
        scalar = any(shape in ((), (1,)) for shape in (x, t))
        if not scalar and not (len(t) == len(x) and all(map(_same_or_one, t, x))):
            expected = "target of the input's shape, or of length 1 along some of its axes"
            raise ShapeError("gaussian_nll_loss", expected, f"input {x} and target {t}")
        if v not in (x, x[:-1], (*x[:-1], 1), ()):
            expected = "var of the input's shape, or without or with length 1 of its last axis"
            raise ShapeError("gaussian_nll_loss", expected, f"input {x} and var {v}")
        if getattr(var, "size", 1) and not float(np.min(var) if v == () else var.min()) >= 0:
            raise ArgumentError("gaussian_nll_loss", "variances of 0 or more", "one below, or NaN")

    def forward(xp, input, target, var, *, full=False, eps=1e-6, reduction="mean"):
        d = input - target
        v = xp.maximum(_per_element(xp, var, input), eps)
        loss = 0.5 * (xp.log(v) + d * d / v)
        return reduced(loss + HALF_LOG_TWO_PI if full else loss, reduction)

    def vjp(xp, g, out, input, target, var, *, full, eps, reduction):
        d = input - target
        v = xp.maximum(_per_element(xp, var, input), eps)
        s = spread(g, size_of(d), reduction)
        to_input = s * d / v

        def to_var():
            sent = s * (0.5 / v * (1 - d * d / v))
            short = len(shape_of(var)) < len(shape_of(input)) and shape_of(var) != ()
            return sent.sum(axis=-1) if short else sent

        return to_input, lambda: -to_input, to_var

    def reference(input, target, var, *, full=False, eps=1e-6, reduction="mean"):
        v = np.asarray(var)
        v = v[..., None] if v.shape == input.shape[:-1] and v.ndim else v
        loss = (np.log(v) + (input - target) ** 2 / v) / 2
        return reduce_plainly(loss + np.log(2 * np.pi) / 2 if full else loss, reduction)

    def samples(rng):
        a, b = rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
        v = rng.uniform(0.5, 2.0, size=(3, 4))
        return [
            Sample(a, b, v),
            Sample(a, b, v, full=True, reduction="sum"),
            Sample(a, b, v[:, :1], reduction="none"),
            Sample(a, b, v[:, 0]),
            Sample(a, b, np.float64(0.7)),
            Sample(a, b[:, :1], v, reduction="none"),
        ]

    fails = Failure(
        ArgumentError, r"gaussian_nll_loss: expected variances of 0", [1.0], [2.0], [-1.0]
    )


class PoissonNLLLoss(Op):
    """Negative log-likelihood of counts under Poisson distributions.

    Parameters
    ----------
    input, target : array_like
        Rates (or their logarithms) and counts, of one shape. Both receive a gradient.
    log_input : bool
        Whether `input` is the logarithm of the rate.
    full : bool
        Add Stirling's approximation of ``log(target!)``.
    eps : float
        Added to the rate under the logarithm.
    reduction : {'mean', 'sum', 'none'}

    Raises
    ------
    ShapeError
        For two shapes.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.poisson_nll_loss([0.0], [1.0]).item()
    1.0
    """

    name, label = "poisson_nll_loss", "Poisson NLL"
    tex = r"$y = \tfrac{1}{n}\sum \left(e^{$a} - $b \odot $a\right)"
    vjp_tex = (r"\tfrac{$g}{n} \left(e^{$a} - $b\right)", r"-\tfrac{$g}{n} $a")

    def check(input, target, *, log_input, full, eps, reduction):
        check_pair("poisson_nll_loss", input, target, reduction)

    def forward(xp, input, target, *, log_input=True, full=False, eps=1e-8, reduction="mean"):
        rate = xp.exp(input) if log_input else input
        loss = rate - target * (input if log_input else xp.log(input + eps))
        if full:
            t = xp.maximum(target, 1)
            stirling = t * xp.log(t) - t + 0.5 * xp.log(TWO_PI * t)
            loss = loss + xp.where(target > 1, stirling, 0)
        return reduced(loss, reduction)

    def vjp(xp, g, out, input, target, *, log_input, full, eps, reduction):
        s = spread(g, size_of(input * target), reduction)

        def to_target():
            sent = -input if log_input else -xp.log(input + eps)
            if full:
                t = xp.maximum(target, 1)
                sent = sent + xp.where(target > 1, xp.log(t) + 0.5 / t, 0)
            return s * sent

        if log_input:
            return lambda: s * (xp.exp(input) - target), to_target
        return lambda: s * (1 - target / (input + eps)), to_target

    def reference(input, target, *, log_input=True, full=False, eps=1e-8, reduction="mean"):
        rate = np.exp(input) if log_input else np.asarray(input)
        loss = rate - target * (input if log_input else np.log(rate + eps))
        if full:
            t = np.maximum(target, 1)
            loss += (t * np.log(t) - t + np.log(2 * np.pi * t) / 2) * (np.asarray(target) > 1)
        return reduce_plainly(loss, reduction)

    def samples(rng):
        a, t = rng.normal(size=(3, 4)), rng.uniform(0.2, 5.0, size=(3, 4))
        return [
            Sample(a, t),
            Sample(a, np.arange(12).reshape(3, 4), full=True),
            Sample(a, t, full=True, reduction="sum"),
            Sample(t, t, log_input=False, reduction="none"),
        ]

    fails = Failure(
        ShapeError, r"poisson_nll_loss: expected arrays of one", [1.0, 2.0], [[1.0], [2.0]]
    )


class KLDiv(Op):
    """Kullback-Leibler divergence of targets from predicted log-probabilities, element by element.

    A target of 0 adds nothing and receives no gradient.

    Parameters
    ----------
    input : array_like
        Log-probabilities.
    target : array_like
        Probabilities, or their logarithms with `log_target`, of the same shape.
    reduction : {'mean', 'batchmean', 'sum', 'none'}
        ``'batchmean'`` divides the sum by the length of the first axis, which is the
        divergence as defined; ``'mean'`` divides by all elements.
    log_target : bool

    Raises
    ------
    ShapeError
        For two shapes.
    ArgumentError
        For another reduction.

    Notes
    -----
    Formula: Kullback and Leibler, Annals of Mathematical Statistics 22 (1951).

    Examples
    --------
    >>> import numpy as np, graphviz_ad as ad
    >>> ad.kl_div(np.log([0.5, 0.5]), [0.5, 0.5]).item()
    0.0
    """

    name, label = "kl_div", "KL"
    tex = r"$y = \tfrac{1}{n}\sum $b \odot (\log $b - $a)"
    vjp_tex = (r"-\tfrac{$g}{n} $b", r"\tfrac{$g}{n} (\log $b + 1 - $a)")

    def check(input, target, *, reduction, log_target):
        check_pair("kl_div", input, target, "mean" if reduction == "batchmean" else reduction)

    def forward(xp, input, target, *, reduction="mean", log_target=False):
        if log_target:
            loss = xp.exp(target) * (target - input)
        else:
            safe = xp.where(target > 0, target, 1)
            loss = xp.where(target > 0, target * (xp.log(safe) - input), 0 * input)
        if reduction == "batchmean":
            return loss.sum() / _batch(input, target)
        return reduced(loss, reduction)

    def vjp(xp, g, out, input, target, *, reduction, log_target):
        if reduction == "batchmean":
            s = g / _batch(input, target)
        else:
            s = spread(g, size_of(input * target), reduction)
        if log_target:
            p = xp.exp(target)
            return lambda: -s * p, lambda: s * p * (target - input + 1)
        inside = target > 0

        def to_target():
            return s * xp.where(inside, xp.log(xp.where(inside, target, 1)) + 1 - input, 0)

        return lambda: -s * xp.where(inside, target, 0 * input), to_target

    def reference(input, target, *, reduction="mean", log_target=False):
        t = np.exp(target) if log_target else np.asarray(target, float)
        loss = np.zeros(np.broadcast_shapes(np.shape(input), t.shape))
        np.multiply(t, np.log(t, where=t > 0, out=np.zeros_like(t)) - input, out=loss)
        if reduction == "batchmean":
            return loss.sum() / len(loss)
        return reduce_plainly(loss, reduction)

    def samples(rng):
        x, t = rng.normal(size=(3, 4)), rng.uniform(0.1, 1.0, size=(3, 4))
        return [
            Sample(x, t),
            Sample(x, t, reduction="batchmean"),
            Sample(x, np.log(t), log_target=True, reduction="none"),
            Sample(x, x, log_target=True, reduction="sum"),
            Sample(x, np.array([[0, 1, 0, 0]] * 3)),
        ]

    fails = Failure(ArgumentError, r"kl_div: expected reduction", [1.0], [1.0], reduction="max")


def _per_element(xp: Any, var: Any, input: Any) -> Any:
    """Give variances that lack the last axis one of length 1, and a number the input's dtype."""
    if not hasattr(var, "shape"):
        return xp.asarray(var, dtype=xp.result_type(input, var))
    short = len(shape_of(var)) < len(shape_of(input)) and shape_of(var) != ()
    return xp.expand_dims(var, -1) if short else var


def _batch(input: Any, target: Any) -> int:
    """Return the length of the first axis."""
    shape = shape_of(input) or shape_of(target)
    return shape[0] if shape else 1
