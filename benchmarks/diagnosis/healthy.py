"""Networks that must be left alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import graphviz_ad as ad
from benchmarks.diagnosis.case import Case, Sample, normal
from benchmarks.diagnosis.planted import NETWORKS, Planter

__all__ = ["CASES"]


def _mlp(rng: np.random.Generator, activation: Any, gain: float, depth: int = 4) -> Any:
    layers: list[Any] = []
    for k in range(depth):
        fan_in = 10 if k == 0 else 32
        layer = ad.nn.Linear(fan_in, 32)
        layer.weight.data = rng.normal(size=(32, fan_in)) * gain / np.sqrt(fan_in)
        layers += [layer, activation()]
    return ad.nn.Sequential(*layers, ad.nn.Linear(32, 1))


def _regression(rng: np.random.Generator, rows: int = 64) -> tuple[Any, Any]:
    x = rng.normal(size=(rows, 10))
    return ad.tensor(x), ad.tensor(np.tanh(x[:, :1] - x[:, 1:2]))


def _trained(rng: np.random.Generator, steps: int, noise: bool = True) -> Any:
    model = _mlp(rng, ad.nn.Tanh, 1.0, 2)
    x = ad.tensor(rng.normal(size=(64, 10)))
    with ad.no_grad():
        y = ad.tensor(model(x).data + rng.normal(size=(64, 1)) * 0.3)
    optimiser = ad.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(steps):
        optimiser.zero_grad()
        ad.mse_loss(model(x), y).backward()
        optimiser.step()
    return ad.mse_loss(model(x), y)


def converged(rng: np.random.Generator) -> Any:
    """Return a loss that 400 steps of Adam brought near 0."""
    return _trained(rng, 400)


def exactly_zero(rng: np.random.Generator) -> Any:
    """Return a loss that is exactly 0, as its gradients are."""
    model = _mlp(rng, ad.nn.Tanh, 1.0)
    x, _ = _regression(rng)
    with ad.no_grad():
        y = ad.tensor(model(x).data)
    return ad.mse_loss(model(x), y)


def trained_classifier(rng: np.random.Generator) -> Any:
    """Return the loss of a ReLU classifier that is sure and right."""
    x = rng.normal(size=(90, 2)) + np.array([[6, 0], [-6, 0], [0, 6]])[np.arange(90) % 3]
    labels = ad.tensor(np.arange(90) % 3)
    model = ad.nn.Sequential(ad.nn.Linear(2, 32), ad.nn.ReLU(), ad.nn.Linear(32, 3))
    optimiser = ad.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(300):
        optimiser.zero_grad()
        ad.cross_entropy(model(ad.tensor(x)), labels).backward()
        optimiser.step()
    return ad.cross_entropy(model(ad.tensor(x)), labels)


def half_sparse_relu(rng: np.random.Generator) -> Any:
    """Return the loss of a ReLU network with He's initialisation."""
    x, y = _regression(rng)
    return ad.mse_loss(_mlp(rng, ad.nn.ReLU, np.sqrt(2))(x), y)


def default_linear(rng: np.random.Generator) -> Any:
    """Return the loss of a ReLU network as `ad.nn.Linear` initialises it."""
    x, y = _regression(rng)
    layers = [ad.nn.Linear(10, 64), ad.nn.ReLU(), ad.nn.Linear(64, 64), ad.nn.ReLU()]
    return ad.mse_loss(ad.nn.Sequential(*layers, ad.nn.Linear(64, 1))(x), y)


def frozen(rng: np.random.Generator) -> Any:
    """Return the loss of a network with its first layers frozen."""
    model = _mlp(rng, ad.nn.Tanh, 1.0)
    for parameter in list(model.parameters())[:4]:
        parameter.requires_grad = False
    x, y = _regression(rng)
    return ad.mse_loss(model(x), y)


def embedding(rng: np.random.Generator) -> Any:
    """Return the loss of a bag of embeddings most of whose rows are not in the batch."""
    table = ad.nn.Embedding(1000, 16)
    words = ad.tensor(rng.integers(0, 1000, (8, 5)))
    out = ad.nn.Linear(16, 4)(ad.relu(ad.nn.Linear(16, 32 - 16)(table(words).mean(axis=1))))
    return ad.cross_entropy(out, ad.tensor(rng.integers(0, 4, 8)))


