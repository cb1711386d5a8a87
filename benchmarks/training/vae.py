"""A variational autoencoder of digits with four latent numbers.

Kingma and Welling, "Auto-encoding variational Bayes", ICLR 2014. The noise of the
reparametrisation comes with the batch, so that both libraries add the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.training.digits import Digits
from benchmarks.training.libraries import Array
from benchmarks.training.workload import rows

LATENT = 4


class Variational(Digits):
    title = "variational autoencoder, digits"
    steps = 1000
    measure = "test loss, nats per image"
    percent = False

    def net(self, nn: Any) -> Any:
        class VAE(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.encoder = nn.Sequential(nn.Linear(64, 64), nn.Tanh())
                self.mean, self.logvar = nn.Linear(64, LATENT), nn.Linear(64, LATENT)
                self.decoder = nn.Sequential(nn.Linear(LATENT, 64), nn.Tanh(), nn.Linear(64, 64))

            def forward(self, x: Any, noise: Any) -> Any:
                h = self.encoder(x)
                mean, logvar = self.mean(h), self.logvar(h)
                return self.decoder(mean + (logvar * 0.5).exp() * noise), mean, logvar

        return VAE()

    def optimizers(self, optim: Any, net: Any) -> list[Any]:
        return [optim.Adam(net.parameters(), lr=3e-3)]

    def batch(self, rng: np.random.Generator) -> tuple[Array, ...]:
        return *rows(rng, 64, self.x), rng.normal(size=(64, LATENT))

    def loss(self, nn: Any, net: Any, x: Any, noise: Any) -> Any:
        logits, mean, logvar = net(x, noise)
        code = 0.5 * (mean**2 + logvar.exp() - 1 - logvar).sum()
        return (nn.BCEWithLogitsLoss(reduction="sum")(logits, x) + code) / len(x)

    def score(self, net: Any, tensor: Any) -> float:
        noise = np.random.default_rng(self.seed).normal(size=(len(self.test_x), LATENT))
        logits, mean, logvar = (out.numpy() for out in net(tensor(self.test_x), tensor(noise)))
        pixels = np.logaddexp(0, logits) - logits * self.test_x
        code = 0.5 * (mean**2 + np.exp(logvar) - 1 - logvar)
        return float((pixels.sum(axis=1) + code.sum(axis=1)).mean())
