"""Applying an op: run its forward rule, protect what it made, and record it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy as np

from graphviz_ad.backend import DEVICES, Array, namespace, protect
from graphviz_ad.engine.memory import keep_freed_memory
from graphviz_ad.engine.op import Op
from graphviz_ad.engine.refuse import refuse, refuse_thread, require_operands, unite
from graphviz_ad.engine.tape import State, begin, next_id, state_here
from graphviz_ad.engine.tensor import Tensor, constant, constant_leaf

__all__ = ["apply", "binary_operator", "unary_function"]

_NO_PARAMS: dict[str, Any] = {}
_getframe = sys._getframe
_ndarray = np.ndarray
_float64 = np.float64
_new = object.__new__

keep_freed_memory()


def apply(op: type[Op], operands: tuple[Any, ...], params: dict[str, Any], depth: int = 1) -> Any:
    """Apply `op` to tensors, arrays, numbers or None and return its tensor or tuple of tensors.

    Parameters
    ----------
    op : type of Op
    operands : tuple
        The array arguments. None is an absent one.
    params : dict
        The other arguments.
    depth : int
        How many frames above this one the user's call is.

    Raises
    ------
    GraphvizADError
        One of its subclasses when the operands do not fit, or one was recorded in another
        thread; nothing is recorded then.
    """
    if op.prepare is not None:
        try:
            operands, params = op.prepare(*operands, **params)
        except Exception as error:
            given = [o._data if isinstance(o, Tensor) else o for o in operands]
            refuse(op, error, operands, given, params, _getframe(depth + 1))
    inputs: list[Any] = []
    arrays: list[Array] = []
    state = state_here() or begin()
    needs = False
    stranger = None  # an operand that another thread recorded
    for operand in operands:
        if isinstance(operand, Tensor):
            inputs.append(operand)
            arrays.append(operand._data)
            if operand.requires_grad:
                needs = True
            theirs = operand._state
            if theirs is not state and theirs is not None and theirs.tape is not state.tape:
                stranger = operand
        else:
            inputs.append(None)
            if operand is not None:
                operand = constant(operand, op.name, op.weak and len(operands) > 1)
            elif len(inputs) <= op.required or op.variadic:
                require_operands(op, operands)
            arrays.append(operand)
    kind = type(arrays[0]) if arrays else None
    if DEVICES:
        xp, arrays, params = unite(op, operands, arrays, params, _getframe(depth + 1))
    else:
        xp = np if kind is _ndarray or kind is _float64 else _namespace_of(arrays)
    if xp is None:
        # nothing but Python numbers: there is no array whose dtype they could take
        xp, arrays = np, [None if a is None else np.asarray(a)[()] for a in arrays]
    saved = None
    try:
        if op.check is not None:
            op.check(*arrays, **params)
        if op.saves:
            out, saved = op.forward_saving(xp, *arrays, **params)
        else:
            out = op.forward(xp, *arrays, **params)
    except Exception as error:
        refuse(op, error, operands, arrays, params, _getframe(depth + 1))
    frame = None
    if needs and op.differentiable and state.recording:
        frame = _getframe(depth + 1)
        if stranger is not None:
            refuse_thread(op.name, stranger, state.tape, frame)
    if type(out) is tuple:
        return _several(op, out, inputs, arrays, params, saved, frame, state)
    if type(out) is not _float64:
        out = protect(out)
    if frame is None:
        return constant_leaf(out)
    call = (params or _NO_PARAMS, saved, None, *inputs, *arrays)
    return _recorded(out, next_id(), op, call, frame, state)


def _several(
    op: type[Op],
    out: tuple[Array, ...],
    inputs: list[Any],
    arrays: list[Array],
    params: dict[str, Any],
    saved: Any,
    frame: FrameType | None,
    state: State,
) -> tuple[Tensor, ...]:
    """Make the tensors of an op that returned several arrays: leaves where `frame` is None."""
    outs = tuple([protect(o) for o in out])
    if frame is None:
        return tuple([constant_leaf(o) for o in outs])
    ids = _consecutive_ids(len(outs))
    call = (params or _NO_PARAMS, saved, (ids[0], outs), *inputs, *arrays)
    made = zip(outs, ids, strict=True)
    return tuple([_recorded(o, identity, op, call, frame, state) for o, identity in made])


def unary_function(op: type[Op]) -> Callable[[Any], Any] | None:
    """Make `apply` for an op of one array and nothing else; None for another op.

    The user's call is two frames above it.
    """
    if len(op.inputs) != 1 or op.variadic or op.params or op.prepare or op.check or op.saves:
        return None
    forward, differentiable = op.forward, op.differentiable

    def apply_one(operand: Any) -> Any:
        if type(operand) is not Tensor or DEVICES:
            return apply(op, (operand,), {}, 2)
        a = operand._data
        try:
            out = forward(np, a)
        except Exception as error:
            refuse(op, error, (operand,), [a], _NO_PARAMS, _getframe(2))
        state = state_here() or begin()
        frame = None
        if operand.requires_grad and differentiable and state.recording:
            frame = _getframe(2)
            theirs = operand._state
            if theirs is not state and theirs is not None and theirs.tape is not state.tape:
                refuse_thread(op.name, operand, state.tape, frame)
        if type(out) is _ndarray and out.ndim:
            out.setflags(False)  # type: ignore[call-arg]
        elif type(out) is tuple:
            return _several(op, out, [operand], [a], _NO_PARAMS, None, frame, state)
        else:
            out = protect(out)
        result = _new(Tensor)
        result._data = out
        result.id = next_id()
        result._grad = result.name = result._watch = None
        if frame is not None:
            result._op = op
            result._call = (_NO_PARAMS, None, None, operand, a)
            result._code = frame.f_code
            result._lasti = frame.f_lasti
            result._state = state
            result.requires_grad = out.dtype.kind == "f"
        else:
            result.requires_grad = False
            result._op = result._call = result._code = result._state = None
            result._lasti = 0
        return result

    return apply_one


def _recorded(
    out: Array, identity: int, op: type[Op], call: tuple[Any, ...], frame: FrameType, state: State
) -> Tensor:
    """Make the tensor of one output of a recorded op."""
    result = _new(Tensor)
    result._data = out
    result.id = identity
    result._grad = result.name = result._watch = None
    result._op = op
    result._call = call
    result._code = frame.f_code
    result._lasti = frame.f_lasti
    result._state = state
    result.requires_grad = out.dtype.kind == "f"
    return result


def _consecutive_ids(count: int) -> list[int]:
    """Return ids for the outputs of one op; another thread may take some in between."""
    while True:
        ids = [next_id() for _ in range(count)]
        if not ids or ids[-1] - ids[0] == count - 1:
            return ids


def _namespace_of(arrays: list[Array]) -> Any:
    """Return the array module of the operands, None where all are Python numbers."""
    for array in arrays:
        kind = type(array)
        if kind is _ndarray or kind is _float64:
            return np
        if array is not None and not isinstance(array, (float, int)):
            return namespace(array)
    return None


def binary_operator(op: type[Op], swapped: bool) -> Any:
    """Make ``__mul__`` (or ``__rmul__``) for `op`: `apply` with the loop over operands unrolled."""
    forward = op.forward
    differentiable, weak = op.differentiable, op.weak

    def operator(self: Tensor, other: Any) -> Any:
        left: Any = self
        right: Any = other
        a = self._data
        if type(other) is Tensor:
            b = other._data
            needs = self.requires_grad or other.requires_grad
        else:
            if other is None or isinstance(other, (str, dict)):
                return NotImplemented
            b = constant(other, op.name, weak)
            right = None
            needs = self.requires_grad
        if swapped:
            a, b = b, a
            left, right = right, left
        try:
            if DEVICES:
                given = (other, self) if swapped else (self, other)
                xp, (a, b), _ = unite(op, given, [a, b], _NO_PARAMS, _getframe(1))
                out = forward(xp, a, b)
            else:
                out = forward(np, a, b)
        except Exception as error:
            given = (other, self) if swapped else (self, other)
            refuse(op, error, given, [a, b], _NO_PARAMS, _getframe(1))
        kind = type(out)
        if kind is _ndarray:
            if out.ndim:
                out.setflags(False)
            else:
                out = out[()]
        # `_recorded` and `wrap`, without the calls
        result = _new(Tensor)
        result._data = out
        result.id = next_id()
        result._grad = result.name = result._watch = result._call = None
        state = state_here() or begin()
        if needs and differentiable and state.recording:
            frame = _getframe(1)
            if left is not None:
                theirs = left._state
                if theirs is not state and theirs is not None and theirs.tape is not state.tape:
                    refuse_thread(op.name, left, state.tape, frame)
            if right is not None:
                theirs = right._state
                if theirs is not state and theirs is not None and theirs.tape is not state.tape:
                    refuse_thread(op.name, right, state.tape, frame)
            result._op = op
            result._left = left
            result._right = right
            result._left_array = a
            result._right_array = b
            result._code = frame.f_code
            result._lasti = frame.f_lasti
            result._state = state
            # an operand that requires a gradient is of floats, and so is then the result
            result.requires_grad = True
        else:
            result.requires_grad = False
            result._op = result._code = result._state = None
            result._lasti = 0
        return result

    operator.__name__ = operator.__qualname__ = f"__{'r' if swapped else ''}{op.operator}__"
    operator.__doc__ = op.summary()
    return operator
