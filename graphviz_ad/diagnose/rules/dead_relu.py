"""Dead units: zero for every row of the batch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from graphviz_ad.diagnose.families import RECTIFIERS
from graphviz_ad.diagnose.finding import Finding
from graphviz_ad.diagnose.measures import Measures
from graphviz_ad.diagnose.rules.base import Rule, register
from graphviz_ad.trace.model import OpNode

__all__ = ["DeadReLU", "dead_share"]


def dead_share(measures: Measures, op: OpNode) -> tuple[float, int, int]:
    """Return the share of a rectifier's units that are 0 for the whole batch, units and rows."""
    units = measures.per_unit(op)
    if units is None:
        return 0.0, 0, 0
    return float((units == 0).all(axis=0).mean()), units.shape[1], units.shape[0]


@register
class DeadReLU(Rule):
    """ReLU units that are 0 for the whole batch: nothing moves them, and nothing passes them.

    Counts units, not elements: half of a healthy ReLU layer's elements are 0. A layer that is
    wholly dead is an error and makes the network a constant function (Lu et al., "Dying ReLU and
    initialization", 2019); a layer that is given nothing but 0 is not to blame. Layers that are
    dead in part make one warning.

    Attributes
    ----------
    share : float
        From which share of a layer's units. Our own measurement: deep and narrow networks with
        He's initialisation still train with 8 of 10 units dead.
    rows : int
        Fewer rows say nothing: a healthy unit is 0 for n random rows with probability 2⁻ⁿ.
    """

    share: float = 0.9
    rows: int = 4

    def check(self, measures: Measures) -> Iterable[Finding]:
        """Return a finding for each dead layer, and one for all that are dead in part."""
        partly: list[tuple[OpNode, float, int, int]] = []
        for op in measures.activations:
            if op.op not in RECTIFIERS:
                continue
            share, units, rows = dead_share(measures, op)
            if rows < self.rows or share < self.share or units == 0:
                continue
            layer = measures.feeder(op)
            starved = layer is not None and not measures.data_rms(
                measures.graph.edges[layer.data].value
            )
            if starved or (share < 1 and op.id not in measures.body):
                continue
            if share == 1:
                yield self._found(measures, op, share, units, rows)
            else:
                partly.append((op, share, units, rows))
        if partly:
            worst = max(partly, key=lambda item: item[1])
            yield self._found(measures, *worst, also=[op.id for op, *_ in partly])

    def _found(
        self, measures: Measures, op: OpNode, share: float, units: int, rows: int,
        also: Sequence[int] = (),
    ) -> Finding:  # fmt: skip
        layer = measures.feeder(op)
        inputs = measures.operand(op)
        peak = float(np.max(measures.trace.data(inputs.id))) if inputs is not None else 0.0
        more = f" (and {len(also) - 1} more layers)" if len(also) > 1 else ""
        return self.finding(
            measures, "dead-relu", "error" if share == 1 else "warning", op,
            title=f"{round(share * units)} of {units} units of {self.name(measures, op)} are 0 "
            f"for all {rows} rows{more}",
            cause=f"The units’ inputs are never positive (at most {peak:.3g} over the layer), "
            "so no gradient passes and none of their weights move.",
            advice="lower the learning rate or a large negative bias, initialise with He’s "
            "variance 2/fan_in, or use leaky_relu",
            ranking=[*also, *([] if layer is None else [layer.op])],
            reach=_behind(measures, op) if share == 1 else (),
            threshold=f"share of dead units {share:.2f} ≥ {self.share:g}",
            share=share, units=float(units), rows=float(rows), largest_input=peak,
        )  # fmt: skip


def _behind(measures: Measures, op: OpNode) -> set[int]:
    """Return the ops before `op` whose gradient, all or most of it, comes through it."""
    found = {op.id}
    for other in reversed(measures.graph.ops[: op.id]):
        for value in other.outputs:
            consumers = {measures.graph.edges[e].op for e in measures.graph.values[value].consumers}
            if consumers and consumers <= found:
                found.add(other.id)
    return found
