"""Reductions over axes: sums, means, extrema."""

from __future__ import annotations

import numpy as np

from graphviz_ad.engine.op import Failure, Op, Sample
from graphviz_ad.errors import AxisError

__all__ = ["Reduction", "keep_axes", "reduced_axes", "spread"]


def reduced_axes(ndim, axis):
    """Return the axes that `axis` names, all of them for None, none of them negative."""
    if axis is None:
        return tuple(range(ndim))
    axes = axis if isinstance(axis, tuple) else (axis,)
    return tuple([n + ndim if n < 0 else n for n in axes])


def keep_axes(reduced, like, axis, keepdims):
    """Give a reduction of `like` its reduced axes back, with length 1."""
    if keepdims or axis is None or not like.ndim:
        return reduced
    axes = reduced_axes(like.ndim, axis)
    return reduced.reshape(tuple([1 if i in axes else n for i, n in enumerate(like.shape)]))


def spread(xp, g, like, axis, keepdims):
    """Return the gradient of a reduction at every element of `like`: a view, not a copy."""
    return xp.broadcast_to(keep_axes(g, like, axis, keepdims), like.shape)


class Reduction(Op):
    """A function of the elements along some axes. Its samples have no ties."""

    method = True

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.fails = cls.__dict__.get("fails") or Failure(
            AxisError, f"{cls.name}: expected an axis that the array has", [1.0, 2.0], axis=3
        )

    @classmethod
    def samples(cls, rng):
        """Return all axes, one, several, negative ones, and arrays without axes."""
        a = rng.normal(size=(2, 3, 4))
        return [
            Sample(a),
            Sample(a, keepdims=True),
            Sample(a, axis=1),
            Sample(a, axis=-1, keepdims=True),
            Sample(a, axis=(0, -1)),
            Sample(a, axis=(2, 0), keepdims=True),
            Sample(a[:, :, ::-2], axis=()),
            Sample(1.5),
            Sample(1.5, axis=(), keepdims=True),
            Sample(a[:, :0], axis=0),
            Sample(rng.integers(0, 9, size=(2, 3)), axis=0),
        ]


class Sum(Reduction):
    """Add the elements along axes.

    Parameters
    ----------
    a : array_like
    axis : int or tuple of int, optional
        All axes where it is left out.
    dtype : dtype, optional
        Of the result and of the accumulator.
    keepdims : bool
        Keep the reduced axes with length 1.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.sum([[1.0, 2.0], [3.0, 4.0]], axis=0)
    tensor([4., 6.], shape=(2,), dtype=float64)
    """

    name, label = "sum", "Σ"
    tex = r"$y = \textstyle\sum $a"
    vjp_tex = (r"\operatorname{broadcast}($g)",)

    def forward(xp, a, *, axis=None, dtype=None, keepdims=False):
        return a.sum(axis=axis, dtype=dtype, keepdims=keepdims)

    def vjp(xp, g, out, a, *, axis=None, dtype=None, keepdims=False):
        return spread(xp, g, a, axis, keepdims)

    @classmethod
    def samples(cls, rng):
        return [
            *super().samples(rng),
            Sample(rng.normal(size=(0, 3))),
            Sample([True, False, True]),
            Sample(rng.normal(size=3).astype(np.float32), dtype=np.float64),
        ]


class Mean(Reduction):
    """Average the elements along axes.

    Parameters
    ----------
    a : array_like
    axis : int or tuple of int, optional
        All axes where it is left out.
    dtype : dtype, optional
        Of the result and of the accumulator.
    keepdims : bool
        Keep the reduced axes with length 1.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.mean([[1.0, 2.0], [3.0, 4.0]], axis=1)
    tensor([1.5, 3.5], shape=(2,), dtype=float64)
    """

    name, label = "mean", "mean"
    tex = r"$y = \tfrac{1}{n} \textstyle\sum $a"
    vjp_tex = (r"\operatorname{broadcast}($g / n)",)

    def forward(xp, a, *, axis=None, dtype=None, keepdims=False):
        return a.mean(axis=axis, dtype=dtype, keepdims=keepdims)

    def vjp(xp, g, out, a, *, axis=None, dtype=None, keepdims=False):
        return spread(xp, g / (a.size / max(out.size, 1)), a, axis, keepdims)


class Max(Reduction):
    """Return the largest element along axes; NaN where one is NaN.

    Elements that are equally large share the gradient, as in ``torch.amax``.

    Parameters
    ----------
    a : array_like
    axis : int or tuple of int, optional
        All axes where it is left out.
    keepdims : bool
        Keep the reduced axes with length 1.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.max([[1.0, 2.0], [3.0, 4.0]], axis=0)
    tensor([3., 4.], shape=(2,), dtype=float64)
    """

    name, label, numpy = "max", "max", ("max", "amax")
    tex = r"$y = \max $a"
    vjp_tex = (r"$g \odot [$a = $y] / n_{=}",)

    def forward(xp, a, *, axis=None, keepdims=False):
        return a.max(axis=axis, keepdims=keepdims)

    def vjp(xp, g, out, a, *, axis=None, keepdims=False):
        return share(xp, g, out, a, axis, keepdims)


class Min(Reduction):
    """Return the smallest element along axes; NaN where one is NaN.

    Elements that are equally small share the gradient, as in ``torch.amin``.

    Parameters
    ----------
    a : array_like
    axis : int or tuple of int, optional
        All axes where it is left out.
    keepdims : bool
        Keep the reduced axes with length 1.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.min([[1.0, 2.0], [3.0, 4.0]], axis=0)
    tensor([1., 2.], shape=(2,), dtype=float64)
    """

    name, label, numpy = "min", "min", ("min", "amin")
    tex = r"$y = \min $a"
    vjp_tex = (r"$g \odot [$a = $y] / n_{=}",)

    def forward(xp, a, *, axis=None, keepdims=False):
        return a.min(axis=axis, keepdims=keepdims)

    def vjp(xp, g, out, a, *, axis=None, keepdims=False):
        return share(xp, g, out, a, axis, keepdims)


def share(xp, g, out, a, axis, keepdims):
    """Split the gradient of an extremum among the elements that are equal to it."""
    winners = a == keep_axes(out, a, axis, keepdims)
    count = winners.sum(axis=axis, dtype=g.dtype, keepdims=keepdims)
    return winners * keep_axes(g / count, a, axis, keepdims)
