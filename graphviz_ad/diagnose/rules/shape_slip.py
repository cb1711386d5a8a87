"""Labels that broadcast to a square."""

from __future__ import annotations

from collections.abc import Iterable

from graphviz_ad.diagnose.finding import Finding
from graphviz_ad.diagnose.measures import Measures
from graphviz_ad.diagnose.rules.base import Rule, register

__all__ = ["BroadcastLabels"]

_PAIRS = {"subtract", "add", "multiply", "maximum", "minimum", "divide", "power"}


@register
class BroadcastLabels(Rule):
    """Labels [N] against outputs [N, 1] broadcast to [N, N]: each output meets every label.

    Silent inside the network. No threshold. TheDeepChecker (Ben Braiek and Khomh, TOSEM 2023).
    """

    def check(self, measures: Measures) -> Iterable[Finding]:
        """Return a finding for each op outside the network that makes a square so."""
        values = measures.graph.values
        for op in measures.graph.ops:
            if op.op not in _PAIRS or op.id in measures.body or len(op.inputs) != 2:
                continue
            a, b = (values[measures.graph.edges[e].value] for e in op.inputs)
            if a.requires_grad == b.requires_grad:
                continue
            row, column = sorted((a.shape, b.shape), key=len)
            if len(row) != 1 or column != (*row, 1) or row[0] < 2:
                continue
            made = values[op.outputs[0]].shape
            yield self.finding(
                measures, "shape-slip", "error", op,
                title=f"{a.shape} and {b.shape} make {made}",
                cause="Every output is compared with every label, so the best that the network can "
                "do is the mean of the labels.",
                advice="give both one shape, for example outputs[:, 0] or labels[:, None]",
                elements=float(made[0] * made[1]),
            )  # fmt: skip
