"""The backward pass as a graph of its own: every VJP run once more, on tensors, and recorded."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

from graphviz_ad.engine.sweep import as_constant
from graphviz_ad.engine.tape import ScopeEntry, caller, next_id, tape
from graphviz_ad.engine.tensor import Tensor
from graphviz_ad.errors import NothingRecordedError, TraceError
from graphviz_ad.trace.recorder import GraphBuilder, records_of
from graphviz_ad.trace.replay import ReplayRules, quietly, replay_rules
from graphviz_ad.trace.rules import rules_of
from graphviz_ad.trace.trace import Trace

__all__ = ["record_backward"]

_NAMED = 3  # names that are written where a gradient is passed on unchanged


def record_backward(trace: Trace) -> Trace:
    """Return the trace of the backward pass itself: what computes every gradient, op by op.

    Its inputs are the gradient of the output and the values that the VJPs read, its
    outputs the gradients of the leaves. It has no backward steps of its own. Nothing of
    the user's is run or touched: the rules run on the arrays that the trace holds.

    Parameters
    ----------
    trace : Trace

    Raises
    ------
    TraceError
        When the trace has no backward pass, or does not hold the rules of its operations.
    VJPError
        When a rule cannot be run on tensors: it calls NumPy directly.
    NothingRecordedError
        When the pass computes nothing: it only passes the output's gradient on.
    """
    rules = rules_of(trace, "backward_graph")
    if not isinstance(rules, ReplayRules):
        raise TraceError("backward_graph", "a trace recorded by this package", repr(rules))
    if trace.why_no_backward:
        raise TraceError("backward_graph", "a trace with a backward pass", trace.why_no_backward)
    run = _Pass(trace, rules)
    run.sweep()
    return run.trace()


class _Pass:
    """Runs the rules in the order of the backward pass, and keeps which op made which record."""

    def __init__(self, source: Trace, rules: ReplayRules) -> None:
        self.source, self.rules = source, rules
        self.values: dict[int, Tensor] = {}
        self.gradients: dict[int, Tensor] = {}
        self.boxes: dict[int, ScopeEntry] = {}
        # ids are issued in order: an op made the records from its first id to the next op's
        self.first_ids: list[int] = []
        self.ops: list[int] = []

    def sweep(self) -> None:
        """Compute every gradient, recording how."""
        source = self.source
        seed = as_constant(source.gradient(source.output))
        seed.requires_grad = True
        self.gradients[source.output] = seed
        self._name(source.output)
        before = tape.recording, tape.scope, tape.rule
        tape.recording = True
        try:
            with quietly():
                for op in reversed(source.graph.ops):
                    if any(v in self.gradients for v in op.outputs):
                        self._send(op.id)
        finally:
            tape.recording, tape.scope, tape.rule = before

    def _send(self, op: int) -> None:
        node, edges = self.source.graph.ops[op], self.source.graph.edges
        self.first_ids.append(next_id())
        self.ops.append(op)
        tape.scope, tape.rule = self._box(node.scope), node.op
        sending = {edges[e].slot: e for e in node.inputs if self.source.contribution(e) is not None}
        operands: list[Any] = list(self.rules.arrays(op))
        for edge in node.inputs:
            slot = edges[edge].slot
            if self.rules.call(op).given[slot]:
                operands[slot] = self._value(edges[edge].value)
        sent = self.rules.traced_pull_back(
            op, [self.gradients.get(v) for v in node.outputs], operands,
            [self._value(v) for v in node.outputs], list(sending),
        )  # fmt: skip
        for slot, part in sent.items():
            value = edges[sending[slot]].value
            before = self.gradients.get(value)
            self.gradients[value] = part if before is None else before + part
            arrived, total = self.source.arrival(sending[slot])
            if arrived == total:
                self._name(value)

    def _value(self, value: int) -> Tensor:
        """Return a value of the forward pass as a tensor, the same one every time."""
        if value not in self.values:
            made = as_constant(self.source.data(value))
            made.requires_grad = made.dtype.kind == "f"
            made.name = self.source.value_label(value)
            self.values[value] = made
        return self.values[value]

    def _name(self, value: int) -> None:
        """Name a finished gradient; one that is passed on unchanged has several names."""
        gradient, label = self.gradients[value], self.source.gradient_label(value)
        names = [] if gradient.name is None else gradient.name.split(" = ")
        if not names or (self.source.graph.values[value].name and len(names) < _NAMED):
            gradient.name = " = ".join([*names, label])

    def _box(self, scope: int | None) -> ScopeEntry | None:
        if scope is None:
            return None
        if scope not in self.boxes:
            node = self.source.graph.scopes[scope]
            self.boxes[scope] = ScopeEntry(node.name, self._box(node.parent), caller(0))
        return self.boxes[scope]

    def trace(self) -> Trace:
        """Return what was recorded, each operation at the source line of the one it undoes."""
        source = self.source
        leaves = [
            gradient
            for value, gradient in self.gradients.items()
            if source.graph.values[value].producer is None and gradient._record is not None
        ]
        if not leaves:
            hint = "its leaves have the output's own gradient"
            raise NothingRecordedError("backward_graph", "a pass that computes", "none", hint)
        records = records_of(leaves)
        builder = GraphBuilder(records, leaves[-1], None)
        for node, record in zip(builder.ops, records, strict=True):
            op = self.ops[bisect_right(self.first_ids, record.id) - 1]
            node["location"] = source.graph.ops[op].location
        for value in builder.values:
            if value["producer"] is None and value["role"] == "parameter":
                value["role"] = "input"
        for gradient in leaves:
            made = builder.values[builder.made[gradient.id]]
            made["role"], made["name"] = "output", gradient.name or ""
        graph = builder.graph(lambda *_: False, source.graph.sources)
        label = source.value_label(source.output)
        why = f"this graph is the backward pass of {label}: it has none of its own"
        return Trace(
            graph, builder.forward(graph), builder.shown, builder.data, {}, {}, {}, why,
            rules=replay_rules(records, {}),
        )  # fmt: skip
