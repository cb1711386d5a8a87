"""Where on the diagram a finding shows: its node, its step, and the gradient's way there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graphviz_ad.diagnose.finding import Finding
from graphviz_ad.diagnose.measures import Measures
from graphviz_ad.diagnose.numbers import finite
from graphviz_ad.diagnose.report import Report
from graphviz_ad.trace.debug.motion import touched
from graphviz_ad.trace.trace import Trace

__all__ = ["Placed", "place"]

# The kinds that are there once the forward pass is done; the others show going backward.
_FORWARD = {"dead-relu", "saturation", "symmetry", "initialisation", "shape-slip"}


@dataclass(frozen=True)
class Placed:
    """A finding and its place in the trace of its report.

    Attributes
    ----------
    finding : Finding
    parent : int or None
        The index, among all that were placed, of the finding that this one follows from.
    key : str
        The node that carries the badge: the blamed op, ``"o3"``, or else the value to look at;
        empty where the trace has neither.
    position : int or None
        How many steps are done when it shows.
    path : tuple of int
        The edges from the loss to the blamed op along which most of its gradient came, in
        that order; empty where no gradient comes there.
    """

    finding: Finding
    parent: int | None
    key: str
    position: int | None
    path: tuple[int, ...]


def place(report: Report) -> tuple[Placed, ...]:
    """Place the findings of a report, each followed by those that follow from it.

    Examples
    --------
    >>> import numpy as np
    >>> import graphviz_ad as ad
    >>> w = ad.parameter([0.0, 1.0], name="w")
    >>> with np.errstate(all="ignore"):
    ...     report = ad.diagnose(ad.log(w).sum())
    >>> [(one.key, one.position, one.path) for one in place(report)]
    [('o0', 1, (3, 2, 1))]
    """
    trace = report.trace
    placed: list[Placed] = []
    if trace is None:
        return ()
    with np.errstate(all="ignore"):
        measures = Measures(trace)
        out_of = {(e.op, e.value): e.id for e in trace.graph.edges if not e.is_input}

        def add(finding: Finding, parent: int | None) -> None:
            op, node = finding.op, finding.node
            key = op.key if op is not None else "" if node is None else node.key
            path = tuple(_path(measures, finding, out_of))
            placed.append(Placed(finding, parent, key, _position(trace, finding), path))

        for root in report.findings:
            parent = len(placed)
            add(root, None)
            for finding in root.follows:
                add(finding, parent)
    return tuple(placed)


def _position(trace: Trace, finding: Finding) -> int | None:
    op, node = finding.op, finding.node
    if op is None:
        places = [] if node is None else touched(trace, node)
        return max(places, default=None)
    forward = finding.kind in _FORWARD
    if finding.kind == "nonfinite" and node is not None:
        # It was made, or came in with a leaf; what is sent back to an operand is the rest.
        came_in = node.producer is None and not finite(trace.data(node.id))
        forward = node.id in op.outputs or came_in
    steps = [step for step in trace.steps if step.op == op.id]
    wanted = [step.index + 1 for step in steps if (step.phase == "forward") == forward]
    return wanted[0] if wanted else steps[0].index + 1 if steps else None


def _path(measures: Measures, finding: Finding, out_of: dict[tuple[int, int], int]) -> list[int]:
    """Return the edges from the loss to a finding's op, or to its value where it has no op.

    `out_of` has the edge of each op and value that it made.
    """
    graph, trace = measures.graph, measures.trace
    if finding.op is None:
        start = finding.node
    else:
        reached = [v for v in finding.op.outputs if trace.gradient(v) is not None]
        largest = max(reached, key=lambda v: measures.gradient_norm(v) or 0.0, default=None)
        start = None if largest is None else graph.values[largest]
    if start is None:
        return []
    edges = [] if finding.op is None else [out_of[finding.op.id, start.id]]
    value = start.id
    while value in measures.onward:
        edge, value = measures.onward[value]
        edges += [edge, out_of[graph.edges[edge].op, value]]
    return edges[::-1]
