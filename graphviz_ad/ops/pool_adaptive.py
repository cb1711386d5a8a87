"""Pooling to a given output size: window i covers ⌊i·n/m⌋ up to ⌈(i+1)·n/m⌉ of n elements."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from graphviz_ad.engine.op import Failure, Op, Sample
from graphviz_ad.engine.traced import call
from graphviz_ad.errors import ShapeError
from graphviz_ad.ops.index import ScatterAt
from graphviz_ad.ops.resample import adaptive_matrix, along_axes
from graphviz_ad.ops.shape import shape_of
from graphviz_ad.ops.windows import frozen, per_axis

MEAN_TEX = r"${y}_o = \tfrac{1}{k_o} \sum_{i \in \mathrm{window}(o)} ${a}_i"
MEAN_VJP_TEX = (r"\sum_{o \ni i} \tfrac{1}{k_o} ${g}_o",)


def output_size(name: str, shape: tuple[int, ...], wanted: Any, rank: int) -> tuple[int, ...]:
    """Return the output lengths; None in `wanted` keeps an axis as it is."""
    values = wanted if isinstance(wanted, tuple) else (wanted,) * rank
    if len(values) == rank:
        values = tuple(n if v is None else v for v, n in zip(values, shape[-rank:], strict=True))
    return per_axis(name, "output_size", values, rank, 1)


def adaptive_check(name: str, rank: int) -> Callable[..., None]:
    """Return the check of an adaptive pooling over `rank` spatial axes."""

    def check(input: Any, *, output_size: Any) -> None:
        shape, axes = shape_of(input), ("L", "H, W")[rank - 1]
        if len(shape) not in (rank + 1, rank + 2) or 0 in shape[-rank:]:
            raise ShapeError(name, f"input (N, C, {axes}) or (C, {axes})", f"input {shape}")

    return check


def mean_rules(name: str, rank: int) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return the forward rule and the VJP of adaptive average-pooling."""

    def matrices(x, wanted):
        dtype = x.dtype.str if x.dtype.kind == "f" else "f8"
        sizes = zip(x.shape[-rank:], output_size(name, x.shape, wanted, rank), strict=True)
        return [adaptive_matrix(n, m, dtype) for n, m in sizes]

    def forward(xp, input, *, output_size):
        return along_axes(xp, input, matrices(input, output_size))

    def vjp(xp, g, out, input, *, output_size):
        return along_axes(xp, g, matrices(input, output_size), transposed=True)

    return forward, vjp


