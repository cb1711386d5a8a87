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

    Of several with one name the last is meant.

    Parameters
    ----------
    trace : Trace
    target : Tensor, str, ValueNode, OpNode or inspection
        ``"W"``, ``"matmul"``, ``"v3"`` or ``"o2"`` as text.
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
    values = ", ".join(sorted({v.name for v in graph.values if v.name})[:20])
    ops = ", ".join(sorted({op.op for op in graph.ops})[:20])
    hint = f"the values are {values}; the operations {ops}"
    raise TraceError(function, "the name or key of a value or an operation", repr(name), hint)


def scope_chain(trace: Trace, scope: int | None) -> tuple[int, ...]:
    """Return the module scopes around a place, the outermost first."""
    chain: list[int] = []
    while scope is not None:
        chain.append(scope)
        scope = trace.graph.scopes[scope].parent
    return tuple(reversed(chain))
