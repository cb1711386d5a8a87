"""Graphs of well-known networks as the page draws them, for the tests of its layouts.

``python -m tests.widget.architectures`` writes them to widgets/tests/architectures.json.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

import graphviz_ad as ad
from graphviz_ad import nn

PATH = Path(__file__).parents[2] / "widgets" / "tests" / "architectures.json"
READ = {
    "nodes": ("key", "kind", "ref", "shape", "copy", "group", "width", "height"),
    "links": ("edge", "from", "to"),
    "groups": ("label", "kind", "parent", "open", "ops", "summary"),
}


class Residual(nn.Module):
    """Two layers with a way past them."""

    def __init__(self, width: int, rng: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.inner = nn.Sequential(
            nn.Linear(width, 2 * width, rng=rng), nn.ReLU(), nn.Linear(2 * width, width, rng=rng)
        )

    def forward(self, x: ad.Tensor) -> ad.Tensor:
        """Return x + inner(norm(x))."""
        return x + self.inner(self.norm(x))


class Classifier(nn.Module):
    """An embedding, a stack of encoder layers of either kind, and a head."""

    def __init__(self, layers: int, norm_first: bool) -> None:
        super().__init__()
        self.embed = nn.Embedding(11, 8, rng=0)
        self.blocks = nn.ModuleList([
            nn.TransformerEncoderLayer(
                8, 2, dim_feedforward=16, dropout=0.0, batch_first=True, norm_first=norm_first,
                rng=i,
            ) for i in range(layers)
        ])  # fmt: skip
        self.norm = nn.LayerNorm(8)
        self.head = nn.Linear(8, 11, rng=1)

    def forward(self, tokens: Any) -> ad.Tensor:
        """Return scores."""
        x = self.embed(tokens)
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


def losses() -> dict[str, ad.Tensor]:
    """Return the loss of each network by its name."""
    rng = np.random.default_rng(0)
    x = ad.tensor(rng.normal(size=(2, 5, 8)), name="x")
    layer = nn.TransformerEncoderLayer(
        8, 2, dim_feedforward=16, dropout=0.0, batch_first=True, rng=0
    )
    found = {"transformer layer": (layer(x) ** 2).sum()}
    tokens = rng.integers(0, 11, (2, 5))
    for layers, first in ((1, False), (2, True)):
        scores = Classifier(layers, first)(tokens)
        name = f"transformer, {layers} blocks, norm {'first' if first else 'last'}"
        found[name] = ad.cross_entropy(ad.reshape(scores, (10, 11)), tokens.reshape(10))
    net = nn.Sequential(Residual(8, 0), Residual(8, 1), nn.Linear(8, 3, rng=2))
    found["residual"] = ad.cross_entropy(net(ad.tensor(rng.normal(size=(4, 8)))), np.arange(4) % 3)
    cell, head = nn.LSTMCell(4, 6, rng=0), nn.Linear(6, 2, rng=1)
    state = None
    for _ in range(4):
        state = cell(ad.tensor(rng.normal(size=(3, 4))), state)
    found["LSTM unrolled"] = (head(state[0]) ** 2).sum()
    convolution = nn.Sequential(
        nn.Conv2d(1, 4, 3, rng=0), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(36, 3, rng=1),
    )  # fmt: skip
    images = ad.tensor(rng.normal(size=(2, 1, 8, 8)))
    found["convolutional"] = ad.cross_entropy(convolution(images), np.array([0, 2]))
    return found


def drawn() -> list[dict[str, Any]]:
    """Return what a layout reads of each."""
    rows = []
    for name, loss in losses().items():
        document = json.loads(ad.show_graph(loss).payload.document)
        row: dict[str, Any] = {"name": name}
        for part, fields in READ.items():
            row[part] = [{field: item[field] for field in fields} for item in document[part]]
        rows.append(row)
    return rows


def text() -> str:
    """Return them as JSON, a line each."""
    return "[\n" + ",\n".join(json.dumps(row) for row in drawn()) + "\n]\n"


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
