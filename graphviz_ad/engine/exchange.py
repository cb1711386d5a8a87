"""How tensors are copied, pickled and handed to other array libraries."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from graphviz_ad.backend import Array, protect
from graphviz_ad.engine.tape import next_id
from graphviz_ad.errors import GradientError

if TYPE_CHECKING:
    from graphviz_ad.engine.tensor import Tensor

__all__ = ["Exchange"]


class Exchange:
    """The part of `Tensor` that copies, pickles and exports it.

    Copies are leaves without hooks. They share the array, which nobody can change.
    """

    __slots__ = ()

    def __copy__(self: Any) -> Tensor:
        """Return a leaf that can be rebound by itself; the output of an operation is itself."""
        if self._op is not None:
            output: Tensor = self
            return output
        return _leaf(self._data, self.requires_grad, self.name, self._grad)

    def __deepcopy__(self: Any, memo: dict[int, Any]) -> Tensor:
        """Return a leaf with a gradient of its own.

        Raises
        ------
        GradientError
            For the output of an operation: its graph cannot be copied.
        """
        _require_leaf("deepcopy", self, "copy x.detach()")
        twin = _leaf(self._data, self.requires_grad, self.name, None)
        memo[id(self)] = twin
        if self._grad is not None:
            twin._grad = copy.deepcopy(self._grad.detach(), memo)
        return twin

    def __reduce__(self: Any) -> tuple[Any, ...]:
        """Pickle a leaf and its gradient.

        Raises
        ------
        GradientError
            For the output of an operation: its graph cannot be pickled.
        """
        _require_leaf("pickle", self, "pickle x.detach()")
        grad = None if self._grad is None else self._grad.detach()
        return _leaf, (self._data, self.requires_grad, self.name, grad)

    def __dlpack__(self: Any, **options: Any) -> Any:
        """Export the values by DLPack, outside the trace: ``np.from_dlpack(x)``.

        The array is shared where the consumer can be told that it is read-only, as
        DLPack 1.0 can; others get a copy.

        Raises
        ------
        GradientError
            When the tensor requires a gradient: ``detach()`` says that it is meant.
        """
        if self.requires_grad:
            got, hint = repr(self), "export x.detach()"
            raise GradientError("__dlpack__", "a tensor without gradient", got, hint)
        array = _with_axes(self._data)
        try:
            return array.__dlpack__(**options)
        except BufferError:
            if options.get("copy") is False or not isinstance(array, np.ndarray):
                raise
            return array.copy().__dlpack__(**options)

    def __dlpack_device__(self: Any) -> tuple[int, int]:
        """Return DLPack's type and number of the device that the values are on."""
        device: tuple[int, int] = _with_axes(self._data).__dlpack_device__()
        return device


def _require_leaf(function: str, tensor: Any, hint: str) -> None:
    if tensor._op is not None:
        raise GradientError(function, "a leaf", repr(tensor), hint)


def _leaf(array: Array, requires_grad: bool, name: str | None, grad: Tensor | None) -> Tensor:
    from graphviz_ad.engine.tensor import wrap

    leaf = wrap(protect(array), None, next_id())
    leaf.requires_grad = requires_grad
    leaf.name = name
    leaf._grad = grad
    return leaf


def _with_axes(array: Array) -> Array:
    """Return a NumPy scalar as an array without axes, other arrays as they are."""
    return np.asarray(array) if isinstance(array, np.generic) else array