def masks(rng: np.random.Generator) -> Any:
    """Return a loss over some rows, of attention with a causal mask of −∞."""
    x = ad.tensor(rng.normal(size=(4, 6, 16)))
    Q, K, V = (ad.parameter(normal(rng, 16, 16), name=n) for n in "QKV")
    scores = (x @ Q) @ (x @ K).swapaxes(-1, -2) / 4.0
    scores = ad.where(np.tril(np.ones((6, 6), dtype=bool)), scores, -np.inf)
    h = ad.softmax(scores, axis=-1) @ (x @ V)
    keep = rng.random((4, 6, 1)) < 0.5
    return ((h * keep) ** 2).sum() / 10


def dropout(rng: np.random.Generator) -> Any:
    """Return the loss of a network with dropout .5 in every layer."""
    x, y = _regression(rng)
    parts: list[Any] = []
    for k in range(4):
        parts += [ad.nn.Linear(10 if k == 0 else 64, 64), ad.nn.ReLU(), ad.nn.Dropout(0.5)]
    return ad.mse_loss(ad.nn.Sequential(*parts, ad.nn.Linear(64, 1))(x), y)


def residual_100(rng: np.random.Generator) -> Any:
    """Return the loss of 100 residual blocks with layer normalisation inside each."""
    h = ad.tensor(rng.normal(size=(16, 16)))
    for _ in range(100):
        W, V = ad.parameter(normal(rng, 16, 16)), ad.parameter(normal(rng, 16, 16))
        normed = ad.layer_norm(h, (16,))
        h = h + ad.relu(normed @ W) @ V
    return ad.mse_loss(
        h @ ad.parameter(normal(rng, 16, 2) / 10), ad.tensor(rng.normal(size=(16, 2)))
    )


def batch_norm(rng: np.random.Generator) -> Any:
    """Return the loss of 8 batch-normalised layers, whose weights have any scale."""
    x, y = _regression(rng)
    parts: list[Any] = []
    for k in range(8):
        layer = ad.nn.Linear(10 if k == 0 else 32, 32)
        layer.weight.data = layer.weight.data * 10.0 ** rng.uniform(-2, 2)
        parts += [layer, ad.nn.BatchNorm1d(32), ad.nn.ReLU()]
    return ad.mse_loss(ad.nn.Sequential(*parts, ad.nn.Linear(32, 1))(x), y)


def rescaled(factor: float) -> Callable[[np.random.Generator], Any]:
    """Return what makes a healthy loss times `factor`."""
    return lambda rng: half_sparse_relu(rng) * factor


def single_precision(rng: np.random.Generator) -> Any:
    """Return the loss of a float32 network of 6 tanh layers."""
    h = ad.tensor(rng.normal(size=(64, 16)).astype(np.float32))
    for _ in range(6):
        h = ad.tanh(h @ ad.parameter(normal(rng, 16, 16).astype(np.float32)))
    return (h**2).mean() * np.float32(1e-6)


def recurrent(kind: str) -> Callable[[np.random.Generator], Any]:
    """Return what makes the loss of an LSTM or GRU as it is initialised, over 12 steps."""

    def make(rng: np.random.Generator) -> Any:
        net = getattr(ad.nn, kind)(8, 16)
        out, _ = net(ad.tensor(rng.normal(size=(12, 4, 8))))
        return ad.mse_loss(ad.nn.Linear(16, 2)(out), ad.tensor(rng.normal(size=(12, 4, 2))))

    return make


def transformer(rng: np.random.Generator) -> Any:
    """Return the loss of two encoder layers as they are initialised."""
    layers = [ad.nn.TransformerEncoderLayer(16, 4, 32) for _ in range(2)]
    h = ad.tensor(rng.normal(size=(4, 6, 16)))
    for layer in layers:
        h = layer(h)
    return ad.mse_loss(ad.nn.Linear(16, 2)(h), ad.tensor(rng.normal(size=(4, 6, 2))))


