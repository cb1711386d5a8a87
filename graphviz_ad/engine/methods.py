"""The forms of a method that differ from the function's: spread arguments and attributes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graphviz_ad.engine.apply import apply
from graphviz_ad.engine.op import Op
from graphviz_ad.engine.tensor import Tensor

__all__ = ["attribute", "spread_method"]


def spread_method(op: type[Op], function: Callable[..., Any]) -> Callable[..., Any]:
    """Make the method of an op whose parameter `spread` may be given as separate arguments.

    ``x.reshape(2, 3)`` is ``x.reshape((2, 3))``; ``x.transpose()`` leaves it to its default.
    """
    defaults = {n: p.default for n, p in op.params.items() if p.default is not p.empty}

    def method(self: Tensor, *values: Any, **params: Any) -> Any:
        if values:
            params[op.spread] = values[0] if len(values) == 1 else values
        unknown = params.keys() - op.params.keys()
        if unknown or op.spread not in defaults.keys() | params.keys():
            return function(self, **params)  # which says what is wrong
        return apply(op, (self,), {**defaults, **params})

    method.__name__ = op.name
    method.__qualname__ = f"Tensor.{op.name}"
    method.__doc__ = function.__doc__
    return method


def attribute(op: type[Op], params: dict[str, Any]) -> property:
    """Make a property that applies `op`, such as ``x.T``."""

    def get(self: Tensor) -> Any:
        return apply(op, (self,), params)

    return property(get, doc=op.summary())
