"""What the page is told when it asks about a node: Jacobians, checks and paths, as JSON."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from graphviz_ad.render.heatmap import summarize
from graphviz_ad.trace.explain.check import Check, check, check_op
from graphviz_ad.trace.explain.jacobian import Jacobian, JacobianSample, jacobian
from graphviz_ad.trace.explain.paths import Path, paths
from graphviz_ad.trace.explain.shown import host
from graphviz_ad.trace.trace import Trace
from graphviz_ad.widget.arrays import named

__all__ = ["told_check", "told_jacobian", "told_op_check", "told_paths"]

CELLS = 64
"""Rows and columns of a picture of a Jacobian: what a side pane can show."""

LISTED = 12
"""Checked elements that are listed, the worst first; the rest are counted."""

PATHS = 5
"""Paths that are listed, the strongest first."""

_SINGULAR = 256  # the shorter side of a matrix up to which all singular values are quick
_STRUCTURES = {
    "zero": "all zero: no element of the output depends on this input",
    "diagonal": "each output element depends on one input element, its own: "
    "the product is element by element",
    "permutation": "a permutation: elements change places and nothing else",
    "dense": "dense: the elements cannot be split into independent groups",
}


def told_jacobian(trace: Trace, op: int, slot: int, output: int = 0) -> dict[str, Any]:
    """Return a local Jacobian as the page shows it; JacobianTold in the contract.

    Raises
    ------
    TraceError
        When the operation has no such input or output.
    """
    node = trace.graph.ops[op]
    found = jacobian(trace, op, slot, output)
    made = trace.graph.values[node.outputs[output]]
    edge = next(e for e in node.inputs if trace.graph.edges[e].slot == slot)
    taken = trace.graph.values[trace.graph.edges[edge].value]
    rows, cols = math.prod(made.shape), math.prod(taken.shape)
    told = {
        "label": found.label, "output": made.id, "value": taken.id, "edge": edge,
        "rows": rows, "cols": cols,
        "vector": _row(trace.gradient(made.id)), "product": _row(trace.contribution(edge)),
    }  # fmt: skip
    return {**told, **(_sampled(found) if isinstance(found, JacobianSample) else _whole(found))}


def _whole(found: Jacobian) -> dict[str, Any]:
    matrix = found.matrix
    values = np.zeros(0)
    if 0 < min(matrix.shape) <= _SINGULAR and np.isfinite(matrix).all():
        values = np.linalg.svd(matrix, compute_uv=False)[:LISTED]
    told = _STRUCTURES.get(found.structure) or f"block: {found.blocks} independent blocks"
    return {
        "structure": found.structure, "blocks": found.blocks, "told": told,
        "picture": _picture(matrix), "samples": [], "singular": _numbers(values),
    }  # fmt: skip


def _sampled(found: JacobianSample) -> dict[str, Any]:
    size = f"{math.prod(found.shape):,} entries"
    samples = [
        {"index": list(index), "picture": _picture(row.reshape(1, -1))}
        for index, row in zip(found.indices, found.rows, strict=True)
    ]
    return {
        "structure": "", "blocks": 0, "told": f"too large to compute whole: {size}",
        "picture": None, "samples": samples, "singular": _numbers(found.singular_values),
    }  # fmt: skip


def told_check(trace: Trace, value: int, index: tuple[int, ...] | None = None) -> dict[str, Any]:
    """Return a value's gradient beside central differences; CheckTold in the contract.

    Raises
    ------
    TraceError
        When the value has no such element.
    """
    return _checked(check(trace, value, index))


def told_op_check(trace: Trace, op: int) -> dict[str, Any]:
    """Return an operation's VJPs beside differences; CheckTold in the contract."""
    return _checked(check_op(trace, op))


def _checked(found: Check) -> dict[str, Any]:
    return {
        "label": found.label, "ok": found.ok, "size": found.size, "checked": len(found.elements),
        "kinks": len(found.kinks), "error": named(found.error), "note": found.note,
        "culprits": list(found.culprits),
        "elements": [
            {
                "label": e.label, "gradient": named(e.gradient), "difference": named(e.difference),
                "error": named(e.error), "kink": e.kink, "ok": e.ok,
            }
            for e in found.elements[:LISTED]
        ],
    }  # fmt: skip


def told_paths(trace: Trace, value: int) -> dict[str, Any]:
    """Return the paths from a value to the loss; PathsTold in the contract."""
    found = paths(trace, value, PATHS)
    return {
        "told": found.told, "exact": found.exact,
        "paths": [
            {
                "label": path.label, "norm": named(path.norm), "share": named(path.share),
                "edges": _edges_along(trace, path), "values": list(path.values),
                "picture": _picture(host(path.contribution), 24),
            }
            for path in found.strongest
        ],
    }  # fmt: skip


def _edges_along(trace: Trace, path: Path) -> list[int]:
    """Return the edges into and out of every operation of a path."""
    edges = trace.graph.edges
    leaving = {(e.op, e.value): e.id for e in edges if not e.is_input}
    found = []
    for edge, after in zip(path.edges, path.values[1:], strict=True):
        found += [edge, leaving[edges[edge].op, after]]
    return found


def _picture(array: Any, most: int = CELLS) -> dict[str, Any] | None:
    if not array.size:
        return None
    grid = summarize(array, most, most)
    exact = grid.size == array.size
    rows, cols = grid.shape
    return {"rows": rows, "cols": cols, "cells": _numbers(grid), "exact": exact}


def _row(array: Any) -> dict[str, Any] | None:
    return None if array is None else _picture(host(array).reshape(1, -1))


def _numbers(array: Any) -> list[float | str]:
    return [named(float(f"{x:.6g}")) for x in np.ravel(array).tolist()]
