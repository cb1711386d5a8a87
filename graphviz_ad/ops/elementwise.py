"""Absolute values, limits, the larger and the smaller, element by element."""

from __future__ import annotations

import numpy as np

from graphviz_ad.backend import keep_where
from graphviz_ad.engine.op import Failure, Op, Sample
from graphviz_ad.errors import ArgumentError, DTypeError
from graphviz_ad.ops.families import Binary, Unary


class Absolute(Unary):
    """Return the absolute value of each element. The gradient at 0 is 0.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.abs([1.0, -2.0])
    tensor([1., 2.], shape=(2,), dtype=float64)
    """

    name, label, method = "abs", "|x|", True
    kinks = (0.0,)
    numpy = ("abs", "fabs")
    operator = "abs"
    tex = r"$y = |$a|"
    vjp_tex = (r"$g \odot \operatorname{sign}($a)",)

    def forward(xp, a):
        return abs(a)

    def vjp(xp, g, out, a):
        return g * xp.sign(a)


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
        # true for NaN, which the gradient passes as in PyTorch
        return keep_where(xp, g, out != 0)

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

    name, label, method = "maximum", "max", True
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

    name, label, method = "minimum", "min", True
    tex = r"$y = \min($a, $b)"
    vjp_tex = (r"$g \odot [$a < $b]", r"$g \odot [$b < $a]")

    def forward(xp, a, b):
        return xp.minimum(a, b)

    def vjp(xp, g, out, a, b):
        return lambda: winner(xp, g, a == b, a > b), lambda: winner(xp, g, a == b, a < b)


def winner(xp, g, tie, lost):
    """Return the gradient of the operand that was taken: half at a tie, 0 where it lost."""
    return xp.where(lost, 0.0, xp.where(tie, g / 2, g))


class Fmax(Binary):
    """Return the larger of `a` and `b`, element-wise, and the other where one is NaN.

    Where they are equal, `a` gets the whole gradient, as in PyTorch.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.fmax([1.0, float("nan")], 3.0)
    tensor([3., 3.], shape=(2,), dtype=float64)
    """

    name, label, method = "fmax", "fmax", True
    ties = False
    tex = r"$y = \operatorname{fmax}($a, $b)"
    vjp_tex = (r"$g \odot [$a \ge $b]", r"$g \odot [$b > $a]")

    def forward(xp, a, b):
        return xp.fmax(a, b)

    def vjp(xp, g, out, a, b):
        first = (a >= b) | (b != b)
        return lambda: xp.where(first, g, 0.0), lambda: xp.where(first, 0.0, g)


class Fmin(Binary):
    """Return the smaller of `a` and `b`, element-wise, and the other where one is NaN.

    Where they are equal, `a` gets the whole gradient, as in PyTorch.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.fmin([1.0, float("nan")], 3.0)
    tensor([1., 3.], shape=(2,), dtype=float64)
    """

    name, label, method = "fmin", "fmin", True
    ties = False
    tex = r"$y = \operatorname{fmin}($a, $b)"
    vjp_tex = (r"$g \odot [$a \le $b]", r"$g \odot [$b < $a]")

    def forward(xp, a, b):
        return xp.fmin(a, b)

    def vjp(xp, g, out, a, b):
        first = (a <= b) | (b != b)
        return lambda: xp.where(first, g, 0.0), lambda: xp.where(first, 0.0, g)


class Copysign(Binary):
    """Return the magnitude of `a` with the sign of `b`.

    The gradient of `a` at 0 is 0 and that of `b` is 0 everywhere, as in PyTorch.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.copysign([1.0, -2.0], -0.0)
    tensor([-1., -2.], shape=(2,), dtype=float64)
    """

    name, label, method = "copysign", "±", True
    domain, domain_b, ties = (0.3, 2.0), (-2.0, -0.3), False
    tex = r"$y = |$a| \odot \operatorname{sign}($b)"
    vjp_tex = (r"$g \odot \operatorname{sign}($a) \odot \operatorname{sign}($b)", "0")

    def forward(xp, a, b):
        return xp.copysign(a, b)

    def vjp(xp, g, out, a, b):
        flipped = xp.where((a < 0) == (out < 0), g, -g)
        return lambda: xp.where(a == 0, 0.0, flipped), lambda: xp.zeros(b.shape, dtype=b.dtype)


