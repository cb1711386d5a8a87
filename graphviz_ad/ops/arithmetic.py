"""Arithmetic, element by element, with NumPy's broadcasting."""

from __future__ import annotations

import numpy as np

from graphviz_ad.engine.op import Sample
from graphviz_ad.ops.families import Binary, Unary, quiet

_POSITIVE = (0.5, 2.0)


class Add(Binary):
    """Add element-wise, with NumPy's broadcasting: ``a + b``.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.add([1.0, 2.0], 3.0)
    tensor([4., 5.], shape=(2,), dtype=float64)
    """

    name, label, operator, method = "add", "+", "add", True
    tex = r"$y = $a + $b"
    vjp_tex = (r"$g", r"$g")

    def forward(xp, a, b):
        return a + b

    def vjp(xp, g, out, a, b):
        return g, g


class Subtract(Binary):
    """Subtract element-wise: ``a - b``.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.subtract([1.0, 2.0], 3.0)
    tensor([-2., -1.], shape=(2,), dtype=float64)
    """

    name, label, operator, method = "subtract", "−", "sub", True
    tex = r"$y = $a - $b"
    vjp_tex = (r"$g", r"-$g")

    def forward(xp, a, b):
        return a - b

    def vjp(xp, g, out, a, b):
        return g, -g


class Multiply(Binary):
    """Multiply element-wise: ``a * b``.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.multiply([1.0, 2.0], 3.0)
    tensor([3., 6.], shape=(2,), dtype=float64)
    """

    name, label, operator, method = "multiply", "×", "mul", True
    tex = r"$y = $a \odot $b"
    vjp_tex = (r"$g \odot $b", r"$g \odot $a")

    def forward(xp, a, b):
        return a * b

    def vjp(xp, g, out, a, b):
        # to multiply numbers is cheaper than to put it off, to multiply arrays is not
        return _later(g, a, b) if out.ndim else (g * b, g * a)


def _later(g, a, b):
    return lambda: g * b, lambda: g * a


class Divide(Binary):
    """Divide element-wise: ``a / b``. Integers give floats.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.divide([1.0, 2.0], 4)
    tensor([0.25, 0.5 ], shape=(2,), dtype=float64)
    """

    name, label, operator, method = "divide", "÷", "truediv", True
    domain_b = _POSITIVE
    tex = r"$y = $a \oslash $b"
    vjp_tex = (r"$g \oslash $b", r"-$g \odot $y \oslash $b")

    def forward(xp, a, b):
        return a / b

    def vjp(xp, g, out, a, b):
        return g / b, lambda: -(g * out / b)


class Power(Binary):
    """Raise to a power element-wise: ``a ** b``.

    Where the exponent is 0 the gradient of the base is 0, and where the base is 0
    and the exponent is not negative the gradient of the exponent is 0, as in PyTorch.
    A negative base has no real power with a broken exponent: the value is NaN.

    Raises
    ------
    ArgumentError
        For integers to negative integer powers.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.power([1.0, 2.0, 3.0], 2)
    tensor([1., 4., 9.], shape=(3,), dtype=float64)
    """

    name, label, operator = "power", "xʸ", "pow"
    domain = _POSITIVE
    domain_b = (-2.0, 2.0)
    tex = r"$y = $a^{$b}"
    vjp_tex = (r"$g \odot $b \odot $a^{$b - 1}", r"$g \odot $y \odot \ln $a")

    def forward(xp, a, b):
        return a**b

    def vjp(xp, g, out, a, b):
        return lambda: g * power_slope(xp, a, b), lambda: g * (out * safe_log(xp, a, b))

    @classmethod
    def samples(cls, rng):
        bases = np.array([-2.0, -0.5, 0.5, 3.0])
        whole = [Sample(bases, n) for n in (0, 1, 2, 3, -1, np.array([0, 1, 2, 3]))]
        return [*super().samples(rng), *whole, Sample(bases[2:], 0.5)]


class FloatPower(Binary):
    """Raise to a power element-wise in float64, whatever the operands' dtypes.

    The gradients are those of `power`.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.float_power([1, 2, 4], -1)
    tensor([1.  , 0.5 , 0.25], shape=(3,), dtype=float64)
    """

    name, label, method = "float_power", "xʸ", True
    domain = _POSITIVE
    domain_b = (-2.0, 2.0)
    tex = r"$y = $a^{$b}"
    vjp_tex = (r"$g \odot $b \odot $a^{$b - 1}", r"$g \odot $y \odot \ln $a")

    def forward(xp, a, b):
        return xp.float_power(a, b)

    def vjp(xp, g, out, a, b):
        return lambda: g * power_slope(xp, a, b), lambda: g * (out * safe_log(xp, a, b))


