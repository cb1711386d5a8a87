"""Reductions over axes: sums, means, extrema."""

from __future__ import annotations

import math

import numpy as np

from graphviz_ad.engine.op import Sample
from graphviz_ad.ops.families import AlongAxis

__all__ = ["Reduction", "flatten_axes", "keep_axes", "reduced_axes", "spread", "unflatten_axes"]


def reduced_axes(ndim, axis):
    """Return the axes that `axis` names, all of them for None, none of them negative.

    An array without axes has none, though NumPy takes 0 and -1 for one there.
    """
    if axis is None or not ndim:
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


def flatten_axes(xp, a, axis):
    """Return `a` with the axes that `axis` names moved to the end and joined into one."""
    axes = reduced_axes(a.ndim, axis)
    kept = [i for i in range(a.ndim) if i not in axes]
    length = math.prod([a.shape[i] for i in axes])
    return xp.transpose(a, (*kept, *axes)).reshape((*[a.shape[i] for i in kept], length))


def unflatten_axes(xp, flat, like, axis):
    """Undo `flatten_axes` for an array that came from `like`."""
    axes = reduced_axes(like.ndim, axis)
    order = [*[i for i in range(like.ndim) if i not in axes], *axes]
    moved = flat.reshape(tuple([like.shape[i] for i in order]))
    return xp.transpose(moved, tuple([order.index(i) for i in range(like.ndim)]))


class Reduction(AlongAxis):
    """A function of the elements along some axes. Its samples have no ties."""

    zero_rank_axis = True
    """Whether NumPy's function takes axis 0 of an array without axes."""

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
            *[Sample(1.5, axis=-1)] * cls.zero_rank_axis,
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


class NanSum(Reduction):
    """Add the elements along axes, NaN counting as 0.

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
    >>> ad.nansum([1.0, float("nan"), 2.0])
    tensor(3., dtype=float64)
    """

    name, label, method = "nansum", "Σ", True
    tex = r"$y = \textstyle\sum_{i:\, {$a}_i \ne \text{NaN}} {$a}_i"
    vjp_tex = (r"\operatorname{broadcast}($g) \odot [$a \ne \text{NaN}]",)

    def forward(xp, a, *, axis=None, dtype=None, keepdims=False):
        return xp.nansum(a, axis=axis, dtype=dtype, keepdims=keepdims)

    def vjp(xp, g, out, a, *, axis=None, dtype=None, keepdims=False):
        return xp.where(xp.isnan(a), 0.0, keep_axes(g, a, axis, keepdims))


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
    zero_rank_axis = False
    tex = r"$y = \tfrac{1}{n} \textstyle\sum $a"
    vjp_tex = (r"\operatorname{broadcast}($g / n)",)

    def forward(xp, a, *, axis=None, dtype=None, keepdims=False):
        return a.mean(axis=axis, dtype=dtype, keepdims=keepdims)

    def vjp(xp, g, out, a, *, axis=None, dtype=None, keepdims=False):
        return spread(xp, g / (a.size / max(out.size, 1)), a, axis, keepdims)


class NanMean(Reduction):
    """Average the elements along axes that are not NaN.

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
    >>> ad.nanmean([1.0, float("nan"), 2.0])
    tensor(1.5, dtype=float64)
    """

    name, label, method = "nanmean", "mean", True
    tex = r"$y = \tfrac{1}{n} \textstyle\sum_{i:\, {$a}_i \ne \text{NaN}} {$a}_i"
    vjp_tex = (r"\operatorname{broadcast}($g / n) \odot [$a \ne \text{NaN}]",)

    def forward(xp, a, *, axis=None, dtype=None, keepdims=False):
        return xp.nanmean(a, axis=axis, dtype=dtype, keepdims=keepdims)

    def vjp(xp, g, out, a, *, axis=None, dtype=None, keepdims=False):
        counted = a == a
        count = counted.sum(axis=axis, dtype=g.dtype, keepdims=keepdims)
        return xp.where(counted, keep_axes(g / count, a, axis, keepdims), 0.0)

    @classmethod
    def samples(cls, rng):
        return [s for s in super().samples(rng) if np.size(s.arrays[0])]


class Prod(Reduction):
    """Multiply the elements along axes. The gradient is exact where elements are 0, too.

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
    >>> ad.prod([[1.0, 2.0], [3.0, 4.0]], axis=0)
    tensor([3., 8.], shape=(2,), dtype=float64)
    """

    name, label = "prod", "Π"
    tex = r"$y = \textstyle\prod_i {$a}_i"
    vjp_tex = (r"$g \odot \textstyle\prod_{j \ne i} {$a}_j",)

    def forward(xp, a, *, axis=None, dtype=None, keepdims=False):
        return a.prod(axis=axis, dtype=dtype, keepdims=keepdims)

    def vjp(xp, g, out, a, *, axis=None, dtype=None, keepdims=False):
        if not a.size:
            return xp.zeros(a.shape, dtype=a.dtype)
        # the product of the others is the product of those before and those after
        flat = flatten_axes(xp, a, axis)
        one = xp.ones((*flat.shape[:-1], 1), dtype=a.dtype)
        before = xp.concatenate([one, xp.cumprod(flat[..., :-1], axis=-1)], axis=-1)
        after = xp.cumprod(xp.flip(flat[..., 1:], axis=-1), axis=-1)
        after = xp.flip(xp.concatenate([one, after], axis=-1), axis=-1)
        return keep_axes(g, a, axis, keepdims) * unflatten_axes(xp, before * after, a, axis)

    @classmethod
    def samples(cls, rng):
        a = np.array([[1.5, 0.0, -2.0], [0.0, 3.0, 0.0], [-0.7, 1.1, 2.0]])
        return [*super().samples(rng), Sample(a, axis=1), Sample(a, axis=(0, 1)), Sample(a[0])]
