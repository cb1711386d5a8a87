"""A training run that stops, is saved to a file, and goes on as if it had not stopped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad.errors import ArgumentError, StateDictError

pytest.importorskip("safetensors", reason="pip install 'graphviz_ad[nn]'")

S = ad.optim.lr_scheduler

OPTIMISERS: dict[str, Callable[[Any], Any]] = {
    "SGD": lambda p: ad.optim.SGD(p, lr=0.05),
    "momentum": lambda p: ad.optim.SGD(p, lr=0.05, momentum=0.9, weight_decay=0.01, l1=1e-3),
    "Nesterov": lambda p: ad.optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True),
    "Adagrad": lambda p: ad.optim.Adagrad(p, lr=0.1, lr_decay=0.01),
    "RMSprop": lambda p: ad.optim.RMSprop(p, lr=0.01, momentum=0.5, centered=True),
    "Adam": lambda p: ad.optim.Adam(p, lr=0.02, amsgrad=True),
    "AdamW": lambda p: ad.optim.AdamW(p, lr=0.02, betas=(0.8, 0.95)),
}

SCHEDULES: dict[str, Callable[[Any], Any]] = {
    "StepLR": lambda o: S.StepLR(o, 3, 0.5),
    "MultiStepLR": lambda o: S.MultiStepLR(o, [2, 7], 0.5),
    "ExponentialLR": lambda o: S.ExponentialLR(o, 0.9),
    "InverseTimeLR": lambda o: S.InverseTimeLR(o, 0.1),
    "LambdaLR": lambda o: S.LambdaLR(o, lambda epoch: 0.95**epoch),
    "MultiplicativeLR": lambda o: S.MultiplicativeLR(o, lambda epoch: 0.95),
    "CosineAnnealingLR": lambda o: S.CosineAnnealingLR(o, 4, 1e-3),
    "CosineAnnealingWarmRestarts": lambda o: S.CosineAnnealingWarmRestarts(o, 3, 2),
    "LinearLR": lambda o: S.LinearLR(o, 0.1, 1.0, 8),
    "ConstantLR": lambda o: S.ConstantLR(o, 0.5, 7),
    "PolynomialLR": lambda o: S.PolynomialLR(o, 20, 2.0),
    "OneCycleLR": lambda o: S.OneCycleLR(o, 0.1, total_steps=12),
    "SequentialLR": lambda o: S.SequentialLR(
        o, [S.LinearLR(o, 0.1, 1.0, 3), S.StepLR(o, 2, 0.5), S.ExponentialLR(o, 0.9)], [3, 8]
    ),
    "ChainedScheduler": lambda o: S.ChainedScheduler(
        [S.LinearLR(o, 0.1, 1.0, 8), S.CosineAnnealingLR(o, 5)]
    ),
    "ReduceLROnPlateau": lambda o: S.ReduceLROnPlateau(o, patience=0, threshold=0.2, cooldown=1),
}


class Training:
    """A small network with its optimiser and schedule, and the losses of its steps."""

    def __init__(self, optimiser: str, schedule: str) -> None:
        ad.manual_seed(0)
        nn = ad.nn
        self.net = nn.Sequential(
            nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Tanh(), nn.Dropout(0.2, rng=1), nn.Linear(6, 1)
        )
        first, *others = self.net.parameters()
        groups = [{"params": [first], "weight_decay": 0.1}, {"params": others}]
        self.optimizer = OPTIMISERS[optimiser](groups)
        self.schedule = SCHEDULES[schedule](self.optimizer)
        self.epoch = 0

    def go_on(self, epochs: int) -> list[float]:
        losses = []
        for _ in range(epochs):
            rng = np.random.default_rng(self.epoch)
            self.net[3].rng = rng  # a generator is the user's to save
            self.optimizer.zero_grad()
            loss = ((self.net(rng.normal(size=(8, 4))) - rng.normal(size=(8, 1))) ** 2).mean()
            loss.backward()
            self.optimizer.step()
            self.schedule.step(*([loss.item()] if "Plateau" in repr(self.schedule) else []))
            losses.append(loss.item())
            self.epoch += 1
        return losses

    def save(self, path: Path) -> None:
        parts = {"model": self.net, "optimizer": self.optimizer, "schedule": self.schedule}
        states = {name: part.state_dict() for name, part in parts.items()}
        ad.nn.save({**states, "epoch": self.epoch}, path)

    def load(self, path: Path) -> None:
        saved = ad.nn.load(path)
        self.net.load_state_dict(saved["model"])
        self.optimizer.load_state_dict(saved["optimizer"])
        self.schedule.load_state_dict(saved["schedule"])
        self.epoch = saved["epoch"]


ROWS = [(name, "StepLR") for name in OPTIMISERS] + [("Adam", name) for name in SCHEDULES]


@pytest.mark.parametrize(("optimiser", "schedule"), ROWS)
def test_the_curve_is_the_same_to_the_last_bit(
    tmp_path: Path, optimiser: str, schedule: str
) -> None:
    whole = Training(optimiser, schedule).go_on(12)
    first = Training(optimiser, schedule)
    losses = first.go_on(5)
    first.save(tmp_path / "run")
    first.go_on(1)  # what was saved does not move
    second = Training(optimiser, schedule)
    second.go_on(2)  # and whatever was there before is overruled
    second.load(tmp_path / "run")
    assert losses + second.go_on(7) == whole


def test_a_file_gives_back_every_kind_of_value(tmp_path: Path) -> None:
    state = {
        "a": {"b": np.arange(3), 7: [1, 2.5, (True, None)], "c.d": np.float32(2.0)},
        "a.b": ad.tensor([1.0]), "text": "é", "big": float("inf"), "empty": {}, "none": [],
    }  # fmt: skip
    ad.nn.save(state, tmp_path / "x")
    got = ad.nn.load(tmp_path / "x")
    np.testing.assert_array_equal(got["a"].pop("b"), [0, 1, 2])
    assert got["a"].pop("c.d").dtype == np.float32
    np.testing.assert_array_equal(got.pop("a.b"), [1.0])
    assert got == {
        "a": {7: [1, 2.5, (True, None)]}, "text": "é", "big": float("inf"), "empty": {}, "none": [],
    }  # fmt: skip


@pytest.mark.parametrize(
    "header",
    [b'{"__metadata__":{"graphviz_ad":"{"}}', b'{"__metadata__":{"graphviz_ad":"[1]"}}',
     b'{"__metadata__":{"graphviz_ad":"{\\"array\\": \\"gone\\"}"}}',
     b'{"__metadata__":{"graphviz_ad":"{\\"code\\": 1}"}}',
     b'{"__metadata__":{"graphviz_ad":"' + b"[" * 100_000 + b'"}}'],
    ids=["cut", "a list", "no such array", "another kind", "deep"],
)  # fmt: skip
def test_a_structure_that_is_none(tmp_path: Path, header: bytes) -> None:
    (tmp_path / "x").write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(StateDictError, match="a whole safetensors file"):
        ad.nn.load(tmp_path / "x")


def adam() -> Any:
    w = ad.parameter([1.0, 2.0], name="w")
    optimizer = ad.optim.Adam([w, ad.parameter(1.0, name="v")])
    (w * w).sum().backward()
    optimizer.step()
    return optimizer


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("state"), r"the keys param_groups and state, got \['param_groups'\]"),
        (lambda s: s["param_groups"].pop(), r"groups of \[2\] parameters, got \[\]"),
        (lambda s: s["param_groups"][0]["params"].pop(), r"groups of \[2\] parameters, got \[1\]"),
        (lambda s: s["state"].update({5: {}}), "states of 2 parameters, got one of 5"),
        (lambda s: s["state"][0].pop("step"), "step in the state of w"),
        (lambda s: s["state"][0].update(sum=np.ones(2)), "in the state of w, got sum; is it ano"),
        (lambda s: s["state"][0].update(exp_avg=np.ones(3)), r"exp_avg of shape \(2,\) for w"),
        (lambda s: s["param_groups"][0].update(momentum=0.9), r"options \[.*\], got momentum"),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(
    change: Callable[[Any], Any], message: str
) -> None:
    optimizer, saved = adam(), adam().state_dict()
    saved["param_groups"][0]["lr"] = 0.5
    change(saved)
    before = optimizer.state_dict()
    with pytest.raises(StateDictError, match=f"Adam.load_state_dict: expected .*{message}"):
        optimizer.load_state_dict(saved)
    after = optimizer.state_dict()
    assert after["param_groups"] == before["param_groups"]
    np.testing.assert_array_equal(after["state"][0]["exp_avg"], before["state"][0]["exp_avg"])


def test_an_option_out_of_its_range_is_not_loaded() -> None:
    optimizer, saved = adam(), adam().state_dict()
    saved["param_groups"][0]["betas"] = (0.9, 1.5)
    with pytest.raises(ArgumentError, match=r"betas in \[0, 1\)"):
        optimizer.load_state_dict(saved)
    assert optimizer.param_groups[0]["betas"] == (0.9, 0.999)


def test_a_schedule_of_another_kind_is_not_loaded() -> None:
    optimizer = adam()
    chained = S.ChainedScheduler([S.StepLR(optimizer, 2), S.ExponentialLR(optimizer, 0.5)])
    before = chained.state_dict()
    saved = chained.state_dict()
    saved["_schedulers"][0]["last_epoch"] = 7
    del saved["_schedulers"][1]["gamma"]
    with pytest.raises(StateDictError, match=r"ExponentialLR.load_state_dict.*'gamma'"):
        chained.load_state_dict(saved)
    assert chained.state_dict() == before
    with pytest.raises(StateDictError, match="2 _schedulers, got 0"):
        chained.load_state_dict({})
    with pytest.raises(StateDictError, match="rates of 1 groups"):
        S.StepLR(optimizer, 2).load_state_dict({**S.StepLR(optimizer, 2).state_dict(),
                                                "base_lrs": [1.0, 2.0]})  # fmt: skip


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "total_steps, or epochs and steps_per_epoch"),
        ({"total_steps": 9, "pct_start": 1.5}, r"pct_start in \[0, 1\]"),
        ({"total_steps": 9, "anneal_strategy": "cubic"}, "'cos' or 'linear'"),
        ({"total_steps": 9, "max_lr": [0.1, 0.2]}, "1 rates, one a group, got 2"),
    ],
)
def test_a_cycle_that_is_none(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        S.OneCycleLR(adam(), **{"max_lr": 0.1, **options})
    with pytest.raises(ArgumentError, match="an optimiser with momentum or betas, got Adagrad"):
        S.OneCycleLR(ad.optim.Adagrad([ad.parameter(1.0)]), 0.1, total_steps=3)


def test_a_cycle_ends() -> None:
    schedule = S.OneCycleLR(adam(), 0.1, total_steps=3)
    for _ in range(3):
        schedule.step()
    with pytest.raises(ArgumentError, match=r"OneCycleLR.step: expected at most 3 steps"):
        schedule.step()
