"""How tensors are moved, copied, pickled and handed to other array libraries."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from graphviz_ad.backend import NAMES, Array, is_array, move, name_of, protect
from graphviz_ad.engine.op import REGISTRY
from graphviz_ad.errors import BackendError, GradientError

if TYPE_CHECKING:
    from graphviz_ad.engine.tensor import Tensor

__all__ = ["Exchange", "on_backend_of", "parse_target", "require_same_backend"]


class Exchange:
    """The part of `Tensor` that moves, copies, pickles and exports it.

    Copies are leaves without hooks. They share the array, which nobody can change.
    """

    __slots__ = ()

    @property
    def backend(self: Any) -> str:
        """The name of the backend that the values are on: ``"numpy"`` or ``"cupy"``."""
        return name_of(self._data)

    def to(self: Any, *targets: Any) -> Tensor:
        """Return the values on another backend, of another dtype, or both.

        As in PyTorch, the tensor itself comes back where nothing changes, and a move is
        an operation that sends the gradient back: make leaves where they are to stay,
        ``ad.parameter(x.detach().to("cupy"))``, or move a module with `nn.Module.to`.

        Parameters
        ----------
        *targets : str, dtype or Tensor
            A backend (``"numpy"``, ``"cupy"``), a dtype, both, or a tensor to be like.

        Raises
        ------
        BackendError
            For what is neither, and for CuPy where it is not installed or finds no GPU.

        Examples
        --------
        >>> import graphviz_ad as ad
        >>> ad.tensor([1.0, 2.0]).to("numpy", "float32").dtype
        dtype('float32')
        """
        from graphviz_ad.engine.apply import apply

        backend, dtype = parse_target("to", *targets)
        moved: Tensor = self
        if dtype is not None and dtype != self.dtype:
            moved = apply(REGISTRY["astype"], (moved,), {"dtype": dtype})
        if backend is not None and backend != self.backend:
            moved = apply(REGISTRY["to_backend"], (moved,), {"backend": backend})
        return moved

    def __copy__(self: Any) -> Tensor:
        """Return a leaf that can be rebound by itself; the output of an operation is itself."""
        if self._op is not None:
            output: Tensor = self
            return output
        return _leaf(self._data, self.requires_grad, self.name, self.grad)

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
        if self.grad is not None:
            twin._grad = copy.deepcopy(self.grad.detach(), memo)
        return twin

    def __reduce__(self: Any) -> tuple[Any, ...]:
        """Pickle a leaf and its gradient.

        Raises
        ------
        GradientError
            For the output of an operation: its graph cannot be pickled.
        """
        _require_leaf("pickle", self, "pickle x.detach()")
        grad = None if self.grad is None else self.grad.detach()
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


def parse_target(function: str, *targets: Any) -> tuple[str | None, np.dtype[Any] | None]:
    """Return the backend and the dtype that the arguments of a ``to`` name, None for none.

    Raises
    ------
    BackendError
        For what is neither.
    """
    backend: str | None = None
    dtype: np.dtype[Any] | None = None
    for target in targets:
        if isinstance(target, Exchange):
            backend, dtype = target.backend, target.dtype  # type: ignore[attr-defined]
        elif isinstance(target, str) and target in NAMES:
            backend = target
        else:
            try:
                dtype = np.dtype(target)
            except TypeError as error:
                expected = f"a backend of {NAMES} or a dtype"
                hint = 'a GPU is "cupy", the host "numpy"'
                raise BackendError(function, expected, repr(target), hint) from error
    return backend, dtype


def require_same_backend(function: str, held: Array, given: Array) -> None:
    """Refuse an array that is not on the backend of the one whose place it takes.

    Raises
    ------
    BackendError
    """
    expected, got = name_of(held), name_of(given)
    if expected != got:
        hint = f"move it with .to({expected!r})"
        raise BackendError(function, f"an array on {expected}", f"{given.shape} on {got}", hint)


def on_backend_of(like: Array, given: Any, array: Array, function: str) -> Array:
    """Return `array`, made of what was `given`, on the backend of `like`.

    Raises
    ------
    BackendError
        When `given` was on another: only lists and numbers follow.
    """
    if isinstance(given, Exchange) or (is_array(given) and given.ndim > 0):
        require_same_backend(function, like, array)
    return move(array, name_of(like), function)


def _require_leaf(function: str, tensor: Any, hint: str) -> None:
    if tensor._op is not None:
        raise GradientError(function, "a leaf", repr(tensor), hint)


def _leaf(array: Array, requires_grad: bool, name: str | None, grad: Tensor | None) -> Tensor:
    from graphviz_ad.engine.tensor import constant_leaf

    leaf = constant_leaf(protect(array))
    leaf.requires_grad = requires_grad
    leaf.name = name
    leaf._grad = grad
    return leaf


def _with_axes(array: Array) -> Array:
    """Return a NumPy scalar as an array without axes, other arrays as they are."""
    return np.asarray(array) if isinstance(array, np.generic) else array
