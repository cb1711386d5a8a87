"""Pooling over windows of sequences and images. The rules are in `pool_rules`."""

from __future__ import annotations

from graphviz_ad.engine.op import Failure, Op
from graphviz_ad.errors import ArgumentError, ShapeError
from graphviz_ad.ops.pool_rules import (
    indexed_reference,
    indexed_rules,
    max_reference,
    max_rules,
    mean_reference,
    mean_rules,
    mean_samples,
    pool_check,
    pool_samples,
    power_check,
    power_reference,
    power_rules,
    power_samples,
)
from graphviz_ad.ops.windows import frozen

MAX_TEX = r"${y}_o = \max_{i \in \mathrm{window}(o)} ${a}_i"
MAX_VJP_TEX = (r"\sum_{o:\, i = \mathrm{argmax}(o)} ${g}_o",)
MEAN_TEX = r"${y}_o = \tfrac{1}{k} \sum_{i \in \mathrm{window}(o)} ${a}_i"
MEAN_VJP_TEX = (r"\tfrac{1}{k} \sum_{o \ni i} ${g}_o",)
POWER_TEX = r"${y}_o = \left(\sum_{i \in \mathrm{window}(o)} ${a}_i^p\right)^{1/p}"
POWER_VJP_TEX = (r"\sum_{o \ni i} ${g}_o \left(${a}_i / ${y}_o\right)^{p-1}",)
MAX_INDEXED_TEX = (
    r"${y0}_o = \max_{i \in \mathrm{window}(o)} ${a}_i, \quad ${y1}_o = \mathrm{argmax}"
)


class MaxPool1d(Op):
    """Take the maximum of each window of a sequence. Among equals the first gets the gradient.

    Parameters
    ----------
    input : array_like, shape (N, C, L) or (C, L)
    kernel_size : int
    stride : int, optional
        `kernel_size` where it is left out.
    padding : int
        At both ends, with values that lose; at most half the kernel.
    dilation : int
        The distance of the elements in a window.
    ceil_mode : bool
        Keep a last window that hangs over the end.
    return_indices : bool
        Return the indices of the maxima as a second output.

    Raises
    ------
    ShapeError
        When the kernel is larger than the padded input.
    ArgumentError
        For a padding of more than half the kernel.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.max_pool1d([[1.0, 3.0, 2.0, 0.0]], 2).numpy().tolist()
    [[3.0, 2.0]]
    """

    name, label = "max_pool1d", "max pool"
    variant = ("return_indices", False, "max_pool1d_with_indices")
    tex, vjp_tex = MAX_TEX, MAX_VJP_TEX
    prepare, check, reference = frozen, pool_check("max_pool1d", 1), max_reference(1)
    forward, vjp = max_rules("max_pool1d", 1)

    def samples(rng):
        return pool_samples(rng, 1, dilated=True)

    fails = Failure(ShapeError, r"max_pool1d: expected a kernel no larger", [[1.0]], kernel_size=2)


class MaxPool2d(Op):
    """Take the maximum of each window of an image. Among equals the first gets the gradient.

    `max_pool2d_with_indices` also tells where the maxima are.

    Parameters
    ----------
    input : array_like, shape (N, C, H, W) or (C, H, W)
    kernel_size : int or (int, int)
    stride : int or (int, int), optional
        `kernel_size` where it is left out.
    padding : int or (int, int)
        On all sides, with values that lose; at most half the kernel.
    dilation : int or (int, int)
        The distance of the elements in a window.
    ceil_mode : bool
        Keep a last window that hangs over the end.
    return_indices : bool
        Return the indices of the maxima as a second output.

    Raises
    ------
    ShapeError
        When the kernel is larger than the padded input.
    ArgumentError
        For a padding of more than half the kernel.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.max_pool2d([[[1.0, 3.0], [2.0, 0.0]]], 2).numpy().tolist()
    [[[3.0]]]
    """

    name, label = "max_pool2d", "max pool"
    variant = ("return_indices", False, "max_pool2d_with_indices")
    tex, vjp_tex = MAX_TEX, MAX_VJP_TEX
    prepare, check, reference = frozen, pool_check("max_pool2d", 2), max_reference(2)
    forward, vjp = max_rules("max_pool2d", 2)

    def samples(rng):
        return pool_samples(rng, 2, dilated=True)

    fails = Failure(ArgumentError, r"max_pool2d: expected padding of at most half", [[[1.0]]],
                    kernel_size=2, padding=2)  # fmt: skip


