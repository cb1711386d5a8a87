"""The lines under a static picture: what is folded, and what the marks mean."""

from __future__ import annotations

import textwrap

from graphviz_ad.render.diagram import Drawing
from graphviz_ad.render.folding import Folded
from graphviz_ad.render.geometry import Box, Point
from graphviz_ad.render.measure import text_width
from graphviz_ad.render.scene import Part, Primitive, Segments, Text, arrow_head
from graphviz_ad.render.source import TraceLike
from graphviz_ad.render.thumbnail import absent

_SIZE, _ROW, _MARK, _GAP, _MARGIN = 10.5, 17.0, 22.0, 18.0, 14.0


def legend_parts(
    trace: TraceLike,
    drawing: Drawing,
    folded: Folded,
    width: float,
    height: float,
    *,
    by_size: bool = False,
) -> tuple[list[Part], float, float]:
    """Return the legend's parts and the picture's size with it.

    Only marks that occur are explained; lines and entries flow into as many rows as
    the picture's width asks for. Of a picture coloured `by_size` the lines are explained by
    its scale.
    """
    entries = _entries(trace, drawing, folded)
    if by_size:
        entries = [entry for entry in entries if entry[0] != "forward"]
    if not entries:
        return [], width, height
    widest = max(_MARK + text_width(text, _SIZE, "sans") for _, text in entries)
    width = max(width, widest + 2 * _MARGIN)
    drawn: list[Primitive] = []
    x, y = _MARGIN, height + 6
    for line in _folded_lines(drawing, folded, width):
        drawn.append(Text(x, y + 4, line, _SIZE, "muted"))
        y += _ROW
    for kind, text in entries:
        needed = _MARK + text_width(text, _SIZE, "sans")
        if x > _MARGIN and x + needed > width - _MARGIN:
            x, y = _MARGIN, y + _ROW
        drawn += _mark(kind, x, y)
        drawn.append(Text(x + _MARK, y + 4, text, _SIZE, "muted"))
        x += needed + _GAP
    return [Part("legend", "legend", "", tuple(drawn))], width, y + _MARGIN


def _folded_lines(drawing: Drawing, folded: Folded, width: float) -> list[str]:
    """Say how many operations the closed groups hide; nothing here can be clicked."""
    boxes = [item.group for item in folded.items if item.group is not None]
    hidden = sum(drawing.groups[box].ops for box in boxes)
    if not hidden:
        return []
    total = sum(node.kind == "op" for node in drawing.nodes)
    which = f"All {total:,}" if hidden == total else f"{hidden:,} of {total:,}"
    plural = "box" if len(boxes) == 1 else "boxes"
    text = f"{which} operations are folded into {len(boxes):,} {plural}."
    columns = int((width - 2 * _MARGIN) / text_width("n", _SIZE, "sans"))
    return textwrap.wrap(text, max(columns, 12))


def _entries(trace: TraceLike, drawing: Drawing, folded: Folded) -> list[tuple[str, str]]:
    shown = [drawing.nodes[i.node] for i in folded.items if i.node is not None]
    values = [trace.graph.values[n.ref] for n in shown if n.kind == "value" and not n.copy]
    missing = [v for v in values if trace.gradient(v.id) is None]
    entries = [("forward", "data")] if folded.bundles else []
    if len(missing) < len(values):
        entries.append(("gradient", "A∇, the gradient"))
    if any(v.requires_grad for v in missing):
        entries.append(("hatched", "not computed"))
    if not all(v.requires_grad for v in missing):
        entries.append(("dotted", "no gradient required"))
    return entries


def _mark(kind: str, x: float, y: float) -> list[Primitive]:
    if kind in ("hatched", "dotted"):
        return absent(kind == "hatched", Box(x, y - 4, 16, 8))
    ends = (Point(x, y), Point(x + 16, y))
    start, tip = ends if kind == "forward" else ends[::-1]
    return [Segments(((start, tip),), kind, 1.6), arrow_head(tip, start, 7.0, kind)]
