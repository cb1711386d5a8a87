"""What the page is told of gradients beside the arrays: shares, cancellation, sums, gains."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from graphviz_ad.trace.explain.contributions import contributions, summed_axes
from graphviz_ad.trace.explain.shown import number
from graphviz_ad.trace.trace import Trace

__all__ = ["Explained"]

Norm = Callable[[Any], float]


class Explained:
    """The explanations of a trace's gradients that every page carries."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self._shares: dict[int, float] = {}
        self._cancels: dict[int, str] = {}
        for value in trace.graph.values:
            arriving = sum(trace.arrival(edge)[0] > 0 for edge in value.consumers)
            if arriving < 2:
                continue
            terms = contributions(trace, value.id)
            self._shares.update((term.edge, term.share) for term in terms)
            if terms.cancels:
                told = f"the sum is {number(terms.cancellation)} × the norms of its terms"
                self._cancels[value.id] = f"the terms cancel: {told}"

    def cancels(self, value: int) -> str:
        """Return a sentence where the contributions to a value cancel; empty where not."""
        return self._cancels.get(value, "")

    def edge(self, edge: int, norm: Norm) -> dict[str, Any]:
        """Return what is told of one edge; see EdgeSpec in the page's contract.

        `norm` is asked for the norms of arrays, which the payload knows already.
        """
        trace = self.trace
        if trace.contribution(edge) is None:
            return {"share": None, "summed": "", "gain": None}
        sent = trace.sent_shape(edge)
        shape = trace.graph.values[trace.graph.edges[edge].value].shape
        share = self._shares.get(edge)
        if share is not None and not math.isfinite(share):
            share = None
        return {"share": share, "summed": summed_axes(sent, shape), "gain": gain(trace, edge, norm)}


def gain(trace: Trace, edge: int, norm: Norm) -> float | None:
    """Return by how many decades an op changes the norm of the gradient that it passes on.

    log10(‖contribution‖ / ‖gradient read‖); None where a norm is zero or not finite.
    """
    op = trace.graph.ops[trace.graph.edges[edge].op]
    gradients = [trace.gradient(value) for value in op.outputs]
    read = math.hypot(*(norm(gradient) for gradient in gradients if gradient is not None))
    sent = norm(trace.contribution(edge))
    if not (0 < read < math.inf and 0 < sent < math.inf):
        return None
    return math.log10(sent) - math.log10(read)
