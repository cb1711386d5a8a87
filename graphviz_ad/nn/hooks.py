"""Hooks on modules: functions that are called before, after and on the way back through one."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import partial
from typing import Any

from graphviz_ad.engine.tensor import Tensor
from graphviz_ad.errors import ModuleError
from graphviz_ad.ops import FUNCTIONS

__all__ = ["Hookable", "ModuleHooks", "RemovableHandle"]

Hook = Callable[..., Any]

_alias = FUNCTIONS["positive"]


class RemovableHandle:
    """What registering a hook returns: it removes the hook, also as a context manager."""

    def __init__(self, hooks: dict[int, Any], key: int) -> None:
        self._hooks, self._key = hooks, key

    def remove(self) -> None:
        """Take the hook off; nothing happens where it is off already."""
        self._hooks.pop(self._key, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


class ModuleHooks:
    """The hooks of one module, each kind in the order of registration."""

    def __init__(self) -> None:
        self.before: dict[int, tuple[Hook, bool]] = {}
        self.after: dict[int, tuple[Hook, bool]] = {}
        self.backward: dict[int, tuple[Hook, bool]] = {}
        self._next = 0

    def add(self, kind: str, hook: Hook, with_kwargs: bool, prepend: bool) -> RemovableHandle:
        """Register a hook of a kind: before, after or backward."""
        hooks: dict[int, tuple[Hook, bool]] = getattr(self, kind)
        key = self._next
        self._next += 1
        others = dict(hooks) if prepend else {}
        if prepend:
            hooks.clear()
        hooks[key] = hook, with_kwargs
        hooks.update(others)
        return RemovableHandle(hooks, key)

    def run(self, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call the module's ``forward`` with its hooks."""
        for hook, with_kwargs in list(self.before.values()):
            result = hook(module, args, kwargs) if with_kwargs else hook(module, args)
            if result is not None and with_kwargs:
                args, kwargs = result
            elif result is not None:
                args = result if isinstance(result, tuple) else (result,)
        passing = _Passing(module, list(self.backward.values())) if self.backward else None
        if passing is not None:
            args = passing.watch_inputs(args)
        output = module.forward(*args, **kwargs)
        for hook, with_kwargs in list(self.after.values()):
            given = (args, kwargs, output) if with_kwargs else (args, output)
            result = hook(module, *given)
            output = output if result is None else result
        if passing is not None:
            passing.watch_outputs(output)
        return output


class Hookable:
    """The part of `graphviz_ad.nn.Module` that registers hooks."""

    _not_initialised: Callable[[str], Exception]

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Have ``hook(module, args)`` called before ``forward``; it may return other arguments.

        Parameters
        ----------
        hook : callable
        prepend : bool
            Whether it comes before those that are there.
        with_kwargs : bool
            Whether it is ``hook(module, args, kwargs)``, and returns both or None.

        Returns
        -------
        RemovableHandle
            Its ``remove()`` takes the hook off; it is a context manager, too.
        """
        return self._hooks_of_its_own().add("before", hook, with_kwargs, prepend)

    def register_forward_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Have ``hook(module, args, output)`` called after ``forward``.

        It may return another output.

        Parameters
        ----------
        hook : callable
        prepend : bool
            Whether it comes before those that are there.
        with_kwargs : bool
            Whether it is ``hook(module, args, kwargs, output)``.

        Returns
        -------
        RemovableHandle
            As of `register_forward_pre_hook`.

        Examples
        --------
        >>> import graphviz_ad as ad
        >>> shapes = []
        >>> layer = ad.nn.Linear(3, 2)
        >>> handle = layer.register_forward_hook(lambda m, args, y: shapes.append(y.shape))
        >>> y = layer([[1.0, 2.0, 3.0]])
        >>> handle.remove()
        >>> shapes
        [(1, 2)]
        """
        return self._hooks_of_its_own().add("after", hook, with_kwargs, prepend)

    def register_full_backward_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Have ``hook(module, grad_input, grad_output)`` called when a backward pass went through.

        Both are tuples: what the module sends to its positional arguments (None for those
        without a gradient), and what arrived at its outputs. It may return another
        gradient of the input, if there is one only.

        Parameters
        ----------
        hook : callable
        prepend : bool
            Whether it comes before those that are there.

        Returns
        -------
        RemovableHandle
            As of `register_forward_pre_hook`.

        Raises
        ------
        ModuleError
            In the backward pass, for another gradient where several inputs have one.
        """
        return self._hooks_of_its_own().add("backward", hook, False, prepend)

    def _hooks_of_its_own(self) -> ModuleHooks:
        fields = self.__dict__
        if "_parameters" not in fields:
            raise self._not_initialised("be given a hook")
        hooks: ModuleHooks = fields.setdefault("_hooks", ModuleHooks())
        return hooks


class _Passing:
    """One call of a module whose backward hooks wait for the gradients of its ends.

    It holds gradients only while they wait, and no tensor, so that graphs are freed as ever.
    """

    def __init__(self, module: Any, hooks: list[tuple[Hook, bool]]) -> None:
        # Tensors hold it by their hooks: it may not keep the module, and what that holds, alive.
        self.module = weakref.ref(module)
        self.hooks = [hook for hook, _ in hooks]
        self.into: list[Tensor | None] = []
        self.out_of: list[Tensor | None] = []
        self.awaited = 0
        self.arrived = 0

    def watch_inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the arguments with an alias for each tensor that requires a gradient.

        What arrives at the alias came through this module only.
        """
        watched = []
        for slot, arg in enumerate(args):
            if isinstance(arg, Tensor) and arg.requires_grad:
                arg = _alias(arg)
                arg.register_hook(partial(self._into, slot))
                self.awaited += 1
            watched.append(arg)
        self.into = [None] * len(args)
        return tuple(watched)

    def watch_outputs(self, output: Any) -> None:
        """Note the gradients of the outputs as they arrive."""
        outputs = output if isinstance(output, (tuple, list)) else (output,)
        self.out_of = [None] * len(outputs)
        for slot, part in enumerate(outputs):
            if isinstance(part, Tensor) and part.requires_grad:
                part.register_hook(partial(self._out_of, slot))

    def _out_of(self, slot: int, gradient: Tensor) -> None:
        self.out_of[slot] = gradient
        if not self.awaited:
            self._call()

    def _into(self, slot: int, gradient: Tensor) -> Tensor | None:
        self.into[slot] = gradient
        self.arrived += 1
        if self.arrived < self.awaited:
            return None
        return self._call(slot)

    def _call(self, slot: int | None = None) -> Tensor | None:
        module, changed = self.module(), None
        for hook in self.hooks:
            result = hook(module, tuple(self.into), tuple(self.out_of))
            if result is None:
                continue
            if self.awaited != 1 or slot is None:
                got = f"a new one of {self.awaited} inputs that require one"
                hint = "use Tensor.register_hook on each"
                raise ModuleError("backward hook", "a gradient of one input", got, hint)
            parts = result if isinstance(result, tuple) else (result,)
            changed = parts[slot] if len(parts) > slot else parts[0]
            self.into[slot] = changed
        self.arrived = 0
        self.into = [None] * len(self.into)
        self.out_of = [None] * len(self.out_of)
        return changed
