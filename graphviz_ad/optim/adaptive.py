"""Optimisers with a learning rate per weight: Adagrad, RMSprop, Adam and AdamW."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from graphviz_ad.backend import Array
from graphviz_ad.errors import ArgumentError
from graphviz_ad.optim.optimizer import Optimizer

__all__ = ["Adagrad", "Adam", "AdamW", "RMSprop"]

_POSITIVE = (0.0, math.inf)
_FRACTION = (0.0, 1.0)


def _running(
    xp: Any, state: dict[str, Any], key: str, value: Array, kept: float, share: float | None = None
) -> Array:
    """Return a running mean after `value`, of which it takes ``1 − kept`` (or `share`).

    The state is the optimiser's own: it may be written in place, unlike recorded arrays.
    """
    mean = state[key] if key in state else xp.zeros_like(value)
    mean *= kept
    mean += (1 - kept if share is None else share) * value
    state[key] = mean
    return mean


class Adagrad(Optimizer):
    """Divide by the root of the sum of all squared gradients.

    Duchi, Hazan and Singer, "Adaptive subgradient methods for online learning and
    stochastic optimization", JMLR 12, 2011.

    Parameters
    ----------
    params : iterable
        As in `Optimizer`.
    lr, lr_decay : float
        The rate at step t is ``lr / (1 + (t − 1) · lr_decay)``.
    weight_decay, l1 : float
    maximize : bool
        As in `Optimizer`.
    initial_accumulator_value, eps : float
    """

    buffers: ClassVar[tuple[str, ...]] = ("step", "sum")
    ranges: ClassVar[Mapping[str, tuple[float, float]]] = {
        "lr_decay": _POSITIVE,
        "initial_accumulator_value": _POSITIVE,
        "eps": _POSITIVE,
    }

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
        *,
        l1: float = 0.0,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params, lr, weight_decay, l1, maximize,
            lr_decay=lr_decay, initial_accumulator_value=initial_accumulator_value, eps=eps,
        )  # fmt: skip

    def _update(
        self, xp: Any, w: Array, g: Array, state: dict[str, Any], group: Mapping[str, Any]
    ) -> Array:
        rate = group["lr"] / (1 + (state["step"] - 1) * group["lr_decay"])
        if "sum" not in state:
            state["sum"] = xp.full_like(w, group["initial_accumulator_value"])
        total = state["sum"]
        total += g * g
        root = xp.sqrt(total)
        root += group["eps"]
        return w - rate * g / root


class RMSprop(Optimizer):
    """Divide by the root of a running mean of squared gradients.

    Tieleman and Hinton, "Neural networks for machine learning", lecture 6.5, 2012;
    `centered` subtracts the squared running mean (Graves, arXiv:1308.0850).

    Parameters
    ----------
    params : iterable
        As in `Optimizer`.
    lr : float
    alpha : float, in [0, 1)
        Share of the running mean that is kept.
    eps, weight_decay, momentum, l1 : float
    centered, maximize : bool
    """

    buffers: ClassVar[tuple[str, ...]] = ("step", "square_avg", "grad_avg", "momentum_buffer")
    ranges: ClassVar[Mapping[str, tuple[float, float]]] = {
        "alpha": _FRACTION,
        "eps": _POSITIVE,
        "momentum": _FRACTION,
    }

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        *,
        l1: float = 0.0,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr,
            weight_decay,
            l1,
            maximize,
            alpha=alpha,
            eps=eps,
            momentum=momentum,
            centered=centered,
        )

    def _update(
        self, xp: Any, w: Array, g: Array, state: dict[str, Any], group: Mapping[str, Any]
    ) -> Array:
        square = _running(xp, state, "square_avg", g * g, group["alpha"])
        if group["centered"]:
            mean = _running(xp, state, "grad_avg", g, group["alpha"])
            square = square - mean * mean
        root = xp.sqrt(square)
        root += group["eps"]
        step = g / root
        if group["momentum"]:
            step = _running(xp, state, "momentum_buffer", step, group["momentum"], 1.0)
        return w - group["lr"] * step


class Adam(Optimizer):
    """Momentum over a running mean of squares, both corrected for their start at zero.

    Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015;
    `amsgrad` keeps the largest mean of squares (Reddi, Kale and Kumar, ICLR 2018).

    Parameters
    ----------
    params : iterable
        As in `Optimizer`.
    lr : float
    betas : (float, float), each in [0, 1)
    eps, weight_decay, l1 : float
    amsgrad, maximize : bool

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> w = ad.parameter(1.0)
    >>> optimizer = ad.optim.Adam([w], lr=0.5)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> round(w.item(), 6)
    0.5
    """

    buffers: ClassVar[tuple[str, ...]] = ("step", "exp_avg", "exp_avg_sq", "max_exp_avg_sq")
    ranges: ClassVar[Mapping[str, tuple[float, float]]] = {"betas": _FRACTION, "eps": _POSITIVE}

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        l1: float = 0.0,
        maximize: bool = False,
    ) -> None:
        if not isinstance(betas, (tuple, list)) or len(betas) != 2:
            raise ArgumentError(type(self).__name__, "two betas", repr(betas))
        super().__init__(
            params, lr, weight_decay, l1, maximize, betas=tuple(betas), eps=eps, amsgrad=amsgrad
        )

    def _update(
        self, xp: Any, w: Array, g: Array, state: dict[str, Any], group: Mapping[str, Any]
    ) -> Array:
        first, second = group["betas"]
        mean = _running(xp, state, "exp_avg", g, first)
        square = _running(xp, state, "exp_avg_sq", g * g, second)
        if group["amsgrad"]:
            square = xp.maximum(state.get("max_exp_avg_sq", 0.0), square)
            state["max_exp_avg_sq"] = square
        t = state["step"]
        root = xp.sqrt(square)
        root /= math.sqrt(1 - second**t)
        root += group["eps"]
        step = mean / root
        step *= group["lr"] / (1 - first**t)
        if self._decouples:
            w = w * (1 - group["lr"] * group["weight_decay"])
        return w - step


class AdamW(Adam):
    """Adam with the weight decay applied to the weights instead of the gradient.

    Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019.

    Parameters
    ----------
    params : iterable
        As in `Optimizer`.
    lr, betas, eps, amsgrad, l1, maximize
        As in `Adam`.
    weight_decay : float
        The weights shrink by ``1 − lr · weight_decay`` a step.
    """

    _decouples: ClassVar[bool] = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        l1: float = 0.0,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, l1=l1, maximize=maximize)
