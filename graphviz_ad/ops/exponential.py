"""Exponentials, logarithms, roots and the logistic function, element by element."""

from __future__ import annotations

import numpy as np

from graphviz_ad.ops.families import Unary, quiet

_POSITIVE = (0.2, 3.0)


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


class Tanh(Unary):
    """Return the hyperbolic tangent of each element.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.tanh([0.0, 1.0])
    tensor([0.    , 0.7616], shape=(2,), dtype=float64)
    """

    name, label, method = "tanh", "tanh", True
    tex = r"$y = \tanh $a"
    vjp_tex = (r"$g \odot (1 - $y^2)",)

    def forward(xp, a):
        return xp.tanh(a)

    def vjp(xp, g, out, a):
        return g * (1 - out * out)


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

    def forward(xp, a):
        # an exponential that overflows to infinity gives the right value, 0
        with quiet(xp):
            return 1 / (1 + xp.exp(-a))

    def vjp(xp, g, out, a):
        return g * (out * (1 - out))

    def reference(a):
        return 1 / (1 + np.exp(-np.asarray(a)))
