"""Points, boxes and curves, and the sizes of what is laid out."""

from __future__ import annotations

from typing import NamedTuple

from graphviz_ad.render import measure
from graphviz_ad.render.diagram import Drawing
from graphviz_ad.render.folding import Item


class Point(NamedTuple):
    """A place in CSS pixels, y downwards."""

    x: float
    y: float


class Box(NamedTuple):
    """A rectangle by its upper left corner and its size."""

    x: float
    y: float
    width: float
    height: float


class Curve(NamedTuple):
    """A connection: the control points of joined cubic Béziers (3k + 1) and the arrow's tip."""

    points: tuple[Point, ...]
    tip: Point


def item_size(drawing: Drawing, item: Item) -> tuple[float, float]:
    """Width and height of a node or of a closed group."""
    if item.node is not None:
        node = drawing.nodes[item.node]
        return node.width, node.height
    assert item.group is not None
    group = drawing.groups[item.group]
    return measure.box_size(measure.shorten(group.label, measure.BOX_LIMIT), group.summary)


def frame_title_width(label: str) -> float:
    """Room for an open group's title."""
    short = measure.shorten(label, measure.BOX_LIMIT)
    return measure.text_width(short, measure.BOX_SIZE, "sans") + 18
