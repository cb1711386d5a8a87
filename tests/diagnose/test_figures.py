"""The figures: what they draw, also of odd traces, and that pyplot is left alone."""

from __future__ import annotations

import sys
import warnings
from typing import Any

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad.diagnose import figures
from graphviz_ad.diagnose.figure_ridges import gradient_ridges
from graphviz_ad.diagnose.history import SPREAD_EDGES, History
from graphviz_ad.errors import ArgumentError


def deep(activation: Any, factor: float = 1.0) -> Any:
    rng = np.random.default_rng(0)
    h = ad.tensor(rng.normal(size=(32, 16)))
    for k in range(6):
        scale = factor if k == 3 else 1.0
        h = activation(h @ ad.parameter(scale * rng.normal(size=(16, 16)) / 4, name=f"W${k}$"))
    return ad.diagnose((h**2).mean())


def test_gradient_flow_and_theory() -> None:
    figure = deep(ad.sigmoid).figure("gradient_flow")
    recorded, expected = figure.axes[0].get_lines()
    slopes = np.diff(recorded.get_ydata()), np.diff(expected.get_ydata())
    assert np.allclose(slopes[1], 0.6, atol=0.08)
    assert np.allclose(slopes[0], slopes[1], atol=0.2)


def test_gain_per_op_has_a_bar_for_each_gain() -> None:
    report = deep(ad.tanh, 0.01)
    figure = report.figure("gain_per_op")
    widths = [bar.get_width() for bar in figure.axes[0].patches]
    assert min(widths[:-2]) == pytest.approx(-2, abs=0.2)
    few = figures.gain_per_op(report.trace, most=3)
    assert len(few.axes[0].patches) == 3


@pytest.mark.parametrize("kind", ["gradient_flow", "gain_per_op", "activation_statistics",
                                  "histograms"])  # fmt: skip
@pytest.mark.parametrize("make", [lambda: deep(ad.tanh), lambda: deep(ad.relu, 0.0),
                                  lambda: ad.diagnose(ad.square(ad.parameter(2.0))),
                                  lambda: deep(lambda z: ad.tanh(z) * np.nan)])  # fmt: skip
def test_every_figure_is_drawn_without_a_warning(kind: str, make: Any) -> None:
    report = make()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        png = report.figure(kind)._repr_png_()
    assert png.startswith(b"\x89PNG")


def test_update_ratios_of_a_run() -> None:
    w = ad.parameter(np.ones((2, 2)), name="w")
    monitor = ad.Monitor([w], every=1)
    assert monitor.figure()._repr_png_()
    for _ in range(5):
        w.grad = None
        loss = (w * w).sum()
        loss.backward()
        w.data = w.data - 0.05 * w.grad.data
        monitor.step(loss)
    lines = monitor.figure().axes[1].get_lines()
    assert np.allclose(lines[0].get_ydata(), 0.1)
    assert figures.histograms(list(monitor.traces.values()), "data")._repr_png_()
    assert figures.update_ratios(History(10))._repr_png_()


def test_bad_input_is_refused() -> None:
    with pytest.raises(ArgumentError, match="one of"):
        deep(ad.tanh).figure("pie")
    with pytest.raises(ArgumentError, match="at least one trace"):
        figures.histograms([])
    with pytest.raises(ArgumentError, match="a Trace"):
        figures.gradient_flow(3)


def test_pyplot_is_not_imported() -> None:
    before = "matplotlib.pyplot" in sys.modules
    deep(ad.tanh).figure()
    assert ("matplotlib.pyplot" in sys.modules) == before


def test_ridges_show_gradients_over_time() -> None:
    rng = np.random.default_rng(0)
    history = History(10)
    for step in range(100):
        for name in ("first", "se$cond"):
            history.add_spread(name, step, 10.0 ** -(step / 25) * rng.normal(size=(60, 60)))
    (_, first), *_, (_, last) = history.spreads["first"]
    peaks = SPREAD_EDGES[first.argmax()], SPREAD_EDGES[last.argmax()]
    assert peaks[0] - peaks[1] > 3  # decades
    assert len(history.spreads["first"]) <= 64
    figure = gradient_ridges(history)
    assert figure._repr_png_()
    assert [len(axes.collections) for axes in figure.axes] == [14, 14]
    for odd in (np.zeros((2, 2)), np.full((2, 2), np.nan), np.full((2, 2), 1e300)):
        history.add_spread("odd", 0, odd)
    assert gradient_ridges(history)._repr_png_()


def test_a_sampled_part_of_a_large_array_is_not_one_column() -> None:
    values = np.zeros((2048, 784))
    values[:, 5] = 1.0
    history = History(10)
    history.add_spread("w", 0, values)
    ((_, counts),) = history.spreads["w"]
    assert 0 < counts.sum() < 20
