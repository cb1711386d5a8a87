"""A stand-in for CuPy that computes with NumPy, for machines without a GPU.

It is as strict as CuPy about what makes a rule fail there: an array never becomes a
NumPy array by itself, an operation takes its own arrays and scalars and nothing else,
reductions give arrays without axes, and arrays cannot be made read-only. What it cannot
show is CuPy's own behaviour: kernels, dtypes that they lack, and speed.
"""

from __future__ import annotations

import types
from typing import Any

import numpy as np

_SCALARS = (bool, int, float, np.generic, np.dtype, type, str, bytes, type(None), slice)
# They take sequences of Python, too: they make arrays of them.
_MAKERS = {"array", "asarray", "full", "ascontiguousarray"}
# What NumPy 2 has and CuPy 14 does not, as far as a rule could ask for it; see test_names.py.
LACKING = {
    "block", "einsum_path", "emath", "errstate", "frompyfunc", "geomspace", "histogram_bin_edges",
    "insert", "isnat", "longdouble", "ma", "matvec", "nanpercentile", "nanquantile", "ndenumerate",
    "nditer", "polyder", "polydiv", "polyint", "spacing", "unstack", "vecdot", "vecmat",
}  # fmt: skip
# Parameters that methods of arrays have there, where NumPy has more.
METHODS = {
    "argmax": "axis out dtype keepdims", "argmin": "axis out dtype keepdims",
    "argsort": "axis kind", "clip": "min max out", "cumprod": "axis dtype out",
    "cumsum": "axis dtype out", "max": "axis out keepdims", "mean": "axis dtype out keepdims",
    "min": "axis out keepdims", "prod": "axis dtype out keepdims", "sort": "axis kind",
    "std": "axis dtype out ddof keepdims", "sum": "axis dtype out keepdims",
    "take": "indices axis out", "var": "axis dtype out ddof keepdims",
}  # fmt: skip


class ndarray:  # noqa: N801
    """An array "on the device": a NumPy array that only this module may look into."""

    __array_priority__ = 100

    def __init__(self, host: np.ndarray[Any, Any]) -> None:
        self._host = host

    shape = property(lambda self: self._host.shape)
    ndim = property(lambda self: self._host.ndim)
    size = property(lambda self: self._host.size)
    dtype = property(lambda self: self._host.dtype)
    nbytes = property(lambda self: self._host.nbytes)
    itemsize = property(lambda self: self._host.itemsize)
    strides = property(lambda self: self._host.strides)
    T = property(lambda self: ndarray(self._host.T))
    real = property(lambda self: ndarray(self._host.real))

    def __array__(self, *_: object, **__: object) -> Any:
        raise TypeError("Implicit conversion to a NumPy array is not allowed. Use `.get()`.")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return _call(getattr(ufunc, method), inputs, kwargs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return _call(func, args, kwargs)

    def get(self) -> Any:
        """Copy to the host."""
        return self._host.copy()

    def item(self, *index: int) -> Any:
        return self._host.item(*index)

    def tolist(self) -> Any:
        return self._host.tolist()

    def setflags(self, **_: object) -> None:
        raise AttributeError("CuPy has no read-only arrays")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        found = getattr(self._host, name)
        return _wrapped(found, METHODS.get(name)) if callable(found) else found

    def __len__(self) -> int:
        return len(self._host)

    def __iter__(self) -> Any:
        return (_device(part) for part in self._host)

    def __getitem__(self, index: Any) -> Any:
        return _device(self._host[_host(index)])

    def __setitem__(self, index: Any, value: Any) -> None:
        self._host[_host(index)] = _host(value)

    def __bool__(self) -> bool:
        return bool(self._host)

    def __float__(self) -> float:
        return float(self._host)

    def __int__(self) -> int:
        return int(self._host)

    def __index__(self) -> int:
        return self._host.__index__()


def _operator(name: str) -> Any:
    def method(self: ndarray, *others: Any) -> Any:
        if not all(isinstance(o, (ndarray, *_SCALARS)) for o in others):
            return NotImplemented
        return _call(getattr(self._host, name), others, {})

    return method


for _stem in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or",
              "xor", "lshift", "rshift"):  # fmt: skip
    setattr(ndarray, f"__{_stem}__", _operator(f"__{_stem}__"))
    setattr(ndarray, f"__r{_stem}__", _operator(f"__r{_stem}__"))
