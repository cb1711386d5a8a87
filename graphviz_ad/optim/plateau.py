"""The schedule that goes by a metric instead of by time."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

from graphviz_ad.errors import ArgumentError
from graphviz_ad.optim.optimizer import Optimizer
from graphviz_ad.optim.schedule import load_fields

__all__ = ["ReduceLROnPlateau"]


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
    >>> schedule = ad.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
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

    def state_dict(self) -> dict[str, Any]:
        """Return the options and what was seen of the metric, to be saved."""
        return {name: value for name, value in vars(self).items() if name != "optimizer"}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave; nothing changes when it does not fit.

        Raises
        ------
        StateDictError
            When something is missing.
        """
        load_fields(self, state_dict, self.state_dict())

    def _improves(self, value: float) -> bool:
        sign = 1.0 if self.mode == "min" else -1.0
        if self.threshold_mode == "rel":
            return sign * value < sign * self.best * (1 - sign * self.threshold)
        return sign * value < sign * self.best - self.threshold
