"""The look of gradient sizes in static pictures: fills, edges, tags and the scale's legend."""

from __future__ import annotations

import math
from collections.abc import Sequence

from graphviz_ad.render.geometry import Box, Point
from graphviz_ad.render.measure import text_width
from graphviz_ad.render.scene import Part, Polygon, Primitive, Rect, Text
from graphviz_ad.render.sizes import LEVELS, Scale, decades_text, scale_of_trace, size_of
from graphviz_ad.render.source import TraceLike
from graphviz_ad.trace.model import Edge

__all__ = ["Sized"]

_SIZE, _ROW, _MARGIN, _CELL = 10.5, 15.0, 14.0, 16.0


class Sized:
    """What is drawn of a trace's gradient sizes; of a trace without any, nothing."""

    def __init__(self, trace: TraceLike) -> None:
        self._trace = trace
        self._known: dict[int, float | None] = {}
        self.scale: Scale | None = scale_of_trace(trace)

    def value(self, value: int) -> float | None:
        """Return the size of a value's gradient; None where there is none."""
        if value not in self._known:
            gradient = self._trace.gradient(value)
            self._known[value] = None if gradient is None else size_of(gradient)
        return self._known[value]

    def op(self, op: int) -> float | None:
        """Return the size of the gradient that an op reads, the largest of several."""
        found = [self.value(value) for value in self._trace.graph.ops[op].outputs]
        return max((size for size in found if size is not None), default=None)

    def box(self, ops: Sequence[int]) -> list[float]:
        """Return the sizes of what the ops of a closed box made, sorted; without NaN."""
        graph = self._trace.graph
        found = [self.value(value) for op in ops for value in graph.ops[op].outputs]
        return sorted(size for size in found if size is not None and not math.isnan(size))

    def fill(self, size: float | None, otherwise: str) -> str:
        """Return the colour of a node."""
        level = None if self.scale is None or size is None else self.scale.level(size)
        return otherwise if level is None else f"size{level:+d}"

    def line(self, edges: Sequence[Edge]) -> tuple[str, float] | None:
        """Return the colour and the width of edges drawn as one; None where no gradient goes."""
        sizes = [self._along(edge) for edge in edges if edge.carries_gradient]
        known = [size for size in sizes if size is not None and size > 0]
        if self.scale is None or not known or math.isnan(max(known)):
            return None
        return f"flow{self.scale.level(max(known)):+d}", self.scale.width(max(known))

    def _along(self, edge: Edge) -> float | None:
        if not edge.is_input:
            return self.op(edge.op)
        sent = self._trace.contribution(edge.id)
        return None if sent is None else size_of(sent)

    def tag(self, sizes: Sequence[float], box: Box, circle: bool = False) -> list[Primitive]:
        """Draw a size, or the smallest and the largest, at a node's lower right corner."""
        if self.scale is None or not sizes:
            return []
        ends = (decades_text(self.scale.decades(size)) for size in (sizes[0], sizes[-1]))
        text = " … ".join(dict.fromkeys(ends))
        width = text_width(text, 9.0, "mono") + 8
        if circle:
            x, y = box.x + box.width * 0.86, box.y + box.height * 0.86
        else:
            x, y = box.x + box.width - width / 2 + 6, box.y + box.height + 1
        return [
            Rect(x - width / 2, y - 6.5, width, 13, "paper", "line", 0.8, 6.5),
            Text(x, y + 3.2, text, 9.0, "ink", "mono", "middle"),
        ]

    def legend(self, width: float, height: float) -> tuple[list[Part], float, float]:
        """Return the scale drawn below the picture, and the picture's size with it."""
        if self.scale is None:
            return [], width, height
        caption = f"A∇ per element, in {self.scale}"
        bar = (2 * LEVELS + 1) * _CELL
        width = max(width, bar + 2 * _MARGIN + 12, text_width(caption, _SIZE, "sans") + 2 * _MARGIN)
        y = height + 6
        drawn: list[Primitive] = [Text(_MARGIN, y + 4, caption, _SIZE, "muted")]
        top, left = y + 11, _MARGIN + 6
        for k in range(-LEVELS, LEVELS + 1):
            x = left + (k + LEVELS) * _CELL
            drawn.append(Rect(x, top, _CELL, 9, f"size{k:+d}", None))
        drawn.append(Rect(left, top, bar, 9, None, "line", 0.8))
        for share in (-1.0, -0.5, 0.0, 0.5, 1.0):
            mark = f"{share * self.scale.span:+g}".replace("-", "−") if share else "0"
            x = left + bar / 2 + share * (bar - _CELL) / 2
            drawn.append(Text(x, top + 21, mark, 9.0, "muted", "mono", "middle"))
        thin = top + 27
        ends = ((0.0, 2.5), (bar, 0.0), (bar, 6.0), (0.0, 3.5))
        wedge = tuple(Point(left + dx, thin + dy) for dx, dy in ends)
        drawn.append(Polygon(wedge, "line"))
        drawn.append(Text(left + bar + 8, thin + 6, "edges", 9.0, "muted"))
        width = max(width, left + bar + 8 + text_width("edges", 9.0, "sans") + _MARGIN)
        return [Part("sizes", "legend", "", tuple(drawn))], width, thin + 6 + _MARGIN
