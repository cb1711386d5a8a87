"""Learning-rate schedules: each is told once an epoch (or step) that time has passed."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from graphviz_ad.errors import ArgumentError, StateDictError
from graphviz_ad.optim.optimizer import Optimizer

__all__ = [
    "CosineAnnealingLR",
    "ExponentialLR",
    "InverseTimeLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
]


class LRScheduler:
    """Base class: sets each group's rate to its first rate times `factor` of the time.

    Parameters
    ----------
    optimizer : Optimizer

    Attributes
    ----------
    last_epoch : int
        How often ``step`` was called.
    base_lrs : list of float
        The rates at the start.
    """

    def __init__(self, optimizer: Optimizer) -> None:
        if not isinstance(optimizer, Optimizer):
            raise ArgumentError(type(self).__name__, "an Optimizer", type(optimizer).__name__)
        self.optimizer = optimizer
        # As in PyTorch the first schedule notes the rates for those after it.
        groups = optimizer.param_groups
        self.base_lrs = [float(group.setdefault("initial_lr", group["lr"])) for group in groups]
        self.last_epoch = 0
        self._set()

    def factor(self, epoch: int) -> float:
        """Return what the first rate is multiplied by at `epoch`."""
        raise NotImplementedError

    def rate(self, epoch: int, base: float) -> float:
        """Return the rate at `epoch` for a group that began with `base`."""
        return base * self.factor(epoch)

    def step(self) -> None:
        """Say that an epoch (or step) has passed."""
        self.last_epoch += 1
        self._set()

    def get_last_lr(self) -> list[float]:
        """Return the rate of each group now."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """Return how often ``step`` was called and the first rates, to be saved."""
        return {"last_epoch": self.last_epoch, "base_lrs": list(self.base_lrs)}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave.

        Raises
        ------
        StateDictError
            When it is of another number of groups.
        """
        rates = list(state_dict["base_lrs"])
        if len(rates) != len(self.base_lrs):
            expected = f"rates of {len(self.base_lrs)} groups"
            raise StateDictError(f"{type(self).__name__}.load_state_dict", expected, str(rates))
        self.last_epoch, self.base_lrs = int(state_dict["last_epoch"]), rates
        self._set()

    def _set(self) -> None:
        for group, base in zip(self.optimizer.param_groups, self.base_lrs, strict=True):
            group["lr"] = self.rate(self.last_epoch, base)


class LambdaLR(LRScheduler):
    """Multiply the first rate by a function of the epoch.

    Parameters
    ----------
    optimizer : Optimizer
    lr_lambda : callable
        From the epoch, counted from 0, to a factor.
    """

    def __init__(self, optimizer: Optimizer, lr_lambda: Callable[[int], float]) -> None:
        self._lambda = lr_lambda
        super().__init__(optimizer)

    def factor(self, epoch: int) -> float:
        """Return ``lr_lambda(epoch)``."""
        return self._lambda(epoch)


