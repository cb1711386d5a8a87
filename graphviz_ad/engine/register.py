"""From the op registry to what people call: functions, methods and operators."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Iterable
from typing import Any, NoReturn, TypeVar

import numpy as np

from graphviz_ad.engine.apply import apply, binary_operator, unary_function
from graphviz_ad.engine.backward import backward
from graphviz_ad.engine.methods import attribute, spread_method
from graphviz_ad.engine.op import REGISTRY, Op
from graphviz_ad.engine.protocols import trace_numpy
from graphviz_ad.engine.tape import ScopeEntry, Site, enter, put_back, tape
from graphviz_ad.engine.tensor import Tensor
from graphviz_ad.errors import ArgumentError, DTypeError, OpDefinitionError

__all__ = ["COMPOSITES", "composite", "install_methods", "public_function"]

COMPOSITES: dict[str, Callable[..., Any]] = {}
"""The public functions that are made of several ops, by name; see `composite`."""

_MIRRORED = ("lt", "le", "eq", "ne", "ge", "gt")
"""Operators whose reflection is another of them, not a method of its own."""

_INSTEAD = {
    "out": "recorded arrays never change",
    "where": "choose first, with x[mask] or ad.where(mask, x, 0)",
    "dtype": "convert first, with .astype(dtype)",
    "inplace": "recorded arrays never change",
    "initial": "add it to the result, or take ad.maximum or ad.minimum with it",
}
"""What to do instead of giving arguments that NumPy's functions have and ours do not."""

_F = TypeVar("_F", bound=Callable[..., Any])
_EMPTY = inspect.Parameter.empty
_PLAIN = (int, float, str, bool, type(None))


class _Missing:
    """Stands for an argument that was given under none of its names."""


def public_function(op: type[Op]) -> Callable[..., Any]:
    """Make the public function of `op`, with the signature that its page implies.

    Array arguments come first, then the parameters by position or keyword, unless the
    page gives another order. An op over a sequence takes it as its first argument,
    or one by one where the order says ``*operands``.
    """
    parameters = dict(inspect.signature(op.forward).parameters)
    del parameters["xp"]
    # The sequence argument is a plain one here, and has no default.
    order = list(op.order or (*op.inputs, *op.params))
    names = [name.lstrip("*") for name in order]
    defaults = {name: parameters[name].default for name in names}
    aliased = [name for name in names if name in op.aliases.values()]
    # A required argument may come under another name, or behind one with a default: Python
    # cannot find that it is missing, the function does.
    given_or_not = (i for i, n in enumerate(names) if n in aliased or defaults[n] is not _EMPTY)
    first = next(given_or_not, len(names))
    required = [n for n in names[first:] if defaults[n] is _EMPTY]
    head = ", ".join(
        name if name[0] == "*" else _argument(name, defaults[name], name in required)
        for name in order
    )
    operands = f"tuple({op.inputs[0]})" if op.variadic else f"({', '.join(op.inputs)},)"
    params = _named(op.params)
    given = "{" + ", ".join(f"{name!r}: {name}" for name in aliased) + "}"
    one = unary_function(op)
    turned, other = [], None
    if op.variant:
        flag, default, other_name = op.variant
        head, other = f"{head}, {flag}={default}", REGISTRY[other_name]
        given_to = _named(n for n in op.params if n in other.params)
        condition = f"not {flag}" if default else flag
        turned = [f"    if {condition}: return _apply(_other, {operands}, {given_to})"]
        order, defaults = [*order, flag], {**defaults, flag: default}
    # Text, as dataclasses and namedtuples are made: an exact signature, and no
    # binding of *args at every call.
    lines = [
        f"def {op.name}({head}, **_others):",
        "    if _others:",
        f"        {'[' + ', '.join(aliased) + '] = '}_rename(_op, {given}, _others)",
        *[f"    if {name} is _Missing: _lacks(_op, {name!r})" for name in required],
        *["    if dtype is not None: _require_real(_op, dtype)"] * ("dtype" in op.params),
        *turned,
        f"    return _one({names[0]})" if one else f"    return _apply(_op, {operands}, {params})",
    ]
    values = {f"_default_{name}": value for name, value in defaults.items()}
    namespace = {
        "_apply": apply, "_one": one, "_op": op, "_other": other, "_rename": _rename,
        "_lacks": _lacks, "_require_real": _require_real, "_Missing": _Missing, **values,
    }  # fmt: skip
    exec(compile("\n".join(lines), f"<graphviz_ad op {op.name}>", "exec"), namespace)
    function: Callable[..., Any] = namespace[op.name]
    function.__signature__ = _signature(order, defaults)  # type: ignore[attr-defined]
    function.__module__ = op.__module__
    function.__qualname__ = op.name
    function.__doc__ = inspect.getdoc(op)
    function.op = op  # type: ignore[attr-defined]
    return function


