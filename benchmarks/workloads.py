"""What is measured: data, parameters, and each model written once for every framework."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks import by_hand

Array = Any


@dataclass(frozen=True, eq=False)
class Workload:
    """One model with its data.

    Attributes
    ----------
    name, title : str
        The key, and the heading of its column.
    loss : callable
        ``loss(F, *constants, *parameters)`` over the functions `F` of a framework.
    by_hand : callable
        ``by_hand(*constants, *parameters)``: the loss and the gradients in NumPy.
    constants, parameters : tuple
        Arrays, labels and counts; arrays that get a gradient.
    ops : int
        Scalar operations per pass, where the time of one of them is what counts; else 0.
    limit : float
        The goal: at most this ratio to NumPy by hand, or these µs/op of the chain; 0 for none.
    ahead : float
        The goal: at least this many times as fast as PyTorch.
    """

    name: str
    title: str
    loss: Callable[..., Any]
    by_hand: Callable[..., tuple[Array, list[Array]]]
    constants: tuple[Any, ...]
    parameters: tuple[Array, ...]
    ops: int = 0
    limit: float = 0
    ahead: float = 1


def _chain(F: Any, count: int, x: Any, w: Any, b: Any) -> Any:
    y = x
    for _ in range(count // 2):
        y = y * w
        y = y + b
    return y


def _fan(F: Any, count: int, x: Any) -> Any:
    y = x
    for _ in range(count):
        y = y + x
    return y


def _two_layer(F: Any, inputs: Any, labels: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    h = F.sigmoid(F.linear(inputs, W1, b1))
    return F.cross_entropy(F.linear(h, W2, b2), labels)


def _mlp(F: Any, inputs: Any, labels: Any, *parameters: Any) -> Any:
    h = inputs
    for k in range(0, len(parameters) - 2, 2):
        h = F.relu(F.linear(h, parameters[k], parameters[k + 1]))
    return F.cross_entropy(F.linear(h, parameters[-2], parameters[-1]), labels)


def _deep(F: Any, inputs: Any, labels: Any, *parameters: Any) -> Any:
    h = inputs
    for k in range(0, len(parameters) - 2, 2):
        h = F.sigmoid(F.linear(h, parameters[k], parameters[k + 1]))
    return F.cross_entropy(F.linear(h, parameters[-2], parameters[-1]), labels)


def _rnn(F: Any, steps: Any, labels: Any, Wx: Any, Wh: Any, b: Any, Wo: Any, bo: Any) -> Any:
    h = F.zeros(steps[0].shape[0], b.shape[0])
    for x in steps:
        h = F.tanh(x @ Wx + h @ Wh + b)
    return F.cross_entropy(F.linear(h, Wo, bo), labels)


def _cnn(
    F: Any, images: Any, labels: Any, K1: Any, c1: Any, K2: Any, c2: Any, W: Any, b: Any
) -> Any:
    h = F.relu(F.conv2d(images, K1, c1))
    h = F.max_pool2d(F.relu(F.conv2d(h, K2, c2)), 2)
    return F.cross_entropy(F.linear(h.reshape(h.shape[0], -1), W, b), labels)


def workloads(scale: float = 1.0, seed: int = 0) -> list[Workload]:
    """Return all workloads; a `scale` below 1 shortens the loops and layers (for tests)."""
    rng = np.random.default_rng(seed)

    def draw(*shape: int) -> Array:
        return rng.normal(size=shape) / np.sqrt(shape[0] if len(shape) == 2 else 9)

    def layers(*sizes: int) -> tuple[Array, ...]:
        pairs = itertools.pairwise(sizes)
        return tuple(a for n, m in pairs for a in (draw(n, m), np.zeros(m)))

    def labels(count: int) -> Array:
        return rng.integers(0, 10, size=count)

    def times(count: int) -> int:
        return max(4, int(count * scale)) // 2 * 2

    ops = times(10_000)
    scalars = (np.float64(1.0), np.float64(0.9999), np.float64(0.001))
    wide = times(512)
    return [
        Workload(
            "chain", "scalar chain, 10k ops", _chain, by_hand.chain, (ops,), scalars,
            ops=ops, limit=2.0, ahead=3.5,
        ),
        Workload(
            "fan", "one value used 10k times", _fan, by_hand.fan, (ops,), scalars[:1],
            ops=ops, ahead=3.5,
        ),
        Workload(
            "two_layer", "two-layer net 64-50-10, batch 32", _two_layer, by_hand.two_layer,
            (rng.normal(size=(32, 64)), labels(32)), layers(64, 50, 10),
            limit=1.5, ahead=2,
        ),
        Workload(
            "mlp", "MLP 784-512-512-10, batch 256", _mlp, by_hand.mlp,
            (rng.normal(size=(times(256), 784)), labels(times(256))), layers(784, wide, wide, 10),
            limit=1.03,
        ),
        Workload(
            "cnn", "CNN on 8×8, batch 64", _cnn, by_hand.cnn,
            (rng.normal(size=(64, 1, 8, 8)), labels(64)),
            (draw(8, 1, 3, 3), draw(8), draw(16, 8, 3, 3), draw(16), *layers(64, 10)),
            limit=1.06,
        ),
        Workload(
            "deep", "100-layer sigmoid MLP, 64 wide, batch 64", _deep, by_hand.deep,
            (rng.normal(size=(64, 64)), labels(64)), layers(*[64] * times(100), 10),
            limit=1.3,
        ),
        Workload(
            "rnn", "RNN, 200 steps of 64, 100 wide, batch 32", _rnn, by_hand.rnn,
            (rng.normal(size=(times(200), 32, 64)), labels(32)),
            (draw(64, 100), draw(100, 100), draw(100), *layers(100, 10)), limit=1.4,
        ),
    ]  # fmt: skip
