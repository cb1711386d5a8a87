"""Groups of operations: module scopes, and stretches folded so that a large graph can be drawn.

Every group is a contiguous stretch of operations in creation order, which is a
topological order, so folding groups to one node each leaves the graph acyclic.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from graphviz_ad.trace.model import Graph

FOLD_ABOVE = 60  # a box that would show more operations than this is folded ...
CHILDREN = 30  # ... into boxes of which each shows at most this many children
OPEN_UP_TO = 150  # nodes: modules of larger graphs start closed, as far as needed


@dataclass(frozen=True, slots=True)
class Group:
    """A box: a module scope, or a stretch of operations that is folded.

    Attributes
    ----------
    label : str
        ``"encoder"``, ``"ops 26–50"``.
    kind : str
        ``"module"`` or ``"chain"``.
    parent : int or None
        Index of the group around it; always smaller than its own.
    open : bool
        Whether it is open when the drawing is first shown.
    ops : int
        How many operations it holds, nested ones included.
    summary : str
        ``"12 add, 12 multiply, 1 sum"``.
    scope : int or None
        The module scope it stands for.
    """

    label: str
    kind: Literal["module", "chain"]
    parent: int | None
    open: bool
    ops: int
    summary: str
    scope: int | None = None


@dataclass(frozen=True, slots=True)
class _Item:
    """A child of a group while the groups are made: an operation or a module scope."""

    op: int | None
    scope: int | None
    first: int
    last: int


def make_groups(
    graph: Graph, op_name: Callable[[int], str]
) -> tuple[list[Group], list[int | None]]:
    """Return the groups, outer before inner, and the innermost group of each operation."""
    children = _scope_children(graph)
    groups: list[Group] = []
    group_of_op: list[int | None] = [None] * len(graph.ops)
    work: list[tuple[int | None, Sequence[_Item]]] = [(None, children.get(None, ()))]
    while work:
        parent, items = work.pop()
        if len(items) > FOLD_ABOVE or (len(items) > CHILDREN and _is_chain(groups, parent)):
            levels = math.ceil(math.log(len(items), CHILDREN) - 1e-9)
            boxes = math.ceil(len(items) ** (1 / levels) - 1e-9)
            for i in range(boxes):
                part = items[i * len(items) // boxes : (i + 1) * len(items) // boxes]
                label = f"ops {part[0].first + 1:,}–{part[-1].last + 1:,}"
                groups.append(Group(label, "chain", parent, False, 0, ""))
                work.append((len(groups) - 1, part))
            continue
        for item in items:
            if item.op is not None:
                group_of_op[item.op] = parent
            elif item.scope is not None:
                name = graph.scopes[item.scope].name
                groups.append(Group(name, "module", parent, True, 0, "", item.scope))
                work.append((len(groups) - 1, children[item.scope]))
    counts = _count(groups, group_of_op, op_name)
    groups = [
        replace(group, ops=count.total(), summary=_summary(count))
        for group, count in zip(groups, counts, strict=True)
    ]
    return _close(groups, group_of_op, len(graph.ops) + len(graph.values)), group_of_op


def _is_chain(groups: list[Group], index: int | None) -> bool:
    return index is not None and groups[index].kind == "chain"


def _scope_children(graph: Graph) -> dict[int | None, list[_Item]]:
    """List what each scope holds directly, in the order in which its first operation ran."""
    first: dict[int | None, int] = {}
    children: dict[int | None, list[_Item]] = {None: []}
    order: list[int] = []
    for op in graph.ops:
        scope = op.scope
        while scope is not None and scope not in first:
            first[scope] = op.id
            order.append(scope)
            scope = graph.scopes[scope].parent
        children.setdefault(op.scope, []).append(_Item(op.id, None, op.id, op.id))
    # inner scopes first, so that a scope's last operation is known when its parent asks
    depth = {scope: _depth(graph, scope) for scope in order}
    for scope in sorted(order, key=lambda s: -depth[s]):
        items = children.setdefault(scope, [])
        items.sort(key=lambda item: item.first)
        end = max(item.last for item in items)
        parent = graph.scopes[scope].parent
        children.setdefault(parent, []).append(_Item(None, scope, first[scope], end))
    children[None].sort(key=lambda item: item.first)
    return children


def _depth(graph: Graph, scope: int) -> int:
    depth, parent = 0, graph.scopes[scope].parent
    while parent is not None:
        depth, parent = depth + 1, graph.scopes[parent].parent
    return depth


def _count(
    groups: list[Group], group_of_op: list[int | None], op_name: Callable[[int], str]
) -> list[Counter[str]]:
    """Count the operations in each group by name, nested ones included."""
    counts: list[Counter[str]] = [Counter() for _ in groups]
    for op, group in enumerate(group_of_op):
        if group is not None:
            counts[group][op_name(op)] += 1
    for index in range(len(groups) - 1, -1, -1):
        parent = groups[index].parent
        if parent is not None:
            counts[parent].update(counts[index])
    return counts


def _summary(count: Counter[str]) -> str:
    """Name the commonest operations: ``"12 add, 12 multiply and 3 others"``."""
    common = sorted(count.items(), key=lambda pair: (-pair[1], pair[0]))
    shown = [f"{number:,} {name}" for name, number in common[:3]]
    rest = sum(number for _, number in common[3:])
    tail = f" and {rest:,} other{'s' if rest > 1 else ''}" if rest else ""
    return ", ".join(shown) + tail


def _close(groups: list[Group], group_of_op: list[int | None], nodes: int) -> list[Group]:
    """Close modules of a large graph, but open whole levels while few operations show."""
    if nodes <= OPEN_UP_TO:
        return groups
    depth: list[int] = []
    reachable: list[bool] = []  # no chain, which is closed, around it
    for group in groups:
        parent = group.parent
        depth.append(0 if parent is None else depth[parent] + 1)
        reachable.append(group.kind == "module" and (parent is None or reachable[parent]))
    shown_by_level = Counter(depth[g] for g in group_of_op if g is not None and reachable[g])
    shown_by_level.update(
        depth[g.parent] for g in groups if g.parent is not None and reachable[g.parent]
    )
    shown = sum(g is None for g in group_of_op) + sum(g.parent is None for g in groups)
    level = 0
    while level in shown_by_level and shown + shown_by_level[level] <= FOLD_ABOVE:
        shown += shown_by_level[level]
        level += 1
    return [
        replace(group, open=group.kind == "module" and depth[i] < level)
        for i, group in enumerate(groups)
    ]
