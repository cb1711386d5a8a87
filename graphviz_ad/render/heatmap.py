"""Arrays as small pictures: a grid of representative elements, statistics, colours.

The grid keeps, of each block of the array, the element of largest magnitude with
its sign. NaN wins over everything and an infinity over every finite element, so
one bad element in a million is still seen.
"""

from __future__ import annotations

import math
import struct
import zlib
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from graphviz_ad.backend import is_array, namespace
from graphviz_ad.errors import RenderError
from graphviz_ad.render import device

Side = Literal["data", "gradient"]

_CHUNK = 1 << 15  # elements converted to float64 at a time: stays in the processor's cache

# Anchors from the most negative through zero to the most positive; both scales keep
# their order of lightness and their two hues for red-green colour blindness.
_ANCHORS: dict[Side, tuple[tuple[int, int, int], ...]] = {
    "data": ((5, 72, 140), (67, 131, 191), (247, 248, 250), (214, 96, 99), (152, 12, 40)),
    "gradient": ((72, 30, 126), (138, 112, 180), (248, 247, 246), (216, 138, 62), (158, 72, 4)),
}
NAN_COLOUR = (24, 24, 27)


@dataclass(frozen=True, slots=True)
class Statistics:
    """What an array holds, in numbers.

    Attributes
    ----------
    min, max : float
        Over the elements that are not NaN; NaN where there are none.
    mean, norm : float
        Mean and Euclidean norm of the finite elements, computed in float64 with
        scaling, so that neither overflows or underflows before the result does.
        The mean of nothing is NaN, its norm 0.
    nan, posinf, neginf, zero, underflow : int
        Counts of NaN, the infinities, exact zeros, and subnormal elements
        (not zero, but below the smallest normal number of the dtype).
    """

    min: float
    max: float
    mean: float
    norm: float
    nan: int
    posinf: int
    neginf: int
    zero: int
    underflow: int


def statistics(array: ArrayLike) -> Statistics:
    """Return the `Statistics` of a real array of any shape, computed where the array is.

    Raises
    ------
    RenderError
        For a complex or non-numeric dtype.

    Examples
    --------
    >>> s = statistics([3.0, -4.0, float("nan"), 0.0])
    >>> s.min, s.max, s.norm, s.nan, s.zero
    (-4.0, 3.0, 5.0, 1, 1)
    """
    a = _real(array, "statistics").reshape(-1)
    tiny = float(np.finfo(a.dtype).smallest_normal) if a.dtype.kind == "f" else 0.0
    if (xp := namespace(a)) is not np:
        return Statistics(*device.measures(xp, a, tiny))  # type: ignore[arg-type]
    if a.size == 1:
        return _of_one(float(a[0]), tiny)
    low, high, largest, count = math.inf, -math.inf, 0.0, 0
    nan = posinf = neginf = zero = underflow = 0
    total = squares = 0.0
    # One room for all chunks: fresh memory for each costs more than the arithmetic.
    room = np.empty(min(_CHUNK, a.size))
    small = np.empty(room.size, a.dtype)
    with np.errstate(all="ignore"):
        for start in range(0, a.size, _CHUNK):
            part = a[start : start + _CHUNK]
            zeros = part.size - int(np.count_nonzero(part))
            zero += zeros
            x = room[: part.size]
            np.copyto(x, part)
            bottom, top = float(x.min()), float(x.max())
            if not (math.isfinite(bottom) and math.isfinite(top)):
                bad = x.size - int(np.count_nonzero(np.isfinite(x)))
                nan += (missing := int(np.count_nonzero(np.isnan(x))))
                posinf += (above := int(np.count_nonzero(x == np.inf)))
                neginf += bad - missing - above
                if missing < x.size:
                    low, high = min(low, np.fmin.reduce(x)), max(high, np.fmax.reduce(x))
                x = x[np.isfinite(x)]
                if not x.size:
                    continue
                bottom, top = float(x.min()), float(x.max())
            low, high = min(low, bottom), max(high, top)
            largest = max(largest, -bottom, top)
            count += x.size
            total += float(x.sum())
            # Not x @ x: BLAS would start threads for each chunk.
            squares += float(np.einsum("i,i->", x, x))
            if tiny and bottom < tiny and top > -tiny:
                size = np.abs(part, out=small[: part.size])
                underflow += int(np.count_nonzero(size < tiny)) - zeros
        if count and not (math.isfinite(total) and 1e-280 < squares < math.inf):
            total, squares = _scaled_sums(a, largest)
            mean, norm = total / count * largest, math.sqrt(squares) * largest
        else:
            mean, norm = total / count if count else math.nan, math.sqrt(squares)
    if low > high:
        low = high = math.nan
    low, high = float(low), float(high)
    return Statistics(low, high, mean, norm, nan, posinf, neginf, zero, underflow)


def _of_one(x: float, tiny: float) -> Statistics:
    """Return the statistics of one number, as a graph of ten thousand scalars asks for them."""
    finite = math.isfinite(x)
    return Statistics(
        min=x, max=x, mean=x if finite else math.nan, norm=abs(x) if finite else 0.0,
        nan=int(math.isnan(x)), posinf=int(x == math.inf), neginf=int(x == -math.inf),
        zero=int(x == 0.0), underflow=int(0.0 < abs(x) < tiny),
    )  # fmt: skip


