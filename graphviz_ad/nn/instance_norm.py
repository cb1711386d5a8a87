"""Normalisation of every channel of every sample."""

from __future__ import annotations

from typing import Any, ClassVar

from graphviz_ad.engine.tensor import Tensor, tensor
from graphviz_ad.errors import ShapeError
from graphviz_ad.nn.normalization import BatchNormBase
from graphviz_ad.ops import FUNCTIONS

__all__ = ["InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d"]

_instance_norm = FUNCTIONS["instance_norm"]


class _InstanceNorm(BatchNormBase):
    axes: ClassVar[int]

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float = 0.1, affine: bool = False,
        track_running_stats: bool = False, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(num_features, eps, momentum, affine, track_running_stats, dtype)

    def forward(self, input: Any) -> Any:
        """Normalise an input (N, C, …) or (C, …); in training move the running statistics."""
        x = input if isinstance(input, Tensor) else tensor(input, name="input")
        single = x.ndim == self.axes + 1
        if (
            x.ndim not in (self.axes + 1, self.axes + 2)
            or x.shape[int(not single)] != self.num_features
        ):
            expected = f"an input ([N,] {self.num_features}, …) of {self.axes} spatial axes"
            raise ShapeError(type(self).__name__, expected, str(x.shape))
        x = x.reshape((1, *x.shape)) if single else x
        mean, var = self.running_mean, self.running_var
        by_instance = self.training or mean is None
        y = _instance_norm(x, mean, var, self.weight, self.bias, by_instance, self.eps)
        if self.training and mean is not None:
            self._move_statistics(x.data)
        return y.reshape(y.shape[1:]) if single else y

    def _move_statistics(self, data: Any) -> None:
        """Move the running statistics towards the mean over the batch of each instance's own."""
        axes = tuple(range(2, data.ndim))
        share = 0.1 if self.momentum is None else self.momentum
        batch = data.mean(axis=axes), data.var(axis=axes, ddof=1)
        for running, values in zip((self.running_mean, self.running_var), batch, strict=True):
            new = (1 - share) * running.data + share * values.mean(axis=0)
            running.data = new.astype(running.dtype)


class InstanceNorm1d(_InstanceNorm):
    """Instance normalisation of (N, C, L) or (C, L); see `InstanceNorm2d`."""

    axes = 1


class InstanceNorm2d(_InstanceNorm):
    """Instance normalisation of (N, C, H, W) or (C, H, W).

    Ulyanov, Vedaldi and Lempitsky, "Instance normalization: the missing ingredient for fast
    stylization", arXiv:1607.08022.

    Parameters
    ----------
    num_features : int
        The number C of channels.
    eps : float
        Added to the variance.
    momentum : float
        The share of a batch in the running statistics.
    affine : bool
        Whether there are a weight and a bias.
    track_running_stats : bool
        Whether evaluation goes by running statistics.
    dtype : dtype, optional

    Attributes
    ----------
    weight, bias : Tensor, shape (C,), or None
    running_mean, running_var : Tensor, shape (C,), or None

    Raises
    ------
    ShapeError
        For an input of other axes, or of one element in a channel.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> import numpy as np
    >>> y = ad.nn.InstanceNorm2d(1)(np.arange(4.0).reshape(1, 1, 2, 2))
    >>> y.data.round(2).ravel().tolist()
    [-1.34, -0.45, 0.45, 1.34]
    """

    axes = 2


class InstanceNorm3d(_InstanceNorm):
    """Instance normalisation of (N, C, D, H, W) or (C, D, H, W); see `InstanceNorm2d`."""

    axes = 3
