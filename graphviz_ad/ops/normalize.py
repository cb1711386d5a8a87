"""Normalisation over the features, the groups or the instance, each with a fused VJP."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphviz_ad.engine.op import Failure, Op, Sample
from graphviz_ad.errors import ShapeError
from graphviz_ad.ops.row_sums import row_means
from graphviz_ad.ops.shape import shape_of
from graphviz_ad.ops.windows import frozen

STANDARD_TEX = r"$y = \frac{$a - \mu}{\sqrt{\sigma^2 + \varepsilon}} \odot \gamma + \beta"
STANDARD_VJP_TEX = (
    r"\tfrac{1}{\sigma}\left(h - \overline{h} - \hat{x}\, \overline{h \hat{x}}\right),"
    r" \; h = $g \odot \gamma"
)


def standardized(xp: Any, x: Any, axes: tuple[int, ...], eps: float) -> tuple[Any, Any]:
    """Return `x` with mean 0 and variance 1 over `axes`, and what it was multiplied by."""
    d = x - row_means(xp, x, axes)
    scale = 1 / xp.sqrt(row_means(xp, d * d, axes) + eps)
    return d * scale, scale


def standardized_vjp(xp: Any, g: Any, hat: Any, scale: Any, axes: tuple[int, ...]) -> Any:
    """Return the VJP of `standardized` in one go: the mean and the variance included."""
    along = row_means(xp, g * hat, axes)
    return scale * (g - row_means(xp, g, axes) - hat * along)


def per_channel(xp: Any, values: Any, ndim: int) -> Any:
    """Give one value per channel the trailing axes that broadcast it over axis 1."""
    return xp.reshape(values, (values.shape[0],) + (1,) * (ndim - 2))


def over_channels(xp: Any, x: Any) -> Any:
    """Sum over every axis but the channels."""
    # The batch first: that adds whole samples, where short rows of pixels would be slow.
    return xp.sum(xp.sum(x, axis=0), axis=tuple(range(1, x.ndim - 1)))


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
    saves = True
    order = ("input", "normalized_shape", "weight", "bias", "eps")
    tex = STANDARD_TEX
    vjp_tex = (STANDARD_VJP_TEX, r"\textstyle\sum_n $g \odot \hat{x}", r"\textstyle\sum_n $g")
    prepare = frozen

    def check(input, weight=None, bias=None, *, normalized_shape, eps):
        shape = trailing("layer_norm", shape_of(input), normalized_shape)
        check_affine("layer_norm", shape, weight=weight, bias=bias)

    def forward(xp, input, weight=None, bias=None, *, normalized_shape, eps=1e-5):
        saved = standardized(xp, input, _last(normalized_shape), eps)
        out = saved[0]
        if weight is not None:
            out = out * weight
        return (out if bias is None else out + bias), saved

    def vjp(xp, g, out, input, weight=None, bias=None, *, normalized_shape, eps, saved=None):
        axes = _last(normalized_shape)
        hat, scale = standardized(xp, input, axes, eps) if saved is None else saved

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


def frozen_standard(xp: Any, x: Any, mean: Any, var: Any, eps: float) -> tuple[Any, Any]:
    """Standardise each channel by given statistics."""
    scale = 1 / xp.sqrt(per_channel(xp, var, x.ndim) + eps)
    return (x - per_channel(xp, mean, x.ndim)) * scale, scale


def _last(normalized_shape: Any) -> tuple[int, ...]:
    count = 1 if isinstance(normalized_shape, int) else len(normalized_shape)
    return tuple(range(-count, 0))


def _rms_scale(xp: Any, x: Any, axes: tuple[int, ...], eps: float | None) -> Any:
    eps = float(xp.finfo(x.dtype).eps) if eps is None else eps
    return 1 / xp.sqrt(xp.mean(x * x, axis=axes, keepdims=True) + eps)
