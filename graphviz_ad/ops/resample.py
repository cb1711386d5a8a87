"""Resampling of images and sequences: every mode is a matrix for each spatial axis."""

from __future__ import annotations

from functools import lru_cache
from math import floor
from typing import Any

import numpy as np

from graphviz_ad.engine.op import Failure, Op, Sample
from graphviz_ad.errors import ArgumentError, ShapeError
from graphviz_ad.ops.shape import shape_of
from graphviz_ad.ops.windows import frozen, per_axis

LINEAR = {"linear": 1, "bilinear": 2, "trilinear": 3, "bicubic": 2}
CUBIC = -0.75
"""The free parameter of the cubic kernel: PyTorch's and OpenCV's choice."""


def along_axes(xp: Any, x: Any, matrices: list[Any], transposed: bool = False) -> Any:
    """Multiply the last axes of `x` by one matrix each, (out, in), or by their transposes."""
    for k, matrix in enumerate(reversed(matrices)):
        m = xp.asarray(matrix.T if transposed else matrix)
        if k == 0:
            x = xp.matmul(x, m.T)
        else:
            x = xp.swapaxes(xp.matmul(xp.swapaxes(x, -1 - k, -1), m.T), -1 - k, -1)
    return x


@lru_cache(maxsize=64)
def adaptive_matrix(size: int, out: int, dtype: str) -> Any:
    """Return the (out, size) matrix that averages window ⌊i·size/out⌋ … ⌈(i+1)·size/out⌉."""
    matrix = np.zeros((out, size), dtype=dtype)
    for i in range(out):
        start, end = i * size // out, -(-(i + 1) * size // out)
        matrix[i, start:end] = 1 / (end - start)
    matrix.setflags(write=False)
    return matrix


@lru_cache(maxsize=64)
def scaling_matrix(
    size: int, out: int, scale: float | None, mode: str, align_corners: bool, dtype: str
) -> Any:
    """Return the (out, size) matrix of one axis of `interpolate`."""
    if mode == "area":
        return adaptive_matrix(size, out, dtype)
    matrix = np.zeros((out, size), dtype=dtype)
    step = size / out if scale is None else 1 / scale
    for i in range(out):
        if mode == "nearest":
            matrix[i, min(floor(i * step), size - 1)] = 1
            continue
        if align_corners:
            at = i * (size - 1) / (out - 1) if out > 1 else 0.0
        else:
            at = (i + 0.5) * step - 0.5
        if mode == "bicubic":
            for place in range(floor(at) - 1, floor(at) + 3):
                matrix[i, min(max(place, 0), size - 1)] += _cubic(abs(at - place))
            continue
        at = max(0.0, at)
        low = min(floor(at), size - 1)
        part = at - low if low + 1 < size else 0.0
        matrix[i, low] += 1 - part
        matrix[i, min(low + 1, size - 1)] += part
    matrix.setflags(write=False)
    return matrix


def _cubic(x: float) -> float:
    """Return the kernel of cubic convolution at a distance (Keys, IEEE TASSP 29, 1981)."""
    if x <= 1:
        return ((CUBIC + 2) * x - (CUBIC + 3)) * x * x + 1
    return ((CUBIC * x - 5 * CUBIC) * x + 8 * CUBIC) * x - 4 * CUBIC if x < 2 else 0.0


