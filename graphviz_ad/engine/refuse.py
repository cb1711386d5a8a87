"""Turning an array library's exception into a named one that says who, what and why."""

from __future__ import annotations

from types import FrameType
from typing import Any, NoReturn

import numpy as np

from graphviz_ad.backend import namespace
from graphviz_ad.engine.op import Op
from graphviz_ad.engine.tensor import Tensor
from graphviz_ad.errors import (
    ArgumentError,
    AxisError,
    BackendError,
    DTypeError,
    GraphvizADError,
    IndexingError,
    ShapeError,
)

__all__ = ["describe", "refuse"]


def refuse(
    op: type[Op],
    error: Exception,
    operands: tuple[Any, ...],
    arrays: list[Any],
    params: dict[str, Any],
    frame: FrameType,
) -> NoReturn:
    """Raise the named error for `error`, which a forward rule raised.

    Raises
    ------
    GraphvizADError
        The error itself when it is one already, else the subclass that fits it.
    """
    if isinstance(error, GraphvizADError):
        raise error
    got = " and ".join(
        describe(operand, array, op.input_name(slot), frame)
        for slot, (operand, array) in enumerate(zip(operands, arrays, strict=True))
        if array is not None
    )
    got += "".join(f", {name}={value!r}" for name, value in params.items() if value is not None)
    message = str(error)
    modules = {namespace(a).__name__ for a in arrays if a is not None and hasattr(a, "shape")}
    if len(modules) > 1:
        hint = 'move one with .to("numpy") or .to("cupy")'
        raise BackendError(op.name, "operands of one backend", got, hint) from error
    if isinstance(error, np.exceptions.AxisError):
        raise AxisError(op.name, "an axis that the array has", f"{got} ({message})") from error
    if isinstance(error, IndexError):
        raise IndexingError(op.name, "an index within the array", f"{got} ({message})") from error
    if isinstance(error, TypeError):
        raise DTypeError(op.name, "operands it is defined for", f"{got} ({message})") from error
    if isinstance(error, ValueError):
        words = (
            "broadcast", "shape", "dimension", "mismatch", "align", "size", "core", "axes", "axis",
            "division",
        )  # fmt: skip
        if any(word in message for word in words):
            raise ShapeError(op.name, "shapes that fit", f"{got} ({message})") from error
    if isinstance(error, (ValueError, ArithmeticError)):
        raise ArgumentError(op.name, "arguments it takes", f"{got} ({message})") from error
    raise error


def describe(operand: Any, array: Any, argument: str, frame: FrameType | None = None) -> str:
    """Return ``"W (64, 50) float64"``: the operand by its name, its variable or its argument."""
    name = operand.name if isinstance(operand, Tensor) else None
    if name is None and frame is not None and not isinstance(operand, (int, float)):
        name = next((k for k, v in frame.f_locals.items() if v is operand), None)
    shape = getattr(array, "shape", None)
    if shape is None:
        return f"{name or argument} {array!r}"
    return f"{name or argument} {tuple(shape)} {array.dtype}"
