"""Initialisers: the moments that their papers ask for, and arrays that never change in place."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad.nn import init

SHAPE = (200, 30, 3)
FAN_IN, FAN_OUT = 90, 600

# the standard deviation that each formula gives, and whether it is a uniform distribution
MOMENTS: list[tuple[str, Callable[..., Any], float, bool]] = [
    ("xavier_uniform_", init.xavier_uniform_, math.sqrt(2 / (FAN_IN + FAN_OUT)), True),
    ("xavier_normal_", init.xavier_normal_, math.sqrt(2 / (FAN_IN + FAN_OUT)), False),
    ("kaiming_uniform_", init.kaiming_uniform_, math.sqrt(2 / FAN_IN), True),
    (
        "kaiming_normal_",
        lambda t, rng: init.kaiming_normal_(t, 0.5, "fan_out", rng=rng),
        math.sqrt(2 / 1.25 / FAN_OUT),
        False,
    ),
    ("lecun_normal_", init.lecun_normal_, math.sqrt(1 / FAN_IN), False),
    ("uniform_", lambda t, rng: init.uniform_(t, -1, 1, rng), math.sqrt(1 / 3), True),
    ("normal_", lambda t, rng: init.normal_(t, 0, 2, rng), 2.0, False),
]


@pytest.mark.parametrize(("name", "fill", "std", "uniform"), MOMENTS, ids=[m[0] for m in MOMENTS])
def test_moments(name: str, fill: Callable[..., Any], std: float, uniform: bool) -> None:
    leaf = ad.parameter(np.zeros(SHAPE))
    before = leaf.data
    assert fill(leaf, rng=0) is leaf
    values = leaf.data
    assert not before.any()  # rebound, not written
    assert not values.flags.writeable
    assert values.mean() == pytest.approx(0, abs=0.02 * std)
    assert values.std() == pytest.approx(std, rel=0.02)
    bound = math.sqrt(3) * std
    assert (abs(values).max() <= bound) == uniform
    np.testing.assert_array_equal(fill(ad.parameter(np.zeros(SHAPE)), rng=0).data, values)


@pytest.mark.parametrize("shape", [(4, 7), (7, 4), (4, 2, 2)])
def test_orthogonal_rows_or_columns(shape: tuple[int, ...]) -> None:
    q = init.orthogonal_(ad.parameter(np.zeros(shape)), gain=2.0).data.reshape(shape[0], -1)
    small = q @ q.T if q.shape[0] <= q.shape[1] else q.T @ q
    np.testing.assert_allclose(small, 4 * np.eye(len(small)), atol=1e-12)


def test_sparse_zeroes_the_same_share_of_every_column() -> None:
    w = init.sparse_(ad.parameter(np.zeros((10, 6))), 0.25, rng=0).data
    assert (w == 0).sum(axis=0).tolist() == [3] * 6
    assert len({tuple(column) for column in (w == 0).T}) > 1


def test_truncated_normal_stays_between_its_cuts() -> None:
    w = init.trunc_normal_(ad.parameter(np.zeros(20_000)), 1.0, 2.0, -1.0, 2.0, rng=0).data
    assert w.min() >= -1
    assert w.max() <= 2
    assert w.mean() == pytest.approx(0.5759, abs=0.02)  # SciPy's truncnorm(-1, 0.5, 1, 2)
    far = init.trunc_normal_(ad.parameter(np.zeros(100)), 0.0, 1.0, 6.0, 7.0, rng=0).data
    assert ((far >= 6) & (far <= 7)).all()


def test_constants() -> None:
    leaf = ad.parameter(np.ones((2, 3)), dtype=np.float32)
    assert init.constant_(leaf, 0.5).data.tolist() == [[0.5] * 3] * 2
    assert init.ones_(leaf).dtype == np.float32
    assert not init.zeros_(leaf).data.any()


@pytest.mark.peers
def test_gains_are_those_of_pytorch(torch: Any) -> None:
    for name in ("linear", "conv2d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"):
        assert init.calculate_gain(name) == pytest.approx(torch.nn.init.calculate_gain(name))
    assert init.calculate_gain("leaky_relu", 0.3) == pytest.approx(
        torch.nn.init.calculate_gain("leaky_relu", 0.3)
    )