def power_slope(xp, a, b):
    """Return the derivative of ``a ** b`` with respect to `a`, 0 where `b` is 0."""
    if isinstance(b, (int, float, np.generic)):
        if b == 0:
            return xp.zeros(a.shape, dtype=a.dtype)
        return 2 * a if b == 2 else b * a ** (b - 1)
    zero = b == 0
    return xp.where(zero, 0.0, b * a ** (xp.where(zero, 1.0, b) - 1))


def safe_log(xp, a, b):
    """Return ``log(a)``, or 0 where ``a ** b`` is 0 whatever small change `b` makes."""
    with quiet():
        return xp.log(xp.where((a == 0) & (b >= 0), 1.0, a))


class Negative(Unary):
    """Change the sign: ``-a``.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.negative([1.0, -2.0])
    tensor([-1.,  2.], shape=(2,), dtype=float64)
    """

    name, label, operator, method = "negative", "−", "neg", True
    tex = r"$y = -$a"
    vjp_tex = (r"-$g",)

    def forward(xp, a):
        return -a

    def vjp(xp, g, out, a):
        return -g


class Positive(Unary):
    """Return the values unchanged: ``+a``.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.positive([1.0, -2.0])
    tensor([ 1., -2.], shape=(2,), dtype=float64)
    """

    name, label, operator, method = "positive", "+", "pos", True
    tex = r"$y = $a"
    vjp_tex = (r"$g",)

    def forward(xp, a):
        return +a

    def vjp(xp, g, out, a):
        return g


class Reciprocal(Unary):
    """Divide 1 by each element: ``1 / a``. Integers give integers, as in NumPy.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.reciprocal([2.0, 4.0])
    tensor([0.5 , 0.25], shape=(2,), dtype=float64)
    """

    name, label, method = "reciprocal", "1/x", True
    domain = (0.3, 3.0)
    tex = r"$y = 1 \oslash $a"
    vjp_tex = (r"-$g \odot $y^2",)

    def forward(xp, a):
        return xp.reciprocal(a)

    def vjp(xp, g, out, a):
        return -(g * (out * out))


class Square(Unary):
    """Square each element.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.square([1.0, -2.0])
    tensor([1., 4.], shape=(2,), dtype=float64)
    """

    name, label, method = "square", "x²", True
    tex = r"$y = $a^2"
    vjp_tex = (r"2\,$g \odot $a",)

    def forward(xp, a):
        return xp.square(a)

    def vjp(xp, g, out, a):
        return g * (2 * a)


class FloorDivide(Binary):
    """Divide and round down: ``a // b``. It is constant between its jumps: no gradient.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.floor_divide([7.0, -7.0], 2.0)
    tensor([ 3., -4.], shape=(2,), dtype=float64)
    """

    name, label, operator, method = "floor_divide", "⌊÷⌋", "floordiv", True
    differentiable = False
    domain_b = _POSITIVE
    tex = r"$y = \lfloor $a \oslash $b \rfloor"

    def forward(xp, a, b):
        return a // b


class Remainder(Binary):
    """Return the remainder with the sign of the divisor: ``a % b``, that is ``a - b ⌊a / b⌋``.

    The quotient counts as constant, as in PyTorch: at its jumps the gradient is that of
    one side.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.remainder([5.0, -5.0], 3.0)
    tensor([2., 1.], shape=(2,), dtype=float64)
    """

    name, label, operator, method = "remainder", "mod", "mod", True
    numpy = ("remainder", "mod")
    domain, domain_b, ties = (3.2, 3.8), (1.0, 1.5), False
    tex = r"$y = $a - $b \odot \lfloor $a \oslash $b \rfloor"
    vjp_tex = (r"$g", r"-$g \odot \lfloor $a \oslash $b \rfloor")

    def forward(xp, a, b):
        return a % b

    def vjp(xp, g, out, a, b):
        return g, lambda: -(g * xp.floor(a / b))


class Fmod(Binary):
    """Return the remainder with the sign of the dividend, as C's ``fmod`` does.

    The quotient counts as constant, as in PyTorch.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.fmod([5.0, -5.0], 3.0)
    tensor([ 2., -2.], shape=(2,), dtype=float64)
    """

    name, label, method = "fmod", "fmod", True
    domain, domain_b, ties = (-3.8, -3.2), (1.0, 1.5), False
    tex = r"$y = $a - $b \odot \operatorname{trunc}($a \oslash $b)"
    vjp_tex = (r"$g", r"-$g \odot \operatorname{trunc}($a \oslash $b)")

    def forward(xp, a, b):
        return xp.fmod(a, b)

    def vjp(xp, g, out, a, b):
        return g, lambda: -(g * xp.trunc(a / b))
