"""An LSTM that predicts the next character of the shipped text, ten of Shakespeare's sonnets.

The tenth sonnet is kept for testing.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import graphviz_ad as ad
from benchmarks.training.libraries import Array
from benchmarks.training.workload import Workload, accuracy

LENGTH, BATCH = 32, 16


class Characters(Workload):
    title = "character LSTM, ten sonnets"
    steps = 500
    measure = "test accuracy"

    def load(self, rng: np.random.Generator) -> None:
        text = ad.datasets.text()
        self.letters = sorted(set(text))
        numbers = np.array([self.letters.index(letter) for letter in text])
        cut = text.rstrip().rindex("\n\n") + 2
        self.train, self.test = numbers[:cut], numbers[cut:]

    def net(self, nn: Any) -> Any:
        count = len(self.letters)

        class Model(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.embedding = nn.Embedding(count, 32)
                self.lstm = nn.LSTM(32, 64)
                self.head = nn.Linear(64, count)

            def forward(self, letters: Any) -> Any:
                return self.head(self.lstm(self.embedding(letters))[0])

        return Model()

    def optimizers(self, optim: Any, net: Any) -> list[Any]:
        return [optim.Adam(net.parameters(), lr=5e-3)]

    def batch(self, rng: np.random.Generator) -> tuple[Array, ...]:
        starts = rng.integers(0, len(self.train) - LENGTH, size=BATCH)
        windows = self.train[starts + np.arange(LENGTH + 1)[:, None]]
        return windows[:-1], windows[1:].reshape(-1)

    def loss(self, nn: Any, net: Any, letters: Any, following: Any) -> Any:
        scores = net(letters)
        return nn.CrossEntropyLoss()(scores.reshape(-1, scores.shape[-1]), following)

    def score(self, net: Any, tensor: Any) -> float:
        return accuracy(net(tensor(self.test[:-1, None]))[:, 0], self.test[1:])
