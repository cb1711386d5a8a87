"""Logarithms, element by element."""

from __future__ import annotations

import math

import numpy as np

from graphviz_ad.backend import special
from graphviz_ad.engine.op import Sample
from graphviz_ad.ops.families import Binary, Unary, quiet

_POSITIVE = (0.2, 3.0)
_LN2 = math.log(2)
_LN10 = math.log(10)


def bounded(xp, a, dtype):
    """Return `a` with the infinities as the largest finite numbers of `dtype`."""
    limits = xp.finfo(dtype)
    return xp.minimum(xp.maximum(a, limits.min), limits.max)


def finite(xp, a):
    """Return `a` with negative infinity as the least finite number of its dtype."""
    return xp.maximum(a, xp.finfo(a.dtype).min)


class Log(Unary):
    """Return the natural logarithm of each element.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.log([1.0, 10.0])
    tensor([0.    , 2.3026], shape=(2,), dtype=float64)
    """

    name, label, method = "log", "ln", True
    domain = _POSITIVE
    tex = r"$y = \ln $a"
    vjp_tex = (r"$g \oslash $a",)

    def forward(xp, a):
        return xp.log(a)

    def vjp(xp, g, out, a):
        return g / a


class Log2(Unary):
    """Return the logarithm to base 2 of each element.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.log2([1.0, 8.0])
    tensor([0., 3.], shape=(2,), dtype=float64)
    """

    name, label, method = "log2", "log₂", True
    domain = _POSITIVE
    tex = r"$y = \log_2 $a"
    vjp_tex = (r"$g \oslash ($a \ln 2)",)

    def forward(xp, a):
        return xp.log2(a)

    def vjp(xp, g, out, a):
        return g / (a * _LN2)


class Log10(Unary):
    """Return the logarithm to base 10 of each element.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.log10([1.0, 1000.0])
    tensor([0., 3.], shape=(2,), dtype=float64)
    """

    name, label, method = "log10", "log₁₀", True
    domain = _POSITIVE
    tex = r"$y = \log_{10} $a"
    vjp_tex = (r"$g \oslash ($a \ln 10)",)

    def forward(xp, a):
        return xp.log10(a)

    def vjp(xp, g, out, a):
        return g / (a * _LN10)


class Log1p(Unary):
    """Return ``log(1 + a)``, exact near 0.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.log1p([0.0, 1e-10])
    tensor([0.e+00, 1.e-10], shape=(2,), dtype=float64)
    """

    name, label, method = "log1p", "ln(1+x)", True
    domain = (-0.8, 2.0)
    tex = r"$y = \ln(1 + $a)"
    vjp_tex = (r"$g \oslash (1 + $a)",)

    def forward(xp, a):
        return xp.log1p(a)

    def vjp(xp, g, out, a):
        return g / (1 + a)


class Logit(Unary):
    """Return the inverse of the logistic function, ``log(a / (1 - a))``.

    Parameters
    ----------
    a : array_like
        Numbers from 0 to 1; NaN follows from others.
    eps : float, optional
        Move `a` into ``[eps, 1 - eps]`` first; the gradient outside is then 0.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.logit([0.5, 0.9])
    tensor([0.    , 2.1972], shape=(2,), dtype=float64)
    """

    name, label, method = "logit", "logit", True
    domain = (0.1, 0.9)
    tex = r"$y = \ln \frac{$a}{1 - $a}"
    vjp_tex = (r"$g \oslash ($a \odot (1 - $a))",)

    def forward(xp, a, *, eps=None):
        if eps is not None:
            a = xp.clip(a, eps, 1 - eps)
        with quiet():
            return xp.log(a) - xp.log1p(0.0 - a)

    def vjp(xp, g, out, a, *, eps=None):
        slope = g / (a * (1 - a))
        if eps is None:
            return slope
        return xp.where((a >= eps) & (a <= 1 - eps), slope, 0.0)

    def reference(a, *, eps=None):
        a = np.asarray(a) if eps is None else np.clip(a, eps, 1 - eps)
        return np.log(a / (1 - a))

    @classmethod
    def samples(cls, rng):
        a = np.array([0.05, 0.3, 0.96])
        return [*super().samples(rng)[:4], Sample(a, eps=0.1)]


class LogAddExp(Binary):
    """Return ``log(exp(a) + exp(b))`` without overflow.

    Where both are negative infinity the gradients are 0.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.logaddexp([0.0, 1000.0], 0.0)
    tensor([6.9315e-01, 1.0000e+03], shape=(2,), dtype=float64)
    """

    name, label, method = "logaddexp", "ln(eˣ+eʸ)", True
    tex = r"$y = \ln(e^{$a} + e^{$b})"
    vjp_tex = (r"$g \odot e^{$a - $y}", r"$g \odot e^{$b - $y}")

    def forward(xp, a, b):
        return xp.logaddexp(a, b)

    def vjp(xp, g, out, a, b):
        top, a, b = (bounded(xp, z, out.dtype) for z in (out, a, b))
        return lambda: g * xp.exp(a - top), lambda: g * xp.exp(b - top)


class LogAddExp2(Binary):
    """Return ``log2(2**a + 2**b)`` without overflow.

    Where both are negative infinity the gradients are 0.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.logaddexp2([0.0, 1000.0], 0.0)
    tensor([   1., 1000.], shape=(2,), dtype=float64)
    """

    name, label, method = "logaddexp2", "log₂(2ˣ+2ʸ)", True
    tex = r"$y = \log_2(2^{$a} + 2^{$b})"
    vjp_tex = (r"$g \odot 2^{$a - $y}", r"$g \odot 2^{$b - $y}")

    def forward(xp, a, b):
        return xp.logaddexp2(a, b)

    def vjp(xp, g, out, a, b):
        top, a, b = (bounded(xp, z, out.dtype) for z in (out, a, b))
        return lambda: g * xp.exp2(a - top), lambda: g * xp.exp2(b - top)


class Xlogy(Binary):
    """Return ``a * log(b)``, which is 0 where `a` is 0 unless `b` is NaN.

    There the gradient of `a` is 0 where `b` is not positive, as in PyTorch.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.xlogy([0.0, 2.0], [0.0, 3.0])
    tensor([0.    , 2.1972], shape=(2,), dtype=float64)
    """

    name, label, method = "xlogy", "x ln y", True
    domain_b = _POSITIVE
    tex = r"$y = $a \odot \ln $b"
    vjp_tex = (r"$g \odot \ln $b", r"$g \odot $a \oslash $b")

    def forward(xp, a, b):
        # a Python number takes the dtype of the other operand, as in a product
        dtype = xp.result_type(a, b)
        a, b = xp.asarray(a, dtype), xp.asarray(b, dtype)
        with quiet():
            return a * xp.log(xp.where((a == 0) & (b == b), 1, b))

    def vjp(xp, g, out, a, b):
        return lambda: g * xp.log(xp.where((a == 0) & (b <= 0), 1.0, b)), lambda: g * a / b

    def reference(a, b):
        return special(np).xlogy(a, b)

    @classmethod
    def samples(cls, rng):
        zeros = Sample(np.array([0.0, 0.0, 2.0]), np.array([0.5, 2.0, 1.5]))
        return [*super().samples(rng)[:-2], zeros]
