"""The monitor: what it finds over steps, its memory, its flight recorder, bad input."""

from __future__ import annotations

import gc
import warnings
import weakref
from typing import Any

import numpy as np
import pytest

import graphviz_ad as ad
from benchmarks.diagnosis.run import run_case
from benchmarks.diagnosis.training import CASES
from graphviz_ad.diagnose.history import History, Thinned, fast_norm
from graphviz_ad.diagnose.rules import GradientNoise
from graphviz_ad.diagnose.rules.training import Diverging, NotDecreasing, Oscillating
from graphviz_ad.errors import ArgumentError


def history(losses: Any) -> History:
    made = History(1000)
    for step, loss in enumerate(losses):
        made.losses.append((step, float(loss)))
    return made


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_training_runs(case: Any) -> None:
    count = run_case(case, [1000])
    assert count.right_kind == count.sick, count.alarms
    assert count.false_alarms == 0, count.alarms


def test_rules_of_the_loss_curve() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(size=100) * 0.2
    falling = np.exp(-np.arange(100) / 20) + 0.5
    for rule in (Diverging(), NotDecreasing(), Oscillating()):
        assert not list(rule.check(history(falling * (1 + 0.1 * noise))))
    assert [f.kind for f in NotDecreasing().check(history(1 + 0.01 * noise))] == ["not-decreasing"]
    assert [f.kind for f in Diverging().check(history(1.1 ** np.arange(50)))] == ["diverging"]
    swing = 1 + 0.3 * (-1.0) ** np.arange(60)
    assert [f.kind for f in Oscillating().check(history(swing))] == ["oscillating"]
    assert not list(Oscillating().check(history(1 + noise)))
    assert not list(NotDecreasing().check(history(np.full(10, 1.0))))


def test_rules_of_the_loss_curve_do_not_depend_on_its_scale() -> None:
    for factor in (1e-6, 1e6):
        swing = factor * (1 + 0.3 * (-1.0) ** np.arange(60))
        assert list(Oscillating().check(history(swing)))
        assert list(NotDecreasing().check(history(factor * np.ones(60))))
        assert list(Diverging().check(history(factor * 1.1 ** np.arange(50))))


def noisy_run(noise: float, rate: float, steps: int = 200, scale: float = 1.0) -> ad.Monitor:
    """Watch w go to 1, in 100 dimensions, from batches that see 1 + `noise` · N(0, 1)."""
    rng = np.random.default_rng(0)
    w = ad.parameter(np.zeros((10, 10)), name="w")
    monitor = ad.Monitor([w], every=4)
    for _ in range(steps):
        w.grad = None
        target = 1 + noise * rng.normal(size=(10, 10))
        loss = ad.square(w - target).sum() * (0.5 * scale)
        loss.backward()
        w.data = w.data - rate / scale * w.grad.data
        monitor.step(loss)
    return monitor


@pytest.mark.parametrize("noise", [0.5, 2.0, 6.0])
def test_the_noise_of_gradients_is_what_was_put_in(noise: float) -> None:
    ratio = noisy_run(noise, 0.0).history.noise_ratio(last=1000)
    assert ratio == pytest.approx(noise**2, rel=0.4)  # tr Σ = 100 noise², ‖E∇‖² = 100
    if noise < 6:
        assert noisy_run(noise, 0.0, scale=1e6).history.noise_ratio(1000) == pytest.approx(ratio)


def test_gradients_that_are_mostly_noise() -> None:
    (found,) = GradientNoise().check(noisy_run(6.0, 0.0).history)
    assert found.severity == "warning"
    assert "not-decreasing" in {f.kind for f in noisy_run(6.0, 0.0).report()[0].follows}
    (found,) = GradientNoise().check(noisy_run(0.5, 0.1).history)  # at the minimum
    assert found.severity == "info"
    assert found.numbers.get("ratio", np.inf) > 10
    assert not list(GradientNoise().check(noisy_run(0.5, 1e-4).history))
    assert not list(GradientNoise().check(noisy_run(0.0, 0.1).history))


def test_gradients_that_turn_round_are_no_noise() -> None:
    w = ad.parameter(np.ones((2, 2)), name="w")
    monitor = ad.Monitor([w], every=2)
    for _ in range(60):
        w.grad = None
        loss = (w * w).sum()
        loss.backward()
        w.data = w.data - 1.0 * w.grad.data  # to the other side, and back
        monitor.step(loss)
    assert monitor.history.gradient_cosine() == pytest.approx(-1.0)
    assert not list(GradientNoise().check(monitor.history))


def test_a_loss_that_looks_wrong_is_sampled_at_once() -> None:
    w = ad.parameter([[2.0]], name="w")
    monitor = ad.Monitor([w], every=50, jump=1e9)
    for k in range(40):
        w.grad = None
        loss = (w * w * (10.0 if k == 30 else 1.0)).sum()
        loss.backward()
        monitor.step(loss)
    assert [sample.step for sample in monitor.history.samples["w"]] == [0, 31]


