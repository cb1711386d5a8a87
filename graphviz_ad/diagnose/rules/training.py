"""Rules over the steps of a training run, which `graphviz_ad.Monitor` applies."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, TypeVar

import numpy as np

from graphviz_ad.diagnose.finding import Finding
from graphviz_ad.diagnose.history import History, Sample
from graphviz_ad.diagnose.numbers import median

__all__ = [
    "TRAINING_RULES", "Diverging", "NotDecreasing", "Oscillating", "TrainingRule", "Unchanged",
    "UpdateRatio", "fell_by_less", "register_training",
]  # fmt: skip

TRAINING_RULES: dict[str, type[TrainingRule]] = {}
"""The rules that a monitor applies, by name."""


@dataclass
class TrainingRule:
    """Base class: annotated attributes are thresholds; `check` reads a `History`."""

    kind: ClassVar[str] = ""

    def check(self, history: History) -> Iterable[Finding]:
        """Return what is wrong; nothing when nothing is."""
        raise NotImplementedError


_R = TypeVar("_R", bound=TrainingRule)


def register_training(rule: type[_R]) -> type[_R]:
    """Make a class a rule that every monitor applies; a decorator."""
    made = dataclass(rule)
    TRAINING_RULES[made.__name__] = made
    return made


def fell_by_less(history: History, fell: float) -> bool:
    """Whether the medians of the first and the last fifth differ by less than this share."""
    parts = history.windows()
    return len(parts) >= 2 and parts[-1] > parts[0] - fell * abs(parts[0])


def _matrices(history: History) -> dict[str, list[Sample]]:
    """Return the samples of the parameters with two axes or more: biases start at 0."""
    return {
        name: [s for s in samples if math.isfinite(s.ratio)]
        for name, samples in history.samples.items()
        if len(history.names.get(name, ((), True))[0]) >= 2
    }


@register_training
class UpdateRatio(TrainingRule):
    """‖Δw‖/‖w‖ a step is far from the usual 1e-3 (Karpathy, CS231n, "Neural networks part 3").

    Attributes
    ----------
    high : float
        Median over the samples of the largest parameter's ratio. Own measurement: healthy runs
        with Adam at 1e-2 have 2e-2 and fall.
    first : float
        Median over the matrices in the first sample: a step that puts other weights in the
        place of half of the initialisation. Adam at 1e-2 has 0.1, at 0.1 over 1.
    low : float
        The same of the largest, where the loss does not fall either: fine-tuning has small
        ratios, too.
    fallen : float
        By which share the loss must have fallen for a small ratio to be in order.
    samples : int
        How many it takes.
    """

    kind: ClassVar[str] = "update-ratio"
    high: float = 0.1
    first: float = 0.5
    low: float = 1e-4
    fallen: float = 0.2
    samples: int = 3

    def check(self, history: History) -> Iterable[Finding]:
        """Return at most one finding."""
        ratios = {
            name: median([s.ratio for s in samples])
            for name, samples in _matrices(history).items()
            if len(samples) >= self.samples
        }
        if not ratios:
            return
        first = median([samples[0].ratio for samples in _matrices(history).values() if samples])
        name = max(ratios, key=lambda n: ratios[n])
        ratio = ratios[name]
        if ratio >= self.high:
            yield Finding(
                self.kind, "warning", f"{name} changes by {ratio:.2g} of its size a step",
                "Each step moves the weights by a large share of what they are, so that the "
                "gradient of one step says little about the next.",
                "divide the learning rate by 10 or more, or clip the gradient",
                numbers={"ratio": ratio}, threshold=f"‖Δw‖/‖w‖ {ratio:.2g} ≥ {self.high:g}",
            )  # fmt: skip
        elif first >= self.first:
            yield Finding(
                self.kind, "warning", f"the first steps change the weights by {first:.2g} of their "
                "size",
                "They put something else in the place of the initialisation before the gradient "
                "has been averaged over more than a few batches.",
                "divide the learning rate by 10 or more, or warm it up from 0",
                numbers={"ratio": first}, threshold=f"‖Δw‖/‖w‖ {first:.2g} ≥ {self.first:g}",
            )  # fmt: skip
        elif ratio <= self.low and fell_by_less(history, self.fallen):
            yield Finding(
                self.kind, "warning", f"no weight changes by more than {ratio:.2g} of its size a "
                "step, and the loss hardly falls",
                "At this rate it takes over 1/ratio steps for the weights to become others.",
                "multiply the learning rate by 10 or more",
                numbers={"ratio": ratio}, threshold=f"‖Δw‖/‖w‖ {ratio:.2g} ≤ {self.low:g}",
            )  # fmt: skip


@register_training
class Unchanged(TrainingRule):
    """A parameter that no step has changed. No threshold: Δw is exactly 0.

    Attributes
    ----------
    samples : int
        How many samples in a row.
    """

    kind: ClassVar[str] = "unchanged"
    samples: int = 3

    def check(self, history: History) -> Iterable[Finding]:
        """Return one finding for all such parameters with the same reason."""
        reasons: dict[str, list[str]] = {}
        for name, samples in history.samples.items():
            if len(samples) < self.samples or any(s.update != 0 for s in samples):
                continue
            known = [s.gradient for s in samples if not math.isnan(s.gradient)]
            if not history.names.get(name, ((), True))[1]:
                why = "They are not among the optimiser’s parameters."
            elif not known:
                why = "They never had a gradient: see what ad.diagnose(loss, parameters) says."
            elif not any(known):
                why = "Their gradient was exactly 0: see what ad.diagnose(loss, parameters) says."
            else:
                why = (
                    "They have a gradient, but no step used it: another optimiser, a learning rate "
                    "of 0, or one too small for the dtype."
                )
            reasons.setdefault(why, []).append(name)
        for why, names in reasons.items():
            shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
            yield Finding(
                self.kind, "error", f"{shown}: unchanged in every sampled step", why,
                "make the optimiser from model.parameters() after the model is complete, or set "
                "requires_grad=False if that is meant",
                numbers={"parameters": float(len(names))},
            )  # fmt: skip


@register_training
class NotDecreasing(TrainingRule):
    """The loss is where it was.

    Attributes
    ----------
    steps : int
        How many losses it takes.
    fallen : float
        The share by which the median of the last fifth must be under that of the first. Own
        measurement: healthy runs of the bench fall by 0.27 and more in 100 steps, runs with a
        learning rate of 1e-5 by 0.07 at most.
    """

    kind: ClassVar[str] = "not-decreasing"
    steps: int = 30
    fallen: float = 0.02

    def check(self, history: History) -> Iterable[Finding]:
        """Return at most one finding."""
        parts = history.windows()
        if len(history.losses) < self.steps or len(parts) < 2 or parts[0] == 0:
            return
        if fell_by_less(history, self.fallen) and not any(Diverging().check(history)):
            change = (parts[-1] - parts[0]) / abs(parts[0])
            yield Finding(
                self.kind, "warning", f"the loss went from {parts[0]:.4g} to {parts[-1]:.4g}",
                "The steps do not add up to progress: their size, their direction or the "
                "gradient behind them is wrong, or the loss was at its least from the start.",
                "look at the other findings, and try learning rates 10 times larger and smaller",
                numbers={"change": change},
                threshold=f"fell by {-change:.1%}, less than {self.fallen:.0%}",
            )  # fmt: skip


@register_training
class Diverging(TrainingRule):
    """The loss rises, or the updates go up the gradient.

    Attributes
    ----------
    rise : float
        Of the last fifth over the first, as a share of the first. Own measurement: no healthy run
        of the bench rises, and those that diverge rise by 25 and more.
    descent : float
        cos(Δw, −∂L/∂w) under which steps go the wrong way; momentum may turn some steps round,
        but not their median. Own measurement: 0.18 and more in all runs of the bench but those
        with the sign of the gradient wrong, which have −1.
    steps : int
        How many losses it takes.
    """

    kind: ClassVar[str] = "diverging"
    rise: float = 0.5
    descent: float = -0.3
    steps: int = 10

    def check(self, history: History) -> Iterable[Finding]:
        """Return at most one finding."""
        cosines = [s.descent for group in _matrices(history).values() for s in group]
        cosine = median(cosines)
        if len(cosines) >= 3 and cosine <= self.descent:
            yield Finding(
                self.kind, "error", "the updates go up the gradient",
                f"The median of cos(Δw, −gradient) is {cosine:.2f}; descent has a positive one.",
                "look for a minus sign too many or too few, in the loss or in the step",
                numbers={"descent": cosine}, threshold=f"{cosine:.2f} ≤ {self.descent:g}",
            )  # fmt: skip
            return
        parts = history.windows()
        losses = [loss for _, loss in history.losses]
        broken = any(not math.isfinite(loss) for loss in losses)
        if not broken and (len(losses) < self.steps or len(parts) < 2):
            return
        rose = (parts[-1] - parts[0]) / max(abs(parts[0]), 1e-300) if parts else math.inf
        if broken or rose >= self.rise:
            end = "is no longer finite" if broken else f"rose to {parts[-1]:.4g}"
            start = f"{parts[0]:.4g}" if parts else "nothing finite"
            yield Finding(
                self.kind, "error", f"the loss started at {start} and {end}",
                "Each step overshoots further than the last."
                if not broken else "A step left the region where the loss is finite.",
                "divide the learning rate by 10, clip the gradient, or step through the frozen "
                "traces", numbers={"rise": rose},
                threshold="" if broken else f"rose by {rose:.3g} ≥ {self.rise:g} of the start",
            )  # fmt: skip


@register_training
class Oscillating(TrainingRule):
    """The loss jumps up and down from step to step.

    Attributes
    ----------
    correlation : float
        Of neighbouring losses without their trend; batches at random give about 0. Own
        measurement: −0.23 and more in the bench's runs.
    amplitude : float
        Standard deviation of the jumps over the loss. Own measurement: the choice of a batch of
        64 alone makes 0.08 to 0.2.
    steps : int
        How many losses it takes.
    """

    kind: ClassVar[str] = "oscillating"
    correlation: float = -0.5
    amplitude: float = 0.1
    steps: int = 20

    def check(self, history: History) -> Iterable[Finding]:
        """Return at most one finding."""
        if history.losses.stride > 1 or len(history.losses) < self.steps:
            return  # neighbours are no longer known
        losses = np.array([loss for _, loss in history.losses])[-100:]
        if not np.isfinite(losses).all():
            return
        largest = float(np.abs(losses).max())
        losses = losses / (largest or 1.0)  # the verdict has no scale, and squares do not overflow
        # a trend by a moving average would make the rest of mere noise alternate
        steps = np.linspace(-1, 1, losses.size)
        rest = losses - np.polyval(np.polyfit(steps, losses, 3), steps)
        size = float(np.mean(rest**2))
        level = float(np.abs(np.median(losses)))
        if size == 0 or math.sqrt(size) < self.amplitude * level:
            return
        correlation = float(np.mean(rest[1:] * rest[:-1])) / size
        if correlation <= self.correlation:
            yield Finding(
                self.kind, "warning", f"the loss jumps by {largest * math.sqrt(size):.3g} "
                f"around {largest * level:.3g} from step to step",
                f"Neighbouring losses correlate at {correlation:.2f}: the steps cross the valley "
                "and come back.", "divide the learning rate by 3 to 10, or lower the momentum",
                numbers={"correlation": correlation, "amplitude": math.sqrt(size) / level},
                threshold=f"correlation {correlation:.2f} ≤ {self.correlation:g}",
            )  # fmt: skip