def _named(names: Iterable[str]) -> str:
    """Return the text of a dict of arguments by name."""
    return "{" + ", ".join(f"{name!r}: {name}" for name in names) + "}"


def _signature(order: list[str], defaults: dict[str, Any]) -> inspect.Signature:
    parameters = []
    kind: Any = inspect.Parameter.POSITIONAL_OR_KEYWORD
    for name in order:
        if name[0] == "*":
            parameters.append(inspect.Parameter(name[1:], inspect.Parameter.VAR_POSITIONAL))
            kind = inspect.Parameter.KEYWORD_ONLY
        else:
            parameters.append(inspect.Parameter(name, kind, default=defaults[name]))
    return inspect.Signature(parameters)


def _argument(name: str, default: Any, checked: bool) -> str:
    """Return the text of one argument; a `checked` one is found missing by the function itself."""
    if checked:
        return f"{name}=_Missing"
    if default is _EMPTY:
        return name
    if isinstance(default, _PLAIN):
        return f"{name}={default!r}"
    return f"{name}=_default_{name}"


def _rename(op: type[Op], given: dict[str, Any], others: dict[str, Any]) -> list[Any]:
    """Return the values of `given`, with those in `others` under another name in their place."""
    defaults = {name: p.default for name, p in op.params.items()}
    for other, value in others.items():
        name = op.aliases.get(other)
        if name is None:
            expected = ", ".join([*op.inputs, *op.params, *op.aliases])
            raise ArgumentError(
                op.name, f"arguments {expected}", f"{other}=", _INSTEAD.get(other, "")
            )
        if given[name] is not defaults.get(name) and given[name] is not _Missing:
            raise ArgumentError(op.name, f"{name} or {other}", "both")
        given[name] = value
    return list(given.values())


def _require_real(op: type[Op], dtype: Any) -> None:
    """Refuse a dtype that is none of real numbers, integers and booleans."""
    try:
        kind = np.dtype(dtype).kind
    except TypeError:
        kind = ""
    if kind not in "fiub" or not kind:
        raise DTypeError(op.name, "a dtype of real numbers", f"dtype={dtype!r}")


def _lacks(op: type[Op], name: str) -> NoReturn:
    raise ArgumentError(op.name, f"argument {name}", "none")


def composite(function: _F) -> _F:
    """Register a public function that is made of several ops, which are placed at its caller.

    It stands for NumPy's function of the same name where there is one. It may
    not hide an op.

    Raises
    ------
    OpDefinitionError
        When an op has the name.
    """
    name = function.__name__

    @functools.wraps(function)
    def placed(*args: Any, **kwargs: Any) -> Any:
        frame = sys._getframe(1)
        site = Site(frame.f_code, frame.f_lasti)
        before = enter(ScopeEntry(name, tape.scope, site, hidden=True))
        try:
            return function(*args, **kwargs)
        finally:
            put_back(before)

    if name in REGISTRY:
        raise OpDefinitionError(name, "a name of its own", "an op's", "choose another name")
    COMPOSITES[name] = placed
    return placed  # type: ignore[return-value]


def install_methods(functions: dict[str, Callable[..., Any]]) -> None:
    """Give Tensor its operators and methods, and NumPy's functions their traced ones."""
    Tensor._send_back = backward
    for op in REGISTRY.values():
        function = functions[op.name]
        if op.operator and len(op.inputs) == 2:
            setattr(Tensor, f"__{op.operator}__", binary_operator(op, swapped=False))
            if op.operator not in _MIRRORED:
                setattr(Tensor, f"__r{op.operator}__", binary_operator(op, swapped=True))
        elif op.operator:
            setattr(Tensor, f"__{op.operator}__", function)
        if op.method:
            setattr(Tensor, op.name, spread_method(op, function) if op.spread else function)
        for name, params in op.attributes.items():
            setattr(Tensor, name, attribute(op, params))
        for name in op.numpy or (op.name,):
            trace_numpy(name, function)
    for name, function in COMPOSITES.items():
        trace_numpy(name, function)
