"""From the op registry to what people call: functions, methods, operators, NumPy's protocols."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from graphviz_ad.engine.apply import apply, binary_operator
from graphviz_ad.engine.methods import attribute, spread_method
from graphviz_ad.engine.op import REGISTRY, Op
from graphviz_ad.engine.tape import ScopeEntry, Site, tape
from graphviz_ad.engine.tensor import Tensor
from graphviz_ad.errors import ArgumentError, DTypeError

__all__ = ["NUMPY_FUNCTIONS", "composite", "install_methods", "public_function"]

NUMPY_FUNCTIONS: dict[Any, Callable[..., Any]] = {}
"""The traced function that stands for each NumPy function called on tensors."""

_F = TypeVar("_F", bound=Callable[..., Any])
_PLAIN = (int, float, str, bool, type(None))


def public_function(op: type[Op]) -> Callable[..., Any]:
    """Make the public function of `op`, with the signature that its page implies.

    Array arguments come first, then the parameters by position or keyword. An op
    over a sequence of arrays takes the sequence as its first argument.
    """
    defaults: dict[str, Any] = {}
    head = [op.inputs[0]] if op.variadic else _array_arguments(op, defaults)
    tail = []
    for name, parameter in op.params.items():
        tail.append(_with_default(name, parameter.default, defaults))
    operands = f"tuple({op.inputs[0]})" if op.variadic else f"({', '.join(op.inputs)},)"
    params = "{" + ", ".join(f"{name!r}: {name}" for name in op.params) + "}"
    # Text, as dataclasses and namedtuples are made: an exact signature, and no
    # binding of *args at every call.
    lines = [
        f"def {op.name}({', '.join([*head, *tail])}):",
        f"    return _apply(_op, {operands}, {params})",
    ]
    namespace = {"_apply": apply, "_op": op, **defaults}
    exec(compile("\n".join(lines), f"<graphviz_ad op {op.name}>", "exec"), namespace)
    function: Callable[..., Any] = namespace[op.name]
    if op.aliases:
        function = _with_aliases(function, op)
    function.__module__ = op.__module__
    function.__qualname__ = op.name
    function.__doc__ = inspect.getdoc(op)
    function.op = op  # type: ignore[attr-defined]
    return function


def _array_arguments(op: type[Op], defaults: dict[str, Any]) -> list[str]:
    parameters = inspect.signature(op.forward).parameters
    return [_with_default(name, parameters[name].default, defaults) for name in op.inputs]


def _with_default(name: str, default: Any, defaults: dict[str, Any]) -> str:
    if default is inspect.Parameter.empty:
        return name
    if isinstance(default, _PLAIN):
        return f"{name}={default!r}"
    defaults[f"_default_{name}"] = default
    return f"{name}=_default_{name}"


def _with_aliases(function: Callable[..., Any], op: type[Op]) -> Callable[..., Any]:
    signature = inspect.signature(function)

    def aliased(*args: Any, **kwargs: Any) -> Any:
        for alias, name in op.aliases.items():
            if alias in kwargs:
                if name in kwargs:
                    raise ArgumentError(op.name, f"{name} or {alias}", "both")
                kwargs[name] = kwargs.pop(alias)
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        if op.variadic:
            operands = tuple(bound.arguments[op.inputs[0]])
        else:
            operands = tuple(bound.arguments[name] for name in op.inputs)
        return apply(op, operands, {name: bound.arguments[name] for name in op.params})

    aliased.__name__ = op.name
    aliased.__signature__ = signature  # type: ignore[attr-defined]
    return aliased


def composite(function: _F) -> _F:
    """Mark a public function that is made of several ops, so that they are placed at its caller."""

    @functools.wraps(function)
    def placed(*args: Any, **kwargs: Any) -> Any:
        frame = sys._getframe(1)
        before = tape.scope
        site = Site(frame.f_code, frame.f_lasti)
        tape.scope = ScopeEntry(function.__name__, before, site, hidden=True)
        try:
            return function(*args, **kwargs)
        finally:
            tape.scope = before

    return placed  # type: ignore[return-value]


def install_methods(functions: dict[str, Callable[..., Any]]) -> None:
    """Give Tensor its operators and methods, and NumPy's functions their traced ones."""
    for op in REGISTRY.values():
        if op.operator and len(op.inputs) == 2:
            setattr(Tensor, f"__{op.operator}__", binary_operator(op, swapped=False))
            setattr(Tensor, f"__r{op.operator}__", binary_operator(op, swapped=True))
        elif op.operator:
            setattr(Tensor, f"__{op.operator}__", functions[op.name])
        if op.method:
            function = functions[op.name]
            setattr(Tensor, op.name, spread_method(op, function) if op.spread else function)
        for name, params in op.attributes.items():
            setattr(Tensor, name, attribute(op, params))
        for name in op.numpy or (op.name,):
            found = _numpy_function(name)
            if found is not None:
                NUMPY_FUNCTIONS[found] = functions[op.name]


def _numpy_function(name: str) -> Any:
    found: Any = np
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def _array_ufunc(self: Tensor, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
    """Trace a NumPy ufunc called on tensors."""
    function = NUMPY_FUNCTIONS.get(ufunc)
    if function is None or method != "__call__":
        _refuse_numpy(f"np.{ufunc.__name__}" + ("" if method == "__call__" else f".{method}"))
    if "out" in kwargs:
        raise ArgumentError(f"np.{ufunc.__name__}", "no out=", "out=", "recorded arrays never change")
    return _placed(function, inputs, kwargs)


def _array_function(self: Tensor, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
    """Trace a NumPy function called on tensors."""
    function = NUMPY_FUNCTIONS.get(func)
    if function is None:
        _refuse_numpy(f"{func.__module__.replace('numpy', 'np')}.{func.__name__}")
    if kwargs.get("out") is not None:
        raise ArgumentError(f"np.{func.__name__}", "no out=", "out=", "recorded arrays never change")
    return _placed(function, args, kwargs)


def _placed(function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    # Records then name this frame; the hidden scope says where NumPy was called.
    frame = sys._getframe(2)
    before = tape.scope
    site = Site(frame.f_code, frame.f_lasti)
    tape.scope = ScopeEntry("numpy", before, site, hidden=True, single=True)
    try:
        return function(*args, **kwargs)
    finally:
        tape.scope = before


def _refuse_numpy(name: str) -> None:
    hint = "use x.detach().numpy() to leave the trace, or write an op for it"
    raise DTypeError(name, "a function with a rule for tensors", "one without", hint)


Tensor.__array_ufunc__ = _array_ufunc  # type: ignore[attr-defined]
Tensor.__array_function__ = _array_function  # type: ignore[attr-defined]
