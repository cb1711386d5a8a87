"""The two libraries under one set of names: the models are written once, for either.

Modules, optimisers and the methods of tensors are called alike, so little is left to do.
"""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from typing import Any

import graphviz_ad as ad

Array = Any


class GraphvizAD:
    """This library, with recording and source lines on, as always."""

    name = "graphviz_ad"
    gpu = "cupy"
    version = ad.__version__
    nn: Any = ad.nn
    optim: Any = ad.optim
    tensor = staticmethod(ad.tensor)
    no_grad = staticmethod(ad.no_grad)


class Torch:
    """PyTorch on one thread of the CPU, with its own defaults otherwise."""

    name = "PyTorch"
    gpu = "cuda"

    def __init__(self) -> None:
        torch = importlib.import_module("torch")
        torch.set_num_threads(1)
        self.version = str(torch.__version__).partition("+")[0]
        self.nn: Any = torch.nn
        self.optim: Any = torch.optim
        self.tensor = torch.tensor
        self.no_grad = torch.no_grad


def installed() -> list[Any]:
    """Return this library, and PyTorch where it is installed."""
    return [GraphvizAD(), *([Torch()] if find_spec("torch") else [])]
