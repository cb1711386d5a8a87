"""PyTorch's names for what NumPy calls otherwise. Where both have a name, it is NumPy's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from graphviz_ad.backend import to_numpy
from graphviz_ad.engine.apply import apply
from graphviz_ad.engine.op import REGISTRY
from graphviz_ad.engine.tensor import Tensor

__all__ = ["NAMES", "install"]

NAMES = {
    "acos": "arccos", "acosh": "arccosh", "asin": "arcsin", "asinh": "arcsinh", "atan": "arctan",
    "atan2": "arctan2", "atanh": "arctanh", "bmm": "matmul", "cat": "concatenate",
    "clamp": "clip", "clone": "positive", "div": "divide", "eq": "equal", "ge": "greater_equal",
    "gt": "greater", "le": "less_equal", "lt": "less", "mm": "matmul", "movedim": "moveaxis",
    "mul": "multiply", "ne": "not_equal", "neg": "negative", "pow": "power", "sub": "subtract",
    "unsqueeze": "expand_dims",
}  # fmt: skip
"""Functions, and but for `cat` methods, that are others under PyTorch's name."""

_DTYPES = {
    "half": np.float16, "float": np.float32, "double": np.float64, "int": np.int32,
    "long": np.int64, "bool": np.bool_,
}  # fmt: skip


def install(functions: dict[str, Callable[..., Any]]) -> dict[str, Callable[..., Any]]:
    """Give Tensor its methods under PyTorch's names, and return the functions under theirs."""
    named = {name: functions[other] for name, other in NAMES.items()}
    for name, function in named.items():
        if name != "cat":
            setattr(Tensor, name, function)
    for name, dtype in _DTYPES.items():
        setattr(Tensor, name, _conversion(name, np.dtype(dtype)))
    for name, method in (
        ("view", vars(Tensor)["reshape"]), ("dim", _dim), ("numel", _numel), ("tolist", _tolist),
        ("t", _t), ("cpu", _cpu), ("cuda", _cuda), ("view_as", _view_as),
    ):  # fmt: skip
        setattr(Tensor, name, method)
    return named


def _conversion(name: str, dtype: np.dtype[Any]) -> Callable[[Tensor], Tensor]:
    def convert(self: Tensor) -> Tensor:
        if self.dtype == dtype:
            return self
        converted: Tensor = apply(REGISTRY["astype"], (self,), {"dtype": dtype})
        return converted

    convert.__name__, convert.__qualname__ = name, f"Tensor.{name}"
    convert.__doc__ = f"Convert to {dtype}; the tensor itself where it is that already."
    return convert


def _dim(self: Tensor) -> int:
    """Return the number of axes."""
    return self.ndim


def _numel(self: Tensor) -> int:
    """Return the number of elements."""
    return int(self.size)


def _tolist(self: Tensor) -> Any:
    """Return the values as Python numbers in lists."""
    return to_numpy(self.data).tolist()


def _t(self: Tensor) -> Tensor:
    """Transpose a matrix."""
    transposed: Tensor = apply(REGISTRY["transpose"], (self,), {"axes": None})
    return transposed


def _view_as(self: Tensor, other: Tensor) -> Tensor:
    """Give the elements the shape of another tensor."""
    shaped: Tensor = apply(REGISTRY["reshape"], (self,), {"shape": other.shape, "order": "C"})
    return shaped


def _cpu(self: Tensor) -> Tensor:
    """Move to NumPy; the tensor itself where it is there already."""
    return self if self.backend == "numpy" else _moved(self, "numpy")


def _cuda(self: Tensor) -> Tensor:
    """Move to CuPy, the GPU; the tensor itself where it is there already."""
    return self if self.backend == "cupy" else _moved(self, "cupy")


def _moved(self: Tensor, backend: str) -> Tensor:
    moved: Tensor = apply(REGISTRY["to_backend"], (self,), {"backend": backend}, depth=2)
    return moved
