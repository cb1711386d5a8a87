"""Pooling over windows of volumes. The rules are in `pool_rules`."""

from __future__ import annotations

from graphviz_ad.engine.op import Failure, Op
from graphviz_ad.errors import ArgumentError, ShapeError
from graphviz_ad.ops.pool import MAX_TEX, MAX_VJP_TEX, MEAN_TEX, MEAN_VJP_TEX
from graphviz_ad.ops.pool_rules import (
    max_reference,
    max_rules,
    mean_reference,
    mean_rules,
    mean_samples,
    pool_check,
    pool_samples,
)
from graphviz_ad.ops.windows import frozen


class MaxPool3d(Op):
    """Take the maximum of each window of a volume. Among equals the first gets the gradient.

    Parameters
    ----------
    input : array_like, shape (N, C, D, H, W) or (C, D, H, W)
    kernel_size : int or (int, int, int)
    stride : int or (int, int, int), optional
        `kernel_size` where it is left out.
    padding : int or (int, int, int)
        On all sides, with values that lose; at most half the kernel.
    dilation : int or (int, int, int)
        The distance of the elements in a window.
    ceil_mode : bool
        Keep a last window that hangs over the end.

    Raises
    ------
    ShapeError
        When the kernel is larger than the padded input.
    ArgumentError
        For a padding of more than half the kernel.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.max_pool3d([[[[1.0, 3.0], [2.0, 0.0]]]], (1, 2, 2)).numpy().tolist()
    [[[[3.0]]]]
    """

    name, label = "max_pool3d", "max pool"
    tex, vjp_tex = MAX_TEX, MAX_VJP_TEX
    prepare, check, reference = frozen, pool_check("max_pool3d", 3), max_reference(3)
    forward, vjp = max_rules("max_pool3d", 3)

    def samples(rng):
        return pool_samples(rng, 3, dilated=True)

    fails = Failure(ArgumentError, r"max_pool3d: expected padding of at most half", [[[[1.0]]]],
                    kernel_size=2, padding=2)  # fmt: skip


class AvgPool3d(Op):
    """Average each window of a volume.

    Parameters
    ----------
    input : array_like, shape (N, C, D, H, W) or (C, D, H, W)
    kernel_size : int or (int, int, int)
    stride : int or (int, int, int), optional
        `kernel_size` where it is left out.
    padding : int or (int, int, int)
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
    >>> ad.avg_pool3d([[[[1.0, 3.0], [2.0, 0.0]]]], (1, 2, 2)).numpy().tolist()
    [[[[1.5]]]]
    """

    name, label = "avg_pool3d", "avg pool"
    tex, vjp_tex = MEAN_TEX, MEAN_VJP_TEX
    prepare, check = frozen, pool_check("avg_pool3d", 3)
    forward, vjp = mean_rules("avg_pool3d", 3)
    reference = mean_reference(3)

    def samples(rng):
        return mean_samples(rng, 3)

    fails = Failure(ShapeError, r"avg_pool3d: expected input \(N, C, D, H, W\)", [1.0],
                    kernel_size=1)  # fmt: skip
