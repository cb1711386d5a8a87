"""Every optimiser and schedule beside PyTorch's: 50 steps in float64 from the same weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import graphviz_ad as ad

pytestmark = pytest.mark.peers

STEPS = 50
TOLERANCE = {"rtol": 1e-6, "atol": 1e-6}

OPTIMISERS: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.1, "weight_decay": 0.01}),
    ("SGD", {"lr": 0.05, "momentum": 0.9}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "dampening": 0.5, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "nesterov": True}),
    ("RMSprop", {"lr": 0.01}),
    ("RMSprop", {"lr": 0.01, "alpha": 0.9, "momentum": 0.5, "centered": True}),
    ("RMSprop", {"lr": 0.01, "weight_decay": 0.1, "eps": 1e-3}),
    ("Adagrad", {"lr": 0.1}),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.1, "initial_accumulator_value": 0.5,
                 "weight_decay": 0.1}),
    ("Adam", {"lr": 0.01}),
    ("Adam", {"lr": 0.01, "betas": (0.8, 0.9), "eps": 1e-3, "weight_decay": 0.1}),
    ("Adam", {"lr": 0.01, "amsgrad": True}),
    ("AdamW", {"lr": 0.01}),
    ("AdamW", {"lr": 0.01, "weight_decay": 0.5, "amsgrad": True}),
]  # fmt: skip

SCHEDULES: dict[str, Callable[[Any, Any], Any]] = {
    "StepLR": lambda s, o: s.StepLR(o, 7, 0.5),
    "ExponentialLR": lambda s, o: s.ExponentialLR(o, 0.9),
    "CosineAnnealingLR": lambda s, o: s.CosineAnnealingLR(o, 20, 0.001),
    "LinearLR": lambda s, o: s.LinearLR(o, 0.1, 1.0, 10),
    "LambdaLR": lambda s, o: s.LambdaLR(o, lambda epoch: 1 / (1 + 0.1 * epoch)),
    "SequentialLR": lambda s, o: s.SequentialLR(
        o, [s.LinearLR(o, 0.1, 1.0, 5), s.StepLR(o, 4, 0.5), s.ExponentialLR(o, 0.9)], [5, 20]
    ),
}


def pair(torch: Any, rng: np.random.Generator) -> tuple[Any, Any, list[Any]]:
    """Return the same small network twice, and batches for it."""

    def net(nn: Any) -> Any:
        return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))

    theirs, ours = net(torch.nn).double(), net(ad.nn)
    ours.load_state_dict(theirs.state_dict())
    batches = [(rng.normal(size=(6, 4)), rng.normal(size=(6, 1))) for _ in range(STEPS)]
    return theirs, ours, batches


def loss_of(library: Any, net: Any, x: Any, y: Any) -> Any:
    return ((net(x) - y) ** 2).mean()


@pytest.mark.parametrize(("name", "options"), OPTIMISERS, ids=str)
def test_optimisers_agree(
    torch: Any, rng: np.random.Generator, name: str, options: dict[str, Any]
) -> None:
    theirs, ours, batches = pair(torch, rng)
    their_optimizer = getattr(torch.optim, name)(theirs.parameters(), **options)
    our_optimizer = getattr(ad.optim, name)(ours.parameters(), **options)
    for x, y in batches:
        their_optimizer.zero_grad()
        their_loss = loss_of(torch, theirs, torch.tensor(x), torch.tensor(y))
        their_loss.backward()
        their_optimizer.step()
        our_optimizer.zero_grad()
        our_loss = loss_of(ad, ours, x, y)
        our_loss.backward()
        our_optimizer.step()
        np.testing.assert_allclose(our_loss.item(), their_loss.item(), **TOLERANCE)
    for key, value in theirs.state_dict().items():
        np.testing.assert_allclose(ours.state_dict()[key], value.numpy(), **TOLERANCE)


def test_defaults_are_those_of_pytorch(torch: Any) -> None:
    import inspect

    for name in sorted({name for name, _ in OPTIMISERS}):
        theirs = inspect.signature(getattr(torch.optim, name)).parameters
        for option, parameter in inspect.signature(getattr(ad.optim, name)).parameters.items():
            if option == "l1":
                continue
            expected = theirs[option].default
            assert parameter.default == expected, f"{name}.{option}"


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_agree(torch: Any, rng: np.random.Generator, name: str) -> None:
    theirs, ours, batches = pair(torch, rng)
    their_optimizer = torch.optim.SGD(theirs.parameters(), lr=0.1)
    our_optimizer = ad.optim.SGD(ours.parameters(), lr=0.1)
    their_schedule = SCHEDULES[name](torch.optim.lr_scheduler, their_optimizer)
    our_schedule = SCHEDULES[name](ad.optim, our_optimizer)
    for x, y in batches:
        their_optimizer.zero_grad()
        loss_of(torch, theirs, torch.tensor(x), torch.tensor(y)).backward()
        their_optimizer.step()
        our_optimizer.zero_grad()
        loss_of(ad, ours, x, y).backward()
        our_optimizer.step()
        np.testing.assert_allclose(
            our_schedule.get_last_lr(), their_schedule.get_last_lr(), rtol=1e-9
        )
        their_schedule.step()
        our_schedule.step()
    for key, value in theirs.state_dict().items():
        np.testing.assert_allclose(ours.state_dict()[key], value.numpy(), **TOLERANCE)


@pytest.mark.parametrize(
    "options",
    [
        {"patience": 2},
        {"mode": "max", "patience": 1, "factor": 0.5, "threshold": 0.1},
        {"patience": 1, "threshold_mode": "abs", "threshold": 0.3, "cooldown": 2, "min_lr": 0.01},
    ],
)
def test_reducing_on_a_plateau_agrees(
    torch: Any, rng: np.random.Generator, options: dict[str, Any]
) -> None:
    w = torch.nn.Parameter(torch.zeros(1))
    their_optimizer = torch.optim.SGD([w], lr=0.1)
    our_optimizer = ad.optim.SGD([ad.parameter(0.0)], lr=0.1)
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(their_optimizer, **options)
    ours = ad.optim.ReduceLROnPlateau(our_optimizer, **options)
    for metric in rng.normal(size=STEPS).cumsum():
        theirs.step(metric)
        ours.step(metric)
        assert ours.get_last_lr() == pytest.approx(theirs.get_last_lr())


@pytest.mark.parametrize("norm_type", [2.0, 1.0, 3.0, float("inf")])
def test_clipping_by_norm_agrees(torch: Any, rng: np.random.Generator, norm_type: float) -> None:
    for scale in (0.01, 10.0):
        theirs, ours, batches = pair(torch, rng)
        x, y = batches[0]
        (loss_of(torch, theirs, torch.tensor(x), torch.tensor(y)) * scale).backward()
        (loss_of(ad, ours, x, y) * scale).backward()
        expected = torch.nn.utils.clip_grad_norm_(theirs.parameters(), 0.5, norm_type)
        actual = ad.nn.utils.clip_grad_norm_(ours.parameters(), 0.5, norm_type)
        assert actual == pytest.approx(float(expected), rel=1e-9)
        for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
            np.testing.assert_allclose(p.grad.data, q.grad.numpy(), rtol=1e-9)


def test_clipping_by_value_agrees(torch: Any, rng: np.random.Generator) -> None:
    theirs, ours, batches = pair(torch, rng)
    x, y = batches[0]
    loss_of(torch, theirs, torch.tensor(x), torch.tensor(y)).backward()
    loss_of(ad, ours, x, y).backward()
    torch.nn.utils.clip_grad_value_(theirs.parameters(), 0.05)
    ad.nn.utils.clip_grad_value_(ours.parameters(), 0.05)
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(p.grad.data, q.grad.numpy(), rtol=1e-9)
        assert abs(p.grad.data).max() <= 0.05
