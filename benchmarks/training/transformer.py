"""A transformer of two layers that copies: eight symbols, a mark, and the same eight again.

Each position sees what comes before it and predicts what comes next.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.training.libraries import Array
from benchmarks.training.workload import Workload, accuracy

SYMBOLS, COUNT, WIDTH = 10, 8, 32
LENGTH = 2 * COUNT


class Transformer(Workload):
    title = "tiny transformer, copy task"
    steps = 500
    measure = "test accuracy"

    def load(self, rng: np.random.Generator) -> None:
        self.mask = np.triu(np.ones((LENGTH, LENGTH), bool), 1)
        self.test, self.test_y = self.sequences(rng, 256)

    def sequences(self, rng: np.random.Generator, size: int) -> tuple[Array, Array]:
        symbols = rng.integers(0, SYMBOLS, size=(size, COUNT))
        mark = np.full((size, 1), SYMBOLS)
        return np.concatenate([symbols, mark, symbols[:, :-1]], axis=1), symbols

    def net(self, nn: Any) -> Any:
        class Model(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.symbol = nn.Embedding(SYMBOLS + 1, WIDTH)
                self.position = nn.Embedding(LENGTH, WIDTH)
                self.layers = nn.ModuleList(
                    nn.TransformerEncoderLayer(WIDTH, 4, 64, 0.0, batch_first=True)
                    for _ in range(2)
                )
                self.head = nn.Linear(WIDTH, SYMBOLS)

            def forward(self, symbols: Any, mask: Any) -> Any:
                x = self.symbol(symbols) + self.position.weight
                for layer in self.layers:
                    x = layer(x, mask)
                return self.head(x[:, COUNT:])

        return Model()

    def optimizers(self, optim: Any, net: Any) -> list[Any]:
        return [optim.Adam(net.parameters(), lr=3e-3)]

    def batch(self, rng: np.random.Generator) -> tuple[Array, ...]:
        given, copied = self.sequences(rng, 32)
        return given, copied.reshape(-1), self.mask

    def loss(self, nn: Any, net: Any, given: Any, copied: Any, mask: Any) -> Any:
        return nn.CrossEntropyLoss()(net(given, mask).reshape(-1, SYMBOLS), copied)

    def score(self, net: Any, tensor: Any) -> float:
        return accuracy(net(tensor(self.test), tensor(self.mask)), self.test_y)
