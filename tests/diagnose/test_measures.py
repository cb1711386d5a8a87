"""Gains, layers, spans and theory, against numbers worked out by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad.diagnose.measures import Measures
from graphviz_ad.diagnose.numbers import decades, norm, rms, spread
from graphviz_ad.diagnose.rules.dead_relu import dead_share
from graphviz_ad.diagnose.rules.saturation import saturated_per_unit, saturated_share
from graphviz_ad.diagnose.theory import mean_field_gain


def measures_of(loss: Any) -> Measures:
    return Measures(ad.show_graph(loss).trace)


def test_gain_per_slot_is_the_ratio_of_the_gradients() -> None:
    x, y = ad.parameter([1.0, 2.0], name="x"), ad.parameter([10.0, 100.0], name="y")
    found = measures_of((x * y).sum())
    by_name = {found.graph.values[found.graph.edges[g.edge].value].name: g for g in found.gains}
    assert by_name["x"].whole == pytest.approx(math.log10(math.hypot(10, 100) / math.sqrt(2)))
    assert by_name["y"].whole == pytest.approx(math.log10(math.sqrt(5) / math.sqrt(2)))


def test_width_is_no_gain_in_the_mild_measure() -> None:
    rng = np.random.default_rng(0)
    x = ad.tensor(rng.normal(size=(500, 40)))
    h = x @ ad.parameter(rng.normal(size=(40, 400)) / np.sqrt(40))
    loss = (h @ ad.parameter(rng.normal(size=(400, 5)) / 20)).sum()
    found = measures_of(loss)
    gain = found.gain(found.layers[1].data)
    assert gain is not None
    assert gain.per_element == pytest.approx(math.log10(math.sqrt(5) / 20), abs=0.1)
    assert abs(gain.mild) < abs(gain.per_element)


def test_layers_know_their_weights_whatever_the_op() -> None:
    x = ad.tensor(np.ones((2, 3)))
    W, V = ad.parameter(np.ones((3, 4))), ad.parameter(np.ones((5, 4)))
    kernel = ad.parameter(np.ones((2, 1, 2, 2)))
    h = ad.relu(x @ W) @ V.T
    image = ad.conv2d(h.reshape(1, 1, 2, 5), kernel)
    layers = measures_of(image.sum()).layers
    assert [(layer.fan_in, layer.fan_out) for layer in layers] == [(3, 4), (4, 5), (4, 8)]
    assert layers[2].unit_axis == 0


def test_attention_scores_are_no_layer() -> None:
    x = ad.tensor(np.ones((4, 3)))
    Q = ad.parameter(np.ones((3, 3)))
    assert len(measures_of((x @ Q @ x.T).sum()).layers) == 1


def test_the_span_of_sigmoid_layers_is_what_theory_says() -> None:
    rng = np.random.default_rng(1)
    h = ad.tensor(rng.normal(size=(32, 100)))
    for _ in range(9):
        h = ad.sigmoid(h @ ad.parameter(rng.normal(size=(100, 100)) / 10) - 0.0)
    found = measures_of((h**2).mean())
    deepest = min(found.spans, key=lambda s: s.decades)
    assert deepest.layers == 8
    assert deepest.slope == pytest.approx(-0.62, abs=0.04)
    assert mean_field_gain(0.1, 100, "sigmoid") == pytest.approx(-math.log10(4))
    assert mean_field_gain(0.1, 100, "relu") == pytest.approx(-math.log10(math.sqrt(2)))


def test_moments_and_flat_inputs_by_unit() -> None:
    x = ad.tensor([[1.0, 10.0], [-1.0, 10.0], [0.5, -10.0], [0.0, 1.0]])
    found = measures_of(ad.tanh(x @ ad.parameter(np.eye(2))).sum())
    (op,) = found.activations
    assert saturated_per_unit(found, op).tolist() == [0.0, 0.75]
    assert saturated_share(found, op) == 3 / 8
    made = np.tanh(x.data)
    assert found.activation_moments == ((op.id, made.mean(), made.std()),)
    dead = measures_of(ad.relu(x @ ad.parameter(-np.eye(2) * [1, 0])).sum())
    assert dead_share(dead, dead.activations[0]) == (0.5, 2, 4)


def test_units_behind_a_convolution_are_channels() -> None:
    x = ad.tensor(np.ones((2, 1, 3, 3)))
    kernel = ad.parameter(np.array([1.0, -1.0, 5.0]).reshape(3, 1, 1, 1))
    found = measures_of(ad.sigmoid(ad.conv2d(x, kernel)).sum())
    assert saturated_per_unit(found, found.activations[0]).tolist() == [0.0, 0.0, 1.0]


def test_norms_neither_overflow_nor_underflow() -> None:
    assert norm(np.array([3e200, 4e200])) == pytest.approx(5e200)
    assert norm(np.array([3e-200, 4e-200])) == pytest.approx(5e-200)
    assert rms(np.array([3, 4])) == pytest.approx(math.sqrt(12.5))
    assert rms(np.zeros((0, 3))) == 0.0
    assert math.isnan(norm(np.array([1.0, np.nan])))
    assert norm(np.array([-np.inf])) == math.inf


def test_decades() -> None:
    assert decades(1e-3, 1.0) == pytest.approx(-3)
    assert decades(0.0, 1.0) == -math.inf
    assert math.isnan(decades(1.0, 0.0))
    assert math.isnan(decades(math.nan, 1.0))


def test_spread_is_not_moved_by_an_outlier() -> None:
    assert spread([0.0, 1.0, 2.0, 3.0, 4.0]) == pytest.approx(1.4826)
    assert spread([0.0, 1.0, 2.0, 3.0, 400.0]) == pytest.approx(1.4826)
