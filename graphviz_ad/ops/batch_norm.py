"""Batch normalisation, whose running statistics are outputs: recorded arrays never change."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from graphviz_ad.engine.op import Failure, Op, Sample
from graphviz_ad.errors import ArgumentError, ShapeError
from graphviz_ad.ops.normalize import check_affine, frozen_standard, over_channels, per_channel
from graphviz_ad.ops.shape import shape_of


class BatchNorm(Op):
    """Give each channel mean 0 and variance 1 over the batch, then scale and shift it.

    Unlike PyTorch's, which writes into the running statistics, it returns the new ones:
    ``y, mean, var = batch_norm(x, mean, var, training=True)``.

    Parameters
    ----------
    input : array_like, shape (N, C, …)
    running_mean, running_var : array_like, shape (C,), optional
        What is normalised by when `training` is False.
    weight, bias : array_like, shape (C,), optional
    training : bool
        Normalise by the batch's own mean and (biased) variance.
    momentum : float
        The part of the batch's statistics in the new running ones.
    eps : float
        Added to the variance.

    Returns
    -------
    output : Tensor, shape (N, C, …)
    running_mean, running_var : Tensor, shape (C,)
        In training ``(1 - momentum) * running + momentum * batch``, with the unbiased
        variance; the batch's own where no running ones were given. Else those given. They
        have a gradient, too: give ``mean.detach()`` and ``var.detach()`` to the next call,
        as `graphviz_ad.nn.BatchNorm2d` does, or each step keeps the graphs of all before it.

    Raises
    ------
    ShapeError
        When the shapes do not fit, or in training a channel has one element only.
    ArgumentError
        Without running statistics when not in training.

    Notes
    -----
    Formula: Ioffe and Szegedy, arXiv:1502.03167.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> y, mean, var = ad.batch_norm([[1.0], [3.0]], [0.0], [1.0], training=True, eps=0.0)
    >>> y.numpy().tolist(), mean.numpy().tolist(), var.numpy().round(6).tolist()
    ([[-1.0], [1.0]], [0.2], [1.1])
    """

    name, label = "batch_norm", "batch norm"
    saves = True
    tex = (
        r"$y0 = \frac{$a - \mu}{\sqrt{\sigma^2 + \varepsilon}} \odot $d + $e, \quad"
        r" $y1 = (1 - m) $b + m \mu, \quad $y2 = (1 - m) $c + m \tfrac{n}{n - 1} \sigma^2"
    )
    vjp_tex = (
        r"\tfrac{1}{\sigma}\left(h - \overline{h} - \hat{x}\, \overline{h \hat{x}}\right)"
        r" + \tfrac{m}{n} $g1 + \tfrac{2 m}{n - 1} \sigma \hat{x} \, $g2, \; h = $g0 \odot $d",
        r"(1 - m) $g1",
        r"(1 - m) $g2",
        r"\textstyle\sum $g0 \odot \hat{x}",
        r"\textstyle\sum $g0",
    )

    def check(
        input, running_mean=None, running_var=None, weight=None, bias=None,
        *, training, momentum, eps,
    ):  # fmt: skip
        shape = shape_of(input)
        if len(shape) < 2:
            raise ShapeError("batch_norm", "input (N, C, …)", f"input {shape}")
        if training and shape[0] * prod(shape[2:]) < 2:
            got = f"input {shape}"
            raise ShapeError("batch_norm", "more than one element per channel", got)
        given = (running_mean is not None, running_var is not None)
        if given[0] != given[1] or not (training or given[0]):
            got = "one of them" if any(given) else "none, with training=False"
            raise ArgumentError("batch_norm", "running_mean and running_var", got)
        check_affine("batch_norm", shape[1:2], running_mean=running_mean,
                     running_var=running_var, weight=weight, bias=bias)  # fmt: skip

    def forward(
        xp, input, running_mean=None, running_var=None, weight=None, bias=None,
        *, training=False, momentum=0.1, eps=1e-5,
    ):  # fmt: skip
        saved = None
        if training:
            mean, d, var, count = _statistics(xp, input, _like_sample)
            unbiased = var * (count / (count - 1))
            if running_mean is None:
                running_mean, running_var = mean, unbiased
            else:
                running_mean = (1 - momentum) * running_mean + momentum * mean
                running_var = (1 - momentum) * running_var + momentum * unbiased
            saved = d, var, count
        else:
            mean, var = running_mean, running_var
        # one multiplication and one addition for each element
        scale = 1 / xp.sqrt(var + eps)
        if weight is not None:
            scale = scale * weight
        if training:
            out, shift = d * _like_sample(xp, scale, input), bias
        else:
            out = input * _like_sample(xp, scale, input)
            shift = -mean * scale if bias is None else bias - mean * scale
        if shift is not None:
            out = out + _like_sample(xp, shift, input)
        return (out, running_mean, running_var), saved

    def vjp(
        xp, g, out, input, running_mean=None, running_var=None, weight=None, bias=None,
        *, training, momentum, eps, saved=None,
    ):  # fmt: skip
        g0, g1, g2 = g
        if not training:
            ndim = input.ndim
            hat, scale = frozen_standard(xp, input, running_mean, running_var, eps)
            h = g0 if weight is None else g0 * per_channel(xp, weight, ndim)
            return (
                lambda: h * scale,
                lambda: g1 - over_channels(xp, h * scale),
                lambda: g2 - 0.5 * over_channels(xp, h * hat * scale * scale),
                lambda: over_channels(xp, g0 * hat),
                lambda: over_channels(xp, g0),
            )
        fit = _broadcasting if saved is None else _like_sample
        d, var, count = _statistics(xp, input, fit)[1:] if saved is None else saved
        scale = 1 / xp.sqrt(var + eps)
        to_bias = over_channels(xp, g0)
        to_weight = over_channels(xp, g0 * d) * scale
        share = 1.0 if running_mean is None else momentum

        def to_input():
            factor = scale if weight is None else scale * weight
            by_d = factor * scale * to_weight / count - g2 * (2 * share / (count - 1))
            shift = (factor * to_bias - share * g1) / count
            sent = g0 * fit(xp, factor, input) - d * fit(xp, by_d, input)
            return sent - fit(xp, shift, input)

        return to_input, (1 - share) * g1, (1 - share) * g2, to_weight, to_bias

    def reference(input, running_mean=None, running_var=None, weight=None, bias=None,
                  *, training=False, momentum=0.1, eps=1e-5):  # fmt: skip
        axes, shape = (0, *range(2, input.ndim)), (-1, *(1,) * (input.ndim - 2))
        mean, var, kept = running_mean, running_var, 0 if running_mean is None else 1 - momentum
        if training:
            mean, var = input.mean(axis=axes), input.var(axis=axes)
            unbiased = input.var(axis=axes, ddof=1)
            running_mean = kept * (running_mean if kept else 0) + (1 - kept) * mean
            running_var = kept * (running_var if kept else 0) + (1 - kept) * unbiased
        out = (input - mean.reshape(shape)) / np.sqrt(var.reshape(shape) + eps)
        out = out * (1 if weight is None else np.reshape(weight, shape))
        return out + (0 if bias is None else np.reshape(bias, shape)), running_mean, running_var

    def samples(rng):
        x, w, b = rng.normal(size=(4, 3, 2)), rng.normal(size=3), rng.normal(size=3)
        m, v = rng.normal(size=3), rng.uniform(0.5, 2.0, size=3)
        return [
            Sample(x, m, v, w, b, training=True),
            Sample(x, m, v, w, b),
            Sample(x, training=True),
            Sample(x, m, v, training=True, momentum=0.3, eps=0.1),
            Sample(x[:, :, 0], m, v, None, b, training=True),
            Sample(rng.normal(size=(2, 3, 2, 2)), m, v, w),
            Sample(*(a.astype(np.float32) for a in (x, m, v, w, b)), training=True),
        ]

    fails = Failure(ShapeError, r"batch_norm: expected more than one element", [[1.0]],
                    training=True)  # fmt: skip


def _statistics(xp: Any, x: Any, fit: Any) -> tuple[Any, Any, Any, int]:
    """Return each channel's mean, `x` less it, the biased variance, and the count of elements."""
    mean = _mean(xp, x)
    d = x - fit(xp, mean, x)
    return mean, d, _mean(xp, d * d), x.shape[0] * prod(x.shape[2:])


def _mean(xp: Any, x: Any) -> Any:
    # The batch first: that adds whole samples, where short rows of pixels would be slow.
    return xp.mean(xp.mean(x, axis=0), axis=tuple(range(1, x.ndim - 1)))


def _broadcasting(xp: Any, values: Any, x: Any) -> Any:
    return per_channel(xp, values, x.ndim)


def _like_sample(xp: Any, values: Any, x: Any) -> Any:
    """Repeat one value per channel to a whole sample, which is faster to broadcast over many."""
    sample = xp.empty_like(x[0], dtype=values.dtype)  # in the order of x: channels may be last
    sample[...] = per_channel(xp, values, x.ndim)
    return sample
