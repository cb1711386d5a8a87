"""Units that are, and stay, copies of each other."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from graphviz_ad.diagnose.finding import Finding
from graphviz_ad.diagnose.measures import Layer, Measures
from graphviz_ad.diagnose.numbers import array_of
from graphviz_ad.diagnose.rules.base import Rule, register

__all__ = ["Symmetry"]


@register
class Symmetry(Rule):
    """All units of a layer have the same weights and the same gradient: they never part.

    "Symmetry breaking" (Goodfellow, Bengio and Courville, "Deep learning", 2016, section 8.4).

    Attributes
    ----------
    tolerance : float
        Largest difference between units over the largest element; rounding is under it.
    """

    tolerance: float = 1e-6

    def check(self, measures: Measures) -> Iterable[Finding]:
        """Return one finding, for the first layer; the others are in its ranking."""
        same = [layer for layer in measures.layers if self._copies(measures, layer)]
        if not same:
            return
        op = measures.graph.ops[same[0].op]
        weight = measures.graph.edges[same[0].weight].value
        units = measures.graph.values[weight].shape[same[0].unit_axis]
        name = measures.trace.value_label(weight)
        more = f" (and of {len(same) - 1} more layers)" if len(same) > 1 else ""
        yield self.finding(
            measures, "symmetry", "error", op,
            title=f"all {units} units of {self.name(measures, op)}{more} are copies of one",
            cause=f"Their weights in {name} are equal and so are their gradients, so no update "
            "can make them different: the layer is one unit wide.",
            advice="draw the weights at random, for example with ad.nn.init.xavier_uniform_",
            node=measures.graph.values[weight], ranking=[layer.op for layer in same],
            reach=[op.id for op in measures.graph.ops],
            threshold=f"difference between units ≤ {self.tolerance:g} of the largest element",
            units=float(units), layers=float(len(same)),
        )  # fmt: skip

    def _copies(self, measures: Measures, layer: Layer) -> bool:
        value = measures.graph.edges[layer.weight].value
        gradient = measures.trace.gradient(value)
        if gradient is None or measures.graph.values[value].shape[layer.unit_axis] < 2:
            return False
        return all(
            self._equal(np.moveaxis(array_of(a), layer.unit_axis, 0))
            for a in (measures.trace.data(value), gradient)
        ) and bool(np.any(array_of(gradient)) or np.any(array_of(measures.trace.data(value))))

    def _equal(self, rows: np.ndarray) -> bool:
        largest = np.abs(rows).max() if rows.size else 0
        return bool(np.isfinite(largest)) and bool(
            (np.abs(rows - rows[:1]) <= self.tolerance * largest).all()
        )
