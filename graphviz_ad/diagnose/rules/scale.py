"""Data and outputs of the wrong size."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from graphviz_ad.diagnose.families import SHAPES
from graphviz_ad.diagnose.finding import Finding
from graphviz_ad.diagnose.head import meetings
from graphviz_ad.diagnose.measures import Measures
from graphviz_ad.diagnose.numbers import array_of
from graphviz_ad.diagnose.rules.base import Rule, register

__all__ = ["InputScale", "OutputScale"]


@register
class InputScale(Rule):
    """Data that was not standardised enters a layer.

    LeCun, Bottou, Orr and Müller, "Efficient BackProp", 1998, section 4.3: means near 0, and
    variances alike. Silent where a normalisation follows.

    Attributes
    ----------
    rms : float
        Root mean square of the data; bytes of pictures have about 100, standardised data 1.
    ratio : float
        Of the largest to the smallest root mean square of a column that is not constant.
    """

    rms: float = 20.0
    ratio: float = 1000.0

    def check(self, measures: Measures) -> Iterable[Finding]:
        """Return a finding for each such input, at the first layer that it enters."""
        seen: set[int] = set()
        for layer in measures.layers:
            value = measures.graph.values[measures.graph.edges[layer.data].value]
            while value.producer is not None and measures.op_of(value).op in SHAPES:
                value = measures.graph.values[
                    measures.graph.edges[measures.op_of(value).inputs[0]].value
                ]
            if value.producer is not None or value.id in seen or measures.normalised(layer.out):
                continue
            seen.add(value.id)
            array = array_of(measures.trace.data(value.id))
            if array.ndim < 2 or not array.size or not np.isfinite(array).all():
                continue
            columns = np.sqrt(np.mean(np.square(array.astype(float)), axis=0)).ravel()
            varying = columns[(np.ptp(array, axis=0).ravel() > 0) & (columns > 0)]
            size = measures.data_rms(value.id)
            ratio = float(varying.max() / varying.min()) if varying.size else 1.0
            if size < self.rms and (array.ndim > 2 or ratio < self.ratio or size < 3):
                continue
            op = measures.graph.ops[layer.op]
            label = measures.trace.value_label(value.id)
            yield self.finding(
                measures, "initialisation", "warning", op, node=value,
                title=f"{label} enters {self.name(measures, op)} with a root mean square of "
                f"{size:.3g}",
                cause=f"Its columns differ in size by a factor of {ratio:.3g}; initialisations "
                "and learning rates are made for data of mean 0 and standard deviation 1.",
                advice="subtract the mean and divide by the standard deviation, column by column",
                reach=[op.id],
                threshold=f"rms {size:.3g} ≥ {self.rms:g}" if size >= self.rms
                else f"columns’ ratio {ratio:.3g} ≥ {self.ratio:g}",
                rms=size, ratio=ratio,
            )  # fmt: skip


@register
class OutputScale(Rule):
    """The network's outputs vary far more than the targets, or are sure and wrong.

    "Verify loss at init" (Karpathy, "A recipe for training neural networks", 2019): a trained
    network does better than a constant, and a fresh one should not do much worse.

    Attributes
    ----------
    ratio : float
        Of the standard deviations of outputs and targets.
    loss : float
        Of a classification, in units of log(number of classes), what guessing costs.
    """

    ratio: float = 5.0
    loss: float = 5.0

    def check(self, measures: Measures) -> Iterable[Finding]:
        """Return at most one finding."""
        for meeting in meetings(measures):
            output = array_of(measures.trace.data(meeting.prediction.id))
            target = array_of(measures.trace.data(meeting.target.id))
            if not output.size or not np.isfinite(output).all():
                continue
            if meeting.op.op == "cross_entropy" and output.ndim == 2 and output.shape[1] > 1:
                size = self._surprise(output, target)
                what = f"the loss is {size:.1f} times that of guessing"
                crossed, limit = size, self.loss
            elif not meeting.logarithmic and target.size > 3 and target.std() > 0:
                size = float(output.std() / target.std())
                what = f"the outputs vary {size:.1f} times as much as the targets"
                crossed, limit = size, self.ratio
            else:
                continue
            layer = measures.layer_before(meeting.prediction.id)
            if crossed < limit:
                continue
            op = meeting.op if layer is None else measures.graph.ops[layer.op]
            yield self.finding(
                measures, "initialisation", "warning", op, node=meeting.prediction,
                title=what,
                cause=f"The outputs have a standard deviation of {output.std():.3g}: the first "
                "steps are spent on shrinking them.",
                advice="initialise with a smaller variance, above all the last layer, and "
                "standardise the data",
                ranking=[other.op for other in reversed(measures.layers)],
                threshold=f"{crossed:.1f} ≥ {limit:g}", ratio=crossed,
            )  # fmt: skip
            return

    @staticmethod
    def _surprise(logits: np.ndarray, labels: np.ndarray) -> float:
        if labels.ndim != 1 or labels.dtype.kind not in "iu" or labels.size != len(logits):
            return 0.0
        shifted = logits - logits.max(axis=1, keepdims=True)
        log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        known = (labels >= 0) & (labels < logits.shape[1])
        if not known.any():
            return 0.0
        loss = -log_p[np.arange(len(labels))[known], labels[known]].mean()
        return float(loss / math.log(logits.shape[1]))
