"""Softmaxes that give everything to one place, inside a network and at its output."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from graphviz_ad.diagnose.families import SOFTMAXES
from graphviz_ad.diagnose.finding import Finding
from graphviz_ad.diagnose.head import Meeting, meetings, produced_by
from graphviz_ad.diagnose.measures import Measures
from graphviz_ad.diagnose.numbers import array_of
from graphviz_ad.diagnose.rules.base import Rule, register
from graphviz_ad.trace.model import OpNode

__all__ = ["OutputCollapse", "SoftmaxCollapse"]


@register
class SoftmaxCollapse(Rule):
    """A softmax inside the network gives all weight to one place, in every row.

    Zhai et al., "Stabilizing transformer training by preventing attention entropy collapse",
    ICML 2023. Rows that a mask leaves one place are not counted.

    Attributes
    ----------
    probability : float
        The largest element of a row from which it has collapsed.
    share : float
        Of the rows.
    """

    probability: float = 0.999
    share: float = 0.95

    def check(self, measures: Measures) -> Iterable[Finding]:
        """Return a finding for each softmax of the network's body that has collapsed."""
        for op in measures.graph.ops:
            if op.op not in SOFTMAXES or op.id not in measures.body:
                continue
            given = measures.operand(op)
            axis = op.params.get("axis", -1)
            if given is None or not isinstance(axis, int):
                continue
            scores = array_of(measures.trace.data(given.id))
            if scores.ndim == 0 or scores.size == 0:
                continue
            made = np.moveaxis(array_of(measures.trace.data(op.outputs[0])), axis, -1)
            weights = np.exp(made) if op.op == "log_softmax" else made
            open_places = (np.moveaxis(scores, axis, -1) > -1e8).sum(axis=-1)
            free = open_places > 1
            if free.sum() < 2:
                continue
            share = float((weights.max(axis=-1)[free] > self.probability).mean())
            if share >= self.share:
                finite = scores[scores > -1e8]
                yield self.finding(
                    measures, "saturation", "warning", op,
                    title=f"{self.name(measures, op)} gives all weight to one place in "
                    f"{share:.0%} of the rows",
                    cause=f"Its scores range from {finite.min():.3g} to {finite.max():.3g}; the "
                    "derivative of a softmax at a corner is 0.",
                    advice="divide the scores by √d, or normalise queries and keys", reach=[op.id],
                    threshold=f"share {share:.2f} ≥ {self.share:g}", share=share,
                )  # fmt: skip


@register
class OutputCollapse(Rule):
    """The network is sure of one class for every row, while the targets have others.

    The gradient of cross-entropy is p − y (Goodfellow, Bengio and Courville, "Deep learning",
    2016, section 6.2.2.3): the rows that are right send 0, and those that are wrong all push the
    same way. Silent where the targets are of that class, too, and where there are none to compare
    with.

    Attributes
    ----------
    probability : float
        From which a row counts as sure: p − y of a row that is right is under a thousandth.
    share : float
        Of the rows that are sure of the same class.
    wrong : float
        Of the rows whose target is another class. Our own measurement: trained classifiers of
        the bench, sure and right, have none.
    """

    probability: float = 0.999
    share: float = 0.95
    wrong: float = 0.1

    def check(self, measures: Measures) -> Iterable[Finding]:
        """Return at most one finding."""
        for meeting in meetings(measures):
            op, axis = _output_softmax(measures, meeting)
            if op is None:
                continue
            rows = _probabilities(measures, op, axis)
            labels = _classes(array_of(measures.trace.data(meeting.target.id)), axis, rows)
            if rows.shape[0] < 2 or rows.shape[-1] < 2 or labels is None:
                continue
            sure, chosen = rows.max(axis=-1) > self.probability, rows.argmax(axis=-1)
            shares = np.bincount(chosen[sure], minlength=rows.shape[-1]) / rows.shape[0]
            winner = int(shares.argmax())
            share, wrong = float(shares[winner]), float((labels != winner).mean())
            if share < self.share or wrong < self.wrong:
                continue
            layer = measures.layer_before(meeting.prediction.id)
            yield self.finding(
                measures, "saturation", "warning", op, node=meeting.prediction,
                title=f"{self.name(measures, op)} is sure of class {winner} in {share:.0%} of the "
                f"rows; {wrong:.0%} of the targets are another",
                cause="The rows that are right send no gradient, and those that are wrong all push "
                "the same way: the inputs no longer count.",
                advice="initialise the last layer smaller, lower the learning rate, and look at "
                "the balance of the classes",
                ranking=[] if layer is None else [layer.op],
                reach=[op.id, meeting.op.id, *([] if layer is None else [layer.op])],
                threshold=f"share {share:.2f} ≥ {self.share:g} at p > {self.probability:g}",
                share=share, wrong=wrong,
            )  # fmt: skip
            return


def _output_softmax(measures: Measures, meeting: Meeting) -> tuple[OpNode | None, int]:
    """Return the softmax that a prediction comes from, or the loss that has one, and its axis."""
    if meeting.op.op == "cross_entropy":
        return meeting.op, 1 if len(meeting.prediction.shape) > 1 else 0
    last = produced_by(measures, meeting.prediction, {"softmax", "log_softmax"}, guards=True)
    axis = -1 if last is None else last.params.get("axis", -1)
    return (last, axis) if isinstance(axis, int) and meeting.prediction.shape else (None, -1)


def _probabilities(measures: Measures, op: OpNode, axis: int) -> Any:
    """Return the probabilities as a matrix, a column for each class."""
    if op.op == "cross_entropy":
        given = measures.operand(op)
        logits = array_of(measures.trace.data(given.id)) if given is not None else np.zeros((0, 1))
        made = np.exp(logits - logits.max(axis=axis, keepdims=True)) if logits.size else logits
        made = made / made.sum(axis=axis, keepdims=True) if made.size else made
    else:
        made = array_of(measures.trace.data(op.outputs[0]))
        made = np.exp(made) if op.op == "log_softmax" else made
    return np.moveaxis(made, axis, -1).reshape(-1, made.shape[axis])


def _classes(target: Any, axis: int, rows: Any) -> Any:
    """Return a class for each row: labels as they are, of one-hot targets the largest."""
    if target.size == len(rows) and target.dtype.kind in "iu":
        return target.ravel()
    if target.size == rows.size and target.ndim > 1:
        return np.moveaxis(target, axis, -1).reshape(rows.shape).argmax(axis=-1)
    return None
