"""The largest and the smallest along axes: values, places, and the middle one."""

from __future__ import annotations

import numpy as np

from graphviz_ad.engine.op import Sample
from graphviz_ad.ops.families import AlongAxis
from graphviz_ad.ops.reduce import Reduction, flatten_axes, keep_axes, unflatten_axes


class Extremum(Reduction):
    """What `max` and `min` share: no value without elements."""

    @classmethod
    def samples(cls, rng):
        """Return the samples of a reduction that have elements to choose from."""
        full = [s for s in super().samples(rng) if np.size(s.arrays[0])]
        return [*full, Sample(rng.normal(size=(0, 3)), axis=1)]


class Max(Extremum):
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

    name, label = "max", "max"
    tex = r"$y = \max $a"
    vjp_tex = (r"$g \odot [$a = $y] / n_{=}",)

    def forward(xp, a, *, axis=None, keepdims=False):
        return a.max(axis=axis, keepdims=keepdims)

    def vjp(xp, g, out, a, *, axis=None, keepdims=False):
        return share(xp, g, out, a, axis, keepdims)


class Min(Extremum):
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

    name, label = "min", "min"
    tex = r"$y = \min $a"
    vjp_tex = (r"$g \odot [$a = $y] / n_{=}",)

    def forward(xp, a, *, axis=None, keepdims=False):
        return a.min(axis=axis, keepdims=keepdims)

    def vjp(xp, g, out, a, *, axis=None, keepdims=False):
        return share(xp, g, out, a, axis, keepdims)


class Amax(Max):
    """Return the largest element along axes: `max` by its other name.

    Parameters
    ----------
    a : array_like
    axis : int or tuple of int, optional
        Also called ``dim``. All axes where it is left out.
    keepdims : bool
        Also called ``keepdim``. Keep the reduced axes with length 1.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.amax([[1.0, 2.0], [3.0, 4.0]], dim=1)
    tensor([2., 4.], shape=(2,), dtype=float64)
    """

    name, aliases = "amax", {"dim": "axis", "keepdim": "keepdims"}


class Amin(Min):
    """Return the smallest element along axes: `min` by its other name.

    Parameters
    ----------
    a : array_like
    axis : int or tuple of int, optional
        Also called ``dim``. All axes where it is left out.
    keepdims : bool
        Also called ``keepdim``. Keep the reduced axes with length 1.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.amin([[1.0, 2.0], [3.0, 4.0]], dim=1)
    tensor([1., 3.], shape=(2,), dtype=float64)
    """

    name, aliases = "amin", {"dim": "axis", "keepdim": "keepdims"}


def share(xp, g, out, a, axis, keepdims):
    """Split the gradient of an extremum among the elements that are equal to it."""
    winners = a == keep_axes(out, a, axis, keepdims)
    count = winners.sum(axis=axis, dtype=g.dtype, keepdims=keepdims)
    return winners * keep_axes(g / count, a, axis, keepdims)


class Median(Reduction):
    """Return the middle element along axes, the mean of the two middle ones of an even number.

    Elements that are equal to a middle one share its gradient.

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
    >>> ad.median([[1.0, 5.0, 2.0], [3.0, 4.0, 9.0]], axis=1)
    tensor([2., 4.], shape=(2,), dtype=float64)
    """

    name, label, method = "median", "median", True
    zero_rank_axis = False
    tex = r"$y = \operatorname{median} $a"
    vjp_tex = (r"\tfrac{1}{2} $g \odot ([$a = l] / n_l + [$a = u] / n_u)",)

    def forward(xp, a, *, axis=None, keepdims=False):
        return xp.median(a, axis=axis, keepdims=keepdims)

    def vjp(xp, g, out, a, *, axis=None, keepdims=False):
        flat = flatten_axes(xp, a, axis)
        n = flat.shape[-1]
        ordered = xp.sort(flat, axis=-1)
        half = g.reshape((*flat.shape[:-1], 1)) / 2
        sent = 0
        for middle in ((n - 1) // 2, n // 2):
            chosen = flat == ordered[..., middle : middle + 1]
            sent = sent + chosen * (half / chosen.sum(axis=-1, dtype=g.dtype, keepdims=True))
        return unflatten_axes(xp, sent, a, axis)

    @classmethod
    def samples(cls, rng):
        full = [s for s in super().samples(rng) if np.size(s.arrays[0])]
        return [*full, Sample(rng.normal(size=(2, 5)), axis=-1)]


class Place(AlongAxis):
    """What `argmax` and `argmin` share."""

    differentiable = False

    @classmethod
    def samples(cls, rng):
        """Return one axis or all, ties, and NaN."""
        a = rng.integers(0, 3, size=(3, 4)).astype(float)
        b = np.where(a == 1, np.nan, a)
        return [
            Sample(a), Sample(a, axis=0), Sample(a, axis=-1, keepdims=True),
            Sample(a, keepdims=True), Sample(b, axis=1), Sample(2.5), Sample([3, 1, 3]),
        ]  # fmt: skip


class ArgMax(Place):
    """Return the index of the largest element, the first of equal ones. It has no gradient.

    Parameters
    ----------
    a : array_like
    axis : int, optional
        The index is one into the flattened array where it is left out.
    keepdims : bool
        Keep the reduced axis with length 1.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.argmax([[1.0, 2.0], [4.0, 3.0]], axis=1)
    tensor([1, 0], shape=(2,), dtype=int64)
    """

    name, label = "argmax", "argmax"
    tex = r"$y = \operatorname{argmax} $a"

    def forward(xp, a, *, axis=None, keepdims=False):
        return xp.argmax(a, axis=axis, keepdims=keepdims)


class ArgMin(Place):
    """Return the index of the smallest element, the first of equal ones. It has no gradient.

    Parameters
    ----------
    a : array_like
    axis : int, optional
        The index is one into the flattened array where it is left out.
    keepdims : bool
        Keep the reduced axis with length 1.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.argmin([[1.0, 2.0], [4.0, 3.0]], axis=1)
    tensor([0, 1], shape=(2,), dtype=int64)
    """

    name, label = "argmin", "argmin"
    tex = r"$y = \operatorname{argmin} $a"

    def forward(xp, a, *, axis=None, keepdims=False):
        return xp.argmin(a, axis=axis, keepdims=keepdims)


class Any(Reduction):
    """Whether some element along axes is true (not 0). It has no gradient.

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
    >>> ad.any([[0.0, 2.0], [0.0, 0.0]], axis=1)
    tensor([ True, False], shape=(2,), dtype=bool)
    """

    name, label, differentiable = "any", "∃", False
    tex = r"$y = \exists_i {$a}_i"

    def forward(xp, a, *, axis=None, keepdims=False):
        return xp.any(a, axis=axis, keepdims=keepdims)


class All(Reduction):
    """Whether all elements along axes are true (not 0). It has no gradient.

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
    >>> ad.all([[1.0, 2.0], [0.0, 1.0]], axis=1)
    tensor([ True, False], shape=(2,), dtype=bool)
    """

    name, label, differentiable = "all", "∀", False
    tex = r"$y = \forall_i {$a}_i"

    def forward(xp, a, *, axis=None, keepdims=False):
        return xp.all(a, axis=axis, keepdims=keepdims)
