"""Why a gradient is what it is where no operation says so: 1, 0, or none at all."""

from __future__ import annotations

import numpy as np

from graphviz_ad.trace.explain.shown import host, number
from graphviz_ad.trace.trace import Trace

__all__ = ["reason"]


def reason(trace: Trace, value: int) -> str:
    """Return why a value's gradient is no sum of contributions; empty where it is one.

    "1 because it is the loss itself", "0 because nothing leads there", "no gradient
    because detached" and "no gradient required" are four different things.
    """
    node = trace.graph.values[value]
    label = trace.value_label(value)
    if value == trace.output and trace.gradient(value) is not None:
        start = host(trace.gradient(value))
        if start.size == 1 and np.all(start == 1):
            return "1 because it is the loss itself"
        text = number(start.item()) if start.size == 1 else "given"
        return f"{text} because it was given as the gradient of {label}"
    if trace.gradient(value) is not None:
        return ""
    if node.requires_grad:
        if trace.why_no_backward:
            return trace.why_no_backward
        return f"0 because nothing leads from {label} to {trace.value_label(trace.output)}"
    source = _detached_from(trace, value)
    if source:
        return f"no gradient because detached: {source}"
    if node.role == "constant":
        return "no gradient because it is a constant"
    return "no gradient required"


def _detached_from(trace: Trace, value: int) -> str:
    """Say where a leaf was cut off; empty where nothing shows that it was."""
    node = trace.graph.values[value]
    if node.producer is not None or node.role == "constant":
        return ""
    data = trace.data(value)
    for other in trace.graph.values[:value]:
        if other.requires_grad and trace.data(other.id) is data:
            return f"it holds the data of {trace.value_label(other.id)}"
    place = node.location
    if place is None:
        return ""
    source = trace.graph.sources[place.source]
    lines = source.lines[place.line - source.first_line : place.end_line - source.first_line + 1]
    if any(".detach(" in line for line in lines):
        return f"{source.title}, line {place.line}"
    return ""
