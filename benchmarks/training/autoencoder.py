"""An autoencoder of digits, 64-32-8-32-64: squared error of the images that it gives back."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.training.digits import Digits
from benchmarks.training.libraries import Array
from benchmarks.training.workload import rows


class Autoencoder(Digits):
    title = "autoencoder, digits"
    steps = 1000
    measure = "test squared error"
    percent = False

    def net(self, nn: Any) -> Any:
        return nn.Sequential(
            nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 8),
            nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 64), nn.Sigmoid(),
        )  # fmt: skip

    def optimizers(self, optim: Any, net: Any) -> list[Any]:
        return [optim.Adam(net.parameters(), lr=3e-3)]

    def batch(self, rng: np.random.Generator) -> tuple[Array, ...]:
        return rows(rng, 64, self.x)

    def loss(self, nn: Any, net: Any, x: Any) -> Any:
        return nn.MSELoss()(net(x), x)

    def score(self, net: Any, tensor: Any) -> float:
        return float(((net(tensor(self.test_x)).numpy() - self.test_x) ** 2).mean())