class Clip(Op):
    """Limit the elements to the interval from `a_min` to `a_max`.

    At a limit the whole gradient goes to `a`, beyond it to the limit, as in
    ``torch.clamp``. Where the limits are crossed the result is `a_max`.

    Parameters
    ----------
    a : array_like
    a_min, a_max : array_like, optional
        Also called ``min`` and ``max``. None is no limit.

    Raises
    ------
    ArgumentError
        Without any limit.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.clip([1.0, 5.0, 9.0], 2.0, max=6.0)
    tensor([2., 5., 6.], shape=(3,), dtype=float64)
    """

    name, label, method = "clip", "clip", True
    aliases = {"min": "a_min", "max": "a_max"}
    tex = r"$y = \min(\max($a, l), u)"
    vjp_tex = (r"$g \odot [l \le $a \le u]", r"$g \odot [$a < l]", r"$g \odot [$a > u]")

    def check(a, a_min=None, a_max=None):
        if a_min is None and a_max is None:
            raise ArgumentError("clip", "a_min, a_max or both", "neither")

    def forward(xp, a, a_min=None, a_max=None):
        return xp.clip(a, a_min, a_max)

    def vjp(xp, g, out, a, a_min=None, a_max=None):
        if a_max is None:
            return xp.where(a >= a_min, g, 0.0), lambda: xp.where(a < a_min, g, 0.0), None
        if a_min is None:
            return xp.where(a <= a_max, g, 0.0), None, lambda: xp.where(a > a_max, g, 0.0)
        below, above = a < a_min, a > a_max
        return (
            xp.where((a >= a_min) & (a <= a_max), g, 0.0),
            lambda: xp.where(below & (a_min < a_max), g, 0.0),
            lambda: xp.where(above | (a_max < a_min), g, 0.0),
        )

    def samples(rng):
        a = np.array([[-3.0, -0.5, 0.4], [1.2, 3.0, -2.0]])
        return [
            Sample(a, -1.0, 1.0),
            Sample(a, -1.0, None),
            Sample(a, None, 1.0),
            Sample(a, np.array([-1.0, 0.0, -2.5]), 2.0),
            Sample(a, np.full((2, 1), -1.0), np.array([0.0, 0.7, 2.0])),
            Sample(a, 1.0, -1.0),
            Sample(0.3, a[0] - 5, a[1] + 9),
            Sample(a[:0], 0.0, 1.0),
            Sample([1, 5, 9], 2, 6),
        ]

    fails = Failure(ArgumentError, r"clip: expected a_min, a_max or both", [1.0])


class NanToNum(Op):
    """Replace NaN and infinities by numbers. The gradient there is 0.

    Parameters
    ----------
    a : array_like
    nan : float
    posinf, neginf : float, optional
        The largest and the least finite number of the dtype where left out.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.nan_to_num([1.0, float("nan"), float("inf")], posinf=9.0)
    tensor([1., 0., 9.], shape=(3,), dtype=float64)
    """

    name, label, method = "nan_to_num", "NaN→0", True
    tex = r"$y = \operatorname{finite}($a)"
    vjp_tex = (r"$g \odot [|$a| < \infty]",)

    def forward(xp, a, *, nan=0.0, posinf=None, neginf=None):
        return xp.nan_to_num(a, nan=nan, posinf=posinf, neginf=neginf)

    def vjp(xp, g, out, a, *, nan=0.0, posinf=None, neginf=None):
        return xp.where(xp.isfinite(a), g, 0.0)

    def samples(rng):
        a = rng.normal(size=(2, 3))
        return [Sample(a), Sample(a[0], nan=1.0), Sample(0.5), Sample(a[:0]), Sample([1, 2])]

    fails = Failure(DTypeError, "nan_to_num: expected booleans, integers", [1j])
