"""Hooks: functions that a backward pass calls with the gradient of a tensor."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from graphviz_ad.errors import DTypeError, ShapeError

if TYPE_CHECKING:
    from graphviz_ad.engine.tensor import Tensor

__all__ = ["HookHandle", "Watch", "call_hooks"]

_next_key = itertools.count(1).__next__


class Watch:
    """What a backward pass is to do with one tensor's gradient: call hooks, and keep it.

    Attributes
    ----------
    hooks : dict
        The hooks by key, in the order in which they were registered.
    keeps : bool
        Whether an intermediate keeps its gradient in ``.grad``.
    """

    __slots__ = ("__weakref__", "hooks", "keeps")

    def __init__(self) -> None:
        self.hooks: dict[int, Callable[[Tensor], Tensor | None]] = {}
        self.keeps = False

    def add(self, hook: Callable[[Tensor], Tensor | None]) -> HookHandle:
        """Register `hook` after those that are there."""
        key = _next_key()
        self.hooks[key] = hook
        return HookHandle(self, key)


class HookHandle:
    """What `Tensor.register_hook` returns: it removes the hook, also as a context manager.

    It holds neither the tensor nor the hook alive.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> a = ad.parameter(3.0)
    >>> with a.register_hook(lambda g: g * 10):
    ...     (a * a).backward()
    >>> a.grad.item()
    60.0
    """

    __slots__ = ("_key", "_watch")

    def __init__(self, watch: Watch, key: int) -> None:
        self._watch = weakref.ref(watch)
        self._key = key

    def remove(self) -> None:
        """Take the hook off; nothing happens where it is off already."""
        watch = self._watch()
        if watch is not None:
            watch.hooks.pop(self._key, None)

    def __enter__(self) -> HookHandle:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


def call_hooks(watch: Watch, gradient: Tensor) -> Tensor:
    """Give `gradient` to each hook in turn and return what the last of them made of it.

    Raises
    ------
    DTypeError
        When a hook returns neither a tensor nor None.
    ShapeError
        When a hook returns a tensor of another shape.
    """
    for hook in list(watch.hooks.values()):
        result: Any = hook(gradient)
        if result is None:
            continue
        name = f"hook {getattr(hook, '__name__', type(hook).__name__)}"
        if not hasattr(result, "_data"):
            raise DTypeError(name, "a Tensor or None as its result", type(result).__name__)
        if result.shape != gradient.shape:
            raise ShapeError(name, f"a gradient of shape {gradient.shape}", f"{result.shape}")
        gradient = result if result.dtype == gradient.dtype else result.astype(gradient.dtype)
    return gradient
