"""Convolutions of one to three axes, and their transposes. Their rules are in `conv`."""

from __future__ import annotations

from graphviz_ad.engine.op import Failure, Op
from graphviz_ad.errors import ShapeError
from graphviz_ad.ops.conv import (
    CONV,
    TRANSPOSED,
    VJP_TEX,
    conv_check,
    conv_reference,
    conv_samples,
    convolve,
    convolve_vjp,
    spread_convolve,
    spread_convolve_vjp,
    spread_reference,
    spread_samples,
)
from graphviz_ad.ops.windows import frozen

TEX = r"{$y}_{n,f,o} = \sum_{c,k} {$a}_{n,c,\,s\,o + d\,k - p} \, {$b}_{f,c,k} + {$c}_f"
SPREAD_TEX = (
    r"{$y}_{n,c,\,s\,o + d\,k - p} \mathrel{+}= {$a}_{n,f,o} \, {$b}_{f,c,k} \ (+\, {$c}_c)"
)
SPREAD_VJP_TEX = (
    r"\mathrm{conv}($g, $b)",
    r"\mathrm{conv\_weight\_gradient}($g, $a)",
    r"\textstyle\sum_{n,\,\mathrm{space}} $g",
)


class Conv1d(Op):
    """Cross-correlate sequences with filters, which PyTorch calls a convolution.

    Parameters
    ----------
    input : array_like, shape (N, C, L) or (C, L)
    weight : array_like, shape (F, C / groups, K)
    bias : array_like, shape (F,), optional
    stride : int
    padding : int, 'valid' or 'same'
        Zeros at both ends; ``'same'`` keeps L and puts an odd zero at the end.
    dilation : int
        The distance of the elements that a filter sees.
    groups : int
        How many parts the channels and filters are split into.

    Returns
    -------
    Tensor, shape (N, F, L_out) or (F, L_out)
        ``L_out = (L + 2·padding - dilation·(K - 1) - 1) // stride + 1``

    Raises
    ------
    ShapeError
        When the channels do not match, or the kernel is larger than the padded input.
    ArgumentError
        For a stride, padding, dilation or groups that cannot be.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.conv1d([[1.0, 2.0, 4.0]], [[[-1.0, 1.0]]]).numpy().tolist()
    [[1.0, 2.0]]
    """

    name, label = "conv1d", "∗"
    tex, vjp_tex = TEX, VJP_TEX
    prepare, check = frozen, conv_check("conv1d", 1)
    saves = True  # the windows of small images
    forward, vjp, reference = convolve, convolve_vjp, conv_reference

    def samples(rng):
        return conv_samples(rng, 1)

    fails = Failure(ShapeError, r"conv1d: expected a kernel no larger", [[1.0, 2.0]], [[[1.0] * 3]])


class Conv2d(Op):
    """Cross-correlate images with filters, which PyTorch calls a convolution.

    Parameters
    ----------
    input : array_like, shape (N, C, H, W) or (C, H, W)
    weight : array_like, shape (F, C / groups, K1, K2)
    bias : array_like, shape (F,), optional
    stride : int or (int, int)
    padding : int, (int, int), 'valid' or 'same'
        Zeros on all sides; ``'same'`` keeps H and W and puts an odd zero at the end.
    dilation : int or (int, int)
        The distance of the elements that a filter sees.
    groups : int
        How many parts the channels and filters are split into.

    Returns
    -------
    Tensor, shape (N, F, H_out, W_out) or (F, H_out, W_out)
        ``H_out = (H + 2·padding - dilation·(K1 - 1) - 1) // stride + 1``

    Raises
    ------
    ShapeError
        When the channels do not match, or the kernel is larger than the padded input.
    ArgumentError
        For a stride, padding, dilation or groups that cannot be.

    Examples
    --------
    >>> import numpy as np, graphviz_ad as ad
    >>> image, filters = np.ones((1, 3, 8, 8)), np.ones((16, 3, 3, 3))
    >>> ad.conv2d(image, filters, padding=1).shape
    (1, 16, 8, 8)
    """

    name, label = "conv2d", "∗"
    tex, vjp_tex = TEX, VJP_TEX
    prepare, check = frozen, conv_check("conv2d", 2)
    saves = True  # the windows of small images
    forward, vjp, reference = convolve, convolve_vjp, conv_reference

    def samples(rng):
        return conv_samples(rng, 2)

    fails = Failure(
        ShapeError, r"conv2d: expected input with the 2 channels of the weight, got",
        [[[1.0, 2.0]]], [[[[1.0]], [[1.0]]]],
    )  # fmt: skip


