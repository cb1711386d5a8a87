"""A trace as a scene: nodes with their arrays, links in both directions, module frames."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from graphviz_ad.render import heatmap, measure
from graphviz_ad.render.boxes import box_part, frame_part
from graphviz_ad.render.diagram import Drawing, Node, build_diagram
from graphviz_ad.render.folding import Bundle, Folded, fold, start_open
from graphviz_ad.render.format import format_number, format_shape
from graphviz_ad.render.geometry import Box, Curve, Point, item_size
from graphviz_ad.render.layout import Layout, lay_out
from graphviz_ad.render.legend import legend_parts
from graphviz_ad.render.scene import (
    Bezier,
    Circle,
    Colour,
    Part,
    Polygon,
    Primitive,
    Rect,
    Scene,
    Text,
    arrow_head,
)
from graphviz_ad.render.signs import Sign, sign_list, sign_parts
from graphviz_ad.render.sized import Sized
from graphviz_ad.render.source import TraceLike
from graphviz_ad.render.thumbnail import absent, heat_map

_ARROW, _BACK_ARROW = 8.0, 6.0


def build_scene(
    trace: TraceLike,
    *,
    open_groups: Collection[int] | None = None,
    compact: bool = False,
    legend: bool = True,
    colour: Colour = "step",
    signs: Sequence[Sign] = (),
) -> Scene:
    """Lay a trace out and draw it; the arguments are those of `svg.to_svg`."""
    drawing = build_diagram(trace.graph, trace.value_label)
    opened = start_open(drawing) if open_groups is None else open_groups
    folded = fold(drawing, opened, compact=compact)
    layout = lay_out(drawing, folded)
    sized = Sized(trace) if colour == "gradient" else None
    ways = frozenset(edge for sign in signs for edge in sign.way)
    parts = [
        *(frame_part(drawing, group, box) for group, box in layout.frames),
        *(
            _link_part(trace, drawing, folded, i, layout.curves[i], sized, ways)
            for i in range(len(folded.bundles))
        ),
        *(_item_part(trace, drawing, folded, layout, i, sized) for i in range(len(folded.items))),
        *sign_parts(drawing, folded, layout, signs),
    ]
    width, height = layout.width, layout.height
    if legend:
        marks, width, height = legend_parts(
            trace, drawing, folded, width, height, by_size=sized is not None
        )
        parts += marks
        if sized is not None:
            scale, width, height = sized.legend(width, height)
            parts += scale
        written, height = sign_list(signs, width, height)
        parts += written
    graph = trace.graph
    name = trace.value_label(trace.output) if graph.values else ""
    described = (
        f"{_count(len(graph.ops), 'operation')} on {_count(len(graph.values), 'value')}. "
        "Circles and rectangles are values with their data and gradient, "
        "diamonds are operations; the data flows downwards."
    )
    text = " ".join((described, *drawing.notes))
    return Scene(width, height, f"Computation graph of {name}", text, tuple(parts))


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _link_part(
    trace: TraceLike,
    drawing: Drawing,
    folded: Folded,
    index: int,
    curve: Curve,
    sized: Sized | None,
    ways: Collection[int],
) -> Part:
    bundle = folded.bundles[index]
    edges = [trace.graph.edges[drawing.links[link].edge] for link in bundle.links]
    back = any(e.carries_gradient and trace.gradient(e.value) is not None for e in edges)
    colour = "forward" if any(e.carries_gradient for e in edges) else "quiet"
    count = _visible_count(drawing, folded, bundle)
    colour, width = (sized and sized.line(edges)) or (colour, 2.2 if count > 1 else 1.4)
    on_the_way = any(edge.id in ways for edge in edges)
    drawn: list[Primitive] = [
        *([Bezier(curve.points, "way", 10.0)] if on_the_way else []),
        Bezier(curve.points, colour, width),
        arrow_head(curve.tip, curve.points[-1], _ARROW, colour, reach=True),
    ]
    if back:
        drawn.append(arrow_head(curve.points[0], curve.points[1], _BACK_ARROW, "gradient"))
    if count > 1:
        x, y = _middle(curve.points)
        drawn.append(Text(x + 6, y + 3, f"×{count}", measure.SHAPE_SIZE, "muted", "mono"))
    return Part(f"l{index}", "link", "", tuple(drawn))


def _visible_count(drawing: Drawing, folded: Folded, bundle: Bundle) -> int:
    """How many links were merged; two nodes keep their links apart."""
    boxed = folded.items[bundle.tail].is_box or folded.items[bundle.head].is_box
    return len(bundle.links) if boxed else 1


def _middle(points: tuple[Point, ...]) -> Point:
    """Return the point half way along the middle Bézier."""
    start = (len(points) - 1) // 6 * 3
    a, b, c, d = points[start : start + 4]
    return Point((a.x + 3 * b.x + 3 * c.x + d.x) / 8, (a.y + 3 * b.y + 3 * c.y + d.y) / 8)


def _item_part(
    trace: TraceLike,
    drawing: Drawing,
    folded: Folded,
    layout: Layout,
    index: int,
    sized: Sized | None,
) -> Part:
    item, center = folded.items[index], layout.centers[index]
    if item.node is None:
        assert item.group is not None
        return box_part(drawing, item.group, center, item_size(drawing, item), sized)
    node = drawing.nodes[item.node]
    if node.kind == "op":
        return _op_part(node, center, sized)
    return _value_part(trace, node, center, sized)


def _op_part(node: Node, center: Point, sized: Sized | None) -> Part:
    fill = "op" if sized is None else sized.fill(sized.op(node.ref), "op")
    w, h = node.width / 2, node.height / 2
    corners = (
        Point(center.x, center.y - h),
        Point(center.x + w, center.y),
        Point(center.x, center.y + h),
        Point(center.x - w, center.y),
    )
    return Part(
        node.key,
        "op",
        node.title,
        (
            Polygon(corners, fill, "op-line", 1.2),
            Text(center.x, center.y + 4.5, node.label, measure.GLYPH_SIZE, "ink", anchor="middle"),
        ),
    )


def _value_part(trace: TraceLike, node: Node, center: Point, sized: Sized | None) -> Part:
    value = trace.graph.values[node.ref]
    leaf = value.producer is None
    fill = "leaf" if leaf and not value.requires_grad else "card"
    shown = value.id == trace.output
    stroke, line = ("ink", 1.8) if shown else ("line", 1.2)
    draw = _circle if node.shape == "circle" else _rectangle
    if sized is not None:
        fill = sized.fill(sized.value(node.ref), fill)
    drawn = draw(trace, node, center, fill, stroke, line)
    if sized is not None and not node.copy:
        w, h = node.width, node.height
        box = Box(center.x - w / 2, center.y - h / 2, w, h)
        size = sized.value(node.ref)
        drawn += sized.tag([] if size is None else [size], box, node.shape == "circle")
    return Part(node.key, "value", _value_title(trace, node), tuple(drawn))


def _value_title(trace: TraceLike, node: Node) -> str:
    """Write the tooltip: name, shape, dtype, range, and the gradient or why there is none."""
    value = trace.graph.values[node.ref]
    shape = f" {format_shape(value.shape)}" if value.shape else ""
    text = f"{node.title}{shape} {value.dtype}: {_range(trace.data(value.id))}"
    gradient = trace.gradient(value.id)
    if gradient is None:
        return f"{text}; {node.title}∇: {trace.no_gradient(value.id)}"
    return f"{text}; {node.title}∇: {_range(gradient)}"


def _range(array: Any) -> str:
    if np.ndim(array) == 0:
        return format_number(array)
    s = heatmap.statistics(array)
    text = f"{format_number(s.min)} to {format_number(s.max)}, norm {format_number(s.norm)}"
    counts = ((s.nan, "NaN"), (s.posinf, "+∞"), (s.neginf, "−∞"))
    return ", ".join([text, *(f"{count:,} {name}" for count, name in counts if count)])


def _circle(
    trace: TraceLike, node: Node, center: Point, fill: str, stroke: str, line: float
) -> list[Primitive]:
    x, y = center
    drawn: list[Primitive] = [Circle(center, node.width / 2 - line / 2, fill, stroke, line)]
    if node.copy:
        drawn.append(_name(node, x, y + 4.5, "middle"))
        return drawn
    data = format_number(trace.data(node.ref))
    drawn.append(_name(node, x, y - 12, "middle"))
    drawn.append(Text(x, y + 3, data, measure.SHAPE_SIZE, "ink", "mono", "middle"))
    gradient = trace.gradient(node.ref)
    if gradient is None:
        required = trace.graph.values[node.ref].requires_grad
        return drawn + absent(required, Box(x - 14, y + 10, 28, 9))
    text = format_number(gradient)
    drawn.append(Text(x, y + 17, text, measure.SHAPE_SIZE, "gradient", "mono", "middle"))
    return drawn


def _rectangle(
    trace: TraceLike, node: Node, center: Point, fill: str, stroke: str, line: float
) -> list[Primitive]:
    w, h = node.width, node.height
    x, y = center.x - w / 2, center.y - h / 2
    base = center.y + 4.5 if node.copy else y + 18
    drawn: list[Primitive] = [
        Rect(x + line / 2, y + line / 2, w - line, h - line, fill, stroke, line, 6.0),
        _name(node, x + 9, base, "start"),
        Text(x + w - 8, base - 0.5, node.sublabel, measure.SHAPE_SIZE, "muted", "mono", "end"),
    ]
    if node.copy:
        return drawn
    side = (w - 22) / 2
    top = 25.0 if h > 50 else 26.0
    room = h - top - (8 if h > 50 else 7)
    left, right = Box(x + 8, y + top, side, room), Box(x + w - 8 - side, y + top, side, room)
    drawn += heat_map(trace.data(node.ref), "data", left)
    gradient = trace.gradient(node.ref)
    if gradient is None:
        return drawn + absent(trace.graph.values[node.ref].requires_grad, right)
    return drawn + heat_map(gradient, "gradient", right)


def _name(node: Node, x: float, y: float, anchor: str) -> Text:
    middle = anchor == "middle"
    return Text(
        x,
        y,
        node.label,
        measure.NAME_SIZE,
        "ink",
        "serif",
        "middle" if middle else "start",
        italic=True,
        bold=True,
    )
