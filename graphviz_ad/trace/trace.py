"""The trace as an object: graph, steps and arrays under one name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from graphviz_ad.errors import TraceError
from graphviz_ad.trace.model import Graph, OpNode, Step, ValueNode
from graphviz_ad.trace.rules import Rules

__all__ = ["Trace"]

_NAME = re.compile(r"[\w.∇]+(\[\w+\])*")


class Trace:
    """One recorded forward pass, its backward pass, and every array of both.

    Attributes
    ----------
    graph : Graph
        The frozen bipartite graph.
    steps : tuple of Step
        The forward steps, then the backward steps, in order.
    output : int
        The value that was shown.
    forward_steps : int
        How many of the steps are the forward pass.
    why_no_backward : str
        Empty, or why there are no backward steps.
    notes : tuple of str
        What a reader of the pictures must know, such as hooks that were not run.
    rules : Rules or None
        The operations' rules, for explanations and checks; None where the trace was
        read from a file or came from elsewhere.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> a, b = ad.parameter(3.0, name="a"), ad.parameter(2.0, name="b")
    >>> trace = ad.show_graph(a * b).trace
    >>> [step.phase for step in trace.steps]
    ['forward', 'backward', 'backward']
    >>> trace.gradient(trace.value("a").id)
    np.float64(2.0)
    """

    def __init__(
        self,
        graph: Graph,
        steps: Sequence[Step],
        output: int,
        data: Sequence[Any],
        gradients: dict[int, Any],
        contributions: dict[int, Any],
        accumulated: dict[int, Any],
        why_no_backward: str = "",
        notes: Sequence[str] = (),
        sent_shapes: dict[int, tuple[int, ...]] | None = None,
        rules: Rules | None = None,
        sent: dict[int, Any] | None = None,
    ) -> None:
        self.graph = graph
        self.steps = tuple(steps)
        self.forward_steps = sum(step.phase == "forward" for step in self.steps)
        self.output = output
        self.why_no_backward = why_no_backward
        self.notes = (*notes, why_no_backward) if why_no_backward else tuple(notes)
        self._arrivals = {
            sent.edge: (sent.arrived, sent.total)
            for step in self.steps
            for sent in step.contributions
        }
        self._sent_at = {
            sent.edge: step.index for step in self.steps for sent in step.contributions
        }
        self._data = tuple(data)
        self._gradients = gradients
        self._contributions = contributions
        self._accumulated = accumulated
        self._sent_shapes = sent_shapes or {}
        self._sent = sent or {}
        self.rules = rules

    def __repr__(self) -> str:
        graph = self.graph
        return f"<Trace: {len(graph.values)} values, {len(graph.ops)} ops, {len(self.steps)} steps>"

    def data(self, value: int) -> Any:
        """Return the array that value node `value` held when the graph was recorded."""
        return self._data[value]

    def gradient(self, value: int) -> Any:
        """Return the finished gradient A∇ of a value, or None; `no_gradient` then says why."""
        return self._gradients.get(value)

    def contribution(self, edge: int) -> Any:
        """Return what the op at input edge `edge` adds to its value's gradient, or None."""
        return self._contributions.get(edge)

    def sent_at(self, edge: int) -> int:
        """Return the index of the step that sends the contribution of `edge`; -1 for none."""
        return self._sent_at.get(edge, -1)

    def sent_shape(self, edge: int) -> tuple[int, ...]:
        """Return the shape of a contribution before it was summed over broadcast axes."""
        value = self.graph.values[self.graph.edges[edge].value]
        return self._sent_shapes.get(edge, value.shape)

    def sent(self, edge: int) -> Any:
        """Return a contribution before it was summed over broadcast axes.

        None where it was sent in the value's own shape, and in a trace from a file.
        """
        return self._sent.get(edge)

    def accumulated(self, edge: int) -> Any:
        """Return the value's gradient once the contribution of `edge` has arrived, or None."""
        return self._accumulated.get(edge)

    def arrival(self, edge: int) -> tuple[int, int]:
        """Return which contribution of its value `edge` carries, of how many; (0, 0) for none."""
        return self._arrivals.get(edge, (0, 0))

    def no_gradient(self, value: int) -> str:
        """Return why a value has no gradient; empty when it has one."""
        if value in self._gradients:
            return ""
        node = self.graph.values[value]
        if not node.requires_grad:
            return "no gradient required"
        if self.why_no_backward:
            return self.why_no_backward
        return f"nothing leads from it to {self.value_label(self.output)}"

    def value_label(self, value: int) -> str:
        """Return what a value is called in pictures and sentences; never empty."""
        return self.graph.values[value].name or f"v{value}"

    def gradient_label(self, value: int) -> str:
        """Return what a value's gradient is called: ``"W∇"``, ``"(x @ W)∇"``."""
        label = self.value_label(value)
        return f"{label}∇" if _NAME.fullmatch(label) else f"({label})∇"

    def value(self, name: str) -> ValueNode:
        """Return the last value node called `name`.

        Raises
        ------
        TraceError
            When no value has that name.
        """
        for node in reversed(self.graph.values):
            if node.name == name:
                return node
        names = ", ".join(sorted({v.name for v in self.graph.values if v.name}))
        raise TraceError("Trace.value", "the name of a value", repr(name), f"there are {names}")

    def op(self, name: str) -> OpNode:
        """Return the last op node whose registry name or label is `name`.

        Raises
        ------
        TraceError
            When no operation has that name.
        """
        for node in reversed(self.graph.ops):
            if name in (node.op, node.label):
                return node
        names = ", ".join(sorted({o.op for o in self.graph.ops}))
        raise TraceError("Trace.op", "the name of an operation", repr(name), f"there are {names}")
