"""NumPy's protocols: what its functions do when they are called on tensors."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from graphviz_ad.engine.tape import ScopeEntry, Site, enter, put_back, tape
from graphviz_ad.engine.tensor import Tensor, tensor
from graphviz_ad.errors import ArgumentError, DTypeError, GradientError

__all__ = ["NUMPY_FUNCTIONS", "trace_numpy"]

NUMPY_FUNCTIONS: dict[Any, Callable[..., Any]] = {}
"""The traced function that stands for each NumPy function called on tensors."""

# They ask about an array; nothing of what they return could have a gradient.
_QUESTIONS = {
    np.shape, np.ndim, np.size, np.result_type, np.can_cast, np.iscomplexobj, np.isrealobj,
    np.array_equal, np.array_equiv, np.allclose, np.array_repr, np.array_str, np.array2string,
    np.shares_memory, np.may_share_memory,
}  # fmt: skip
# They make a constant of an array's shape and dtype.
_CONSTANTS = {np.zeros_like, np.ones_like, np.full_like, np.empty_like}
_OF_UFUNCS = {"where": True, "casting": "same_kind", "order": "K", "dtype": None, "subok": True}
_PLAIN = (bool, int, float, str, type(None))


def trace_numpy(name: str, function: Callable[..., Any]) -> None:
    """Let `function` stand for the NumPy function ``np.<name>``, if there is one."""
    found: Any = np
    for part in name.split("."):
        found = getattr(found, part, None)
    if found is not None:
        NUMPY_FUNCTIONS[found] = function


def _array_ufunc(self: Tensor, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
    """Trace a NumPy ufunc called on tensors."""
    name = f"np.{ufunc.__name__}"
    if method != "__call__":
        _refuse(f"{name}.{method}")
    function = NUMPY_FUNCTIONS.get(ufunc) or _refuse(name)
    return _placed(function, inputs, _stated(name, function, kwargs, _OF_UFUNCS))


def _array_function(self: Tensor, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
    """Trace a NumPy function called on tensors."""
    name = f"{func.__module__.replace('numpy', 'np', 1)}.{func.__name__}"
    function = NUMPY_FUNCTIONS.get(func)
    if function is not None:
        args, kwargs = _by_name(func, args, kwargs)
        return _placed(function, args, _stated(name, function, kwargs, _parameters(func)))
    if func in _QUESTIONS:
        return func(*_data(args), **_data(kwargs))
    if func in _CONSTANTS:
        if func is np.full_like:
            _require_constant(name, *args, **kwargs)
        return tensor(func(*_data(args), **_data(kwargs)))
    return _refuse(name)


@functools.cache
def _parameters(func: Any) -> dict[str, Any]:
    """Return the names of a NumPy function's arguments, in order, with their defaults."""
    try:
        return {name: p.default for name, p in inspect.signature(func).parameters.items()}
    except ValueError:  # some of NumPy's functions in C do not say
        return {}


def _by_name(func: Any, args: Any, kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Return the arguments with those from NumPy's `out` on by name: ours have no place for it."""
    names = list(_parameters(func))
    position = names.index("out") if "out" in names else len(args)
    late = dict(zip(names[position:], args[position:], strict=False))
    return args[:position], {**late, **kwargs}


def _stated(
    name: str, function: Callable[..., Any], kwargs: dict[str, Any], defaults: dict[str, Any]
) -> dict[str, Any]:
    """Return the keyword arguments that say something: ours lack some, whose default may be given.

    Raises
    ------
    ArgumentError
        For an `out`.
    """
    if not kwargs:
        return kwargs
    if kwargs.get("out") is not None:
        raise ArgumentError(name, "no out=", "out=", "recorded arrays never change")
    ours = _parameters(function)
    return {
        key: value
        for key, value in kwargs.items()
        if key != "out"
        and value is not np._NoValue
        and (key in ours or not _same(value, defaults, key))
    }


def _same(value: Any, defaults: dict[str, Any], key: str) -> bool:
    return key in defaults and isinstance(value, _PLAIN) and bool(value == defaults[key])


def _require_constant(name: str, a: Any, fill_value: Any, *_: Any, **__: Any) -> None:
    """Refuse to make a constant of a tensor whose gradient would be lost.

    Raises
    ------
    GradientError
    """
    if isinstance(fill_value, Tensor) and fill_value.requires_grad:
        hint = "repeat it with ad.broadcast_to(fill_value, a.shape)"
        raise GradientError(name, "a number without gradient", repr(fill_value), hint)


def _data(value: Any) -> Any:
    """Return `value` with arrays in place of tensors."""
    if isinstance(value, Tensor):
        return value.data
    if isinstance(value, (tuple, list)):
        return type(value)(_data(part) for part in value)
    if isinstance(value, dict):
        return {key: _data(part) for key, part in value.items()}
    return value


def _placed(function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    # Records then name this frame; the hidden scope says where NumPy was called.
    frame = sys._getframe(2)
    site = Site(frame.f_code, frame.f_lasti)
    before = enter(ScopeEntry("numpy", tape.scope, site, hidden=True, single=True))
    try:
        return function(*args, **kwargs)
    finally:
        put_back(before)


def _refuse(name: str) -> NoReturn:
    hint = "use x.detach().numpy() to leave the trace, or write an op for it"
    raise DTypeError(name, "a function with a rule for tensors", "one without", hint)


Tensor.__array_ufunc__ = _array_ufunc  # type: ignore[attr-defined]
Tensor.__array_function__ = _array_function  # type: ignore[attr-defined]