for _stem in ("lt", "le", "eq", "ne", "gt", "ge", "neg", "pos", "abs", "invert"):
    setattr(ndarray, f"__{_stem}__", _operator(f"__{_stem}__"))
ndarray.__hash__ = None  # type: ignore[assignment]


def _inplace(name: str) -> Any:
    def method(self: ndarray, other: Any) -> Any:
        self._host = getattr(self._host, name)(_host(other))
        return self

    return method


for _stem in ("add", "sub", "mul", "truediv", "and", "or"):
    setattr(ndarray, f"__i{_stem}__", _inplace(f"__i{_stem}__"))


def _host(value: Any, name: str = "") -> Any:
    """Return an argument with host arrays in place of device arrays; refuse those of the host."""
    if isinstance(value, ndarray):
        return value._host
    if isinstance(value, np.ndarray):
        raise TypeError("Unsupported type <class 'numpy.ndarray'>")
    if isinstance(value, (tuple, list)):
        return type(value)(_host(part) for part in value)
    if isinstance(value, dict):
        return {key: _host(part) for key, part in value.items()}
    if not isinstance(value, _SCALARS) and value is not Ellipsis and not callable(value):
        raise TypeError(f"Unsupported type {type(value)}")
    return value


def _device(value: Any) -> Any:
    """Return a result as CuPy would: numbers are arrays without axes."""
    if isinstance(value, (np.ndarray, np.generic)):
        return ndarray(np.array(value, copy=True) if np.ndim(value) == 0 else np.asarray(value))
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*map(_device, value))
    if isinstance(value, (tuple, list)):
        return type(value)(_device(part) for part in value)
    return value


def _call(function: Any, args: Any, kwargs: Any) -> Any:
    return _device(function(*_host(tuple(args)), **_host(kwargs)))


def _wrapped(function: Any, parameters: str | None = None) -> Any:
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        unknown = set() if parameters is None else kwargs.keys() - set(parameters.split())
        if unknown:
            raise TypeError(f"{function.__name__}() got an unexpected argument {unknown}")
        return _call(function, args, kwargs)

    return wrapped


class _Ufunc:
    """A ufunc of the module, with ``at`` and ``reduce``."""

    def __init__(self, ufunc: Any) -> None:
        self._ufunc = ufunc

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        # As CuPy's: a list is no operand.
        if any(isinstance(a, (list, tuple)) for a in args):
            raise TypeError(f"Unsupported type {list}")
        return _call(self._ufunc, args, kwargs)

    def at(self, a: ndarray, *args: Any) -> None:
        self._ufunc.at(a._host, *_host(args))

    def reduce(self, *args: Any, **kwargs: Any) -> Any:
        return _call(self._ufunc.reduce, args, kwargs)


class _Module(types.ModuleType):
    """A module whose functions are NumPy's (or SciPy's) on device arrays."""

    def __init__(self, name: str, behind: Any) -> None:
        super().__init__(name)
        self._behind = behind

    def __getattr__(self, name: str) -> Any:
        if name in LACKING or name.startswith("__"):
            raise AttributeError(f"module 'cupy' has no attribute {name!r}")
        found = getattr(self._behind, name)
        if isinstance(found, types.ModuleType):
            return _Module(f"{self.__name__}.{name}", found)
        if isinstance(found, np.ufunc):
            return _Ufunc(found)
        if isinstance(found, type) or not callable(found):
            return found
        if name in _MAKERS:
            return _maker(found)
        return _wrapped(found)


def _maker(function: Any) -> Any:
    def make(value: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(value, ndarray):
            value = value._host
        elif isinstance(value, (tuple, list)):
            value = _host(value)
        return ndarray(np.array(function(value, *args, **_host(kwargs))))

    return make


def fake() -> dict[str, types.ModuleType]:
    """Return the modules to lay into ``sys.modules``, by name."""
    import scipy.special

    cupy = _Module("cupy", np)
    cupy.ndarray = ndarray  # type: ignore[attr-defined]
    cupy.is_available = lambda: True  # type: ignore[attr-defined]
    special = _Module("cupyx.scipy.special", scipy.special)
    scipy_ = types.ModuleType("cupyx.scipy")
    scipy_.special = special  # type: ignore[attr-defined]
    cupyx = types.ModuleType("cupyx")
    cupyx.scipy = scipy_  # type: ignore[attr-defined]
    return {
        "cupy": cupy, "cupyx": cupyx, "cupyx.scipy": scipy_, "cupyx.scipy.special": special,
    }  # fmt: skip
