"""A picture as a list of primitive shapes, drawn by two back ends: SVG and matplotlib.

Colours are roles ("ink", "forward"), so that one scene serves every theme.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from graphviz_ad.errors import RenderError
from graphviz_ad.render.geometry import Point

Theme = Literal["auto", "light", "dark"]
Colour = Literal["step", "gradient"]
Face = Literal["mono", "serif", "sans"]
Anchor = Literal["start", "middle", "end"]

LIGHT = {
    "paper": "#ffffff",
    "card": "#ffffff",
    "leaf": "#f8fafc",
    "frame": "#f8fafc",
    "line": "#94a3b8",
    "ink": "#0f172a",
    "muted": "#5b687b",
    "op": "#f4f7fb",
    "op-line": "#475569",
    "forward": "#2f6fdb",
    "quiet": "#a3b1c4",
    "gradient": "#c2500a",
    "hatch": "#b8c2d0",
    "glyph": "#ffffff",
}
DARK = {
    "paper": "#10151d",
    "card": "#1b2430",
    "leaf": "#161d27",
    "frame": "#141a23",
    "line": "#5d6c80",
    "ink": "#e8edf4",
    "muted": "#9dabbd",
    "op": "#202b39",
    "op-line": "#94a3b8",
    "forward": "#6ea3f5",
    "quiet": "#5d6c80",
    "gradient": "#f59a52",
    "hatch": "#4b586a",
    "glyph": "#ffffff",
}


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle with rounded corners; `dash` is (on, off) in pixels."""

    x: float
    y: float
    width: float
    height: float
    fill: str | None
    stroke: str | None
    line: float = 1.0
    radius: float = 0.0
    dash: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Circle:
    """A disc with an outline."""

    center: Point
    radius: float
    fill: str
    stroke: str
    line: float = 1.0


@dataclass(frozen=True, slots=True)
class Polygon:
    """A closed polygon; without a stroke it is an arrow's head or a glyph."""

    points: tuple[Point, ...]
    fill: str
    stroke: str | None = None
    line: float = 1.0


@dataclass(frozen=True, slots=True)
class Bezier:
    """Joined cubic Béziers: 3k + 1 control points."""

    points: tuple[Point, ...]
    stroke: str
    line: float = 1.4


@dataclass(frozen=True, slots=True)
class Segments:
    """Straight lines of one colour: hatching and crosses."""

    lines: tuple[tuple[Point, Point], ...]
    stroke: str
    line: float = 0.8


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text on its baseline."""

    x: float
    y: float
    text: str
    size: float
    fill: str
    face: Face = "sans"
    anchor: Anchor = "start"
    italic: bool = False
    bold: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """An RGB array of shape (rows, cols, 3), drawn without smoothing."""

    x: float
    y: float
    width: float
    height: float
    rgb: NDArray[np.uint8]


Primitive = Rect | Circle | Polygon | Bezier | Segments | Text | Image


@dataclass(frozen=True, slots=True)
class Part:
    """Primitives that belong together: a node, an edge, a frame.

    `key` becomes an element's id, `kind` its class, `title` its tooltip.
    """

    key: str
    kind: str
    title: str
    primitives: tuple[Primitive, ...]


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture of `width` × `height` pixels, its parts in drawing order."""

    width: float
    height: float
    title: str
    description: str
    parts: tuple[Part, ...]


def check_theme(function: str, theme: str) -> None:
    """Refuse a theme that is not known."""
    if theme not in ("auto", "light", "dark"):
        raise RenderError(
            function, 'theme "auto", "light" or "dark"', repr(theme), "choose one of these"
        )


def check_colour(function: str, colour: str) -> None:
    """Refuse what nodes and edges cannot be coloured by."""
    if colour not in ("step", "gradient"):
        raise RenderError(function, 'colour "step" or "gradient"', repr(colour), "choose one")


def hatching(x: float, y: float, width: float, height: float, step: float = 4.0) -> Segments:
    """Draw diagonal lines that fill a rectangle, cut at its sides."""
    lines = []
    offset = step
    while offset < width + height:
        start = Point(x + max(0.0, offset - height), y + min(offset, height))
        end = Point(x + min(offset, width), y + max(0.0, offset - width))
        lines.append((start, end))
        offset += step
    return Segments(tuple(lines), "hatch")


def arrow_head(tip: Point, base: Point, size: float, fill: str, *, reach: bool = False) -> Polygon:
    """Draw a triangle with its point at `tip`, seen from `base`; with `reach` down to there."""
    dx, dy = tip.x - base.x, tip.y - base.y
    length = (dx * dx + dy * dy) ** 0.5
    ux, uy = (dx / length, dy / length) if length else (0.0, 1.0)
    if reach:
        size = max(size, length + 0.5)
    bx, by = tip.x - ux * size, tip.y - uy * size
    half = size * 0.42
    corners = (Point(bx - uy * half, by + ux * half), Point(bx + uy * half, by - ux * half))
    return Polygon((tip, *corners), fill)
