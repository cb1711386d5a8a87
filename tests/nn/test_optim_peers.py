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
    ("SGD", {"lr": 0.001, "momentum": 0.5, "maximize": True, "weight_decay": 0.1}),
    ("Adam", {"lr": 0.01}),
    ("Adam", {"lr": 0.01, "betas": (0.8, 0.9), "eps": 1e-3, "weight_decay": 0.1}),
    ("Adam", {"lr": 0.01, "amsgrad": True}),
    ("AdamW", {"lr": 0.01}),
    ("AdamW", {"lr": 0.01, "weight_decay": 0.5, "amsgrad": True}),
]  # fmt: skip

SCHEDULES: dict[str, Callable[[Any, Any], Any]] = {
    "StepLR": lambda s, o: s.StepLR(o, 7, 0.5),
    "MultiStepLR": lambda s, o: s.MultiStepLR(o, [3, 11, 11], 0.5),
    "ExponentialLR": lambda s, o: s.ExponentialLR(o, 0.9),
    "CosineAnnealingLR": lambda s, o: s.CosineAnnealingLR(o, 20, 0.001),
    "CosineAnnealingLR to 0": lambda s, o: s.CosineAnnealingLR(o, 7),
    "CosineAnnealingWarmRestarts": lambda s, o: s.CosineAnnealingWarmRestarts(o, 4, 2, 0.01),
    "restarts of one length": lambda s, o: s.CosineAnnealingWarmRestarts(o, 6),
    "LinearLR": lambda s, o: s.LinearLR(o, 0.1, 1.0, 10),
    "LinearLR down": lambda s, o: s.LinearLR(o, 1.0, 0.1, 10),
    "ConstantLR": lambda s, o: s.ConstantLR(o, 0.2, 6),
    "PolynomialLR": lambda s, o: s.PolynomialLR(o, 30, 1.5),
    "LambdaLR": lambda s, o: s.LambdaLR(o, lambda epoch: 1 / (1 + 0.1 * epoch)),
    "LambdaLR for each group": lambda s, o: s.LambdaLR(
        o, [lambda epoch: 1.0, lambda epoch: 0.9**epoch]
    ),
    "MultiplicativeLR": lambda s, o: s.MultiplicativeLR(o, lambda epoch: 0.9 + 0.001 * epoch),
    "SequentialLR": lambda s, o: s.SequentialLR(
        o, [s.LinearLR(o, 0.1, 1.0, 5), s.StepLR(o, 4, 0.5), s.ExponentialLR(o, 0.9)], [5, 20]
    ),
    "SequentialLR of others": lambda s, o: s.SequentialLR(
        o,
        [s.ConstantLR(o, 0.5, 3), s.CosineAnnealingLR(o, 10), s.LambdaLR(o, lambda e: 0.5**e),
         s.PolynomialLR(o, 9)],
        [4, 17, 22],
    ),
    "SequentialLR of factors": lambda s, o: s.SequentialLR(
        o, [s.LinearLR(o, 0.1, 1.0, 5), s.MultiplicativeLR(o, lambda epoch: 0.9)], [5]
    ),
    "OneCycleLR": lambda s, o: s.OneCycleLR(o, 0.5, total_steps=60),
    "OneCycleLR of three phases": lambda s, o: s.OneCycleLR(
        o, [0.5, 0.1], epochs=10, steps_per_epoch=6, pct_start=0.25, anneal_strategy="linear",
        three_phase=True, cycle_momentum=False, div_factor=10, final_div_factor=100,
    ),
    "ChainedScheduler": lambda s, o: s.ChainedScheduler(
        [s.LinearLR(o, 0.1, 1.0, 10), s.CosineAnnealingLR(o, 20), s.StepLR(o, 15, 0.5)]
    ),
    "ChainedScheduler in another order": lambda s, o: s.ChainedScheduler(
        [s.CosineAnnealingLR(o, 8), s.ConstantLR(o, 0.3, 12), s.MultiStepLR(o, [5, 9])], o
    ),
    "ChainedScheduler of a sequence": lambda s, o: s.ChainedScheduler(
        [s.SequentialLR(o, [s.LinearLR(o, 0.1), s.ExponentialLR(o, 0.9)], [5]),
         s.PolynomialLR(o, 60)]
    ),
}  # fmt: skip


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


def two_optimizers(torch: Any) -> tuple[Any, Any]:
    """Return the same optimiser of two groups in both libraries, with a gradient of 1."""
    made = []
    for library, leaves in (
        (torch, [torch.nn.Parameter(torch.ones(1)) for _ in "ab"]),
        (ad, [ad.parameter([1.0]) for _ in "ab"]),
    ):
        sum(leaf.sum() for leaf in leaves).backward()
        groups = [{"params": leaves[:1]}, {"params": leaves[1:], "lr": 0.02}]
        made.append(library.optim.SGD(groups, lr=0.1))
    return made[0], made[1]


