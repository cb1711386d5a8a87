"""Modules that hold parameters: in a list, in a dict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from graphviz_ad.engine.tensor import Tensor, parameter
from graphviz_ad.errors import ModuleError
from graphviz_ad.nn.module import Module

__all__ = ["ParameterDict", "ParameterList"]


class ParameterList(Module):
    """A list of parameters, which count as the owner's.

    Parameters
    ----------
    values : iterable of array_like
        What is no tensor becomes a parameter.

    Raises
    ------
    ModuleError
        For a tensor that is no leaf with a gradient.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> weights = ad.nn.ParameterList([[1.0, 2.0], [3.0]])
    >>> [(name, w.shape) for name, w in weights.named_parameters()]
    [('0', (2,)), ('1', (1,))]
    """

    def __init__(self, values: Iterable[Any] = ()) -> None:
        super().__init__()
        self.extend(values)

    def append(self, value: Any) -> ParameterList:
        """Add a parameter at the end, and return the list."""
        self.register_parameter(str(len(self)), as_parameter("ParameterList", value))
        return self

    def extend(self, values: Iterable[Any]) -> ParameterList:
        """Add parameters at the end, and return the list."""
        for value in values:
            self.append(value)
        return self

    def __len__(self) -> int:
        return len(self._parameters)

    def __iter__(self) -> Iterator[Tensor]:
        return iter(list(self._parameters.values()))

    def __getitem__(self, index: int) -> Tensor:
        found: Tensor = list(self._parameters.values())[index]
        return found

    def __setitem__(self, index: int, value: Any) -> None:
        name = list(self._parameters)[index]
        self.register_parameter(name, as_parameter("ParameterList", value))

    def extra_repr(self) -> str:
        """Return the shapes."""
        return ", ".join(str(value.shape) for value in self)


class ParameterDict(Module):
    """A dict of parameters, which count as the owner's.

    Parameters
    ----------
    parameters : mapping of str to array_like
        What is no tensor becomes a parameter.

    Raises
    ------
    ModuleError
        For a tensor that is no leaf with a gradient, or the name of an attribute.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> weights = ad.nn.ParameterDict({"left": [1.0], "right": [2.0]})
    >>> [name for name, _ in weights.named_parameters()]
    ['left', 'right']
    """

    def __init__(self, parameters: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        self.update(parameters or {})

    def update(self, parameters: Mapping[str, Any]) -> None:
        """Take the parameters of a mapping."""
        for name, value in parameters.items():
            self[name] = value

    def keys(self) -> Iterable[str]:
        """Return the names."""
        return list(self._parameters)

    def values(self) -> Iterable[Tensor]:
        """Return the parameters."""
        return list(self._parameters.values())

    def items(self) -> Iterable[tuple[str, Tensor]]:
        """Return the names with their parameters."""
        return list(self._parameters.items())

    def pop(self, name: str) -> Tensor:
        """Take a parameter out, and return it."""
        value = self[name]
        del self[name]
        return value

    def __len__(self) -> int:
        return len(self._parameters)

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __contains__(self, name: object) -> bool:
        return name in self._parameters

    def __getitem__(self, name: str) -> Tensor:
        value: Tensor = self._parameters[name]
        return value

    def __setitem__(self, name: str, value: Any) -> None:
        if hasattr(type(self), name) or name in ("training", "_parameters"):
            hint = "it is an attribute of every ParameterDict"
            raise ModuleError("ParameterDict", "another name", repr(name), hint)
        self.register_parameter(name, as_parameter("ParameterDict", value))

    def __delitem__(self, name: str) -> None:
        delattr(self, name)

    def extra_repr(self) -> str:
        """Return the names and shapes."""
        return ", ".join(f"{name}: {value.shape}" for name, value in self.items())


def as_parameter(function: str, value: Any) -> Tensor:
    """Return a leaf that requires a gradient, a new one for what is no tensor.

    Raises
    ------
    ModuleError
        For another tensor.
    """
    if not isinstance(value, Tensor):
        return parameter(value)
    if not (value.is_leaf and value.requires_grad):
        raise ModuleError(function, "leaves that require a gradient", repr(value), "ad.parameter")
    return value
