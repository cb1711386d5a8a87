"""Small pictures of arrays inside the nodes: heat maps, and what stands where there is none."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from graphviz_ad.render import heatmap
from graphviz_ad.render.geometry import Box, Point
from graphviz_ad.render.scene import Image, Polygon, Primitive, Rect, Segments, hatching

ROWS, COLS = 6, 8
_SMALLEST_GLYPH = 3.5  # pixels of cell below which marks would be specks


def heat_map(array: Any, side: heatmap.Side, area: Box) -> list[Primitive]:
    """Draw a picture of an array, as large as fits the area with square-like cells."""
    low = area.height < 14
    picture = heatmap.summarize(array, 1 if low and np.ndim(array) < 2 else ROWS, COLS)
    if not picture.size:
        return [Rect(*area, None, "line", 0.8)]
    rows, cols = picture.shape
    cell_width = min(area.width / cols, max(area.height / rows, 9.0) * 1.6)
    cell_height = min(area.height / rows, cell_width * 1.2)
    width, height = cell_width * cols, cell_height * rows
    rgb = heatmap.colours(picture, side, heatmap.limit(picture))
    edge = Rect(area.x, area.y, width, height, None, "line", 0.6)
    drawn: list[Primitive] = [Image(area.x, area.y, width, height, rgb), edge]
    if min(cell_width, cell_height) >= _SMALLEST_GLYPH:
        drawn += _glyphs(picture, area, cell_width, cell_height)
    return drawn


def absent(required: bool, area: Box) -> list[Primitive]:
    """Draw hatching where a gradient is not computed, a dotted frame where none is required."""
    if required:
        return [hatching(*area), Rect(*area, None, "hatch", 0.8)]
    return [Rect(*area, None, "hatch", 1.0, dash=(1.2, 2.4))]


def _glyphs(
    picture: NDArray[np.float64], area: Box, width: float, height: float
) -> list[Primitive]:
    """Draw a cross on NaN, a triangle up on +∞ and down on −∞: not by colour alone."""
    marks: list[Primitive] = []
    crosses: list[tuple[Point, Point]] = []
    size = min(width, height) * 0.32
    for row, col in np.argwhere(~np.isfinite(picture)):
        x, y = area.x + (col + 0.5) * width, area.y + (row + 0.5) * height
        number = picture[row, col]
        if np.isnan(number):
            crosses.append((Point(x - size, y - size), Point(x + size, y + size)))
            crosses.append((Point(x - size, y + size), Point(x + size, y - size)))
        else:
            up = -1 if number > 0 else 1
            base = y - up * size * 0.8
            points = Point(x, y + up * size), Point(x - size, base), Point(x + size, base)
            marks.append(Polygon(points, "glyph"))
    if crosses:
        marks.append(Segments(tuple(crosses), "glyph", 1.1))
    return marks