def test_a_gradient_that_jumps_freezes_the_recorder() -> None:
    w = ad.parameter([[2.0]], name="w")
    monitor = ad.Monitor([w], every=1)
    for k in range(20):
        w.grad = None
        steep = (w - w.data) * (1e6 if k == 12 else 0.0)  # 0 in the loss, not in its gradient
        loss = (w * w + steep).sum()
        loss.backward()
        monitor.step(loss)
    assert monitor.frozen_at == 12
    assert "gradient jumped" in monitor.why_frozen


def test_memory_is_bounded() -> None:
    kept = Thinned(16)
    for k in range(100_000):
        kept.append(k)
    assert len(kept) <= 16
    gaps = np.diff(list(kept))
    assert gaps.min() > 0
    assert gaps.max() <= 2 * gaps.min()


def train(w: Any, monitor: ad.Monitor, steps: int, break_at: int = -1) -> list[Any]:
    losses = []
    for k in range(steps):
        w.grad = None
        z = w * (np.inf if k == break_at else 1.0)
        with np.errstate(all="ignore"):
            loss = (ad.tanh(w) * z - z).sum()
            loss.backward()
        w.data = w.data - 0.01 * np.nan_to_num(w.grad.data)
        monitor.step(loss)
        losses.append(weakref.ref(loss))
    return losses


def test_the_flight_recorder_keeps_the_step_that_failed() -> None:
    w = ad.parameter([1.0, 2.0], name="w")
    monitor = ad.Monitor([w], every=5, keep=2)
    train(w, monitor, 30, break_at=17)
    assert monitor.frozen_at == 17
    assert sorted(monitor.traces) == [16, 17]
    assert np.isinf(monitor.traces[17].data(monitor.traces[17].output)) or np.isnan(
        monitor.traces[17].data(monitor.traces[17].output)
    )
    report = monitor.report()
    assert report[0].kind == "nonfinite"
    assert "frozen at step 17" in str(report)
    monitor.release()
    assert monitor.frozen_at is None
    assert monitor.traces == {}


def test_only_the_last_graphs_are_kept_alive() -> None:
    w = ad.parameter([1.0, 2.0], name="w")
    monitor = ad.Monitor([w], keep=2)
    losses = train(w, monitor, 10)
    gc.collect()
    assert [ref() is not None for ref in losses] == [False] * 8 + [True] * 2
    monitor = ad.Monitor([w], keep=0)
    losses = train(w, monitor, 5)
    assert not any(ref() is not None for ref in losses)


def test_samples_are_exact() -> None:
    w = ad.parameter([[3.0, 4.0]], name="w")
    monitor = ad.Monitor([w], every=1)
    loss = (w * w).sum()
    loss.backward()
    w.data = w.data - 0.1 * w.grad.data
    monitor.step(loss)
    (sample,) = monitor.history.samples["w"]
    assert sample.weight == 5.0
    assert sample.gradient == pytest.approx(10.0)
    assert sample.ratio == pytest.approx(0.2)
    assert sample.descent == pytest.approx(1.0)


def test_an_empty_monitor_says_so() -> None:
    assert "no step" in str(ad.Monitor([ad.parameter(1.0)]).report())


def test_bad_input_is_refused() -> None:
    w = ad.parameter([1.0])
    with pytest.raises(ArgumentError, match="at least one parameter"):
        ad.Monitor([])
    with pytest.raises(ArgumentError, match="every"):
        ad.Monitor([w], every=0)
    monitor = ad.Monitor([w])
    for bad in (1.0, w, ad.parameter([1.0, 2.0])):
        if getattr(bad, "size", 2) != 1 or not hasattr(bad, "item"):
            with pytest.raises(ArgumentError, match="scalar"):
                monitor.step(bad)


def test_fast_norm_falls_back() -> None:
    assert fast_norm(np.array([3e-30, 4e-30], dtype=np.float32)) == pytest.approx(5e-30)
    assert fast_norm(np.array([3e200, 4e200])) == pytest.approx(5e200)
    assert fast_norm(np.zeros(0)) == 0.0


def test_odd_parameters_are_watched_without_a_warning() -> None:
    empty, number = ad.parameter(np.zeros((0, 3)), name="e"), ad.parameter(2.0, name="n")
    frozen = ad.parameter([1.0], name="f")
    frozen.requires_grad = False
    monitor = ad.Monitor([empty, number, frozen], every=1, path=4)
    for _ in range(40):
        for w in (empty, number):
            w.grad = None
        loss = empty.sum() + number * number
        loss.backward()
        number.data = number.data - 0.1 * number.grad.data
        monitor.step(loss)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "e" in str(monitor.report())
        assert monitor.figure()._repr_png_()
        assert monitor._repr_html_()
