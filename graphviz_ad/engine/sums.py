"""Sums over an axis of a matrix, as products with ones: two to ten times as fast in NumPy.

The error is no larger: NumPy adds row after row, BLAS in several sums at once.
"""

from __future__ import annotations

import functools

import numpy as np

from graphviz_ad.backend import Array, protect

__all__ = ["sum_columns", "sum_rows"]

_MOST_ONES = 1 << 16
"""The longest vector of ones that is kept, half a megabyte."""


@functools.lru_cache(maxsize=16)
def _ones(count: int, dtype: str) -> Array:
    return protect(np.ones(count, dtype))


def sum_rows(array: Array) -> Array:
    """Return the sum of the rows of a matrix, ``array.sum(axis=0)``."""
    if type(array) is np.ndarray and array.ndim == 2:
        dtype, count = array.dtype.char, len(array)
        if dtype in "fd" and 0 < count <= _MOST_ONES:
            return _ones(count, dtype).dot(array)
    return array.sum(axis=0)


def sum_columns(array: Array) -> Array:
    """Return the sum of each row of an array of one or two axes, ``array.sum(axis=-1)``."""
    if type(array) is np.ndarray and array.ndim <= 2:
        dtype, count = array.dtype.char, array.shape[-1]
        if dtype in "fd" and 0 < count <= _MOST_ONES:
            return array.dot(_ones(count, dtype))
    return array.sum(axis=-1)