class MaxPool1dWithIndices(Op):
    """Take the maximum of each window of a sequence, and its index.

    Parameters
    ----------
    input, kernel_size, stride, padding, dilation, ceil_mode
        As in `max_pool1d`.

    Returns
    -------
    output, indices : Tensor, shape (N, C, L_out) or (C, L_out)

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.max_pool1d_with_indices([[1.0, 3.0, 2.0, 0.0]], 2)[1].numpy().tolist()
    [[1, 2]]
    """

    name, label = "max_pool1d_with_indices", "max pool"
    tex, vjp_tex = MAX_INDEXED_TEX, (r"\sum_{o:\, i = \mathrm{argmax}(o)} ${g0}_o",)
    prepare, check = frozen, pool_check("max_pool1d_with_indices", 1)
    forward, vjp = indexed_rules("max_pool1d_with_indices", 1)
    reference = indexed_reference(1)

    def samples(rng):
        return pool_samples(rng, 1, dilated=True)

    fails = Failure(ShapeError, r"max_pool1d_with_indices: expected input", [1.0], kernel_size=1)


class MaxPool2dWithIndices(Op):
    """Take the maximum of each window of an image, and its index in the flattened image.

    Parameters
    ----------
    input, kernel_size, stride, padding, dilation, ceil_mode
        As in `max_pool2d`.

    Returns
    -------
    output, indices : Tensor, shape (N, C, H_out, W_out) or (C, H_out, W_out)

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.max_pool2d_with_indices([[[1.0, 0.0], [2.0, 3.0]]], 2)[1].numpy().tolist()
    [[[3]]]
    """

    name, label = "max_pool2d_with_indices", "max pool"
    tex, vjp_tex = MAX_INDEXED_TEX, (r"\sum_{o:\, i = \mathrm{argmax}(o)} ${g0}_o",)
    prepare, check = frozen, pool_check("max_pool2d_with_indices", 2)
    forward, vjp = indexed_rules("max_pool2d_with_indices", 2)
    reference = indexed_reference(2)

    def samples(rng):
        return pool_samples(rng, 2, dilated=True)

    fails = Failure(ShapeError, r"max_pool2d_with_indices: expected input", [1.0], kernel_size=1)


class AvgPool1d(Op):
    """Average each window of a sequence.

    Parameters
    ----------
    input : array_like, shape (N, C, L) or (C, L)
    kernel_size : int
    stride : int, optional
        `kernel_size` where it is left out.
    padding : int
        Zeros at both ends; at most half the kernel.
    ceil_mode : bool
        Keep a last window that hangs over the end; it averages what it has.
    count_include_pad : bool
        Whether the zeros of the padding count.

    Raises
    ------
    ShapeError
        When the kernel is larger than the padded input.
    ArgumentError
        For a padding of more than half the kernel.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.avg_pool1d([[1.0, 3.0, 2.0, 0.0]], 2).numpy().tolist()
    [[2.0, 1.0]]
    """

    name, label = "avg_pool1d", "avg pool"
    tex, vjp_tex = MEAN_TEX, MEAN_VJP_TEX
    prepare, check = frozen, pool_check("avg_pool1d", 1)
    forward, vjp = mean_rules("avg_pool1d", 1)
    reference = mean_reference(1)

    def samples(rng):
        return mean_samples(rng, 1)

    fails = Failure(ShapeError, r"avg_pool1d: expected a kernel no larger", [[1.0]], kernel_size=2)


