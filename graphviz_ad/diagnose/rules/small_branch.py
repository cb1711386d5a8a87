"""A branch through which next to nothing of a gradient comes."""

from __future__ import annotations

from collections.abc import Iterable

from graphviz_ad.diagnose.finding import Finding
from graphviz_ad.diagnose.measures import Measures
from graphviz_ad.diagnose.numbers import norm
from graphviz_ad.diagnose.rules.base import Rule, register

__all__ = ["SmallBranch"]


@register
class SmallBranch(Rule):
    """A branch that carries under 1% of the gradient at its fork: the fork hardly sees it.

    Of severity info, never an alarm: the branches of healthy residual networks are small by
    design, and exactly 0 where their last layer starts at 0 (Zhang, Dauphin and Ma, "Fixup
    initialization", ICLR 2019; Bachlechner et al., "ReZero is all you need", UAI 2021). One
    finding, of the smallest branch; the others are in its ranking.

    Attributes
    ----------
    share : float
        Of the sum of the norms of what the consumers of a value send back. Our own measurement:
        of the healthy networks of the bench only GPT-2's initialisation has one under 0.01, and
        a weight × 0.01 in a residual branch makes one of 0.005.
    """

    share: float = 0.01

    def check(self, measures: Measures) -> Iterable[Finding]:
        """Return at most one finding."""
        graph, trace = measures.graph, measures.trace
        if not measures.healthy_numbers:
            return
        small: list[tuple[float, int]] = []
        for value in graph.values:
            if value.producer is None or value.id not in measures.from_data:
                continue
            sent = [e for e in value.consumers if trace.contribution(e) is not None]
            if len(sent) < 2:
                continue
            sizes = [norm(trace.contribution(e)) for e in sent]
            whole = sum(sizes)
            small += [
                (size / whole, edge) for size, edge in zip(sizes, sent, strict=True)
                if whole and size < self.share * whole
            ]  # fmt: skip
        if not small:
            return
        small.sort()
        share, edge = small[0]
        end = graph.edges[edge]
        op, fork = graph.ops[end.op], graph.values[end.value]
        more = f" (and {len(small) - 1} more such branches)" if len(small) > 1 else ""
        yield self.finding(
            measures, "small-branch", "info", op, node=fork,
            title=f"{share:.2g} of the gradient at {trace.value_label(fork.id)} comes through "
            f"{self.name(measures, op)}{more}",
            cause=f"What the branch computes hardly moves what is before its fork: the other "
            f"consumers of {trace.value_label(fork.id)} send the rest.",
            advice="nothing, where the branch starts small on purpose, as in a residual network; "
            "else look at the weights and factors along it",
            ranking=[graph.edges[e].op for _, e in small], reach=[op.id],
            threshold=f"share {share:.2g} < {self.share:g}",
            share=share, branches=float(len(small)),
        )  # fmt: skip
