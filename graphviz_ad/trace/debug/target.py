"""From what a person points at (a tensor, a name, a key) to the node of the graph."""

from __future__ import annotations

import re
from typing import Any

from graphviz_ad.errors import TraceError
from graphviz_ad.trace.model import OpNode, ValueNode
from graphviz_ad.trace.trace import Trace

__all__ = ["find_node", "scope_chain"]

_KEY = re.compile(r"([vo])(\d+)")


def find_node(trace: Trace, target: Any, function: str) -> ValueNode | OpNode:
    """Return the node of a tensor, a value's name, an operation's name, or a key.

    Of several with one name the last is meant; with the path of its module before it,
    the last of those in that module.

    Parameters
    ----------
    trace : Trace
    target : Tensor, str, ValueNode, OpNode or inspection
        ``"W"``, ``"matmul"``, ``"v3"``, ``"o2"`` or, in a module, ``"encoder.weight"``
        and ``"t=3.exp"`` as text.
    function : str
        Who asks.

    Raises
    ------
    TraceError
        When the trace has no such node.
    """
    graph = trace.graph
    target = getattr(target, "node", target)
    if isinstance(target, ValueNode) and target in graph.values[target.id : target.id + 1]:
        return target
    if isinstance(target, OpNode) and any(op is target for op in graph.ops[target.id :][:1]):
        return target
    if isinstance(target, str):
        return _named(trace, target, function)
    found = None if trace.rules is None else trace.rules.value_of(target)
    if found is not None:
        return graph.values[found]
    got = repr(target)
    got = f"{type(target).__name__} {got if len(got) <= 60 else got[:57] + '…'}"
    hint = "trace.graph.values lists what it has"
    expected = "a tensor of this graph, the name of a value or an operation, or a key"
    raise TraceError(function, expected, got, hint)


def _named(trace: Trace, name: str, function: str) -> ValueNode | OpNode:
    graph = trace.graph
    for value in reversed(graph.values):
        if value.name == name:
            return value
    key = _KEY.fullmatch(name)
    if key is not None:
        nodes = graph.values if key[1] == "v" else graph.ops
        if int(key[2]) < len(nodes):
            return nodes[int(key[2])]
    for op in reversed(graph.ops):
        if name in (op.op, op.label):
            return op
    for scope in graph.scopes:
        if name.startswith(f"{scope.path}."):
            found = _in_module(trace, scope.path, name[len(scope.path) + 1 :])
            if found is not None:
                return found
    values = ", ".join(sorted({v.name for v in graph.values if v.name})[:20])
    ops = ", ".join(sorted({op.op for op in graph.ops})[:20])
    hint = f"the values are {values}; the operations {ops}"
    raise TraceError(function, "the name or key of a value or an operation", repr(name), hint)


def _in_module(trace: Trace, path: str, name: str) -> ValueNode | OpNode | None:
    """Return the value or operation of that name in a module; a leaf is where it is used."""
    graph = trace.graph
    ops = [op for op in reversed(graph.ops) if _path(trace, op.scope) == path]
    for op in ops:
        for value in (*op.outputs, *(graph.edges[edge].value for edge in op.inputs)):
            node = graph.values[value]
            if node.name == name and (node.producer is None or value in op.outputs):
                return node
    return next((op for op in ops if name in (op.op, op.label)), None)


def _path(trace: Trace, scope: int | None) -> str:
    return "" if scope is None else trace.graph.scopes[scope].path


def scope_chain(trace: Trace, scope: int | None) -> tuple[int, ...]:
    """Return the module scopes around a place, the outermost first."""
    chain: list[int] = []
    while scope is not None:
        chain.append(scope)
        scope = trace.graph.scopes[scope].parent
    return tuple(reversed(chain))
