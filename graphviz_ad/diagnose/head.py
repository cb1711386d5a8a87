"""The loss head: where the network's output meets its target."""

from __future__ import annotations

from dataclasses import dataclass

from graphviz_ad.diagnose.families import COMPARISONS, SHAPES
from graphviz_ad.diagnose.measures import Measures
from graphviz_ad.trace.model import OpNode, ValueNode

__all__ = ["Meeting", "meetings", "produced_by"]

_GUARDS = {"clip", "maximum", "add", "negative"}


@dataclass(frozen=True, slots=True)
class Meeting:
    """An op that compares a prediction with a target, and whether the logarithm came first."""

    op: OpNode
    prediction: ValueNode
    target: ValueNode
    logarithmic: bool


def meetings(measures: Measures) -> list[Meeting]:
    """Return where predictions meet targets, in the order in which the ops ran.

    A target is data that needs no gradient; the op is outside of the network's body. A product
    with a logarithm counts: the hand-written cross-entropy ``(y * ad.log(p)).sum()``.
    """
    found = []
    for op in measures.graph.ops:
        if op.id in measures.body or op.op not in COMPARISONS | {"multiply"}:
            continue
        ends = [measures.graph.values[measures.graph.edges[e].value] for e in op.inputs[:2]]
        sides = [v for v in ends if v.id in measures.from_data]
        predictions = [v for v in sides if v.requires_grad and v.producer is not None]
        targets = [v for v in sides if not v.requires_grad and v.shape]
        if len(predictions) != 1 or len(targets) != 1:
            continue
        log = measures.op_of(predictions[0])
        logarithmic = log.op in ("log", "log_softmax", "logsigmoid")
        if op.op == "multiply" and not logarithmic:
            continue
        prediction = predictions[0]
        if op.op == "multiply" and log.op == "log":
            prediction = measures.operand(log) or prediction
        found.append(Meeting(op, prediction, targets[0], logarithmic or op.op in _LOGS))
    return found


_LOGS = {
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy", "nll_loss",
    "kl_div",
}  # fmt: skip


def produced_by(
    measures: Measures, value: ValueNode, names: set[str], guards: bool = False
) -> OpNode | None:
    """Return the op among `names` that made a value, past reshapes and, if wanted, guards."""
    passes = SHAPES | _GUARDS if guards else SHAPES
    node: ValueNode | None = value
    while node is not None and node.producer is not None:
        op = measures.op_of(node)
        if op.op in names:
            return op
        if op.op not in passes:
            return None
        node = next(
            (
                measures.graph.values[measures.graph.edges[e].value] for e in op.inputs
                if measures.graph.values[measures.graph.edges[e].value].requires_grad
            ),
            None,
        )  # fmt: skip
    return None
