"""The graph as plain text, for terminals and logs."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np

from graphviz_ad.errors import RenderError
from graphviz_ad.render.diagram import UNNAMED
from graphviz_ad.render.format import format_number, format_shape
from graphviz_ad.render.heatmap import Statistics, statistics
from graphviz_ad.render.measure import cells, shorten
from graphviz_ad.render.source import TraceLike
from graphviz_ad.trace.model import Graph, OpNode

_SHAPE, _DATA, _GRADIENT, _GAP = 13, 25, 12, 2
_NARROWEST = 80


def to_text(trace: TraceLike, *, width: int = 100, limit: int = 60) -> str:
    """Write a trace as a table: the leaves, then one line per operation in forward order.

    Parameters
    ----------
    trace : Trace
    width : int
        Columns of the terminal, at least 80.
    limit : int
        Most leaves and most operations listed; of longer lists the middle is left out.

    Returns
    -------
    str
        Lines with the value, its shape, its range and the norm of its gradient; what
        runs in a module scope is indented under the scope's name.

    Raises
    ------
    RenderError
        For a width below 80 or a limit below 2.
    """
    if width < _NARROWEST or limit < 2:
        raise RenderError(
            "to_text",
            "width ≥ 80 and limit ≥ 2",
            f"width={width}, limit={limit}",
            "leave them out for 100 and 60",
        )
    graph = trace.graph
    leaves = [value.id for value in graph.values if value.producer is None]
    lines = [_row(width, "leaves", "shape", "data", "‖gradient‖")] if leaves else []
    labels = _leaf_labels(trace, leaves)
    for leaf in _ends(leaves, limit):
        if leaf is None:
            lines.append(_omitted(len(leaves) - limit, "leaves"))
            continue
        role = graph.values[leaf].role
        lines.append(_row(width, f"  {labels[leaf]}  {role}", *_facts(trace, leaf)))
    if graph.ops:
        lines += [""] * bool(lines)
        lines.append(_row(width, "operations", "shape", "data", "‖gradient‖"))
        lines += _op_lines(trace, width, limit)
    return "\n".join([*lines, ""])


def _leaf_labels(trace: TraceLike, leaves: list[int]) -> dict[int, str]:
    """Name the leaves, those of one name by the module that uses them: ``encoder.weight``."""
    graph = trace.graph
    labels = {leaf: _label(trace, leaf) for leaf in leaves}
    several = {name for name, count in Counter(labels.values()).items() if count > 1}
    for leaf, name in labels.items():
        node = graph.values[leaf]
        if name not in several or node.role != "parameter" or not node.consumers:
            continue
        scope = graph.ops[graph.edges[node.consumers[0]].op].scope
        if scope is not None:
            labels[leaf] = f"{graph.scopes[scope].path}.{name}"
    return labels


def _op_lines(trace: TraceLike, width: int, limit: int) -> list[str]:
    graph = trace.graph
    lines: list[str] = []
    open_scopes: list[int] = []
    for op in _ends([op.id for op in graph.ops], limit):
        if op is None:
            lines.append(_omitted(len(graph.ops) - limit, "operations"))
            continue
        node = graph.ops[op]
        scopes = _scopes(graph, node.scope)
        common = _common_length(open_scopes, scopes)
        for depth in range(common, len(scopes)):
            name = graph.scopes[scopes[depth]].name
            lines.append("  " * (depth + 1) + f"▾ {shorten(name, width - 4 - 2 * depth)}")
        open_scopes = scopes
        indent = "  " * (len(scopes) + 1)
        first, *others = node.outputs
        lines.append(_row(width, f"{indent}{_call(trace, node)}", *_facts(trace, first)))
        for other in others:
            text = f"{indent}  and {_label(trace, other)}"
            lines.append(_row(width, text, *_facts(trace, other)))
    return lines


def _row(width: int, what: str, shape: str, data: str, gradient: str) -> str:
    room = width - _SHAPE - _DATA - _GRADIENT - 3 * _GAP
    columns = ((what, room), (shape, _SHAPE), (data, _DATA), (gradient, _GRADIENT))
    return (" " * _GAP).join(_pad(text, size) for text, size in columns).rstrip()


def _pad(text: str, size: int) -> str:
    text = shorten(text, size)
    return text + " " * (size - cells(text))


def _call(trace: TraceLike, op: OpNode) -> str:
    inputs = ", ".join(_label(trace, trace.graph.edges[edge].value) for edge in op.inputs)
    given = ((name, value) for name, value in op.params.items() if value not in (None, False))
    params = "".join(f", {name}={value}" for name, value in given)
    return f"{_label(trace, op.outputs[0])} = {op.op}({inputs}{params})"


def _label(trace: TraceLike, value: int) -> str:
    """Return a value's name; its key where it has none, so that lines can refer to each other."""
    label = trace.value_label(value)
    return trace.graph.values[value].key if label == UNNAMED else label


def _facts(trace: TraceLike, value: int) -> tuple[str, str, str]:
    node = trace.graph.values[value]
    gradient = trace.gradient(value)
    if gradient is not None:
        norm = _norm(statistics(gradient))
    else:
        norm = "not computed" if node.requires_grad else "not required"
    return format_shape(node.shape), _range(trace.data(value)), norm


def _norm(found: Statistics) -> str:
    """Write the norm over all elements; `Statistics` has that of the finite ones."""
    if found.nan:
        return "NaN"
    return "∞" if found.posinf or found.neginf else format_number(found.norm)


def _range(array: Any) -> str:
    """Write a scalar's value, or the range of an array and its count of NaN."""
    if np.ndim(array) == 0:
        return format_number(array)
    s = statistics(array)
    if math.isnan(s.min) and not s.nan:
        return "empty"
    text = f"{format_number(s.min)} to {format_number(s.max)}"
    return text + (f", {s.nan:,} NaN" if s.nan else "")


def _ends(ids: list[int], limit: int) -> list[int | None]:
    """Return the first and the last of a long list, None between them."""
    if len(ids) <= limit:
        return list(ids)
    head = limit - limit // 2
    return [*ids[:head], None, *ids[len(ids) - limit // 2 :]]


def _omitted(count: int, what: str) -> str:
    return f"  … {count:,} more {what} …"


def _scopes(graph: Graph, scope: int | None) -> list[int]:
    """Return the scopes around an operation, outermost first."""
    path: list[int] = []
    while scope is not None:
        path.append(scope)
        scope = graph.scopes[scope].parent
    return path[::-1]


def _common_length(a: list[int], b: list[int]) -> int:
    length = 0
    for x, y in zip(a, b, strict=False):
        if x != y:
            break
        length += 1
    return length
