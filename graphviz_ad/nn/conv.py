"""Convolutions and transposed convolutions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

from graphviz_ad.errors import ArgumentError
from graphviz_ad.nn.init import Seed, new_parameter
from graphviz_ad.nn.linear import draw_uniform, positive
from graphviz_ad.nn.module import Module
from graphviz_ad.nn.padding import pad
from graphviz_ad.ops import FUNCTIONS

__all__ = [
    "Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d",
]  # fmt: skip

Size = int | Sequence[int]

MODES = {
    "zeros": "constant", "reflect": "reflect", "replicate": "replicate", "circular": "circular",
}  # fmt: skip
"""PyTorch's names of what a convolution pads with, and those of its function `pad`."""


class _Conv(Module):
    """What the convolutions share: their parameters and how those are drawn."""

    axes: ClassVar[int]
    transposed: ClassVar[bool] = False
    _single = True

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Size, stride: Size,
        padding: Size | str, dilation: Size, groups: int, bias: bool, dtype: Any, rng: Seed,
    ) -> None:  # fmt: skip
        super().__init__()
        name = type(self).__name__
        positive(name, in_channels=in_channels, out_channels=out_channels, groups=groups)
        if in_channels % groups or out_channels % groups:
            got = f"{in_channels} and {out_channels} channels in {groups} groups"
            raise ArgumentError(name, "channels that divide into the groups", got)
        kernel = _spread(name, kernel_size, self.axes)
        positive(name, **{f"kernel_size[{i}]": size for i, size in enumerate(kernel)})
        self.in_channels, self.out_channels = in_channels, out_channels
        self.kernel_size, self.stride, self.padding = kernel, stride, padding
        self.dilation, self.groups = dilation, groups
        first, second = out_channels, in_channels // groups
        if self.transposed:
            first, second = in_channels, out_channels // groups
        self.weight = new_parameter((first, second, *kernel), dtype)
        self.bias = new_parameter((out_channels,), dtype) if bias else None
        self.reset_parameters(rng)

    def reset_parameters(self, rng: Seed = None) -> None:
        """Draw the parameters anew."""
        draw_uniform(self, 1 / math.sqrt(math.prod(self.weight.shape[1:])), rng)

    def extra_repr(self) -> str:
        """Return the sizes and what differs from the defaults."""
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}"
        for option, usual in (("stride", 1), ("padding", 0), ("dilation", 1), ("groups", 1)):
            value = getattr(self, option)
            text += f", {option}={value}" if value != usual else ""
        return text


class _ForwardConv(_Conv):
    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Size, stride: Size = 1,
        padding: Size | str = 0, dilation: Size = 1, groups: int = 1, bias: bool = True,
        padding_mode: str = "zeros", dtype: Any = None, rng: Seed = None,
    ) -> None:  # fmt: skip
        if padding_mode not in MODES:
            expected = f"a padding_mode of {', '.join(MODES)}"
            raise ArgumentError(type(self).__name__, expected, repr(padding_mode))
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias,
            dtype, rng,
        )  # fmt: skip
        self.padding_mode = padding_mode

    def forward(self, input: Any) -> Any:
        """Apply it to an input of shape (N, in_channels, …)."""
        padding = self.padding
        if self.padding_mode != "zeros" and padding != "valid":
            input, padding = pad(input, self._widths(), MODES[self.padding_mode]), 0
        return FUNCTIONS[f"conv{self.axes}d"](
            input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups
        )

    def _widths(self) -> list[int]:
        """Return how far each axis is padded at its two ends, the last axis first."""
        gaps = _spread(self.path, self.dilation, self.axes)
        if isinstance(self.padding, str):  # "same"; "valid" pads nothing
            total = [d * (k - 1) for d, k in zip(gaps, self.kernel_size, strict=True)]
            ends = [(t // 2, t - t // 2) for t in total]
        else:
            ends = [(p, p) for p in _spread(self.path, self.padding, self.axes)]
        return [width for end in reversed(ends) for width in end]


class _TransposedConv(_Conv):
    transposed = True

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Size, stride: Size = 1,
        padding: Size = 0, output_padding: Size = 0, groups: int = 1, bias: bool = True,
        dilation: Size = 1, dtype: Any = None, rng: Seed = None,
    ) -> None:  # fmt: skip
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias,
            dtype, rng,
        )  # fmt: skip
        self.output_padding = output_padding

    def forward(self, input: Any) -> Any:
        """Apply it to an input of shape (N, in_channels, …)."""
        return FUNCTIONS[f"conv_transpose{self.axes}d"](
            input, self.weight, self.bias, self.stride, self.padding, self.output_padding,
            self.groups, self.dilation,
        )  # fmt: skip


