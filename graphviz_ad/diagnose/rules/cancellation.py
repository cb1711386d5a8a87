"""Contributions that cancel where a value is used more than once."""

from __future__ import annotations

from collections.abc import Iterable

from graphviz_ad.diagnose.finding import Finding
from graphviz_ad.diagnose.measures import Measures
from graphviz_ad.diagnose.numbers import norm
from graphviz_ad.diagnose.rules.base import Rule, register

__all__ = ["Cancellation"]


@register
class Cancellation(Rule):
    """The gradient of a value is far smaller than the contributions that it is the sum of.

    Of values inside the network only: at a minimum with weight decay the contributions to a
    parameter cancel, and should.

    Attributes
    ----------
    ratio : float
        ‖sum‖ / Σ ‖contribution‖ under which only rounding is left: about √n ε of float32 for n
        terms (Higham, "Accuracy and stability of numerical algorithms", 2002, chapter 4).
    """

    ratio: float = 1e-6

    def check(self, measures: Measures) -> Iterable[Finding]:
        """Return a finding for each value whose gradient cancels."""
        trace = measures.trace
        if not measures.healthy_numbers:
            return
        for value in trace.graph.values:
            sent = [e for e in value.consumers if trace.contribution(e) is not None]
            if len(sent) < 2 or value.producer is None:
                continue
            sizes = [norm(trace.contribution(e)) for e in sent]
            total = measures.gradient_norm(value.id) or 0.0
            if not sum(sizes) or total > self.ratio * sum(sizes):
                continue
            ops = [trace.graph.edges[e].op for e in sent]
            label = trace.value_label(value.id)
            yield self.finding(
                measures, "cancellation", "warning", trace.graph.ops[ops[0]], node=value,
                title=f"the {len(sent)} contributions to {trace.gradient_label(value.id)} cancel",
                cause=f"Their norms sum to {sum(sizes):.3g}, that of their sum is {total:.3g}: "
                f"what {label} does for one consumer it undoes for another.",
                advice=f"look for {label} − {label}, or for two terms of the loss that are opposed",
                ranking=ops, reach=[value.producer],
                threshold=f"‖sum‖ / Σ‖contribution‖ ≤ {self.ratio:g}",
                total=total, contributions=sum(sizes),
            )  # fmt: skip
