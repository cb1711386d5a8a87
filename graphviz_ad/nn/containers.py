"""Modules that hold others: in a chain, in a list, in a dict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self

from graphviz_ad.errors import ModuleError
from graphviz_ad.nn.module import Module

__all__ = ["ModuleDict", "ModuleList", "Sequential"]


class _Numbered(Module):
    """What a chain and a list of modules share: the modules are called by their numbers."""

    _kind = ""
    """What errors call it."""

    def append(self, module: Module) -> Self:
        """Add a module at the end, and return the container."""
        self.register_module(str(len(self._modules)), _checked(self._kind, module))
        return self

    def extend(self, modules: Iterable[Module]) -> Self:
        """Add modules at the end, and return the container."""
        for module in modules:
            self.append(module)
        return self

    def pop(self, index: int = -1) -> Module:
        """Take the module at `index` out, and return it."""
        modules = list(self)
        taken = modules.pop(index)
        self._renumber(modules)
        return taken

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(list(self._modules.values()))

    def __setitem__(self, index: int, module: Module) -> None:
        self.register_module(list(self._modules)[index], _checked(self._kind, module))

    def __delitem__(self, index: int | slice) -> None:
        modules = list(self)
        del modules[index]
        self._renumber(modules)

    def _at(self, index: int) -> Module:
        return list(self)[index]

    def _insert(self, index: int, module: Module) -> None:
        modules = list(self)
        modules.insert(index, _checked(self._kind, module))
        self._renumber(modules)

    def _renumber(self, modules: list[Module]) -> None:
        """Hold these modules, called by their numbers."""
        for name in list(self._modules):
            delattr(self, name)
        for number, module in enumerate(modules):
            self.register_module(str(number), module)


class Sequential(_Numbered):
    """A chain of modules: each is called with what the one before returned.

    Parameters
    ----------
    *modules : Module
        Or one mapping from names to modules.

    Raises
    ------
    ModuleError
        When one of them is no module.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> net = ad.nn.Sequential(ad.nn.Linear(3, 4), ad.nn.ReLU(), ad.nn.Linear(4, 1))
    >>> net([[1.0, 2.0, 3.0]]).shape
    (1, 1)
    >>> [name for name, _ in net.named_parameters()]
    ['0.weight', '0.bias', '2.weight', '2.bias']
    """

    _kind = "Sequential"

    def __init__(self, *modules: Module | Mapping[str, Module]) -> None:
        super().__init__()
        if len(modules) == 1 and isinstance(modules[0], Mapping):
            for name, module in modules[0].items():
                self.register_module(name, _checked("Sequential", module))
        else:
            for given in modules:
                self.append(_checked("Sequential", given))

    def insert(self, index: int, module: Module) -> Sequential:
        """Put a module before the one at `index`, and return the chain."""
        self._insert(index, module)
        return self

    def forward(self, input: Any) -> Any:
        """Call one module after the other."""
        for module in self._modules.values():
            input = module(input)
        return input

    def __getitem__(self, index: int | slice) -> Module:
        return _slice_of(self, index) if isinstance(index, slice) else self._at(index)

    def __add__(self, other: Sequential) -> Sequential:
        if not isinstance(other, Sequential):
            return NotImplemented
        return Sequential(*self, *other)


class ModuleList(_Numbered):
    """A list of modules, whose parameters count as the owner's. It is not called itself.

    Parameters
    ----------
    modules : iterable of Module

    Raises
    ------
    ModuleError
        When one of them is no module.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> layers = ad.nn.ModuleList([ad.nn.Linear(2, 2), ad.nn.Linear(2, 1)])
    >>> len(layers), layers[-1].weight.shape
    (2, (1, 2))
    """

    _kind = "ModuleList"

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        super().__init__()
        self.extend(modules)

    def insert(self, index: int, module: Module) -> None:
        """Put a module before the one at `index`."""
        self._insert(index, module)

    def __getitem__(self, index: int | slice) -> Module:
        if isinstance(index, slice):
            part = ModuleList()
            part.__dict__["_modules"].update(
                (str(i), m) for i, m in enumerate(list(self._modules.values())[index])
            )
            return part
        return self._at(index)

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList([*self, *other])

    def register_module(self, name: str, module: Module | None) -> None:
        """Register a submodule; in a trace it is called by the list's name and its own."""
        super().register_module(name, module)
        _name_children(self)

    def _take_name(self, name: str) -> None:
        super()._take_name(name)
        _name_children(self)


class ModuleDict(Module):
    """A dict of modules, whose parameters count as the owner's. It is not called itself.

    Parameters
    ----------
    modules : mapping of str to Module

    Raises
    ------
    ModuleError
        When one of them is no module.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> heads = ad.nn.ModuleDict({"mean": ad.nn.Linear(2, 1), "scale": ad.nn.Linear(2, 1)})
    >>> list(heads)
    ['mean', 'scale']
    """

    def __init__(self, modules: Mapping[str, Module] | None = None) -> None:
        super().__init__()
        self.update(modules or {})

    def keys(self) -> Iterable[str]:
        """Return the names."""
        return list(self._modules)

    def values(self) -> Iterable[Module]:
        """Return the modules."""
        return list(self._modules.values())

    def items(self) -> Iterable[tuple[str, Module]]:
        """Return the names with their modules."""
        return list(self._modules.items())

    def update(self, modules: Mapping[str, Module]) -> None:
        """Take the modules of a mapping."""
        for name, module in modules.items():
            self[name] = module

    def pop(self, name: str) -> Module:
        """Take a module out, and return it."""
        module = self[name]
        del self[name]
        return module

    def clear(self) -> None:
        """Take all modules out."""
        for name in list(self._modules):
            del self[name]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __contains__(self, name: object) -> bool:
        return name in self._modules

    def __getitem__(self, name: str) -> Module:
        module: Module = self._modules[name]
        return module

    def __setitem__(self, name: str, module: Module) -> None:
        if hasattr(type(self), name) or name in ("training", "_parameters"):
            hint = "it is an attribute of every ModuleDict"
            raise ModuleError("ModuleDict", "another name", repr(name), hint)
        self.register_module(name, _checked("ModuleDict", module))
        _name_children(self)

    def __delitem__(self, name: str) -> None:
        delattr(self, name)

    def _take_name(self, name: str) -> None:
        super()._take_name(name)
        _name_children(self)


def _checked(function: str, module: Any) -> Module:
    if not isinstance(module, Module):
        hint = "wrap a function in a Module, or give an instance instead of its class"
        raise ModuleError(function, "modules", repr(module), hint)
    return module


def _slice_of(chain: Sequential, index: slice) -> Sequential:
    """Return a chain of some of the modules, which keep the names they are known by."""
    part = Sequential()
    for name, module in list(chain._modules.items())[index]:
        part.register_module(name, module)
    return part


def _name_children(container: Module) -> None:
    """Call the modules of a container, which opens no scope itself, by its name and theirs."""
    for name, module in container._modules.items():
        module._take_name(f"{container.path}.{name}")
