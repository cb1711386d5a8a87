"""A residual network of fifty linear layers on digits: two in each of 24 blocks, and two more."""

from __future__ import annotations

from typing import Any

from benchmarks.training.digits import Digits


class Residual(Digits):
    title = "50-layer residual MLP, digits"
    steps = 300

    def net(self, nn: Any) -> Any:
        class Block(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.norm = nn.LayerNorm(64)
                self.linear1, self.linear2 = nn.Linear(64, 64), nn.Linear(64, 64)
                self.relu = nn.ReLU()

            def forward(self, x: Any) -> Any:
                return x + self.linear2(self.relu(self.linear1(self.norm(x))))

        blocks = [Block() for _ in range(24)]
        return nn.Sequential(nn.Linear(64, 64), *blocks, nn.Linear(64, 10))

    def optimizers(self, optim: Any, net: Any) -> list[Any]:
        return [optim.AdamW(net.parameters(), lr=1e-3)]
