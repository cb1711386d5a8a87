"""graphviz_ad: a debugger for backpropagation.

The public names, and nothing else.
"""

from __future__ import annotations

import importlib
from typing import Any

from graphviz_ad import backend as backend
from graphviz_ad import datasets as datasets
from graphviz_ad import engine as engine
from graphviz_ad import errors as errors
from graphviz_ad import linalg as linalg
from graphviz_ad import nn as nn
from graphviz_ad import optim as optim
from graphviz_ad.engine.custom import op
from graphviz_ad.engine.differentiate import grad, hessian, jacobian, jvp, value_and_grad, vjp
from graphviz_ad.engine.op import Op
from graphviz_ad.engine.switch import enable_grad, no_grad
from graphviz_ad.engine.tape import module_scope
from graphviz_ad.engine.tensor import Tensor, parameter, tensor
from graphviz_ad.nn.init import manual_seed
from graphviz_ad.ops import ALIASES, FUNCTIONS

__version__ = "0.1.0"

_LAZY = {
    "GraphView": "graphviz_ad.widget.view",
    "Monitor": "graphviz_ad.diagnose.monitor",
    "show_graph": "graphviz_ad.widget.view",
}

# `graphviz_ad.trace` is the package of that name; the function is ad.linalg.trace and x.trace().
_PUBLIC = {n: function for n, function in (FUNCTIONS | ALIASES).items() if n != "trace"}
globals().update(_PUBLIC)
# What is pickled is found again under its public name.
for _function in FUNCTIONS.values():
    _function.__module__ = __name__
FUNCTIONS["trace"].__module__ = linalg.__name__

__all__ = [
    "GraphView", "Monitor", "Op", "Tensor", "backend", "datasets", "diagnose", "enable_grad",
    "errors", "grad", "hessian", "jacobian", "jvp", "linalg", "manual_seed", "module_scope",
    "nn", "no_grad", "op", "optim", "parameter", "show_graph", "tensor", "testing",
    "value_and_grad", "vjp",
]  # fmt: skip
__all__ += _PUBLIC


def __getattr__(name: str) -> Any:
    """Import what draws or diagnoses when it is first used: importing costs what NumPy costs."""
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    if name in ("diagnose", "testing"):
        return importlib.import_module(f"graphviz_ad.{name}")
    raise AttributeError(f"module 'graphviz_ad' has no attribute {name!r}")
