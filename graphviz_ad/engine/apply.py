"""Applying an op: run its forward rule, protect what it made, and record it."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import numpy as np

from graphviz_ad.backend import DEVICES, Array, namespace, protect
from graphviz_ad.engine.memory import keep_freed_memory
from graphviz_ad.engine.op import Op
from graphviz_ad.engine.refuse import refuse, unite
from graphviz_ad.engine.tape import next_id, tape
from graphviz_ad.engine.tensor import Tensor, constant, wrap

__all__ = ["apply"]

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
        One of its subclasses when the operands do not fit; nothing is recorded then.
    """
    if op.prepare is not None:
        try:
            operands, params = op.prepare(*operands, **params)
        except Exception as error:
            given = [o._data if isinstance(o, Tensor) else o for o in operands]
            refuse(op, error, operands, given, params, _getframe(depth + 1))
    inputs: list[Any] = []
    arrays: list[Array] = []
    needs = False
    for operand in operands:
        if isinstance(operand, Tensor):
            inputs.append(operand)
            arrays.append(operand._data)
            needs = needs or operand.requires_grad
        else:
            inputs.append(None)
            weak = op.weak and len(operands) > 1
            arrays.append(None if operand is None else constant(operand, op.name, weak))
    kind = type(arrays[0]) if arrays else None
    if DEVICES:
        xp, arrays, params = unite(op, operands, arrays, params, _getframe(depth + 1))
    else:
        xp = np if kind is _ndarray or kind is _float64 else _namespace_of(arrays)
    if xp is None:
        # nothing but Python numbers: there is no array whose dtype they could take
        xp, arrays = np, [None if a is None else np.asarray(a)[()] for a in arrays]
    try:
        if op.check is not None:
            op.check(*arrays, **params)
        if op.saves:
            out, saved = op.forward_saving(xp, *arrays, **params)
        else:
            out = op.forward(xp, *arrays, **params)
    except Exception as error:
        refuse(op, error, operands, arrays, params, _getframe(depth + 1))
    recorded = (*inputs, *arrays) if needs and op.differentiable and tape.recording else None
    frame = _getframe(depth + 1)
    if type(out) is not tuple:
        result = _result(out, next_id(), op, recorded, params, frame)
        if op.saves:
            result._saved = saved
        return result
    outs = tuple([protect(o) for o in out])
    ids = _consecutive_ids(len(outs))
    results = [
        _result(o, identity, op, recorded, params, frame)
        for o, identity in zip(outs, ids, strict=True)
    ]
    if recorded is not None:
        for result in results:
            result._outs = ids[0], outs
            if op.saves:
                result._saved = saved
    return tuple(results)


def _result(
    out: Array,
    identity: int,
    op: type[Op],
    recorded: tuple[Any, ...] | None,
    params: dict[str, Any],
    frame: FrameType,
) -> Tensor:
    """Make the tensor of one output; it is a leaf where nothing is recorded."""
    if type(out) is _ndarray:
        if out.ndim:
            out.setflags(write=False)
        else:
            out = out[()]
    if recorded is None:
        return wrap(out, None, identity)
    result = _new(Tensor)
    result._data = out
    result.id = identity
    result._grad = result.name = result._watch = result._outs = None
    result._op = op
    result._operands = recorded
    result._params = params or _NO_PARAMS
    result._code = frame.f_code
    result._lasti = frame.f_lasti
    result._scope = tape.scope
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
            if other is None or isinstance(other, (str, list, tuple, dict)):
                return NotImplemented
            b = constant(other, op.name, weak)
            right = None
            needs = self.requires_grad
        if swapped:
            a, b = b, a
            left, right = right, left
        kind = type(a)
        try:
            if DEVICES:
                given = (other, self) if swapped else (self, other)
                xp, (a, b), _ = unite(op, given, [a, b], _NO_PARAMS, _getframe(1))
            else:
                xp = np if kind is _ndarray or kind is _float64 else _namespace_of([a, b])
            out = forward(xp, a, b)
        except Exception as error:
            given = (other, self) if swapped else (self, other)
            refuse(op, error, given, [a, b], _NO_PARAMS, _getframe(1))
        kind = type(out)
        if kind is _ndarray:
            if out.ndim:
                out.setflags(write=False)
            else:
                out = protect(out)
        # `wrap` and what `apply` writes after it, without the calls
        result = _new(Tensor)
        result._data = out
        result.id = next_id()
        result._grad = result.name = result._watch = result._outs = None
        if needs and differentiable and tape.recording:
            frame = _getframe(1)
            result._op = op
            result._operands = None
            result._left = left
            result._right = right
            result._left_array = a
            result._right_array = b
            result._params = _NO_PARAMS
            result._code = frame.f_code
            result._lasti = frame.f_lasti
            result._scope = tape.scope
            result.requires_grad = kind is _float64 or out.dtype.kind == "f"
        else:
            result.requires_grad = False
            result._op = result._operands = result._params = None
            result._code = result._scope = None
            result._lasti = 0
        return result

    operator.__name__ = operator.__qualname__ = f"__{'r' if swapped else ''}{op.operator}__"
    operator.__doc__ = op.summary()
    return operator
