"""Positions for what is visible of a drawing.

Graphviz inside this process comes first (pygraphviz's wheel brings it), in a
process that can be stopped where the graph is large; then a system ``dot``; then
our own layered layout, which needs nothing and always answers.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from graphviz_ad.render.diagram import Drawing
from graphviz_ad.render.folding import Folded, Item
from graphviz_ad.render.geometry import Box, Curve, Point, frame_title_width, item_size
from graphviz_ad.render.layered import layered_layout
from graphviz_ad.render.lines import straight_lines

IN_PROCESS_UP_TO = 300  # items and bundles: above, Graphviz runs where it can be stopped
TIMEOUT = 8.0  # seconds for Graphviz; where one build of it is too slow, another is as well

_MARGIN = 14.0
_POINTS_PER_INCH = 72.0
# operands enter an operation from left to right
_SHAPES = {"circle": "shape=circle", "rect": "shape=box", "diamond": "shape=diamond, ordering=in"}

# Reads DOT, writes JSON; only pygraphviz's public interface.
_CHILD = (
    "import sys, pygraphviz; dot = sys.stdin.buffer.read().decode(); "
    "sys.stdout.buffer.write(pygraphviz.AGraph(string=dot).draw(prog='dot', format='json0'))"
)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything visible lies, in CSS pixels with y downwards.

    Attributes
    ----------
    engine : str
        ``"pygraphviz"``, ``"dot"`` or ``"layered"``.
    width, height : float
    centers : tuple of Point
        One per item.
    curves : tuple of Curve
        One per bundle.
    frames : tuple of (int, Box)
        The open groups and their boxes, outer before inner.
    """

    engine: str
    width: float
    height: float
    centers: tuple[Point, ...]
    curves: tuple[Curve, ...]
    frames: tuple[tuple[int, Box], ...]


def lay_out(drawing: Drawing, folded: Folded, *, timeout: float = TIMEOUT) -> Layout:
    """Return positions from the first engine that answers in time.

    Parameters
    ----------
    drawing : Drawing
    folded : Folded
        What is visible of it.
    timeout : float
        Seconds after which our own layout is taken instead.
    """
    if folded.items:
        dot = layout_dot(drawing, folded)
        small = len(folded.items) + len(folded.bundles) <= IN_PROCESS_UP_TO
        engines: tuple[tuple[str, Callable[[float], bytes | None]], ...] = (
            ("pygraphviz", lambda rest: _pygraphviz(dot, small, rest)),
            ("dot", lambda rest: _run(["dot", "-Tjson0"], dot, rest)),
        )
        deadline = time.monotonic() + timeout
        for name, engine in engines:
            rest = deadline - time.monotonic()
            answer = engine(rest) if rest > 0 else None
            result = None if answer is None else _read(name, answer, folded)
            if result is not None:
                return result
    return Layout("layered", *layered_layout(drawing, folded, _MARGIN))


def layout_dot(drawing: Drawing, folded: Folded) -> str:
    """Return the DOT text that is laid out: sizes and structure, no text.

    Without text Graphviz asks for no font, so it needs none and warns about none.
    """
    lines = [
        "digraph {",
        "graph [rankdir=TB, nodesep=0.3, ranksep=0.36]",
        # bounds on the network simplex: a good layout soon, not the best one late
        "graph [nslimit=4, nslimit1=4, mclimit=1]",
        'node [label="", fixedsize=true, shape=box]',
        "edge [arrowsize=0.8]",
    ]
    inside: dict[int | None, list[str]] = {}
    lines_of = straight_lines(folded)
    for index, item in enumerate(folded.items):
        group = lines_of.get(index)
        inside.setdefault(item.parent, []).append(_node_line(drawing, index, item, group))
    # inner frames have larger indices: close them into their parents from the inside out
    for frame in reversed(folded.frames):
        title = round(frame_title_width(drawing.groups[frame].label))
        label = (
            f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0" '
            f'FIXEDSIZE="TRUE" WIDTH="{title}" HEIGHT="14"><TR><TD></TD></TR></TABLE>>'
        )
        body = [f"subgraph cluster_{frame} {{", f"graph [label={label}, margin=12]"]
        body += [*inside.pop(frame), "}"]
        inside.setdefault(drawing.groups[frame].parent, []).extend(body)
    lines += inside.get(None, [])
    return "\n".join([*lines, *_edge_lines(drawing, folded), "}"])


