"""What is there to see at one node: arrays at the current position, and their explanations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graphviz_ad.errors import TraceError
from graphviz_ad.trace.debug.cursor import Cursor, data_at, gradient_at
from graphviz_ad.trace.explain.check import Check, check, check_op
from graphviz_ad.trace.explain.contributions import Contributions, contributions
from graphviz_ad.trace.explain.element import ElementExplanation, element
from graphviz_ad.trace.explain.jacobian import Jacobian, JacobianSample, jacobian
from graphviz_ad.trace.explain.paths import Paths, count_paths, paths
from graphviz_ad.trace.explain.reasons import reason
from graphviz_ad.trace.explain.shown import Shown, host, number
from graphviz_ad.trace.explain.vectorised import VectorisedRule, vectorised_rule
from graphviz_ad.trace.model import OpNode, ValueNode
from graphviz_ad.trace.trace import Trace

__all__ = ["Elements", "OpInspection", "ValueInspection"]

_WRITTEN_OUT = 64


class Elements(Shown):
    """The elements of a gradient: an index explains one."""

    def __init__(self, trace: Trace, value: int) -> None:
        self._trace = trace
        self._value = value

    def __getitem__(self, index: Any) -> ElementExplanation:
        """Explain one element; ``[()]`` is a scalar's.

        Raises
        ------
        TraceError
            When the value has no such element.
        """
        return element(self._trace, self._value, index)

    def _text(self) -> str:
        shape = self._trace.graph.values[self._value].shape
        index = ", ".join("0" * len(shape)) or "()"
        label = self._trace.gradient_label(self._value)
        return f"elements of {label} {shape}: .element[{index}] explains one"


class ValueInspection(Shown):
    """One value, seen from where the session stands.

    Attributes
    ----------
    trace : Trace
    node : ValueNode
    """

    def __init__(self, trace: Trace, node: ValueNode, where: Callable[[], Cursor]) -> None:
        self.trace = trace
        self.node = node
        self._where = where

    @property
    def label(self) -> str:
        """What the value is called."""
        return self.trace.value_label(self.node.id)

    @property
    def data(self) -> Any:
        """The array; None where the forward pass has not come to it at this position."""
        return data_at(self.trace, self.node.id, self._where())

    @property
    def gradient(self) -> Any:
        """What of A∇ has arrived at this position; None where nothing has."""
        return gradient_at(self.trace, self.node.id, self._where())

    @property
    def final_gradient(self) -> Any:
        """The finished A∇, wherever one stands; None where there is none."""
        return self.trace.gradient(self.node.id)

    @property
    def reason(self) -> str:
        """Why A∇ is no sum of contributions: 1, 0 or none; empty where it is one."""
        return reason(self.trace, self.node.id)

    @property
    def producer(self) -> OpInspection | None:
        """The operation that made it; None for a leaf."""
        op = self.node.producer
        return (
            None if op is None else OpInspection(self.trace, self.trace.graph.ops[op], self._where)
        )

    @property
    def consumers(self) -> list[OpInspection]:
        """The operations that take it, one for each argument that it is."""
        graph = self.trace.graph
        ops = [graph.ops[graph.edges[edge].op] for edge in self.node.consumers]
        return [OpInspection(self.trace, op, self._where) for op in ops]

    @property
    def contributions(self) -> Contributions:
        """What each consumer adds to A∇; all of them, wherever one stands."""
        return contributions(self.trace, self.node.id)

    @property
    def rules(self) -> list[VectorisedRule]:
        """The rule of each contribution for all elements at once, in the same order."""
        return [vectorised_rule(self.trace, term.edge) for term in self.contributions]

    @property
    def element(self) -> Elements:
        """Explains one element: ``.element[3, 2]``."""
        return Elements(self.trace, self.node.id)

    def jacobian(self, consumer: int = 0, output: int = 0) -> Jacobian | JacobianSample:
        """Return the local Jacobian of one of the operations that take the value, counted from 0.

        Raises
        ------
        TraceError
            When there is no such consumer.
        """
        consumers = self.node.consumers
        if not 0 <= consumer < len(consumers):
            expected = f"one of the {len(consumers)} consumers of {self.label}"
            raise TraceError("jacobian", expected, repr(consumer))
        edge = self.trace.graph.edges[consumers[consumer]]
        return jacobian(self.trace, edge.op, edge.slot, output)

    def check(self, index: Any = None, *, limit: int = 64) -> Check:
        """Compare A∇, or one element of it, with central finite differences."""
        return check(self.trace, self.node.id, index, limit=limit)

    @property
    def paths(self) -> Paths:
        """The number of paths to the loss, and the strongest of them."""
        return paths(self.trace, self.node.id)

    @property
    def path_count(self) -> int:
        """The number of paths to the loss, exactly."""
        return count_paths(self.trace, self.node.id)

    def _text(self) -> str:
        node, cursor = self.node, self._where()
        head = f"{self.label} ({node.key})  {node.role} {node.shape} {node.dtype}"
        data = data_at(self.trace, node.id, cursor)
        lines = [head, f"  data: {'not reached yet' if data is None else _written(data)}"]
        name = self.trace.gradient_label(node.id)
        found = gradient_at(self.trace, node.id, cursor)
        why = self.reason
        if found is not None:
            waiting = [e for e in node.consumers if self.trace.arrival(e)[0]]
            arrived = sum(cursor.done(self.trace, e) for e in waiting)
            part = "" if arrived == len(waiting) else f" ({arrived} of {len(waiting)} arrived)"
            lines.append(f"  {name}: {_written(found)}{part}")
        elif self.trace.gradient(node.id) is not None:
            lines.append(f"  {name}: not reached yet")
        if why:
            lines.append(f"  {name}: {why}")
        elif found is not None:
            lines += [f"  {line}" for line in self._contribution_lines(cursor)]
        return "\n".join(lines)

    def _contribution_lines(self, cursor: Cursor) -> list[str]:
        """Write the contributions; those that have not arrived yet are marked as such."""
        terms = self.contributions
        lines = repr(terms).splitlines()
        late = [not cursor.done(self.trace, term.edge) for term in terms]
        rows = [f"{row}  to come" if k else row for row, k in zip(lines[1:], late, strict=False)]
        return [lines[0], *rows] if any(late) else lines


class OpInspection(Shown):
    """One operation, with its inputs and outputs seen from where the session stands.

    Attributes
    ----------
    trace : Trace
    node : OpNode
    """

    def __init__(self, trace: Trace, node: OpNode, where: Callable[[], Cursor]) -> None:
        self.trace = trace
        self.node = node
        self._where = where

    @property
    def inputs(self) -> list[ValueInspection]:
        """Its operands, by slot."""
        edges, values = self.trace.graph.edges, self.trace.graph.values
        found = [values[edges[edge].value] for edge in self.node.inputs]
        return [ValueInspection(self.trace, value, self._where) for value in found]

    @property
    def outputs(self) -> list[ValueInspection]:
        """What it made."""
        found = [self.trace.graph.values[v] for v in self.node.outputs]
        return [ValueInspection(self.trace, value, self._where) for value in found]

    def jacobian(self, slot: int | str = 0, output: int = 0) -> Jacobian | JacobianSample:
        """Return the local Jacobian for one input: its position, its name, or the value's name."""
        return jacobian(self.trace, self.node.id, slot, output)

    def check(self) -> Check:
        """Check the VJP of every input against differences, and name the one that is wrong."""
        return check_op(self.trace, self.node.id)

    def _text(self) -> str:
        node, label = self.node, self.trace.value_label
        made = ", ".join(f"{label(v.node.id)} {v.node.shape}" for v in self.outputs)
        taken = ", ".join(f"{label(v.node.id)} {v.node.shape}" for v in self.inputs)
        lines = [f"{node.op} ({node.key})  {taken} → {made}"]
        if node.doc:
            lines.append(f"  {node.doc}")
        if node.location is not None:
            source = self.trace.graph.sources[node.location.source]
            lines.append(f"  {source.title}, line {node.location.line}")
        return "\n".join(lines)


def _written(array: Any) -> str:
    values = host(array)
    if not values.ndim:
        return number(values[()])
    if values.size > _WRITTEN_OUT:
        return f"{values.shape}, from {number(values.min())} to {number(values.max())}"
    return " ".join(str(values).split()).replace("-", "−")