def zero_output_layer(rng: np.random.Generator) -> Any:
    """Return the loss of a network that starts with an output layer of zeros."""
    model = _mlp(rng, ad.nn.Tanh, 1.0)
    last = list(model.parameters())[-2]
    last.data = np.zeros(last.shape)
    x, y = _regression(rng)
    return ad.mse_loss(model(x), y)


def weight_decay(rng: np.random.Generator) -> Any:
    """Return a loss with an L2 penalty written into it."""
    model = _mlp(rng, ad.nn.ReLU, np.sqrt(2))
    x, y = _regression(rng)
    penalty = sum(((p**2).sum() for p in model.parameters()), start=ad.tensor(0.0))
    return ad.mse_loss(model(x), y) + 1e-4 * penalty


def small_initialisation(rng: np.random.Generator) -> Any:
    """Return the loss of six pre-norm transformer blocks with GPT-2's initialisation."""
    depth, width, length = 6, 32, 8

    def draw(*shape: int, std: float = 0.02) -> Any:
        return ad.parameter(rng.normal(0, std, shape))

    last = 0.02 / np.sqrt(2 * depth)
    h = draw(50, width)[rng.integers(0, 50, (2, length))] + draw(length, width, std=0.01)
    for _ in range(depth):
        normed = ad.layer_norm(h, (width,))
        q, k, v = (normed @ draw(width, width) for _ in range(3))
        scores = (q @ k.swapaxes(-1, -2)) / width**0.5
        scores = ad.where(np.tril(np.ones((length, length), bool)), scores, -np.inf)
        h = h + (ad.softmax(scores, axis=-1) @ v) @ draw(width, width, std=last)
        normed = ad.layer_norm(h, (width,))
        h = h + ad.gelu(normed @ draw(width, 4 * width)) @ draw(4 * width, width, std=last)
    logits = ad.layer_norm(h, (width,)) @ draw(width, 50)
    return ad.cross_entropy(logits.reshape(-1, 50), rng.integers(0, 50, 2 * length))


def separable(rng: np.random.Generator) -> Any:
    """Return the loss of a logistic regression whose weights have grown: the classes are apart."""
    x = rng.normal(size=(50, 3))
    y = (x[:, :1] > 0).astype(float)
    w = ad.parameter(rng.normal(0, 0.1, (3, 1)))
    for _ in range(300):
        w.grad = None
        ad.binary_cross_entropy_with_logits(ad.tensor(x) @ w, y).backward()
        w.data = w.data - 5 * w.grad.data
    return ad.binary_cross_entropy_with_logits(ad.tensor(x) @ w, y)


def faultless(network: str) -> Callable[[np.random.Generator], Any]:
    """Return what makes one of the planted networks without a fault."""
    build, _, activation = NETWORKS[network]
    return lambda rng: build(Planter(rng, {}, activation))


def _cases() -> list[Case]:
    made: dict[str, Callable[[np.random.Generator], Any]] = {
        "converged": converged, "loss exactly 0": exactly_zero,
        "sure and right classifier": trained_classifier, "half-sparse ReLU": half_sparse_relu,
        "default initialisation": default_linear, "frozen layers": frozen,
        "rows not in the batch": embedding, "masks": masks, "dropout .5": dropout,
        "residual, 100 blocks": residual_100, "batch norm, 8 layers": batch_norm,
        "loss × 1e-6": rescaled(1e-6), "loss × 1e6": rescaled(1e6),
        "float32, loss × 1e-6": single_precision, "LSTM, 12 steps": recurrent("LSTM"),
        "GRU, 12 steps": recurrent("GRU"), "transformer, 2 layers": transformer,
        "zero output layer": zero_output_layer, "GPT-2 initialisation": small_initialisation,
        "separable classes": separable, "L2 penalty": weight_decay,
        **{f"no fault: {name}": faultless(name) for name in NETWORKS},
    }  # fmt: skip

    def maker(function: Callable[[np.random.Generator], Any]) -> Callable[..., Sample]:
        return lambda rng: Sample(function(rng), False)

    return [Case("healthy", name, maker(function)) for name, function in made.items()]


CASES = _cases()
