"""What is visible of a drawing when some of its groups are open and the others closed."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from graphviz_ad.render.diagram import Drawing


@dataclass(frozen=True, slots=True)
class Item:
    """A visible thing: a node of the drawing, or a closed group in its place.

    Attributes
    ----------
    node, group : int or None
        Index in `Drawing.nodes` or in `Drawing.groups`; exactly one is set.
    parent : int or None
        The innermost open group around it.
    """

    node: int | None
    group: int | None
    parent: int | None

    @property
    def is_box(self) -> bool:
        """Whether it stands for a closed group."""
        return self.group is not None


@dataclass(frozen=True, slots=True)
class Bundle:
    """A visible connection between two items (indices) and the links (indices) in it.

    Two nodes keep one bundle per link, so that repeated operands stay apart;
    links to or from a closed group are merged. In the compact view a bundle
    holds the links into and out of the operation that it stands for.
    """

    tail: int
    head: int
    links: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Folded:
    """The visible part of a drawing.

    Attributes
    ----------
    items : tuple of Item
    bundles : tuple of Bundle
    frames : tuple of int
        The open groups, outer before inner, that hold an item.
    hidden : tuple of int
        The links both of whose ends lie in one closed group.
    """

    items: tuple[Item, ...]
    bundles: tuple[Bundle, ...]
    frames: tuple[int, ...]
    hidden: tuple[int, ...]


def start_open(drawing: Drawing) -> frozenset[int]:
    """Return the groups that are open when a drawing is first shown."""
    return frozenset(i for i, group in enumerate(drawing.groups) if group.open)


def fold(drawing: Drawing, open_groups: Collection[int], *, compact: bool = False) -> Folded:
    """Return what is visible with the given groups open.

    Parameters
    ----------
    drawing : Drawing
    open_groups : collection of int
        A group inside a closed one is not seen, open or not.
    compact : bool
        Leave the operations out and join values to values.
    """
    cover = _covers(drawing, frozenset(open_groups))
    items: list[Item] = []
    item_of_node: list[int] = []
    item_of_box: dict[int, int] = {}
    for index, node in enumerate(drawing.nodes):
        box = None if node.group is None else cover[node.group]
        if box is None:
            item_of_node.append(len(items))
            items.append(Item(index, None, node.group))
            continue
        if box not in item_of_box:
            item_of_box[box] = len(items)
            items.append(Item(None, box, drawing.groups[box].parent))
        item_of_node.append(item_of_box[box])
    bundles, hidden = _bundles(drawing, items, item_of_node)
    if compact:
        items, bundles = _without_ops(drawing, items, bundles)
    frames = _frames(drawing, items)
    return Folded(tuple(items), tuple(bundles), frames, tuple(hidden))


def _covers(drawing: Drawing, open_groups: frozenset[int]) -> list[int | None]:
    """Find for each group the outermost closed group that is it or holds it."""
    cover: list[int | None] = []
    for index, group in enumerate(drawing.groups):
        outer = None if group.parent is None else cover[group.parent]
        cover.append(index if outer is None and index not in open_groups else outer)
    return cover


def _bundles(
    drawing: Drawing, items: list[Item], item_of_node: list[int]
) -> tuple[list[Bundle], list[int]]:
    merged: dict[tuple[int, int, int], list[int]] = {}
    hidden: list[int] = []
    for index, link in enumerate(drawing.links):
        tail, head = item_of_node[link.tail], item_of_node[link.head]
        if tail == head:
            hidden.append(index)
            continue
        boxed = items[tail].is_box or items[head].is_box
        merged.setdefault((tail, head, -1 if boxed else index), []).append(index)
    return [Bundle(t, h, tuple(links)) for (t, h, _), links in merged.items()], hidden


def _without_ops(
    drawing: Drawing, items: list[Item], bundles: Iterable[Bundle]
) -> tuple[list[Item], list[Bundle]]:
    """Contract every visible operation into connections from its inputs to its outputs."""
    keep = [item.node is None or drawing.nodes[item.node].kind == "value" for item in items]
    entering: dict[int, list[Bundle]] = {}
    leaving: dict[int, list[Bundle]] = {}
    joined: list[Bundle] = []
    for bundle in bundles:
        if not keep[bundle.head]:
            entering.setdefault(bundle.head, []).append(bundle)
        elif not keep[bundle.tail]:
            leaving.setdefault(bundle.tail, []).append(bundle)
        else:
            joined.append(bundle)
    for op, arriving in entering.items():
        joined += [
            Bundle(first.tail, second.head, first.links + second.links)
            for first in arriving
            for second in leaving.get(op, ())
        ]
    new = {old: i for i, old in enumerate(i for i, kept in enumerate(keep) if kept)}
    return (
        [item for item, kept in zip(items, keep, strict=True) if kept],
        [Bundle(new[b.tail], new[b.head], b.links) for b in joined],
    )


def _frames(drawing: Drawing, items: list[Item]) -> tuple[int, ...]:
    frames: set[int] = set()
    for item in items:
        group = item.parent
        while group is not None and group not in frames:
            frames.add(group)
            group = drawing.groups[group].parent
    return tuple(sorted(frames))
