"""The figures: what they draw, also of odd traces, and that pyplot is left alone."""

from __future__ import annotations

import sys
import warnings
from typing import Any

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad.diagnose import figures
from graphviz_ad.diagnose.history import History
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
