"""The one place that decides what is drawn: nodes, links, groups, labels and sizes.

The static drawings and the browser page are both made from a `Drawing`; neither
decides anything of this for itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from graphviz_ad.render import measure
from graphviz_ad.render.format import format_shape
from graphviz_ad.render.grouping import Group, make_groups
from graphviz_ad.trace.model import Graph, OpNode, ValueNode

COPY_FROM = 4  # a leaf with this many uses is drawn as a small copy at each of them

UNNAMED = "·"


@dataclass(frozen=True, slots=True)
class Node:
    """What is drawn once: a value, an operation, or one of the copies of a value.

    Attributes
    ----------
    key : str
        ``"v3"``, ``"o2"``, or ``"v3.1"`` for a copy.
    kind : str
        ``"value"`` or ``"op"``.
    ref : int
        Index in `Graph.values` or `Graph.ops`.
    shape : str
        ``"circle"``, ``"rect"`` or ``"diamond"``.
    copy : bool
        Drawn small, with nothing but its label: one of several of the same `ref`, or a
        constant scalar, whose label is its value.
    group : int or None
        The innermost group that holds it.
    width, height : float
        In CSS pixels.
    label, sublabel : str
        What is written in it: a name or glyph, cut to fit, and a value's shape.
    title : str
        The full name.
    """

    key: str
    kind: Literal["value", "op"]
    ref: int
    shape: measure.Shape
    copy: bool
    group: int | None
    width: float
    height: float
    label: str
    sublabel: str
    title: str


@dataclass(frozen=True, slots=True)
class Link:
    """A drawn edge: its index in `Graph.edges` and the nodes (indices) that it joins."""

    edge: int
    tail: int
    head: int


@dataclass(frozen=True, slots=True)
class Drawing:
    """Everything that can be shown of a graph, with all groups; see `folding.fold`."""

    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    groups: tuple[Group, ...]
    notes: tuple[str, ...]


def build_diagram(graph: Graph, value_label: Callable[[int], str] | None = None) -> Drawing:
    """Decide what is drawn of a graph, in time linear in its size.

    Parameters
    ----------
    graph : Graph
    value_label : callable, optional
        From a value's id to what it is called, such as `Trace.value_label`. Without
        it the value's own name, and ``"·"`` where it has none.

    Returns
    -------
    Drawing
        Module scopes as groups; more than 60 operations in one place folded into
        contiguous stretches; leaves with four or more uses, or with a use in
        another group than their own, as one small copy per consuming operation.

    Examples
    --------
    >>> build_diagram(Graph(values=(), ops=(), edges=())).nodes
    ()
    """
    groups, group_of_op = make_groups(graph, lambda op: graph.ops[op].op)
    label = value_label or (lambda value: graph.values[value].name or UNNAMED)
    nodes: list[Node] = [_op_node(op, group_of_op[op.id]) for op in graph.ops]
    place: dict[int, int] = {}  # of a value that is drawn once
    copies: dict[tuple[int, int], int] = {}  # of a value at one of its consumers
    depth = _depths(groups)
    for value in graph.values:
        users = list(dict.fromkeys(graph.edges[edge].op for edge in value.consumers))
        if value.producer is not None:
            home = group_of_op[value.producer]
            if value.role == "output":
                home = _outside_chains(groups, home)
        else:
            home = _common([group_of_op[op] for op in users], groups, depth)
            apart = any(group_of_op[op] != home for op in users)
            if len(users) > 1 and (apart or len(users) >= COPY_FROM):
                for number, op in enumerate(users, 1):
                    copies[value.id, op] = len(nodes)
                    key = f"{value.key}.{number}"
                    nodes.append(_value_node(value, label(value.id), group_of_op[op], key, True))
                continue
        place[value.id] = len(nodes)
        small = value.role == "constant" and not value.shape
        nodes.append(_value_node(value, label(value.id), home, value.key, small))
    links = []
    for edge in graph.edges:
        end = place.get(edge.value)
        if end is None:
            end = copies[edge.value, edge.op]
        ends = (end, edge.op) if edge.is_input else (edge.op, end)
        links.append(Link(edge.id, *ends))
    drawing = (tuple(nodes), tuple(links), tuple(groups))
    return Drawing(*drawing, _notes(groups, group_of_op))


def _op_node(op: OpNode, group: int | None) -> Node:
    label = measure.shorten(op.label or op.op, measure.GLYPH_LIMIT)
    width, height = measure.op_size(label)
    return Node(op.key, "op", op.id, "diamond", False, group, width, height, label, "", op.op)


def _value_node(value: ValueNode, name: str, group: int | None, key: str, copy: bool) -> Node:
    scalar = not value.shape
    limit = measure.COPY_LIMIT if copy else measure.NAME_LIMIT
    if scalar:
        limit = 7  # what fits the circle
    label = measure.shorten(name, limit)
    sublabel = "" if scalar else measure.shorten(format_shape(value.shape), 18)
    shape, width, height = measure.value_size(value.shape, label, sublabel, copy)
    return Node(key, "value", value.id, shape, copy, group, width, height, label, sublabel, name)


def _depths(groups: list[Group]) -> list[int]:
    depths: list[int] = []
    for group in groups:
        depths.append(0 if group.parent is None else depths[group.parent] + 1)
    return depths


def _common(members: list[int | None], groups: list[Group], depth: list[int]) -> int | None:
    """Return the innermost group that holds all of `members`."""
    distinct = list(dict.fromkeys(members))
    if not distinct:
        return None
    home = distinct[0]
    for other in distinct[1:]:
        while home != other and home is not None:
            if other is None or depth[home] >= depth[other]:
                home = groups[home].parent
            else:
                other = groups[other].parent
        if home is None:
            return None
    return home


def _outside_chains(groups: list[Group], group: int | None) -> int | None:
    """Return the innermost group around that is no folded stretch: the output stays in sight."""
    while group is not None and groups[group].kind == "chain":
        group = groups[group].parent
    return group


def _notes(groups: list[Group], group_of_op: list[int | None]) -> tuple[str, ...]:
    """Say in a line what is hidden at the start."""
    hidden: list[bool] = []
    boxes = 0
    for group in groups:
        covered = group.parent is not None and hidden[group.parent]
        hidden.append(covered or not group.open)
        boxes += not covered and not group.open
    count = sum(group is not None and hidden[group] for group in group_of_op)
    if not count:
        return ()
    number = "1 box; click it" if boxes == 1 else f"{boxes:,} boxes; click a box"
    total = len(group_of_op)
    which = f"All {total:,}" if count == total else f"{count:,} of {total:,}"
    return (f"{which} operations are folded into {number} to open it",)
