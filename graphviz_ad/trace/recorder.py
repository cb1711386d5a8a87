"""From the engine's records to a trace; this file and `replay` alone see the engine."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from graphviz_ad.engine.tape import Record, ScopeEntry
from graphviz_ad.engine.tensor import Tensor
from graphviz_ad.errors import DTypeError, NothingRecordedError
from graphviz_ad.trace.file import LIMIT, Session, load_trace
from graphviz_ad.trace.model import (
    Edge,
    Graph,
    Location,
    OpNode,
    Scope,
    Step,
    ValueNode,
)
from graphviz_ad.trace.places import Places
from graphviz_ad.trace.replay import Replay, registry_rules, replay_rules
from graphviz_ad.trace.trace import Trace

__all__ = ["GraphBuilder", "record_trace", "records_of", "reload_trace"]

_OUTER_FRAMES = 20
_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


def record_trace(output: Tensor, gradient: Any = None, frame: FrameType | None = None) -> Trace:
    """Make the trace of everything that led to `output`, and replay its backward pass.

    No gradient, array or random state of the user's is touched.

    Parameters
    ----------
    output : Tensor
        Usually the loss.
    gradient : array_like, optional
        The gradient of `output`. Without it an output that is not scalar has
        forward steps only.
    frame : frame, optional
        Whose variables name the tensors that have no name.

    Raises
    ------
    DTypeError
        When `output` is no Tensor.
    NothingRecordedError
        When no recorded operation led to `output`.
    ShapeError
        When `gradient` does not have the shape of `output`.
    """
    if not isinstance(output, Tensor):
        raise DTypeError("show_graph", "a Tensor", type(output).__name__, "show the loss")
    if output._record is None:
        hint = "make the leaves with ad.parameter, outside no_grad(), and compute from them"
        raise NothingRecordedError("show_graph", "the output of an operation", repr(output), hint)
    records = records_of([output])
    builder = GraphBuilder(records, output, frame)
    return builder.trace(gradient)


def reload_trace(path: str | Path, limit: int = LIMIT) -> tuple[Trace, Session]:
    """Read a trace with its operations' rules, and the breakpoints and watches saved with it.

    The rules are those that the registry has now; a trace with an operation that it lacks
    can be looked at and not be checked or explained element by element.

    Raises
    ------
    TraceError
        When the file is damaged, unpacks to more than `limit` bytes, or is no trace.
    FileNotFoundError
        When there is no such file.
    """
    return load_trace(path, registry_rules, limit=limit)


def records_of(outputs: Sequence[Tensor]) -> list[Record]:
    """Return the records that lead to some outputs of operations, in creation order."""
    found: dict[int, Record] = {}
    stack = list(outputs)
    while stack:
        record = stack.pop()._record
        if record is not None and record.id not in found:
            found[record.id] = record
            stack.extend(tensor for tensor in record.inputs if tensor is not None)
    return [found[key] for key in sorted(found)]


class GraphBuilder:
    """Numbers values, ops and edges in creation order, then replays the backward pass."""

    def __init__(self, records: list[Record], output: Tensor, frame: FrameType | None) -> None:
        self.records = records
        self.output = output
        self.variables = {} if frame is None else _variables(frame)
        self.outer = {} if frame is None else _outer_variables(frame)
        self.places = Places()
        self.data: list[Any] = []
        self.values: list[dict[str, Any]] = []
        self.ops: list[dict[str, Any]] = []
        self.edges: list[tuple[int, int, int, bool]] = []
        self.scopes: dict[int, Scope] = {}
        self.made: dict[int, int] = {}  # tensor id -> value, for outputs of ops
        self.leaves: dict[int, list[int]] = {}  # tensor id -> its versions, oldest first
        for record in records:
            self._add(record)
        self.shown = self.made[output.id]
        self.values[self.shown]["role"] = "output"

    def _add(self, record: Record) -> None:
        op = len(self.ops)
        scope = self._scope(record.scope)
        code, lasti = _user_call(record)
        inputs = []
        for slot, (tensor, array) in enumerate(zip(record.inputs, record.arrays, strict=True)):
            if array is None:
                continue
            inputs.append(self._edge(self._input(record, slot, tensor, array), op, slot, True))
        several = type(record.out) is tuple
        outputs = record.out if several else (record.out,)
        names = [""] * len(outputs)
        call = _direct_call(record)
        if call is not None:
            names = self.places.assigned_names(*call, len(outputs))
        made = []
        for slot, array in enumerate(outputs):
            identity = record.id + slot
            name = self.variables.get(identity) or names[slot] or self.outer.get(identity, "")
            value = self._value(
                array, name=name, role="intermediate", requires_grad=array.dtype.kind == "f",
                producer=op, slot=slot, scope=scope,
            )  # fmt: skip
            self.made[identity] = value
            made.append(value)
            self._edge(value, op, slot, False)
        self.ops.append(
            {
                "id": op, "op": record.op.name, "label": record.op.label or record.op.name,
                "inputs": tuple(inputs), "outputs": tuple(made),
                "params": {k: v for k, v in record.params.items() if v is not None},
                "scope": scope, "location": self.places.locate(code, lasti),
                "tex": record.op.tex, "vjp_tex": _one_per_input(record),
                "doc": record.op.summary(),
            }
        )  # fmt: skip

    def _input(self, record: Record, slot: int, tensor: Tensor | None, array: Any) -> int:
        if tensor is None:
            call = _direct_call(record)
            name = self.places.operand_name(*call, slot) if call is not None else ""
            if not name and not getattr(array, "shape", ()):
                name = f"{array:.6g}"
            scope = self._scope(record.scope)
            return self._value(array, name=name, role="constant", requires_grad=False, scope=scope)
        if tensor._record is not None:
            value = self.made[tensor.id]
            if tensor.name:
                self.values[value]["name"] = tensor.name
            return value
        versions = self.leaves.setdefault(tensor.id, [])
        for value in versions:
            if self.data[value] is array:
                return value
        name = tensor.name or self.variables.get(tensor.id) or ""
        location: Location | None = None
        if tensor._site is not None:
            site = tensor._site
            location = self.places.locate(site.code, site.lasti)
            name = name or self.places.assigned_names(site.code, site.lasti, 1)[0]
        name = name or self.outer.get(tensor.id, "")
        value = self._value(
            array, name=name, role="parameter" if tensor.requires_grad else "input",
            requires_grad=tensor.requires_grad, location=location,
        )  # fmt: skip
        versions.append(value)
        return value

    def _value(self, array: Any, **fields: Any) -> int:
        value = len(self.values)
        shape = tuple(getattr(array, "shape", ()))
        dtype = str(getattr(array, "dtype", type(array).__name__))
        fields.setdefault("producer", None)
        self.values.append({"id": value, "shape": shape, "dtype": dtype, "consumers": [], **fields})
        self.data.append(array)
        return value

    def _edge(self, value: int, op: int, slot: int, is_input: bool) -> int:
        edge = len(self.edges)
        self.edges.append((value, op, slot, is_input))
        if is_input:
            self.values[value]["consumers"].append(edge)
        return edge

    def _scope(self, entry: ScopeEntry | None) -> int | None:
        chain = []
        while entry is not None and entry.id not in self.scopes:
            if not entry.hidden:
                chain.append(entry)
            entry = entry.parent
        parent = None if entry is None else self.scopes[entry.id]
        for entry in reversed(chain):
            name = entry.name
            if entry.unnamed and not _is_internal(entry.site.code):
                name = self.places.called_name(entry.site.code, entry.site.lasti) or name
            path = f"{parent.path}.{name}" if parent else name
            parent_id = parent.id if parent else None
            parent = Scope(len(self.scopes), name, parent_id, path)
            self.scopes[entry.id] = parent
        return parent.id if parent else None

    def trace(self, gradient: Any) -> Trace:
        """Return the trace, with the backward pass that starts from `gradient`."""
        name = self.output.name
        if name:
            self.values[self.shown]["name"] = name
        replay = Replay(self.records, self.ops, self.edges, self.shown)
        why = replay.run(self.output, gradient)
        graph = self.graph(
            lambda edge, value, is_input: (
                edge in replay.contributions if is_input else value in replay.gradients
            ),
            self.places.sources(),
        )
        forward = self.forward(graph)
        return Trace(
            graph, [*forward, *replay.steps(len(forward))], self.shown, self.data,
            replay.gradients, replay.contributions, replay.accumulated, why, self._hook_notes(),
            {edge: tuple(array.shape) for edge, array in replay.sent.items()},
            replay_rules(self.records, {**self._newest_leaves(), **self.made}), replay.sent,
        )  # fmt: skip

    def graph(self, carries: Callable[[int, int, bool], bool], sources: tuple[Any, ...]) -> Graph:
        """Return the frozen graph; `carries` says of an edge whether a gradient comes along it."""
        return Graph(
            tuple(ValueNode(**{**v, "consumers": tuple(v["consumers"])}) for v in self.values),
            tuple(OpNode(**op) for op in self.ops),
            tuple(
                Edge(i, value, op, slot, is_input, carries(i, value, is_input))
                for i, (value, op, slot, is_input) in enumerate(self.edges)
            ),
            tuple(self.scopes.values()),
            sources,
        )

    def forward(self, graph: Graph) -> list[Step]:
        """Return the steps of the forward pass."""
        return [Step(i, "forward", op.id, op.outputs) for i, op in enumerate(graph.ops)]

    def _newest_leaves(self) -> dict[int, int]:
        """Return the newest version of every leaf, by the id of its tensor."""
        return {identity: versions[-1] for identity, versions in self.leaves.items()}

    def _hook_notes(self) -> list[str]:
        """Say which gradients hooks of the user's would change: looking does not call them."""
        tensors = {t.id: t for r in self.records for t in r.inputs if t is not None}
        tensors[self.output.id] = self.output
        hooked = [t for t in tensors.values() if t._watch is not None and t._watch.hooks]
        if not hooked:
            return []
        found = [self.made.get(t.id, self.leaves.get(t.id, [0])[0]) for t in hooked]
        names = ", ".join(self.values[v]["name"] or f"v{v}" for v in found)
        return [f"gradients are shown as they are without the hooks on {names}"]


