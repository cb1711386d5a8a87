"""The recorded run again, with other arrays in the place of some of its values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from graphviz_ad.trace.explain.shown import host
from graphviz_ad.trace.rules import Rules
from graphviz_ad.trace.trace import Trace

__all__ = ["Rerun", "doubled"]


class Rerun:
    """Runs what comes after some values again, in float64.

    Parameters
    ----------
    trace : Trace
    rules : Rules
        The trace's.
    values : iterable of int
        The values that will be replaced.

    Attributes
    ----------
    start : dict from int to array
        What the values were.
    ops : list of int
        The operations between them and the output.
    """

    def __init__(self, trace: Trace, rules: Rules, values: Iterable[int]) -> None:
        graph = trace.graph
        self.trace, self.rules = trace, rules
        given = set(values)
        moved = set(given)
        found = []
        for op in graph.ops:
            ends = {graph.edges[e].value for e in op.inputs}
            if not ends.isdisjoint(moved) and given.isdisjoint(op.outputs):
                found.append(op.id)
                moved.update(op.outputs)
        needed = {trace.output}
        self.ops: list[int] = []
        for k in reversed(found):
            if not needed.isdisjoint(graph.ops[k].outputs):
                needed.update(graph.edges[e].value for e in graph.ops[k].inputs)
                self.ops.append(k)
        self.ops.reverse()
        self.start = {value: doubled(trace.data(value)) for value in sorted(given)}
        self._fixed: dict[int, list[Any]] = {
            op: [doubled(a) for a in rules.arrays(op)] for op in self.ops
        }

    def output(self, arrays: Mapping[int, Any]) -> Any:
        """Return the output, on the host, with these arrays in the values' places."""
        graph = self.trace.graph
        known = {**self.start, **arrays}
        for op in self.ops:
            operands = list(self._fixed[op])
            for edge in graph.ops[op].inputs:
                end = graph.edges[edge]
                if end.value in known:
                    operands[end.slot] = known[end.value]
            made = self.rules.forward(op, operands)
            known.update(zip(graph.ops[op].outputs, made, strict=True))
        return host(known[self.trace.output])


def doubled(array: Any) -> Any:
    """Return floating-point arrays in float64, everything else as it is."""
    kind = getattr(getattr(array, "dtype", None), "kind", "")
    return array.astype(np.float64) if kind == "f" else array
