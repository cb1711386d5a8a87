"""A short run of the bench: one seed that was not developed on, of a choice of the catalogue."""

from __future__ import annotations

import pytest

from benchmarks.diagnosis.case import Case
from benchmarks.diagnosis.run import CASES, run_case

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
