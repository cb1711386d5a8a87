"""What lies below a module: its submodules, parameters and buffers, by path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from graphviz_ad.engine.tensor import Tensor
from graphviz_ad.errors import ModuleError

if TYPE_CHECKING:
    from graphviz_ad.nn.module import Module

__all__ = ["Tree"]


class Tree:
    """The part of `graphviz_ad.nn.Module` that walks over what it holds."""

    path: Any
    _not_initialised: Any
    _modules: dict[str, Any]

    def named_modules(
        self, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """Yield this module and all below it with their paths, each module once if asked to."""
        if "_parameters" not in self.__dict__:
            raise self._not_initialised("be asked what it holds")
        seen: set[Module] = set()
        stack: list[tuple[str, Any]] = [(prefix, self)]
        while stack:
            path, module = stack.pop()
            if remove_duplicate and module in seen:
                continue
            seen.add(module)
            yield path, module
            below = [(f"{path}.{n}" if path else n, m) for n, m in module._modules.items()]
            stack.extend(reversed(below))

    def modules(self) -> Iterator[Module]:
        """Yield this module and all below it, each once."""
        return (module for _, module in self.named_modules())

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """Yield the submodules with their names."""
        yield from self._modules.items()

    def children(self) -> Iterator[Module]:
        """Yield the submodules."""
        yield from self._modules.values()

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """Yield every parameter with its path; one that is shared comes once.

        Parameters
        ----------
        prefix : str
            Put before all paths.
        recurse : bool
            Whether those of the modules below come, too.
        remove_duplicate : bool
            Whether one that is shared comes once.
        """
        seen: set[int] = set()
        for path, leaf in self._named("_parameters", prefix, recurse, remove_duplicate):
            if not remove_duplicate or leaf.id not in seen:
                seen.add(leaf.id)
                yield path, leaf

    def parameters(self, recurse: bool = True) -> Iterator[Tensor]:
        """Yield every parameter, each once."""
        return (leaf for _, leaf in self.named_parameters(recurse=recurse))

    def get_submodule(self, target: str) -> Module:
        """Return the submodule at a path such as ``"encoder.0"``; the module itself for ``""``.

        Raises
        ------
        ModuleError
            When there is none.
        """
        module: Any = self
        for name in target.split(".") if target else ():
            if name not in module._modules:
                got = f"{name!r} of {target!r} in {module.path}"
                hint = f"it has {', '.join(module._modules) or 'none'}"
                raise ModuleError("get_submodule", "the path of a submodule", got, hint)
            module = module._modules[name]
        found: Module = module
        return found

    def get_parameter(self, target: str) -> Tensor:
        """Return the parameter at a path such as ``"encoder.0.weight"``.

        Raises
        ------
        ModuleError
            When there is none.
        """
        return self._get("get_parameter", "_parameters", target)

    def get_buffer(self, target: str) -> Tensor:
        """Return the buffer at a path such as ``"norm.running_mean"``.

        Raises
        ------
        ModuleError
            When there is none.
        """
        return self._get("get_buffer", "_buffers", target)

    def _get(self, function: str, kind: str, target: str) -> Tensor:
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        found: Tensor | None = module.__dict__[kind].get(name)
        if found is None:
            known = [n for n, value in module.__dict__[kind].items() if value is not None]
            got = f"{name!r} of {target!r} in {module.path}"
            expected = f"the path of a {kind.strip('_')[:-1]}"
            raise ModuleError(function, expected, got, f"it has {', '.join(known) or 'none'}")
        return found

    def named_buffers(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, Tensor]]:
        """Yield every buffer with its path."""
        return self._named("_buffers", prefix, recurse)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """Yield every buffer."""
        return (leaf for _, leaf in self.named_buffers(recurse=recurse))

    def _named(
        self, kind: str, prefix: str = "", recurse: bool = True, once: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        for path, module in self.named_modules(prefix, once) if recurse else [(prefix, self)]:
            for name, value in module.__dict__[kind].items():
                if value is not None:
                    yield (f"{path}.{name}" if path else name), value
