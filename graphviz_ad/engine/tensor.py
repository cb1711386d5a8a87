"""The tensor: an array on a backend, its gradient, and the record that produced it.

Here is what it holds, and how leaves are made. How it is read is in `engine.values`, its
gradient in `engine.gradients`, copies and moves in `engine.exchange`; operators and methods
come from the op registry (`graphviz_ad.engine.register`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from graphviz_ad.backend import Array, is_array, is_immutable, own, protect
from graphviz_ad.engine.exchange import Exchange, require_same_backend
from graphviz_ad.engine.gradients import Gradients, require_float
from graphviz_ad.engine.hooks import Watch
from graphviz_ad.engine.tape import Record, Site, State, begin, caller, next_id, state_here
from graphviz_ad.engine.values import Values
from graphviz_ad.errors import ArgumentError, DTypeError, GradientError, InPlaceError, ShapeError

__all__ = ["Tensor", "parameter", "tensor"]

OPERANDS = 3
"""Where the operands begin in the `_call` of a tensor."""

_new = object.__new__


class Tensor(Values, Gradients, Exchange):
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
        "_call",
        "_code",
        "_data",
        "_grad",
        "_lasti",
        "_left",
        "_left_array",
        "_op",
        "_right",
        "_right_array",
        "_state",
        "_watch",
        "id",
        "name",
        "requires_grad",
    )

    # What `_record` and `_site` show. The tensor carries it itself, in few attributes: an object
    # less for every operation to make, and less for the garbage collector to visit. None in a leaf.
    _op: Any  # a subclass of Op
    _left: Any  # of an operator of two: its inputs, and the arrays that it saw
    _right: Any
    _left_array: Any
    _right_array: Any
    # Of another op: its parameters; what it saves; of several outputs the first id and all arrays,
    # else None; then the inputs, and the arrays that it saw. None in an operator of two.
    _call: Any
    _code: Any  # of the call, for a leaf, too
    _lasti: int
    _state: State | None

    _data: Array
    _grad: Any  # the array that a backward pass left; a tensor from when somebody looks
    _send_back: ClassVar[Callable[[Tensor, Any], None]]  # engine.backward's
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
        call, state = self._call, self._state
        assert state is not None
        params, saved, outs = ({}, None, None) if call is None else call[:3]
        inputs, arrays = self._operands()
        first, out = (self.id, self._data) if outs is None else outs
        return Record(
            first, self._op, inputs, arrays, out, params, self._code, self._lasti, state.scope,
            saved, state.tape,
        )  # fmt: skip

    def _operands(self) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """Return the inputs, and the arrays that the op saw."""
        call = self._call
        if call is None:
            return (self._left, self._right), (self._left_array, self._right_array)
        middle = (len(call) + OPERANDS) // 2
        return call[OPERANDS:middle], call[middle:]

    @property
    def _outs(self) -> tuple[int, tuple[Array, ...]] | None:
        """Of an op with several outputs: the first id, and all arrays."""
        outs: tuple[int, tuple[Array, ...]] | None = None if self._call is None else self._call[2]
        return outs

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
        grad = self._grad
        if grad is None or isinstance(grad, Tensor):
            return grad
        made = self._grad = constant_leaf(grad)
        return made

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is None:
            self._grad = None
            return
        label = f"{self.name or 'tensor'}.grad"
        if not isinstance(value, Tensor):
            raise ArgumentError(label, "a Tensor or None", type(value).__name__)
        if value._data.shape != self._data.shape:
            raise ShapeError(label, f"shape {self._data.shape}", f"{value._data.shape}")
        require_same_backend(label, self._data, value._data)
        self._grad = value

    @property
    def is_leaf(self) -> bool:
        """Whether no recorded operation produced it."""
        return self._op is None

    def detach(self) -> Tensor:
        """Return a leaf with the same data that sends no gradient back."""
        return _leaf(self._data, False, self.name, caller(1))

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
        require_float("tensor", array.dtype, name)
    return _leaf(array, bool(requires_grad), name, caller(1))


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
    require_float("parameter", array.dtype, name)
    return _leaf(array, True, name, caller(1))


def constant(value: Any, function: str, weak: bool = True) -> Array:
    """Return `value` as an operand that nobody can change.

    Where `weak`, Python numbers stay as they are: they take the other operand's dtype.

    Raises
    ------
    DTypeError
        For what holds no real numbers.
    GradientError
        For a list with a tensor in it that requires a gradient, which would be lost.
    """
    kind = type(value)
    if weak and (kind is float or kind is int or kind is bool):
        return value
    if kind is list or kind is tuple:
        _require_plain(value, function)
    if is_array(value) and is_immutable(value):
        return protect(value)
    return own(value, function)


def _require_plain(values: Any, function: str) -> None:
    parts = [values]
    while parts:
        part = parts.pop()
        if isinstance(part, (list, tuple)):
            parts.extend(part)
        elif isinstance(part, Tensor) and part.requires_grad:
            got = f"a {type(values).__name__} with {part.name or 'a tensor'} in it"
            hint = "make a tensor of tensors with ad.stack, which sends the gradient back"
            raise GradientError(function, "a tensor, or numbers", f"{got}, {part!r}", hint)


def constant_leaf(array: Array) -> Tensor:
    """Make a leaf that requires no gradient of an array that nobody can change."""
    out = _new(Tensor)
    out._data = array
    out.id = next_id()
    out._grad = out.name = out._watch = out._op = out._call = out._code = out._state = None
    out._lasti = 0
    out.requires_grad = False
    return out


def wrap(array: Array, record: Record, identity: int) -> Tensor:
    """Make a tensor of an output of `record`."""
    out = _new(Tensor)
    out._data = array
    out.id = identity
    out._grad = out.name = out._watch = None
    out.requires_grad = array.dtype.kind == "f"
    now = state_here() or begin()
    out._state = State(record.tape or now.tape, True, record.scope, "")
    out._op, out._code, out._lasti = record.op, record.code, record.lasti
    outs = (record.id, record.out) if type(record.out) is tuple else None
    out._call = (record.params, record.saved, outs, *record.inputs, *record.arrays)
    return out


def _leaf(array: Array, requires_grad: bool, name: str | None, site: Site | None) -> Tensor:
    leaf = constant_leaf(array)
    leaf.requires_grad = requires_grad
    leaf.name = name
    leaf._site = site
    return leaf
