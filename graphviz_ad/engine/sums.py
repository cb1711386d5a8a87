"""Sums over an axis of a matrix, as products with ones: two to ten times as fast in NumPy.

The error is no larger: NumPy adds row after row, BLAS in several sums at once.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from graphviz_ad.backend import Array, protect

__all__ = ["sum_columns", "sum_rows"]

_MOST_ONES = 1 << 16
"""The longest vector of ones that is kept, half a megabyte."""


@functools.lru_cache(maxsize=32)
def _ones(count: int, dtype: np.dtype[Any]) -> Any:
    """Return the ones to multiply with; None where the sum is to be taken as it is."""
    if dtype.char in "fd" and 0 < count <= _MOST_ONES:
        return protect(np.ones(count, dtype))
    return None


def sum_rows(array: Array) -> Array:
    """Return the sum of the rows of a matrix, ``array.sum(axis=0)``."""
    if type(array) is np.ndarray and array.ndim == 2:
        ones = _ones(len(array), array.dtype)
        if ones is not None:
            return ones.dot(array)
    return array.sum(axis=0)


def sum_columns(array: Array) -> Array:
    """Return the sum of each row of an array of one or two axes, ``array.sum(axis=-1)``."""
    if type(array) is np.ndarray and array.ndim <= 2:
        ones = _ones(array.shape[-1], array.dtype)
        if ones is not None:
            return array.dot(ones)
    return array.sum(axis=-1)
