"""The frameworks that are compared: how each makes parameters and runs a pass."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from importlib.metadata import version
from types import SimpleNamespace
from typing import Any

import numpy as np

from benchmarks.workloads import Workload

Pass = Callable[[], Any]


class Peer:
    """A framework. `start` makes the pass of a workload; `gradients` reads what a pass returned.

    Attributes
    ----------
    name : str
    package : str
        What is imported, and whose version is reported.
    cannot : tuple of str
        Names of workloads that it lacks something for.
    """

    name = ""
    package = ""
    cannot: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.module = importlib.import_module(self.package)

    @property
    def version(self) -> str:
        """The installed version."""
        return version(self.package)

    def start(self, workload: Workload) -> Pass:
        """Return a function that runs one forward and backward pass from fresh gradients."""
        raise NotImplementedError

    def gradients(self, result: Any) -> list[Any]:
        """Return the gradients of a pass as NumPy arrays."""
        return [np.asarray(g) for g in result]


class ByHand(Peer):
    """NumPy alone, the denominator."""

    name, package = "NumPy by hand", "numpy"

    def start(self, workload: Workload) -> Pass:
        return lambda: workload.by_hand(*workload.constants, *workload.parameters)[1]


class GraphvizAD(Peer):
    """This engine, with tracing and source lines on, as always."""

    name, package = "graphviz_ad", "graphviz_ad"

    @property
    def version(self) -> str:
        return str(self.module.__version__)

    def functions(self) -> Any:
        """Return what the models call."""
        ad = self.module
        names = ("sigmoid", "relu", "tanh", "cross_entropy", "conv2d", "max_pool2d")
        return SimpleNamespace(
            linear=lambda x, W, b: x @ W + b,
            zeros=lambda *shape: ad.tensor(np.zeros(shape)),
            **{name: getattr(ad, name) for name in names if hasattr(ad, name)},
        )

    def start(self, workload: Workload) -> Pass:
        ad, F = self.module, self.functions()
        constants = [ad.tensor(c) if _is_data(c) else c for c in workload.constants]
        if workload.name == "rnn":
            constants[0] = list(constants[0])
        parameters = [ad.parameter(p) for p in workload.parameters]
        return eager_pass(F, workload, constants, parameters)

    def gradients(self, result: Any) -> list[Any]:
        return [p.grad.numpy() for p in result]


class Torch(Peer):
    """PyTorch eager on the CPU, with its fused linear layer."""

    name, package = "PyTorch", "torch"

    def start(self, workload: Workload) -> Pass:
        torch = self.module
        nn = torch.nn.functional
        F = SimpleNamespace(
            linear=lambda x, W, b: torch.addmm(b, x, W),
            zeros=lambda *shape: torch.zeros(shape, dtype=torch.float64),
            sigmoid=torch.sigmoid, relu=torch.relu, tanh=torch.tanh,
            cross_entropy=nn.cross_entropy, conv2d=nn.conv2d, max_pool2d=nn.max_pool2d,
        )  # fmt: skip
        constants = [torch.tensor(c) if _is_data(c) else c for c in workload.constants]
        if workload.name == "rnn":
            constants[0] = list(constants[0])
        parameters = [torch.tensor(p, requires_grad=True) for p in workload.parameters]
        return eager_pass(F, workload, constants, parameters)

    def gradients(self, result: Any) -> list[Any]:
        return [p.grad.numpy() for p in result]


class Autograd(Peer):
    """HIPS autograd; its convolution is a SciPy loop of another kind, and is left out."""

    name, package, cannot = "HIPS autograd", "autograd", ("cnn",)

    def start(self, workload: Workload) -> Pass:
        anp = importlib.import_module("autograd.numpy")

        def cross_entropy(scores: Any, labels: Any) -> Any:
            shifted = scores - anp.max(scores, axis=1, keepdims=True)
            norm = anp.log(anp.sum(anp.exp(shifted), axis=1))
            return anp.mean(norm - shifted[np.arange(len(labels)), labels])

        F = SimpleNamespace(
            linear=lambda x, W, b: anp.dot(x, W) + b,
            zeros=lambda *shape: np.zeros(shape),
            sigmoid=lambda z: 1 / (1 + anp.exp(-z)),
            relu=lambda z: anp.maximum(z, 0),
            tanh=anp.tanh,
            cross_entropy=cross_entropy,
        )
        numbers = tuple(range(len(workload.parameters)))
        gradient = self.module.grad(
            lambda *parameters: workload.loss(F, *workload.constants, *parameters), numbers
        )
        return lambda: gradient(*workload.parameters)


class Micrograd(Peer):
    """micrograd: scalars only. Its backward pass recurses, so its chain is run in short pieces."""

    name, package = "micrograd", "micrograd"
    cannot = ("two_layer", "mlp", "cnn", "deep", "rnn")
    piece = 400

    def start(self, workload: Workload) -> Pass:
        Value = importlib.import_module("micrograd.engine").Value
        count = workload.constants[0]
        piece = min(self.piece, count)

        def run() -> Any:
            # What counts is the time of an op; the gradients of the whole are not computed.
            for _ in range(count // piece):
                parameters = [Value(float(p)) for p in workload.parameters]
                workload.loss(None, piece, *parameters).backward()
            return parameters if count == piece else None

        return run

    def gradients(self, result: Any) -> list[Any]:
        return [np.float64(p.grad) for p in result]


def eager_pass(F: Any, workload: Workload, constants: list[Any], parameters: list[Any]) -> Pass:
    """Return a pass that leaves the gradients with the parameters, and returns these."""

    def run() -> Any:
        for p in parameters:
            p.grad = None
        workload.loss(F, *constants, *parameters).backward()
        return parameters

    return run


def _is_data(value: Any) -> bool:
    return isinstance(value, np.ndarray)


def installed() -> tuple[list[Peer], list[str]]:
    """Return the frameworks that can be imported, and the names of those that cannot."""
    found: list[Peer] = []
    missing: list[str] = []
    for kind in (ByHand, GraphvizAD, Torch, Autograd, Micrograd):
        try:
            found.append(kind())
        except ImportError:
            missing.append(kind.name)
    return found, missing
