"""What theory expects of a layer's gain, from the weights and the activation."""

from __future__ import annotations

import math
from collections import Counter

from graphviz_ad.diagnose.families import ACTIVATIONS
from graphviz_ad.diagnose.measures import Measures, Span

__all__ = ["expected_slope", "mean_field_gain"]

# √E[φ′(x)²] near x = 0, that of relu over x of either sign.
_SLOPES = {"relu": math.sqrt(0.5), "sigmoid": 0.25, "tanh": 1.0, "hardtanh": 1.0, "exp": 1.0}


def mean_field_gain(weight_rms: float, fan_out: int, activation: str) -> float:
    r"""Return the decades that a layer adds to the gradient: ``log10(√(fan_out σ²_w E[φ′²]))``.

    Schoenholz et al., "Deep information propagation", ICLR 2017, equation 10 (χ = σ²_w E[φ′²]),
    at inputs near 0: a sigmoid with Var W = 1/n loses log10 4 = 0.6 a layer, relu with gain g
    loses −log10(g/√2).

    Parameters
    ----------
    weight_rms : float
    fan_out : int
    activation : str
        Of the family; others count as the identity.

    Examples
    --------
    >>> from graphviz_ad.diagnose.theory import mean_field_gain
    >>> round(mean_field_gain(0.1, 100, "sigmoid"), 3)
    -0.602
    """
    if weight_rms <= 0:
        return -math.inf
    return math.log10(weight_rms * math.sqrt(fan_out) * _SLOPES.get(activation, 1.0))


def expected_slope(measures: Measures, span: Span) -> float | None:
    """Return what theory expects of a span, in decades a layer; None with mixed activations."""
    ops = [measures.graph.ops[measures.graph.edges[e].op] for e in measures.between(span)]
    kinds = Counter(op.op for op in ops if op.op in ACTIVATIONS)
    layers = [measures.layer_of[op.id] for op in ops if op.id in measures.layer_of]
    if not layers or len(kinds) != 1 or next(iter(kinds)) not in _SLOPES:
        return None
    activation = next(iter(kinds))
    edges = measures.graph.edges
    total = sum(
        mean_field_gain(measures.data_rms(edges[layer.weight].value), layer.fan_out, activation)
        for layer in layers
    )
    return total / len(layers)
