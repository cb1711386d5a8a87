"""Gradients that shrink or grow over the layers."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable

from graphviz_ad.diagnose.families import ACTIVATIONS
from graphviz_ad.diagnose.finding import Finding
from graphviz_ad.diagnose.measures import Measures, Span
from graphviz_ad.diagnose.numbers import median
from graphviz_ad.diagnose.rules.base import Rule, register
from graphviz_ad.diagnose.theory import expected_slope

__all__ = ["DepthSpan", "blame"]


def blame(measures: Measures, span: Span) -> list[tuple[int, float]]:
    """Rank the ops of a span: op and how far its gain is, in the span's direction, from its like.

    The like are the ops of its kind (layers, or activations) on the way. Where all are alike
    the kind that loses or gains most comes first.
    """
    sign = math.copysign(1, span.decades)
    gains: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for edge in measures.between(span):
        gain = measures.gain(edge)
        op = measures.graph.ops[measures.graph.edges[edge].op]
        if gain is None or not math.isfinite(gain.per_element):
            continue
        kind = "layer" if op.id in measures.layer_of else op.op
        gains["activation" if op.op in ACTIVATIONS else kind].append((op.id, gain.per_element))
    ranked: list[tuple[int, float, float, float]] = []
    for members in gains.values():
        centre = median([size for _, size in members]) if len(members) > 2 else 0.0
        ranked.extend(
            (op, sign * (size - centre), sign * centre, sign * size) for op, size in members
        )
    if not ranked:
        return []
    odd = max(off for _, off, _, _ in ranked)
    usual = max(centre for _, _, centre, _ in ranked)
    # One op that stands out, or a kind of op that loses a little everywhere.
    if odd >= max(1.0, usual):
        ranked.sort(key=lambda item: -item[1])
    else:
        ranked.sort(key=lambda item: (-item[2], -item[3]))
    return [(op, sign * off) for op, off, _, _ in ranked]


@register
class DepthSpan(Rule):
    """The gradient loses or gains too many decades from the network's output to a layer.

    Measured between the outputs of layers, so that neither the loss nor the batch counts; a
    weight that is used many times (a recurrent net) is judged by its best use.

    Attributes
    ----------
    lost, gained : float
        In decades. Our own measurement (docs/diagnosis/bench.md): over depth 6 to 18 and
        width 5, healthy tanh networks stay within 2.2, sigmoid ones lose 3.3 and more.
    """

    lost: float = 3.0
    gained: float = 3.0

    def check(self, measures: Measures) -> Iterable[Finding]:
        """Return at most one finding for vanishing and one for exploding."""
        by_weight: dict[int, list[Span]] = defaultdict(list)
        for span in measures.spans:
            by_weight[measures.graph.edges[span.layer.weight].value].append(span)
        if not by_weight:
            return
        weakest = [max(spans, key=lambda s: s.decades) for spans in by_weight.values()]
        worst = min(weakest, key=lambda s: s.decades)
        if worst.decades <= -self.lost:
            yield self._found(measures, worst, "vanishing", self.lost)
        else:
            spans = [s for uses in by_weight.values() for s in uses]
            furthest = min(spans, key=lambda s: s.decades)
            if furthest.decades <= -2 * self.lost:
                yield self._found(measures, furthest, "vanishing", 2 * self.lost, "info")
        worst = max((s for uses in by_weight.values() for s in uses), key=lambda s: s.decades)
        if worst.decades >= self.gained:
            yield self._found(measures, worst, "exploding", self.gained)

    def _found(
        self, measures: Measures, span: Span, kind: str, threshold: float, severity: str = ""
    ) -> Finding:
        graph = measures.graph
        ranked = blame(measures, span)
        op = graph.ops[ranked[0][0]] if ranked else graph.ops[span.layer.op]
        gain = next(
            (measures.gain(e) for e in measures.between(span) if graph.edges[e].op == op.id), None
        )  # fmt: skip
        own = gain.per_element if gain is not None else 0.0
        theory = expected_slope(measures, span)
        verb = "loses" if kind == "vanishing" else "gains"
        beside = "" if theory is None else f"; theory for these layers says {theory:+.2f}"
        return self.finding(
            measures, kind,
            "info" if severity == "info" else "error" if abs(span.decades) > 6 else "warning", op,
            title=f"the gradient {verb} {abs(span.decades):.1f} decades over {span.layers} layers, "
            f"down to {self.name(measures, graph.ops[span.layer.op])}",
            cause=f"{self.name(measures, op)} alone has a gain of {own:+.2f} decades; the slope is "
            f"{span.slope:+.2f} a layer{beside}.",
            advice=_advice(measures, op.op, kind),
            node=graph.values[span.layer.out], ranking=[o for o, _ in ranked],
            reach=[graph.edges[e].op for e in measures.between(span)],
            threshold=f"|{span.decades:.1f}| ≥ {threshold:g} decades",
            decades=span.decades, slope=span.slope, layers=float(span.layers), gain=own,
            **({} if theory is None else {"theory": theory}),
        )  # fmt: skip


def _advice(measures: Measures, op: str, kind: str) -> str:
    if op in ("sigmoid", "hardsigmoid"):
        return "replace the sigmoids by relu or tanh (σ′ is at most 1/4), or add normalisation"
    if op == "exp":
        return "use relu, softplus or tanh instead of exp"
    direction = "up" if kind == "vanishing" else "down"
    return (
        f"scale the weights {direction} to the initialisation that fits the activation "
        "(He for relu, Glorot for tanh), add normalisation, or skip connections"
    )
