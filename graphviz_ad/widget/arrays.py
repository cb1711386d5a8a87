"""The binary side of the payload: arrays laid into one buffer, large ones as summaries."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any

import numpy as np

from graphviz_ad.backend import is_array, namespace, to_numpy
from graphviz_ad.render.heatmap import Statistics, statistics, summarize

__all__ = ["ArrayStore", "block_of"]

FULL_SIZE = 20_000
"""Arrays of at most this many elements are sent whole; larger ones on request."""

BUDGET = 8 << 20
"""Bytes of whole arrays in one payload; past it, arrays are sent as summaries."""

THUMB = 24
"""Rows and columns of a summary picture."""

DETAIL = 128
"""Rows and columns of the picture of a large array that a page without a kernel shows."""

DETAIL_BUDGET = 1 << 20
"""Bytes of those pictures in one payload."""

SAMPLE = 1 << 14
"""Elements that stand for a large array in its histogram."""

SPREAD_FROM = 16
"""Arrays of fewer elements are read one by one: they need no histogram."""

MOST_SPREADS = 300
"""Histograms in one payload: a graph of thousands of arrays must open quickly."""

PERCENTS = (1, 25, 50, 75, 99)
_BINS = 24
_ALIGNMENT = 8
_STATS = [field.name for field in fields(Statistics)]


class ArrayStore:
    """Collects the arrays of a payload, each once, in the order of first use."""

    def __init__(self) -> None:
        self.specs: list[dict[str, Any]] = []
        self.arrays: list[Any] = []
        self._index: dict[int, int] = {}
        self._chunks: list[bytes] = []
        self._length = 0
        self._whole = 0
        self._spreads = 0
        self._detail = 0

    def add(self, array: Any) -> int:
        """Return the index of `array` in the payload, adding it when it is new."""
        # The trace holds every array while the payload is built, so id() is safe here.
        found = self._index.get(id(array))
        if found is not None:
            return found
        index = self._index[id(array)] = len(self.specs)
        self.arrays.append(array)
        whole = np.size(array) <= FULL_SIZE and self._whole < BUDGET
        # A large array stays on its GPU: what is sent of it is computed there.
        stays = is_array(array) and not whole
        held = array if stays else np.asarray(to_numpy(array))
        thumb = detail = None
        if not whole or not _is_its_own_picture(held):
            picture = held
            if not whole and self._detail < DETAIL_BUDGET:
                picture = summarize(held, DETAIL, DETAIL).astype(np.float32)
                detail = self._picture(picture)
                self._detail += picture.nbytes
            thumb = self._picture(summarize(picture, THUMB, THUMB).astype(np.float32))
        full = None
        if whole:
            full = self._append(_typed(held))
            self._whole += held.nbytes
        self.specs.append(
            {
                "shape": list(held.shape), "dtype": str(held.dtype), "size": held.size,
                "stats": _stats(held), "spread": self._spread(held),
                "full": full, "thumb": thumb, "detail": detail,
            }
        )  # fmt: skip
        return index

    def _picture(self, picture: np.ndarray[Any, Any]) -> dict[str, Any]:
        rows, cols = picture.shape
        return {"block": self._append(picture), "rows": rows, "cols": cols}

    def _spread(self, array: Any) -> dict[str, Any] | None:
        if array.size < SPREAD_FROM or self._spreads >= MOST_SPREADS:
            return None
        self._spreads += 1
        if array.size <= FULL_SIZE:
            return spread(np.asarray(to_numpy(array)))
        # At random, so that no pattern of the array falls in step with it; the same each time.
        places = np.random.default_rng(0).integers(0, array.size, SAMPLE)
        xp = namespace(array)
        index = tuple(xp.asarray(axis) for axis in np.unravel_index(places, array.shape))
        return spread(np.asarray(to_numpy(array[index])), SAMPLE)

    def buffer(self) -> bytes:
        """Return the binary buffer of all blocks."""
        return b"".join(self._chunks)

    def _append(self, array: np.ndarray[Any, Any]) -> dict[str, Any]:
        data = np.ascontiguousarray(array).tobytes()
        block = {"type": array.dtype.str[1:], "offset": self._length, "length": array.size}
        padding = -len(data) % _ALIGNMENT
        self._chunks.append(data + bytes(padding))
        self._length += len(data) + padding
        return block


def block_of(array: Any) -> tuple[dict[str, Any], bytes]:
    """Return the block and the bytes of one whole array, for a page that asks for it."""
    typed = np.ascontiguousarray(_typed(np.asarray(to_numpy(array))))
    block = {"type": typed.dtype.str[1:], "offset": 0, "length": typed.size}
    return block, typed.tobytes()


def named(number: float) -> float | str:
    """Return a number as JSON can hold it: NaN and the infinities by name."""
    if isinstance(number, int) or math.isfinite(number):
        return number
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


def spread(array: np.ndarray[Any, Any], sampled: int = 0) -> dict[str, Any] | None:
    """Return a histogram and percentiles of the finite elements; None where there are none.

    `sampled` elements stand for a larger array; 0 where they are all.
    """
    flat = array.astype(np.float64).ravel()
    flat = flat[np.isfinite(flat)]
    if not flat.size:
        return None
    low, high = float(flat.min()), float(flat.max())
    # Scaled first: the range of the largest numbers is not a number itself.
    size = max(abs(low), abs(high), np.finfo(np.float64).smallest_normal)
    scaled = flat / size
    counts = np.histogram(scaled, bins=_BINS)[0] if high > low else np.array([flat.size])
    found = np.percentile(scaled, PERCENTS) * size
    return {
        "low": low, "high": high, "counts": counts.tolist(), "sampled": sampled,
        "percentiles": [[p, float(f"{x:.6g}")] for p, x in zip(PERCENTS, found, strict=True)],
    }  # fmt: skip


def _stats(array: Any) -> dict[str, float | str]:
    found = statistics(array)
    return {name: named(getattr(found, name)) for name in _STATS}


def _typed(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Convert, losing nothing that a double can hold, to a dtype that browsers have."""
    little = array.dtype.newbyteorder("<")
    if array.dtype.kind == "b":
        return array.astype(np.uint8)
    if array.dtype.kind in "iu":
        limits = np.iinfo(np.int32)
        fits = array.size == 0 or (array.min() >= limits.min and array.max() <= limits.max)
        return array.astype("<i4" if fits else "<f8")
    return array.astype("<f4" if little.itemsize <= 4 else "<f8")


def _is_its_own_picture(array: np.ndarray[Any, Any]) -> bool:
    """Whether every element can be drawn in a thumbnail."""
    cols = array.shape[-1] if array.ndim else 1
    return array.size <= THUMB * THUMB and cols <= THUMB
