"""Our own layered layout, for where there is no Graphviz or it takes too long.

Every open group is arranged by itself and is then one box for the group around
it, so frames never overlap and hold nothing but what is theirs.
"""

from __future__ import annotations

from itertools import pairwise

from graphviz_ad.render.arrange import BEND, Arrangement, arrange
from graphviz_ad.render.diagram import Drawing
from graphviz_ad.render.folding import Folded, Item
from graphviz_ad.render.geometry import Box, Curve, Point, frame_title_width, item_size

_PAD, _TITLE, _ARROW, _PORT_GAP = 12.0, 18.0, 8.0, 14.0

# What a container holds: ("item", index in Folded.items), ("frame", index of the group), or
# ("in", index of a bundle) and ("out", …): where the bundle passes the container's border.
_Member = tuple[str, int]
_Parts = tuple[float, float, tuple[Point, ...], tuple[Curve, ...], tuple[tuple[int, Box], ...]]


def layered_layout(drawing: Drawing, folded: Folded, margin: float) -> _Parts:
    """Return width, height, centres, curves and frames; see `layout.Layout`."""
    members = _members(drawing, folded)
    links = _links_by_container(drawing, folded, members)
    sizes: dict[_Member, tuple[float, float]] = {
        ("item", i): item_size(drawing, item) for i, item in enumerate(folded.items)
    }
    arranged: dict[int | None, Arrangement] = {}
    for container in (*reversed(folded.frames), None):  # inner frames have larger indices
        inside = members.get(container, [])
        number = {member: i for i, member in enumerate(inside)}
        ends = [(number[tail], number[head]) for tail, head, _ in links.get(container, ())]
        top = [i for i, (kind, _) in enumerate(inside) if kind == "in"]
        bottom = [i for i, (kind, _) in enumerate(inside) if kind == "out"]
        result = arrange([sizes.get(member, BEND) for member in inside], ends, top, bottom)
        arranged[container] = result
        if container is not None:
            width = max(result.width, frame_title_width(drawing.groups[container].label))
            sizes["frame", container] = width + 2 * _PAD, result.height + 2 * _PAD + _TITLE
    corner: dict[int | None, Point] = {None: Point(margin, margin)}
    centers: dict[int, Point] = {}
    boxes: dict[int, Box] = {}
    bends: dict[int, list[Point]] = {}
    for container in (None, *folded.frames):
        x0, y0 = corner[container]
        result = arranged[container]
        for (kind, index), (x, y) in zip(members.get(container, ()), result.centers, strict=True):
            place = Point(x0 + x, y0 + y)
            if kind == "item":
                centers[index] = place
            elif kind == "frame":
                width, height = sizes[kind, index]
                box = boxes[index] = Box(place.x - width / 2, place.y - height / 2, width, height)
                corner[index] = Point(box.x + _PAD, box.y + _PAD + _TITLE)
            else:
                bends.setdefault(index, []).append(place)
        for (_, _, bundle), way in zip(links.get(container, ()), result.bends, strict=True):
            bends.setdefault(bundle, []).extend(Point(x0 + x, y0 + y) for x, y in way)
    places = tuple(centers[i] for i in range(len(folded.items)))
    curves = _curves(drawing, folded, places, bends)
    whole = arranged[None]
    frames = tuple((frame, boxes[frame]) for frame in folded.frames)
    return whole.width + 2 * margin, whole.height + 2 * margin, places, curves, frames


def _members(drawing: Drawing, folded: Folded) -> dict[int | None, list[_Member]]:
    """List what each open group, and the top level, holds directly."""
    members: dict[int | None, list[_Member]] = {}
    known: set[int] = set()
    for index, item in enumerate(folded.items):
        members.setdefault(item.parent, []).append(("item", index))
        group = item.parent
        while group is not None and group not in known:
            known.add(group)
            parent = drawing.groups[group].parent
            members.setdefault(parent, []).append(("frame", group))
            group = parent
    return members


