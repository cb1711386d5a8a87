"""How explanations look as text; a notebook shows the same text, escaped."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import numpy as np

from graphviz_ad.backend import to_numpy

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
    values = host(array).astype(np.float64).ravel()
    if not values.size:
        return 0.0
    largest = float(np.abs(values).max())
    if largest == 0.0 or not np.isfinite(largest):
        return largest
    return largest * float(np.linalg.norm(values / largest))