class AvgPool2d(Op):
    """Average each window of an image.

    Parameters
    ----------
    input : array_like, shape (N, C, H, W) or (C, H, W)
    kernel_size : int or (int, int)
    stride : int or (int, int), optional
        `kernel_size` where it is left out.
    padding : int or (int, int)
        Zeros on all sides; at most half the kernel.
    ceil_mode : bool
        Keep a last window that hangs over the end; it averages what it has.
    count_include_pad : bool
        Whether the zeros of the padding count.
    divisor_override : int, optional
        What to divide by, instead of the size of the window.

    Raises
    ------
    ShapeError
        When the kernel is larger than the padded input.
    ArgumentError
        For a padding of more than half the kernel.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.avg_pool2d([[[1.0, 3.0], [2.0, 0.0]]], 2).numpy().tolist()
    [[[1.5]]]
    """

    name, label = "avg_pool2d", "avg pool"
    tex, vjp_tex = MEAN_TEX, MEAN_VJP_TEX
    prepare, check = frozen, pool_check("avg_pool2d", 2)
    forward, vjp = mean_rules("avg_pool2d", 2)
    reference = mean_reference(2)

    def samples(rng):
        return mean_samples(rng, 2)

    fails = Failure(ShapeError, r"avg_pool2d: expected input \(N, C, H, W\)", [1.0], kernel_size=1)


class LPPool1d(Op):
    """Take the p-norm of each window of a sequence: ``(Σ x**p)**(1/p)``.

    Where the sum is 0 the gradient is 0.

    Parameters
    ----------
    input : array_like, shape (N, C, L) or (C, L)
    norm_type : float
        The power p, above 0.
    kernel_size : int
    stride : int, optional
        `kernel_size` where it is left out.
    ceil_mode : bool
        Keep a last window that hangs over the end, scaled up to a full one.

    Raises
    ------
    ShapeError
        When the kernel is larger than the input.
    ArgumentError
        Unless `norm_type` is positive.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.lp_pool1d([[3.0, 4.0]], 2, 2).numpy().tolist()
    [[5.0]]
    """

    name, label = "lp_pool1d", "Lᵖ pool"
    tex, vjp_tex = POWER_TEX, POWER_VJP_TEX
    prepare, check, reference = frozen, power_check("lp_pool1d", 1), power_reference(1)
    forward, vjp = power_rules("lp_pool1d", 1)

    def samples(rng):
        return power_samples(rng, 1)

    fails = Failure(ArgumentError, r"lp_pool1d: expected norm_type", [[1.0]], norm_type=0,
                    kernel_size=1)  # fmt: skip


class LPPool2d(Op):
    """Take the p-norm of each window of an image: ``(Σ x**p)**(1/p)``.

    Where the sum is 0 the gradient is 0.

    Parameters
    ----------
    input : array_like, shape (N, C, H, W) or (C, H, W)
    norm_type : float
        The power p, above 0.
    kernel_size : int or (int, int)
    stride : int or (int, int), optional
        `kernel_size` where it is left out.
    ceil_mode : bool
        Keep a last window that hangs over the end, scaled up to a full one.

    Raises
    ------
    ShapeError
        When the kernel is larger than the input.
    ArgumentError
        Unless `norm_type` is positive.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.lp_pool2d([[[3.0], [4.0]]], 2, (2, 1)).numpy().tolist()
    [[[5.0]]]
    """

    name, label = "lp_pool2d", "Lᵖ pool"
    tex, vjp_tex = POWER_TEX, POWER_VJP_TEX
    prepare, check, reference = frozen, power_check("lp_pool2d", 2), power_reference(2)
    forward, vjp = power_rules("lp_pool2d", 2)

    def samples(rng):
        return power_samples(rng, 2)

    fails = Failure(ShapeError, r"lp_pool2d: expected a kernel no larger", [[[1.0]]], norm_type=2,
                    kernel_size=2)  # fmt: skip
