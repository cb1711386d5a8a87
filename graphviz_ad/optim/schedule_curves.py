"""Schedules that follow a curve: steps, lines, powers, cosines."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable

from graphviz_ad.errors import ArgumentError
from graphviz_ad.optim.optimizer import Optimizer
from graphviz_ad.optim.schedule import LRScheduler

__all__ = [
    "ConstantLR", "CosineAnnealingLR", "CosineAnnealingWarmRestarts", "ExponentialLR",
    "InverseTimeLR", "LinearLR", "MultiStepLR", "PolynomialLR", "StepLR",
]  # fmt: skip


class StepLR(LRScheduler):
    """Multiply the rate by `gamma` every `step_size` epochs.

    Parameters
    ----------
    optimizer : Optimizer
    step_size : int
    gamma : float
    last_epoch : int
        As in `LRScheduler`.

    Raises
    ------
    ArgumentError
        For a step size below 1.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> optimizer = ad.optim.SGD([ad.parameter(1.0)], lr=0.5)
    >>> schedule = ad.optim.lr_scheduler.StepLR(optimizer, 2, gamma=0.5)
    >>> for epoch in range(4):
    ...     schedule.step()
    >>> schedule.get_last_lr()
    [0.125]
    """

    def __init__(
        self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        if step_size < 1:
            raise ArgumentError("StepLR", "a step_size of 1 or more", repr(step_size))
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def rate(self, epoch: int, base: float) -> float:
        """Return ``base * gamma ** (epoch // step_size)``."""
        return float(base * self.gamma ** (epoch // self.step_size))

    def next_rate(self, epoch: int, rate: float, base: float) -> float:
        """Return the rate, times `gamma` where a step ends."""
        return rate if epoch == 0 or epoch % self.step_size else rate * self.gamma


class MultiStepLR(LRScheduler):
    """Multiply the rate by `gamma` at each of the milestones.

    Parameters
    ----------
    optimizer : Optimizer
    milestones : iterable of int
        Epochs.
    gamma : float
    last_epoch : int
        As in `LRScheduler`.
    """

    def __init__(
        self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1,
        last_epoch: int = -1,
    ) -> None:  # fmt: skip
        self.milestones, self.gamma = sorted(milestones), gamma
        super().__init__(optimizer, last_epoch)

    def rate(self, epoch: int, base: float) -> float:
        """Return ``base * gamma ** (milestones that have passed)``."""
        return float(base * self.gamma ** bisect_right(self.milestones, epoch))

    def next_rate(self, epoch: int, rate: float, base: float) -> float:
        """Return the rate, times `gamma` at a milestone."""
        return float(rate * self.gamma ** self.milestones.count(epoch))


class ExponentialLR(LRScheduler):
    """Multiply the rate by `gamma` every epoch.

    Parameters
    ----------
    optimizer : Optimizer
    gamma : float
    last_epoch : int
        As in `LRScheduler`.
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def rate(self, epoch: int, base: float) -> float:
        """Return ``base * gamma ** epoch``."""
        return float(base * self.gamma**epoch)

    def next_rate(self, epoch: int, rate: float, base: float) -> float:
        """Return the rate times `gamma`."""
        return rate * self.gamma if epoch else rate


class InverseTimeLR(LRScheduler):
    """Divide the first rate by ``1 + decay · epoch``, the 1/t schedule.

    Robbins and Monro, "A stochastic approximation method", Annals of Mathematical
    Statistics 22, 1951, is where the 1/t comes from.

    Parameters
    ----------
    optimizer : Optimizer
    decay : float
    last_epoch : int
        As in `LRScheduler`.

    Raises
    ------
    ArgumentError
        For a negative decay.
    """

    def __init__(self, optimizer: Optimizer, decay: float = 1.0, last_epoch: int = -1) -> None:
        if decay < 0:
            raise ArgumentError("InverseTimeLR", "a decay of 0 or more", repr(decay))
        self.decay = decay
        super().__init__(optimizer, last_epoch)

    def rate(self, epoch: int, base: float) -> float:
        """Return ``base / (1 + decay * epoch)``."""
        return base / (1.0 + self.decay * epoch)

    def next_rate(self, epoch: int, rate: float, base: float) -> float:
        """Return the rate times the ratio of two denominators."""
        if epoch == 0:
            return rate
        return rate * (1.0 + self.decay * (epoch - 1)) / (1.0 + self.decay * epoch)


class CosineAnnealingLR(LRScheduler):
    """Follow half a cosine from the first rate to `eta_min` in `T_max` epochs, and back up.

    Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017.

    Parameters
    ----------
    optimizer : Optimizer
    T_max : int
    eta_min : float
    last_epoch : int
        As in `LRScheduler`.

    Raises
    ------
    ArgumentError
        For a `T_max` below 1.
    """

    def __init__(
        self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        if T_max < 1:
            raise ArgumentError("CosineAnnealingLR", "a T_max of 1 or more", repr(T_max))
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    def rate(self, epoch: int, base: float) -> float:
        """Return the rate on the cosine."""
        return self.eta_min + (base - self.eta_min) * _half_cosine(epoch / self.T_max)

    def next_rate(self, epoch: int, rate: float, base: float) -> float:
        """Return what is above `eta_min` times the ratio of two points on the cosine."""
        if epoch == 0:
            return rate
        before = _half_cosine((epoch - 1) / self.T_max)
        if (epoch - 1 - self.T_max) % (2 * self.T_max) == 0:
            # at the lowest point there is nothing to multiply
            return rate + (base - self.eta_min) * _half_cosine(1 - 1 / self.T_max)
        share = _half_cosine(epoch / self.T_max) / before
        return self.eta_min + (rate - self.eta_min) * share


class CosineAnnealingWarmRestarts(LRScheduler):
    """Follow half a cosine down to `eta_min`, and begin again. It overrules schedules before it.

    Loshchilov and Hutter, ICLR 2017.

    Parameters
    ----------
    optimizer : Optimizer
    T_0 : int
        Epochs of the first period.
    T_mult : int
        Each period is so many times as long as the one before.
    eta_min : float
    last_epoch : int
        As in `LRScheduler`.

    Raises
    ------
    ArgumentError
        For a `T_0` or a `T_mult` below 1.
    """

    def __init__(
        self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0,
        last_epoch: int = -1,
    ) -> None:  # fmt: skip
        if T_0 < 1 or T_mult < 1:
            got = f"T_0={T_0}, T_mult={T_mult}"
            raise ArgumentError("CosineAnnealingWarmRestarts", "T_0 and T_mult ≥ 1", got)
        self.T_0, self.T_mult, self.eta_min = T_0, T_mult, eta_min
        super().__init__(optimizer, last_epoch)

    def rate(self, epoch: int, base: float) -> float:
        """Return the rate on the cosine of the period that `epoch` is in."""
        length = self.T_0
        while epoch >= length:
            if self.T_mult == 1:
                epoch %= length
                break
            epoch, length = epoch - length, length * self.T_mult
        return self.eta_min + (base - self.eta_min) * _half_cosine(epoch / length)


class LinearLR(LRScheduler):
    """Warm up: go in a straight line from `start_factor` to `end_factor` of the first rate.

    Parameters
    ----------
    optimizer : Optimizer
    start_factor : float, in (0, 1]
    end_factor : float, in [0, 1]
    total_iters : int
        How many epochs the line takes.
    last_epoch : int
        As in `LRScheduler`.

    Raises
    ------
    ArgumentError
        For a factor or a length outside of its range.
    """

    def __init__(
        self, optimizer: Optimizer, start_factor: float = 1 / 3, end_factor: float = 1.0,
        total_iters: int = 5, last_epoch: int = -1,
    ) -> None:  # fmt: skip
        if not 0 < start_factor <= 1 or not 0 <= end_factor <= 1 or total_iters < 1:
            got = f"start_factor={start_factor}, end_factor={end_factor}, total_iters={total_iters}"
            expected = "start_factor in (0, 1], end_factor in [0, 1], total_iters ≥ 1"
            raise ArgumentError("LinearLR", expected, got)
        self.start_factor, self.end_factor, self.total_iters = start_factor, end_factor, total_iters
        super().__init__(optimizer, last_epoch)

    def rate(self, epoch: int, base: float) -> float:
        """Return the rate on the line, `end_factor` of the first after its end."""
        return base * self._factor(epoch)

    def next_rate(self, epoch: int, rate: float, base: float) -> float:
        """Return the rate times the ratio of two points on the line."""
        if epoch == 0:
            return rate * self.start_factor
        if epoch > self.total_iters:
            return rate
        return rate * self._factor(epoch) / self._factor(epoch - 1)

    def _factor(self, epoch: int) -> float:
        share = min(epoch, self.total_iters) / self.total_iters
        return self.start_factor + (self.end_factor - self.start_factor) * share


class ConstantLR(LRScheduler):
    """Multiply the rate by `factor` for `total_iters` epochs.

    Parameters
    ----------
    optimizer : Optimizer
    factor : float, in (0, 1]
    total_iters : int
    last_epoch : int
        As in `LRScheduler`.

    Raises
    ------
    ArgumentError
        For a factor outside of its range.
    """

    def __init__(
        self, optimizer: Optimizer, factor: float = 1 / 3, total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:  # fmt: skip
        if not 0 < factor <= 1:
            raise ArgumentError("ConstantLR", "a factor in (0, 1]", repr(factor))
        self.factor, self.total_iters = factor, total_iters
        super().__init__(optimizer, last_epoch)

    def rate(self, epoch: int, base: float) -> float:
        """Return `factor` of the first rate, and all of it after `total_iters`."""
        return base if epoch >= self.total_iters else base * self.factor

    def next_rate(self, epoch: int, rate: float, base: float) -> float:
        """Return the rate, reduced at epoch 0 and restored at `total_iters`."""
        if epoch == 0:
            return rate * self.factor
        return rate / self.factor if epoch == self.total_iters else rate


class PolynomialLR(LRScheduler):
    """Let the rate fall to 0 in `total_iters` epochs, as ``(1 − epoch / total_iters) ** power``.

    Parameters
    ----------
    optimizer : Optimizer
    total_iters : int
    power : float
    last_epoch : int
        As in `LRScheduler`.

    Raises
    ------
    ArgumentError
        For a length below 1.
    """

    def __init__(
        self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1
    ) -> None:
        if total_iters < 1:
            raise ArgumentError("PolynomialLR", "a total_iters of 1 or more", repr(total_iters))
        self.total_iters, self.power = total_iters, power
        super().__init__(optimizer, last_epoch)

    def rate(self, epoch: int, base: float) -> float:
        """Return the rate on the polynomial, 0 after its end."""
        return float(base * self._left(epoch) ** self.power)

    def next_rate(self, epoch: int, rate: float, base: float) -> float:
        """Return the rate times the ratio of two points on the polynomial."""
        if epoch == 0 or epoch > self.total_iters:
            return rate
        return float(rate * (self._left(epoch) / self._left(epoch - 1)) ** self.power)

    def _left(self, epoch: int) -> float:
        return 1.0 - min(epoch, self.total_iters) / self.total_iters


def _half_cosine(share: float) -> float:
    return (1 + math.cos(math.pi * share)) / 2
