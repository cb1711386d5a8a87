"""Exponentials, roots, the logistic and the error function, element by element."""

from __future__ import annotations

import math

import numpy as np

from graphviz_ad.backend import special
from graphviz_ad.ops.families import Unary, quiet, unit

_POSITIVE = (0.2, 3.0)
_LN2 = math.log(2)
_TWO_OVER_SQRT_PI = 2 / math.sqrt(math.pi)


class Exp(Unary):
    """Return e to the power of each element.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.exp([0.0, 1.0])
    tensor([1.    , 2.7183], shape=(2,), dtype=float64)
    """

    name, label, method = "exp", "exp", True
    tex = r"$y = e^{$a}"
    vjp_tex = (r"$g \odot $y",)

    def forward(xp, a):
        return xp.exp(a)

    def vjp(xp, g, out, a):
        return g * out


class Exp2(Unary):
    """Return 2 to the power of each element.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.exp2([0.0, 3.0])
    tensor([1., 8.], shape=(2,), dtype=float64)
    """

    name, label, method = "exp2", "2ˣ", True
    tex = r"$y = 2^{$a}"
    vjp_tex = (r"\ln 2\; $g \odot $y",)

    def forward(xp, a):
        return xp.exp2(a)

    def vjp(xp, g, out, a):
        return g * (out * _LN2)


class Expm1(Unary):
    """Return ``exp(a) - 1``, exact near 0.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.expm1([0.0, 1e-10])
    tensor([0.e+00, 1.e-10], shape=(2,), dtype=float64)
    """

    name, label, method = "expm1", "eˣ−1", True
    tex = r"$y = e^{$a} - 1"
    vjp_tex = (r"$g \odot ($y + 1)",)

    def forward(xp, a):
        return xp.expm1(a)

    def vjp(xp, g, out, a):
        return g * (out + 1)


class Sqrt(Unary):
    """Return the square root of each element. Its gradient at 0 is infinite, as in PyTorch.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.sqrt([4.0, 9.0])
    tensor([2., 3.], shape=(2,), dtype=float64)
    """

    name, label, method = "sqrt", "√", True
    domain = _POSITIVE
    tex = r"$y = \sqrt{$a}"
    vjp_tex = (r"$g \oslash 2\,$y",)

    def forward(xp, a):
        return xp.sqrt(a)

    def vjp(xp, g, out, a):
        return g / (2 * out)


class Rsqrt(Unary):
    """Return 1 divided by the square root of each element.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.rsqrt([4.0, 16.0])
    tensor([0.5 , 0.25], shape=(2,), dtype=float64)
    """

    name, label, method = "rsqrt", "1/√", True
    domain = _POSITIVE
    tex = r"$y = 1 \oslash \sqrt{$a}"
    vjp_tex = (r"-\tfrac{1}{2}\,$g \odot $y^3",)

    def forward(xp, a):
        with quiet():
            return 1 / xp.sqrt(a)

    def vjp(xp, g, out, a):
        return g * (out * out * out * -0.5)

    def reference(a):
        return np.asarray(a) ** -0.5


class Cbrt(Unary):
    """Return the cube root of each element. Its gradient at 0 is infinite.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.cbrt([8.0, -27.0])
    tensor([ 2., -3.], shape=(2,), dtype=float64)
    """

    name, label, method = "cbrt", "∛", True
    kinks = (0.0,)
    tex = r"$y = \sqrt[3]{$a}"
    vjp_tex = (r"$g \oslash 3\,$y^2",)

    def forward(xp, a):
        return xp.cbrt(a)

    def vjp(xp, g, out, a):
        return g / (3 * (out * out))


class Sigmoid(Unary):
    """Return the logistic function of each element, ``1 / (1 + exp(-a))``, which never overflows.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.sigmoid([0.0, -1000.0])
    tensor([0.5, 0. ], shape=(2,), dtype=float64)
    """

    name, label, method = "sigmoid", "σ", True
    tex = r"$y = \sigma($a)"
    vjp_tex = (r"$g \odot $y \odot (1 - $y)",)

    @quiet()  # an exponential that overflows to infinity gives the right value, 0
    def forward(xp, a):
        one = unit(a)
        e = xp.exp(-a if a.dtype.kind == "f" else 0.0 - a)
        e += one
        return one / e

    def vjp(xp, g, out, a):
        slope = unit(out) - out
        slope *= out
        slope *= g
        return slope

    def reference(a):
        return 1 / (1 + np.exp(-np.asarray(a)))


class Erf(Unary):
    """Return the error function of each element. Needs SciPy, or CuPy on a GPU.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.erf([0.0, 1.0])
    tensor([0.    , 0.8427], shape=(2,), dtype=float64)
    """

    name, label, method = "erf", "erf", True
    tex = r"$y = \operatorname{erf} $a"
    vjp_tex = (r"\tfrac{2}{\sqrt{\pi}}\,$g \odot e^{-{$a}^2}",)

    def forward(xp, a):
        return special(xp).erf(a)

    def vjp(xp, g, out, a):
        return g * (xp.exp(-(a * a)) * _TWO_OVER_SQRT_PI)

    def reference(a):
        return special(np).erf(a)
