"""Trigonometric and hyperbolic functions, element by element."""

from __future__ import annotations

import math

from graphviz_ad.engine.op import Sample
from graphviz_ad.ops.families import Binary, Unary, unit

_C1 = math.pi**2 / 3
_C3 = math.pi**4 / 30
_C5 = math.pi**6 / 840


class Sin(Unary):
    """Return the sine of each element, in radians.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.sin([0.0, 1.0])
    tensor([0.    , 0.8415], shape=(2,), dtype=float64)
    """

    name, label, method = "sin", "sin", True
    tex = r"$y = \sin $a"
    vjp_tex = (r"$g \odot \cos $a",)

    def forward(xp, a):
        return xp.sin(a)

    def vjp(xp, g, out, a):
        return g * xp.cos(a)


class Cos(Unary):
    """Return the cosine of each element, in radians.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.cos([0.0, 1.0])
    tensor([1.    , 0.5403], shape=(2,), dtype=float64)
    """

    name, label, method = "cos", "cos", True
    tex = r"$y = \cos $a"
    vjp_tex = (r"-$g \odot \sin $a",)

    def forward(xp, a):
        return xp.cos(a)

    def vjp(xp, g, out, a):
        return -(g * xp.sin(a))


class Tan(Unary):
    """Return the tangent of each element, in radians.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.tan([0.0, 1.0])
    tensor([0.    , 1.5574], shape=(2,), dtype=float64)
    """

    name, label, method = "tan", "tan", True
    domain = (-1.2, 1.2)
    tex = r"$y = \tan $a"
    vjp_tex = (r"$g \odot (1 + $y^2)",)

    def forward(xp, a):
        return xp.tan(a)

    def vjp(xp, g, out, a):
        return g * (1 + out * out)


class Arcsin(Unary):
    """Return the inverse sine of each element, in radians.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.arcsin([0.0, 1.0])
    tensor([0.    , 1.5708], shape=(2,), dtype=float64)
    """

    name, label, method = "arcsin", "arcsin", True
    domain = (-0.9, 0.9)
    tex = r"$y = \arcsin $a"
    vjp_tex = (r"$g \oslash \sqrt{1 - {$a}^2}",)

    def forward(xp, a):
        return xp.arcsin(a)

    def vjp(xp, g, out, a):
        return g / xp.sqrt(1 - a * a)


class Arccos(Unary):
    """Return the inverse cosine of each element, in radians.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.arccos([0.0, 1.0])
    tensor([1.5708, 0.    ], shape=(2,), dtype=float64)
    """

    name, label, method = "arccos", "arccos", True
    domain = (-0.9, 0.9)
    tex = r"$y = \arccos $a"
    vjp_tex = (r"-$g \oslash \sqrt{1 - {$a}^2}",)

    def forward(xp, a):
        return xp.arccos(a)

    def vjp(xp, g, out, a):
        return -(g / xp.sqrt(1 - a * a))


class Arctan(Unary):
    """Return the inverse tangent of each element, in radians.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.arctan([0.0, 1.0])
    tensor([0.    , 0.7854], shape=(2,), dtype=float64)
    """

    name, label, method = "arctan", "arctan", True
    tex = r"$y = \arctan $a"
    vjp_tex = (r"$g \oslash (1 + {$a}^2)",)

    def forward(xp, a):
        return xp.arctan(a)

    def vjp(xp, g, out, a):
        return g / (1 + a * a)


class Arctan2(Binary):
    """Return the angle of the point (`b`, `a`), in radians: ``arctan(a / b)`` in its quadrant.

    The gradients at (0, 0) are 0, as in PyTorch.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.arctan2(1.0, [1.0, -1.0])
    tensor([0.7854, 2.3562], shape=(2,), dtype=float64)
    """

    name, label, method = "arctan2", "atan2", True
    domain = (0.5, 2.0)
    tex = r"$y = \operatorname{atan2}($a, $b)"
    vjp_tex = (r"$g \odot $b \oslash ({$a}^2 + {$b}^2)", r"-$g \odot $a \oslash ({$a}^2 + {$b}^2)")

    def forward(xp, a, b):
        return xp.arctan2(a, b)

    def vjp(xp, g, out, a, b):
        square = a * a + b * b
        share = g / xp.where(square == 0, 1.0, square)
        return lambda: share * b, lambda: -(share * a)


class Hypot(Binary):
    """Return ``sqrt(a**2 + b**2)`` without overflow. The gradients at (0, 0) are 0.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.hypot(3.0, [4.0, 0.0])
    tensor([5., 3.], shape=(2,), dtype=float64)
    """

    name, label, method = "hypot", "√(x²+y²)", True
    domain = (0.5, 2.0)
    tex = r"$y = \sqrt{{$a}^2 + {$b}^2}"
    vjp_tex = (r"$g \odot $a \oslash $y", r"$g \odot $b \oslash $y")

    def forward(xp, a, b):
        return xp.hypot(a, b)

    def vjp(xp, g, out, a, b):
        length = xp.where(out == 0, 1.0, out)
        return lambda: g * (a / length), lambda: g * (b / length)


