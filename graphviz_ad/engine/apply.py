"""Applying an op: run its forward rule, protect what it made, and record it."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from graphviz_ad.backend import Array, namespace, protect
from graphviz_ad.engine.op import Op
from graphviz_ad.engine.refuse import refuse
from graphviz_ad.engine.tape import Record, next_id, tape
from graphviz_ad.engine.tensor import Tensor, constant, wrap

__all__ = ["apply"]

_NO_PARAMS: dict[str, Any] = {}
_getframe = sys._getframe
_ndarray = np.ndarray
_make_record = tuple.__new__


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
    inputs: list[Tensor | None] = []
    arrays: list[Array] = []
    needs = False
    for operand in operands:
        if isinstance(operand, Tensor):
            inputs.append(operand)
            arrays.append(operand._data)
            needs |= operand.requires_grad
        else:
            inputs.append(None)
            weak = len(operands) > 1
            arrays.append(None if operand is None else constant(operand, op.name, weak))
    xp = _namespace_of(op, arrays)
    if xp is None:
        # nothing but Python numbers: there is no array whose dtype they could take
        xp, arrays = np, [None if a is None else np.asarray(a)[()] for a in arrays]
    if op.check is not None:
        op.check(*arrays, **params)
    try:
        out = op.forward(xp, *arrays, **params)
    except Exception as error:
        frame = _getframe(depth + 1)
        refuse(op, error, operands, arrays, params, frame)
    frame = _getframe(depth + 1)
    several = type(out) is tuple
    if several:
        out = tuple([protect(o) for o in out])
        identity = next_id()
        for _ in out[1:]:
            next_id()
    else:
        if type(out) is _ndarray:
            out = protect(out)
        identity = next_id()
    record = None
    if needs and tape.recording and op.differentiable:
        record = _make_record(
            Record,
            (
                identity, op, tuple(inputs), tuple(arrays), out, params or _NO_PARAMS,
                frame.f_code, frame.f_lasti, tape.scope,
            ),
        )  # fmt: skip
    if several:
        return tuple([wrap(o, record, identity + k) for k, o in enumerate(out)])
    return wrap(out, record, identity)


def _namespace_of(op: type[Op], arrays: list[Array]) -> Any:
    """Return the array module of the operands, None where all are Python numbers.

    A mixture of modules is refused by `refuse` later.
    """
    for array in arrays:
        kind = type(array)
        if kind is _ndarray or kind is np.float64:
            return np
        if array is not None and not isinstance(array, (float, int)):
            return namespace(array)
    return None


def binary_operator(op: type[Op], swapped: bool) -> Any:
    """Make ``__mul__`` (or ``__rmul__``) for `op`: `apply` with the loop over operands unrolled."""
    forward = op.forward
    differentiable = op.differentiable

    def operator(self: Tensor, other: Any) -> Any:
        a = self._data
        if type(other) is Tensor:
            b = other._data
            inputs: tuple[Tensor | None, Tensor | None] = (self, other)
            needs = self.requires_grad or other.requires_grad
        else:
            if other is None or isinstance(other, (str, list, tuple, dict)):
                return NotImplemented
            b = constant(other, op.name)
            inputs = (self, None)
            needs = self.requires_grad
        if swapped:
            a, b = b, a
            inputs = inputs[::-1]
        kind = type(a)
        try:
            xp = np if kind is _ndarray or kind is np.float64 else _namespace_of(op, [a, b])
            out = forward(xp, a, b)
        except Exception as error:
            operands = (other, self) if swapped else (self, other)
            refuse(op, error, operands, [a, b], _NO_PARAMS, _getframe(1))
        if type(out) is _ndarray:
            out = protect(out)
        identity = next_id()
        if needs and differentiable and tape.recording:
            frame = _getframe(1)
            record = _make_record(
                Record,
                (
                    identity, op, inputs, (a, b), out, _NO_PARAMS,
                    frame.f_code, frame.f_lasti, tape.scope,
                ),
            )  # fmt: skip
            return wrap(out, record, identity)
        return wrap(out, None, identity)

    operator.__name__ = operator.__qualname__ = f"__{'r' if swapped else ''}{op.operator}__"
    operator.__doc__ = op.summary()
    return operator
