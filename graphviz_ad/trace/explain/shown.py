"""How explanations look as text; a notebook shows the same text, escaped."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from graphviz_ad.backend import to_numpy

_PART = 1 << 15
_SAFE = 1e-280
"""Sums of squares above this have lost nothing to underflow."""

__all__ = ["Shown", "host", "index_text", "norm", "number", "table"]


class Shown:
    """Base of what prints itself by `_text` and shows the same in a notebook."""

    __slots__ = ()

    def _text(self) -> str:
        raise NotImplementedError

    def __repr__(self) -> str:
        return self._text()

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self._text())}</pre>"


def number(value: Any) -> str:
    """Return a number in four significant digits, with a true minus sign."""
    if isinstance(value, (bool, int, np.bool_, np.integer)):
        return str(int(value)).replace("-", "−")
    real = float(value)
    if np.isnan(real):
        return "NaN"
    if np.isinf(real):
        return "∞" if real > 0 else "−∞"
    return f"{real:.4g}".replace("-", "−")


def index_text(index: Sequence[int]) -> str:
    """Return an index as it is written: ``"[3, 2]"``, and nothing for a scalar's."""
    return f"[{', '.join(map(str, index))}]" if index else ""


def table(rows: Sequence[Sequence[str]], indent: str = "  ") -> list[str]:
    """Return lines with the columns of `rows` aligned."""
    if not rows:
        return []
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    return [
        (indent + "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True))).rstrip()
        for row in rows
    ]


def host(array: Any) -> Any:
    """Return a NumPy array of `array`, wherever it is."""
    return np.asarray(to_numpy(array))


def norm(array: Any) -> float:
    """Return the Euclidean norm of all elements, also where their squares would overflow."""
    values = host(array).reshape(-1)
    # In parts that stay in the processor's cache: a copy of a large array costs far more.
    parts = [values[i : i + _PART] for i in range(0, values.size, _PART)]
    with np.errstate(all="ignore"):
        squares = math.fsum(float(np.einsum("i,i->", x, x)) for x in map(_double, parts))
        if _SAFE < squares < math.inf or not values.size:
            return math.sqrt(squares)
        largest = float(np.abs([(x.min(), x.max()) for x in map(_double, parts)]).max())
        if largest == 0.0 or not math.isfinite(largest):
            return largest
        return largest * math.sqrt(
            math.fsum(float(((_double(x) / largest) ** 2).sum()) for x in parts)
        )


def _double(part: Any) -> Any:
    return part.astype(np.float64, copy=False)