class Sinh(Unary):
    """Return the hyperbolic sine of each element.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.sinh([0.0, 1.0])
    tensor([0.    , 1.1752], shape=(2,), dtype=float64)
    """

    name, label, method = "sinh", "sinh", True
    tex = r"$y = \sinh $a"
    vjp_tex = (r"$g \odot \cosh $a",)

    def forward(xp, a):
        return xp.sinh(a)

    def vjp(xp, g, out, a):
        return g * xp.cosh(a)


class Cosh(Unary):
    """Return the hyperbolic cosine of each element.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.cosh([0.0, 1.0])
    tensor([1.    , 1.5431], shape=(2,), dtype=float64)
    """

    name, label, method = "cosh", "cosh", True
    tex = r"$y = \cosh $a"
    vjp_tex = (r"$g \odot \sinh $a",)

    def forward(xp, a):
        return xp.cosh(a)

    def vjp(xp, g, out, a):
        return g * xp.sinh(a)


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
        slope = out * out
        slope = unit(slope) - slope
        slope *= g
        return slope


class Arcsinh(Unary):
    """Return the inverse hyperbolic sine of each element.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.arcsinh([0.0, 1.0])
    tensor([0.    , 0.8814], shape=(2,), dtype=float64)
    """

    name, label, method = "arcsinh", "arsinh", True
    tex = r"$y = \operatorname{arsinh} $a"
    vjp_tex = (r"$g \oslash \sqrt{1 + {$a}^2}",)

    def forward(xp, a):
        return xp.arcsinh(a)

    def vjp(xp, g, out, a):
        return g / xp.hypot(a, 1.0)


class Arccosh(Unary):
    """Return the inverse hyperbolic cosine of each element.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.arccosh([1.0, 2.0])
    tensor([0.   , 1.317], shape=(2,), dtype=float64)
    """

    name, label, method = "arccosh", "arcosh", True
    domain = (1.2, 3.0)
    tex = r"$y = \operatorname{arcosh} $a"
    vjp_tex = (r"$g \oslash \sqrt{{$a}^2 - 1}",)

    def forward(xp, a):
        return xp.arccosh(a)

    def vjp(xp, g, out, a):
        return g / (xp.sqrt(a - 1) * xp.sqrt(a + 1))


class Arctanh(Unary):
    """Return the inverse hyperbolic tangent of each element.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.arctanh([0.0, 0.5])
    tensor([0.    , 0.5493], shape=(2,), dtype=float64)
    """

    name, label, method = "arctanh", "artanh", True
    domain = (-0.9, 0.9)
    tex = r"$y = \operatorname{artanh} $a"
    vjp_tex = (r"$g \oslash (1 - {$a}^2)",)

    def forward(xp, a):
        return xp.arctanh(a)

    def vjp(xp, g, out, a):
        return g / (1 - a * a)


class Sinc(Unary):
    """Return ``sin(πa) / (πa)``, which is 1 at 0.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.sinc([0.0, 0.5])
    tensor([1.    , 0.6366], shape=(2,), dtype=float64)
    """

    name, label, method = "sinc", "sinc", True
    tex = r"$y = \frac{\sin \pi $a}{\pi $a}"
    vjp_tex = (r"$g \odot (\cos \pi $a - $y) \oslash $a",)

    def forward(xp, a):
        return xp.sinc(a)

    def vjp(xp, g, out, a):
        # near 0 the two terms cancel: three terms of the Taylor series stand in
        small = abs(a) < 0.01
        safe = xp.where(small, 1.0, a)
        square = a * a
        series = a * (square * (_C3 - square * _C5) - _C1)
        return g * xp.where(small, series, (xp.cos(safe * math.pi) - xp.sinc(safe)) / safe)

    @classmethod
    def samples(cls, rng):
        return [*super().samples(rng), Sample([0.0, 0.002, -0.005, 0.02])]


class Deg2Rad(Unary):
    """Convert degrees to radians.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.deg2rad([0.0, 180.0])
    tensor([0.    , 3.1416], shape=(2,), dtype=float64)
    """

    name, label, method = "deg2rad", "rad", True
    numpy = ("deg2rad", "radians")
    tex = r"$y = \tfrac{\pi}{180}\,$a"
    vjp_tex = (r"\tfrac{\pi}{180}\,$g",)

    def forward(xp, a):
        return xp.deg2rad(a)

    def vjp(xp, g, out, a):
        return g * (math.pi / 180)


class Rad2Deg(Unary):
    """Convert radians to degrees.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.rad2deg([0.0, 1.0])
    tensor([ 0.    , 57.2958], shape=(2,), dtype=float64)
    """

    name, label, method = "rad2deg", "deg", True
    numpy = ("rad2deg", "degrees")
    tex = r"$y = \tfrac{180}{\pi}\,$a"
    vjp_tex = (r"\tfrac{180}{\pi}\,$g",)

    def forward(xp, a):
        return xp.rad2deg(a)

    def vjp(xp, g, out, a):
        return g * (180 / math.pi)