def _links_by_container(
    drawing: Drawing, folded: Folded, members: dict[int | None, list[_Member]]
) -> dict[int | None, list[tuple[_Member, _Member, int]]]:
    """Split each bundle at the borders that it passes, which become members of their container."""
    depth: dict[int | None, int] = {None: 0}
    for frame in folded.frames:
        depth[frame] = depth[drawing.groups[frame].parent] + 1
    links: dict[int | None, list[tuple[_Member, _Member, int]]] = {}
    for index, bundle in enumerate(folded.bundles):
        ends: list[_Member] = [("item", bundle.tail), ("item", bundle.head)]
        inside = [folded.items[bundle.tail].parent, folded.items[bundle.head].parent]
        while inside[0] != inside[1]:
            side = 0 if depth[inside[0]] >= depth[inside[1]] else 1
            group = inside[side]
            assert group is not None  # the deeper of two different containers is a frame
            border: _Member = ("in" if side else "out", index)
            members[group].append(border)
            part = (border, ends[1], index) if side else (ends[0], border, index)
            links.setdefault(group, []).append(part)
            ends[side], inside[side] = ("frame", group), drawing.groups[group].parent
        links.setdefault(inside[0], []).append((ends[0], ends[1], index))
    return links


def _curves(
    drawing: Drawing,
    folded: Folded,
    centers: tuple[Point, ...],
    bends: dict[int, list[Point]],
) -> tuple[Curve, ...]:
    """Draw the bundles; those of one item meet it side by side, so that none hides another."""
    leaving: dict[int, list[tuple[float, int]]] = {}
    arriving: dict[int, list[tuple[float, int]]] = {}
    for i, bundle in enumerate(folded.bundles):
        downwards = centers[bundle.head].y >= centers[bundle.tail].y
        bends[i].sort(key=lambda bend: bend.y if downwards else -bend.y)
        way = bends[i] or [centers[bundle.head]]
        leaving.setdefault(bundle.tail, []).append((way[0].x, i))
        way = bends[i] or [centers[bundle.tail]]
        arriving.setdefault(bundle.head, []).append((way[-1].x, i))
    starts = _ports(drawing, folded.items, leaving)
    tips = _ports(drawing, folded.items, arriving)
    curves = []
    for i, bundle in enumerate(folded.bundles):
        tail, head = centers[bundle.tail], centers[bundle.head]
        sign = 1.0 if head.y >= tail.y else -1.0
        start = Point(tail.x + starts[i].x, tail.y + sign * starts[i].y)
        tip = Point(head.x + tips[i].x, head.y - sign * tips[i].y)
        way = [start, *bends[i], Point(tip.x, tip.y - sign * _ARROW)]
        points = [start]
        for here, there in pairwise(way):
            middle = (there.y - here.y) * 0.45
            points += (Point(here.x, here.y + middle), Point(there.x, there.y - middle), there)
        curves.append(Curve(tuple(points), tip))
    return tuple(curves)


def _ports(
    drawing: Drawing, items: tuple[Item, ...], ends: dict[int, list[tuple[float, int]]]
) -> dict[int, Point]:
    """Where each bundle meets its item: right of and below the centre, on the outline."""
    ports: dict[int, Point] = {}
    for item, bundles in ends.items():
        width, height = item_size(drawing, items[item])
        node = items[item].node
        shape = "rect" if node is None else drawing.nodes[node].shape
        gap = min(_PORT_GAP, 0.6 * width / len(bundles))
        for place, (_, bundle) in enumerate(sorted(bundles)):
            x = (place - (len(bundles) - 1) / 2) * gap
            ports[bundle] = Point(x, _outline(shape, x / (width / 2)) * height / 2)
    return ports


def _outline(shape: str, x: float) -> float:
    """Height of a shape of half width and half height 1 at the distance x from its middle."""
    if shape == "diamond":
        return 1 - abs(x)
    return float((1 - x * x) ** 0.5) if shape == "circle" else 1.0
