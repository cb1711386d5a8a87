"""Signs, rounding, the larger and the smaller, element by element."""

from __future__ import annotations

import numpy as np

from graphviz_ad.ops.families import Binary, Unary


class Absolute(Unary):
    """Return the absolute value of each element. The gradient at 0 is 0.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.abs([1.0, -2.0])
    tensor([1., 2.], shape=(2,), dtype=float64)
    """

    name, label, operator, method = "abs", "|x|", "abs", True
    kinks = (0.0,)
    tex = r"$y = |$a|"
    vjp_tex = (r"$g \odot \operatorname{sign}($a)",)

    def forward(xp, a):
        return abs(a)

    def vjp(xp, g, out, a):
        return g * xp.sign(a)


class Sign(Unary):
    """Return −1, 0 or 1, the sign of each element. The gradient is 0 everywhere.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.sign([3.0, 0.0, -2.0])
    tensor([ 1.,  0., -1.], shape=(3,), dtype=float64)
    """

    name, label, method = "sign", "sign", True
    kinks = (0.0,)
    tex = r"$y = \operatorname{sign}($a)"
    vjp_tex = ("0",)

    def forward(xp, a):
        return xp.sign(a)

    def vjp(xp, g, out, a):
        return xp.zeros(a.shape, dtype=a.dtype)


class Relu(Unary):
    """Return the larger of 0 and each element. The gradient at 0 is 0, as in PyTorch.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.relu([1.0, -2.0])
    tensor([1., 0.], shape=(2,), dtype=float64)
    """

    name, label, method = "relu", "relu", True
    kinks = (0.0,)
    tex = r"$y = \max(0, $a)"
    vjp_tex = (r"$g \odot [$a > 0]",)

    def forward(xp, a):
        return xp.maximum(a, 0)

    def vjp(xp, g, out, a):
        return g * (out > 0)

    def reference(a):
        return np.maximum(a, 0)


class Maximum(Binary):
    """Return the larger of `a` and `b`, element-wise; NaN where one is NaN.

    Where they are equal, each gets half of the gradient, as in PyTorch.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.maximum([1.0, 5.0], 3.0)
    tensor([3., 5.], shape=(2,), dtype=float64)
    """

    name, label, method, ties = "maximum", "max", True, False
    tex = r"$y = \max($a, $b)"
    vjp_tex = (r"$g \odot [$a > $b]", r"$g \odot [$b > $a]")

    def forward(xp, a, b):
        return xp.maximum(a, b)

    def vjp(xp, g, out, a, b):
        return lambda: winner(xp, g, a == b, a < b), lambda: winner(xp, g, a == b, a > b)


class Minimum(Binary):
    """Return the smaller of `a` and `b`, element-wise; NaN where one is NaN.

    Where they are equal, each gets half of the gradient, as in PyTorch.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.minimum([1.0, 5.0], 3.0)
    tensor([1., 3.], shape=(2,), dtype=float64)
    """

    name, label, method, ties = "minimum", "min", True, False
    tex = r"$y = \min($a, $b)"
    vjp_tex = (r"$g \odot [$a < $b]", r"$g \odot [$b < $a]")

    def forward(xp, a, b):
        return xp.minimum(a, b)

    def vjp(xp, g, out, a, b):
        return lambda: winner(xp, g, a == b, a > b), lambda: winner(xp, g, a == b, a < b)


def winner(xp, g, tie, lost):
    """Return the gradient of the operand that was taken: half at a tie, 0 where it lost."""
    return xp.where(lost, 0.0, xp.where(tie, g / 2, g))
