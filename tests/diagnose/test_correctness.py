"""Wrong gradients: what is found, where, how it is called, and that a kink is no mistake."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad.diagnose.correctness import wrong_sign
from graphviz_ad.engine.op import REGISTRY
from graphviz_ad.errors import ArgumentError, DiagnosisError, TraceError


@pytest.fixture
def scaled() -> Iterator[Callable[..., Any]]:
    """Make ``x, factor -> x² · y`` with the VJP for x times `factor`."""
    made = []

    def make(factor: float) -> Any:
        def vjp(xp: Any, g: Any, out: Any, x: Any, y: Any) -> Any:
            return g * 2 * x * y * factor, g * x * x

        @ad.op(vjp=vjp)
        def squared_times(xp: Any, x: Any, y: Any) -> Any:
            return x * x * y

        made.append(squared_times)
        return squared_times

    yield make
    for _ in made[:1]:
        REGISTRY.pop("squared_times")


def loss_of(op: Any, dtype: Any = np.float64) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(0)
    W = ad.parameter(rng.normal(size=(3, 2)).astype(dtype), name="W")
    v = ad.parameter(rng.normal(size=(4, 2)).astype(dtype), name="v")
    h = ad.tensor(rng.normal(size=(4, 3)).astype(dtype)) @ W
    return ad.tanh(op(h, v)).sum(), W, v


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("factor", "words"), [(-1.0, "has the wrong sign"), (2.0, "is wrong")])
def test_a_wrong_vjp_is_found_from_the_value_behind_it(
    scaled: Any, dtype: Any, factor: float, words: str
) -> None:
    loss, W, v = loss_of(scaled(factor), dtype)
    report = ad.diagnose(loss, check=[W, v])
    found = report[0]
    assert found.kind == "wrong-gradient"
    assert found.severity == "error"
    assert found.op is not None
    assert found.op.op == "squared_times"
    assert "for input 'x'" in found.title
    assert words in found.title
    assert found.numbers["slot"] == 0
    limit = {np.float64: 1e-5, np.float32: 2e-3}[dtype]
    assert found.numbers["limit"] == limit
    expected = 2.0 if factor < 0 else 0.5
    assert found.numbers["error"] == pytest.approx(expected, rel=1e-2)
    assert f"> {limit:g}" in found.threshold
    assert any("v∇ agrees" in note for note in report.notes)
    assert len([f for f in report if f.kind == "wrong-gradient"]) == 1


@pytest.mark.parametrize("target", ["squared_times", True])
def test_an_op_is_checked_by_itself(scaled: Any, target: Any) -> None:
    loss, *_ = loss_of(scaled(3.0))
    assert ad.diagnose(loss, check=target)[0].kind == "wrong-gradient"
    right, *_ = loss_of(scaled(1.0))
    report = ad.diagnose(right, check=target)
    assert report.healthy
    assert any("agree" in note for note in report.notes)


def test_what_is_right_stays_right_at_every_loss_scale(scaled: Any) -> None:
    for factor in (1e-6, 1e6):
        loss, W, _ = loss_of(scaled(1.0))
        assert ad.diagnose(loss * factor, check=W).healthy
        loss, W, _ = loss_of(scaled(-1.0))
        assert "wrong sign" in ad.diagnose(loss * factor, check=W)[0].title


@pytest.mark.parametrize(
    "function",
    [
        lambda w: ad.relu(w),
        lambda w: ad.abs(w),
        lambda w: ad.max(w),
        lambda w: ad.maximum(w, np.zeros(4)),
    ],
)
def test_a_corner_is_not_called_wrong(function: Callable[[Any], Any]) -> None:
    w = ad.parameter([0.0, 1.0, 1.0, -2.0], name="w")
    report = ad.diagnose((function(w) * 3.0).sum(), check=w)
    assert report.healthy, str(report)
    assert any("at a kink were not judged" in note for note in report.notes), report.notes


def test_a_gradient_that_is_absent_is_said() -> None:
    w, x = ad.parameter([1.0, 2.0], name="w"), ad.tensor([1.0, 2.0], name="x")
    report = ad.diagnose((w * x).sum(), check=x)
    assert any(note.startswith("x∇ was not checked") for note in report.notes)


def test_a_test_suite_can_check_gradients(scaled: Any) -> None:
    loss, W, _ = loss_of(scaled(-1.0))
    ad.testing.assert_healthy(loss)
    with pytest.raises(DiagnosisError, match="wrong-gradient"):
        ad.testing.assert_healthy(loss, check=W)


def test_wrong_sign() -> None:
    assert wrong_sign(-1.0, 1.001)
    assert not wrong_sign(-1.0, 1.1)
    assert not wrong_sign(1.0, 1.0)


def test_nothing_is_changed_by_a_check(scaled: Any) -> None:
    loss, W, _ = loss_of(scaled(-1.0))
    before = W.data.copy()
    ad.diagnose(loss, check=True)
    assert W.grad is None
    assert (W.data == before).all()


def test_bad_targets_are_named_errors() -> None:
    w = ad.parameter([1.0, 2.0], name="w")
    with pytest.raises(ArgumentError, match="check=True, or tensors"):
        ad.diagnose((w * w).sum(), check=3)
    with pytest.raises(TraceError, match="nothing_of_that_name"):
        ad.diagnose((w * w).sum(), check="nothing_of_that_name")
    with pytest.raises(TraceError, match="a tensor of this graph"):
        ad.diagnose((w * w).sum(), check=[ad.parameter(1.0)])
