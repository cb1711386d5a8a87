"""One fault, or two, at a random layer of a network that is healthy without."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import graphviz_ad as ad
from benchmarks.diagnosis.case import Case, Sample, normal

__all__ = ["CASES", "FAULTS", "NETWORKS"]

FAULTS = {
    "W×0.01": {"vanishing", "initialisation"},
    "W×30": {"exploding", "saturation", "initialisation"},
    "sigmoid": {"vanishing"},
    "dead ReLU": {"dead-relu"},
}
_SMALL = {
    "W×0.1": {"vanishing", "initialisation"},
    "W×5": {"exploding", "saturation", "initialisation"},
    "h×0.01": {"vanishing"},
}
_SCALES = {"W×0.01": 0.01, "W×30": 30.0, "W×0.1": 0.1, "W×5": 5.0}


class Planter:
    """Applies layers and activations, with a fault at some places; notes the guilty ops."""

    def __init__(self, rng: np.random.Generator, faults: dict[int, str], activation: Any) -> None:
        self.rng = rng
        self.faults = faults
        self.activation = activation
        self.places: dict[int, tuple[Any, ...]] = {}

    def scale(self, k: int) -> float:
        """Return the factor of the weights at place `k`."""
        return _SCALES.get(self.faults.get(k, ""), 1.0)

    def __call__(self, k: int, z: Any, bias: Any, layer: Any = None) -> Any:
        """Return the activation of z + bias at place `k`; `layer` is the op with the weights."""
        fault = self.faults.get(k)
        if fault == "dead ReLU":
            made = ad.relu(z + (bias - 1e3))
            self.places[k] = (made,)
            return made
        made = (ad.sigmoid if fault == "sigmoid" else self.activation)(z + bias)
        if fault == "h×0.01":
            made = made * 0.01
        if fault in ("sigmoid", "h×0.01"):
            self.places[k] = (made,)
        elif fault is not None:
            self.places[k] = (z if layer is None else layer,)
        return made

    def sample(self, loss: Any) -> Sample:
        """Return the sample of this network."""
        return Sample(loss, True, tuple(self.places[k] for k in sorted(self.faults)))


def _loss(rng: np.random.Generator, h: Any) -> Any:
    y = ad.tensor(rng.normal(size=(h.shape[0], 3)))
    W = ad.parameter(normal(rng, h.shape[1], 3), name="W_out")
    return ad.mse_loss(h @ W, y)


def tanh_net(planter: Planter) -> Any:
    """Return the loss of 12 tanh layers of width 32."""
    rng = planter.rng
    h = ad.tensor(rng.normal(size=(64, 32)))
    for k in range(12):
        W = ad.parameter(normal(rng, 32, 32) * planter.scale(k), name=f"W{k}")
        h = planter(k, h @ W, ad.parameter(np.zeros(32), name=f"b{k}"))
    return _loss(rng, h)


def residual_net(planter: Planter) -> Any:
    """Return the loss of 12 blocks h + tanh(h W) V / 2 of width 32."""
    rng = planter.rng
    h = ad.tensor(rng.normal(size=(64, 32)))
    for k in range(12):
        W = ad.parameter(normal(rng, 32, 32) * planter.scale(k), name=f"W{k}")
        V = ad.parameter(normal(rng, 32, 32) / 2, name=f"V{k}")
        h = h + planter(k, h @ W, ad.parameter(np.zeros(32), name=f"b{k}")) @ V
    return _loss(rng, h)


def cnn(planter: Planter) -> Any:
    """Return the loss of 8 convolutions 3×3 with 8 channels and ReLU, He's initialisation."""
    rng = planter.rng
    h = ad.tensor(rng.normal(size=(8, 3, 10, 10)))
    for k in range(8):
        fan_in = h.shape[1] * 9
        W = rng.normal(size=(8, h.shape[1], 3, 3)) * np.sqrt(2 / fan_in) * planter.scale(k)
        W = ad.parameter(W, name=f"W{k}")
        z = ad.conv2d(h, W, padding=1)
        h = planter(k, z, ad.parameter(np.zeros((8, 1, 1)), name=f"b{k}"))
    return _loss(rng, h.reshape(8, -1))


def rnn(planter: Planter) -> Any:
    """Return the loss of a tanh RNN over 50 steps, W orthogonal; a faulty step has its own W."""
    rng = planter.rng
    x = ad.tensor(rng.normal(size=(50, 16, 8)) * 0.3)
    orthogonal = np.linalg.qr(rng.normal(size=(32, 32)))[0]
    U = ad.parameter(normal(rng, 8, 32) * 0.5, name="U")
    W = ad.parameter(orthogonal, name="W")
    b = ad.parameter(np.zeros(32), name="b")
    h = ad.tensor(rng.normal(size=(16, 32)) * 0.3)
    for k in range(50):
        scale = planter.scale(k)
        own = W if scale == 1 else ad.parameter(orthogonal * scale, name=f"W_{k}")
        recurrent = h @ own
        h = planter(k, recurrent + x[k] @ U, b, recurrent)
    return _loss(rng, h)


NETWORKS: dict[str, tuple[Callable[[Planter], Any], int, Any]] = {
    "tanh, 12 layers": (tanh_net, 12, ad.tanh),
    "residual, 12 blocks": (residual_net, 12, ad.tanh),
    "CNN, 8 layers": (cnn, 8, ad.relu),
    "RNN, 50 steps": (rnn, 50, ad.tanh),
}


def maker(network: str, faults: tuple[str, ...]) -> Callable[[np.random.Generator], Sample]:
    """Return what makes a network with these faults at different random places."""
    build, places, activation = NETWORKS[network]

    def make(rng: np.random.Generator) -> Sample:
        where = rng.choice(places, len(faults), replace=False)
        planter = Planter(rng, dict(zip(map(int, where), faults, strict=True)), activation)
        with np.errstate(all="ignore"):
            return planter.sample(build(planter))

    return make


def _cases() -> list[Case]:
    cases = []
    for network in NETWORKS:
        for fault, kinds in FAULTS.items():
            cases.append(Case("planted", f"{network}: {fault}", maker(network, (fault,)), kinds))
        for fault, kinds in _SMALL.items():
            made = maker(network, (fault,))
            cases.append(Case("planted, other", f"{network}: {fault}", made, kinds))
        for pair in (("W×0.01", "W×30"), ("sigmoid", "W×30"), ("dead ReLU", "W×0.01")):
            kinds = FAULTS[pair[0]] | FAULTS[pair[1]]
            name = f"{network}: {pair[0]} and {pair[1]}"
            cases.append(Case("planted twice", name, maker(network, pair), kinds))
    return cases


CASES = _cases()