class Conv3d(Op):
    """Cross-correlate volumes with filters, which PyTorch calls a convolution.

    Parameters
    ----------
    input : array_like, shape (N, C, D, H, W) or (C, D, H, W)
    weight : array_like, shape (F, C / groups, K1, K2, K3)
    bias : array_like, shape (F,), optional
    stride, padding, dilation, groups
        As in `conv2d`, with three numbers for the three axes.

    Raises
    ------
    ShapeError, ArgumentError
        As in `conv2d`.

    Examples
    --------
    >>> import numpy as np, graphviz_ad as ad
    >>> ad.conv3d(np.ones((1, 2, 4, 4, 4)), np.ones((3, 2, 2, 2, 2))).shape
    (1, 3, 3, 3, 3)
    """

    name, label = "conv3d", "∗"
    tex, vjp_tex = TEX, VJP_TEX
    prepare, check = frozen, conv_check("conv3d", 3)
    saves = True  # the windows of small images
    forward, vjp, reference = convolve, convolve_vjp, conv_reference

    def samples(rng):
        return conv_samples(rng, 3)

    fails = Failure(ShapeError, r"conv3d: expected input \(N, C, D, H, W\)", [1.0], [1.0])


class ConvTranspose1d(Op):
    """Spread sequences through filters: the transpose of `conv1d`, which makes them longer.

    Parameters
    ----------
    input : array_like, shape (N, F, L) or (F, L)
    weight : array_like, shape (F, C / groups, K)
    bias : array_like, shape (C,), optional
    stride : int
    padding : int
        How much of each end is cut off.
    output_padding : int
        How much longer the far end is, since several lengths lead to the same L.
    groups, dilation : int

    Returns
    -------
    Tensor, shape (N, C, L_out) or (C, L_out)
        ``L_out = (L - 1)·stride - 2·padding + dilation·(K - 1) + output_padding + 1``

    Raises
    ------
    ShapeError
        When the channels do not match or nothing is left.
    ArgumentError
        For an argument that cannot be.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.conv_transpose1d([[1.0, 2.0]], [[[1.0, 10.0]]]).numpy().tolist()
    [[1.0, 12.0, 20.0]]
    """

    name, label = "conv_transpose1d", "∗ᵀ"
    tex, vjp_tex = SPREAD_TEX, SPREAD_VJP_TEX
    prepare, check = frozen, conv_check("conv_transpose1d", 1, transposed=True)
    forward, vjp, reference = spread_convolve, spread_convolve_vjp, spread_reference

    def samples(rng):
        return spread_samples(rng, 1)

    fails = Failure(ShapeError, r"conv_transpose1d: expected input with the 2 channels",
                    [[1.0]], [[[1.0]], [[1.0]]])  # fmt: skip


class ConvTranspose2d(Op):
    """Spread images through filters: the transpose of `conv2d`, which makes them larger.

    Parameters
    ----------
    input : array_like, shape (N, F, H, W) or (F, H, W)
    weight : array_like, shape (F, C / groups, K1, K2)
    bias : array_like, shape (C,), optional
    stride, padding, output_padding, groups, dilation
        As in `conv_transpose1d`, with two numbers for the two axes.

    Raises
    ------
    ShapeError, ArgumentError
        As in `conv_transpose1d`.

    Notes
    -----
    Formula: Dumoulin and Visin, arXiv:1603.07285.

    Examples
    --------
    >>> import numpy as np, graphviz_ad as ad
    >>> ad.conv_transpose2d(np.ones((1, 4, 3, 3)), np.ones((4, 2, 2, 2)), stride=2).shape
    (1, 2, 6, 6)
    """

    name, label = "conv_transpose2d", "∗ᵀ"
    tex, vjp_tex = SPREAD_TEX, SPREAD_VJP_TEX
    prepare, check = frozen, conv_check("conv_transpose2d", 2, transposed=True)
    forward, vjp, reference = spread_convolve, spread_convolve_vjp, spread_reference

    def samples(rng):
        return spread_samples(rng, 2)

    fails = Failure(ShapeError, r"conv_transpose2d: expected an output of at least one",
                    [[[1.0]]], [[[[1.0]]]], padding=1)  # fmt: skip


class ConvTranspose3d(Op):
    """Spread volumes through filters: the transpose of `conv3d`, which makes them larger.

    Parameters
    ----------
    input : array_like, shape (N, F, D, H, W) or (F, D, H, W)
    weight : array_like, shape (F, C / groups, K1, K2, K3)
    bias : array_like, shape (C,), optional
    stride, padding, output_padding, groups, dilation
        As in `conv_transpose1d`, with three numbers for the three axes.

    Raises
    ------
    ShapeError, ArgumentError
        As in `conv_transpose1d`.

    Examples
    --------
    >>> import numpy as np, graphviz_ad as ad
    >>> ad.conv_transpose3d(np.ones((1, 2, 2, 2, 2)), np.ones((2, 1, 3, 3, 3))).shape
    (1, 1, 4, 4, 4)
    """

    name, label = "conv_transpose3d", "∗ᵀ"
    tex, vjp_tex = SPREAD_TEX, SPREAD_VJP_TEX
    prepare, check = frozen, conv_check("conv_transpose3d", 3, transposed=True)
    forward, vjp, reference = spread_convolve, spread_convolve_vjp, spread_reference

    def samples(rng):
        return spread_samples(rng, 3)

    fails = Failure(ShapeError, r"conv_transpose3d: expected input", [1.0], [1.0])


CONV.update({1: Conv1d, 2: Conv2d, 3: Conv3d})
TRANSPOSED.update({1: ConvTranspose1d, 2: ConvTranspose2d, 3: ConvTranspose3d})