def summarize(array: ArrayLike, rows: int, cols: int) -> NDArray[np.float64]:
    """Return a picture of an array with at most `rows` × `cols` cells.

    Parameters
    ----------
    array : array_like
        Real, of any shape. 0-d arrays become 1 × 1, vectors one row; of
        arrays with more axes all but the last are laid one after another.
    rows, cols : int
        The largest grid wanted.

    Returns
    -------
    ndarray of float64, shape (min(rows, R), min(cols, C))
        The element of largest magnitude of each block, with its sign; NaN where
        the block holds one; of equal magnitudes the positive one. Shape (0, 0)
        for an empty array.

    Raises
    ------
    RenderError
        For a complex or non-numeric dtype.

    Examples
    --------
    >>> summarize([[1, -5, 2, 0], [0, 3, 0, 2]], 1, 2)
    array([[-5.,  2.]])
    """
    a = as_matrix(_real(array, "summarize"))
    if not a.size:
        return np.zeros((0, 0))
    row_starts = _starts(a.shape[0], rows)
    col_starts = _starts(a.shape[1], cols)
    if (xp := namespace(a)) is not np:
        picture: NDArray[np.float64] = device.representatives(
            xp, a, row_starts.tolist(), col_starts.tolist()
        )
        return picture
    with np.errstate(all="ignore"):
        # maximum and minimum pass NaN on, so NaN wins without a second look
        bands = np.split(a, row_starts[1:])
        tops = np.stack([band.max(0) for band in bands])
        bottoms = np.stack([band.min(0) for band in bands])
        high = np.maximum.reduceat(tops, col_starts, 1).astype(np.float64)
        low = np.minimum.reduceat(bottoms, col_starts, 1).astype(np.float64)
        return np.where(-low > high, low, high)


def as_matrix(a: NDArray[Any]) -> NDArray[Any]:
    """View an array of any shape as the two axes that are drawn."""
    if a.ndim == 2:
        return a
    if a.ndim < 2:
        return a.reshape(1, a.size)
    return a.reshape(math.prod(a.shape[:-1]), a.shape[-1])


def limit(picture: NDArray[np.float64]) -> float:
    """Return the largest finite magnitude in a picture: the end of its colour scale."""
    finite = picture[np.isfinite(picture)]
    return float(np.abs(finite).max()) if finite.size else 0.0


def colours(picture: NDArray[np.float64], side: Side, top: float) -> NDArray[np.uint8]:
    """Map a picture to RGB on a scale that is symmetric about zero.

    Parameters
    ----------
    picture : ndarray, shape (rows, cols)
    side : "data" or "gradient"
        Blue–white–red, or purple–white–orange.
    top : float
        The magnitude at the ends of the scale; see `limit`.

    Returns
    -------
    ndarray of uint8, shape (rows, cols, 3)
        Infinities have the colours of the ends, NaN is near black.
    """
    anchors = np.array(_ANCHORS[side], dtype=np.float64)
    with np.errstate(all="ignore"):
        place = np.clip(picture / top, -1, 1) if top else np.sign(picture)
    place = np.nan_to_num(np.where(np.isinf(picture), np.sign(picture), place), nan=0.0)
    stops = np.linspace(-1, 1, len(anchors))
    channels = [np.interp(place, stops, anchors[:, k]) for k in range(3)]
    rgb = np.stack(channels, -1).round().astype(np.uint8)
    rgb[np.isnan(picture)] = NAN_COLOUR
    return rgb


def png(rgb: NDArray[np.uint8]) -> bytes:
    """Encode an RGB picture of shape (rows, cols, 3) as PNG (RFC 2083), with zlib only."""
    rows, cols, _ = rgb.shape
    header = struct.pack(">IIBBBBB", cols, rows, 8, 2, 0, 0, 0)
    filtered = np.concatenate([np.zeros((rows, 1), np.uint8), rgb.reshape(rows, -1)], 1)
    parts = [b"\x89PNG\r\n\x1a\n"]
    for kind, body in (
        (b"IHDR", header),
        (b"IDAT", zlib.compress(filtered.tobytes(), 9)),
        (b"IEND", b""),
    ):
        check = struct.pack(">I", zlib.crc32(kind + body))
        parts += [struct.pack(">I", len(body)), kind, body, check]
    return b"".join(parts)


def _real(array: ArrayLike, function: str) -> Any:
    """Return the array, where it is, with a dtype that can be coloured; bool as uint8."""
    a: Any = array if is_array(array) else np.asarray(array)
    if a.dtype.kind == "b":
        return a.astype(np.uint8)
    if a.dtype.kind not in "iuf":
        raise RenderError(
            function,
            "a real numeric array",
            f"dtype {a.dtype}",
            "draw its real and imaginary parts, or its magnitude, as arrays of their own",
        )
    if a.dtype.itemsize > 8:
        with np.errstate(all="ignore"):
            return a.astype(np.float64)
    return a


def _starts(length: int, blocks: int) -> NDArray[np.intp]:
    """Return the first index of each of at most `blocks` nearly equal blocks."""
    count = max(1, min(length, blocks))
    return (np.arange(count, dtype=np.int64) * length // count).astype(np.intp)


def _scaled_sums(a: NDArray[Any], largest: float) -> tuple[float, float]:
    """Return sum and sum of squares of the finite elements divided by the largest magnitude."""
    total = squares = 0.0
    if not largest:
        return total, squares
    for start in range(0, a.size, _CHUNK):
        x = a[start : start + _CHUNK].astype(np.float64)
        x = x[np.isfinite(x)] / largest
        total += float(x.sum())
        squares += float(np.einsum("i,i->", x, x))
    return total, squares
