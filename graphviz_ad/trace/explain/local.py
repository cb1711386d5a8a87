"""The local derivatives of one operation with respect to one element of an input."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphviz_ad.backend import namespace
from graphviz_ad.errors import VJPError
from graphviz_ad.trace.explain.shown import host
from graphviz_ad.trace.rules import Rules
from graphviz_ad.trace.trace import Trace

__all__ = ["local_column", "on_backend_of"]


def local_column(
    trace: Trace, rules: Rules, op: int, slot: int, index: tuple[int, ...]
) -> list[Any]:
    """Return how every element of an operation's outputs changes with one element of an input.

    One float64 array per output, of the output's shape.
    """
    operand = rules.arrays(op)[slot]
    tangent = np.zeros(operand.shape, operand.dtype)
    tangent[index] = 1
    try:
        pushed = rules.push_forward(op, slot, on_backend_of(operand, tangent))
        return [host(part).astype(np.float64) for part in pushed]
    except VJPError:
        return _from_rows(trace, rules, op, slot, index)


def _from_rows(trace: Trace, rules: Rules, op: int, slot: int, index: tuple[int, ...]) -> list[Any]:
    """Return the column element by element, for a rule that cannot be differentiated itself."""
    nodes = [trace.graph.values[v] for v in trace.graph.ops[op].outputs]
    found = []
    for k, node in enumerate(nodes):
        column = np.zeros(node.shape)
        if np.dtype(node.dtype).kind == "f":
            for at in np.ndindex(node.shape):
                start = np.zeros(node.shape, node.dtype)
                start[at] = 1
                cotangents = [None] * len(nodes)
                cotangents[k] = on_backend_of(trace.data(node.id), start)
                sent = rules.pull_back(op, cotangents, [slot])
                column[at] = host(sent[slot])[index] if slot in sent else 0.0
        found.append(column)
    return found


def on_backend_of(array: Any, values: Any) -> Any:
    """Return NumPy `values` on the backend of `array`, a scalar where it has no axes."""
    xp = namespace(array)
    return (values if values.ndim else values[()]) if xp is np else xp.asarray(values)
