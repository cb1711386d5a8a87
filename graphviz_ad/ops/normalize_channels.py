"""Normalisation that keeps the channels apart: of groups of channels and of single ones."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from graphviz_ad.engine.op import Failure, Op, Sample
from graphviz_ad.errors import ArgumentError, ShapeError
from graphviz_ad.ops.normalize import (
    STANDARD_TEX,
    STANDARD_VJP_TEX,
    check_affine,
    frozen_standard,
    over_channels,
    per_channel,
    standardized,
    standardized_vjp,
)
from graphviz_ad.ops.shape import shape_of


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
