"""A generative adversarial network that learns a ring in the plane.

Goodfellow et al., "Generative adversarial nets", NeurIPS 2014, with the loss of the
generator that does not saturate.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.training.libraries import Array
from benchmarks.training.workload import Workload

BATCH = 128


class Adversarial(Workload):
    title = "adversarial net, ring"
    steps = 2000
    measure = "energy distance to the ring"
    percent = False

    def load(self, rng: np.random.Generator) -> None:
        self.real, self.noise = ring(rng, 500), rng.normal(size=(500, 2))

    def net(self, nn: Any) -> Any:
        def layers(out: int) -> Any:
            return nn.Sequential(
                nn.Linear(2, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.LeakyReLU(0.2),
                nn.Linear(64, out),
            )  # fmt: skip

        return nn.ModuleDict({"generator": layers(2), "critic": layers(1)})

    def optimizers(self, optim: Any, net: Any) -> list[Any]:
        return [
            optim.Adam(net[part].parameters(), lr=1e-3, betas=(0.5, 0.999))
            for part in ("generator", "critic")
        ]

    def batch(self, rng: np.random.Generator) -> tuple[Array, ...]:
        return ring(rng, BATCH), rng.normal(size=(BATCH, 2)), np.ones(BATCH), np.zeros(BATCH)

    def step(self, nn: Any, net: Any, optimizers: list[Any], batch: list[Any]) -> list[float]:
        """Teach the critic to tell points of the ring from others, then the generator to fool it.

        The critic's step leaves the generator alone: it sees its points detached.
        """
        real, noise, ones, zeros = batch
        generator, critic = net["generator"], net["critic"]
        criterion = nn.BCEWithLogitsLoss()
        for optimizer in optimizers:
            optimizer.zero_grad()
        fake = generator(noise)
        told = criterion(critic(real)[:, 0], ones) + criterion(critic(fake.detach())[:, 0], zeros)
        told.backward()
        optimizers[1].step()
        fooled = criterion(critic(fake)[:, 0], ones)
        fooled.backward()
        optimizers[0].step()
        return [told.item(), fooled.item()]

    def score(self, net: Any, tensor: Any) -> float:
        """Return 2 E|x − y| − E|x − x′| − E|y − y′| (Székely and Rizzo, 2013): 0 if alike."""
        drawn = net["generator"](tensor(self.noise)).numpy()
        between = 2 * distance(drawn, self.real)
        return between - distance(drawn, drawn) - distance(self.real, self.real)


def ring(rng: np.random.Generator, size: int) -> Array:
    """Return points around the unit circle, 0.05 from it in standard deviation."""
    angle, radius = rng.uniform(0, 2 * np.pi, size), rng.normal(1, 0.05, size)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def distance(a: Array, b: Array) -> float:
    """Return the mean distance between the points of two sets."""
    return float(np.linalg.norm(a[:, None] - b, axis=-1).mean())
