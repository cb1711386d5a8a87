"""Losses that do not fit the activation before them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from graphviz_ad.diagnose.families import RECTIFIERS, SOFTMAXES
from graphviz_ad.diagnose.finding import Finding
from graphviz_ad.diagnose.head import produced_by
from graphviz_ad.diagnose.measures import Measures
from graphviz_ad.diagnose.numbers import array_of
from graphviz_ad.diagnose.rules.base import Rule, register

__all__ = ["DoubleSoftmax", "LogOfReLU", "OneLongSoftmax"]


@register
class OneLongSoftmax(Rule):
    """A softmax over an axis that is one long is 1 everywhere, or one over the batch mixes rows.

    No threshold. From the mutants of TheDeepChecker (Ben Braiek and Khomh, TOSEM 2023).
    """

    def check(self, measures: Measures) -> Iterable[Finding]:
        """Return a finding for each such softmax."""
        for op in measures.graph.ops:
            given = measures.operand(op)
            if given is None or op.op not in {*SOFTMAXES, "cross_entropy"} or not given.shape:
                continue
            rank = len(given.shape)
            classes = 1 if rank > 1 else 0  # the axis of cross_entropy
            axis = classes if op.op == "cross_entropy" else op.params.get("axis", -1)
            if not isinstance(axis, int):
                continue
            if given.shape[axis] == 1:
                yield self.finding(
                    measures, "shape-slip", "error", op,
                    title=f"{self.name(measures, op)} runs over an axis of length 1",
                    cause=f"Its input is {given.shape}; a softmax of one number is 1 whatever the "
                    "number, so its derivative is 0.",
                    advice="use a sigmoid for one output, or give two outputs",
                    reach=[o.id for o in measures.graph.ops],
                )  # fmt: skip
            elif rank == 2 and axis in (0, -2) and op.id not in measures.body:
                yield self.finding(
                    measures, "shape-slip", "warning", op,
                    title=f"{self.name(measures, op)} runs over the first axis, the batch",
                    cause=f"Its input is {given.shape}: every column sums to 1 over the rows, and "
                    "the prediction for one row depends on the others.",
                    advice="use axis=-1",
                )  # fmt: skip


@register
class DoubleSoftmax(Rule):
    """A softmax, or a sigmoid, before a loss that applies it itself. No threshold."""

    def check(self, measures: Measures) -> Iterable[Finding]:
        """Return a finding for each loss that is given probabilities for logits."""
        takes = {
            "cross_entropy": {"softmax", "sigmoid"}, "log_softmax": {"softmax"},
            "softmax": {"softmax"}, "binary_cross_entropy_with_logits": {"sigmoid"},
            "logsigmoid": {"sigmoid"}, "nll_loss": {"softmax"},
        }  # fmt: skip
        for op in measures.graph.ops:
            given = measures.operand(op)
            if op.op not in takes or given is None or op.id in measures.body:
                continue
            before = produced_by(measures, given, takes[op.op])
            if before is None:
                continue
            missing = op.op == "nll_loss"
            yield self.finding(
                measures, "shape-slip", "warning", op,
                title=f"{op.op} is given the output of {self.name(measures, before)}",
                cause="It takes log-probabilities, and these are probabilities." if missing
                else "It applies that function itself: twice squeezes the outputs together, so "
                "that the loss cannot come near 0.",
                advice="use log_softmax" if missing else f"give it the input of the {before.op}",
                ranking=[before.id],
            )  # fmt: skip


@register
class LogOfReLU(Rule):
    """A logarithm of what a ReLU made: where that is 0 the loss is infinite or has no gradient.

    Attributes
    ----------
    share : float
        Of the elements at which the ReLU is 0. By definition none may be: log 0 = −∞.
    """

    share: float = 0.0

    def check(self, measures: Measures) -> Iterable[Finding]:
        """Return a finding for each such logarithm."""
        logs = {"log", "log2", "log10", "binary_cross_entropy", "kl_div"}
        for op in measures.graph.ops:
            given = measures.operand(op)
            if op.op not in logs or given is None or op.id in measures.body:
                continue
            before = produced_by(measures, given, RECTIFIERS, guards=True)
            if before is None:
                continue
            data = array_of(measures.trace.data(before.outputs[0]))
            zeros = float((data == 0).mean()) if data.size else 0.0
            if zeros <= self.share:
                continue
            yield self.finding(
                measures, "shape-slip", "error", op,
                title=f"{self.name(measures, op)} takes the logarithm of a ReLU, which is 0 at "
                f"{zeros:.0%} of the elements",
                cause="log 0 is −∞, a clip before it has no gradient, and a ReLU can pass 1, so it "
                "is no probability.",
                advice="end with a sigmoid or softmax, or use a loss on logits",
                ranking=[before.id], reach=[op.id, before.id],
                threshold=f"share of zeros {np.round(zeros, 2)} > {self.share:g}", share=zeros,
            )  # fmt: skip
