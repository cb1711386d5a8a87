"""The report: verdicts that do not depend on scale, batch or dtype; text, HTML, assertions."""

from __future__ import annotations

import copy
import inspect
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
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


def test_a_data_frame_has_a_row_for_each_finding() -> None:
    report = ad.diagnose(network("small"))
    frame = report.to_dataframe()
    assert list(frame["kind"]) == [f.kind for f in report]
    assert frame.loc[0, "gain"] == report[0].numbers["gain"]
    assert frame.loc[0, "op"] == report[0].op.id
    assert len(ad.diagnose(network("none")).to_dataframe()) == 0


def test_without_pandas_a_data_frame_is_a_named_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ArgumentError, match=r"pip install pandas, or use to_rows\(\)"):
        ad.diagnose(network("none")).to_dataframe()


def test_names_are_escaped_in_html() -> None:
    w = ad.parameter([1.0, 2.0], name="<script>alert(1)</script>")
    html = ad.diagnose((w * 0.0).sum())._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_what_is_no_scalar_is_said() -> None:
    report = ad.diagnose(ad.parameter([1.0, 2.0]) * 2)
    assert not report
    assert "not a scalar" in str(report)


def test_what_needs_no_gradient_has_no_graph() -> None:
    x = ad.tensor([1.0, 2.0])
    with pytest.raises(NothingRecordedError):
        ad.diagnose((x * x).sum())


def test_a_trace_without_parameters_is_said() -> None:
    trace = copy.copy(ad.show_graph(ad.square(ad.parameter(2.0))).trace)
    values = tuple(
        replace(v, role="input") if v.role == "parameter" else v for v in trace.graph.values
    )
    trace.graph = replace(trace.graph, values=values)
    report = ad.diagnose(trace)
    assert not report
    assert "the trace has no parameters" in str(report)


def test_what_is_no_loss_is_refused() -> None:
    with pytest.raises(DTypeError):
        ad.diagnose(np.ones(3))
    with pytest.raises(ArgumentError):
        ad.diagnose(network("none"), parameters=3)
    with pytest.raises(ArgumentError, match="rules"):
        ad.diagnose(network("none"), rules=[Measures])


ODD: dict[str, Callable[[], Any]] = {
    "a parameter of size 0": lambda: ad.parameter(np.zeros((0, 3))).sum(),
    "relu of size 0": lambda: ad.relu(ad.parameter(np.zeros((0, 4)))).sum(),
    "a batch of size 0": lambda: (ad.tensor(np.ones((0, 3))) @ ad.parameter(np.ones((3, 2)))).sum(),
    "the mean of a batch of size 0": lambda: ad.mse_loss(
        ad.tanh(ad.tensor(np.ones((0, 3))) @ ad.parameter(np.ones((3, 2)))), np.ones((0, 2))
    ),
    "classes of no rows": lambda: ad.cross_entropy(
        ad.tensor(np.ones((0, 3))) @ ad.parameter(np.ones((3, 2))), np.zeros(0, dtype=int)
    ),
    "integers": lambda: (
        ad.tensor(np.arange(6).reshape(2, 3)) @ ad.parameter(np.ones((3, 1)))
    ).mean(),
    "integer labels": lambda: ad.mse_loss(
        ad.tensor(np.ones((4, 3))) @ ad.parameter(np.ones((3, 1))), np.arange(4).reshape(4, 1)
    ),
    "booleans": lambda: (ad.parameter([1.0, 2.0]) * np.array([True, False])).sum(),
    "indices": lambda: ad.embedding(np.array([0, 1]), ad.parameter(np.eye(3))).sum(),
    "a number": lambda: ad.square(ad.parameter(np.float32(3.0))),
    "one row": lambda: ad.cross_entropy(
        ad.relu(ad.tensor(np.ones((1, 3)))) @ ad.parameter(np.ones((3, 2))), np.array([1])
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_arrays_give_a_report_or_a_named_error_and_no_warning(name: str) -> None:
    try:
        with np.errstate(all="ignore"):
            loss = ODD[name]()
    except ad.errors.GraphvizADError:
        return  # refused by the operation itself
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report = ad.diagnose(loss, check=True)
        assert isinstance(str(report), str)
        assert isinstance(report._repr_html_(), str)
        for figure in ("gradient_flow", "gain_per_op", "activation_statistics", "histograms"):
            assert report.figure(figure)._repr_png_()


@pytest.mark.parametrize("bad", [3, "W", np.ones(3), [1.0], [("a", 1)]])
def test_bad_parameters_are_refused(bad: Any) -> None:
    with pytest.raises(ArgumentError, match="a module, an optimiser or an iterable of tensors"):
        ad.diagnose(network("none"), parameters=bad)


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
