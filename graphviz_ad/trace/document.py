"""A trace as plain data, and back: every number that is read is checked against the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, TypeVar

import numpy as np

from graphviz_ad.errors import TraceError
from graphviz_ad.trace.model import (
    Contribution,
    Edge,
    Graph,
    Location,
    OpNode,
    Scope,
    Source,
    Step,
    ValueNode,
)
from graphviz_ad.trace.params import decode, encode
from graphviz_ad.trace.rules import CallFacts
from graphviz_ad.trace.trace import Trace

__all__ = ["damaged", "from_document", "to_document"]

FORMAT = "graphviz_ad trace"
VERSION = 1
_PYTHON = {"float": float, "int": int}
_ROLES = ("parameter", "input", "constant", "intermediate", "output")

T = TypeVar("T")


def to_document(trace: Trace, store: Callable[[Any], int]) -> dict[str, Any]:
    """Return a trace as JSON can hold it; `store` keeps an array and returns its number."""
    graph = trace.graph

    def op(node: OpNode) -> dict[str, Any]:
        params = {name: encode(value, store) for name, value in node.params.items()}
        place = None if node.location is None else asdict(node.location)
        return {
            "op": node.op, "label": node.label, "inputs": node.inputs, "outputs": node.outputs,
            "params": params, "scope": node.scope, "location": place, "tex": node.tex,
            "vjp_tex": node.vjp_tex, "doc": node.doc,
        }  # fmt: skip

    def stored(get: Callable[[int], Any], count: int) -> dict[str, int]:
        return {str(k): store(get(k)) for k in range(count) if get(k) is not None}

    values, edges = len(graph.values), len(graph.edges)
    return {
        "format": FORMAT,
        "version": VERSION,
        "output": trace.output,
        "why_no_backward": trace.why_no_backward,
        "notes": [note for note in trace.notes if note != trace.why_no_backward],
        "sources": [asdict(source) for source in graph.sources],
        "scopes": [asdict(scope) for scope in graph.scopes],
        "values": [asdict(value) for value in graph.values],
        "ops": [op(node) for node in graph.ops],
        "edges": [asdict(edge) for edge in graph.edges],
        "steps": [asdict(step) for step in trace.steps],
        "data": [store(trace.data(k)) for k in range(values)],
        "gradients": stored(trace.gradient, values),
        "contributions": stored(trace.contribution, edges),
        "accumulated": stored(trace.accumulated, edges),
        "sent_shapes": {str(k): trace.sent_shape(k) for k in range(edges) if trace.arrival(k)[0]},
        "calls": _calls(trace, store),
    }


def _calls(trace: Trace, store: Callable[[Any], int]) -> list[Any]:
    if trace.rules is None:
        return []
    found = []
    for op in trace.graph.ops:
        params, given, several = trace.rules.call(op.id)
        found.append([{name: encode(v, store) for name, v in params.items()}, given, several])
    return found


def from_document(
    document: Any, array: Callable[[Any], Any]
) -> tuple[Trace, list[CallFacts] | None]:
    """Return the trace of a document, and how its operations were called where that is known.

    Raises
    ------
    TraceError
        When the document is not what `to_document` gave.
    """
    try:
        return _Reader(document, array).read()
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
        if isinstance(error, TraceError):
            raise
        raise damaged(f"{type(error).__name__}: {error}") from error


def damaged(got: str) -> TraceError:
    """Return the error for a file that is not whole."""
    return TraceError("load_trace", "a file that save_trace wrote, whole", got)


class _Reader:
    def __init__(self, document: Any, array: Callable[[Any], Any]) -> None:
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise damaged("another kind of document")
        if document.get("version") != VERSION:
            got = f"version {document.get('version')!r}"
            hint = "update graphviz_ad to read it"
            raise TraceError("load_trace", f"a trace file of version {VERSION}", got, hint)
        self.document = document
        self.array = array
        counts = ("values", "ops", "edges", "scopes", "sources")
        self.sizes = {name: len(_list(document[name])) for name in counts}

    def read(self) -> tuple[Trace, list[CallFacts] | None]:
        document = self.document
        graph = Graph(
            tuple(self._value(k, v) for k, v in enumerate(document["values"])),
            tuple(self._op(k, o) for k, o in enumerate(document["ops"])),
            tuple(self._edge(k, e) for k, e in enumerate(document["edges"])),
            tuple(self._scope(k, s) for k, s in enumerate(document["scopes"])),
            tuple(_source(s) for s in document["sources"]),
        )
        _check_joined(graph)
        data = [self._fitting(n, v) for n, v in zip(document["data"], graph.values, strict=True)]
        by_edge = {e.id: graph.values[e.value] for e in graph.edges}
        by_value = {v.id: v for v in graph.values}
        shapes = {
            self._key(k, by_edge): _shape(s) for k, s in _dict(document["sent_shapes"]).items()
        }
        trace = Trace(
            graph, self._steps(graph), self._index(document["output"], "values"), data,
            self._arrays("gradients", by_value), self._arrays("contributions", by_edge),
            self._arrays("accumulated", by_edge), _text(document["why_no_backward"]),
            [_text(note) for note in _list(document["notes"])], shapes,
        )  # fmt: skip
        sent = {c.edge for step in trace.steps for c in step.contributions}
        for edge in by_edge:
            given = trace.contribution(edge) is None, trace.accumulated(edge) is None
            if given != (edge not in sent, edge not in sent):
                raise damaged(f"steps and contributions that differ at edge {edge}")
        return trace, self._calls(graph)

    def _index(self, value: Any, kind: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise damaged(f"{value!r} for one of the {kind}")
        if not 0 <= value < self.sizes[kind]:
            raise damaged(f"number {value} of {self.sizes[kind]} {kind}")
        return value

    def _optional(self, value: Any, kind: str) -> int | None:
        return None if value is None else self._index(value, kind)

    def _all(self, values: Any, kind: str) -> tuple[int, ...]:
        return tuple(self._index(v, kind) for v in _list(values))

    def _key(self, key: str, known: Mapping[int, Any]) -> int:
        number = int(key)
        if number not in known:
            raise damaged(f"an array for number {number}, which is not there")
        return number

    def _arrays(self, name: str, nodes: Mapping[int, ValueNode]) -> dict[int, Any]:
        found = {}
        for key, number in _dict(self.document[name]).items():
            k = self._key(key, nodes)
            found[k] = self._fitting(number, nodes[k])
        return found

    def _fitting(self, number: Any, node: ValueNode) -> Any:
        """Return an array of a node's shape and dtype; a number is made Python's again."""
        array = self.array(number)
        python = _PYTHON.get(node.dtype)
        if array.shape != node.shape or (python is None and str(array.dtype) != node.dtype):
            got = f"{array.dtype} {array.shape} where {node.key} is {node.dtype} {node.shape}"
            raise damaged(got)
        return array if python is None else python(array[()])

    def _value(self, k: int, v: Any) -> ValueNode:
        dtype, role = _text(v["dtype"]), v["role"]
        if role not in _ROLES or (dtype not in _PYTHON and np.dtype(dtype).kind not in "biuf"):
            raise damaged(f"a value of {dtype!r} that is {role!r}")
        return ValueNode(
            k, _text(v["name"]), role, _shape(v["shape"]), dtype, v["requires_grad"] is True,
            self._optional(v["producer"], "ops"), _whole(v["slot"]),
            self._all(v["consumers"], "edges"), self._optional(v["scope"], "scopes"),
            self._location(v["location"]),
        )  # fmt: skip

    def _op(self, k: int, o: Any) -> OpNode:
        params = {_text(n): decode(v, self.array) for n, v in _dict(o["params"]).items()}
        return OpNode(
            k, _text(o["op"]), _text(o["label"]), self._all(o["inputs"], "edges"),
            self._all(o["outputs"], "values"), params, self._optional(o["scope"], "scopes"),
            self._location(o["location"]), _text(o["tex"]),
            tuple(_text(t) for t in _list(o["vjp_tex"])), _text(o["doc"]),
        )  # fmt: skip

    def _edge(self, k: int, e: Any) -> Edge:
        return Edge(
            k, self._index(e["value"], "values"), self._index(e["op"], "ops"), _whole(e["slot"]),
            e["is_input"] is True, e["carries_gradient"] is True,
        )  # fmt: skip

    def _scope(self, k: int, s: Any) -> Scope:
        parent = self._optional(s["parent"], "scopes")
        if parent is not None and parent >= k:
            raise damaged("a module inside a later one")
        return Scope(k, _text(s["name"]), parent, _text(s["path"]))

    def _location(self, place: Any) -> Location | None:
        if place is None:
            return None
        columns = [None if place[c] is None else _whole(place[c]) for c in ("column", "end_column")]
        source = self._index(place["source"], "sources")
        return Location(source, _whole(place["line"]), _whole(place["end_line"]), *columns)

    def _steps(self, graph: Graph) -> list[Step]:
        found: list[Step] = []
        forward = True
        for k, s in enumerate(_list(self.document["steps"])):
            op = self._optional(s["op"], "ops")
            if s["phase"] not in ("forward", "backward"):
                raise damaged(f"a step of phase {s['phase']!r}")
            forward = forward and s["phase"] == "forward"
            if forward != (s["phase"] == "forward") or (forward and op != k):
                raise damaged("steps out of order")
            sent = tuple(self._sent(graph, op, c) for c in _list(s["contributions"]))
            found.append(Step(k, s["phase"], op, self._all(s["outputs"], "values"), sent))
        return found

    def _sent(self, graph: Graph, op: int | None, c: Any) -> Contribution:
        edge = graph.edges[self._index(c["edge"], "edges")]
        arrived, total = _whole(c["arrived"]), _whole(c["total"])
        if edge.op != op or edge.value != c["value"] or not 1 <= arrived <= total:
            raise damaged(f"a contribution that does not fit edge {edge.id}")
        return Contribution(edge.id, edge.value, arrived, total)

    def _calls(self, graph: Graph) -> list[CallFacts] | None:
        calls: list[CallFacts] = []
        for one in _list(self.document["calls"]):
            params, given, several = one
            if any(_is_text(v) for v in _dict(params).values()):
                return None
            decoded = {_text(n): decode(v, self.array) for n, v in params.items()}
            slots = tuple(g is True for g in _list(given))
            calls.append(CallFacts(decoded, slots, several is True))
        return calls if len(calls) == len(graph.ops) else None


def _check_joined(graph: Graph) -> None:
    """Check that edges and ends agree, and that every operation comes after its operands."""
    for op in graph.ops:
        for slot, made in enumerate(op.outputs):
            node = graph.values[made]
            if (node.producer, node.slot) != (op.id, slot):
                raise damaged(f"{op.key} and {node.key} that do not agree")
        for e in op.inputs:
            edge = graph.edges[e]
            producer = graph.values[edge.value].producer
            if (
                not edge.is_input
                or edge.op != op.id
                or (producer is not None and producer >= op.id)
            ):
                raise damaged(f"{op.key} and edge {e} that do not agree")
            if e not in graph.values[edge.value].consumers:
                raise damaged(f"edge {e} and {graph.values[edge.value].key} that do not agree")
    for value in graph.values:
        if value.producer is not None and value.id not in graph.ops[value.producer].outputs:
            raise damaged(f"{value.key}, whose operation does not make it")
        for e in value.consumers:
            if graph.edges[e].value != value.id or e not in graph.ops[graph.edges[e].op].inputs:
                raise damaged(f"edge {e}, which {value.key} does not have")


def _is_text(value: Any) -> bool:
    if isinstance(value, dict):
        return "text" in value or any(_is_text(v) for v in value.values())
    return isinstance(value, list) and any(_is_text(v) for v in value)


def _source(s: Any) -> Source:
    lines = tuple(_text(line) for line in _list(s["lines"]))
    return Source(_text(s["title"]), _text(s["filename"]), _whole(s["first_line"]), lines)


def _kind(value: Any, kind: type[T]) -> T:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise damaged(f"{repr(value)[:60]} where a {kind.__name__} belongs")
    return value


def _text(value: Any) -> str:
    return _kind(value, str)


def _list(value: Any) -> list[Any]:
    return _kind(value, list)


def _dict(value: Any) -> dict[str, Any]:
    return _kind(value, dict)


def _whole(value: Any) -> int:
    number = _kind(value, int)
    if number < 0:
        raise damaged(f"{number} where a whole number belongs")
    return number


def _shape(value: Any) -> tuple[int, ...]:
    return tuple(_whole(n) for n in _list(value))
