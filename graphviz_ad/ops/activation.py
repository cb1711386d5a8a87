"""Smooth activations, and those of the exponential family. ReLU and sigmoid are elementwise."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphviz_ad.engine.op import Failure, Sample
from graphviz_ad.engine.traced import call
from graphviz_ad.errors import ArgumentError, AxisError, ShapeError
from graphviz_ad.ops.exponential import Erf, Sigmoid
from graphviz_ad.ops.families import Unary

SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946
SQRT_HALF = 0.7071067811865476
SQRT_TWO_OVER_PI = 0.7978845608028654


def softplus_of(xp: Any, x: Any) -> Any:
    """Return ``log(1 + exp(x))`` without overflow."""
    return xp.maximum(x, 0) + xp.log1p(xp.exp(-xp.abs(x)))


class ELU(Unary):
    """Exponential linear unit: ``x`` above 0, ``alpha * (exp(x) - 1)`` below.

    At 0 the gradient is `alpha`.

    Parameters
    ----------
    input : array_like
    alpha : float

    Notes
    -----
    Formula: Clevert, Unterthiner and Hochreiter, arXiv:1511.07289.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.elu([2.0, -1000.0])
    tensor([ 2., -1.], shape=(2,), dtype=float64)
    """

    name, label = "elu", "ELU"
    tex = r"$y = \begin{cases} $a & $a > 0 \\ \alpha\,(e^{$a} - 1) & $a \le 0 \end{cases}"
    vjp_tex = (r"$g \odot \begin{cases} 1 & $a > 0 \\ \alpha\, e^{$a} & $a \le 0 \end{cases}",)
    kinks = (0.0,)

    def forward(xp, input, *, alpha=1.0):
        return xp.where(input > 0, input, alpha * xp.expm1(xp.minimum(input, 0)))

    def vjp(xp, g, out, input, *, alpha):
        return xp.where(input > 0, g, g * (alpha * xp.exp(xp.minimum(input, 0))))

    def reference(input, *, alpha=1.0):
        return np.where(np.greater(input, 0), input, alpha * (np.exp(input) - 1))


class CELU(Unary):
    """Continuously differentiable ELU: ``x`` above 0, ``alpha * (exp(x / alpha) - 1)`` below.

    Parameters
    ----------
    input : array_like
    alpha : float
        Not 0.

    Raises
    ------
    ArgumentError
        When `alpha` is 0.

    Notes
    -----
    Formula: Barron, arXiv:1704.07483.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.celu([2.0, -1000.0], alpha=0.5)
    tensor([ 2. , -0.5], shape=(2,), dtype=float64)
    """

    name, label = "celu", "CELU"
    tex = r"$y = \begin{cases} $a & $a > 0 \\ \alpha\,(e^{$a/\alpha} - 1) & $a \le 0 \end{cases}"
    vjp_tex = (r"$g \odot \begin{cases} 1 & $a > 0 \\ e^{$a/\alpha} & $a \le 0 \end{cases}",)
    kinks = (0.0,)

    def check(input, *, alpha):
        if alpha == 0:
            raise ArgumentError("celu", "alpha other than 0", repr(alpha))

    def forward(xp, input, *, alpha=1.0):
        return xp.where(input > 0, input, alpha * xp.expm1(_below(xp, input) / alpha))

    def vjp(xp, g, out, input, *, alpha):
        return xp.where(input > 0, g, g * xp.exp(_below(xp, input) / alpha))

    def reference(input, *, alpha=1.0):
        x = np.asarray(input)
        return np.maximum(0, x) + np.minimum(0, alpha * (np.exp(np.minimum(x, 0) / alpha) - 1))

    fails = Failure(ArgumentError, r"celu: expected alpha other than 0", [1.0], alpha=0.0)


class SELU(Unary):
    """Scaled ELU, whose two constants keep mean 0 and variance 1 from layer to layer.

    At 0 the gradient is that of the negative side.

    Notes
    -----
    Constants: Klambauer et al., arXiv:1706.02515.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> f"{ad.selu(1.0).item():.4f}"
    '1.0507'
    """

    name, label = "selu", "SELU"
    tex = r"$y = \lambda \begin{cases} $a & $a > 0 \\ \alpha\,(e^{$a} - 1) & $a \le 0 \end{cases}"
    vjp_tex = (
        r"\lambda\, $g \odot \begin{cases} 1 & $a > 0 \\ \alpha\, e^{$a} & $a \le 0 \end{cases}",
    )
    kinks = (0.0,)

    def forward(xp, input):
        negative = SELU_ALPHA * SELU_SCALE * xp.expm1(xp.minimum(input, 0))
        return xp.where(input > 0, SELU_SCALE * input, negative)

    def vjp(xp, g, out, input):
        negative = g * (SELU_ALPHA * SELU_SCALE * xp.exp(xp.minimum(input, 0)))
        return xp.where(input > 0, SELU_SCALE * g, negative)

    def reference(input):
        x = np.asarray(input)
        return SELU_SCALE * np.where(x > 0, x, SELU_ALPHA * (np.exp(x) - 1))


class GELU(Unary):
    """Gaussian error linear unit: ``x * Φ(x)`` with Φ of the standard normal distribution.

    Parameters
    ----------
    input : array_like
    approximate : {'none', 'tanh'}
        ``'tanh'`` takes ``x/2 * (1 + tanh(sqrt(2/π) (x + 0.044715 x³)))``.

    Raises
    ------
    ArgumentError
        For another `approximate`.

    Notes
    -----
    Formula: Hendrycks and Gimpel, arXiv:1606.08415.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> f"{ad.gelu(1.0).item():.4f}"
    '0.8413'
    """

    name, label = "gelu", "GELU"
    tex = r"$y = $a \odot \Phi($a)"
    vjp_tex = (r"$g \odot \left(\Phi($a) + $a \odot \varphi($a)\right)",)

    def check(input, *, approximate):
        if approximate not in ("none", "tanh"):
            raise ArgumentError("gelu", "approximate 'none' or 'tanh'", repr(approximate))

    def forward(xp, input, *, approximate="none"):
        if approximate == "tanh":
            return 0.5 * input * (1 + _tanh_part(xp, input))
        return 0.5 * input * (1 + call(Erf, xp, SQRT_HALF * input))

    def vjp(xp, g, out, input, *, approximate):
        if approximate == "tanh":
            t = _tanh_part(xp, input)
            slope = SQRT_TWO_OVER_PI * (1 + 0.134145 * (input * input))
            return g * (0.5 * (1 + t) + 0.5 * input * (1 - t * t) * slope)
        normal = (0.5 * SQRT_TWO_OVER_PI) * xp.exp(-0.5 * (input * input))
        return g * (0.5 * (1 + call(Erf, xp, SQRT_HALF * input)) + input * normal)

    def reference(input, *, approximate="none"):
        from math import erf, tanh

        if approximate == "tanh":
            part = np.vectorize(
                lambda v: tanh((2 / np.pi) ** 0.5 * (v + 0.044715 * v**3)), otypes=[float]
            )
        else:
            part = np.vectorize(lambda v: erf(v / 2**0.5), otypes=[float])
        return np.multiply(input, (1 + part(input)) / 2)

    def samples(rng):
        x = rng.normal(size=(3, 4))
        return [*Unary.samples(rng), Sample(x, approximate="tanh"), Sample(3 * x)]

    fails = Failure(ArgumentError, r"gelu: expected approximate", [1.0], approximate="erf")


class SiLU(Unary):
    """Sigmoid linear unit, or swish: ``x * sigmoid(x)``.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.silu(0.0).item()
    0.0
    """

    name, label = "silu", "SiLU"
    tex = r"$y = $a \odot \sigma($a)"
    vjp_tex = (r"$g \odot \sigma($a) \odot \left(1 + $a \odot (1 - \sigma($a))\right)",)

    def forward(xp, input):
        return input * call(Sigmoid, xp, input)

    def vjp(xp, g, out, input):
        s = call(Sigmoid, xp, input)
        return g * (s + s * (1 - s) * input)

    def reference(input):
        return input / (1 + np.exp(np.negative(input)))


class Mish(Unary):
    """Self-regularised activation: ``x * tanh(softplus(x))``.

    Notes
    -----
    Formula: Misra, arXiv:1908.08681.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.mish(0.0).item()
    0.0
    """

    name, label = "mish", "mish"
    tex = r"$y = $a \odot \tanh\left(\log(1 + e^{$a})\right)"
    vjp_tex = (
        r"$g \odot \left(t + $a \odot (1 - t^2) \odot \sigma($a)\right),"
        r"\; t = \tanh\log(1 + e^{$a})",
    )

    def forward(xp, input):
        return input * xp.tanh(softplus_of(xp, input))

    def vjp(xp, g, out, input):
        t = xp.tanh(softplus_of(xp, input))
        return g * (t + input * (1 - t * t) * call(Sigmoid, xp, input))

    def reference(input):
        return input * np.tanh(np.log(1 + np.exp(input)))


class Softplus(Unary):
    """Smooth ReLU: ``log(1 + exp(beta * x)) / beta``, and ``x`` itself above the threshold.

    Parameters
    ----------
    input : array_like
    beta : float
    threshold : float
        Where ``beta * x`` exceeds it, the output is `input` and the gradient 1.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.softplus(1000.0).item()
    1000.0
    """

    name, label = "softplus", "softplus"
    tex = r"$y = \tfrac{1}{\beta} \log\left(1 + e^{\beta $a}\right)"
    vjp_tex = (r"$g \odot \sigma(\beta $a)",)

    def forward(xp, input, *, beta=1.0, threshold=20.0):
        z = beta * input
        return xp.where(z > threshold, input, softplus_of(xp, z) / beta)

    def vjp(xp, g, out, input, *, beta, threshold):
        z = beta * input
        return xp.where(z > threshold, g, g * call(Sigmoid, xp, z))

    def reference(input, *, beta=1.0, threshold=20.0):
        z = beta * np.asarray(input)
        return np.where(z > threshold, input, np.log(1 + np.exp(np.minimum(z, 100))) / beta)

    def samples(rng):
        x = 4 * rng.normal(size=(3, 4))
        more = [Sample(x, beta=0.5), Sample(x, beta=2.0, threshold=3.0), Sample(np.array([900.0]))]
        return [*Unary.samples(rng), *more]


class LogSigmoid(Unary):
    """Return the logarithm of the sigmoid, exact where the sigmoid itself underflows.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.logsigmoid(-1000.0).item()
    -1000.0
    """

    name, label = "logsigmoid", "log σ"
    tex = r"$y = -\log\left(1 + e^{-$a}\right)"
    vjp_tex = (r"$g \odot \sigma(-$a)",)

    def forward(xp, input):
        return xp.minimum(input, 0) - xp.log1p(xp.exp(-xp.abs(input)))

    def vjp(xp, g, out, input):
        return g * call(Sigmoid, xp, -input)

    def reference(input):
        return -np.log(1 + np.exp(np.negative(input)))


class GLU(Unary):
    """Gated linear unit: the first half of an axis times the sigmoid of the second half.

    Parameters
    ----------
    input : array_like
    axis : int
        An axis of even length; `dim` is another name for it.

    Raises
    ------
    ShapeError
        When the axis is of odd length.

    Notes
    -----
    Formula: Dauphin et al., arXiv:1612.08083.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.glu([2.0, 0.0]).numpy().tolist()
    [1.0]
    """

    name, label = "glu", "GLU"
    aliases = {"dim": "axis"}
    tex = r"$y = {$a}_1 \odot \sigma({$a}_2), \quad $a = [{$a}_1, {$a}_2]"
    vjp_tex = (
        r"\left[$g \odot \sigma({$a}_2),\;"
        r" $g \odot {$a}_1 \odot \sigma({$a}_2) \odot (1 - \sigma({$a}_2))\right]",
    )

    def check(input, *, axis):
        shape = getattr(input, "shape", ())
        if not -len(shape) <= axis < len(shape):
            raise AxisError("glu", "an axis that the array has", f"input {shape}, axis={axis}")
        if shape[axis] % 2:
            raise ShapeError("glu", "an axis of even length", f"input {shape}, axis={axis}")

    def forward(xp, input, *, axis=-1):
        a, b = _halves(input, axis)
        return a * call(Sigmoid, xp, b)

    def vjp(xp, g, out, input, *, axis):
        a, b = _halves(input, axis)
        s = call(Sigmoid, xp, b)
        gs = g * s
        return xp.concatenate((gs, gs * (a * (1 - s))), axis=axis)

    def reference(input, *, axis=-1):
        a, b = np.split(input, 2, axis)
        return a / (1 + np.exp(-b))

    def samples(rng):
        x = rng.normal(size=(2, 4, 6))
        return [Sample(x), Sample(x, axis=0), Sample(x, axis=-2), Sample(x[0, 0]), Sample(x[:0])]

    fails = Failure(ShapeError, r"glu: expected an axis of even length", [1.0, 2.0, 3.0])


def _below(xp: Any, x: Any) -> Any:
    """Return ``min(x, 0)``, the part that goes into an exponential."""
    return xp.minimum(x, 0)


def _tanh_part(xp: Any, x: Any) -> Any:
    return xp.tanh(SQRT_TWO_OVER_PI * x * (1 + 0.044715 * (x * x)))


def _halves(x: Any, axis: int) -> tuple[Any, Any]:
    before = (slice(None),) * (axis % x.ndim)
    half = x.shape[axis] // 2
    return x[(*before, slice(None, half))], x[(*before, slice(half, None))]
