"""NumPy or CuPy: the only file that names cupy."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import numpy as np

from graphviz_ad.errors import BackendError, DTypeError

__all__ = ["NAMES", "is_available", "name_of"]

Array = Any
"""A NumPy array or scalar, or a CuPy array."""

NAMES = ("numpy", "cupy")
"""The backends, whether or not this machine has them."""

DEVICES: list[Any] = []
"""The array modules besides NumPy that an array has come from; empty until one has.

Whoever computes with NumPy alone pays nothing for the checks that mixing needs.
"""

_REAL_KINDS = "biuf"
_NUMBERS = (bool, int, float)
_INSTALL = "pip install 'graphviz_ad[cupy-cuda13x]' (or [cupy-cuda12x])"


def is_available(backend: str) -> bool:
    """Whether arrays can be made on `backend` here.

    Parameters
    ----------
    backend : str
        ``"numpy"``, or ``"cupy"``, which needs CuPy, an NVIDIA GPU and its driver.

    Raises
    ------
    BackendError
        For another name.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.backend.is_available("numpy")
    True
    """
    return not _what_is_missing(backend)


def name_of(array: Array) -> str:
    """Return the name of the backend that `array` is on.

    Raises
    ------
    BackendError
        For what is no array.
    """
    return str(namespace(array).__name__)


def require(backend: str, function: str) -> Any:
    """Return the array module of `backend`.

    Raises
    ------
    BackendError
        For an unknown name, a library that is not installed, or a machine without a GPU.
    """
    missing = _what_is_missing(backend, function)
    if missing:
        got, hint = missing
        raise BackendError(function, "CuPy and an NVIDIA GPU", got, hint)
    return np if backend == "numpy" else importlib.import_module(backend)


def move(array: Array, backend: str, function: str = "to") -> Array:
    """Return `array` on `backend`, itself when it is there already.

    Raises
    ------
    BackendError
        As `require`.
    """
    xp = require(backend, function)
    if namespace(array) is xp:
        return array
    return to_numpy(array) if xp is np else _met(xp).asarray(array)


def _what_is_missing(backend: str, function: str = "is_available") -> tuple[str, str] | None:
    """Return what `backend` lacks here, and what to do; None when it works."""
    if backend == "numpy":
        return None
    if backend not in NAMES:
        hint = 'a GPU is "cupy", the host "numpy"'
        raise BackendError(function, f"a backend of {NAMES}", repr(backend), hint)
    try:
        library = importlib.import_module(backend)
    except ImportError as error:
        if isinstance(error, ModuleNotFoundError) and error.name == backend:
            return "no CuPy", _INSTALL
        return f"a CuPy that cannot be imported ({error})", _INSTALL
    if library.is_available():
        return None
    hint = 'look for it with nvidia-smi, or stay with .to("numpy")'
    return "no usable GPU (none, or a driver that is too old)", hint


def _met(xp: Any) -> Any:
    """Note that arrays of `xp` are about, and return it."""
    if xp not in DEVICES:
        DEVICES.append(xp)
    return xp


def _device_of(array: object) -> Any:
    """Return CuPy where `array` is one of its arrays, else None; it is not imported for that."""
    cupy = sys.modules.get("cupy")
    # A module that is still being imported has no ndarray yet.
    if cupy is not None and isinstance(array, getattr(cupy, "ndarray", ())):
        return _met(cupy)
    return None


def namespace(array: Array) -> Any:
    """Return the module, ``numpy`` or ``cupy``, that `array` belongs to."""
    if isinstance(array, (np.ndarray, np.generic, *_NUMBERS)):
        return np
    device = _device_of(array)
    if device is None:
        raise BackendError("backend", "a NumPy or CuPy array", type(array).__name__)
    return device


def is_array(value: object) -> bool:
    """Whether `value` is an array or array scalar of a known backend."""
    return isinstance(value, (np.ndarray, np.generic)) or _device_of(value) is not None


def protect(array: Array) -> Array:
    """Make `array` read-only where the backend can, and return it; 0-d NumPy arrays become scalars.

    NumPy scalars are immutable and five times faster than 0-d arrays. CuPy has
    no read-only arrays: there the promise rests on the engine never writing.
    """
    if type(array) is np.ndarray:
        if array.ndim == 0:
            return array[()]
        # write=False, which takes twice as long
        array.setflags(False)  # type: ignore[call-arg]
    return array


def own(value: Any, function: str, dtype: Any = None) -> Array:
    """Copy `value` into an array of our own that nobody else can write to.

    Raises
    ------
    DTypeError
        For anything but booleans, integers and real floating-point numbers.
    """
    device = _device_of(value)
    if device is not None:
        array = device.array(value, dtype=dtype, copy=True)
    else:
        try:
            # Not every library's __array__ takes copy=, PyTorch's for one: ask without it first.
            foreign = hasattr(value, "__array__") and not isinstance(
                value, (np.ndarray, np.generic)
            )
            given = np.asarray(value) if foreign else value
            array = np.array(given, dtype=dtype, copy=True, subok=False)
        except (ValueError, TypeError) as error:
            got = f"{type(value).__name__} ({error})"
            raise DTypeError(function, "numbers in a regular array", got) from error
    if array.dtype.kind not in _REAL_KINDS:
        hint = "complex numbers, strings and objects have no gradient here"
        raise DTypeError(function, "booleans, integers or real numbers", f"{array.dtype}", hint)
    return protect(array)


def is_immutable(array: Array) -> bool:
    """Whether nobody can write to a NumPy `array`, not through its base either."""
    while type(array) is np.ndarray:
        if array.flags.writeable:
            return False
        if array.base is None:
            return True
        array = array.base
    return isinstance(array, np.generic)


def to_numpy(array: Array) -> Any:
    """Copy `array` to the host when it is not there; NumPy arrays are returned as they are."""
    return array if namespace(array) is np else array.get()


def special(xp: Any) -> Any:
    """Return the module of special functions (``erf``, …) that goes with the array module `xp`."""
    if xp is np:
        import scipy.special

        return scipy.special
    if getattr(xp, "__name__", "") == "cupy":
        import cupyx.scipy.special

        return cupyx.scipy.special
    return xp


def keep_where(xp: Any, array: Array, keep: Array) -> Array:
    """Return `array` where `keep` holds and 0 elsewhere, also where `array` is not finite.

    A product with the mask is six times faster than ``where`` in NumPy, but 0 · ∞ is NaN.
    """
    if xp is np:
        product = array * keep
        if not np.isnan(product.sum()):
            return product
    return xp.where(keep, array, 0)
