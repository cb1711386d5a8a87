"""What the page is sent: one JSON document, typed in widgets/src/payload.ts, and one buffer.

Everything that is shown is computed, labelled and worded here; the page selects and draws.
"""

from __future__ import annotations

import base64
import gzip
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from graphviz_ad.errors import GraphvizADError
from graphviz_ad.render.diagram import build_diagram
from graphviz_ad.render.format import format_number, format_shape
from graphviz_ad.render.sizes import scale_of
from graphviz_ad.trace.backward_pass import record_backward
from graphviz_ad.trace.debug.target import scope_chain
from graphviz_ad.trace.explain.reasons import reason
from graphviz_ad.trace.explain.vectorised import shape_argument
from graphviz_ad.trace.model import Contribution, Location, OpNode, Step, ValueNode
from graphviz_ad.trace.notation import (
    forward_shapes,
    forward_tex,
    term_tex,
    value_tex,
    vjp_shapes,
    vjp_tex,
)
from graphviz_ad.trace.trace import Trace
from graphviz_ad.widget.arrays import ArrayStore
from graphviz_ad.widget.edges import Explained
from graphviz_ad.widget.embedded import Element, elements_of, explained

__all__ = ["Payload", "backward_payload", "build_payload", "told"]

VERSION = 1
_LONGEST_PARAM = 60

BACKWARD_OPERATIONS = 60
"""Operations of a graph whose backward pass a page without a kernel carries as a graph."""

BACKWARD_BYTES = 600_000
"""Characters of that graph's arrays."""


@dataclass(frozen=True)
class Payload:
    """A trace as the page reads it.

    Attributes
    ----------
    document : str
        The JSON text.
    buffer : bytes
        The arrays.
    arrays : list
        The arrays themselves, by their index in the document.
    trace : Trace or None
        What they come from, to answer what a page asks later.
    """

    document: str
    buffer: bytes
    arrays: list[Any]
    trace: Trace | None = None

    @cached_property
    def packed(self) -> bytes:
        """The document, compressed: as it travels to the page."""
        return _packed(self.document)

    def explained(self, elements: Sequence[Element] = ()) -> bytes:
        """Return what a page without a kernel can show beside it: explanations, as `packed`.

        Parameters
        ----------
        elements : sequence of (int, tuple of int)
            Elements that must be among them: of which value, and the index.
        """
        found = {} if self.trace is None else explained(self.trace, elements)
        if self.trace is not None and _is_short(self.trace):
            try:
                backward = told(backward_payload(self.trace))
            except GraphvizADError as refused:
                backward = {"document": "", "buffer": "", "reason": str(refused)}
            if len(backward["buffer"]) <= BACKWARD_BYTES:
                found[f"backward {self.trace.output}"] = backward
        return _packed(json.dumps(found, allow_nan=False, separators=(",", ":")))


def backward_payload(trace: Trace) -> Payload:
    """Return the payload of the backward pass as a graph of its own.

    Raises
    ------
    GraphvizADError
        As `graphviz_ad.trace.backward_pass.record_backward`.
    """
    return build_payload(record_backward(trace))


def told(payload: Payload) -> dict[str, str]:
    """Return a payload inside another's answer; BackwardTold in the page's contract."""
    document, buffer = (base64.b64encode(b).decode() for b in (payload.packed, payload.buffer))
    return {"document": document, "buffer": buffer, "reason": ""}


def _is_short(trace: Trace) -> bool:
    return (
        trace.rules is not None
        and not trace.why_no_backward
        and len(trace.graph.ops) <= BACKWARD_OPERATIONS
    )


def _packed(text: str) -> bytes:
    return gzip.compress(text.encode(), compresslevel=3, mtime=0)


def build_payload(trace: Trace, title: str = "") -> Payload:
    """Turn a trace into what the page is sent.

    Parameters
    ----------
    trace : Trace
    title : str
        The page's heading; the name of the output where it is empty.
    """
    return _Builder(trace).build(title)


