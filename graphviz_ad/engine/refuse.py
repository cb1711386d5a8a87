"""Turning an array library's exception into a named one that says who, what and why."""

from __future__ import annotations

from collections.abc import Iterable
from types import FrameType
from typing import Any, NoReturn

import numpy as np

from graphviz_ad.backend import is_array, namespace
from graphviz_ad.engine.op import Op
from graphviz_ad.engine.tape import Tape, begin, state_here
from graphviz_ad.engine.tensor import Tensor
from graphviz_ad.errors import (
    ArgumentError,
    AxisError,
    BackendError,
    DTypeError,
    GraphvizADError,
    IndexingError,
    ShapeError,
    ThreadError,
)

__all__ = ["describe", "refuse", "refuse_thread", "require_operands", "require_own", "unite"]


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
    Exception
        The error itself, with a note that names the op, where no subclass does.
    """
    require_operands(op, operands)
    if isinstance(error, GraphvizADError):
        raise error
    got = " and ".join(
        describe(operand, array, op.input_name(slot), frame)
        for slot, (operand, array) in enumerate(zip(operands, arrays, strict=True))
        if array is not None
    )
    got = got or "no arrays"
    got += "".join(f", {name}={value!r}" for name, value in params.items() if value is not None)
    message = str(error)
    if isinstance(error, np.exceptions.AxisError):
        raise AxisError(op.name, "an axis that the array has", f"{got} ({message})") from error
    if isinstance(error, IndexError):
        raise IndexingError(op.name, "an index within the array", f"{got} ({message})") from error
    if isinstance(error, TypeError):
        raise DTypeError(op.name, "operands it is defined for", f"{got} ({message})") from error
    if isinstance(error, ValueError):
        words = (
            "broadcast", "shape", "dimension", "mismatch", "align", "size", "core", "axes", "axis",
            "division", "empty",
        )  # fmt: skip
        if any(word in message for word in words):
            raise ShapeError(op.name, "shapes that fit", f"{got} ({message})") from error
    if isinstance(error, (ValueError, ArithmeticError)):
        raise ArgumentError(op.name, "arguments it takes", f"{got} ({message})") from error
    error.add_note(f"in the forward rule of {op.name}, given {got}")
    raise error


def require_operands(op: type[Op], operands: tuple[Any, ...]) -> None:
    """Refuse None in the place of an operand that may not be left out.

    Raises
    ------
    DTypeError
    """
    for slot, operand in enumerate(operands):
        if operand is None and (op.variadic or slot < op.required):
            raise DTypeError(op.name, f"an array as {op.input_name(slot)}", "None")


def require_own(function: str, tensors: Iterable[Tensor]) -> None:
    """Refuse what another thread recorded; leaves belong to all threads.

    Raises
    ------
    ThreadError
    """
    tape = (state_here() or begin()).tape
    for tensor in tensors:
        if tensor._state is not None and tensor._state.tape is not tape:
            refuse_thread(function, tensor, tape)


def refuse_thread(
    function: str, tensor: Tensor, tape: Tape, frame: FrameType | None = None
) -> NoReturn:
    """Raise the error for a `tensor` that was not recorded on `tape`, this thread's.

    Raises
    ------
    ThreadError
    """
    assert tensor._state is not None
    what = describe(tensor, tensor._data, f"the output of {tensor._op.name}", frame)
    got = f"{what} of thread {tensor._state.tape.thread!r} in thread {tape.thread!r}"
    hint = "hand over x.detach(), or do the whole pass in one thread"
    raise ThreadError(function, "operands recorded in its own thread, or leaves", got, hint)


def unite(
    op: type[Op],
    operands: tuple[Any, ...],
    arrays: list[Any],
    params: dict[str, Any],
    frame: FrameType,
) -> tuple[Any, list[Any], dict[str, Any]]:
    """Return the array module of the operands, and the operands and parameters on it.

    What has no backend of its own follows the others to the GPU: lists, scalars, and
    indices, as in PyTorch. Nothing else is moved, because a copy in every step makes a
    program slow without a word; CuPy and NumPy would make some of them.

    Parameters
    ----------
    op : type of Op
    operands, arrays : sequence
        As they were given, and their values.
    params : dict
        The other arguments; an index may hold arrays.
    frame : frame
        Of the call, for the names of variables.

    Raises
    ------
    BackendError
        For operands of two backends, with their names and shapes.
    """
    fixed = {slot for slot, operand in enumerate(operands) if _has_backend(operand)}
    modules = {namespace(arrays[slot]) for slot in fixed}
    held = [a for value in params.values() for a in _arrays_in(value) if namespace(a) is not np]
    if len(modules | {namespace(a) for a in held}) > 1:
        got = " and ".join(
            f"{describe(operands[slot], arrays[slot], op.input_name(slot), frame)}"
            f" on {namespace(arrays[slot]).__name__}"
            for slot in sorted(fixed)
        )
        got += "".join(f" and an argument {a.shape} on {namespace(a).__name__}" for a in held)
        hint = 'move one with .to("numpy") or .to("cupy")'
        raise BackendError(op.name, "operands of one backend", got, hint)
    if not modules:
        only_numbers = not any(is_array(a) for a in arrays)
        return None if only_numbers else np, arrays, params
    xp = modules.pop()
    if xp is np:
        return xp, arrays, params
    arrays = [xp.asarray(a) if is_array(a) else a for a in arrays]
    return xp, arrays, {name: _on(xp, value) for name, value in params.items()}


def _has_backend(operand: Any) -> bool:
    """Whether moving `operand` would have to be asked for."""
    if isinstance(operand, Tensor):
        return True
    return is_array(operand) and not isinstance(operand, np.generic) and operand.ndim > 0


def _arrays_in(value: Any) -> list[Any]:
    """Return the arrays with axes that a parameter is, or holds in a tuple."""
    values = value if isinstance(value, tuple) else (value,)
    return [v for v in values if is_array(v) and v.ndim > 0]


def _on(xp: Any, value: Any) -> Any:
    """Return a parameter with the arrays in it on `xp`."""
    if type(value) is tuple:
        return tuple([_on(xp, part) for part in value])
    return xp.asarray(value) if _arrays_in(value) else value


def describe(operand: Any, array: Any, argument: str, frame: FrameType | None = None) -> str:
    """Return ``"W (64, 50) float64"``: the operand by its name, its variable or its argument."""
    name = operand.name if isinstance(operand, Tensor) else None
    if name is None and frame is not None and not isinstance(operand, (int, float)):
        name = next((k for k, v in frame.f_locals.items() if v is operand), None)
    shape = getattr(array, "shape", None)
    if shape is None:
        return f"{name or argument} {array!r}"
    return f"{name or argument} {tuple(shape)} {array.dtype}"