class Interpolate(Op):
    """Resize the spatial axes: nearest element, (bi-, tri-)linear, bicubic, or mean of an area.

    Parameters
    ----------
    input : array_like, shape (N, C, L), (N, C, H, W) or (N, C, D, H, W)
    size : int or tuple of int, optional
        The new lengths.
    scale_factor : float or tuple of float, optional
        What the lengths are multiplied by; one of the two must be given.
    mode : {'nearest', 'area', 'linear', 'bilinear', 'trilinear', 'bicubic'}
        The first two are for any number of spatial axes, the last four for one, two, three
        and two.
    align_corners : bool, optional
        In the last four modes: match the centres of the corner elements, not their edges.

    Raises
    ------
    ShapeError
        When `input` lacks spatial axes.
    ArgumentError
        For another mode, or not exactly one of `size` and `scale_factor`.

    Notes
    -----
    Formula: torch.nn.functional.interpolate in PyTorch's documentation.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.interpolate([[[1.0, 3.0]]], size=4, mode="linear").numpy().tolist()
    [[[1.0, 1.5, 2.5, 3.0]]]
    """

    name, label = "interpolate", "resize"
    tex = r"$y = A_h \, $a \, A_w^\top"
    vjp_tex = (r"A_h^\top \, $g \, A_w",)
    prepare = frozen

    def check(input, *, size, scale_factor, mode, align_corners):
        shape = shape_of(input)
        if len(shape) not in (3, 4, 5):
            raise ShapeError("interpolate", "input (N, C, L), (N, C, H, W) or …", f"input {shape}")
        rank = len(shape) - 2
        plain = mode in ("nearest", "area")
        if not plain and LINEAR.get(mode) != rank:
            modes = ", ".join(repr(m) for m, r in LINEAR.items() if r == rank)
            got = f"{mode!r} for {rank} spatial axes"
            raise ArgumentError("interpolate", f"mode 'nearest', 'area' or {modes}", got)
        if plain and align_corners is not None:
            raise ArgumentError("interpolate", f"no align_corners for mode {mode!r}", "one")
        if (size is None) == (scale_factor is None):
            got = "both" if size is not None else "neither"
            raise ArgumentError("interpolate", "size or scale_factor", got)
        if min(_matrix_shapes(shape, size, scale_factor)) < 1 or 0 in shape[2:]:
            raise ShapeError("interpolate", "an output of at least one element", f"input {shape}")

    def forward(xp, input, *, size=None, scale_factor=None, mode="nearest", align_corners=None):
        return along_axes(xp, input, _matrices(input, size, scale_factor, mode, align_corners))

    def vjp(xp, g, out, input, *, size, scale_factor, mode, align_corners):
        matrices = _matrices(input, size, scale_factor, mode, align_corners)
        return along_axes(xp, g, matrices, transposed=True)

    def reference(input, *, size=None, scale_factor=None, mode="nearest", align_corners=None):
        out = np.asarray(input)
        rank = out.ndim - 2
        for axis in range(rank):
            n = out.shape[2 + axis]
            factor = None if scale_factor is None else np.broadcast_to(scale_factor, rank)[axis]
            m = int(n * factor) if size is None else np.broadcast_to(size, rank)[axis]
            step = n / m if factor is None else 1 / factor
            rows = np.moveaxis(out, 2 + axis, -1)
            i = np.arange(m)
            if mode == "area":
                ends = [(k * n // m, -(-(k + 1) * n // m)) for k in i]
                rows = np.stack([rows[..., a:b].mean(axis=-1) for a, b in ends], axis=-1)
            elif mode == "bicubic":
                at = i * (n - 1) / max(m - 1, 1) if align_corners else (i + 0.5) * step - 0.5
                low, t = np.floor(at).astype(int), at - np.floor(at)
                # the four weights as Keys's conditions give them for a = −3/4
                weights = np.stack([
                    -0.75 * t + 1.5 * t**2 - 0.75 * t**3, 1 - 2.25 * t**2 + 1.25 * t**3,
                    0.75 * t + 1.5 * t**2 - 1.25 * t**3, -0.75 * t**2 + 0.75 * t**3,
                ])  # fmt: skip
                taken = [rows[..., np.clip(low + k, 0, n - 1)] for k in (-1, 0, 1, 2)]
                rows = sum(w * part for w, part in zip(weights, taken, strict=True))
            elif mode == "nearest":
                rows = rows[..., np.minimum(np.floor(i * step).astype(int), n - 1)]
            else:
                at = i * (n - 1) / max(m - 1, 1) if align_corners else (i + 0.5) * step - 0.5
                flat = rows.reshape(-1, n)
                new = np.array([np.interp(at, np.arange(n), row) for row in flat])
                rows = new.reshape(*rows.shape[:-1], m)
            out = np.moveaxis(rows, -1, 2 + axis)
        return out

    def samples(rng):
        x = rng.normal(size=(2, 3, 4, 5))
        return [
            Sample(x, size=(6, 3)),
            Sample(x, scale_factor=2),
            Sample(x, scale_factor=(1.7, 0.6)),
            Sample(x, size=(7, 3), mode="bilinear"),
            Sample(x, size=(7, 1), mode="bilinear", align_corners=True),
            Sample(x, scale_factor=(1.7, 0.6), mode="bilinear", align_corners=False),
            Sample(x, size=(9, 3), mode="bicubic"),
            Sample(x, size=(3, 8), mode="bicubic", align_corners=True),
            Sample(x, scale_factor=(1.7, 0.6), mode="bicubic"),
            Sample(x, size=(7, 2), mode="area"),
            Sample(x[:, :, 0], scale_factor=0.5, mode="area"),
            Sample(x[:, :, 0], size=9, mode="linear"),
            Sample(rng.normal(size=(1, 2, 2, 3, 2)), scale_factor=2, mode="trilinear"),
            Sample(x.astype(np.float32), scale_factor=2, mode="bilinear"),
        ]

    fails = Failure(
        ArgumentError, r"interpolate: expected mode 'nearest', 'area' or 'bilinear', 'bicubic'",
        [[[[1.0]]]], size=2, mode="cubic",
    )  # fmt: skip


class PixelShuffle(Op):
    """Turn channels into pixels: (…, C·r², H, W) into (…, C, H·r, W·r).

    Parameters
    ----------
    input : array_like, shape (…, C·r², H, W)
    upscale_factor : int
        The r.

    Raises
    ------
    ShapeError
        When r² does not divide the channels.

    Notes
    -----
    Formula: Shi et al., arXiv:1609.05158.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.pixel_shuffle([[[1.0]], [[2.0]], [[3.0]], [[4.0]]], 2).numpy().tolist()
    [[[1.0, 2.0], [3.0, 4.0]]]
    """

    name, label = "pixel_shuffle", "shuffle"
    tex = r"${y}_{c,\,r h + i,\,r w + j} = ${a}_{c r^2 + r i + j,\,h,\,w}"
    vjp_tex = (r"${g}_{c,\,r h + i,\,r w + j}",)

    def check(input, *, upscale_factor):
        shape, r = shape_of(input), upscale_factor
        if not isinstance(r, int) or r < 1:
            raise ArgumentError("pixel_shuffle", "a positive integer upscale_factor", repr(r))
        if len(shape) < 3 or shape[-3] % (r * r):
            expected = f"input (…, C·{r * r}, H, W)"
            raise ShapeError("pixel_shuffle", expected, f"input {shape}")

    def forward(xp, input, *, upscale_factor):
        *lead, channels, h, w = input.shape
        r, n = upscale_factor, len(lead)
        x = xp.reshape(input, (*lead, channels // (r * r), r, r, h, w))
        x = xp.transpose(x, (*range(n), n, n + 3, n + 1, n + 4, n + 2))
        return xp.reshape(x, (*lead, channels // (r * r), h * r, w * r))

    def vjp(xp, g, out, input, *, upscale_factor):
        *lead, channels, h, w = input.shape
        r, n = upscale_factor, len(lead)
        x = xp.reshape(g, (*lead, channels // (r * r), h, r, w, r))
        x = xp.transpose(x, (*range(n), n, n + 2, n + 4, n + 1, n + 3))
        return xp.reshape(x, input.shape)

    def reference(input, *, upscale_factor):
        r = upscale_factor
        out = np.zeros((*input.shape[:-3], input.shape[-3] // r**2,
                        input.shape[-2] * r, input.shape[-1] * r))  # fmt: skip
        for i in range(r):
            for j in range(r):
                out[..., i::r, j::r] = input[..., r * i + j :: r * r, :, :]
        return out

    def samples(rng):
        return [
            Sample(rng.normal(size=(2, 8, 2, 3)), upscale_factor=2),
            Sample(rng.normal(size=(9, 1, 2)), upscale_factor=3),
            Sample(rng.normal(size=(2, 2, 3)), upscale_factor=1),
        ]

    fails = Failure(ShapeError, r"pixel_shuffle: expected input \(…, C·4, H, W\)", [[[1.0]]],
                    upscale_factor=2)  # fmt: skip


def _factors(rank: int, scale_factor: Any) -> tuple[float | None, ...]:
    if scale_factor is None:
        return (None,) * rank
    factors = scale_factor if isinstance(scale_factor, tuple) else (scale_factor,) * rank
    if len(factors) != rank or not all(f > 0 for f in factors):
        expected = f"scale_factor: a positive number, or {rank}"
        raise ArgumentError("interpolate", expected, repr(scale_factor))
    return factors


def _matrix_shapes(shape: tuple[int, ...], size: Any, scale_factor: Any) -> tuple[int, ...]:
    """Return the new lengths of the spatial axes."""
    rank = len(shape) - 2
    if size is not None:
        return per_axis("interpolate", "size", size, rank, 1)
    factors = _factors(rank, scale_factor)
    return tuple(floor(n * f) for n, f in zip(shape[2:], factors, strict=True) if f)


def _matrices(x: Any, size: Any, scale_factor: Any, mode: str, align_corners: Any) -> list[Any]:
    shape, dtype = x.shape, x.dtype.str if x.dtype.kind == "f" else "f8"
    outs = _matrix_shapes(shape, size, scale_factor)
    factors = _factors(len(outs), scale_factor)
    return [
        scaling_matrix(n, m, f, mode, bool(align_corners), dtype)
        for n, m, f in zip(shape[2:], outs, factors, strict=True)
    ]
