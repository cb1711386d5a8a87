"""Static pictures as self-contained SVG."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection, Sequence
from xml.sax.saxutils import escape

from graphviz_ad.render import heatmap
from graphviz_ad.render.geometry import Point
from graphviz_ad.render.palette import palette, roles_of
from graphviz_ad.render.picture import build_scene
from graphviz_ad.render.scene import (
    Bezier,
    Circle,
    Colour,
    Image,
    Part,
    Polygon,
    Primitive,
    Rect,
    Scene,
    Segments,
    Text,
    Theme,
    check_colour,
    check_theme,
)
from graphviz_ad.render.signs import Sign
from graphviz_ad.render.source import TraceLike

_FACES = {
    "mono": "ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace",
    "serif": "Georgia,'DejaVu Serif','Times New Roman',serif",
    "sans": "system-ui,'DejaVu Sans','Segoe UI',sans-serif",
}


def to_svg(
    trace: TraceLike,
    *,
    theme: Theme = "auto",
    open_groups: Collection[int] | None = None,
    compact: bool = False,
    legend: bool = True,
    colour: Colour = "step",
    signs: Sequence[Sign] = (),
) -> str:
    """Draw a trace as one SVG document that needs nothing outside itself.

    Parameters
    ----------
    trace : Trace
    theme : {"auto", "light", "dark"}
        ``"auto"`` is light and follows the reader's ``prefers-color-scheme``.
    open_groups : collection of int, optional
        Groups of the drawing to open; those that are open at the start by default.
    compact : bool
        Leave the operations out.
    legend : bool
        Explain the marks in a line under the picture, and write the findings out.
    colour : {"step", "gradient"}
        Colour nodes and edges by the size of their gradient, or as usual.
    signs : sequence of Sign
        The findings that are marked; see `graphviz_ad.render.signs`.

    Returns
    -------
    str
        The same trace always gives the same text.

    Raises
    ------
    RenderError
        For an unknown theme or colour.
    """
    check_theme("to_svg", theme)
    check_colour("to_svg", colour)
    scene = build_scene(
        trace, open_groups=open_groups, compact=compact, legend=legend, colour=colour, signs=signs
    )
    return scene_to_svg(scene, theme)


def scene_to_svg(scene: Scene, theme: Theme) -> str:
    """Write a scene as SVG; ids carry a prefix made from the content."""
    colours = palette(theme == "dark")
    body = [line for part in scene.parts for line in _part(part, colours)]
    size = f"{_n(scene.width)} {_n(scene.height)}"
    digest = hashlib.sha256(
        "\n".join([theme, _text(scene.title), size, *body]).encode()
    ).hexdigest()
    prefix = f"gad-{digest[:10]}"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" id="{prefix}" role="img" '
        f'aria-labelledby="{prefix}-title {prefix}-desc" width="{_n(scene.width)}" '
        f'height="{_n(scene.height)}" viewBox="0 0 {size}" style="max-width:100%;height:auto">',
        f'<title id="{prefix}-title">{_text(scene.title)}</title>',
        f'<desc id="{prefix}-desc">{_text(scene.description)}</desc>',
    ]
    if theme == "auto":
        lines.append(f"<style>{_dark_style(prefix, roles_of(scene))}</style>")
    lines.append(f'<rect class="f-paper" width="100%" height="100%" fill="{colours["paper"]}"/>')
    lines += (line.replace(' id="', f' id="{prefix}-', 1) for line in body)
    return "\n".join([*lines, "</svg>", ""])


def _dark_style(prefix: str, roles: list[str]) -> str:
    dark = palette(dark=True)
    rules = [f"#{prefix} .f-{role}{{fill:{dark[role]}}}" for role in roles]
    rules += [f"#{prefix} .s-{role}{{stroke:{dark[role]}}}" for role in roles]
    return f"@media (prefers-color-scheme:dark){{{''.join(rules)}}}"


def _part(part: Part, colours: dict[str, str]) -> list[str]:
    title = f"<title>{_text(part.title)}</title>" if part.title else ""
    drawn = (_primitive(p, colours) for p in part.primitives)
    return [f'<g id="{part.key}" class="{part.kind}">{title}', *drawn, "</g>"]


def _primitive(p: Primitive, colours: dict[str, str]) -> str:
    if isinstance(p, Rect):
        radius = f' rx="{_n(p.radius)}"' if p.radius else ""
        dash = f' stroke-dasharray="{_n(p.dash[0])} {_n(p.dash[1])}"' if p.dash else ""
        paint = _paint(colours, p.fill, p.stroke, p.line)
        return f"<rect{_box(p)}{radius}{paint}{dash}/>"
    if isinstance(p, Circle):
        place = f' cx="{_n(p.center.x)}" cy="{_n(p.center.y)}" r="{_n(p.radius)}"'
        return f"<circle{place}{_paint(colours, p.fill, p.stroke, p.line)}/>"
    if isinstance(p, Polygon):
        points = " ".join(_pair(point) for point in p.points)
        return f'<polygon points="{points}"{_paint(colours, p.fill, p.stroke, p.line)}/>'
    if isinstance(p, Bezier):
        first, *rest = (_pair(point) for point in p.points)
        return f'<path d="M{first}C{" ".join(rest)}"{_paint(colours, None, p.stroke, p.line)}/>'
    if isinstance(p, Segments):
        path = "".join(f"M{_pair(start)}L{_pair(end)}" for start, end in p.lines)
        return f'<path d="{path}"{_paint(colours, None, p.stroke, p.line)}/>'
    if isinstance(p, Image):
        data = base64.b64encode(heatmap.png(p.rgb)).decode()
        return (
            f'<image{_box(p)} preserveAspectRatio="none" style="image-rendering:pixelated" '
            f'href="data:image/png;base64,{data}"/>'
        )
    return _text_element(p, colours)


def _text_element(p: Text, colours: dict[str, str]) -> str:
    style = f' font-family="{_FACES[p.face]}" font-size="{_n(p.size)}"'
    style += ' font-style="italic"' if p.italic else ""
    style += ' font-weight="600"' if p.bold else ""
    style += f' text-anchor="{p.anchor}"' if p.anchor != "start" else ""
    paint = f' class="f-{p.fill}" fill="{colours[p.fill]}"'
    return f'<text x="{_n(p.x)}" y="{_n(p.y)}"{style}{paint}>{_text(p.text)}</text>'


def _paint(colours: dict[str, str], fill: str | None, stroke: str | None, line: float) -> str:
    """Write colours as attributes, for any viewer, and as classes, for the dark theme."""
    classes = [f"f-{fill}"] * bool(fill) + [f"s-{stroke}"] * bool(stroke)
    text = f' class="{" ".join(classes)}" fill="{colours[fill] if fill else "none"}"'
    return text + (f' stroke="{colours[stroke]}" stroke-width="{_n(line)}"' if stroke else "")


def _box(p: Rect | Image) -> str:
    return f' x="{_n(p.x)}" y="{_n(p.y)}" width="{_n(p.width)}" height="{_n(p.height)}"'


def _pair(point: Point) -> str:
    return f"{_n(point.x)},{_n(point.y)}"


def _n(x: float) -> str:
    """Write a coordinate to a hundredth of a pixel; never "-0"."""
    return f"{round(x, 2) + 0.0:.2f}".rstrip("0").rstrip(".")


def _text(text: str) -> str:
    """Escape text; characters that XML 1.0 cannot hold become U+FFFD."""
    return escape("".join(c if _allowed(c) else "\ufffd" for c in text))


def _allowed(c: str) -> bool:
    code = ord(c)
    return c in "\t\n\r" or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code > 0xFFFF