@pytest.mark.filterwarnings("ignore:The epoch parameter")
@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_agree(torch: Any, name: str) -> None:
    optimizers = two_optimizers(torch)
    theirs, ours = (
        SCHEDULES[name](library.optim.lr_scheduler, optimizer)
        for library, optimizer in zip((torch, ad), optimizers, strict=True)
    )
    for _ in range(STEPS):
        for optimizer in optimizers:
            optimizer.step()
        rates = [[g["lr"] for g in optimizer.param_groups] for optimizer in optimizers]
        np.testing.assert_allclose(rates[1], rates[0], rtol=1e-9, atol=1e-15)
        momenta = [[g["momentum"] for g in optimizer.param_groups] for optimizer in optimizers]
        np.testing.assert_allclose(momenta[1], momenta[0], rtol=1e-9)
        np.testing.assert_allclose(ours.get_last_lr(), theirs.get_last_lr(), rtol=1e-9, atol=1e-15)
        theirs.step()
        ours.step()


def test_schedules_that_are_stepped_by_hand_stack_as_in_pytorch(torch: Any) -> None:
    def stack(s: Any, o: Any) -> list[Any]:
        return [s.LinearLR(o, 0.2, 1.0, 4), s.ExponentialLR(o, 0.9), s.StepLR(o, 6, 0.5)]

    their_optimizer, our_optimizer = two_optimizers(torch)
    theirs = stack(torch.optim.lr_scheduler, their_optimizer)
    ours = stack(ad.optim.lr_scheduler, our_optimizer)
    for _ in range(STEPS):
        their_optimizer.step()
        for schedule in (*theirs, *ours):
            schedule.step()
        for mine, other in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(mine.get_last_lr(), other.get_last_lr(), rtol=1e-9)


def test_a_run_goes_on_at_an_epoch_as_in_pytorch(torch: Any) -> None:
    their_optimizer, our_optimizer = two_optimizers(torch)
    for optimizer in (their_optimizer, our_optimizer):
        for group in optimizer.param_groups:
            group["initial_lr"] = 0.5
    theirs = torch.optim.lr_scheduler.StepLR(their_optimizer, 3, 0.5, last_epoch=4)
    ours = ad.optim.lr_scheduler.StepLR(our_optimizer, 3, 0.5, last_epoch=4)
    for _ in range(5):
        np.testing.assert_allclose(ours.get_last_lr(), theirs.get_last_lr())
        their_optimizer.step()
        theirs.step()
        ours.step()


def test_a_schedule_in_pytorchs_style(torch: Any) -> None:
    def rates(library: Any, optimizer: Any) -> list[list[float]]:
        class Halving(library.optim.lr_scheduler.LRScheduler):
            def get_lr(self) -> list[float]:
                return [base * 0.5**self.last_epoch for base in self.base_lrs]

        schedule, found = Halving(optimizer), []
        for _ in range(4):
            optimizer.step()
            found.append(schedule.get_last_lr())
            schedule.step()
        return found

    theirs, ours = two_optimizers(torch)
    assert rates(ad, ours) == rates(torch, theirs)


@pytest.mark.parametrize(("name", "options"), OPTIMISERS, ids=str)
def test_states_go_from_one_library_to_the_other(
    torch: Any, rng: np.random.Generator, name: str, options: dict[str, Any]
) -> None:
    theirs, ours, batches = pair(torch, rng)
    twins = pair(torch, rng)[:2]

    def train(library: Any, net: Any, optimizer: Any, part: slice) -> None:
        for x, y in batches[part]:
            if library is torch:
                x, y = torch.tensor(x), torch.tensor(y)
            optimizer.zero_grad()
            loss_of(library, net, x, y).backward()
            optimizer.step()

    def made(library: Any, net: Any) -> Any:
        return getattr(library.optim, name)(net.parameters(), **options)

    their_optimizer, our_optimizer = made(torch, theirs), made(ad, ours)
    train(torch, theirs, their_optimizer, slice(0, 10))
    train(ad, ours, our_optimizer, slice(0, 10))
    states = their_optimizer.state_dict(), our_optimizer.state_dict()
    assert {k: set(v) for k, v in states[1]["state"].items()} == {
        k: {name for name, value in v.items() if value is not None}
        for k, v in states[0]["state"].items()
    }
    assert set(states[1]["param_groups"][0]) - {"l1"} <= set(states[0]["param_groups"][0])
    # ours goes on from theirs, and theirs from ours
    our_twin, their_twin = made(ad, twins[1]), made(torch, twins[0])
    twins[1].load_state_dict(theirs.state_dict())
    our_twin.load_state_dict(states[0])
    twins[0].load_state_dict({k: torch.tensor(v) for k, v in ours.state_dict().items()})
    their_twin.load_state_dict(
        {
            "state": {
                p: {k: torch.tensor(v) for k, v in s.items()} for p, s in states[1]["state"].items()
            },
            "param_groups": [
                {**theirs, **{k: v for k, v in group.items() if k in theirs}}
                for theirs, group in zip(
                    states[0]["param_groups"], states[1]["param_groups"], strict=True
                )
            ],
        }
    )
    rest = slice(10, None)
    train(torch, theirs, their_optimizer, rest)
    train(ad, twins[1], our_twin, rest)
    train(torch, twins[0], their_twin, rest)
    for key, value in theirs.state_dict().items():
        np.testing.assert_allclose(twins[1].state_dict()[key], value.numpy(), **TOLERANCE)
        np.testing.assert_allclose(twins[0].state_dict()[key].numpy(), value.numpy(), **TOLERANCE)


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
