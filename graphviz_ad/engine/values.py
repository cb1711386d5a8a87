"""What a tensor is as an array: its shape, its elements, and how they are shown."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from graphviz_ad.backend import protect, to_numpy
from graphviz_ad.engine.tape import tape
from graphviz_ad.errors import GradientError, InPlaceError, ShapeError, VJPError

if TYPE_CHECKING:
    from graphviz_ad.engine.tensor import Tensor

__all__ = ["Values"]


class Values:
    """The part of `Tensor` that reads its array."""

    __slots__ = ()

    @property
    def shape(self: Any) -> tuple[int, ...]:
        """The lengths of the axes."""
        shape: tuple[int, ...] = self._data.shape
        return shape

    @property
    def ndim(self: Any) -> int:
        """The number of axes."""
        return int(self._data.ndim)

    @property
    def size(self: Any) -> int:
        """The number of elements."""
        return int(self._data.size)

    @property
    def dtype(self: Any) -> np.dtype[Any]:
        """The dtype of the elements."""
        dtype: np.dtype[Any] = self._data.dtype
        return dtype

    def item(self: Any) -> float | int | bool:
        """Return the only element as a Python number.

        Raises
        ------
        ShapeError
            When there is more than one element, or none.
        """
        if self._data.size != 1:
            raise ShapeError("item", "a tensor of one element", f"shape {self.shape}")
        _stay_in_trace(self)
        number: float | int | bool = self._data.item()
        return number

    def numpy(self: Any) -> Any:
        """Return the data as a NumPy array, outside the trace.

        Raises
        ------
        GradientError
            When the tensor requires a gradient: ``detach()`` says that it is meant.
        """
        if self.requires_grad:
            hint = "write x.detach().numpy()"
            raise GradientError("numpy", "a tensor without gradient", repr(self), hint)
        return np.asarray(to_numpy(self._data))

    def __array__(self: Any, dtype: Any = None, copy: bool | None = None) -> Any:
        """Leave the trace: ``np.asarray(x)`` gives the values.

        NumPy does so by itself with a list of tensors, ``np.sum([x, y])``, too, unless the
        list is what the function joins: ``np.stack([x, y])`` is traced.
        """
        _stay_in_trace(self)
        return np.array(to_numpy(self._data), dtype=dtype, copy=copy)

    @property
    def __array_interface__(self: Any) -> dict[str, Any]:
        """The values for libraries that read NumPy's protocol and no other, outside the trace.

        Of a tensor that requires a gradient, has no axes or is on a GPU there is none.
        """
        if self.requires_grad or type(self._data) is not np.ndarray:
            raise AttributeError("__array_interface__")
        data = protect(np.ascontiguousarray(self._data))
        # the array and not its address: who reads it keeps it alive when the tensor is rebound
        return {**data.__array_interface__, "data": data}

    def __len__(self: Any) -> int:
        if not self._data.ndim:
            raise TypeError("len() of a tensor without axes")
        return len(self._data)

    def __iter__(self: Any) -> Iterator[Tensor]:
        if not self._data.ndim:
            raise TypeError("iteration over a tensor without axes")
        return (self[index] for index in range(len(self._data)))

    def __contains__(self: Any, value: Any) -> bool:
        return bool((self == value).any())

    def __bool__(self: Any) -> bool:
        """Whether the only element is not 0.

        Raises
        ------
        ShapeError
            When there is more than one element, or none.
        """
        if self._data.size != 1:
            hint = "others are ambiguous: say .any() or .all()"
            raise ShapeError("bool", "a tensor of one element", f"shape {self.shape}", hint)
        return bool(self._data)

    def __divmod__(self: Any, other: Any) -> tuple[Tensor, Tensor]:
        return self // other, self % other

    def __rdivmod__(self: Any, other: Any) -> tuple[Tensor, Tensor]:
        return other // self, other % self

    def __float__(self: Any) -> float:
        return float(self.item())

    def __int__(self: Any) -> int:
        return int(self.item())

    def __index__(self: Any) -> int:
        return operator.index(self._data)

    def __format__(self: Any, spec: str) -> str:
        return format(self.item(), spec) if spec else str(self)

    def __setitem__(self: Any, index: object, value: object) -> None:
        hint = "recorded arrays never change: x = ad.set_at(x, v, index), or ad.where"
        raise InPlaceError("x[...] = v", "a functional form", "a write in place", hint)

    def __repr__(self: Any) -> str:
        text = np.array2string(
            np.asarray(to_numpy(self._data)), precision=4, threshold=20, edgeitems=3,
            prefix="tensor(", separator=", ",
        )  # fmt: skip
        parts = [text]
        if self.name:
            parts.append(f"name={self.name!r}")
        if self._data.ndim:
            parts.append(f"shape={self.shape}")
        parts.append(f"dtype={self.dtype}")
        if self._op is not None:
            parts.append(f"op={self._op.name}")
        elif self.requires_grad:
            parts.append("requires_grad=True")
        return f"tensor({', '.join(parts)})"


def _stay_in_trace(tensor: Tensor) -> None:
    """Refuse a rule that takes bare values while it is being recorded: they lose the gradient."""
    if tape.rule and tensor.requires_grad:
        hint = "derivatives of derivatives need a rule of operators, methods and xp functions"
        got = "one that takes the bare values of a tensor"
        raise VJPError(f"{tape.rule}.vjp", "a rule that can be recorded", got, hint)