class _Builder:
    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.graph = trace.graph
        self.store = ArrayStore()
        self.explained = Explained(trace)
        self.filled_at: dict[int, int] = {}
        for step in trace.steps:
            if step.phase == "forward":
                self.filled_at.update(dict.fromkeys(step.outputs, step.index))

    def build(self, title: str) -> Payload:
        trace, graph = self.trace, self.graph
        drawing = build_diagram(graph, trace.value_label)
        notes = [*drawing.notes, *trace.notes]
        document = {
            "version": VERSION,
            "title": title or trace.value_label(trace.output),
            "output": trace.output,
            "values": [self._value(value) for value in graph.values],
            "ops": [self._op(op) for op in graph.ops],
            "edges": [self._edge(index) for index in range(len(graph.edges))],
            "nodes": [
                {
                    "key": n.key, "kind": n.kind, "ref": n.ref, "shape": n.shape, "copy": n.copy,
                    "group": n.group, "width": n.width, "height": n.height,
                }
                for n in drawing.nodes
            ],
            "links": [{"edge": k.edge, "from": k.tail, "to": k.head} for k in drawing.links],
            "groups": [
                {
                    "label": g.label, "kind": g.kind, "parent": g.parent, "open": g.open,
                    "ops": g.ops, "summary": g.summary,
                }
                for g in drawing.groups
            ],
            "scopes": [scope.path for scope in graph.scopes],
            "steps": [self._step(step) for step in trace.steps],
            "arrays": self.store.specs,
            "sources": [
                {"title": s.title, "first_line": s.first_line, "lines": list(s.lines)}
                for s in graph.sources
            ],
            "notes": notes,
            "sizes": self._sizes(),
            "explanations": elements_of(trace),
        }  # fmt: skip
        text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return Payload(text, self.store.buffer(), self.store.arrays, trace)

    def _array(self, array: Any) -> int | None:
        return None if array is None else self.store.add(array)

    def _norm(self, array: Any) -> float:
        """Return the norm of all elements; of the finite ones it is known already."""
        stats = self.store.specs[self.store.add(array)]["stats"]
        if stats["nan"]:
            return math.nan
        return math.inf if stats["posinf"] or stats["neginf"] else float(stats["norm"])

    def _sizes(self) -> dict[str, Any] | None:
        """Return the scale of the gradients' sizes, from the norms that were measured already."""
        gradients = [self.trace.gradient(value.id) for value in self.graph.values]
        specs = [self.store.specs[self.store.add(g)] for g in gradients if g is not None]
        scale = scale_of(_rms(spec) for spec in specs)
        return None if scale is None else {"centre": scale.centre, "span": scale.span}

    def _value(self, value: ValueNode) -> dict[str, Any]:
        trace = self.trace
        edges = [edge for edge in value.consumers if trace.arrival(edge)[0]]
        return {
            "label": trace.value_label(value.id),
            "named": bool(value.name),
            "tex": value_tex(trace, value.id),
            "role": value.role,
            "shape": list(value.shape),
            "dtype": value.dtype,
            "shape_label": format_shape(value.shape),
            "data": self._array(trace.data(value.id)),
            "gradient": self._array(trace.gradient(value.id)),
            "cancels": self.explained.cancels(value.id),
            "no_gradient": trace.no_gradient(value.id),
            "reason": reason(trace, value.id),
            "producer": value.producer,
            "filled_at": self.filled_at.get(value.id, -1),
            "contributions": sorted(edges, key=lambda edge: trace.arrival(edge)[0]),
            "module": self._module(value.scope),
            "place": _place(value.location),
        }

    def _op(self, op: OpNode) -> dict[str, Any]:
        trace, edges = self.trace, self.graph.edges
        return {
            "name": op.op,
            "label": op.label,
            "inputs": [
                {"edge": e, "value": edges[e].value, "slot": edges[e].slot} for e in op.inputs
            ],
            "outputs": list(op.outputs),
            "params": [[name, _printed(value)] for name, value in op.params.items()],
            "tex": forward_tex(trace, op),
            "shapes": forward_shapes(trace, op),
            "vjps": [
                {
                    "slot": edges[e].slot, "value": edges[e].value, "tex": vjp_tex(trace, op, e),
                    "shapes": vjp_shapes(trace, op, e), "term": term_tex(trace, op, e),
                    "argument": shape_argument(trace, e),
                }
                for e in op.inputs
            ],
            "doc": op.doc,
            "module": self._module(op.scope),
            "scopes": scope_chain(trace, op.scope),
            "place": _place(op.location),
        }  # fmt: skip

    def _edge(self, index: int) -> dict[str, Any]:
        edge = self.graph.edges[index]
        arrived, total = self.trace.arrival(index)
        return {
            "value": edge.value, "op": edge.op, "slot": edge.slot, "is_input": edge.is_input,
            "carries_gradient": edge.carries_gradient, "arrived": arrived, "total": total,
            "contribution": self._array(self.trace.contribution(index)),
            **self.explained.edge(index, self._norm),
            "sent": self._array(self.trace.sent(index)),
            "accumulated": self._array(self.trace.accumulated(index)),
        }  # fmt: skip

    def _step(self, step: Step) -> dict[str, Any]:
        forward = self.trace.forward_steps
        if step.phase == "forward":
            number, of = step.index + 1, forward
        else:
            number, of = step.index - forward + 1, len(self.trace.steps) - forward
        op = None if step.op is None else self.graph.ops[step.op]
        what = op.label if op else self.trace.gradient_label(self.trace.output)
        head = f"{step.phase} {number} of {of}"
        return {
            "phase": step.phase,
            "op": step.op,
            "number": number,
            "of": of,
            "title": f"{head} · {what}",
            "sentence": f"{head}: {self._told(step, op)}",
            "fills": list(step.outputs) if step.phase == "forward" else [],
            "sends": [sent.edge for sent in step.contributions],
            "told": [self._arrival(sent) for sent in step.contributions],
            "reads": list(step.outputs) if step.phase == "backward" else [],
            "place": _place(op.location) if op else None,
        }

    def _what(self, array: Any) -> str:
        """Return the number itself for a scalar, else the norm."""
        if getattr(array, "shape", ()) == ():
            return format_number(array)
        return f"norm {format_number(self._norm(array))}"

    def _told(self, step: Step, op: OpNode | None) -> str:
        """Say in a sentence what a step does, for those who cannot see it."""
        label = self.trace.value_label
        if op is None:
            return f"the gradient of {label(self.trace.output)} is set: {self._size(None)}"
        if step.phase == "forward":
            made = ", ".join(f"{label(v)} {self._what(self.trace.data(v))}" for v in step.outputs)
            return f"{op.op} computes {made}"
        parts = [self._arrival(sent) for sent in step.contributions]
        return (
            f"{op.op} sends back; " + "; ".join(parts) if parts else f"{op.op} sends nothing back"
        )

    def _arrival(self, sent: Contribution) -> str:
        whole = self._size(sent.edge)
        done = (
            f"complete, {whole}"
            if sent.arrived == sent.total
            else f"{sent.arrived} of {sent.total} arrived, {whole} so far"
        )
        return f"{self.trace.gradient_label(sent.value)} is {done}"

    def _size(self, edge: int | None) -> str:
        if edge is None:
            return self._what(self.trace.gradient(self.trace.output))
        return self._what(self.trace.accumulated(edge))

    def _module(self, scope: int | None) -> str:
        return "" if scope is None else self.graph.scopes[scope].path


def _rms(spec: dict[str, Any]) -> float:
    """Return the root mean square of an array that was added; NaN where it is not finite."""
    stats = spec["stats"]
    if stats["nan"] or stats["posinf"] or stats["neginf"]:
        return math.nan
    return float(stats["norm"]) / math.sqrt(max(1, spec["size"]))


def _place(location: Location | None) -> dict[str, Any] | None:
    if location is None:
        return None
    return {
        "source": location.source, "line": location.line, "end_line": location.end_line,
        "column": location.column, "end_column": location.end_column,
    }  # fmt: skip


def _printed(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= _LONGEST_PARAM else text[: _LONGEST_PARAM - 1] + "…"
