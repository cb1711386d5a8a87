"""Logistic regression on breast cancer: thirty standardised measures, gradient descent."""

from __future__ import annotations

from typing import Any

import numpy as np

import graphviz_ad as ad
from benchmarks.training.libraries import Array
from benchmarks.training.workload import Workload, rows


class Logistic(Workload):
    title = "logistic regression, breast cancer"
    steps = 300
    measure = "test accuracy"

    def load(self, rng: np.random.Generator) -> None:
        train, self.test = ad.datasets.breast_cancer().split(0.2, rng)
        self.mean, self.std = train.x.mean(axis=0), train.x.std(axis=0)
        self.x, self.y = (train.x - self.mean) / self.std, train.y.astype(float)

    def net(self, nn: Any) -> Any:
        return nn.Linear(30, 1)

    def optimizers(self, optim: Any, net: Any) -> list[Any]:
        return [optim.SGD(net.parameters(), lr=0.1, weight_decay=1e-3)]

    def batch(self, rng: np.random.Generator) -> tuple[Array, ...]:
        return rows(rng, 64, self.x, self.y)

    def loss(self, nn: Any, net: Any, x: Any, y: Any) -> Any:
        return nn.BCEWithLogitsLoss()(net(x)[:, 0], y)

    def score(self, net: Any, tensor: Any) -> float:
        logits = net(tensor((self.test.x - self.mean) / self.std)).numpy()[:, 0]
        return float(((logits > 0) == self.test.y).mean())