def _edge_lines(drawing: Drawing, folded: Folded) -> Iterator[str]:
    reached = {bundle.head for bundle in folded.bundles}
    seen: set[int] = set()
    for index, bundle in enumerate(folded.bundles):
        attributes = f"id={index}"
        if bundle.tail in reached:
            # links from leaves and to later uses may bend, so that the main path is straight
            if bundle.tail not in seen:
                attributes += ", weight=4"
            # a frame's own leaves lie below what enters it, and so the frame below the last one
            if _enters(drawing, folded.items[bundle.tail], folded.items[bundle.head]):
                attributes += ", minlen=2"
        seen.add(bundle.tail)
        yield f"n{bundle.tail} -> n{bundle.head} [{attributes}]"


def _enters(drawing: Drawing, tail: Item, head: Item) -> bool:
    """Whether a link goes into a frame from outside."""
    group = tail.parent
    while group is not None and group != head.parent:
        group = drawing.groups[group].parent
    return group != head.parent


def _node_line(drawing: Drawing, index: int, item: Item, group: int | None) -> str:
    width, height = item_size(drawing, item)
    shape = "shape=box" if item.node is None else _SHAPES[drawing.nodes[item.node].shape]
    inches = f"width={width / _POINTS_PER_INCH:.4f}, height={height / _POINTS_PER_INCH:.4f}"
    line = "" if group is None else f", group=g{group}"
    return f"n{index} [{shape}, {inches}{line}]"


def _pygraphviz(dot: str, small: bool, timeout: float) -> bytes | None:
    if importlib.util.find_spec("pygraphviz") is None:
        return None
    if not small:
        return _run([sys.executable, "-c", _CHILD], dot, timeout)
    try:
        import pygraphviz
    except ImportError:  # built against a Graphviz that is not there
        return None
    try:
        answer: bytes = pygraphviz.AGraph(string=dot).draw(prog="dot", format="json0")
    except (ValueError, OSError):  # what pygraphviz raises where Graphviz gives up
        return None
    return answer


def _run(command: Sequence[str], dot: str, timeout: float) -> bytes | None:
    """Run a layout engine on DOT text; None where it is missing, fails or is too slow."""
    try:
        done = subprocess.run(
            command, input=dot.encode(), capture_output=True, timeout=timeout, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout


def _read(engine: str, answer: bytes, folded: Folded) -> Layout | None:
    """Read an answer; None where it is not what was asked for (an old or a broken engine)."""
    try:
        return _layout(engine, json.loads(answer), folded)
    except (ValueError, LookupError):
        return None


def _layout(engine: str, graph: dict[str, Any], folded: Folded) -> Layout:
    """Convert Graphviz's JSON: y upwards, positions as text."""
    _, _, width, height = (float(x) for x in graph["bb"].split(","))

    def place(x: str, y: str) -> Point:
        return Point(float(x) + _MARGIN, height - float(y) + _MARGIN)

    centers: list[Point] = [Point(0.0, 0.0)] * len(folded.items)
    boxes: dict[int, Box] = {}
    for thing in graph.get("objects", ()):
        name = thing["name"]
        if name.startswith("cluster_"):
            left, bottom, right, top = thing["bb"].split(",")
            corner, far = place(left, top), place(right, bottom)
            boxes[int(name[8:])] = Box(corner.x, corner.y, far.x - corner.x, far.y - corner.y)
        else:
            centers[int(name[1:])] = place(*thing["pos"].split(","))
    curves: list[Curve] = [Curve((), Point(0.0, 0.0))] * len(folded.bundles)
    for edge in graph.get("edges", ()):
        tip, *points = edge["pos"].removeprefix("e,").split()
        path = tuple(place(*point.split(",")) for point in points)
        curves[int(edge["id"])] = Curve(path, place(*tip.split(",")))
    frames = tuple((frame, boxes[frame]) for frame in folded.frames)
    size = (width + 2 * _MARGIN, height + 2 * _MARGIN)
    return Layout(engine, *size, tuple(centers), tuple(curves), frames)
