"""NumPy or CuPy: the only file that names cupy."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from graphviz_ad.errors import BackendError, DTypeError

Array = Any
"""A NumPy array or scalar, or a CuPy array."""

_REAL_KINDS = "biuf"
_NUMBERS = (bool, int, float)


def namespace(array: Array) -> Any:
    """Return the module, ``numpy`` or ``cupy``, that `array` belongs to."""
    if isinstance(array, (np.ndarray, np.generic, *_NUMBERS)):
        return np
    cupy = sys.modules.get("cupy")
    if cupy is not None and isinstance(array, cupy.ndarray):
        return cupy
    raise BackendError("backend", "a NumPy or CuPy array", type(array).__name__)


def is_array(value: object) -> bool:
    """Whether `value` is an array or array scalar of a known backend."""
    if isinstance(value, (np.ndarray, np.generic)):
        return True
    cupy = sys.modules.get("cupy")
    return cupy is not None and isinstance(value, cupy.ndarray)


def protect(array: Array) -> Array:
    """Make `array` read-only where the backend can, and return it; 0-d NumPy arrays become scalars.

    NumPy scalars are immutable and five times faster than 0-d arrays. CuPy has
    no read-only arrays: there the promise rests on the engine never writing.
    """
    if type(array) is np.ndarray:
        if array.ndim == 0:
            return array[()]
        array.setflags(write=False)
    return array


def own(value: Any, function: str, dtype: Any = None) -> Array:
    """Copy `value` into an array of our own that nobody else can write to.

    Raises
    ------
    DTypeError
        For anything but booleans, integers and real floating-point numbers.
    """
    cupy = sys.modules.get("cupy")
    if cupy is not None and isinstance(value, cupy.ndarray):
        array = cupy.array(value, dtype=dtype, copy=True)
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
