"""Schedules made of others: one after another, or all at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

from graphviz_ad.errors import ArgumentError, StateDictError
from graphviz_ad.optim.optimizer import Optimizer
from graphviz_ad.optim.schedule import LRScheduler, load_fields

__all__ = ["ChainedScheduler", "SequentialLR"]


class _Joined(LRScheduler):
    """What they share: the schedules, and their states."""

    _schedulers: list[LRScheduler]

    def state_dict(self) -> dict[str, Any]:
        """Return where the schedules are, to be saved."""
        return {
            **self._fields(),
            "_schedulers": [schedule.state_dict() for schedule in self._schedulers],
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave; nothing changes when it does not fit.

        Raises
        ------
        StateDictError
            When it is of other schedules.
        """
        states = state_dict.get("_schedulers", [])
        if len(states) != len(self._schedulers):
            name = f"{type(self).__name__}.load_state_dict"
            raise StateDictError(name, f"{len(self._schedulers)} _schedulers", str(len(states)))
        before = self.state_dict()
        try:
            self._load(state_dict)
        except StateDictError:
            self._load(before)
            raise

    def _load(self, state: Mapping[str, Any]) -> None:
        for schedule, saved in zip(self._schedulers, state["_schedulers"], strict=True):
            schedule.load_state_dict(saved)
        load_fields(self, state, self._fields())

    def _wait(self) -> None:
        super()._wait()
        for schedule in self._schedulers:
            schedule._wait()


class SequentialLR(_Joined):
    """Run one schedule after another: a warm-up, then a decay.

    Each counts its epochs from its own start.

    Parameters
    ----------
    optimizer : Optimizer
    schedulers : sequence of LRScheduler
    milestones : sequence of int
        The epochs at which the next schedule begins, one less than schedules.
    last_epoch : int
        As in `LRScheduler`.

    Raises
    ------
    ArgumentError
        For milestones that do not fit, or schedules of different optimisers.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> optimizer = ad.optim.SGD([ad.parameter(1.0)], lr=1.0)
    >>> warm_up = ad.optim.lr_scheduler.LinearLR(optimizer, 0.5, total_iters=2)
    >>> decay = ad.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    >>> schedule = ad.optim.lr_scheduler.SequentialLR(optimizer, [warm_up, decay], [2])
    >>> rates = []
    >>> for epoch in range(4):
    ...     rates += schedule.get_last_lr()
    ...     schedule.step()
    >>> rates
    [0.5, 0.75, 1.0, 0.5]
    """

    def __init__(
        self, optimizer: Optimizer, schedulers: Sequence[LRScheduler], milestones: Sequence[int],
        last_epoch: int = -1,
    ) -> None:  # fmt: skip
        if len(milestones) != len(schedulers) - 1:
            got = f"{len(schedulers)} schedules and {len(milestones)} milestones"
            raise ArgumentError("SequentialLR", "one milestone between two schedules", got)
        _check("SequentialLR", optimizer, schedulers)
        if list(milestones) != sorted(set(milestones)) or any(m < 1 for m in milestones):
            raise ArgumentError("SequentialLR", "milestones that rise from 1", repr(milestones))
        self._schedulers, self._milestones = list(schedulers), list(milestones)
        self.optimizer, self.last_epoch = optimizer, last_epoch + 1
        self.base_lrs = list(schedulers[0].base_lrs)
        # what the others did to the rate when they were made is undone
        for group in optimizer.param_groups:
            group["lr"] = group["initial_lr"]
        for schedule in self._schedulers:
            schedule._wait()
        self._now.step()
        self._last_lr = self._now.get_last_lr()

    @property
    def _now(self) -> LRScheduler:
        return self._schedulers[bisect_right(self._milestones, self.last_epoch)]

    def step(self) -> None:
        """Say that an epoch (or step) has passed."""
        self.last_epoch += 1
        if self.last_epoch in self._milestones:
            self._now._begin()
        else:
            self._now.step()
        self._last_lr = self._now.get_last_lr()

    def _begin(self) -> None:
        self._wait()
        self.last_epoch = 0
        self._now._begin()
        self._last_lr = self._now.get_last_lr()


class ChainedScheduler(_Joined):
    """Run schedules at once: each changes the rate that the one before it left.

    Parameters
    ----------
    schedulers : sequence of LRScheduler
    optimizer : Optimizer, optional
        That of the first schedule where it is left out.

    Raises
    ------
    ArgumentError
        For none, or schedules of different optimisers.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> optimizer = ad.optim.SGD([ad.parameter(1.0)], lr=1.0)
    >>> warm_up = ad.optim.lr_scheduler.ConstantLR(optimizer, 0.5, total_iters=2)
    >>> decay = ad.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    >>> schedule = ad.optim.lr_scheduler.ChainedScheduler([warm_up, decay])
    >>> rates = []
    >>> for epoch in range(4):
    ...     rates += schedule.get_last_lr()
    ...     schedule.step()
    >>> rates
    [0.5, 0.25, 0.25, 0.125]
    """

    def __init__(
        self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None
    ) -> None:
        if not schedulers:
            raise ArgumentError("ChainedScheduler", "at least one schedule", "none")
        self.optimizer = schedulers[0].optimizer if optimizer is None else optimizer
        _check("ChainedScheduler", self.optimizer, schedulers)
        self._schedulers = list(schedulers)
        self.base_lrs = list(schedulers[0].base_lrs)
        self.last_epoch = 0
        self._note()

    def step(self) -> None:
        """Say that an epoch (or step) has passed."""
        self.last_epoch += 1
        for schedule in self._schedulers:
            schedule.step()
        self._note()

    def _note(self) -> None:
        self._last_lr = [group["lr"] for group in self.optimizer.param_groups]

    def _begin(self) -> None:
        self._wait()
        self.last_epoch = 0
        for group, base in zip(self.optimizer.param_groups, self.base_lrs, strict=True):
            group["lr"] = base
        for schedule in self._schedulers:
            schedule.step()
        self._note()


def _check(function: str, optimizer: Optimizer, schedulers: Sequence[Any]) -> None:
    for schedule in schedulers:
        if not isinstance(schedule, LRScheduler):
            hint = "ReduceLROnPlateau goes by a metric: step it on its own"
            raise ArgumentError(function, "schedules", type(schedule).__name__, hint)
        if schedule.optimizer is not optimizer:
            raise ArgumentError(function, "schedules of the same optimiser", "another's")
