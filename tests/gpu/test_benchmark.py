"""The GPU benchmark: what it says without a GPU, its passes, and the page that it writes."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import gpu
from graphviz_ad import backend
from graphviz_ad.backend import to_numpy


def test_it_says_when_there_is_no_gpu() -> None:
    if backend.is_available("cupy"):
        assert gpu.why_not() == ""
    else:
        assert gpu.why_not().startswith("no ")
        page = gpu.page("no CuPy", [])
        assert "Not measured on a GPU yet: the machine that wrote this page had no CuPy." in page


@pytest.mark.parametrize("workload", gpu.chosen(), ids=lambda w: w.name)
def test_passes_give_the_gradients_of_the_host(device: str, workload: gpu.Workload) -> None:
    expected = gpu.our_pass(workload, "numpy")()
    got = gpu.our_pass(workload)()
    for a, b in zip(expected, got, strict=True):
        assert b.grad.backend == "cupy"
        np.testing.assert_allclose(to_numpy(b.grad.data), a.grad.data, 1e-3, 1e-4)


@pytest.mark.parametrize("make", gpu.WORKLOADS, ids=lambda make: make.__name__)
def test_training_steps_go_the_way_of_the_host(device: str, make: type[gpu.Program]) -> None:
    here, there = (
        gpu.training_step(make(), gpu.GraphvizAD(), backend)[0] for backend in ("", "cupy")
    )
    for _ in range(2):
        np.testing.assert_allclose(there(), here(), 1e-3)


def test_the_report_of_the_table_is_read() -> None:
    cases = [
        '<testcase name="test_table[GPU-add]"/>',
        '<testcase name="test_table_in_float32[GPU-add]"><failure/></testcase>',
        '<testcase name="test_table[mul-GPU]"/>',
    ]
    report = f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>"
    assert gpu.agreeing(report) == (2, ["add"])


def test_the_page_has_a_row_for_each() -> None:
    rows = [gpu.Row("one", 2e-3, 1e-3, 1e-4), gpu.Row("two", 1e-3, None, 1e-4)]
    text = gpu.page("today, a card", rows)
    assert "| one | 2.000 ms | 1.000 ms | 2.00 | 0.1000 ms |" in text
    assert "| two | 1.000 ms | – | – | 0.1000 ms |" in text


def test_the_floor_counts_what_is_read_and_written() -> None:
    workload = gpu.conv_workload()
    assert gpu.moved_bytes(workload) == 2 * 4 * (32 * 3 * 32 * 32 + 16 * 3 * 3 * 3)
