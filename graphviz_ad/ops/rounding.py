"""Signs and rounding, element by element: constant between jumps, so the gradient is 0."""

from __future__ import annotations

from graphviz_ad.engine.op import Sample
from graphviz_ad.ops.families import Unary


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


class Floor(Unary):
    """Round each element down to a whole number. The gradient is 0 everywhere.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.floor([1.7, -1.7])
    tensor([ 1., -2.], shape=(2,), dtype=float64)
    """

    name, label, method = "floor", "⌊x⌋", True
    kinks = (-2.0, -1.0, 0.0, 1.0, 2.0)
    tex = r"$y = \lfloor $a \rfloor"
    vjp_tex = ("0",)

    def forward(xp, a):
        return xp.floor(a)

    def vjp(xp, g, out, a):
        return xp.zeros(a.shape, dtype=a.dtype)


class Ceil(Unary):
    """Round each element up to a whole number. The gradient is 0 everywhere.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.ceil([1.7, -1.7])
    tensor([ 2., -1.], shape=(2,), dtype=float64)
    """

    name, label, method = "ceil", "⌈x⌉", True
    kinks = (-2.0, -1.0, 0.0, 1.0, 2.0)
    tex = r"$y = \lceil $a \rceil"
    vjp_tex = ("0",)

    def forward(xp, a):
        return xp.ceil(a)

    def vjp(xp, g, out, a):
        return xp.zeros(a.shape, dtype=a.dtype)


class Trunc(Unary):
    """Round each element towards 0 to a whole number. The gradient is 0 everywhere.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.trunc([1.7, -1.7])
    tensor([ 1., -1.], shape=(2,), dtype=float64)
    """

    name, label, method = "trunc", "trunc", True
    kinks = (-2.0, -1.0, 0.0, 1.0, 2.0)
    tex = r"$y = \operatorname{trunc}($a)"
    vjp_tex = ("0",)

    def forward(xp, a):
        return xp.trunc(a)

    def vjp(xp, g, out, a):
        return xp.zeros(a.shape, dtype=a.dtype)


class Round(Unary):
    """Round to the nearest number with some decimals, halves to even. The gradient is 0.

    Parameters
    ----------
    a : array_like
    decimals : int
        Negative ones count positions to the left of the point.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.round([1.26, -0.5, 1.5], decimals=1)
    tensor([ 1.3, -0.5,  1.5], shape=(3,), dtype=float64)
    """

    name, label, method, numpy = "round", "round", True, ("round", "around")
    kinks = (-1.5, -0.5, 0.5, 1.5)
    tex = r"$y = \operatorname{round}($a)"
    vjp_tex = ("0",)

    def forward(xp, a, *, decimals=0):
        return xp.round(a, decimals)

    def vjp(xp, g, out, a, *, decimals=0):
        return xp.zeros(a.shape, dtype=a.dtype)

    @classmethod
    def samples(cls, rng):
        wide = Sample([123.4, -77.7, 0.12], decimals=-1)
        return [*super().samples(rng), wide, Sample([1.234, -5.678], decimals=1)]


class Rint(Unary):
    """Round each element to the nearest whole number, halves to even. The gradient is 0.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.rint([1.7, 2.5])
    tensor([2., 2.], shape=(2,), dtype=float64)
    """

    name, label, method = "rint", "round", True
    kinks = (-1.5, -0.5, 0.5, 1.5)
    tex = r"$y = \operatorname{round}($a)"
    vjp_tex = ("0",)

    def forward(xp, a):
        return xp.rint(a)

    def vjp(xp, g, out, a):
        return xp.zeros(a.shape, dtype=a.dtype)
