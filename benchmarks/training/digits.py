"""Networks that classify digits: two layers, and convolutions."""

from __future__ import annotations

from typing import Any

import numpy as np

import graphviz_ad as ad
from benchmarks.training.libraries import Array
from benchmarks.training.workload import Workload, accuracy, rows


class Digits(Workload):
    """What they share: images of 8 by 8 from 0 to 1, cross-entropy, accuracy."""

    measure = "test accuracy"
    shape: tuple[int, ...] = (64,)

    def load(self, rng: np.random.Generator) -> None:
        train, test = ad.datasets.digits().split(0.2, rng)
        self.x, self.test_x = (part.x.reshape(-1, *self.shape) / 16 for part in (train, test))
        self.y, self.test_y = train.y, test.y

    def batch(self, rng: np.random.Generator) -> tuple[Array, ...]:
        return rows(rng, 64, self.x, self.y)

    def loss(self, nn: Any, net: Any, x: Any, y: Any) -> Any:
        return nn.CrossEntropyLoss()(net(x), y)

    def score(self, net: Any, tensor: Any) -> float:
        return accuracy(net(tensor(self.test_x)), self.test_y)


class TwoLayer(Digits):
    title = "two-layer net, digits"
    steps = 500

    def net(self, nn: Any) -> Any:
        return nn.Sequential(nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 10))

    def optimizers(self, optim: Any, net: Any) -> list[Any]:
        return [optim.SGD(net.parameters(), lr=0.2, momentum=0.9)]


class Convolutional(Digits):
    title = "convolutional net, digits"
    steps = 500
    shape = (1, 8, 8)

    def net(self, nn: Any) -> Any:
        return nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(),
            nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(512, 10),
        )  # fmt: skip

    def optimizers(self, optim: Any, net: Any) -> list[Any]:
        return [optim.Adam(net.parameters(), lr=2e-3)]
