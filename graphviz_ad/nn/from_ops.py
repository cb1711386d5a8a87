"""Modules made from ops: what is an option of the function becomes one of the module."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any, ClassVar

from graphviz_ad.engine.op import REGISTRY
from graphviz_ad.errors import ArgumentError, OpDefinitionError
from graphviz_ad.nn.module import Module
from graphviz_ad.ops import FUNCTIONS

__all__ = ["OpModule", "from_op"]

_OMITTED = ("dtype", "rng", "mask")
_MODULE_NAMES = {"axis": "dim"}
"""PyTorch's word for an argument of the function that keeps NumPy's."""

_ALIAS_NOTE = re.compile(r";\s+`dim` is another name for it")
_SECTION = re.compile(r"^(\w+)\n-+\n", re.MULTILINE)


class OpModule(Module):
    """Base class of the modules that apply one op with fixed options; see `from_op`.

    Attributes
    ----------
    op : str
        The public function that ``forward`` calls.
    """

    op: ClassVar[str]
    _single: ClassVar[bool] = True
    _function: ClassVar[Any]
    _signature: ClassVar[inspect.Signature]
    _arguments: ClassVar[Mapping[str, str]]  # option of the module -> argument of the function
    _arrays: ClassVar[frozenset[str]]  # options that are arrays, and buffers therefore

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()
        if "inplace" in kwargs and kwargs.pop("inplace"):
            hint = "leave it out: arrays that were recorded never change"
            raise ArgumentError(type(self).__name__, "inplace=False", "inplace=True", hint)
        try:
            bound = self._signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{type(self).__name__}{self._signature}: {error}") from None
        bound.apply_defaults()
        for name, value in bound.arguments.items():
            if name in self._arrays:
                self.register_buffer(name, value)
            else:
                setattr(self, name, value)
        self._options()

    def forward(self, *inputs: Any) -> Any:
        """Apply the op."""
        return self._function(*inputs, **self._options())

    def _options(self) -> dict[str, Any]:
        fields = self.__dict__
        return {argument: fields[name] for name, argument in self._arguments.items()}

    def extra_repr(self) -> str:
        """Return the options that differ from their defaults."""
        given = []
        for name, parameter in self._signature.parameters.items():
            value = self.__dict__[name]
            if name in self._arrays:
                given += [] if value is None else [f"{name}={value.shape}"]
            elif parameter.default is inspect.Parameter.empty or value != parameter.default:
                given.append(f"{name}={value!r}")
        return ", ".join(given)


def from_op(name: str, op: str, **defaults: Any) -> type[OpModule]:
    """Return a module class that applies `op`.

    The arrays that the function requires are what the module is called with. Its other
    arguments are the module's options; optional arrays become buffers.

    Parameters
    ----------
    name : str
        Of the class.
    op : str
        Of the function.
    **defaults
        Options whose defaults differ from the function's.

    Raises
    ------
    OpDefinitionError
        For an option that the function does not have.

    Examples
    --------
    >>> from graphviz_ad.nn.from_ops import from_op
    >>> Clip = from_op("Clip", "hardtanh", min_val=0.0)
    >>> Clip(max_val=2.0), Clip(max_val=2.0)(3.0).item()
    (Clip(max_val=2.0), 2.0)
    """
    page = REGISTRY[op]
    function = FUNCTIONS[op]
    parameters = inspect.signature(function).parameters
    empty = inspect.Parameter.empty
    required = [i for i in page.inputs if parameters[i].default is empty]
    arguments, options = {}, []
    for argument, parameter in parameters.items():
        if argument in required or argument in _OMITTED:
            continue
        known = argument in page.aliases.values()
        option = _MODULE_NAMES.get(argument, argument) if known else argument
        arguments[option] = argument
        default = defaults.pop(option, parameter.default)
        options.append(
            inspect.Parameter(option, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default)
        )
    if defaults:
        raise OpDefinitionError(name, f"options of {op}", ", ".join(sorted(defaults)))
    members = {
        "op": op,
        "__doc__": _docstring(page, required, arguments),
        "__module__": "graphviz_ad.nn",
        "__qualname__": name,
        "__signature__": inspect.Signature(options),
        "_function": staticmethod(function),
        "_signature": inspect.Signature(options),
        "_arguments": arguments,
        "_arrays": frozenset(o for o, a in arguments.items() if a in page.inputs),
    }
    return type(name, (OpModule,), members)


def _docstring(page: Any, required: list[str], arguments: Mapping[str, str]) -> str:
    """Return the docstring of a module: the page's, with the arrays as inputs of the call."""
    text = _ALIAS_NOTE.sub("", inspect.getdoc(page) or "")
    pieces = _SECTION.split(text)
    sections = dict(zip(pieces[1::2], pieces[2::2], strict=True))
    entries = _entries(sections.get("Parameters", ""))
    kept = [(n, body) for n, body in entries if n not in required and n not in _OMITTED]
    renamed = {argument: option for option, argument in arguments.items()}
    parts = [
        pieces[0].strip(),
        f"Module form of `graphviz_ad.{page.name}`, called with {_words(required)}.",
    ]
    listed = "\n".join(f"{renamed.get(n, n)}{body}" for n, body in kept)
    for title, body in [("Parameters", listed), *sections.items()]:
        wanted = title in ("Raises", "Notes") or (title == "Parameters" and body is listed)
        if wanted and body.strip():
            parts.append(f"{title}\n{'-' * len(title)}\n{body.strip()}")
    return "\n\n".join(parts)


def _entries(section: str) -> list[tuple[str, str]]:
    """Split a section of parameters into each one's name and the text after it."""
    found: list[tuple[str, str]] = []
    for line in section.strip().splitlines():
        if line and not line.startswith(" "):
            names, colon, kind = line.partition(" : ")
            found += [(name.strip(), f"{colon}{kind}") for name in names.split(",")]
        elif found:
            found[-1] = (found[-1][0], f"{found[-1][1]}\n{line}")
    return found


def _words(names: list[str]) -> str:
    return " and ".join(f"`{name}`" for name in names)
