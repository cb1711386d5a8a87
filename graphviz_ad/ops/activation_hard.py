"""Piecewise activations: lines, clips, shrinkages and their like."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphviz_ad.engine.op import Failure, Op, Sample
from graphviz_ad.errors import ArgumentError, DTypeError, ShapeError
from graphviz_ad.ops.families import Unary


class LeakyReLU(Unary):
    """ReLU that lets a part through below 0: ``x`` or ``negative_slope * x``.

    At 0 the gradient is `negative_slope`.

    Parameters
    ----------
    input : array_like
    negative_slope : float

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.leaky_relu([2.0, -2.0], 0.5)
    tensor([ 2., -1.], shape=(2,), dtype=float64)
    """

    name, label = "leaky_relu", "leaky ReLU"
    tex = r"$y = \begin{cases} $a & $a > 0 \\ s\, $a & $a \le 0 \end{cases}"
    vjp_tex = (r"$g \odot \begin{cases} 1 & $a > 0 \\ s & $a \le 0 \end{cases}",)
    kinks = (0.0,)

    def forward(xp, input, *, negative_slope=0.01):
        return xp.where(input > 0, input, negative_slope * input)

    def vjp(xp, g, out, input, *, negative_slope):
        return xp.where(input > 0, g, negative_slope * g)

    def reference(input, *, negative_slope=0.01):
        return np.maximum(input, 0) + negative_slope * np.minimum(input, 0)


class PReLU(Op):
    """Leaky ReLU with a learned slope: ``x`` above 0, ``weight * x`` below.

    At 0 the gradient of `input` is `weight`.

    Parameters
    ----------
    input : array_like, shape (N, C, …) or (C,)
    weight : array_like, shape (), (1,) or (C,)
        One slope, or one for each channel; the channels are axis 1, or 0 of a vector.

    Raises
    ------
    ShapeError
        When `weight` is of another shape.

    Notes
    -----
    Formula: He et al., arXiv:1502.01852.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.prelu([[2.0, -2.0]], [0.5])
    tensor([[ 2., -1.]], shape=(1, 2), dtype=float64)
    """

    name, label = "prelu", "PReLU"
    tex = r"$y = \begin{cases} $a & $a > 0 \\ $b \odot $a & $a \le 0 \end{cases}"
    vjp_tex = (
        r"$g \odot \begin{cases} 1 & $a > 0 \\ $b & $a \le 0 \end{cases}",
        r"\textstyle\sum $g \odot \min($a, 0)",
    )

    def check(input, weight):
        x, w = getattr(input, "shape", ()), getattr(weight, "shape", ())
        channels = x[1] if len(x) > 1 else x[0] if x else 1
        if w not in ((), (1,), (channels,)):
            got = f"weight {w} for input {x}"
            raise ShapeError("prelu", f"weight (), (1,) or ({channels},)", got)

    def forward(xp, input, weight):
        return xp.where(input > 0, input, _by_channel(xp, weight, input) * input)

    def vjp(xp, g, out, input, weight):
        def to_weight():
            sent = g * xp.minimum(input, 0)
            if getattr(weight, "size", 1) == 1:
                return xp.reshape(xp.sum(sent), weight.shape)
            return xp.sum(sent, axis=tuple(i for i in range(sent.ndim) if i != 1 % sent.ndim))

        return xp.where(input > 0, g, _by_channel(xp, weight, input) * g), to_weight

    def reference(input, weight):
        weight = np.asarray(weight)
        if weight.size > 1:
            weight = weight.reshape((-1,) + (1,) * max(0, np.ndim(input) - 2))
        return np.maximum(input, 0) + weight * np.minimum(input, 0)

    def samples(rng):
        x = rng.uniform(0.1, 1.0, size=(2, 3, 4)) * rng.choice([-1, 1], size=(2, 3, 4))
        w = rng.normal(size=3)
        return [
            Sample(x, w),
            Sample(x, w[:1]),
            Sample(x, np.float64(0.3)),
            Sample(x[:, :, 0], w),
            Sample(x[0, :, 0], w),
            Sample(np.float64(-2.0), np.float64(0.25)),
            Sample(x[:0], w),
        ]

    fails = Failure(
        ShapeError, r"prelu: expected weight .* or \(3,\)", [[1.0, 2.0, 3.0]], [1.0, 2.0]
    )


class HardTanh(Unary):
    """Clip to ``[min_val, max_val]``. At and beyond both ends the gradient is 0.

    Parameters
    ----------
    input : array_like
    min_val, max_val : float

    Raises
    ------
    ArgumentError
        Unless ``min_val < max_val``.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.hardtanh([0.5, 7.0])
    tensor([0.5, 1. ], shape=(2,), dtype=float64)
    """

    name, label = "hardtanh", "hardtanh"
    tex = r"$y = \min(\max($a, l), u)"
    vjp_tex = (r"$g \odot [l < $a < u]",)
    kinks = (-1.0, 1.0)

    def check(input, *, min_val, max_val):
        if not min_val <= max_val:
            got = f"min_val={min_val!r}, max_val={max_val!r}"
            raise ArgumentError("hardtanh", "min_val no larger than max_val", got)

    def forward(xp, input, *, min_val=-1.0, max_val=1.0):
        return xp.minimum(xp.maximum(input, min_val), max_val)

    def vjp(xp, g, out, input, *, min_val, max_val):
        return xp.where((input <= min_val) | (input >= max_val), 0, g)

    def reference(input, *, min_val=-1.0, max_val=1.0):
        return np.clip(input, min_val, max_val)

    fails = Failure(ArgumentError, r"hardtanh: expected min_val no", [1.0], min_val=2, max_val=1)


class ReLU6(Unary):
    """Clip to ``[0, 6]``. At and beyond both ends the gradient is 0.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.relu6([-1.0, 2.0, 9.0])
    tensor([0., 2., 6.], shape=(3,), dtype=float64)
    """

    name, label = "relu6", "ReLU6"
    tex = r"$y = \min(\max($a, 0), 6)"
    vjp_tex = (r"$g \odot [0 < $a < 6]",)
    domain, kinks = (-9.0, 9.0), (0.0, 6.0)

    def forward(xp, input):
        return xp.minimum(xp.maximum(input, 0), 6)

    def vjp(xp, g, out, input):
        return xp.where((input <= 0) | (input >= 6), 0, g)

    def reference(input):
        return np.clip(input, 0, 6)


class HardSigmoid(Unary):
    """Sigmoid of three lines: ``relu6(x + 3) / 6``. At the two kinks the gradient is 0.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.hardsigmoid([-4.0, 0.0, 4.0])
    tensor([0. , 0.5, 1. ], shape=(3,), dtype=float64)
    """

    name, label = "hardsigmoid", "hard σ"
    tex = r"$y = \tfrac{1}{6} \min(\max($a + 3, 0), 6)"
    vjp_tex = (r"\tfrac{1}{6} $g \odot [-3 < $a < 3]",)
    domain, kinks = (-6.0, 6.0), (-3.0, 3.0)

    def forward(xp, input):
        return xp.minimum(xp.maximum(input + 3, 0), 6) / 6

    def vjp(xp, g, out, input):
        return xp.where((input > -3) & (input < 3), g / 6, 0)

    def reference(input):
        return np.clip(np.add(input, 3), 0, 6) / 6


class HardSwish(Unary):
    """Swish of three pieces: ``x * relu6(x + 3) / 6``. At -3 the gradient is 0, at 3 it is 1.

    Notes
    -----
    Formula: Howard et al., arXiv:1905.02244.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.hardswish([-4.0, 0.0, 4.0]).numpy().tolist()
    [-0.0, 0.0, 4.0]
    """

    name, label = "hardswish", "hard swish"
    tex = r"$y = \tfrac{1}{6} $a \odot \min(\max($a + 3, 0), 6)"
    vjp_tex = (
        r"$g \odot \begin{cases} 0 & $a \le -3 \\ \tfrac{$a}{3} + \tfrac12 & -3 < $a < 3"
        r" \\ 1 & $a \ge 3 \end{cases}",
    )
    domain, kinks = (-6.0, 6.0), (-3.0, 3.0)

    def forward(xp, input):
        return input * xp.minimum(xp.maximum(input + 3, 0), 6) / 6

    def vjp(xp, g, out, input):
        return xp.where(input < 3, xp.where(input > -3, g * (input / 3 + 0.5), 0), g)

    def reference(input):
        return input * np.clip(np.add(input, 3), 0, 6) / 6


class Threshold(Unary):
    """Replace what is not above the threshold by a value. At the threshold the gradient is 0.

    Parameters
    ----------
    input : array_like
    threshold, value : float

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.threshold([0.5, 2.0], 1.0, -7.0)
    tensor([-7.,  2.], shape=(2,), dtype=float64)
    """

    name, label = "threshold", "threshold"
    tex = r"$y = \begin{cases} $a & $a > t \\ v & $a \le t \end{cases}"
    vjp_tex = (r"$g \odot [$a > t]",)

    def forward(xp, input, *, threshold, value):
        return xp.where(input <= threshold, value, input)

    def vjp(xp, g, out, input, *, threshold, value):
        return xp.where(input <= threshold, 0, g)

    def reference(input, *, threshold, value):
        return np.where(np.greater(input, threshold), input, value)

    def samples(rng):
        arrays = [s.arrays for s in Unary.samples(rng)]
        return [Sample(*a, threshold=0.123, value=-7.0) for a in arrays]

    fails = Failure(DTypeError, r"threshold: expected booleans, integ", [1j], threshold=1, value=1)


class Softsign(Unary):
    """Squash into (-1, 1) along a hyperbola: ``x / (1 + |x|)``.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.softsign([1.0, -3.0])
    tensor([ 0.5 , -0.75], shape=(2,), dtype=float64)
    """

    name, label = "softsign", "softsign"
    tex = r"$y = \frac{$a}{1 + |$a|}"
    vjp_tex = (r"\frac{$g}{(1 + |$a|)^2}",)

    def forward(xp, input):
        return input / (1 + xp.abs(input))

    def vjp(xp, g, out, input):
        d = 1 + xp.abs(input)
        return g / (d * d)

    def reference(input):
        return np.divide(input, 1 + np.abs(input))


class TanhShrink(Unary):
    """Return what the hyperbolic tangent takes away: ``x - tanh(x)``.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.tanhshrink(0.0).item()
    0.0
    """

    name, label = "tanhshrink", "tanh shrink"
    tex = r"$y = $a - \tanh($a)"
    vjp_tex = (r"$g \odot \tanh^2($a)",)

    def forward(xp, input):
        return input - xp.tanh(input)

    def vjp(xp, g, out, input):
        t = xp.tanh(input)
        return g * (t * t)

    def reference(input):
        return input - np.tanh(input)


class SoftShrink(Unary):
    """Move towards 0 by `lambd`, and to 0 what is nearer. At the two kinks the gradient is 0.

    Parameters
    ----------
    input : array_like
    lambd : float
        Not negative.

    Raises
    ------
    ArgumentError
        When `lambd` is negative.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.softshrink([0.25, 2.0])
    tensor([0. , 1.5], shape=(2,), dtype=float64)
    """

    name, label = "softshrink", "soft shrink"
    tex = r"$y = \mathrm{sign}($a) \max(|$a| - \lambda, 0)"
    vjp_tex = (r"$g \odot [|$a| > \lambda]",)
    kinks = (-0.5, 0.5)

    def check(input, *, lambd):
        _check_lambda("softshrink", lambd)

    def forward(xp, input, *, lambd=0.5):
        return input - xp.minimum(xp.maximum(input, -lambd), lambd)

    def vjp(xp, g, out, input, *, lambd):
        return xp.where(xp.abs(input) <= lambd, 0, g)

    def reference(input, *, lambd=0.5):
        return np.sign(input) * np.maximum(np.abs(input) - lambd, 0)

    fails = Failure(ArgumentError, r"softshrink: expected lambd", [1.0], lambd=-1.0)


class HardShrink(Unary):
    """Replace by 0 what lies within `lambd` of it. At the two kinks the gradient is 0.

    Parameters
    ----------
    input : array_like
    lambd : float
        Not negative.

    Raises
    ------
    ArgumentError
        When `lambd` is negative.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.hardshrink([0.25, 2.0])
    tensor([0., 2.], shape=(2,), dtype=float64)
    """

    name, label = "hardshrink", "hard shrink"
    tex = r"$y = \begin{cases} $a & |$a| > \lambda \\ 0 & |$a| \le \lambda \end{cases}"
    vjp_tex = (r"$g \odot [|$a| > \lambda]",)
    kinks = (-0.5, 0.5)

    def check(input, *, lambd):
        _check_lambda("hardshrink", lambd)

    def forward(xp, input, *, lambd=0.5):
        return xp.where(xp.abs(input) <= lambd, 0, input)  # NaN stays NaN

    def vjp(xp, g, out, input, *, lambd):
        return xp.where(xp.abs(input) <= lambd, 0, g)

    def reference(input, *, lambd=0.5):
        return np.where(np.abs(input) > lambd, input, 0)

    fails = Failure(ArgumentError, r"hardshrink: expected lambd", [1.0], lambd=-1.0)


def _check_lambda(function: str, lambd: float) -> None:
    if not lambd >= 0:
        raise ArgumentError(function, "lambd of 0 or more", repr(lambd))


def _by_channel(xp: Any, weight: Any, x: Any) -> Any:
    """Give one slope per channel the trailing axes that broadcast it against `x`."""
    trailing = getattr(x, "ndim", 0) - 2
    if trailing < -1:
        return xp.reshape(weight, ())
    if trailing <= 0 or getattr(weight, "size", 1) == 1:
        return weight
    return xp.reshape(weight, (weight.shape[0],) + (1,) * trailing)
