"""Normalisation over the features, the groups or the instance, each with a fused VJP."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from graphviz_ad.engine.op import Failure, Op, Sample
from graphviz_ad.errors import ArgumentError, ShapeError
from graphviz_ad.ops.loss_common import shape_of
from graphviz_ad.ops.windows import frozen

STANDARD_TEX = r"$y = \frac{$a - \mu}{\sqrt{\sigma^2 + \varepsilon}} \odot \gamma + \beta"
STANDARD_VJP_TEX = (
    r"\tfrac{1}{\sigma}\left(h - \overline{h} - \hat{x}\, \overline{h \hat{x}}\right),"
    r" \; h = $g \odot \gamma"
)


def standardized(xp: Any, x: Any, axes: tuple[int, ...], eps: float) -> tuple[Any, Any]:
    """Return `x` with mean 0 and variance 1 over `axes`, and what it was multiplied by."""
    d = x - xp.mean(x, axis=axes, keepdims=True)
    scale = 1 / xp.sqrt(xp.mean(d * d, axis=axes, keepdims=True) + eps)
    return d * scale, scale


def standardized_vjp(xp: Any, g: Any, hat: Any, scale: Any, axes: tuple[int, ...]) -> Any:
    """Return the VJP of `standardized` in one go: the mean and the variance included."""
    along = xp.mean(g * hat, axis=axes, keepdims=True)
    return scale * (g - xp.mean(g, axis=axes, keepdims=True) - hat * along)


def per_channel(xp: Any, values: Any, ndim: int) -> Any:
    """Give one value per channel the trailing axes that broadcast it over axis 1."""
    return xp.reshape(values, (values.shape[0],) + (1,) * (ndim - 2))


def over_channels(xp: Any, x: Any) -> Any:
    """Sum over every axis but the channels."""
    return xp.sum(x, axis=(0, *range(2, x.ndim)))


def check_affine(name: str, shape: tuple[int, ...], **arrays: Any) -> None:
    """Raise `ShapeError` for a weight, bias or statistic of another shape."""
    for argument, array in arrays.items():
        if array is not None and shape_of(array) != shape:
            raise ShapeError(name, f"{argument} {shape}", f"{argument} {shape_of(array)}")


def trailing(name: str, x: tuple[int, ...], normalized_shape: Any) -> tuple[int, ...]:
    """Return `normalized_shape` as a tuple, which must be the end of the shape `x`."""
    shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    if not shape or x[-len(shape) :] != shape:
        raise ShapeError(name, f"input that ends in normalized_shape {shape}", f"input {x}")
    return shape


class LayerNorm(Op):
    """Give each sample mean 0 and variance 1 over its last axes, then scale and shift it.

    Parameters
    ----------
    input : array_like
    normalized_shape : int or tuple of int
        The shape of the last axes, over which it normalises.
    weight, bias : array_like, shape `normalized_shape`, optional
    eps : float
        Added to the variance.

    Raises
    ------
    ShapeError
        When the shapes do not fit.

    Notes
    -----
    Formula: Ba, Kiros and Hinton, arXiv:1607.06450.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.layer_norm([[1.0, 3.0]], 2, eps=0.0).numpy().tolist()
    [[-1.0, 1.0]]
    """

    name, label = "layer_norm", "layer norm"
    order = ("input", "normalized_shape", "weight", "bias", "eps")
    tex = STANDARD_TEX
    vjp_tex = (STANDARD_VJP_TEX, r"\textstyle\sum_n $g \odot \hat{x}", r"\textstyle\sum_n $g")
    prepare = frozen

    def check(input, weight=None, bias=None, *, normalized_shape, eps):
        shape = trailing("layer_norm", shape_of(input), normalized_shape)
        check_affine("layer_norm", shape, weight=weight, bias=bias)

    def forward(xp, input, weight=None, bias=None, *, normalized_shape, eps=1e-5):
        out, _ = standardized(xp, input, _last(normalized_shape), eps)
        if weight is not None:
            out = out * weight
        return out if bias is None else out + bias

    def vjp(xp, g, out, input, weight=None, bias=None, *, normalized_shape, eps):
        axes = _last(normalized_shape)
        hat, scale = standardized(xp, input, axes, eps)

        def to_input():
            h = g if weight is None else g * weight
            return standardized_vjp(xp, h, hat, scale, axes)

        return to_input, lambda: g * hat, g

    def reference(input, weight=None, bias=None, *, normalized_shape, eps=1e-5):
        axes = tuple(range(-np.size(normalized_shape), 0))
        d = input - np.mean(input, axis=axes, keepdims=True)
        out = d / np.sqrt(np.var(input, axis=axes, keepdims=True) + eps)
        return out * (1 if weight is None else weight) + (0 if bias is None else bias)

    def samples(rng):
        x, w, b = rng.normal(size=(2, 3, 4)), rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
        return [
            Sample(x, w, b, normalized_shape=(3, 4)),
            Sample(x, w[0], normalized_shape=(4,), eps=0.1),
            Sample(x, normalized_shape=4),
            Sample(x[0, 0], None, b[0], normalized_shape=4),
            Sample(*(a.astype(np.float32) for a in (x, w, b)), normalized_shape=(3, 4)),
        ]

    fails = Failure(ShapeError, r"layer_norm: expected input that ends in", [1.0, 2.0],
                    normalized_shape=3)  # fmt: skip


class RMSNorm(Op):
    """Divide each sample by its root mean square over its last axes, then scale it.

    Parameters
    ----------
    input : array_like
    normalized_shape : int or tuple of int
        The shape of the last axes, over which it normalises.
    weight : array_like, shape `normalized_shape`, optional
    eps : float, optional
        Added to the mean square; the dtype's own epsilon where it is left out.

    Raises
    ------
    ShapeError
        When the shapes do not fit.

    Notes
    -----
    Formula: Zhang and Sennrich, arXiv:1910.07467.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.rms_norm([[3.0, 4.0, 0.0, 0.0]], 4).numpy().round(3).tolist()
    [[1.2, 1.6, 0.0, 0.0]]
    """

    name, label = "rms_norm", "RMS norm"
    order = ("input", "normalized_shape", "weight", "eps")
    tex = r"$y = \frac{$a}{\sqrt{\overline{$a^2} + \varepsilon}} \odot $b"
    vjp_tex = (
        r"\tfrac{1}{r}\left(h - \hat{x}\,\overline{h \hat{x}}\right), \; h = $g \odot $b",
        r"\textstyle\sum_n $g \odot \hat{x}",
    )
    prepare = frozen

    def check(input, weight=None, *, normalized_shape, eps):
        shape = trailing("rms_norm", shape_of(input), normalized_shape)
        check_affine("rms_norm", shape, weight=weight)

    def forward(xp, input, weight=None, *, normalized_shape, eps=None):
        out = input * _rms_scale(xp, input, _last(normalized_shape), eps)
        return out if weight is None else out * weight

    def vjp(xp, g, out, input, weight=None, *, normalized_shape, eps):
        axes = _last(normalized_shape)
        scale = _rms_scale(xp, input, axes, eps)
        hat = input * scale

        def to_input():
            h = g if weight is None else g * weight
            return scale * (h - hat * xp.mean(h * hat, axis=axes, keepdims=True))

        return to_input, lambda: g * hat

    def reference(input, weight=None, *, normalized_shape, eps=None):
        axes = tuple(range(-np.size(normalized_shape), 0))
        eps = np.finfo(input.dtype).eps if eps is None else eps
        out = input / np.sqrt(np.mean(input**2, axis=axes, keepdims=True) + eps)
        return out * (1 if weight is None else weight)

    def samples(rng):
        x, w = rng.normal(size=(2, 3, 4)), rng.normal(size=(3, 4))
        return [
            Sample(x, w, normalized_shape=(3, 4)),
            Sample(x, w[0], normalized_shape=4, eps=0.1),
            Sample(x, normalized_shape=(4,)),
            Sample(x.astype(np.float32), w[0].astype(np.float32), normalized_shape=4),
        ]

    fails = Failure(ShapeError, r"rms_norm: expected weight \(2,\)", [1.0, 2.0], [1.0],
                    normalized_shape=2)  # fmt: skip


class GroupNorm(Op):
    """Give each group of channels mean 0 and variance 1, then scale and shift each channel.

    Parameters
    ----------
    input : array_like, shape (N, C, …)
    num_groups : int
        How many groups the channels are split into.
    weight, bias : array_like, shape (C,), optional
    eps : float
        Added to the variance.

    Raises
    ------
    ShapeError
        When the shapes do not fit.
    ArgumentError
        When the groups do not divide the channels.

    Notes
    -----
    Formula: Wu and He, arXiv:1803.08494.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.group_norm([[1.0, 3.0, 5.0, 9.0]], 2, eps=0.0).numpy().tolist()
    [[-1.0, 1.0, -1.0, 1.0]]
    """

    name, label = "group_norm", "group norm"
    order = ("input", "num_groups", "weight", "bias", "eps")
    tex = STANDARD_TEX
    vjp_tex = (STANDARD_VJP_TEX, r"\textstyle\sum $g \odot \hat{x}", r"\textstyle\sum $g")

    def check(input, weight=None, bias=None, *, num_groups, eps):
        shape = shape_of(input)
        if len(shape) < 2:
            raise ShapeError("group_norm", "input (N, C, …)", f"input {shape}")
        if not isinstance(num_groups, int) or num_groups < 1 or shape[1] % num_groups:
            got = f"num_groups={num_groups!r} for {shape[1]} channels"
            raise ArgumentError("group_norm", "groups that divide the channels", got)
        check_affine("group_norm", shape[1:2], weight=weight, bias=bias)

    def forward(xp, input, weight=None, bias=None, *, num_groups, eps=1e-5):
        hat, _ = standardized(xp, _grouped(xp, input, num_groups), (2,), eps)
        return _affine(xp, xp.reshape(hat, input.shape), weight, bias)

    def vjp(xp, g, out, input, weight=None, bias=None, *, num_groups, eps):
        hat, scale = standardized(xp, _grouped(xp, input, num_groups), (2,), eps)

        def to_input():
            h = g if weight is None else g * per_channel(xp, weight, g.ndim)
            sent = standardized_vjp(xp, _grouped(xp, h, num_groups), hat, scale, (2,))
            return xp.reshape(sent, input.shape)

        return (
            to_input,
            lambda: over_channels(xp, g * xp.reshape(hat, input.shape)),
            lambda: over_channels(xp, g),
        )

    def reference(input, weight=None, bias=None, *, num_groups, eps=1e-5):
        parts = np.split(input, num_groups, axis=1)
        axes = tuple(range(1, input.ndim))
        out = np.concatenate(
            [
                (p - p.mean(axis=axes, keepdims=True))
                / np.sqrt(p.var(axis=axes, keepdims=True) + eps)
                for p in parts
            ],
            axis=1,
        )
        return _plain_affine(out, weight, bias)

    def samples(rng):
        x, w, b = rng.normal(size=(2, 4, 3)), rng.normal(size=4), rng.normal(size=4)
        return [
            Sample(x, w, b, num_groups=2),
            Sample(x, num_groups=1),
            Sample(x, w, num_groups=4, eps=0.1),
            Sample(x[:, :, 0], None, b, num_groups=2),
            Sample(rng.normal(size=(2, 4, 2, 3)), w, b, num_groups=2),
            Sample(x[:0], w, b, num_groups=2),
        ]

    fails = Failure(ArgumentError, r"group_norm: expected groups that divide", [[1.0, 2.0, 3.0]],
                    num_groups=2)  # fmt: skip


class InstanceNorm(Op):
    """Give each channel of each sample mean 0 and variance 1, then scale and shift it.

    Parameters
    ----------
    input : array_like, shape (N, C, …)
        With at least one spatial axis.
    running_mean, running_var : array_like, shape (C,), optional
        What to normalise by, instead, when `use_input_stats` is False; they never change.
    weight, bias : array_like, shape (C,), optional
    use_input_stats : bool
    eps : float
        Added to the variance.

    Raises
    ------
    ShapeError
        When the shapes do not fit, or a channel has one element only.
    ArgumentError
        For ``use_input_stats=False`` without the running statistics.

    Notes
    -----
    Formula: Ulyanov, Vedaldi and Lempitsky, arXiv:1607.08022.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.instance_norm([[[1.0, 3.0]]], eps=0.0).numpy().tolist()
    [[[-1.0, 1.0]]]
    """

    name, label = "instance_norm", "instance norm"
    tex = STANDARD_TEX
    vjp_tex = (
        STANDARD_VJP_TEX,
        r"-\tfrac{1}{\sigma} \textstyle\sum h",
        r"-\tfrac{1}{2\sigma^2} \textstyle\sum h \odot \hat{x}",
        r"\textstyle\sum $g \odot \hat{x}",
        r"\textstyle\sum $g",
    )

    def check(
        input, running_mean=None, running_var=None, weight=None, bias=None, *, use_input_stats, eps
    ):
        shape = shape_of(input)
        if len(shape) < 3:
            raise ShapeError("instance_norm", "input (N, C, L, …)", f"input {shape}")
        if use_input_stats and prod(shape[2:]) == 1:
            got = f"input {shape}"
            raise ShapeError("instance_norm", "more than one element per channel", got)
        if not use_input_stats and (running_mean is None or running_var is None):
            expected = "running_mean and running_var with use_input_stats=False"
            raise ArgumentError("instance_norm", expected, "None")
        check_affine("instance_norm", shape[1:2], running_mean=running_mean,
                     running_var=running_var, weight=weight, bias=bias)  # fmt: skip

    def forward(
        xp, input, running_mean=None, running_var=None, weight=None, bias=None,
        *, use_input_stats=True, eps=1e-5,
    ):  # fmt: skip
        if use_input_stats:
            hat, _ = standardized(xp, input, _spatial(input), eps)
        else:
            hat, _ = frozen_standard(xp, input, running_mean, running_var, eps)
        return _affine(xp, hat, weight, bias)

    def vjp(
        xp, g, out, input, running_mean=None, running_var=None, weight=None, bias=None,
        *, use_input_stats, eps,
    ):  # fmt: skip
        h = g if weight is None else g * per_channel(xp, weight, g.ndim)
        rest = (lambda: over_channels(xp, g * hat), lambda: over_channels(xp, g))
        if use_input_stats:
            hat, scale = standardized(xp, input, _spatial(input), eps)
            return lambda: standardized_vjp(xp, h, hat, scale, _spatial(input)), None, None, *rest
        hat, scale = frozen_standard(xp, input, running_mean, running_var, eps)
        return (
            lambda: h * scale,
            lambda: -over_channels(xp, h * scale),
            lambda: -0.5 * over_channels(xp, h * hat * scale * scale),
            *rest,
        )

    def reference(input, running_mean=None, running_var=None, weight=None, bias=None,
                  *, use_input_stats=True, eps=1e-5):  # fmt: skip
        axes = tuple(range(2, input.ndim))
        mean, var = input.mean(axis=axes, keepdims=True), input.var(axis=axes, keepdims=True)
        if not use_input_stats:
            mean, var = (
                np.reshape(s, (-1, *(1,) * len(axes))) for s in (running_mean, running_var)
            )
        return _plain_affine((input - mean) / np.sqrt(var + eps), weight, bias)

    def samples(rng):
        x, w, b = rng.normal(size=(2, 3, 4)), rng.normal(size=3), rng.normal(size=3)
        m, v = rng.normal(size=3), rng.uniform(0.5, 2.0, size=3)
        return [
            Sample(x),
            Sample(x, None, None, w, b),
            Sample(x, m, v, w, b, use_input_stats=False),
            Sample(rng.normal(size=(2, 3, 2, 3)), None, None, w, eps=0.1),
        ]

    fails = Failure(ShapeError, r"instance_norm: expected more than one element", [[[1.0]]])


def frozen_standard(xp: Any, x: Any, mean: Any, var: Any, eps: float) -> tuple[Any, Any]:
    """Standardise each channel by given statistics."""
    scale = 1 / xp.sqrt(per_channel(xp, var, x.ndim) + eps)
    return (x - per_channel(xp, mean, x.ndim)) * scale, scale


def _last(normalized_shape: Any) -> tuple[int, ...]:
    count = 1 if isinstance(normalized_shape, int) else len(normalized_shape)
    return tuple(range(-count, 0))


def _spatial(x: Any) -> tuple[int, ...]:
    return tuple(range(2, x.ndim))


def _grouped(xp: Any, x: Any, groups: int) -> Any:
    return xp.reshape(x, (x.shape[0], groups, prod(x.shape[1:]) // groups))


def _affine(xp: Any, x: Any, weight: Any, bias: Any) -> Any:
    if weight is not None:
        x = x * per_channel(xp, weight, x.ndim)
    return x if bias is None else x + per_channel(xp, bias, x.ndim)


def _plain_affine(x, weight, bias):
    shape = (-1, *(1,) * (x.ndim - 2))
    x = x * (1 if weight is None else np.reshape(weight, shape))
    return x + (0 if bias is None else np.reshape(bias, shape))


def _rms_scale(xp: Any, x: Any, axes: tuple[int, ...], eps: float | None) -> Any:
    eps = float(xp.finfo(x.dtype).eps) if eps is None else eps
    return 1 / xp.sqrt(xp.mean(x * x, axis=axes, keepdims=True) + eps)