class Conv1d(_ForwardConv):
    """A convolution along one axis; see `Conv2d` and `graphviz_ad.conv1d`.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> import numpy as np
    >>> ad.nn.Conv1d(2, 4, 3, padding=1)(np.ones((1, 2, 5))).shape
    (1, 4, 5)
    """

    axes = 1


class Conv2d(_ForwardConv):
    """A convolution over two axes; module form of `graphviz_ad.conv2d`.

    Weight and bias are drawn from U(−b, b) with ``b = 1 / √(in_channels / groups · kernel)``,
    PyTorch's default.

    Parameters
    ----------
    in_channels, out_channels : int
    kernel_size, stride : int or sequence of int
    padding : int, sequence of int, "same" or "valid"
    dilation : int or sequence of int
    groups : int
        Both numbers of channels divide by it.
    bias : bool
        Whether there is one.
    padding_mode : {"zeros", "reflect", "replicate", "circular"}
        What is padded with; see `graphviz_ad.nn.functional.pad`.
    dtype : dtype, optional
        NumPy's default, float64, where it is left out.
    rng : numpy.random.Generator or int, optional
        What draws; see `graphviz_ad.nn.init.default_rng`.

    Attributes
    ----------
    weight : Tensor, shape (out_channels, in_channels // groups, kH, kW)
    bias : Tensor, shape (out_channels,), or None

    Raises
    ------
    ArgumentError
        For sizes below 1, or channels that do not divide into the groups.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> import numpy as np
    >>> ad.nn.Conv2d(1, 8, 3, stride=2)(np.ones((1, 1, 9, 9))).shape
    (1, 8, 4, 4)
    """

    axes = 2


class Conv3d(_ForwardConv):
    """A convolution over three axes; see `Conv2d` and `graphviz_ad.conv3d`.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> import numpy as np
    >>> ad.nn.Conv3d(1, 2, 3, padding=1)(np.ones((1, 1, 4, 5, 6))).shape
    (1, 2, 4, 5, 6)
    """

    axes = 3


class ConvTranspose1d(_TransposedConv):
    """A transposed convolution along one axis; see `ConvTranspose2d`.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> import numpy as np
    >>> ad.nn.ConvTranspose1d(2, 4, 2, stride=2)(np.ones((1, 2, 5))).shape
    (1, 4, 10)
    """

    axes = 1


class ConvTranspose2d(_TransposedConv):
    """A transposed convolution over two axes; module form of `graphviz_ad.conv_transpose2d`.

    Parameters
    ----------
    in_channels, out_channels : int
    kernel_size, stride, padding : int or sequence of int
    output_padding : int or sequence of int
        Added to one side of the output, to choose among sizes that lead to the same input.
    groups, bias, dilation, dtype, rng
        As in `Conv2d`.

    Attributes
    ----------
    weight : Tensor, shape (in_channels, out_channels // groups, kH, kW)
    bias : Tensor, shape (out_channels,), or None

    Raises
    ------
    ArgumentError
        As in `Conv2d`.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> import numpy as np
    >>> ad.nn.ConvTranspose2d(8, 1, 2, stride=2)(np.ones((1, 8, 4, 4))).shape
    (1, 1, 8, 8)
    """

    axes = 2


class ConvTranspose3d(_TransposedConv):
    """A transposed convolution over three axes; see `ConvTranspose2d`.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> import numpy as np
    >>> ad.nn.ConvTranspose3d(2, 1, 2, stride=2)(np.ones((1, 2, 2, 3, 4))).shape
    (1, 1, 4, 6, 8)
    """

    axes = 3


def _spread(function: str, size: Size, axes: int) -> tuple[int, ...]:
    sizes = (size,) * axes if isinstance(size, int) else tuple(size)
    if len(sizes) != axes:
        raise ArgumentError(function, f"a size for {axes} axes", repr(size))
    return sizes