def _one_per_input(record: Record) -> tuple[str, ...]:
    texts: tuple[str, ...] = record.op.vjp_tex
    return texts * len(record.inputs) if record.op.variadic and len(texts) == 1 else texts


def _user_call(record: Record) -> tuple[Any, int]:
    """Return the user's call: for a record made inside the package, that of its scope."""
    if not _is_internal(record.code):
        return record.code, record.lasti
    entry = record.scope
    while entry is not None:
        if not _is_internal(entry.site.code):
            return entry.site.code, entry.site.lasti
        entry = entry.parent
    return record.code, record.lasti


def _direct_call(record: Record) -> tuple[Any, int] | None:
    """Return the user's call if it is this very op, and not one of several that it made."""
    if not _is_internal(record.code):
        return record.code, record.lasti
    entry = record.scope
    if entry is None or not entry.single or _is_internal(entry.site.code):
        return None
    return entry.site.code, entry.site.lasti


def _is_internal(code: Any) -> bool:
    name: str = code.co_filename
    return name.startswith((_PACKAGE, "<graphviz_ad"))


def _outer_variables(frame: FrameType) -> dict[int, str]:
    """Map tensors to variables of the caller's callers, for a caller that shows for others."""
    names: dict[int, str] = {}
    outer = frame.f_back
    for _ in range(_OUTER_FRAMES):
        if outer is None:
            break
        names = {**_variables(outer), **names}
        outer = outer.f_back
    return names


def _variables(frame: FrameType) -> dict[int, str]:
    """Map the ids of the tensors that a frame's variables hold to the variables' names."""
    names: dict[int, str] = {}
    for scope in (frame.f_locals, frame.f_globals):
        for name, value in list(scope.items()):
            if name.startswith("_") or name in ("In", "Out"):
                continue
            if isinstance(value, Tensor):
                names.setdefault(value.id, name)
            elif isinstance(value, (list, tuple)):
                for k, element in enumerate(value):
                    if isinstance(element, Tensor):
                        names.setdefault(element.id, f"{name}[{k}]")
            elif isinstance(value, dict):
                for key, element in value.items():
                    if isinstance(element, Tensor) and isinstance(key, str):
                        names.setdefault(element.id, key)
    return names
