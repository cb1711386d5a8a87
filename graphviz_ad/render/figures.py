"""PNG and PDF: the same scene as the SVG, drawn with matplotlib."""

from __future__ import annotations

import io
import warnings
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, Literal

from graphviz_ad.errors import RenderError
from graphviz_ad.render.palette import palette as colours_of
from graphviz_ad.render.picture import build_scene
from graphviz_ad.render.scene import (
    Bezier,
    Circle,
    Colour,
    Image,
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

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PIXELS_PER_INCH = 96.0
_POINTS_PER_PIXEL = 72.0 / _PIXELS_PER_INCH
_LARGEST_PIXELS = 16_000  # on a side: what image viewers and Agg still take
_ANCHORS = {"start": "left", "middle": "center", "end": "right"}
_FACES = {"mono": "DejaVu Sans Mono", "serif": "DejaVu Serif", "sans": "DejaVu Sans"}


def to_figure(
    trace: TraceLike,
    kind: Literal["png", "pdf"],
    *,
    theme: Theme = "light",
    scale: float = 2.0,
    open_groups: Collection[int] | None = None,
    compact: bool = False,
    legend: bool = True,
    colour: Colour = "step",
    signs: Sequence[Sign] = (),
) -> bytes:
    """Draw a trace as a PNG or PDF file.

    Parameters
    ----------
    trace : Trace
    kind : {"png", "pdf"}
    theme : {"light", "dark", "auto"}
        A file cannot follow its reader: ``"auto"`` is light.
    scale : float
        Dots per CSS pixel of a PNG; lowered where the picture would be too large.
    open_groups, compact, legend, colour, signs
        As in `svg.to_svg`.

    Returns
    -------
    bytes
        The file. The same trace always gives the same bytes.

    Raises
    ------
    RenderError
        For an unknown kind, theme or colour, or where matplotlib is not installed.
    """
    check_theme("to_figure", theme)
    if kind not in ("png", "pdf"):
        raise RenderError("to_figure", 'kind "png" or "pdf"', repr(kind), "choose one of these")
    check_colour("to_figure", colour)
    scene = build_scene(
        trace, open_groups=open_groups, compact=compact, legend=legend, colour=colour, signs=signs
    )
    return scene_to_file(scene, kind, colours_of(theme == "dark"), scale)


def scene_to_file(scene: Scene, kind: str, palette: dict[str, str], scale: float) -> bytes:
    """Draw a scene with matplotlib; see `to_figure`."""
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as error:
        raise RenderError(
            "to_figure", "the package matplotlib", "no such module", "pip install matplotlib"
        ) from error
    scale = min(scale, _LARGEST_PIXELS / max(scene.width, scene.height))
    # The reader's own style sheet must not change the picture.
    with matplotlib.rc_context(), warnings.catch_warnings():
        matplotlib.rcdefaults()
        matplotlib.rcParams["pdf.fonttype"] = 42
        # names may hold characters that the font lacks: they are drawn as boxes
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure = Figure(
            figsize=(scene.width / _PIXELS_PER_INCH, scene.height / _PIXELS_PER_INCH),
            facecolor=palette["paper"],
        )
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.set_xlim(0, scene.width)
        axes.set_ylim(scene.height, 0)
        order = 0
        for part in scene.parts:
            for primitive in part.primitives:
                order += 1
                _draw(axes, primitive, palette, order)
        file = io.BytesIO()
        # no dates and no version: the same picture is the same file
        metadata: dict[str, Any] = {"Title": scene.title}
        unsigned = ("CreationDate", "Producer", "Creator") if kind == "pdf" else ("Software",)
        metadata.update(dict.fromkeys(unsigned))
        figure.savefig(file, format=kind, dpi=_PIXELS_PER_INCH * scale, metadata=metadata)
    return file.getvalue()


def _draw(axes: Axes, p: Primitive, palette: dict[str, str], order: int) -> None:
    from matplotlib.collections import LineCollection
    from matplotlib.patches import Circle as Disc
    from matplotlib.patches import FancyBboxPatch, PathPatch
    from matplotlib.patches import Polygon as Area
    from matplotlib.path import Path

    if isinstance(p, Text):
        axes.text(
            p.x, p.y, p.text, size=p.size * _POINTS_PER_PIXEL, color=palette[p.fill],
            family=_FACES[p.face], ha=_ANCHORS[p.anchor],
            va="baseline", style="italic" if p.italic else "normal",
            weight="bold" if p.bold else "normal", zorder=order, parse_math=False,
        )  # fmt: skip
    elif isinstance(p, Image):
        axes.imshow(
            p.rgb, extent=(p.x, p.x + p.width, p.y + p.height, p.y), interpolation="nearest",
            aspect="auto", zorder=order,
        )  # fmt: skip
    elif isinstance(p, Segments):
        axes.add_collection(
            LineCollection(
                list(p.lines), colors=palette[p.stroke], linewidths=p.line * _POINTS_PER_PIXEL,
                zorder=order, capstyle="butt",
            ),
            autolim=False,
        )  # fmt: skip
    elif isinstance(p, Bezier):
        codes = [Path.MOVETO, *[Path.CURVE4] * (len(p.points) - 1)]
        paint = _paint(palette, None, p.stroke, p.line, order)
        axes.add_patch(PathPatch(Path(p.points, codes), **paint))
    else:
        paint = _paint(palette, p.fill, p.stroke, p.line, order)
        if isinstance(p, Circle):
            axes.add_patch(Disc(p.center, p.radius, **paint))
        elif isinstance(p, Polygon):
            axes.add_patch(Area(p.points, closed=True, **paint))
        else:
            axes.add_patch(_rounded(FancyBboxPatch, p, paint))


def _rounded(patch: Any, p: Rect, paint: dict[str, Any]) -> Any:
    if p.dash:
        # matplotlib counts dashes in line widths
        paint["linestyle"] = (0, tuple(length / p.line for length in p.dash))
    style = f"round,pad=0,rounding_size={p.radius}" if p.radius else "square,pad=0"
    return patch((p.x, p.y), p.width, p.height, boxstyle=style, **paint)


def _paint(
    palette: dict[str, str], fill: str | None, stroke: str | None, line: float, order: int
) -> dict[str, Any]:
    return {
        "facecolor": palette[fill] if fill else "none",
        "edgecolor": palette[stroke] if stroke else "none",
        "linewidth": line * _POINTS_PER_PIXEL if stroke else 0,
        "zorder": order,
    }
