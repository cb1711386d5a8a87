"""Activations that are flat where their inputs are."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from graphviz_ad.diagnose.families import SATURATING
from graphviz_ad.diagnose.finding import Finding
from graphviz_ad.diagnose.measures import Layer, Measures
from graphviz_ad.diagnose.numbers import array_of
from graphviz_ad.diagnose.rules.base import Rule, register
from graphviz_ad.diagnose.rules.odd_layer import is_gate, usual_scale, weight_scale
from graphviz_ad.trace.model import OpNode

__all__ = ["Saturation", "saturated_per_unit", "saturated_share"]


def saturated_share(measures: Measures, op: OpNode) -> float:
    """Return the share of an activation's inputs where its derivative is under 5% of the most."""
    given = measures.operand(op)
    if given is None or op.op not in SATURATING:
        return 0.0
    array = array_of(measures.trace.data(given.id))
    return float((np.abs(array) > SATURATING[op.op]).mean()) if array.size else 0.0


def saturated_per_unit(measures: Measures, op: OpNode) -> Any:
    """Return for each unit the share of the batch for which its input is where it is flat.

    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
    networks", AISTATS 2010, look at the same by layer. Empty for another activation, or an input
    without a batch.
    """
    given = measures.operand(op)
    units = None if given is None else measures.per_unit(op, given.id)
    if units is None or op.op not in SATURATING:
        return np.zeros(0)
    return (np.abs(units) > SATURATING[op.op]).mean(axis=0)


@register
class Saturation(Rule):
    """Most inputs of a hidden sigmoid or tanh are where it is flat; names the layer that did it.

    Counts inputs, since a float32 output rounds to 1 long after the derivative has gone. Silent
    about gates and about the output activation of a network that is right.

    Attributes
    ----------
    share : float
        Of the inputs, over the batch, where the layer's own weights are large. Own measurement:
        tanh with He's initialisation keeps under 0.2 at depth 18.
    data_share : float
        The same where the weights are usual and the data are large: data of rms 8 saturate up
        to 0.9 of a first layer that still trains.
    odd : float
        Decades from which a layer's weights are its own fault and not an earlier layer's.
    """

    share: float = 0.7
    data_share: float = 0.95
    odd: float = 0.6

    def check(self, measures: Measures) -> Iterable[Finding]:
        """Return a finding for each layer that saturates the activation behind it."""
        flat: list[tuple[OpNode, float, Layer | None]] = []
        for op in measures.activations:
            share = saturated_share(measures, op)
            layer = measures.feeder(op)
            large = layer is not None and weight_scale(measures, layer) >= self.odd
            limit = self.share if large else self.data_share
            if share >= limit and op.id in measures.body and not is_gate(measures, op):
                flat.append((op, share, layer))
        usual = usual_scale(measures)
        first = True
        weights: set[int] = set()
        for op, share, layer in flat:
            own = layer is not None and weight_scale(measures, layer) - usual >= self.odd
            weight = -1 if layer is None else measures.graph.edges[layer.weight].value
            if (first or own) and weight not in weights:
                also = [o.id for o, _, other in flat if other is layer or not own]
                yield self._found(measures, op, share, layer, also)
                weights.add(weight)
            first = False

    def _found(
        self, measures: Measures, op: OpNode, share: float, layer: Layer | None, also: list[int]
    ) -> Finding:
        given = measures.operand(op)
        assert given is not None
        size = measures.data_rms(given.id)
        gain = measures.gain(op.inputs[0])
        blamed, cause, advice = op, f"Its inputs have a root mean square of {size:.3g}.", ""
        if layer is not None:
            blamed = measures.graph.ops[layer.op]
            data = measures.data_rms(measures.graph.edges[layer.data].value)
            scale = 10 ** weight_scale(measures, layer)
            if data > 10:
                cause = (
                    f"The data that enters {self.name(measures, blamed)} has a root mean square of "
                    f"{data:.3g}, the sums that leave it {size:.3g}."
                )
                advice = "standardise the data to mean 0 and standard deviation 1"
            else:
                cause = (
                    f"The weights of {self.name(measures, blamed)} are {scale:.3g}/√fan_in in size "
                    f"(1 is usual), so that the sums have a root mean square of {size:.3g}."
                )
        return self.finding(
            measures, "saturation", "error" if share > 0.95 else "warning", blamed,
            title=f"{share:.0%} of the inputs of {self.name(measures, op)} are where it is flat",
            cause=cause,
            advice=advice or "scale those weights down, or normalise before the activation",
            node=measures.graph.values[op.outputs[0]], ranking=[op.id],
            reach={op.id, blamed.id, *also},
            threshold=f"share {share:.2f} of |input| > {SATURATING[op.op]:g}",
            share=share, units=_wholly(saturated_per_unit(measures, op)), input_rms=size,
            gain=math.nan if gain is None else gain.per_element,
        )  # fmt: skip


def _wholly(shares: Any) -> float:
    """Return the share of the units that are flat for the whole batch."""
    return float((shares == 1).mean()) if shares.size else math.nan
