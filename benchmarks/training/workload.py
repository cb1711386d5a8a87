"""What a page describes, and a run of it under one library."""

from __future__ import annotations

from typing import Any

import numpy as np

import graphviz_ad as ad
from benchmarks.training.libraries import Array


class Workload:
    """A network with its data, its loss and its optimiser. Each page defines one.

    Attributes
    ----------
    title : str
        The row's heading.
    steps : int
        Steps of the whole training.
    measure : str
        What `score` returns.
    percent : bool
        Whether the score is a share.
    """

    title: str
    steps: int
    measure: str
    percent: bool = True

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self.load(np.random.default_rng(seed))

    def load(self, rng: np.random.Generator) -> None:
        """Read or draw the data."""
        raise NotImplementedError

    def net(self, nn: Any) -> Any:
        """Return the network, made of the modules of `nn`."""
        raise NotImplementedError

    def optimizers(self, optim: Any, net: Any) -> list[Any]:
        """Return the optimisers; most networks have one."""
        raise NotImplementedError

    def batch(self, rng: np.random.Generator) -> tuple[Array, ...]:
        """Return the arrays of one step, drawn with the step's own generator."""
        raise NotImplementedError

    def loss(self, nn: Any, net: Any, *batch: Any) -> Any:
        """Return the loss of a batch of tensors."""
        raise NotImplementedError

    def step(self, nn: Any, net: Any, optimizers: list[Any], batch: list[Any]) -> list[float]:
        """Take one step and return its losses. Only adversaries have more than one."""
        (optimizer,) = optimizers
        optimizer.zero_grad()
        loss = self.loss(nn, net, *batch)
        loss.backward()
        optimizer.step()
        return [loss.item()]

    def score(self, net: Any, tensor: Any) -> float:
        """Return how well `net` does; it is in evaluation mode and records nothing."""
        raise NotImplementedError


class Run:
    """A workload in training under one library, from the weights that its seed gives.

    Parameters
    ----------
    workload : Workload
    library : GraphvizAD or Torch
    dtype : {"float64", "float32"}
    device : str, optional
        Where it trains, by the library's own word; the host where it is left out.
    """

    def __init__(
        self, workload: Workload, library: Any, dtype: str = "float64", device: str = ""
    ) -> None:
        self.workload, self.library, self.dtype, self.device = workload, library, dtype, device
        net = workload.net(library.nn)
        # Before the weights are loaded: PyTorch's modules begin in float32 and would round them.
        self.net = net.double() if dtype == "float64" else net.float()
        weights = initial_weights(workload).items()
        self.net.load_state_dict({name: library.tensor(np.array(w)) for name, w in weights})
        if device:
            self.net.to(device)
        self.optimizers = workload.optimizers(library.optim, self.net)

    def tensor(self, array: Array) -> Any:
        """Return an array as the library's tensor; floats are of the run's dtype."""
        made = self.library.tensor(array.astype(self.dtype) if array.dtype.kind == "f" else array)
        return made.to(self.device) if self.device else made

    def batch(self, number: int) -> list[Any]:
        """Return the tensors of a step."""
        rng = np.random.default_rng([self.workload.seed, number])
        return [self.tensor(array) for array in self.workload.batch(rng)]

    def step(self, batch: list[Any]) -> list[float]:
        """Take one step and return its losses."""
        return self.workload.step(self.library.nn, self.net, self.optimizers, batch)

    def train(self, steps: int) -> Array:
        """Take steps 0, 1, … and return their losses, shape (steps, losses)."""
        return np.array([self.step(self.batch(number)) for number in range(steps)])

    def score(self) -> float:
        """Return the workload's measure of the network as it is."""
        self.net.eval()
        with self.library.no_grad():
            score = self.workload.score(self.net, self.tensor)
        self.net.train()
        return score


def initial_weights(workload: Workload) -> dict[str, Array]:
    """Return the weights that every library begins with, drawn by this one."""
    ad.manual_seed(workload.seed)
    weights: dict[str, Array] = workload.net(ad.nn).state_dict()
    return weights


def rows(rng: np.random.Generator, size: int, *arrays: Array) -> tuple[Array, ...]:
    """Return `size` rows, drawn without replacement, of each of the arrays."""
    chosen = rng.choice(len(arrays[0]), size, replace=False)
    return tuple(array[chosen] for array in arrays)


def accuracy(scores: Any, labels: Array) -> float:
    """Return the share of rows whose largest score is the label's."""
    return float((np.asarray(scores.numpy()).argmax(axis=-1) == labels).mean())
