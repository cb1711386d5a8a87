"""Learning-rate schedules: each is told once an epoch (or step) that time has passed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graphviz_ad.errors import ArgumentError, StateDictError
from graphviz_ad.optim.optimizer import Optimizer

__all__ = ["LRScheduler", "LambdaLR", "MultiplicativeLR", "load_fields"]


class LRScheduler:
    """Base class. Schedules of one optimiser stack: each changes the rate that it finds.

    A subclass defines `rate`, and `next_rate` if it is to stack with others; or, as in
    PyTorch, ``get_lr()``, which returns the rates of all groups at ``last_epoch``.

    Parameters
    ----------
    optimizer : Optimizer
    last_epoch : int
        The epoch at which an earlier run stopped; −1 to begin.

    Attributes
    ----------
    last_epoch : int
        How often ``step`` was called.
    base_lrs : list of float
        The rates at the start.

    Raises
    ------
    ArgumentError
        For what is no optimiser, or one without ``initial_lr`` to go on from.
    """

    optimizer: Optimizer

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        name = type(self).__name__
        if not isinstance(optimizer, Optimizer):
            raise ArgumentError(name, "an Optimizer", type(optimizer).__name__)
        groups = optimizer.param_groups
        if last_epoch == -1:
            # As in PyTorch the first schedule notes the rates for those after it.
            for group in groups:
                group.setdefault("initial_lr", group["lr"])
        elif not all("initial_lr" in group for group in groups):
            hint = "load the optimiser's state_dict first"
            raise ArgumentError(name, "initial_lr in each group to go on from", "none", hint)
        self.optimizer = optimizer
        self.base_lrs = [float(group["initial_lr"]) for group in groups]
        self.last_epoch = last_epoch
        self.step()

    def rate(self, epoch: int, base: float) -> float:
        """Return the rate at `epoch` for a group that began with `base`."""
        raise NotImplementedError

    def next_rate(self, epoch: int, rate: float, base: float) -> float:
        """Return the rate at `epoch` for a group that has `rate` now.

        At epoch 0 that is the rate before this schedule, later the one an epoch ago, and
        other schedules may have changed it.
        """
        return self.rate(epoch, base)

    def get_lr(self) -> list[float]:
        """Return the rate of each group at ``last_epoch``, given what it is now."""
        groups = zip(self.optimizer.param_groups, self.base_lrs, strict=True)
        return [self.next_rate(self.last_epoch, group["lr"], base) for group, base in groups]

    def step(self) -> None:
        """Say that an epoch (or step) has passed."""
        self.last_epoch += 1
        self._set(self.get_lr())

    def get_last_lr(self) -> list[float]:
        """Return the rate of each group as this schedule left it."""
        return list(self._last_lr)

    def state_dict(self) -> dict[str, Any]:
        """Return where the schedule is, and its options, to be saved.

        The rate itself is the optimiser's: save its state, too.
        """
        return self._fields()

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave; nothing changes when it does not fit.

        Raises
        ------
        StateDictError
            When something is missing, or it is of another number of groups.
        """
        load_fields(self, state_dict, self._fields())

    def _fields(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if _is_state(value)}

    def _set(self, rates: Sequence[float]) -> None:
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            group["lr"] = float(rate)
        self._last_lr = [group["lr"] for group in self.optimizer.param_groups]

    def _wait(self) -> None:
        """Be as before the first epoch, until `_begin`."""
        self.last_epoch = -1

    def _begin(self) -> None:
        """Be at epoch 0, whatever the rate was before."""
        self.last_epoch = 0
        self._set([self.rate(0, base) for base in self.base_lrs])


def load_fields(target: Any, saved: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Set the attributes `wanted` of a schedule to the `saved` ones.

    Raises
    ------
    StateDictError
        When one is missing, or rates are of another number of groups.
    """
    name = f"{type(target).__name__}.load_state_dict"
    missing = [key for key in wanted if key not in saved]
    if missing:
        raise StateDictError(name, f"the keys {sorted(wanted)}", f"none of {missing}")
    for key in ("base_lrs", "_last_lr"):
        if key in wanted and len(saved[key]) != len(wanted[key]):
            expected = f"rates of {len(wanted[key])} groups"
            raise StateDictError(name, expected, str(saved[key]))
    for key, value in wanted.items():
        given = saved[key]
        setattr(target, key, type(value)(given) if isinstance(value, (list, tuple)) else given)


def _is_state(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return all(map(_is_state, value))
    return value is None or isinstance(value, (bool, int, float, str))


class LambdaLR(LRScheduler):
    """Multiply the first rate by a function of the epoch. It overrules schedules before it.

    Parameters
    ----------
    optimizer : Optimizer
    lr_lambda : callable, or a list of one for each group
        From the epoch, counted from 0, to a factor. It is not part of the state.
    last_epoch : int
        As in `LRScheduler`.

    Raises
    ------
    ArgumentError
        For a list of another length.
    """

    def __init__(self, optimizer: Optimizer, lr_lambda: _Lambdas, last_epoch: int = -1) -> None:
        self._lambdas = _for_groups(type(self).__name__, optimizer, lr_lambda)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return each first rate times ``lr_lambda(last_epoch)``."""
        pairs = zip(self.base_lrs, self._lambdas, strict=True)
        return [base * function(self.last_epoch) for base, function in pairs]

    def _begin(self) -> None:
        self.last_epoch = 0
        self._set(self.get_lr())


class MultiplicativeLR(LambdaLR):
    """Multiply the rate by a function of the epoch, again and again.

    Parameters
    ----------
    optimizer, lr_lambda, last_epoch
        As in `LambdaLR`; the function is first asked at epoch 1, or, after another
        schedule of a `SequentialLR`, at epoch 0.

    Raises
    ------
    ArgumentError
        For a list of another length.
    """

    def get_lr(self) -> list[float]:
        """Return each rate times ``lr_lambda(last_epoch)``."""
        rates = [group["lr"] for group in self.optimizer.param_groups]
        return rates if self.last_epoch == 0 else self._multiplied(rates)

    def _begin(self) -> None:
        # as in PyTorch, where one that begins after another multiplies at its epoch 0
        self.last_epoch = 0
        self._set(self._multiplied([group["lr"] for group in self.optimizer.param_groups]))

    def _multiplied(self, rates: list[float]) -> list[float]:
        pairs = zip(rates, self._lambdas, strict=True)
        return [rate * function(self.last_epoch) for rate, function in pairs]


_Lambdas = Callable[[int], float] | Sequence[Callable[[int], float]]


def _for_groups(
    function: str, optimizer: Optimizer, given: _Lambdas
) -> list[Callable[[int], float]]:
    count = len(getattr(optimizer, "param_groups", ()))
    functions = [given] * count if callable(given) else list(given)
    if len(functions) != count:
        raise ArgumentError(function, f"{count} functions, one a group", str(len(functions)))
    return functions
