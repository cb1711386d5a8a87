"""Gradients that are mostly noise of the batch."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import ClassVar

from graphviz_ad.diagnose.finding import Finding
from graphviz_ad.diagnose.history import History
from graphviz_ad.diagnose.rules.training import TrainingRule, fell_by_less, register_training

__all__ = ["GradientNoise"]


@register_training
class GradientNoise(TrainingRule):
    """The gradient of a batch is mostly noise: B_simple / B, the simple noise scale over the batch.

    McCandlish et al., "An empirical model of large-batch training", 2018: with batches of B, SGD
    takes 1 + B_simple / B times the steps of the full gradient. A warning where the loss does not
    fall either, else info: it is how runs with small batches end.

    Attributes
    ----------
    ratio : float
        B_simple / B from which it counts: eleven times the steps of the full gradient.
    fallen : float
        By which share the loss must have fallen for noise to be in order.
    turned : float
        Under which cosine of neighbouring gradients it is no noise: they turn round from step to
        step. Own measurement: −0.1 and more where batches of noise are drawn at random.
    pairs : int
        How many pairs of neighbouring steps it takes: a few tell the order of magnitude.
    """

    kind: ClassVar[str] = "gradient-noise"
    ratio: float = 10.0
    fallen: float = 0.02
    turned: float = -0.2
    pairs: int = 5

    def check(self, history: History) -> Iterable[Finding]:
        """Return at most one finding."""
        ratio = history.noise_ratio()
        if len(history.agreements) < self.pairs or not ratio >= self.ratio:
            return
        if history.gradient_cosine() < self.turned:
            return
        flat = fell_by_less(history, self.fallen)
        if math.isfinite(ratio):
            title = f"the noise of a batch’s gradient is {ratio:.3g} times the square of its mean"
        else:
            title = "the gradients of neighbouring steps have nothing in common"
        yield Finding(
            self.kind, "warning" if flat else "info",
            title,
            "Gradients of neighbouring steps differ: most of a step is the choice of its batch or, "
            "where every step has the same rows, an oscillation"
            + (", and the loss does not fall." if flat else "."),
            "use larger batches or accumulate gradients over some, lower the learning rate, or "
            "raise the momentum",
            numbers={"ratio": ratio} if math.isfinite(ratio) else {},
            threshold=f"B_simple/B {ratio:.3g} ≥ {self.ratio:g}",
        )  # fmt: skip
