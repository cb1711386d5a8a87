"""Badges of findings in static pictures: shape and letter tell the severity, colour says it again.

The findings are written out under the picture, which cannot be clicked.
"""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from graphviz_ad.render.diagram import Drawing
from graphviz_ad.render.folding import Folded
from graphviz_ad.render.geometry import Point, item_size
from graphviz_ad.render.layout import Layout
from graphviz_ad.render.measure import text_width
from graphviz_ad.render.scene import Circle, Part, Polygon, Primitive, Text

__all__ = ["LETTERS", "SIGN_DARK", "SIGN_LIGHT", "Sign", "sign_list", "sign_parts", "worst_by_item"]

Severity = Literal["error", "warning", "info"]
_SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
LETTERS: dict[Severity, str] = {"error": "E", "warning": "W", "info": "i"}

SIGN_LIGHT = {
    "error": "#b4232d", "warning": "#9a5b00", "info": "#4a5b72", "sign-ink": "#ffffff",
    "way": "#eecfd1",
}  # fmt: skip
SIGN_DARK = {
    "error": "#ff8087", "warning": "#f2b84b", "info": "#a5b4c8", "sign-ink": "#10151d",
    "way": "#552b34",
}  # fmt: skip

_RADIUS, _SIZE, _ROW, _MARGIN = 9.0, 10.5, 15.0, 14.0
_OCTAGON = ((-3.7, -9), (3.7, -9), (9, -3.7), (9, 3.7), (3.7, 9), (-3.7, 9), (-9, 3.7), (-9, -3.7))
_TRIANGLE = ((0, -10.5), (11, 8.5), (-11, 8.5))


@dataclass(frozen=True, slots=True)
class Sign:
    """A finding as pictures show it.

    Attributes
    ----------
    key : str
        The node that is blamed, ``"o3"`` or ``"v2"``; empty where it has no place.
    severity : {"error", "warning", "info"}
    kind : str
        ``"vanishing"``
    text : str
        The finding in a sentence.
    way : tuple of int
        The edges from the loss to the blamed op, which are highlighted.
    """

    key: str
    severity: Severity
    kind: str
    text: str
    way: tuple[int, ...] = ()


def worst_by_item(
    drawing: Drawing, folded: Folded, signs: Collection[Sign]
) -> dict[int, list[Sign]]:
    """Return the signs at each visible item, the worst first; hidden ones are on their box."""
    wanted = {sign.key for sign in signs} - {""}
    nodes: dict[str, int] = {}
    for index, node in enumerate(drawing.nodes):
        key = node.key.partition(".")[0]
        if key in wanted:
            nodes.setdefault(key, index)
    place = _Places(drawing, folded)
    found: dict[int, list[Sign]] = {}
    for sign in signs:
        shown = place.of(nodes[sign.key]) if sign.key in nodes else None
        if shown is not None:
            found.setdefault(shown, []).append(sign)
    for at in found.values():
        at.sort(key=lambda sign: _SEVERITIES.index(sign.severity))
    return found


class _Places:
    """Where the nodes of a drawing are seen."""

    def __init__(self, drawing: Drawing, folded: Folded) -> None:
        self._drawing = drawing
        self._nodes = {item.node: i for i, item in enumerate(folded.items) if not item.is_box}
        self._boxes = {item.group: i for i, item in enumerate(folded.items) if item.is_box}

    def of(self, node: int) -> int | None:
        """Return the item of a node, of the box that hides it, or of what a hidden op makes."""
        if node in self._nodes:
            return self._nodes[node]
        group = self._drawing.nodes[node].group
        while group is not None:
            if group in self._boxes:
                return self._boxes[group]
            group = self._drawing.groups[group].parent
        made = [link.head for link in self._drawing.links if link.tail == node]
        is_op = self._drawing.nodes[node].kind == "op"
        return self.of(made[0]) if is_op and made else None


def sign_parts(
    drawing: Drawing, folded: Folded, layout: Layout, signs: Sequence[Sign]
) -> list[Part]:
    """Return the badges at the nodes, with what they say as their tooltips."""
    parts = []
    for index, found in worst_by_item(drawing, folded, signs).items():
        item, (x, y) = folded.items[index], layout.centers[index]
        width, height = item_size(drawing, item)
        shape = "box" if item.node is None else drawing.nodes[item.node].shape
        # on the right, where no line of the way down begins or ends
        dx, dy = {"diamond": (0.32, -0.36), "circle": (0.48, -0.14)}.get(shape, (0.5, 0.0))
        drawn = badge(found[0].severity, Point(x + width * dx, y + height * dy))
        if len(found) > 1:
            place = (x + width * dx + 12, y + height * dy + 4)
            drawn.append(Text(*place, f"×{len(found)}", _SIZE, "ink", bold=True))
        title = "\n".join(f"{sign.severity}, {sign.kind}: {sign.text}" for sign in found)
        parts.append(Part(f"s{index}", "sign", title, tuple(drawn)))
    return parts


def badge(severity: Severity, center: Point) -> list[Primitive]:
    """Draw one badge: an octagon, a triangle or a disc with a letter."""
    drawn: list[Primitive] = []
    base = 6.2 if severity == "warning" else 4.0
    if severity == "info":
        drawn.append(Circle(center, _RADIUS - 0.5, severity, "paper", 1.2))
    else:
        corners = _OCTAGON if severity == "error" else _TRIANGLE
        points = tuple(Point(center.x + dx, center.y + dy) for dx, dy in corners)
        drawn.append(Polygon(points, severity, "paper", 1.2))
    letter = (center.x, center.y + base, LETTERS[severity], _SIZE, "sign-ink")
    return [*drawn, Text(*letter, anchor="middle", bold=True)]


def sign_list(signs: Sequence[Sign], width: float, height: float) -> tuple[list[Part], float]:
    """Return the findings written out below the picture, and the picture's height with them."""
    if not signs:
        return [], height
    drawn: list[Primitive] = []
    left = _MARGIN + 2 * _RADIUS + 8
    columns = max(20, int((width - left - _MARGIN) / text_width("n", _SIZE, "sans")))
    y = height + 6
    for sign in signs:
        lines = textwrap.wrap(f"{sign.kind}: {sign.text}", columns)
        drawn += badge(sign.severity, Point(_MARGIN + _RADIUS, y))
        for number, line in enumerate(lines):
            drawn.append(Text(left, y + 4 + number * _ROW, line, _SIZE, "ink"))
        y += max(22.0, len(lines) * _ROW + 7)
    return [Part("findings", "legend", "", tuple(drawn))], y + _MARGIN / 2
