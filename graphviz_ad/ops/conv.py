"""Rules of the convolutions: windows laid out as columns, times the weights."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from graphviz_ad.engine.op import Failure, Op, Sample
from graphviz_ad.engine.traced import call
from graphviz_ad.errors import ArgumentError, ShapeError
from graphviz_ad.ops.conv_rows import convolve_rows, convolve_rows_vjp, pays
from graphviz_ad.ops.shape import shape_of
from graphviz_ad.ops.windows import (
    Windows,
    add_columns,
    add_wide_columns,
    batches,
    columns,
    frozen,
    inner,
    per_axis,
    runs_are_short,
    widened,
    windows,
)

VJP_TEX = (
    r"\mathrm{conv\_transpose}($g, $b)",
    r"\mathrm{conv\_weight\_gradient}($a, $g)",
    r"\textstyle\sum_{n,\,\mathrm{space}} $g",
)


def conv_check(name: str, rank: int, transposed: bool = False) -> Callable[..., None]:
    """Return the check of a convolution over `rank` spatial axes."""

    def check(input: Any, weight: Any, bias: Any = None, **params: Any) -> None:
        x, w, groups = shape_of(input), shape_of(weight), params["groups"]
        got = f"input {x} and weight {w}" + (f", groups={groups}" if groups != 1 else "")
        if len(w) != rank + 2 or len(x) not in (rank + 1, rank + 2):
            axes = ("L", "H, W", "D, H, W")[rank - 1]
            expected = f"input (N, C, {axes}) or (C, {axes}) and weight of {rank + 2} axes"
            raise ShapeError(name, expected, got)
        if not isinstance(groups, int) or groups < 1 or w[0] % groups:
            raise ArgumentError(name, "groups that divide the channels", got)
        channels = w[0] if transposed else w[1] * groups
        if x[-rank - 1] != channels:
            raise ShapeError(name, f"input with the {channels} channels of the weight", got)
        filters = w[1] * groups if transposed else w[0]
        if bias is not None and shape_of(bias) != (filters,):
            raise ShapeError(name, f"bias ({filters},)", f"bias {shape_of(bias)}")

    return check


def convolve(xp, input, weight, bias=None, *, stride=1, padding=0, dilation=1, groups=1):
    """Apply the forward rule of conv1d, conv2d and conv3d; small images save their windows."""
    rank = weight.ndim - 2
    x = input if input.ndim == rank + 2 else input[None]
    kernel = weight.shape[2:]
    win = windows(f"conv{rank}d", x.shape[2:], kernel, stride, padding, dilation)
    if pays(xp, x, weight, win, groups):
        out, rows = convolve_rows(xp, x, weight, bias, win)
        return (out if x is input else out[0]), rows
    filters = weight.reshape(groups, weight.shape[0] // groups, -1)
    shape = (x.shape[0], groups, filters.shape[1], prod(win.out))
    out = xp.empty(shape, dtype=xp.result_type(x, weight))
    for part in _parts(xp, x, win):
        xp.matmul(filters, columns(xp, x[part], win, groups), out=out[part])
    if bias is not None:
        out = _with_bias(out, bias.reshape(groups, -1, 1))
    out = out.reshape(x.shape[0], weight.shape[0], *win.out)
    return (out if x is input else out[0]), None


def convolve_vjp(
    xp, g, out, input, weight, bias=None, *, stride, padding, dilation, groups, saved=None
):
    """Apply the VJP of conv1d, conv2d and conv3d."""
    rank = weight.ndim - 2
    kernel, size = weight.shape[2:], input.shape[-rank:]
    if saved is not None:
        win = windows(f"conv{rank}d", size, kernel, stride, padding, dilation)
        return convolve_rows_vjp(xp, g, input, weight, win, saved)
    params = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}

    def to_input():
        win = windows(f"conv{rank}d", size, kernel, stride, padding, dilation)
        spare = tuple(n - m for n, m in zip(size, _reach(win), strict=True))
        return call(TRANSPOSED[rank], xp, g, weight, None, output_padding=spare, **params)

    def to_weight():
        return call(ConvWeightGradient, xp, input, g, kernel_size=kernel, **params)

    return to_input, to_weight, lambda: _over_channels(g, rank)


def spread_convolve(
    xp, input, weight, bias=None, *, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """Apply the forward rule of conv_transpose1d, 2d and 3d."""
    rank = weight.ndim - 2
    x = input if input.ndim == rank + 2 else input[None]
    win = _spread_windows(x.shape[2:], weight.shape[2:], stride, padding, output_padding, dilation)
    filters = weight.reshape(groups, weight.shape[0] // groups, -1)
    shape = (x.shape[0], weight.shape[1] * groups, *win.padded)
    wide = runs_are_short(win)
    if wide:
        x, win = widened(xp, x, win), win._replace(out=(*win.out[:-1], win.padded[-1]))
    maps = x.reshape(shape[0], groups, weight.shape[0] // groups, prod(win.out))
    out = xp.zeros((*shape[:2], prod(win.padded) + wide * (win.kernel[-1] - 1)),
                   dtype=xp.result_type(x, weight))  # fmt: skip
    if not wide:
        out = out.reshape(shape)
    add = add_wide_columns if wide else add_columns
    for part in _parts(xp, out, win):
        add(xp, xp.matmul(filters.swapaxes(1, 2), maps[part]), out[part], win)
    if wide:
        out = out[..., : prod(win.padded)].reshape(shape)
    out = out[(..., *inner(win))]
    if bias is not None:
        out = _with_bias(out, bias.reshape(-1, *(1,) * rank))
    return out if input.ndim == rank + 2 else out[0]


def spread_convolve_vjp(
    xp, g, out, input, weight, bias=None, *, stride, padding, output_padding, groups, dilation
):
    """Apply the VJP of conv_transpose1d, 2d and 3d."""
    rank = weight.ndim - 2
    params = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}

    def to_input():
        sent = call(CONV[rank], xp, g, weight, None, **params)
        if sent.shape == input.shape:
            return sent
        # an output padding of a stride or more leaves room for windows that were not there
        return sent[(..., *(slice(n) for n in input.shape[-rank:]))]

    def to_weight():
        return call(ConvWeightGradient, xp, g, input, kernel_size=weight.shape[2:], **params)

    return to_input, to_weight, lambda: _over_channels(g, rank)


def conv_samples(rng: np.random.Generator, rank: int) -> list[Sample]:
    """Return samples of every option for a convolution over `rank` axes."""
    size = (6, 5, 4)[:rank]
    kernel = (3, 2, 2)[:rank]
    x, b = rng.normal(size=(2, 4, *size)), rng.normal(size=4)
    w, grouped = rng.normal(size=(4, 4, *kernel)), rng.normal(size=(4, 2, *kernel))
    return [
        Sample(x, w),
        Sample(x, w, b, stride=2),
        Sample(x, w, b, stride=(3, 2, 1)[:rank], padding=(2, 0, 1)[:rank]),
        Sample(x, w, b, padding="same"),
        Sample(x, w[:, :, :1], dilation=2, padding=1, stride=2),
        Sample(x, grouped, b, groups=2, padding=1),
        Sample(x[0], w, b),
        Sample(x[:0], w),
        Sample(x[..., ::-1].astype(np.float32), w.astype(np.float32), b.astype(np.float32)),
    ]


def spread_samples(rng: np.random.Generator, rank: int) -> list[Sample]:
    """Return samples of every option for a transposed convolution over `rank` axes."""
    size, kernel = (3, 4, 2)[:rank], (3, 2, 2)[:rank]
    x, b = rng.normal(size=(2, 4, *size)), rng.normal(size=3)
    w, grouped = rng.normal(size=(4, 3, *kernel)), rng.normal(size=(4, 2, *kernel))
    return [
        Sample(x, w),
        Sample(x, w, b, stride=2, output_padding=1),
        Sample(x, w, b, stride=(3, 2, 1)[:rank], padding=(1, 0, 0)[:rank]),
        Sample(x, w, b, dilation=2, padding=1, output_padding=1),
        Sample(x, grouped, groups=2, stride=2),
        Sample(x[0], w, b),
        Sample(x[:0], w),
    ]


def conv_reference(input, weight, bias=None, *, stride=1, padding=0, dilation=1, groups=1):
    """Convolve as the definition says: for each place of the kernel, one weighted shift."""
    rank = weight.ndim - 2
    x = input if input.ndim == rank + 2 else input[None]
    kernel = weight.shape[2:]
    steps, gaps = np.broadcast_to(stride, rank), np.broadcast_to(dilation, rank)
    if padding == "same":
        ends = [
            (d * (k - 1) // 2, d * (k - 1) - d * (k - 1) // 2)
            for d, k in zip(gaps, kernel, strict=True)
        ]
    else:
        ends = [(p, p) for p in np.broadcast_to(padding, rank)]
    x = np.pad(x, [(0, 0), (0, 0), *ends])
    out_size = [
        (n - d * (k - 1) - 1) // s + 1
        for n, d, k, s in zip(x.shape[2:], gaps, kernel, steps, strict=True)
    ]
    out = np.zeros((x.shape[0], weight.shape[0], *out_size), np.result_type(x, weight))
    filters, rows = weight.shape[0] // groups, weight.shape[1]
    for group in range(groups):
        part = x[:, group * rows : (group + 1) * rows]
        w = weight[group * filters : (group + 1) * filters]
        for place in np.ndindex(*kernel):
            index = [
                slice(i * d, i * d + s * (o - 1) + 1, s)
                for i, d, s, o in zip(place, gaps, steps, out_size, strict=True)
            ]
            seen = part[(..., *index)]
            out[:, group * filters : (group + 1) * filters] += np.einsum(
                "nc...,fc->nf...", seen, w[(..., *place)]
            )
    if bias is not None:
        out += np.reshape(bias, (-1, *(1,) * rank))
    return out.reshape(out.shape[input.ndim == rank + 1 :])


def spread_reference(
    input, weight, bias=None, *, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """Stuff zeros between the elements, then convolve with the mirrored kernel."""
    rank = weight.ndim - 2
    x = input if input.ndim == rank + 2 else input[None]
    gaps, steps = np.broadcast_to(dilation, rank), np.broadcast_to(stride, rank)
    pad, extra = np.broadcast_to(padding, rank), np.broadcast_to(output_padding, rank)
    sparse = np.zeros(
        (*x.shape[:2], *((n - 1) * s + 1 for n, s in zip(x.shape[2:], steps, strict=True)))
    )
    sparse[(..., *(slice(None, None, s) for s in steps))] = x
    edge = [d * (k - 1) - p for d, k, p in zip(gaps, weight.shape[2:], pad, strict=True)]
    sparse = np.pad(
        sparse, [(0, 0), (0, 0), *((e, e + o) for e, o in zip(edge, extra, strict=True))]
    )
    mirrored = weight[(..., *(slice(None, None, -1),) * rank)]
    parts = np.split(mirrored, groups)
    flipped = np.concatenate([p.swapaxes(0, 1) for p in parts])
    out = conv_reference(sparse, flipped, bias, dilation=dilation, groups=groups)
    return out.reshape(out.shape[input.ndim == rank + 1 :]) if input.ndim == rank + 1 else out


def _spread_windows(
    size: tuple[int, ...], kernel: Any, stride: Any, padding: Any, extra: Any, dilation: Any
) -> Windows:
    """Return the windows that a transposed convolution over `size` maps writes into."""
    rank = len(size)
    name = f"conv_transpose{rank}d"
    extra = per_axis(name, "output_padding", extra, rank, 0)
    strides = per_axis(name, "stride", stride, rank, 1)
    gaps = per_axis(name, "dilation", dilation, rank, 1)
    if any(e >= max(s, d) for e, s, d in zip(extra, strides, gaps, strict=True)):
        expected = "output_padding below the stride or the dilation"
        raise ArgumentError(name, expected, f"output_padding={extra}, stride={strides}")
    # a window over everything tells how much the padding takes away
    full = tuple(
        (n - 1) * s + d * (k - 1) + 1 + e
        for n, s, d, k, e in zip(size, strides, gaps, kernel, extra, strict=True)
    )
    cut = windows(name, full, kernel, stride, padding, dilation)
    out = tuple(n - b - a for n, b, a in zip(full, cut.before, cut.after, strict=True))
    if min(out) < 1:
        got = f"maps {size}, kernel {kernel}, padding {padding}"
        raise ShapeError(name, "an output of at least one element", got)
    return cut._replace(size=out, out=size)


def _reach(win: Windows) -> tuple[int, ...]:
    """Return the length of the part of the input, without padding, that the windows cover."""
    return tuple(
        (o - 1) * s + d * (k - 1) + 1 - b - a
        for o, s, d, k, b, a in zip(
            win.out, win.stride, win.dilation, win.kernel, win.before, win.after, strict=True
        )
    )


def _parts(xp: Any, x: Any, win: Windows) -> list[slice]:
    """Cut the batch of `x` into parts whose columns fit the cache."""
    return batches(xp, x.shape[0], x.shape[1] * prod(win.kernel + win.out) * x.dtype.itemsize)


def _with_bias(out: Any, bias: Any) -> Any:
    """Add a bias to a fresh output, in place where its dtype allows."""
    if out.dtype != bias.dtype:
        return out + bias
    out += bias
    return out


def _over_channels(g: Any, rank: int) -> Any:
    """Return the sum over everything but the channels."""
    return g.sum(axis=(*range(g.ndim - rank - 1), *range(g.ndim - rank, g.ndim)))


class ConvWeightGradient(Op):
    """Correlate the input of a convolution with the gradient of its output.

    It is what conv1d, conv2d and conv3d send to their weights, and is bilinear itself.

    Parameters
    ----------
    input : array_like, shape (N, C, …) or (C, …)
        The input of the convolution.
    gradient : array_like, shape (N, F, …) or (F, …)
        The gradient of its output.
    kernel_size : tuple of int
    stride, padding, dilation, groups
        As they were given to the convolution.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.conv_weight_gradient([[1.0, 2.0, 3.0]], [[1.0, 1.0]], (2,)).numpy().tolist()
    [[[3.0, 5.0]]]
    """

    name, label = "conv_weight_gradient", "∗∇W"
    tex = r"{$y}_{f,c,k} = \sum_{n,o} {$a}_{n,c,\,s\,o + k} \, {$b}_{n,f,o}"
    vjp_tex = (r"\mathrm{conv\_transpose}($b, $g)", r"\mathrm{conv}($a, $g)")
    prepare = frozen

    def forward(xp, input, gradient, *, kernel_size, stride=1, padding=0, dilation=1, groups=1):
        rank = len(kernel_size)
        if input.ndim == rank + 1:
            input, gradient = input[None], gradient[None]
        size = input.shape[2:]
        win = windows("conv_weight_gradient", size, kernel_size, stride, padding, dilation)
        win = win._replace(out=gradient.shape[2:])
        filters, channels = gradient.shape[1], input.shape[1] // groups
        maps = gradient.reshape(len(gradient), groups, filters // groups, prod(win.out))
        shape = (groups, filters // groups, channels * prod(kernel_size))
        total = xp.zeros(shape, dtype=xp.result_type(input, gradient))
        for part in _parts(xp, input, win):
            cols = columns(xp, input[part], win, groups)
            total += xp.matmul(maps[part], cols.swapaxes(2, 3)).sum(axis=0)
        return total.reshape(filters, channels, *kernel_size)

    def vjp(xp, g, out, input, gradient, *, kernel_size, stride, padding, dilation, groups):
        rank = len(kernel_size)
        params = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}

        def to_input():
            win = windows("conv_weight_gradient", input.shape[-rank:], kernel_size, stride,
                          padding, dilation)  # fmt: skip
            win = win._replace(out=gradient.shape[-rank:])
            spare = tuple(n - m for n, m in zip(win.size, _reach(win), strict=True))
            return call(TRANSPOSED[rank], xp, gradient, g, None, output_padding=spare, **params)

        def to_gradient():
            sent = call(CONV[rank], xp, input, g, None, **params)
            if sent.shape == gradient.shape:
                return sent
            return sent[(..., *(slice(n) for n in gradient.shape[-rank:]))]

        return to_input, to_gradient

    def reference(input, gradient, *, kernel_size, stride=1, padding=0, dilation=1, groups=1):
        # the convolution is linear in its weight, so one unit weight at a time tells the rest
        channels = input.shape[-len(kernel_size) - 1] // groups
        filters = gradient.shape[-len(kernel_size) - 1]
        out = np.zeros((filters, channels, *kernel_size))
        for place in np.ndindex(*out.shape):
            unit = np.zeros_like(out)
            unit[place] = 1
            maps = conv_reference(input, unit, stride=stride, padding=padding, dilation=dilation,
                                  groups=groups)  # fmt: skip
            out[place] = (maps * gradient).sum()
        return out

    def samples(rng):
        x = rng.normal(size=(2, 4, 5, 4))
        return [
            Sample(x, rng.normal(size=(2, 2, 3, 3)), kernel_size=(3, 2)),
            Sample(x, rng.normal(size=(2, 2, 3, 2)), kernel_size=(3, 2), stride=2, padding=(1, 0)),
            Sample(x, rng.normal(size=(2, 2, 5, 4)), kernel_size=(2, 3), padding="same", groups=2),
            Sample(x[0], rng.normal(size=(2, 3, 2)), kernel_size=(2, 2), dilation=2),
        ]

    fails = Failure(
        ShapeError, r"conv_weight_gradient: expected a kernel no larger",
        [[1.0, 2.0]], [[1.0]], kernel_size=(3,),
    )  # fmt: skip


CONV: dict[int, type[Op]] = {}
TRANSPOSED: dict[int, type[Op]] = {}