def adaptive_reference(rank, reduce):
    """Return the reference of an adaptive pooling: one window at a time."""

    def reference(input, *, output_size):
        wanted = output_size if isinstance(output_size, tuple) else (output_size,) * rank
        sizes = input.shape[-rank:]
        wanted = [n if m is None else m for n, m in zip(sizes, wanted, strict=True)]
        out = np.zeros((*input.shape[:-rank], *wanted), input.dtype)
        for place in np.ndindex(*wanted):
            window = [
                slice(i * n // m, -(-(i + 1) * n // m))
                for i, n, m in zip(place, sizes, wanted, strict=True)
            ]
            out[(..., *place)] = reduce(input[(..., *window)], axis=tuple(range(-rank, 0)))
        return out

    return reference


def adaptive_samples(rng: np.random.Generator, rank: int) -> list[Sample]:
    """Return samples of adaptive pooling: dividing, overlapping and growing."""
    size = (6, 5)[:rank]
    x = rng.permutation(2 * 3 * prod(size)).reshape(2, 3, *size) / 10.0
    return [
        Sample(x, output_size=1),
        Sample(x, output_size=(4, 3)[:rank]),
        Sample(x, output_size=(None, 7)[-rank:]),
        Sample(x[0], output_size=2),
        Sample(x.astype(np.float32), output_size=2),
    ]


class AdaptiveAvgPool1d(Op):
    """Average windows of a sequence such that `output_size` of them cover it.

    Parameters
    ----------
    input : array_like, shape (N, C, L) or (C, L)
    output_size : int

    Raises
    ------
    ShapeError, ArgumentError
        For an input or a size that does not fit.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.adaptive_avg_pool1d([[1.0, 3.0, 5.0]], 2).numpy().tolist()
    [[2.0, 4.0]]
    """

    name, label = "adaptive_avg_pool1d", "avg pool"
    tex, vjp_tex = MEAN_TEX, MEAN_VJP_TEX
    prepare, check = frozen, adaptive_check("adaptive_avg_pool1d", 1)
    forward, vjp = mean_rules("adaptive_avg_pool1d", 1)
    reference = adaptive_reference(1, np.mean)

    def samples(rng):
        return adaptive_samples(rng, 1)

    fails = Failure(ShapeError, r"adaptive_avg_pool1d: expected input", [1.0], output_size=1)


class AdaptiveAvgPool2d(Op):
    """Average windows of an image such that `output_size` of them cover it.

    Parameters
    ----------
    input : array_like, shape (N, C, H, W) or (C, H, W)
    output_size : int or (int, int)
        None keeps an axis as it is.

    Raises
    ------
    ShapeError, ArgumentError
        For an input or a size that does not fit.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.adaptive_avg_pool2d([[[1.0, 3.0], [5.0, 7.0]]], 1).numpy().tolist()
    [[[4.0]]]
    """

    name, label = "adaptive_avg_pool2d", "avg pool"
    tex, vjp_tex = MEAN_TEX, MEAN_VJP_TEX
    prepare, check = frozen, adaptive_check("adaptive_avg_pool2d", 2)
    forward, vjp = mean_rules("adaptive_avg_pool2d", 2)
    reference = adaptive_reference(2, np.mean)

    def samples(rng):
        return adaptive_samples(rng, 2)

    fails = Failure(ShapeError, r"adaptive_avg_pool2d: expected input", [1.0], output_size=1)


class AdaptiveMaxPool2d(Op):
    """Take the maximum of windows of an image such that `output_size` of them cover it.

    Among equals the first gets the gradient.

    Parameters
    ----------
    input : array_like, shape (N, C, H, W) or (C, H, W)
    output_size : int or (int, int)
        None keeps an axis as it is.

    Raises
    ------
    ShapeError, ArgumentError
        For an input or a size that does not fit.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.adaptive_max_pool2d([[[1.0, 3.0], [5.0, 7.0]]], (2, 1)).numpy().tolist()
    [[[3.0], [7.0]]]
    """

    name, label = "adaptive_max_pool2d", "max pool"
    tex = r"${y}_o = \max_{i \in \mathrm{window}(o)} ${a}_i"
    vjp_tex = (r"\sum_{o:\, i = \mathrm{argmax}(o)} ${g}_o",)
    prepare, check = frozen, adaptive_check("adaptive_max_pool2d", 2)
    reference = adaptive_reference(2, np.max)

    def forward(xp, input, *, output_size):
        return _windows_of(xp, input, output_size)[0].max(axis=-1)

    def vjp(xp, g, out, input, *, output_size):
        at = call(AdaptiveArgmax2d, xp, input, output_size=output_size)
        flat = xp.reshape(g, (prod(g.shape),))
        places = xp.reshape(at, (prod(g.shape),))
        sent = call(ScatterAt, xp, flat, index=places, shape=(prod(input.shape),))
        return xp.reshape(sent, input.shape)

    def samples(rng):
        return adaptive_samples(rng, 2)

    fails = Failure(ShapeError, r"adaptive_max_pool2d: expected input", [1.0], output_size=1)


class AdaptiveArgmax2d(Op):
    """Find where the maxima of `adaptive_max_pool2d` lie in the flattened input.

    Parameters
    ----------
    input : array_like, shape (N, C, H, W) or (C, H, W)
    output_size : int or (int, int)

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.adaptive_argmax2d([[[1.0, 3.0], [5.0, 7.0]]], (2, 1)).numpy().tolist()
    [[[1], [3]]]
    """

    name, label, differentiable = "adaptive_argmax2d", "argmax", False
    tex = r"${y}_o = \mathrm{argmax}_{i \in \mathrm{window}(o)} ${a}_i"
    prepare, check = frozen, adaptive_check("adaptive_argmax2d", 2)

    def forward(xp, input, *, output_size):
        seen, at = _windows_of(xp, input, output_size)
        first = seen.argmax(axis=-1)
        plane = input.shape[-2] * input.shape[-1]
        places = xp.take_along_axis(xp.broadcast_to(at, seen.shape), first[..., None], -1)[..., 0]
        start = xp.arange(prod(input.shape[:-2])) * plane
        return places + start.reshape(*input.shape[:-2], 1, 1)

    def reference(input, *, output_size):
        # every sample's values are unique
        best = adaptive_reference(2, np.max)(input, output_size=output_size)
        order = np.argsort(input, axis=None)
        return order[np.searchsorted(input.ravel()[order], best)]

    def samples(rng):
        return adaptive_samples(rng, 2)

    fails = Failure(ShapeError, r"adaptive_argmax2d: expected input", [1.0], output_size=1)


def _windows_of(xp: Any, x: Any, wanted: Any) -> tuple[Any, Any]:
    """Return what each window sees, (…, H_out, W_out, window), and where in the plane it lies."""
    height, width = x.shape[-2:]
    tall, wide = output_size("adaptive_max_pool2d", x.shape, wanted, 2)
    rows, columns = _reached(height, tall), _reached(width, wide)
    at = rows[:, None, :, None] * width + columns[None, :, None, :]
    at = xp.asarray(at.reshape(len(rows), len(columns), -1))
    flat = x.reshape(*x.shape[:-2], height * width)
    return xp.take(flat, at, axis=-1), at


def _reached(size: int, out: int) -> Any:
    """Return the (out, widest) indices of each window, its last one repeated to fill up."""
    starts = np.arange(out) * size // out
    ends = -(-(np.arange(out) + 1) * size // out)
    widest = int((ends - starts).max())
    return np.minimum(starts[:, None] + np.arange(widest), ends[:, None] - 1)
