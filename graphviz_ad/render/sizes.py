"""Sizes of gradients on one scale: decades from the middle of a trace, symmetric, with colours.

A size is the root mean square of an array's elements, so that wide values do not count as large.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from graphviz_ad.render.format import format_number
from graphviz_ad.render.heatmap import Statistics, statistics
from graphviz_ad.render.source import TraceLike

__all__ = ["LEVELS", "SIZE_DARK", "SIZE_LIGHT", "Scale", "decades_text", "scale_of", "size_of"]

LEAST_SPAN = 3
"""Decades to each end, at least: what a healthy network's gradients differ by stays pale."""

MOST_SPAN = 12

LEVELS = 6
"""Colours on each side of the middle."""

# Teal and amber are told apart with every common form of colour blindness (they are the hues of
# ColorBrewer's BrBG), and ink can be read on every one of the fills.
_FILLS = {
    "light": ((47, 176, 164), (246, 248, 250), (228, 160, 62)),
    "dark": ((17, 108, 101), (32, 39, 49), (134, 84, 14)),
}
_STROKES = {
    "light": ((0, 106, 97), (139, 154, 175), (150, 84, 8)),
    "dark": ((72, 208, 190), (107, 121, 143), (240, 172, 74)),
}


@dataclass(frozen=True, slots=True)
class Scale:
    """A symmetric logarithmic scale.

    Attributes
    ----------
    centre : float
        The size in the middle: the median over the values that have a gradient.
    span : int
        Decades from there to each end; what lies beyond has the end's colour.
    """

    centre: float
    span: int

    def decades(self, size: float) -> float:
        """Return how many decades a size lies above the centre; −inf for 0, NaN for no number."""
        if math.isnan(size) or math.isinf(size):
            return math.nan
        return math.log10(size) - math.log10(self.centre) if size > 0 else -math.inf

    def level(self, size: float) -> int | None:
        """Return a colour's number from −`LEVELS` to `LEVELS`; None for 0, NaN and Inf."""
        decades = self.decades(size)
        if not math.isfinite(decades):
            return None
        return round(max(-1.0, min(1.0, decades / self.span)) * LEVELS)

    def width(self, size: float) -> float:
        """Return how wide an edge is drawn, in pixels: the wider the larger the gradient."""
        decades = self.decades(size)
        if not math.isfinite(decades):
            return 1.0
        return 1.0 + 2.5 * (1 + max(-1.0, min(1.0, decades / self.span)))

    def __str__(self) -> str:
        return f"decades from the median RMS, {format_number(self.centre)}"


def scale_of(sizes: Iterable[float]) -> Scale | None:
    """Return the scale on which sizes are shown; None where none is a positive number.

    Parameters
    ----------
    sizes : iterable of float
        Root mean squares.

    Examples
    --------
    >>> scale_of([1e-6, 1e-2, 1.0])
    Scale(centre=0.01, span=4)
    """
    known = sorted(size for size in sizes if 0 < size < math.inf)
    if not known:
        return None
    middle = len(known) // 2
    centre = known[middle]
    if len(known) % 2 == 0:  # the geometric mean of the two in the middle
        centre = math.sqrt(known[middle - 1]) * math.sqrt(centre)
    furthest = max(abs(math.log10(size) - math.log10(centre)) for size in (known[0], known[-1]))
    return Scale(centre, max(LEAST_SPAN, min(MOST_SPAN, math.ceil(furthest))))


def size_of(array: Any) -> float:
    """Return the root mean square of an array; NaN where an element is not finite."""
    return rms_of(statistics(array), math.prod(array.shape))


def rms_of(found: Statistics, elements: int) -> float:
    """Return the root mean square that statistics tell of; 0 for no elements."""
    if found.nan or found.posinf or found.neginf:
        return math.nan
    return found.norm / math.sqrt(elements) if elements else 0.0


def scale_of_trace(trace: TraceLike) -> Scale | None:
    """Return the scale of a trace's gradients."""
    gradients = [trace.gradient(value.id) for value in trace.graph.values]
    return scale_of(size_of(gradient) for gradient in gradients if gradient is not None)


def decades_text(decades: float) -> str:
    """Write decades as the pictures do: ``"−2.4"``, ``"+0.3"``, ``"= 0"`` for an exact zero."""
    if math.isnan(decades):
        return "NaN"
    if math.isinf(decades):
        return "= 0"
    text = f"{decades:+.1f}".replace("-", "−")
    return text[1:] if text[1:] == "0.0" else text


def _ramp(stops: tuple[tuple[int, int, int], ...], level: int) -> str:
    x = (level / LEVELS + 1) / 2 * (len(stops) - 1)
    k = min(len(stops) - 2, int(x))
    mixed = (a + (b - a) * (x - k) for a, b in zip(stops[k], stops[k + 1], strict=True))
    return "#" + "".join(f"{round(c):02x}" for c in mixed)


def _palette(theme: str) -> dict[str, str]:
    """Return the colours by role: ``"size-2"`` fills a node, ``"flow-2"`` draws an edge."""
    palette = {}
    for level in range(-LEVELS, LEVELS + 1):
        palette[f"size{level:+d}"] = _ramp(_FILLS[theme], level)
        palette[f"flow{level:+d}"] = _ramp(_STROKES[theme], level)
    return palette


SIZE_LIGHT = _palette("light")
SIZE_DARK = _palette("dark")
