"""Parameters of operations as JSON, and back; arrays among them are stored beside it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from graphviz_ad.backend import is_array
from graphviz_ad.errors import TraceError

__all__ = ["decode", "encode"]

_DEEPEST = 20


def encode(value: Any, store: Callable[[Any], int]) -> Any:
    """Return a parameter as JSON can hold it.

    None, booleans, numbers and strings stay what they are; everything else becomes an
    object with one key that names its kind, ``{"text": …}`` where it cannot be read back.

    Parameters
    ----------
    value : object
    store : callable
        Keeps an array and returns its number.
    """
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return value
    if isinstance(value, float) and not isinstance(value, np.generic):
        return value if math.isfinite(value) else {"float": repr(value)}
    if isinstance(value, (tuple, list)):
        kind = "tuple" if isinstance(value, tuple) else "list"
        return {kind: [encode(one, store) for one in value]}
    if isinstance(value, slice):
        return {"slice": [encode(v, store) for v in (value.start, value.stop, value.step)]}
    if value is Ellipsis:
        return {"ellipsis": True}
    if isinstance(value, np.dtype):
        return {"dtype": value.name}
    if isinstance(value, type) and issubclass(value, np.generic):
        return {"scalar": value.__name__}
    if is_array(value) and value.dtype.kind in "biuf":
        return {"array": store(value)}
    return {"text": repr(value)}


def decode(value: Any, array: Callable[[Any], Any], depth: int = 0) -> Any:
    """Return the parameter that `encode` gave; the text of what cannot be read back.

    Raises
    ------
    TraceError
        For anything that `encode` does not give.
    """
    if value is None or isinstance(value, (bool, str, int, float)):
        return value
    if isinstance(value, dict) and len(value) == 1 and depth < _DEEPEST:
        ((kind, inner),) = value.items()
        if kind in ("tuple", "list", "slice") and isinstance(inner, list):
            parts = [decode(one, array, depth + 1) for one in inner]
            if kind == "slice" and len(parts) == 3:
                return slice(*parts)
            return tuple(parts) if kind == "tuple" else parts
        if kind == "float" and inner in ("inf", "-inf", "nan"):
            return float(inner)
        if kind == "ellipsis":
            return Ellipsis
        if kind in ("dtype", "scalar") and inner in _DTYPES:
            return np.dtype(inner) if kind == "dtype" else np.dtype(inner).type
        if kind == "array":
            return array(inner)
        if kind == "text" and isinstance(inner, str):
            return inner
    raise TraceError("load_trace", "parameters that save_trace wrote", repr(value)[:80])


_DTYPES = {
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16",
    "float32", "float64",
}  # fmt: skip
