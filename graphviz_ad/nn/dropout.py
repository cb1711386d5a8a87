"""Dropout: of single elements, and of whole channels."""

from __future__ import annotations

from typing import Any, ClassVar

from graphviz_ad.backend import namespace
from graphviz_ad.engine.tensor import Tensor, tensor
from graphviz_ad.errors import ArgumentError, ShapeError
from graphviz_ad.nn.init import Seed, default_rng
from graphviz_ad.nn.module import Module
from graphviz_ad.ops import FUNCTIONS

__all__ = ["Dropout", "Dropout1d", "Dropout2d", "Dropout3d"]

_dropout = FUNCTIONS["dropout"]


class Dropout(Module):
    """In training, set elements to 0 at random and scale the others; else do nothing.

    Srivastava et al., "Dropout: a simple way to prevent neural networks from
    overfitting", JMLR 15, 2014.

    Parameters
    ----------
    p : float, in [0, 1)
        The probability of 0.
    rng : numpy.random.Generator or int, optional
        What draws; see `graphviz_ad.nn.init.default_rng`.

    Raises
    ------
    ArgumentError
        For another probability.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.nn.Dropout(0.5).eval()(ad.tensor([1.0, 2.0])).numpy().tolist()
    [1.0, 2.0]
    """

    _single = True

    def __init__(self, p: float = 0.5, rng: Seed = None) -> None:
        super().__init__()
        if not (isinstance(p, (int, float)) and 0 <= p < 1):
            raise ArgumentError(type(self).__name__, "a probability p in [0, 1)", repr(p))
        self.p = p
        # None stays: the package's generator is not to be copied with the module.
        self.rng = None if rng is None else default_rng(rng)

    def forward(self, input: Any) -> Any:
        """Drop elements of an input of any shape."""
        if not self.training or not self.p:
            return input
        return _dropout(input, self.p, True, self.rng)

    def extra_repr(self) -> str:
        """Return the probability."""
        return f"p={self.p}"


class _ChannelDropout(Dropout):
    axes: ClassVar[int]

    def forward(self, input: Any) -> Any:
        """Drop channels of an input of shape (N, C, …)."""
        x = input if isinstance(input, Tensor) else tensor(input, name="input")
        if x.ndim != self.axes + 2:
            name = type(self).__name__
            raise ShapeError(name, f"an input of {self.axes + 2} axes (N, C, …)", str(x.shape))
        if not self.training or not self.p:
            return x
        shape = (*x.shape[:2], *(1,) * self.axes)
        kept = default_rng(self.rng).random(shape) >= self.p
        return _dropout(x, self.p, True, None, namespace(x.data).asarray(kept))


class Dropout1d(_ChannelDropout):
    """Drop whole channels of sequences (N, C, L); see `Dropout2d`."""

    axes = 1


class Dropout2d(_ChannelDropout):
    """In training, set whole channels of images (N, C, H, W) to 0 and scale the others.

    Tompson et al., "Efficient object localization using convolutional networks", CVPR 2015.

    Parameters
    ----------
    p, rng
        As in `Dropout`.

    Raises
    ------
    ArgumentError
        For another probability.
    ShapeError
        When called with an input of other axes.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> import numpy as np
    >>> y = ad.nn.Dropout2d(0.5, rng=0)(np.ones((1, 4, 2, 2)))
    >>> y.data[0, :, 0, 0].tolist(), bool((y.data == y.data[:, :, :1, :1]).all())
    ([2.0, 0.0, 0.0, 0.0], True)
    """

    axes = 2


class Dropout3d(_ChannelDropout):
    """Drop whole channels of volumes (N, C, D, H, W); see `Dropout2d`."""

    axes = 3
