"""The tensor: an array on a backend, its gradient, and the record that produced it.

Operators and methods come from the op registry (`graphviz_ad.engine.register`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from graphviz_ad.backend import Array, is_array, is_immutable, own, protect, to_numpy
from graphviz_ad.engine.exchange import Exchange, require_same_backend
from graphviz_ad.engine.hooks import HookHandle, Watch
from graphviz_ad.engine.tape import Record, ScopeEntry, Site, next_id, tape
from graphviz_ad.errors import (
    ArgumentError,
    DTypeError,
    GradientError,
    InPlaceError,
    ShapeError,
    VJPError,
)

__all__ = ["Tensor", "parameter", "tensor"]

_new = object.__new__


class Tensor(Exchange):
    """An array that operations are recorded on. Made by `tensor`, `parameter` and operations.

    Attributes
    ----------
    data : array
        The values, read-only; a NumPy scalar when there are no axes.
    grad : Tensor or None
        The gradient A∇ that `backward` left, of the tensor's own shape.
    name : str or None
        What the diagram calls it; where None, the caller's variable does.
    requires_grad : bool
        Whether a gradient is computed for it.
    id : int
        Issued by the tape in creation order; the tensor's identity.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> a = ad.parameter(3.0)
    >>> (a * a).backward()
    >>> a.grad.item()
    6.0
    """

    __slots__ = (
        "__weakref__",
        "_code",
        "_data",
        "_grad",
        "_lasti",
        "_left",
        "_left_array",
        "_op",
        "_operands",
        "_outs",
        "_params",
        "_right",
        "_right_array",
        "_saved",
        "_scope",
        "_watch",
        "id",
        "name",
        "requires_grad",
    )

    # What `_record` and `_site` show. The tensor carries it itself: an object less for every
    # operation to make, and for the garbage collector to visit. None in a leaf.
    _op: Any  # a subclass of Op
    _operands: Any  # the inputs, then the arrays that the op saw; None for an operator of two
    _left: Any  # set only there, and saving a tuple
    _right: Any
    _left_array: Any
    _right_array: Any
    _outs: Any  # of an op with several outputs: the first id, and all arrays
    _params: Any
    _saved: Any  # set where the op saves
    _code: Any  # of the call, for a leaf, too
    _lasti: int
    _scope: ScopeEntry | None

    _data: Array
    _grad: Tensor | None
    _watch: Watch | None
    id: int
    name: str | None
    requires_grad: bool

    # NumPy asks here before it takes a tensor for a sequence of objects.
    __array_priority__ = 1000
    __hash__ = object.__hash__

    def __init__(self, *_: object, **__: object) -> None:
        raise TypeError("Tensor: make one with ad.tensor(data) or ad.parameter(data)")

    @property
    def _record(self) -> Record | None:
        """What produced it; None for a leaf."""
        if self._op is None:
            return None
        operands = self._inputs_and_arrays()
        count = len(operands) // 2
        first, out = (self.id, self._data) if self._outs is None else self._outs
        return Record(
            first, self._op, operands[:count], operands[count:], out, self._params,
            self._code, self._lasti, self._scope, self._saved if self._op.saves else None,
        )  # fmt: skip

    def _inputs_and_arrays(self) -> tuple[Any, ...]:
        operands: tuple[Any, ...] | None = self._operands
        if operands is None:
            return self._left, self._right, self._left_array, self._right_array
        return operands

    @property
    def _site(self) -> Site | None:
        """Where a leaf was made, if that is known."""
        if self._op is not None or self._code is None:
            return None
        return Site(self._code, self._lasti)

    @_site.setter
    def _site(self, site: Site | None) -> None:
        self._code, self._lasti = (None, 0) if site is None else site

    @property
    def data(self) -> Array:
        """The values: a read-only array, or a NumPy scalar when there are no axes.

        Assign to rebind a leaf (an optimiser's step); records keep the array they saw.

        Raises
        ------
        InPlaceError
            On assignment to a tensor that an operation produced.
        ShapeError, DTypeError, BackendError
            On assignment of another shape or dtype, or from another backend.
        """
        return self._data

    @data.setter
    def data(self, value: Any) -> None:
        label = self.name or "tensor"
        if self._op is not None:
            hint = "detach() it first, or compute a new tensor"
            raise InPlaceError(f"{label}.data", "a leaf", "the output of an operation", hint)
        array = own(value._data if isinstance(value, Tensor) else value, f"{label}.data")
        if array.shape != self._data.shape:
            raise ShapeError(f"{label}.data", f"shape {self._data.shape}", f"{array.shape}")
        if array.dtype != self._data.dtype:
            hint = f"convert with .astype({str(self._data.dtype)!r})"
            raise DTypeError(f"{label}.data", f"{self._data.dtype}", f"{array.dtype}", hint)
        require_same_backend(f"{label}.data", self._data, array)
        self._data = array

    @property
    def grad(self) -> Tensor | None:
        """The gradient that `backward` accumulated here, or None. Set to None to clear it."""
        return self._grad

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        label = f"{self.name or 'tensor'}.grad"
        if value is None:
            self._grad = None
            return
        if not isinstance(value, Tensor):
            raise ArgumentError(label, "a Tensor or None", type(value).__name__)
        if value._data.shape != self._data.shape:
            raise ShapeError(label, f"shape {self._data.shape}", f"{value._data.shape}")
        require_same_backend(label, self._data, value._data)
        self._grad = value

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the axes."""
        shape: tuple[int, ...] = self._data.shape
        return shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return int(self._data.ndim)

    @property
    def size(self) -> int:
        """The number of elements."""
        return int(self._data.size)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the elements."""
        dtype: np.dtype[Any] = self._data.dtype
        return dtype

    @property
    def is_leaf(self) -> bool:
        """Whether no recorded operation produced it."""
        return self._op is None

    def backward(self, gradient: Any = None, create_graph: bool = False) -> None:
        """Add the gradient of this tensor to ``.grad`` of every leaf that led to it.

        The graph is kept: a second call accumulates.

        Parameters
        ----------
        gradient : array_like, optional
            The gradient of this tensor, of its shape; 1 for a scalar.
        create_graph : bool
            Record the pass itself: ``.grad`` can then be differentiated, and shown as a
            graph. A leaf and such a gradient hold each other alive until ``.grad`` is
            set to None, as in PyTorch; `graphviz_ad.grad` has no such cycle.

        Raises
        ------
        GradientError
            For a tensor that requires no gradient, or a non-scalar without `gradient`.
        ShapeError
            When `gradient` has another shape.

        Examples
        --------
        >>> import graphviz_ad as ad
        >>> x = ad.parameter(3.0)
        >>> (x * x * x).backward(create_graph=True)
        >>> slope, x.grad = x.grad, None
        >>> slope.backward()
        >>> slope.item(), x.grad.item()
        (27.0, 18.0)
        """
        if create_graph:
            from graphviz_ad.engine.traced_backward import traced_backward

            traced_backward(self, gradient, _caller(1))
            return
        from graphviz_ad.engine.backward import backward

        backward(self, gradient)

    def retain_grad(self) -> Tensor:
        """Keep the gradient of this intermediate in ``.grad`` at the next `backward`, too.

        Raises
        ------
        GradientError
            For a tensor that requires no gradient.
        """
        if not self.requires_grad:
            raise GradientError("retain_grad", "a tensor that requires a gradient", repr(self))
        self._watched().keeps = True
        return self

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> HookHandle:
        """Call `hook` with the gradient of this tensor in every backward pass.

        It is called once a pass, when every consumer has sent its contribution and
        before the gradient goes on or is added to ``.grad``. A tensor that it returns
        takes the gradient's place. Hooks run in the order in which they were registered,
        each on what the one before it returned. What they compute is recorded only
        where the pass is (``create_graph=True``). Semantics: PyTorch's
        ``Tensor.register_hook``.

        Parameters
        ----------
        hook : callable
            Takes the gradient, a Tensor, and returns one of the same shape, or None.

        Returns
        -------
        HookHandle
            Its ``remove()`` takes the hook off; it is a context manager, too.

        Raises
        ------
        GradientError
            For a tensor that requires no gradient.

        Examples
        --------
        >>> import graphviz_ad as ad
        >>> a = ad.parameter([3.0, -4.0])
        >>> handle = a.register_hook(lambda g: ad.clip(g, -1, 1))
        >>> (a * a).sum().backward()
        >>> a.grad
        tensor([ 1., -1.], shape=(2,), dtype=float64)
        >>> handle.remove()
        """
        if not self.requires_grad:
            raise GradientError("register_hook", "a tensor that requires a gradient", repr(self))
        return self._watched().add(hook)

    def _watched(self) -> Watch:
        if self._watch is None:
            self._watch = Watch()
        return self._watch

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Switch the gradient of a leaf on or off, and return the leaf.

        Raises
        ------
        GradientError
            For the output of an operation: use `detach`.
        DTypeError
            For a dtype that is not floating-point.
        """
        if self._op is not None:
            got = f"the output of {self._op.name}"
            raise GradientError("requires_grad_", "a leaf", got, "use detach()")
        if requires_grad:
            _require_float("requires_grad_", self._data.dtype)
        self.requires_grad = bool(requires_grad)
        return self

    def detach(self) -> Tensor:
        """Return a leaf with the same data that sends no gradient back."""
        leaf = _leaf(self._data, False, self.name, _caller(1))
        return leaf

    def item(self) -> float | int | bool:
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

    def numpy(self) -> Any:
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

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        """Leave the trace: ``np.asarray(x)`` gives the values."""
        _stay_in_trace(self)
        return np.array(to_numpy(self._data), dtype=dtype, copy=copy)

    def __len__(self) -> int:
        if not self._data.ndim:
            raise TypeError("len() of a tensor without axes")
        return len(self._data)

    def __iter__(self) -> Iterator[Tensor]:
        if not self._data.ndim:
            raise TypeError("iteration over a tensor without axes")
        return (self[index] for index in range(len(self._data)))

    def __bool__(self) -> bool:
        return bool(self._data)

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __index__(self) -> int:
        index: int = self._data.__index__()
        return index

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec else str(self)

    def __setitem__(self, index: object, value: object) -> None:
        hint = "recorded arrays never change: use ad.where or compute a new tensor"
        raise InPlaceError("x[...] = v", "a functional form", "a write in place", hint)

    def __repr__(self) -> str:
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

    if TYPE_CHECKING:  # installed from the op registry

        def __getattr__(self, name: str) -> Any: ...
        def __getitem__(self, index: Any) -> Tensor: ...
        def __neg__(self) -> Tensor: ...
        def __abs__(self) -> Tensor: ...
        def __add__(self, other: Any) -> Tensor: ...
        def __radd__(self, other: Any) -> Tensor: ...
        def __sub__(self, other: Any) -> Tensor: ...
        def __rsub__(self, other: Any) -> Tensor: ...
        def __mul__(self, other: Any) -> Tensor: ...
        def __rmul__(self, other: Any) -> Tensor: ...
        def __truediv__(self, other: Any) -> Tensor: ...
        def __rtruediv__(self, other: Any) -> Tensor: ...
        def __pow__(self, other: Any) -> Tensor: ...
        def __rpow__(self, other: Any) -> Tensor: ...
        def __matmul__(self, other: Any) -> Tensor: ...
        def __rmatmul__(self, other: Any) -> Tensor: ...


def tensor(
    data: Any, dtype: Any = None, requires_grad: bool = False, *, name: str | None = None
) -> Tensor:
    """Make a leaf tensor from a copy of `data`.

    Parameters
    ----------
    data : array_like
        Real numbers, integers or booleans of any shape.
    dtype : dtype, optional
        NumPy's rule decides where it is left out.
    requires_grad : bool
        Whether operations on it are recorded and `backward` gives it a gradient.
    name : str, optional
        What the diagram calls it; the caller's variable where it is left out.

    Returns
    -------
    Tensor

    Raises
    ------
    DTypeError
        For complex numbers, strings or objects, or a gradient of integers.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.tensor([1.0, 2.0]).shape
    (2,)
    """
    array = own(data._data if isinstance(data, Tensor) else data, "tensor", dtype)
    if requires_grad:
        _require_float("tensor", array.dtype, name)
    return _leaf(array, bool(requires_grad), name, _caller(1))


def parameter(data: Any, dtype: Any = None, *, name: str | None = None) -> Tensor:
    """Make a leaf tensor that requires a gradient, from a copy of `data`.

    Parameters
    ----------
    data : array_like
        Floating-point numbers of any shape.
    dtype : dtype, optional
        NumPy's rule decides where it is left out.
    name : str, optional
        What the diagram calls it; the caller's variable where it is left out.

    Raises
    ------
    DTypeError
        For anything but real floating-point numbers.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> W = ad.parameter([[1.0, 2.0]], name="W")
    >>> W.requires_grad
    True
    """
    array = own(data._data if isinstance(data, Tensor) else data, "parameter", dtype)
    _require_float("parameter", array.dtype, name)
    return _leaf(array, True, name, _caller(1))


def constant(value: Any, function: str, weak: bool = True) -> Array:
    """Return `value` as an operand that nobody can change.

    Where `weak`, Python numbers stay as they are: they take the other operand's dtype.
    """
    kind = type(value)
    if weak and (kind is float or kind is int or kind is bool):
        return value
    if is_array(value) and is_immutable(value):
        return protect(value)
    return own(value, function)


def wrap(array: Array, record: Record | None, identity: int) -> Tensor:
    """Make a tensor: an output of `record`, or a leaf where that is None."""
    out = _new(Tensor)
    out._data = array
    out.id = identity
    out._grad = out.name = out._watch = out._outs = None
    if record is None:
        out.requires_grad = False
        out._op = out._operands = out._params = out._code = out._scope = None
        out._lasti = 0
        return out
    out.requires_grad = array.dtype.kind == "f"
    first, op, inputs, arrays, made, out._params, out._code, out._lasti, out._scope, saved = record
    out._op = op
    out._operands = inputs + arrays
    if op.saves:
        out._saved = saved
    if type(made) is tuple:
        out._outs = first, made
    return out


def _leaf(array: Array, requires_grad: bool, name: str | None, site: Site | None) -> Tensor:
    leaf = wrap(array, None, next_id())
    leaf.requires_grad = requires_grad
    leaf.name = name
    leaf._site = site
    return leaf


def _caller(depth: int) -> Site:
    frame = sys._getframe(depth + 1)
    return Site(frame.f_code, frame.f_lasti)


def _require_float(function: str, dtype: Any, name: str | None = None) -> None:
    if dtype.kind != "f":
        got = f"{name}: {dtype}" if name else str(dtype)
        hint = "give floats, or dtype=float"
        raise DTypeError(function, "floating-point numbers for a gradient", got, hint)


def _stay_in_trace(tensor: Tensor) -> None:
    """Refuse a rule that takes bare values while it is being recorded: they lose the gradient."""
    if tape.rule and tensor.requires_grad:
        hint = "derivatives of derivatives need a rule of operators, methods and xp functions"
        got = "one that takes the bare values of a tensor"
        raise VJPError(f"{tape.rule}.vjp", "a rule that can be recorded", got, hint)


def is_recording() -> bool:
    """Whether operations of this thread are recorded now."""
    return tape.recording
