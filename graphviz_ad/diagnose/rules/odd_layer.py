"""One layer unlike the others: its weights' scale, or its activation."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

from graphviz_ad.diagnose.finding import Finding
from graphviz_ad.diagnose.measures import Layer, Measures
from graphviz_ad.diagnose.numbers import median, spread
from graphviz_ad.diagnose.rules.base import Rule, register
from graphviz_ad.trace.model import OpNode

__all__ = ["OddActivation", "OddWeights", "is_gate", "weight_scale"]


def weight_scale(measures: Measures, layer: Layer) -> float:
    """Return ``log10(rms(W) √fan_in)``: about 0 for every usual initialisation."""
    rms = measures.data_rms(measures.graph.edges[layer.weight].value)
    return -math.inf if rms == 0 else math.log10(rms * math.sqrt(layer.fan_in))


def usual_scale(measures: Measures) -> float:
    """Return the median scale of the layers' weights; 0 for fewer than four.

    What a normalisation follows has no scale of its own and does not count.
    """
    scales = [weight_scale(measures, layer) for layer in _scaled(measures).values()]
    return median(scales) if len(scales) >= 4 else 0.0


def _scaled(measures: Measures) -> dict[int, Layer]:
    """Return the first layer of every weight whose scale reaches what comes after."""
    found: dict[int, Layer] = {}
    for layer in measures.layers:
        if not measures.normalised(layer.out):
            found.setdefault(measures.graph.edges[layer.weight].value, layer)
    return found


def is_gate(measures: Measures, op: OpNode) -> bool:
    """Whether an activation's output multiplies other data, as in an LSTM."""
    values = measures.graph.values
    consumers = [measures.graph.edges[e] for v in op.outputs for e in values[v].consumers]
    return any(measures.graph.ops[edge.op].op in ("multiply", "subtract") for edge in consumers)


@register
class OddWeights(Rule):
    """The weights of one layer are far smaller or larger than those of the others.

    Silent before a normalisation, which takes the scale out again, and about a small output
    layer, which is a custom.

    Attributes
    ----------
    decades : float
        From the median of ``log10(rms(W) √fan_in)``. The usual initialisations lie within ±0.4
        of 0: LeCun's at 0, He's (2015) at 0.15, Glorot's (2010) at 0 for fan_in = fan_out,
        PyTorch's default U(±1/√fan_in) at −0.24.
    rare_decades : float
        The same for at most two weights among eight or more, of which the others agree. GPT-2's
        smaller projections are a third of its weights, and no fault. Our own measurement: the
        bench's weights × 5 are found so, and none of its healthy networks.
    few_decades : float
        The same from usual initialisations, where there are only two or three weights: training
        may well make one of them ten times larger.
    spreads : float
        How far out of the others' robust standard deviations those must be; more than the 3.5 of
        Iglewicz and Hoaglin (1993), since every weight of a network is looked at.
    """

    decades: float = 0.95
    rare_decades: float = 0.55
    few_decades: float = 1.8
    spreads: float = 5.0

    def check(self, measures: Measures) -> Iterable[Finding]:
        """Return a finding for each weight that stands out."""
        usual, first_use = usual_scale(measures), _scaled(measures)
        off = {w: weight_scale(measures, layer) - usual for w, layer in first_use.items()}
        limit = self._limit([size for size in off.values() if math.isfinite(size)])
        for weight, layer in first_use.items():
            if not math.isfinite(off[weight]) or abs(off[weight]) < limit:
                continue
            small_output = off[weight] < 0 and _is_last(measures, layer)
            if not small_output:
                yield self._found(measures, layer, off[weight], limit)

    def _limit(self, off: list[float]) -> float:
        """Return how far off counts: less where all but one or two weights agree."""
        if len(off) < 4:
            return self.few_decades if len(off) > 1 else math.inf
        if len(off) < 8:
            return self.decades
        limit = min(max(self.rare_decades, self.spreads * spread(off)), self.decades)
        alone = sum(abs(size) >= limit / 2 for size in off) <= 2
        return limit if alone else self.decades

    def _found(self, measures: Measures, layer: Layer, off: float, limit: float) -> Finding:
        op = measures.graph.ops[layer.op]
        weight = measures.graph.values[measures.graph.edges[layer.weight].value]
        gain = measures.gain(layer.data)
        size = math.nan if gain is None else gain.mild
        kind = "initialisation"
        if off < 0 and size <= -limit:
            kind = "vanishing"
        elif off > 0 and size >= limit:
            kind = "exploding"
        word = "smaller" if off < 0 else "larger"
        effect = (
            "the gradient stops there" if gain is None
            else f"its gain is {size:+.2f} decades" if math.isfinite(size) else "no gradient passes"
        )  # fmt: skip
        return self.finding(
            measures, kind, "warning", op,
            title=f"the weights of {self.name(measures, op)} are {10 ** abs(off):.3g} times "
            f"{word} than those of the other layers; {effect}",
            cause=f"rms({measures.trace.value_label(weight.id)}) is "
            f"{measures.data_rms(weight.id):.3g} with {layer.fan_in} inputs a unit, so values and "
            f"gradients {'shrink' if off < 0 else 'grow'} in this one layer.",
            advice="initialise it as the others, or look at what scaled it",
            node=weight, reach=[op.id],
            threshold=f"|{off:.2f}| ≥ {limit:.2f} decades from the median of the layers",
            decades=off, gain=size,
        )  # fmt: skip


def _is_last(measures: Measures, layer: Layer) -> bool:
    return not measures.layers_above(layer)


@register
class OddActivation(Rule):
    """One activation loses more of the gradient than all others, and is of another kind.

    Silent about gates, whose output multiplies other data.

    Attributes
    ----------
    decades : float
        Below the median of the activations' gains. σ′ ≤ 1/4 costs 0.6 decades, relu 0.15 and
        tanh near 0 nothing.
    spreads : float
        Below the median, in robust standard deviations: 3.5, the outlier rule of Iglewicz and
        Hoaglin, "How to detect and handle outliers", 1993.
    others : int
        How many others there must be.
    """

    decades: float = 0.3
    spreads: float = 3.5
    others: int = 4

    def check(self, measures: Measures) -> Iterable[Finding]:
        """Return a finding for each activation that stands out."""
        found = []
        for op in measures.activations:
            sent = measures.gain(op.inputs[0])
            if op.id in measures.body and sent is not None and math.isfinite(sent.per_element):
                found.append((op, sent.per_element))
        kinds = Counter(op.op for op, _ in found)
        gains = [gain for _, gain in found]
        centre, sigma = median(gains), spread(gains)
        for op, gain in found:
            rare = kinds[op.op] <= 2 and len(found) - kinds[op.op] >= self.others
            off = gain - centre
            if not rare or off > -max(self.decades, self.spreads * sigma) or is_gate(measures, op):
                continue
            usual = kinds.most_common(1)[0][0]
            yield self.finding(
                measures, "vanishing", "warning", op,
                title=f"{self.name(measures, op)} loses {-gain:.2f} decades of the gradient, the "
                f"other activations {-centre:.2f}",
                cause=f"It is a {op.op} among {usual}s"
                + ("; σ′ is at most 1/4." if op.op == "sigmoid" else "."),
                advice=f"use {usual} here, too", reach=[op.id],
                threshold=f"{off:.2f} ≤ −{max(self.decades, self.spreads * sigma):.2f} decades "
                "from the median",
                gain=gain, median=centre, spread=sigma,
            )  # fmt: skip
