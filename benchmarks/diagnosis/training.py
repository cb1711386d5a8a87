"""The regression net 9-64-64-1 over 100 steps, watched by a monitor: faults of the steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import graphviz_ad as ad
from benchmarks.diagnosis.case import Case, Sample
from benchmarks.diagnosis.mutants import regression_data

__all__ = ["CASES"]

_STEPS = 100
_BATCH = 64


class _Uphill(ad.optim.SGD):
    """Gradient descent with the sign of the gradient wrong."""

    def step(self) -> None:
        for group in self.param_groups:
            for tensor in group["params"]:
                tensor.grad = -tensor.grad
        super().step()
        for group in self.param_groups:
            for tensor in group["params"]:
                tensor.grad = -tensor.grad


def watched(
    rng: np.random.Generator, optimiser: Callable[[list[Any]], Any], left_out: int = 0
) -> Any:
    """Train, and return what the monitor reports at the end."""
    model = ad.nn.Sequential(
        ad.nn.Linear(9, 64), ad.nn.ReLU(), ad.nn.Linear(64, 64), ad.nn.ReLU(), ad.nn.Linear(64, 1)
    )
    chosen = optimiser(list(model.parameters())[left_out:])
    monitor = ad.Monitor(model, chosen, every=10)
    x, y = regression_data(rng, 512)
    for _ in range(_STEPS):
        rows = rng.integers(0, len(x), _BATCH)
        model.zero_grad()
        loss = ad.mse_loss(model(ad.tensor(x[rows])), ad.tensor(y[rows]))
        loss.backward()
        chosen.step()
        monitor.step(loss)
    return monitor.report()


def _cases() -> list[Case]:
    rows: list[tuple[str, Any, set[str], int]] = [
        ("Adam, learning rate .1", lambda p: ad.optim.Adam(p, lr=0.1),
         {"update-ratio", "diverging", "oscillating", "dead-relu"}, 0),
        ("Adam, learning rate 1e-5", lambda p: ad.optim.Adam(p, lr=1e-5),
         {"update-ratio", "not-decreasing"}, 0),
        ("SGD, learning rate 1e-5", lambda p: ad.optim.SGD(p, lr=1e-5),
         {"update-ratio", "not-decreasing"}, 0),
        ("SGD, learning rate 10", lambda p: ad.optim.SGD(p, lr=10.0),
         {"update-ratio", "diverging", "oscillating", "nonfinite", "dead-relu"}, 0),
        ("negated gradients", lambda p: _Uphill(p, lr=0.01), {"diverging"}, 0),
        ("first layer not in the optimiser", lambda p: ad.optim.Adam(p, lr=1e-3),
         {"unchanged"}, 2),
        ("healthy: Adam 1e-3", lambda p: ad.optim.Adam(p, lr=1e-3), set(), 0),
        ("healthy: Adam 1e-2", lambda p: ad.optim.Adam(p, lr=1e-2), set(), 0),
        ("healthy: SGD .1", lambda p: ad.optim.SGD(p, lr=0.1), set(), 0),
        ("healthy: SGD .05, momentum .9", lambda p: ad.optim.SGD(p, lr=0.05, momentum=0.9),
         set(), 0),
    ]  # fmt: skip

    def maker(optimiser: Any, sick: bool, left_out: int) -> Callable[..., Sample]:
        def make(rng: np.random.Generator) -> Sample:
            with np.errstate(all="ignore"):
                return Sample(None, sick, (), watched(rng, optimiser, left_out))

        return make

    return [
        Case("training", name, maker(optimiser, bool(kinds), left_out), kinds)
        for name, optimiser, kinds, left_out in rows
    ]


CASES = _cases()
