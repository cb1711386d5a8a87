"""Targets that the output cannot reach, or that the loss does not fit."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from graphviz_ad.diagnose.families import RANGES
from graphviz_ad.diagnose.finding import Finding
from graphviz_ad.diagnose.head import meetings, produced_by
from graphviz_ad.diagnose.measures import Measures
from graphviz_ad.diagnose.numbers import array_of
from graphviz_ad.diagnose.rules.base import Rule, register

__all__ = ["AbsoluteErrorOnClasses", "UnreachableTargets"]


@register
class UnreachableTargets(Rule):
    """Targets outside the range of the output activation, or not summing to 1 under a softmax.

    Attributes
    ----------
    share : float
        Of the targets (or rows) that are out of reach; a few may be noise. Own measurement: none
        in the healthy networks of the bench, 0.48 and more in its sick ones.
    margin : float
        How far outside counts: more than rounding, less than a label.
    """

    share: float = 0.1
    margin: float = 0.01

    def check(self, measures: Measures) -> Iterable[Finding]:
        """Return a finding for each comparison with targets out of reach."""
        for meeting in meetings(measures):
            last = produced_by(measures, meeting.prediction, set(RANGES))
            target = array_of(measures.trace.data(meeting.target.id))
            if last is None or target.dtype.kind not in "fiu" or not target.size:
                continue
            if meeting.op.op in ("cross_entropy", "nll_loss"):
                continue
            if last.op == "softmax" and last.params.get("axis", -1) in (0, -2):
                continue  # what its columns sum to says nothing of the targets
            low, high = RANGES[last.op]
            out = (target < low - self.margin) | (target > high + self.margin)
            share, what = float(out.mean()), f"lie in [{low:g}, {high:g}]"
            if last.op == "softmax" and target.ndim > 1 and share < self.share:
                axis = last.params.get("axis", -1)
                off = np.abs(target.sum(axis=axis if isinstance(axis, int) else -1) - 1)
                share, what = float((off > self.margin).mean()), "sum to 1 over the classes"
            if share < self.share:
                continue
            blamed = meeting.op if meeting.logarithmic and last.op != "softmax" else last
            yield self.finding(
                measures, "shape-slip", "error", blamed,
                title=f"{share:.0%} of the targets cannot be reached by {last.op}",
                cause=f"Its values {what}; the targets go from {target.min():.3g} to "
                f"{target.max():.3g}" + (", several classes to a row" if "sum" in what else "")
                + ".",
                advice="use one sigmoid for each class" if "sum" in what
                else "leave the output linear with a squared error, or rescale the targets",
                ranking=[meeting.op.id, last.id], node=meeting.target,
                threshold=f"share {share:.2f} ≥ {self.share:g}", share=share,
            )  # fmt: skip


@register
class AbsoluteErrorOnClasses(Rule):
    """The absolute error between a sigmoid and classes 0 and 1.

    Its gradient is that of the sigmoid alone, whatever the error, and the loss is far from
    convex. Ghosh, Kumar and Sastry, "Robust loss functions under label noise for deep neural
    networks", AAAI 2017, show how slowly it trains. No threshold.
    """

    def check(self, measures: Measures) -> Iterable[Finding]:
        """Return a finding for each such loss."""
        graph = measures.graph
        for meeting in meetings(measures):
            last = produced_by(measures, meeting.prediction, {"sigmoid", "softmax"})
            target = array_of(measures.trace.data(meeting.target.id))
            if last is None or not target.size or not np.isin(target, (0, 1)).all():
                continue
            after = [graph.ops[graph.edges[e].op] for v in meeting.op.outputs
                     for e in graph.values[v].consumers]  # fmt: skip
            by_hand = meeting.op.op == "subtract" and any(op.op == "abs" for op in after)
            if meeting.op.op == "l1_loss" or by_hand:
                yield self.finding(
                    measures, "shape-slip", "warning", meeting.op,
                    title=f"an absolute error between {last.op} and classes 0 and 1",
                    cause="Its gradient is only that of the activation: it is largest where the "
                    "network is unsure and gone where it is wrong and sure.",
                    advice="use binary_cross_entropy_with_logits on the logits",
                    ranking=[last.id],
                )  # fmt: skip
