"""Circles and blobs, deep and 5 wide: the set of AutoTrainer (Zhang et al., ICSE 2021)."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

import graphviz_ad as ad
from benchmarks.diagnosis.case import Case, Sample, he_uniform

__all__ = ["CASES", "blobs", "circles"]

_WIDTH = 5
_POINTS = 1000
_STEPS = 100


def circles(rng: np.random.Generator) -> tuple[Any, Any]:
    """Return two circles with noise .1 (scikit-learn's factor .8), and their labels."""
    angle = rng.uniform(0, 2 * np.pi, _POINTS)
    label = np.arange(_POINTS) % 2
    radius = np.where(label == 1, 0.8, 1.0)
    x = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return x + rng.normal(0, 0.1, x.shape), label


def blobs(rng: np.random.Generator) -> tuple[Any, Any]:
    """Return three blobs of standard deviation 2 with centres in [−10, 10]², and their labels."""
    label = np.arange(_POINTS) % 3
    centres = rng.uniform(-10, 10, (3, 2))
    return centres[label] + rng.normal(0, 2, (_POINTS, 2)), label


class Network:
    """A dense network `depth` hidden layers deep."""

    def __init__(
        self, rng: np.random.Generator, depth: int, classes: int, activation: Any, draw: Any
    ) -> None:
        widths = [2, *[_WIDTH] * depth, classes]
        self.weights = [
            ad.parameter(draw(rng, a, b), name=f"W{k}")
            for k, (a, b) in enumerate(itertools.pairwise(widths))
        ]
        self.biases = [ad.parameter(np.zeros(b), name=f"b{k}") for k, b in enumerate(widths[1:])]
        self.activation = activation

    def __call__(self, x: Any) -> Any:
        """Return the logits."""
        h = ad.tensor(x)
        for W, b in zip(self.weights[:-1], self.biases[:-1], strict=True):
            h = self.activation(h @ W + b)
        return h @ self.weights[-1] + self.biases[-1]


def _truly_dead(network: Network, x: Any, y: Any) -> bool:
    """Train, and see whether the network has become a constant function.

    That is when a ReLU network is dead: Lu et al., "Dying ReLU and initialization", 2019.
    """
    optimiser = ad.optim.Adam([*network.weights, *network.biases], lr=1e-3)
    for _ in range(_STEPS):
        optimiser.zero_grad()
        ad.cross_entropy(network(x), ad.tensor(y)).backward()
        optimiser.step()
    with ad.no_grad():
        return bool(network(x).data.std(axis=0).max() < 1e-3)


def _maker(
    data: Callable[[np.random.Generator], tuple[Any, Any]], classes: int, depth: int,
    activation: Any, draw: Any, by_truth: bool, sick: bool,
) -> Callable[[np.random.Generator], Sample]:  # fmt: skip
    def make(rng: np.random.Generator) -> Sample:
        x, y = data(rng)
        network = Network(rng, depth, classes, activation, draw)
        with np.errstate(all="ignore"):
            loss = ad.cross_entropy(network(x), ad.tensor(y))
        return Sample(loss, _truly_dead(network, x, y) if by_truth else sick)

    return make


def _small_uniform(rng: np.random.Generator, fan_in: int, fan_out: int) -> Any:
    return rng.uniform(-0.05, 0.05, (fan_in, fan_out))


def _cases() -> list[Case]:
    cases = []
    for name, data, classes in (("circles", circles, 2), ("blobs", blobs, 3)):
        rows: list[tuple[str, Any, Any, tuple[int, ...], set[str], bool]] = [
            ("sigmoid, He uniform", ad.sigmoid, he_uniform, (12, 13, 14), {"vanishing"}, False),
            ("exp, He uniform", ad.exp, he_uniform, (9, 10, 11, 12),
             {"exploding", "nonfinite"}, False),
            ("ReLU, He uniform", ad.relu, he_uniform, (16, 17, 18), {"dead-relu"}, True),
            ("ReLU, U(±0.05)", ad.relu, _small_uniform, (9, 10), {"dead-relu", "vanishing"}, False),
            ("tanh, He uniform", ad.tanh, he_uniform, (6, 9, 12, 15, 18), set(), False),
        ]  # fmt: skip
        for what, activation, draw, depths, kinds, by_truth in rows:
            for depth in depths:
                make = _maker(data, classes, depth, activation, draw, by_truth, bool(kinds))
                cases.append(Case("AutoTrainer", f"{name}, {what}, {depth} deep", make, kinds))
    return cases


CASES = _cases()
