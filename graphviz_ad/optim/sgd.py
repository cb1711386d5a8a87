"""Stochastic gradient descent, with momentum and Nesterov's look-ahead."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from graphviz_ad.backend import Array
from graphviz_ad.errors import ArgumentError
from graphviz_ad.optim.optimizer import Optimizer

__all__ = ["SGD"]


class SGD(Optimizer):
    """Stochastic gradient descent: ``w ← w − lr · g``.

    With momentum μ the step is along ``v ← μ v + (1 − dampening) g`` (Polyak 1964), and
    with `nesterov` along ``g + μ v`` (Sutskever et al., "On the importance of
    initialization and momentum in deep learning", ICML 2013, in PyTorch's form).

    Parameters
    ----------
    params : iterable
        As in `Optimizer`.
    lr : float
    momentum : float, in [0, 1)
    dampening : float
    weight_decay, l1 : float
    maximize : bool
        As in `Optimizer`.
    nesterov : bool
        Needs a momentum and no dampening.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> w = ad.parameter(1.0)
    >>> optimizer = ad.optim.SGD([w], lr=0.25)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> w.item()
    0.5
    """

    buffers: ClassVar[tuple[str, ...]] = ("momentum_buffer",)
    ranges: ClassVar[Mapping[str, tuple[float, float]]] = {
        "momentum": (0.0, 1.0),
        "dampening": (0.0, math.inf),
    }

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        l1: float = 0.0,
        maximize: bool = False,
    ) -> None:
        if nesterov and (not momentum or dampening):
            got = f"momentum={momentum}, dampening={dampening}"
            raise ArgumentError("SGD", "a momentum and no dampening for nesterov", got)
        super().__init__(
            params, lr, weight_decay, l1, maximize,
            momentum=momentum, dampening=dampening, nesterov=nesterov,
        )  # fmt: skip

    def _update(
        self, xp: Any, w: Array, g: Array, state: dict[str, Any], group: Mapping[str, Any]
    ) -> Array:
        momentum = group["momentum"]
        if momentum:
            if "momentum_buffer" in state:
                v = state["momentum_buffer"]
                v *= momentum
                v += (1 - group["dampening"]) * g if group["dampening"] else g
            else:
                v = xp.array(g)
            state["momentum_buffer"] = v
            g = g + momentum * v if group["nesterov"] else v
        return w - group["lr"] * g
