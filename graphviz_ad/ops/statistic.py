"""Reductions over axes that are not plain sums: variance, deviation, log-sum-exp."""

from __future__ import annotations

import math

import numpy as np

from graphviz_ad.engine.op import Sample
from graphviz_ad.ops.logarithm import finite
from graphviz_ad.ops.reduce import Reduction, keep_axes, reduced_axes

_DDOF = (
    Sample([[1.0, 2.5, 4.0], [0.5, 0.1, 7.0]], axis=1, ddof=1),
    Sample([1.0, 3.0, 8.0], ddof=2),
)


class Var(Reduction):
    """Return the variance along axes: the mean squared distance from the mean.

    Parameters
    ----------
    a : array_like
    axis : int or tuple of int, optional
        All axes where it is left out.
    dtype : dtype, optional
        Of the result and of the accumulator.
    ddof : int
        Also called ``correction``. The squares are divided by ``n - ddof``; NumPy's
        default is 0, PyTorch's is 1.
    keepdims : bool
        Keep the reduced axes with length 1.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.var([1.0, 2.0, 6.0])
    tensor(4.6667, dtype=float64)
    """

    name, label, aliases = "var", "var", {"correction": "ddof"}
    zero_rank_axis = False
    tex = r"$y = \tfrac{1}{n - d} \textstyle\sum ($a - \overline{$a})^2"
    vjp_tex = (r"\tfrac{2}{n - d}\, $g \odot ($a - \overline{$a})",)

    def forward(xp, a, *, axis=None, dtype=None, ddof=0, keepdims=False):
        return a.var(axis=axis, dtype=dtype, ddof=ddof, keepdims=keepdims)

    def vjp(xp, g, out, a, *, axis=None, dtype=None, ddof=0, keepdims=False):
        return deviation(xp, g * 2, a, axis, ddof, keepdims)

    @classmethod
    def samples(cls, rng):
        return [*(s for s in super().samples(rng) if np.size(s.arrays[0])), *_DDOF]


class Std(Reduction):
    """Return the standard deviation along axes: the root of the variance.

    Where it is 0 the gradient is 0, as in PyTorch.

    Parameters
    ----------
    a : array_like
    axis : int or tuple of int, optional
        All axes where it is left out.
    dtype : dtype, optional
        Of the result and of the accumulator.
    ddof : int
        Also called ``correction``. The squares are divided by ``n - ddof``; NumPy's
        default is 0, PyTorch's is 1.
    keepdims : bool
        Keep the reduced axes with length 1.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.std([1.0, 2.0, 6.0], ddof=1)
    tensor(2.6458, dtype=float64)
    """

    name, label, aliases = "std", "std", {"correction": "ddof"}
    zero_rank_axis = False
    tex = r"$y = \sqrt{\tfrac{1}{n - d} \textstyle\sum ($a - \overline{$a})^2}"
    vjp_tex = (r"\tfrac{1}{n - d}\, $g \odot ($a - \overline{$a}) \oslash $y",)

    def forward(xp, a, *, axis=None, dtype=None, ddof=0, keepdims=False):
        return a.std(axis=axis, dtype=dtype, ddof=ddof, keepdims=keepdims)

    def vjp(xp, g, out, a, *, axis=None, dtype=None, ddof=0, keepdims=False):
        flat = out == 0
        slope = xp.where(flat, 0.0, g / xp.where(flat, 1.0, out))
        return deviation(xp, slope, a, axis, ddof, keepdims)

    @classmethod
    def samples(cls, rng):
        a = rng.normal(size=(2, 3, 4))
        return [
            Sample(a), Sample(a, keepdims=True), Sample(a, axis=1), Sample(a, axis=(0, -1)),
            Sample(a, axis=(2, 0), keepdims=True), Sample([1, 2, 6]), *_DDOF,
        ]  # fmt: skip


def deviation(xp, g, a, axis, ddof, keepdims):
    """Return ``g (a - mean) / (n - ddof)``, NaN without a degree of freedom."""
    n = math.prod([a.shape[i] for i in reduced_axes(a.ndim, axis)])
    scale = 1 / (n - ddof) if n > ddof else math.nan
    return keep_axes(g * scale, a, axis, keepdims) * (a - a.mean(axis=axis, keepdims=True))


class LogSumExp(Reduction):
    """Return ``log(sum(exp(a)))`` along axes, without overflow.

    It is negative infinity without elements, or where all of them are negative
    infinity; the gradient there is 0.

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
    >>> ad.logsumexp([1000.0, 1000.0])
    tensor(1000.6931, dtype=float64)
    """

    name, label, aliases = "logsumexp", "ln Σ exp", {"dim": "axis", "keepdim": "keepdims"}
    tex = r"$y = \ln \textstyle\sum e^{$a}"
    vjp_tex = (r"$g \odot e^{$a - $y}",)

    def forward(xp, a, *, axis=None, keepdims=False):
        a = a if a.dtype.kind == "f" else a * 1.0
        if not a.size:
            return xp.full_like(a.sum(axis=axis, keepdims=keepdims), -math.inf)
        top = a.max(axis=axis, keepdims=True)
        limits = xp.finfo(a.dtype)
        total = xp.exp(a - xp.clip(top, limits.min, limits.max)).sum(axis=axis, keepdims=True)
        # the sum is 0 only where every element is negative infinity, as is the top
        out = xp.log(total + (total == 0)) + top
        return out if keepdims else xp.squeeze(out, axis=axis)

    def vjp(xp, g, out, a, *, axis=None, keepdims=False):
        top = keep_axes(finite(xp, out), a, axis, keepdims)
        return keep_axes(g, a, axis, keepdims) * xp.exp(a - top)

    def reference(a, *, axis=None, keepdims=False):
        return np.asarray(np.logaddexp.reduce(np.asarray(a, float), axis=axis, keepdims=keepdims))

    @classmethod
    def samples(cls, rng):
        a = np.array([[-np.inf, 0.0, 800.0], [-1.0, 2.0, -900.0]])
        singles = [s for s in super().samples(rng) if s.params.get("axis") is None]
        b = rng.normal(size=(2, 3))
        return [
            *(s for s in singles if np.size(s.arrays[0]) and np.ndim(s.arrays[0])),
            Sample(1.5), Sample(b, axis=0), Sample(b, axis=-1, keepdims=True),
            Sample(b, axis=(0, 1)), Sample(a[1], axis=0), Sample(b[:, :0], axis=1),
            Sample(b[:0], axis=1), Sample([[1, 2]], axis=0),
        ]  # fmt: skip
