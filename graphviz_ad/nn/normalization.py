"""Normalisation over the batch, the features and groups of channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from graphviz_ad.errors import ArgumentError, ShapeError
from graphviz_ad.nn.init import new_parameter, ones_, zeros_
from graphviz_ad.nn.linear import positive
from graphviz_ad.nn.module import Module
from graphviz_ad.ops import FUNCTIONS

__all__ = ["BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "GroupNorm", "LayerNorm", "RMSNorm"]

_batch_norm = FUNCTIONS["batch_norm"]
_rms_norm = FUNCTIONS["rms_norm"]
_layer_norm, _group_norm = FUNCTIONS["layer_norm"], FUNCTIONS["group_norm"]


class BatchNormBase(Module):
    """What batch and instance normalisation share: parameters and running statistics."""

    ranks: ClassVar[tuple[int, ...]]
    shapes: ClassVar[str]
    _single = True

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1,
        affine: bool = True, track_running_stats: bool = True, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        name = type(self).__name__
        positive(name, num_features=num_features)
        _check_eps(name, eps)
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        shape = (num_features,)
        self.weight = ones_(new_parameter(shape, dtype)) if affine else None
        self.bias = new_parameter(shape, dtype) if affine else None
        tracked = track_running_stats
        kind = dtype or np.float64
        self.register_buffer("running_mean", np.zeros(shape, kind) if tracked else None)
        self.register_buffer("running_var", np.ones(shape, kind) if tracked else None)
        self.register_buffer("num_batches_tracked", np.int64(0) if tracked else None)

    def reset_parameters(self) -> None:
        """Set the parameters and the running statistics to how they began."""
        _reset_affine(self)
        if self.track_running_stats:
            zeros_(self.running_mean)
            ones_(self.running_var)
            zeros_(self.num_batches_tracked)

    def forward(self, input: Any) -> Any:
        """Normalise; in training by the batch, and move the running statistics."""
        shape = np.shape(input) if not hasattr(input, "shape") else input.shape
        if len(shape) not in self.ranks:
            raise ShapeError(type(self).__name__, f"an input of shape {self.shapes}", str(shape))
        mean, var = self.running_mean, self.running_var
        by_batch = self.training or mean is None
        if not (self.training and mean is not None):
            return _batch_norm(input, mean, var, self.weight, self.bias, by_batch, 0.0, self.eps)[0]
        count = self.num_batches_tracked.data + 1
        momentum = 1.0 / float(count) if self.momentum is None else self.momentum
        out, new_mean, new_var = _batch_norm(
            input, mean, var, self.weight, self.bias, True, momentum, self.eps
        )
        mean.data, var.data, self.num_batches_tracked.data = new_mean, new_var, count
        return out

    def extra_repr(self) -> str:
        """Return the number of channels and the options."""
        return f"{self.num_features}, eps={self.eps}, momentum={self.momentum}"


class BatchNorm1d(BatchNormBase):
    """Batch normalisation of (N, C) or (N, C, L); see `BatchNorm2d`.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.nn.BatchNorm1d(1, eps=0.0)([[1.0], [3.0]]).data.tolist()
    [[-1.0], [1.0]]
    """

    ranks, shapes = (2, 3), "(N, C) or (N, C, L)"


class BatchNorm2d(BatchNormBase):
    """Batch normalisation of (N, C, H, W).

    Ioffe and Szegedy, "Batch normalization: accelerating deep network training by
    reducing internal covariate shift", ICML 2015.

    Parameters
    ----------
    num_features : int
        The number C of channels.
    eps : float
        Added to the variance.
    momentum : float or None
        The share of a batch in the running statistics; None averages over all batches.
    affine : bool
        Whether there are a weight and a bias.
    track_running_stats : bool
        Whether evaluation goes by running statistics instead of by the batch.
    dtype : dtype, optional

    Attributes
    ----------
    weight, bias : Tensor, shape (C,), or None
    running_mean, running_var : Tensor, shape (C,), or None
        Buffers.
    num_batches_tracked : Tensor, shape (), or None
        A buffer.

    Raises
    ------
    ShapeError
        For an input of other axes, or in training one element in a channel.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> import numpy as np
    >>> norm = ad.nn.BatchNorm2d(3)
    >>> norm(np.ones((2, 3, 4, 4))).shape
    (2, 3, 4, 4)
    >>> norm.running_mean.data.round(2).tolist()
    [0.1, 0.1, 0.1]
    """

    ranks, shapes = (4,), "(N, C, H, W)"


class BatchNorm3d(BatchNormBase):
    """Batch normalisation of (N, C, D, H, W); see `BatchNorm2d`.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> import numpy as np
    >>> ad.nn.BatchNorm3d(2)(np.ones((2, 2, 3, 3, 3))).shape
    (2, 2, 3, 3, 3)
    """

    ranks, shapes = (5,), "(N, C, D, H, W)"


class LayerNorm(Module):
    """Normalisation over the last axes of every sample.

    Ba, Kiros and Hinton, "Layer normalization", arXiv:1607.06450.

    Parameters
    ----------
    normalized_shape : int or sequence of int
        The shape of the last axes.
    eps : float
        Added to the variance.
    elementwise_affine : bool
        Whether there is a weight.
    bias : bool
        Whether there is a bias beside the weight.
    dtype : dtype, optional

    Attributes
    ----------
    weight, bias : Tensor, shape `normalized_shape`, or None

    Raises
    ------
    ArgumentError
        For sizes below 1.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.nn.LayerNorm(2, eps=0.0)([[1.0, 3.0]]).data.tolist()
    [[-1.0, 1.0]]
    """

    _single = True

    def __init__(
        self, normalized_shape: int | Sequence[int], eps: float = 1e-5,
        elementwise_affine: bool = True, bias: bool = True, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        shape = _lengths("LayerNorm", normalized_shape)
        _check_eps("LayerNorm", eps)
        self.normalized_shape, self.eps = shape, eps
        self.elementwise_affine = elementwise_affine
        self.weight = ones_(new_parameter(shape, dtype)) if elementwise_affine else None
        self.bias = new_parameter(shape, dtype) if elementwise_affine and bias else None

    def reset_parameters(self) -> None:
        """Set the weight to 1 and the bias to 0."""
        _reset_affine(self)

    def forward(self, input: Any) -> Any:
        """Normalise an input whose shape ends in `normalized_shape`."""
        return _layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """Return the shape."""
        return f"{self.normalized_shape}, eps={self.eps}"


class RMSNorm(Module):
    """Division of every sample by its root mean square over the last axes.

    Zhang and Sennrich, "Root mean square layer normalization", NeurIPS 2019.

    Parameters
    ----------
    normalized_shape : int or sequence of int
        The shape of the last axes.
    eps : float, optional
        Added to the mean square; the dtype's machine epsilon where it is left out.
    elementwise_affine : bool
        Whether there is a weight.
    dtype : dtype, optional

    Attributes
    ----------
    weight : Tensor, shape `normalized_shape`, or None

    Raises
    ------
    ArgumentError
        For sizes below 1.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.nn.RMSNorm(2, eps=0.0)([[3.0, 4.0]]).data.round(4).tolist()
    [[0.8485, 1.1314]]
    """

    _single = True

    def __init__(
        self, normalized_shape: int | Sequence[int], eps: float | None = None,
        elementwise_affine: bool = True, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        shape = _lengths("RMSNorm", normalized_shape)
        _check_eps("RMSNorm", eps or 0.0)
        self.normalized_shape, self.eps = shape, eps
        self.elementwise_affine = elementwise_affine
        self.weight = ones_(new_parameter(shape, dtype)) if elementwise_affine else None

    def reset_parameters(self) -> None:
        """Set the weight to 1."""
        if self.weight is not None:
            ones_(self.weight)

    def forward(self, input: Any) -> Any:
        """Normalise an input whose shape ends in `normalized_shape`."""
        return _rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        """Return the shape."""
        return f"{self.normalized_shape}, eps={self.eps}"


class GroupNorm(Module):
    """Normalisation over groups of channels of every sample.

    Wu and He, "Group normalization", ECCV 2018.

    Parameters
    ----------
    num_groups, num_channels : int
        The channels divide into the groups.
    eps : float
        Added to the variance.
    affine : bool
        Whether there are a weight and a bias for every channel.
    dtype : dtype, optional

    Attributes
    ----------
    weight, bias : Tensor, shape (num_channels,), or None

    Raises
    ------
    ArgumentError
        For sizes below 1, or channels that do not divide into the groups.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> import numpy as np
    >>> ad.nn.GroupNorm(2, 4)(np.ones((1, 4, 5))).shape
    (1, 4, 5)
    """

    _single = True

    def __init__(
        self, num_groups: int, num_channels: int, eps: float = 1e-5, affine: bool = True,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        positive("GroupNorm", num_groups=num_groups, num_channels=num_channels)
        _check_eps("GroupNorm", eps)
        if num_channels % num_groups:
            got = f"{num_channels} in {num_groups}"
            raise ArgumentError("GroupNorm", "channels that divide into the groups", got)
        self.num_groups, self.num_channels, self.eps = num_groups, num_channels, eps
        self.weight = ones_(new_parameter((num_channels,), dtype)) if affine else None
        self.bias = new_parameter((num_channels,), dtype) if affine else None

    def reset_parameters(self) -> None:
        """Set the weight to 1 and the bias to 0."""
        _reset_affine(self)

    def forward(self, input: Any) -> Any:
        """Normalise an input of shape (N, num_channels, …)."""
        return _group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """Return the numbers."""
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}"


def _reset_affine(module: Any) -> None:
    if module.weight is not None:
        ones_(module.weight)
    if module.bias is not None:
        zeros_(module.bias)


def _lengths(function: str, shape: int | Sequence[int]) -> tuple[int, ...]:
    """Return the lengths of the last axes; one may be given as a number."""
    lengths = (shape,) if isinstance(shape, int) else tuple(shape)
    positive(function, **{f"normalized_shape[{i}]": n for i, n in enumerate(lengths)})
    return lengths


def _check_eps(function: str, eps: float) -> None:
    if not eps >= 0:
        raise ArgumentError(function, "an eps of 0 or more", repr(eps))
