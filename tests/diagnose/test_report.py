"""The report: verdicts that do not depend on scale, batch or dtype; text, HTML, assertions."""

from __future__ import annotations

import inspect
import time
import warnings
from typing import Any

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad.diagnose.measures import Measures
from graphviz_ad.errors import ArgumentError, DiagnosisError, DTypeError, NothingRecordedError


def network(fault: str, dtype: Any = np.float64, copies: int = 1) -> Any:
    rng = np.random.default_rng(3)
    x = np.tile(rng.normal(size=(24, 12)), (copies, 1)).astype(dtype)
    h = ad.tensor(x)
    for k in range(9):
        W = rng.normal(size=(12, 12)) / np.sqrt(12)
        if k == 4:
            W *= {"small": 0.01, "large": 30.0}.get(fault, 1.0)
        z = h @ ad.parameter(W.astype(dtype), name=f"W{k}")
        if fault == "sigmoids" or (k == 4 and fault == "sigmoid"):
            h = ad.sigmoid(z)
        elif k == 4 and fault == "dead":
            h = ad.relu(z - np.asarray(100, dtype))
        else:
            h = ad.tanh(z)
    return (h * h).mean()


FAULTS = ["none", "small", "large", "sigmoid", "sigmoids", "dead"]


def verdict(loss: Any) -> list[tuple[str, int]]:
    report = ad.diagnose(loss)
    return [(f.kind, -1 if f.op is None else f.op.id) for f in report.alarms]


@pytest.mark.parametrize("fault", FAULTS)
def test_verdicts_do_not_depend_on_scale_batch_or_dtype(fault: str) -> None:
    expected = verdict(network(fault))
    assert bool(expected) is (fault != "none")
    for factor in (1e-6, 1e-3, 1e3, 1e6):
        assert verdict(network(fault) * factor) == expected
    assert verdict(network(fault, copies=2)) == expected
    assert verdict(network(fault, np.float32)) == expected
    assert verdict(network(fault, np.float32) * np.float32(1e-6)) == expected


def test_diagnosing_changes_nothing() -> None:
    loss = network("small")
    leaves = [t for t in loss._record.inputs if t is not None]
    state = np.random.get_state()[1].copy()
    ad.diagnose(loss)
    assert all(leaf.grad is None for leaf in leaves)
    assert (np.random.get_state()[1] == state).all()


def test_raise_if() -> None:
    report = ad.diagnose(network("dead"))
    report.raise_if("symmetry")
    with pytest.raises(DiagnosisError, match="dead-relu"):
        report.raise_if("vanishing", "dead-relu")
    with pytest.raises(AssertionError):
        ad.testing.assert_healthy(network("large"))
    ad.testing.assert_healthy(network("none"))


def test_text_html_and_rows_say_the_same() -> None:
    report = ad.diagnose(network("small"))
    finding = report[0]
    assert finding.title in str(report)
    assert "test_report.py, line" in str(report)
    html = report._repr_html_()
    assert finding.cause.split("(")[0] in html
    assert report.to_rows()[0]["kind"] == finding.kind
    assert len(report) == len(report.findings) == 1
    assert not report.healthy


def test_names_are_escaped_in_html() -> None:
    w = ad.parameter([1.0, 2.0], name="<script>alert(1)</script>")
    html = ad.diagnose((w * 0.0).sum())._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_what_is_no_scalar_is_said() -> None:
    report = ad.diagnose(ad.parameter([1.0, 2.0]) * 2)
    assert not report
    assert "not a scalar" in str(report)


def test_a_trace_without_parameters_is_said() -> None:
    x = ad.tensor([1.0, 2.0])
    x.requires_grad = False
    with pytest.raises(NothingRecordedError):
        ad.diagnose((x * x).sum())


def test_what_is_no_loss_is_refused() -> None:
    with pytest.raises(DTypeError):
        ad.diagnose(np.ones(3))
    with pytest.raises(ArgumentError):
        ad.diagnose(network("none"), parameters=3)
    with pytest.raises(ArgumentError, match="rules"):
        ad.diagnose(network("none"), rules=[Measures])


@pytest.mark.parametrize(
    "loss",
    [
        lambda: ad.parameter(np.zeros((0, 3))).sum(),
        lambda: (ad.tensor(np.arange(6).reshape(2, 3)) @ ad.parameter(np.ones((3, 1)))).mean(),
        lambda: ad.embedding(np.array([0, 1]), ad.parameter(np.eye(3))).sum(),
        lambda: (ad.tensor(np.ones((0, 3))) @ ad.parameter(np.ones((3, 2)))).sum(),
        lambda: ad.relu(ad.parameter(np.zeros((0, 4)))).sum(),
        lambda: ad.square(ad.parameter(np.float32(3.0))),
    ],
)
def test_odd_arrays_give_a_report_and_no_warning(loss: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            made = loss()
        except ad.errors.GraphvizADError:
            pytest.skip("refused by the op itself")
        assert isinstance(str(ad.diagnose(made)), str)


def test_the_function_and_the_package_share_a_name() -> None:
    import graphviz_ad.diagnose as package
    import graphviz_ad.diagnose.finding as part
    from graphviz_ad import diagnose

    assert part.Finding.__module__ == "graphviz_ad.diagnose.finding"
    assert ad.diagnose is diagnose is package
    assert package.finding is part
    assert diagnose(network("none")).healthy
    assert list(inspect.signature(ad.diagnose).parameters)[:2] == ["loss", "parameters"]
    weights = ad.parameter([1.0, 2.0])
    trace = ad.diagnose(weights.sum()).trace
    assert any(value.name == "weights" for value in trace.graph.values)  # the caller's own names


def test_a_trace_from_a_file_is_diagnosed_like_the_run(tmp_path: Any) -> None:
    loss = network("large")
    ad.show_graph(loss).save(tmp_path / "run.trace")
    loaded = ad.GraphView.load(tmp_path / "run.trace").trace
    assert verdict(loaded) == verdict(loss)


def test_long_chains_take_time_in_proportion() -> None:
    def seconds(steps: int) -> float:
        rng = np.random.default_rng(0)
        W = ad.parameter(np.linalg.qr(rng.normal(size=(4, 4)))[0], name="W")
        h = ad.tensor(rng.normal(size=(4, 4)))
        for _ in range(steps):
            h = ad.tanh(h @ W)
        trace = ad.show_graph((h**2).mean()).trace
        begin = time.process_time()
        ad.diagnose(trace)
        return time.process_time() - begin

    short, long = min(seconds(300) for _ in range(2)), seconds(2400)
    assert long < 8 * 4 * short
