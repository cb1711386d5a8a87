"""The loss over a plane: its values, its directions, the path in it, and what is refused."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad.diagnose.figure_surface import loss_surface
from graphviz_ad.diagnose.measures import Measures
from graphviz_ad.diagnose.surface import _filter_normalised, surface
from graphviz_ad.errors import ArgumentError, TraceError


def bowl(w: Any) -> Any:
    return (w * w * np.array([1.0, 10.0])).sum()


def run(path: int = 20, steps: int = 40, rate: float = 0.04) -> tuple[Any, ad.Monitor]:
    w = ad.parameter([3.0, 1.0], name="w")
    monitor = ad.Monitor([w], path=path, every=1)
    for _ in range(steps):
        w.grad = None
        loss = bowl(w)
        loss.backward()
        w.data = w.data - rate * w.grad.data
        monitor.step(loss)
    return w, monitor


def network() -> Any:
    rng = np.random.default_rng(0)
    x = ad.tensor(rng.normal(size=(8, 3)))
    W, b = ad.parameter(rng.normal(size=(3, 4)), name="W"), ad.parameter(rng.normal(size=4))
    V = ad.parameter(rng.normal(size=(4, 2)), name="V")
    return (ad.dropout(ad.tanh(x @ W + b), 0.5) @ V - 1.0).var()


def test_the_loss_at_every_point_is_what_the_network_gives_there() -> None:
    w, _ = run()
    trace = ad.show_graph(bowl(w)).trace
    node = trace.value("w").id
    start, end = np.array([3.0, 1.0]), w.data
    found = surface(trace, [{node: start}, {node: np.array([1.0, 2.0])}, {node: end}], points=5)
    assert found.directions == "pca"
    assert sum(found.explained) == pytest.approx(1.0)
    assert np.allclose(found.path[-1], 0)
    # the plane is that of both weights: positions map to it without loss of length
    assert np.allclose(np.linalg.norm(found.path[0]), np.linalg.norm(start - end))
    here = np.abs(found.x).argmin(), np.abs(found.y).argmin()
    assert found.x[here[0]] == found.y[here[1]] == 0
    assert found.loss[here[1], here[0]] == pytest.approx(bowl(w).item())
    assert found.x[0] < found.path[:, 0].min() < found.path[:, 0].max() < found.x[-1]
    assert found.loss.min() < bowl(ad.tensor(start)).item() < found.loss.max() * 2


def test_filter_normalised_directions_have_the_norms_of_the_units() -> None:
    trace = ad.show_graph(network()).trace
    W = trace.data(trace.value("W").id)
    centre = {v.id: trace.data(v.id) for v in trace.graph.values if v.role == "parameter"}
    direction = _filter_normalised(Measures(trace), centre, np.random.default_rng(0))
    drawn = direction[trace.value("W").id]
    assert np.allclose(np.linalg.norm(drawn, axis=0), np.linalg.norm(W, axis=0))
    vectors = [direction[v] for v, array in centre.items() if array.ndim < 2]
    assert len(vectors) == 1
    assert not vectors[0].any()


def test_the_surface_of_a_scaled_network_is_the_same() -> None:
    """Li et al., section 4: layers of relu may be scaled against each other."""
    rng = np.random.default_rng(0)
    x = ad.tensor(rng.normal(size=(8, 3)))
    W, V = rng.normal(size=(3, 4)), rng.normal(size=(4, 2))
    surfaces = [
        surface(
            ad.show_graph(
                ((ad.relu(x @ ad.parameter(W * scale)) @ ad.parameter(V / scale)) ** 2).mean()
            ).trace,
            points=5,
        ).loss
        for scale in (1.0, 100.0)
    ]
    assert np.allclose(*surfaces)


def test_dropout_keeps_its_mask_and_nothing_is_changed() -> None:
    loss = network()
    state = np.random.get_state()[1].copy()
    trace = ad.show_graph(loss).trace
    first, second = (surface(trace, points=5) for _ in range(2))
    assert (first.loss == second.loss).all()
    assert first.loss[2, 2] == pytest.approx(loss.item())
    assert (np.random.get_state()[1] == state).all()


def test_the_monitor_keeps_the_first_and_the_last_position() -> None:
    w, monitor = run(path=8, steps=100, rate=0.01)
    trace = monitor.traces[99]
    positions = monitor._positions(trace)
    node = trace.value("w").id
    assert positions[0][node].tolist() == [3.0, 1.0]
    assert positions[-1][node] is w.data
    assert len(positions) <= 10
    labels = [line.get_label() for line in monitor.figure("loss_surface").axes[0].get_lines()]
    assert {"path", "first", "last"} <= set(labels)


@pytest.mark.parametrize(
    "make",
    [
        lambda: ad.diagnose(network()).figure("loss_surface"),
        lambda: ad.diagnose((ad.parameter([[1.0, 2.0]]) * 0.0).sum()).figure("loss_surface"),
        lambda: ad.diagnose(ad.log(ad.parameter([-1.0, 2.0])).sum()).figure("loss_surface"),
        lambda: ad.diagnose(ad.parameter([1.0, 2.0]).sum()).figure("loss_surface"),
        lambda: run()[1].figure("loss_surface"),
        lambda: run(rate=0.0)[1].figure("loss_surface"),
        lambda: run(path=0)[1].figure("loss_surface"),
    ],
)
def test_figures_are_drawn_without_a_warning(make: Any) -> None:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("error")
        assert make()._repr_png_().startswith(b"\x89PNG")


def test_bad_input_is_refused(tmp_path: Any) -> None:
    trace = ad.show_graph(network()).trace
    for options in ({"points": 2}, {"directions": "up"}):
        with pytest.raises(ArgumentError, match="3 points or more"):
            surface(trace, **options)
    with pytest.raises(ArgumentError, match="a path of three positions"):
        surface(trace, directions="pca")
    with pytest.raises(ArgumentError, match="two parameters or more"):
        surface(ad.show_graph(ad.square(ad.parameter(2.0))).trace)
    with pytest.raises(ArgumentError, match="scalar"):
        surface(ad.show_graph(ad.parameter([1.0, 2.0]) * 2).trace)
    with pytest.raises(ArgumentError, match="a Trace"):
        loss_surface(3)
    with pytest.raises(ArgumentError, match="one of update_ratios"):
        run()[1].figure("pie")
    with pytest.raises(ArgumentError, match="a graph that is held"):
        ad.Monitor([ad.parameter([1.0])]).figure("loss_surface")
    trace.rules = None
    with pytest.raises(TraceError, match="rules"):
        surface(trace)
