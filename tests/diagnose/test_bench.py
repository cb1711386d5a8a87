"""A short run of the bench: one seed that was not developed on, of a choice of the catalogue."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import graphviz_ad as ad
from benchmarks.diagnosis.again import doubled, scaled, single
from benchmarks.diagnosis.case import Case
from benchmarks.diagnosis.run import CASES, run_case
from graphviz_ad.diagnose.record import diagnose

SLOW = ("AutoTrainer", "planted twice", "planted, other", "training")
CHOSEN = [
    case for case in CASES
    if case.group not in SLOW or "12 deep" in case.name or "tanh, 12 layers" in case.name
]  # fmt: skip


@pytest.mark.parametrize("case", CHOSEN, ids=lambda case: case.name)
def test_one_seed(case: Case) -> None:
    count = run_case(case, [1000])
    assert count.detected == count.sick, count.alarms
    assert count.right_kind == count.sick, count.alarms
    assert count.false_alarms == 0, count.alarms
    assert count.first == count.in_three == count.placed, count.alarms


# their batch is not the first axis, or its size is written into what was recorded
NOT_DOUBLED = {"LSTM, 12 steps", "GRU, 12 steps", "transformer, 2 layers", "GPT-2 initialisation"}
CHANGES: dict[str, Callable[[Any], Any]] = {
    "loss × 1e-6": lambda loss: scaled(loss, 1e-6),
    "loss × 1e6": lambda loss: scaled(loss, 1e6),
    "float32": single,
    "float32, loss × 1e-6": lambda loss: scaled(single(loss), 1e-6),
    "batch doubled": doubled,
}


def verdict(loss: Any) -> list[tuple[str, int]]:
    return [(f.kind, -1 if f.op is None else f.op.id) for f in diagnose(loss).alarms]


@pytest.mark.parametrize(
    "case", [case for case in CHOSEN if case.group != "training"], ids=lambda case: case.name
)
def test_verdicts_do_not_depend_on_scale_batch_or_dtype(case: Case) -> None:
    with np.errstate(all="ignore"):
        loss = case.make(np.random.default_rng(1)).loss
    expected = verdict(loss)
    for name, change in CHANGES.items():
        if name == "batch doubled" and case.name in NOT_DOUBLED:
            continue
        assert verdict(change(loss)) == expected, name


def test_the_changes_change_what_they_say() -> None:
    x = ad.tensor(np.ones((4, 3)), name="x")
    w = ad.parameter(np.ones((3, 2)), name="w")
    loss = (x @ w).reshape((4, 2)).sum()
    assert scaled(loss, 1e6).item() == 24e6
    assert single(loss).dtype == np.float32
    assert single(loss).item() == 24
    assert doubled(loss).item() == 48
