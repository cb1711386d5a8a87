"""What the page is told of each edge beside its arrays: shares, sums over axes, gains."""

from __future__ import annotations

import math
from typing import Any

from graphviz_ad.render.heatmap import statistics
from graphviz_ad.trace.trace import Trace

__all__ = ["gain"]


def gain(trace: Trace, edge: int) -> float | None:
    """Return by how many decades an op changes the norm of the gradient that it passes on.

    log10(‖contribution‖ / ‖gradient read‖); None where the edge carries nothing, or a norm is
    zero or not finite.
    """
    contribution = trace.contribution(edge)
    if contribution is None:
        return None
    op = trace.graph.ops[trace.graph.edges[edge].op]
    read = math.hypot(*(_norm(trace.gradient(value)) for value in op.outputs))
    sent = _norm(contribution)
    if not (0 < read < math.inf and 0 < sent < math.inf):
        return None
    return math.log10(sent) - math.log10(read)


def _norm(array: Any) -> float:
    return 0.0 if array is None else statistics(array).norm
