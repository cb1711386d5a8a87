"""Statistics and pictures of an array on a GPU, computed there: only the summary is copied.

The same numbers as `graphviz_ad.render.heatmap` computes on the host, up to rounding.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from graphviz_ad.backend import to_numpy

__all__ = ["measures", "representatives"]


def measures(xp: Any, a: Any, tiny: float) -> tuple[float, ...]:
    """Return the fields of `graphviz_ad.render.heatmap.Statistics`, in one copy to the host.

    Parameters
    ----------
    xp : module
        The array module of `a`.
    a : array
        Real and flat.
    tiny : float
        The smallest normal number of its dtype; 0 for integers.
    """
    if not a.size:
        return math.nan, math.nan, math.nan, 0.0, 0, 0, 0, 0, 0
    x = a.astype(xp.float64)
    finite, missing = xp.isfinite(x), xp.isnan(x)
    known = xp.where(finite, x, 0.0)
    size = xp.abs(known)
    largest = size.max()
    # Scaled by the largest element, so that squares neither overflow nor underflow.
    scaled = known / xp.where(largest > 0, largest, 1.0)
    found = [
        xp.where(missing, math.inf, x).min(),
        xp.where(missing, -math.inf, x).max(),
        largest,
        finite.sum(),
        scaled.sum(),
        (scaled * scaled).sum(),
        missing.sum(),
        (x == math.inf).sum(),
        (x == -math.inf).sum(),
        (x == 0).sum(),
        (finite & (size < tiny) & (size > 0)).sum(),
    ]
    numbers = to_numpy(xp.stack([number.astype(xp.float64) for number in found])).tolist()
    low, high, most, count, total, squares = numbers[:6]
    if low > high:
        low = high = math.nan
    mean = total / count * most if count else math.nan
    return low, high, mean, math.sqrt(squares) * most, *map(int, numbers[6:])


def representatives(xp: Any, a: Any, rows: Sequence[int], cols: Sequence[int]) -> Any:
    """Return, as a NumPy array, the element of largest magnitude of each block of a matrix.

    Parameters
    ----------
    xp : module
        The array module of `a`.
    a : array, shape (R, C)
        Not empty.
    rows, cols : sequence of int
        Where the blocks begin.
    """
    # CuPy has no reduceat. Its max and min pass NaN on, as NumPy's do.
    bands = [a[i:j] for i, j in _spans(rows, a.shape[0])]
    tops = xp.stack([band.max(axis=0) for band in bands])
    bottoms = xp.stack([band.min(axis=0) for band in bands])
    spans = _spans(cols, a.shape[1])
    high = xp.stack([tops[:, i:j].max(axis=1) for i, j in spans], axis=1).astype(xp.float64)
    low = xp.stack([bottoms[:, i:j].min(axis=1) for i, j in spans], axis=1).astype(xp.float64)
    return to_numpy(xp.where(-low > high, low, high))


def _spans(starts: Sequence[int], length: int) -> list[tuple[int, int]]:
    ends = [*map(int, starts[1:]), length]
    return [(int(start), end) for start, end in zip(starts, ends, strict=True)]
