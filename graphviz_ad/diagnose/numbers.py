"""Norms and counts of arrays that may be empty, huge, tiny or not finite."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from graphviz_ad.backend import to_numpy

__all__ = ["array_of", "decades", "finite", "median", "norm", "rms", "spread"]


def array_of(value: Any) -> Any:
    """Return a NumPy array, with the values of `value`."""
    return np.asarray(to_numpy(value))


def norm(value: Any) -> float:
    """Return the Euclidean norm in float64; NaN or Inf where there is one, 0 for no elements.

    Scaled by the largest element, so that squares neither overflow nor underflow.
    """
    array = array_of(value)
    if array.size == 0:
        return 0.0
    array = np.abs(array.astype(np.float64, copy=False))
    largest = float(array.max())
    if largest == 0.0 or not math.isfinite(largest):
        return largest
    return largest * float(np.linalg.norm(array.ravel() / largest))


def rms(value: Any) -> float:
    """Return the root mean square, the norm per element: √(Σ x² / n)."""
    array = array_of(value)
    return norm(array) / math.sqrt(array.size) if array.size else 0.0


def decades(after: float, before: float) -> float:
    """Return ``log10(after / before)``; −inf for a zero, NaN where it has no meaning."""
    if not (before > 0 and math.isfinite(before) and after >= 0 and math.isfinite(after)):
        return math.nan
    return -math.inf if after == 0 else math.log10(after) - math.log10(before)


def finite(value: Any) -> bool:
    """Whether every element is finite; integers and booleans are."""
    array = array_of(value)
    return array.dtype.kind != "f" or bool(np.isfinite(array).all())


def median(values: list[float]) -> float:
    """Return the median of the finite values; NaN for none."""
    known = [value for value in values if math.isfinite(value)]
    return float(np.median(known)) if known else math.nan


def spread(values: list[float]) -> float:
    """Return 1.4826 · the median absolute deviation: σ for a normal sample, outliers or not.

    Rousseeuw and Croux, "Alternatives to the median absolute deviation", JASA 1993.
    """
    centre = median(values)
    return 1.4826 * median([abs(value - centre) for value in values])
