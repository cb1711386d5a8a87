"""The namespace that rules are given instead of NumPy when their own work is to be recorded."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphviz_ad.engine.apply import apply
from graphviz_ad.engine.op import Op

__all__ = ["TRACED", "call"]


class TracedNamespace:
    """``xp`` over tensors: the traced function of a name, else NumPy's (for constants)."""

    __name__ = "traced"

    def __init__(self) -> None:
        self.functions: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        found = self.functions.get(name)
        return getattr(np, name) if found is None else found


TRACED = TracedNamespace()


def call(op: type[Op], xp: Any, *operands: Any, **params: Any) -> Any:
    """Use one op in another's rule: traced when `xp` is `TRACED`, else its bare forward rule.

    Parameters
    ----------
    op : type of Op
    xp : module
        What the calling rule was given.
    *operands : array or Tensor
    **params
        All of the op's parameters that have no default.
    """
    if xp is TRACED:
        return apply(op, operands, {**_defaults(op), **params})
    return op.forward(xp, *operands, **params)


def _defaults(op: type[Op]) -> dict[str, Any]:
    return {name: p.default for name, p in op.params.items() if p.default is not p.empty}