class StepLR(LRScheduler):
    """Multiply the rate by `gamma` every `step_size` epochs.

    Parameters
    ----------
    optimizer : Optimizer
    step_size : int
    gamma : float

    Raises
    ------
    ArgumentError
        For a step size below 1.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> optimizer = ad.optim.SGD([ad.parameter(1.0)], lr=0.5)
    >>> schedule = ad.optim.StepLR(optimizer, 2, gamma=0.5)
    >>> for epoch in range(4):
    ...     schedule.step()
    >>> schedule.get_last_lr()
    [0.125]
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1) -> None:
        if step_size < 1:
            raise ArgumentError("StepLR", "a step_size of 1 or more", repr(step_size))
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer)

    def factor(self, epoch: int) -> float:
        """Return ``gamma ** (epoch // step_size)``."""
        return float(self.gamma ** (epoch // self.step_size))


class ExponentialLR(LRScheduler):
    """Multiply the rate by `gamma` every epoch.

    Parameters
    ----------
    optimizer : Optimizer
    gamma : float
    """

    def __init__(self, optimizer: Optimizer, gamma: float) -> None:
        self.gamma = gamma
        super().__init__(optimizer)

    def factor(self, epoch: int) -> float:
        """Return ``gamma ** epoch``."""
        return float(self.gamma**epoch)


class InverseTimeLR(LRScheduler):
    """Divide the first rate by ``1 + decay · epoch``, the 1/t schedule.

    Robbins and Monro, "A stochastic approximation method", Annals of Mathematical
    Statistics 22, 1951, is where the 1/t comes from.

    Parameters
    ----------
    optimizer : Optimizer
    decay : float

    Raises
    ------
    ArgumentError
        For a negative decay.
    """

    def __init__(self, optimizer: Optimizer, decay: float = 1.0) -> None:
        if decay < 0:
            raise ArgumentError("InverseTimeLR", "a decay of 0 or more", repr(decay))
        self.decay = decay
        super().__init__(optimizer)

    def factor(self, epoch: int) -> float:
        """Return ``1 / (1 + decay * epoch)``."""
        return 1.0 / (1.0 + self.decay * epoch)


class CosineAnnealingLR(LRScheduler):
    """Follow half a cosine from the first rate to `eta_min` in `T_max` epochs, and back up.

    Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017.

    Parameters
    ----------
    optimizer : Optimizer
    T_max : int
    eta_min : float

    Raises
    ------
    ArgumentError
        For a `T_max` below 1.
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0) -> None:
        if T_max < 1:
            raise ArgumentError("CosineAnnealingLR", "a T_max of 1 or more", repr(T_max))
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer)

    def rate(self, epoch: int, base: float) -> float:
        """Return the rate on the cosine."""
        share = (1 + math.cos(math.pi * epoch / self.T_max)) / 2
        return self.eta_min + (base - self.eta_min) * share


class LinearLR(LRScheduler):
    """Warm up: go in a straight line from `start_factor` to `end_factor` of the first rate.

    Parameters
    ----------
    optimizer : Optimizer
    start_factor : float, in (0, 1]
    end_factor : float
    total_iters : int
        How many epochs the line takes.

    Raises
    ------
    ArgumentError
        For a factor or a length outside of its range.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
    ) -> None:
        if not 0 < start_factor <= 1 or total_iters < 1:
            got = f"start_factor={start_factor}, total_iters={total_iters}"
            raise ArgumentError("LinearLR", "start_factor in (0, 1], total_iters ≥ 1", got)
        self.start_factor, self.end_factor, self.total_iters = start_factor, end_factor, total_iters
        super().__init__(optimizer)

    def factor(self, epoch: int) -> float:
        """Return the factor on the line, `end_factor` after its end."""
        share = min(epoch, self.total_iters) / self.total_iters
        return self.start_factor + (self.end_factor - self.start_factor) * share


class SequentialLR(LRScheduler):
    """Run one schedule after another: a warm-up, then a decay.

    Parameters
    ----------
    optimizer : Optimizer
    schedulers : sequence of LRScheduler
    milestones : sequence of int
        The epochs at which the next schedule begins, one less than schedules.

    Raises
    ------
    ArgumentError
        For milestones that do not fit, or schedules of different optimisers.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> optimizer = ad.optim.SGD([ad.parameter(1.0)], lr=1.0)
    >>> warm_up = ad.optim.LinearLR(optimizer, 0.5, total_iters=2)
    >>> decay = ad.optim.ExponentialLR(optimizer, 0.5)
    >>> schedule = ad.optim.SequentialLR(optimizer, [warm_up, decay], [2])
    >>> rates = []
    >>> for epoch in range(4):
    ...     rates += schedule.get_last_lr()
    ...     schedule.step()
    >>> rates
    [0.5, 0.75, 1.0, 0.5]
    """

    def __init__(
        self, optimizer: Optimizer, schedulers: Sequence[LRScheduler], milestones: Sequence[int]
    ) -> None:
        if len(milestones) != len(schedulers) - 1:
            got = f"{len(schedulers)} schedules and {len(milestones)} milestones"
            raise ArgumentError("SequentialLR", "one milestone between two schedules", got)
        if any(schedule.optimizer is not optimizer for schedule in schedulers):
            raise ArgumentError("SequentialLR", "schedules of the same optimiser", "another's")
        if list(milestones) != sorted(set(milestones)) or any(m < 1 for m in milestones):
            raise ArgumentError("SequentialLR", "milestones that rise from 1", repr(milestones))
        self._schedules, self._milestones = list(schedulers), list(milestones)
        super().__init__(optimizer)

    def rate(self, epoch: int, base: float) -> float:
        """Return the rate of the schedule that is on at `epoch`."""
        current = sum(epoch >= milestone for milestone in self._milestones)
        begun = self._milestones[current - 1] if current else 0
        return self._schedules[current].rate(epoch - begun, base)


class ReduceLROnPlateau:
    """Multiply the rate by `factor` when a metric has not improved for `patience` epochs.

    Parameters
    ----------
    optimizer : Optimizer
    mode : {"min", "max"}
    factor : float, in (0, 1)
    patience : int
    threshold : float
        By how much the metric must improve to count.
    threshold_mode : {"rel", "abs"}
        Whether `threshold` is a share of the best metric.
    cooldown : int
        Epochs to wait after a reduction.
    min_lr : float
    eps : float
        A smaller change of the rate is left out.

    Raises
    ------
    ArgumentError
        For a factor outside (0, 1), a negative patience, or another mode.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> optimizer = ad.optim.SGD([ad.parameter(1.0)], lr=1.0)
    >>> schedule = ad.optim.ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
    >>> for loss in (3.0, 2.0, 2.0, 2.0):
    ...     schedule.step(loss)
    >>> schedule.get_last_lr()
    [0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: Literal["min", "max"] = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: Literal["rel", "abs"] = "rel",
        cooldown: int = 0,
        min_lr: float = 0.0,
        eps: float = 1e-8,
    ) -> None:
        if threshold_mode not in ("rel", "abs"):
            expected = "threshold_mode 'rel' or 'abs'"
            raise ArgumentError("ReduceLROnPlateau", expected, repr(threshold_mode))
        if patience < 0:
            raise ArgumentError("ReduceLROnPlateau", "a patience of 0 or more", repr(patience))
        if mode not in ("min", "max"):
            raise ArgumentError("ReduceLROnPlateau", "mode 'min' or 'max'", repr(mode))
        if not 0 < factor < 1:
            raise ArgumentError("ReduceLROnPlateau", "a factor in (0, 1)", repr(factor))
        self.optimizer, self.mode, self.factor = optimizer, mode, factor
        self.patience, self.threshold, self.cooldown = patience, threshold, cooldown
        self.threshold_mode, self.min_lr, self.eps = threshold_mode, min_lr, eps
        self.best = math.inf if mode == "min" else -math.inf
        self.num_bad_epochs = 0
        self.cooldown_counter = 0

    def step(self, metrics: float) -> None:
        """Say what the metric is at the end of an epoch."""
        value = float(metrics)
        if self._improves(value):
            self.best, self.num_bad_epochs = value, 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            for group in self.optimizer.param_groups:
                rate = max(group["lr"] * self.factor, self.min_lr)
                if group["lr"] - rate > self.eps:
                    group["lr"] = rate
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0

    def get_last_lr(self) -> list[float]:
        """Return the rate of each group now."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def _improves(self, value: float) -> bool:
        sign = 1.0 if self.mode == "min" else -1.0
        if self.threshold_mode == "rel":
            return sign * value < sign * self.best * (1 - sign * self.threshold)
        return sign * value < sign * self.best - self.threshold
