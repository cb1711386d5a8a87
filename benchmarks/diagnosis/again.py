"""A network recorded once more: in float32, with its batch twice, or with its loss scaled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import graphviz_ad as ad
from graphviz_ad.engine.apply import apply
from graphviz_ad.engine.op import REGISTRY
from graphviz_ad.trace.trace import Trace

__all__ = ["doubled", "scaled", "single"]


def single(loss: Any) -> Any:
    """Return the loss of the same network in float32."""

    def cast(array: Any, is_parameter: bool) -> Any:
        return array.astype(np.float32) if array.dtype.kind == "f" else array

    return _again(loss, cast, lambda params: params)


def doubled(loss: Any) -> Any:
    """Return the loss of the same network on every row of its batch twice."""
    trace = ad.show_graph(loss).trace
    rows = next(v.shape[0] for v in trace.graph.values if v.role == "input" and v.shape)

    def twice(array: Any, is_parameter: bool) -> Any:
        batch = not is_parameter and array.ndim and array.shape[0] == rows
        return np.concatenate([array, array]) if batch else array

    def params(given: dict[str, Any]) -> dict[str, Any]:
        return {
            name: (2 * rows, *value[1:])
            if isinstance(value, tuple) and value[:1] == (rows,) and name in ("shape", "dims")
            else value
            for name, value in given.items()
        }

    return _again(loss, twice, params)


def scaled(loss: Any, factor: float) -> Any:
    """Return the loss times a constant, in its own dtype."""
    return loss * loss.data.dtype.type(factor)


def _again(
    loss: Any,
    change: Callable[[Any, bool], Any],
    params: Callable[[dict[str, Any]], dict[str, Any]],
) -> Any:
    trace: Trace = ad.show_graph(loss).trace
    graph, rules = trace.graph, trace.rules
    assert rules is not None
    made: dict[int, Any] = {}
    for value in graph.values:
        if value.producer is None and value.role in ("parameter", "input"):
            array = change(np.asarray(trace.data(value.id)), value.role == "parameter")
            make = ad.parameter if value.role == "parameter" else ad.tensor
            made[value.id] = make(array, name=value.name or None)
    for op in graph.ops:
        facts = rules.call(op.id)
        by_slot = {graph.edges[e].slot: graph.edges[e].value for e in op.inputs}
        operands: list[Any] = []
        for slot, array in enumerate(rules.arrays(op.id)):
            if array is None:
                operands.append(None)
            elif facts.given[slot]:
                operands.append(made[by_slot[slot]])
            else:
                constant = np.asarray(array)
                operands.append(change(constant, False) if constant.ndim else constant.item())
        with np.errstate(all="ignore"):
            out = apply(REGISTRY[op.op], tuple(operands), params(dict(facts.params)))
        for value, tensor in zip(op.outputs, out if facts.several else (out,), strict=True):
            made[value] = tensor
    return made[trace.output]
