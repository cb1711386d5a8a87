"""The schedule of one cycle: up to a high rate, and down to almost none."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

from graphviz_ad.errors import ArgumentError
from graphviz_ad.optim.optimizer import Optimizer
from graphviz_ad.optim.schedule import LRScheduler

__all__ = ["OneCycleLR"]


class OneCycleLR(LRScheduler):
    """Raise the rate to `max_lr`, then let it fall to almost 0; step it after every batch.

    Smith and Topin, "Super-convergence: very fast training of neural networks using large
    learning rates", arXiv:1708.07120. The momentum goes the other way.

    Parameters
    ----------
    optimizer : Optimizer
    max_lr : float, or a sequence of one for each group
    total_steps : int, optional
        ``epochs · steps_per_epoch`` where it is left out.
    epochs, steps_per_epoch : int, optional
    pct_start : float, in [0, 1]
        The share of the steps in which the rate rises.
    anneal_strategy : {"cos", "linear"}
    cycle_momentum : bool
        Whether the momentum (for Adam its first beta) falls and rises.
    base_momentum, max_momentum : float
    div_factor : float
        The first rate is ``max_lr / div_factor``.
    final_div_factor : float
        The last rate is the first one divided by it.
    three_phase : bool
        Whether the rate falls as fast as it rose before it fades out.
    last_epoch : int
        As in `LRScheduler`.

    Raises
    ------
    ArgumentError
        For a number of steps that is not given or positive, another strategy, a share outside
        [0, 1], other than one rate for each group, a momentum to cycle that the optimiser does
        not have, or a step after the last.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> optimizer = ad.optim.SGD([ad.parameter(1.0)], lr=0.1, momentum=0.9)
    >>> schedule = ad.optim.lr_scheduler.OneCycleLR(optimizer, 1.0, total_steps=5, pct_start=0.4)
    >>> rates = []
    >>> for step in range(4):
    ...     rates += [round(rate, 3) for rate in schedule.get_last_lr()]
    ...     schedule.step()
    >>> rates
    [0.04, 1.0, 0.75, 0.25]
    """

    def __init__(
        self, optimizer: Optimizer, max_lr: float | Sequence[float],
        total_steps: int | None = None, epochs: int | None = None,
        steps_per_epoch: int | None = None, pct_start: float = 0.3,
        anneal_strategy: Literal["cos", "linear"] = "cos", cycle_momentum: bool = True,
        base_momentum: float = 0.85, max_momentum: float = 0.95, div_factor: float = 25.0,
        final_div_factor: float = 1e4, three_phase: bool = False, last_epoch: int = -1,
    ) -> None:  # fmt: skip
        groups = getattr(optimizer, "param_groups", [])
        if total_steps is None:
            total_steps = (epochs or 0) * (steps_per_epoch or 0)
        peaks = [float(max_lr)] * len(groups) if isinstance(max_lr, (int, float)) else list(max_lr)
        if total_steps < 1:
            expected = "total_steps, or epochs and steps_per_epoch, of 1 or more"
            raise ArgumentError("OneCycleLR", expected, str(total_steps))
        if not 0 <= pct_start <= 1 or anneal_strategy not in ("cos", "linear"):
            got = f"pct_start={pct_start}, anneal_strategy={anneal_strategy!r}"
            raise ArgumentError("OneCycleLR", "pct_start in [0, 1], 'cos' or 'linear'", got)
        if len(peaks) != len(groups):
            raise ArgumentError("OneCycleLR", f"{len(groups)} rates, one a group", str(len(peaks)))
        if cycle_momentum and not all("momentum" in g or "betas" in g for g in groups):
            hint = "give cycle_momentum=False"
            got = type(optimizer).__name__
            raise ArgumentError("OneCycleLR", "an optimiser with momentum or betas", got, hint)
        self.total_steps, self.anneal_strategy = total_steps, anneal_strategy
        self.cycle_momentum, self._peaks = cycle_momentum, peaks
        self._momenta = [base_momentum, max_momentum]
        self.div_factor, self.final_div_factor = div_factor, final_div_factor
        rise, end = float(pct_start * total_steps) - 1, total_steps - 1.0
        # the end of each phase, the points of the curve at its two ends (0 first, 1 peak, 2 last)
        self._phases: list[list[float]] = [[rise, 0, 1], [end, 1, 2]]
        if three_phase:
            self._phases = [[rise, 0, 1], [2 * rise, 1, 0], [end, 0, 2]]
        if last_epoch == -1:
            for group, peak in zip(groups, peaks, strict=True):
                group["initial_lr"] = peak / div_factor
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the rate of each group at ``last_epoch``, and set the momenta.

        Raises
        ------
        ArgumentError
            After the last step.
        """
        step = self.last_epoch
        if step >= self.total_steps + 1:
            expected = f"at most {self.total_steps} steps"
            raise ArgumentError("OneCycleLR.step", expected, f"step {step}")
        ends = [phase[0] for phase in self._phases[:-1]]
        phase = sum(step > end for end in ends)
        begun = ends[phase - 1] if phase else 0.0
        end, first, second = self._phases[phase]
        share = (step - begun) / (end - begun) if end != begun else 1.0
        if self.cycle_momentum:
            low, high = self._momenta
            points = (high, low, high)
            self._set_momenta(self._between(points[int(first)], points[int(second)], share))
        rates = []
        for peak in self._peaks:
            start = peak / self.div_factor
            curve = (start, peak, start / self.final_div_factor)
            rates.append(self._between(curve[int(first)], curve[int(second)], share))
        return rates

    def _begin(self) -> None:
        self.last_epoch = 0
        self._set(self.get_lr())

    def _between(self, start: float, end: float, share: float) -> float:
        if self.anneal_strategy == "linear":
            return start + (end - start) * share
        return end + (start - end) / 2 * (1 + math.cos(math.pi * share))

    def _set_momenta(self, momentum: float) -> None:
        for group in self.optimizer.param_groups:
            changed: dict[str, Any] = {"momentum": momentum}
            if "betas" in group:
                changed = {"betas": (momentum, *group["betas"][1:])}
            group.update(changed)
