"""The groups of a picture: open ones as frames, closed ones as boxes."""

from __future__ import annotations

from graphviz_ad.render import measure
from graphviz_ad.render.diagram import Drawing
from graphviz_ad.render.geometry import Box, Point
from graphviz_ad.render.scene import Part, Rect, Text
from graphviz_ad.render.sized import Sized

__all__ = ["box_part", "frame_part"]


def frame_part(drawing: Drawing, group: int, box: Box) -> Part:
    """Draw the frame and the title of an open group."""
    label = drawing.groups[group].label
    short = measure.shorten(label, measure.BOX_LIMIT)
    return Part(
        f"g{group}",
        "frame",
        label,
        (
            Rect(*box, "frame", "line", 1.2, 8.0, (5, 4)),
            Text(box.x + 10, box.y + 18, f"▾ {short}", measure.BOX_SIZE, "muted"),
        ),
    )


def box_part(
    drawing: Drawing,
    index: int,
    center: Point,
    size: tuple[float, float],
    sized: Sized | None,
) -> Part:
    """Draw a closed group: its name and what it holds."""
    width, height = size
    inside = [] if sized is None else sized.box(ops_inside(drawing, index))
    median = inside[len(inside) // 2] if inside else None
    fill = "card" if sized is None else sized.fill(median, "card")
    ends = [inside[0], inside[-1]] if inside else []
    group = drawing.groups[index]
    x, y = center.x - width / 2, center.y - height / 2
    label = measure.shorten(group.label, measure.BOX_LIMIT)
    tag = () if sized is None else sized.tag(ends, Box(x, y, width - 3, height - 3))
    return Part(
        f"g{index}",
        "box",
        f"{group.label}: {group.summary}",
        (
            Rect(x + 3, y + 3, width - 3, height - 3, "frame", "line", 1.0, 7.0),
            Rect(x, y, width - 3, height - 3, fill, "line", 1.2, 7.0),
            Text(
                center.x - 1.5,
                y + 19,
                f"▸ {label}",
                measure.BOX_SIZE,
                "ink",
                anchor="middle",
                bold=True,
            ),
            Text(
                center.x - 1.5,
                y + 34,
                group.summary,
                measure.SHAPE_SIZE,
                "muted" if fill == "card" else "ink",
                anchor="middle",
            ),
            *tag,
        ),
    )


def ops_inside(drawing: Drawing, group: int) -> list[int]:
    """Return the ops of a group and of the groups in it."""
    inside = {group}
    for index, other in enumerate(drawing.groups):  # inner groups have larger indices
        if other.parent in inside:
            inside.add(index)
    return [node.ref for node in drawing.nodes if node.kind == "op" and node.group in inside]
