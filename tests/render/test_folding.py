"""Folding loses nothing and makes no cycles, whatever is open."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphviz_ad.render.diagram import Drawing, build_diagram
from graphviz_ad.render.folding import Folded, fold
from graphviz_ad.trace.model import Graph
from tests.render.graphs import Builder, chain, network, square


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Random graphs: any earlier values as operands, scopes that open and close."""
    b = Builder()
    values = [b.leaf(f"p{i}", (2,)) for i in range(draw(st.integers(1, 3)))]
    depth = 0
    for _ in range(draw(st.integers(1, 150))):
        move = draw(st.sampled_from(["op"] * 6 + ["enter", "leave", "leaf"]))
        if move == "enter":
            b.enter("m")
            depth += 1
        elif move == "leave" and depth:
            b.leave()
            depth -= 1
        elif move == "leaf":
            values.append(b.leaf("q", (2,)))
        else:
            inputs = draw(st.lists(st.sampled_from(values[-6:]), min_size=1, max_size=3))
            values.append(b.op("f", inputs, [(2,)] * draw(st.integers(1, 2))))
    return b.build()


def is_acyclic(folded: Folded) -> bool:
    waiting = Counter(bundle.head for bundle in folded.bundles)
    ready = [i for i in range(len(folded.items)) if not waiting[i]]
    for item in ready:
        for bundle in folded.bundles:
            if bundle.tail == item:
                waiting[bundle.head] -= 1
                if not waiting[bundle.head]:
                    ready.append(bundle.head)
    return len(ready) == len(folded.items)


def covering(drawing: Drawing, node: int, opened: frozenset[int]) -> int | None:
    box, group = None, drawing.nodes[node].group
    while group is not None:
        box = box if group in opened else group
        group = drawing.groups[group].parent
    return box


@settings(max_examples=60, deadline=None)
@given(graphs(), st.data())
def test_folding_loses_nothing(graph: Graph, data: st.DataObject) -> None:
    drawing = build_diagram(graph)
    assert len(drawing.links) == len(graph.edges)
    every = range(len(drawing.groups))
    opened = frozenset(data.draw(st.sets(st.sampled_from(every))) if every else ())
    folded = fold(drawing, opened)
    seen = Counter(link for bundle in folded.bundles for link in bundle.links)
    seen.update(folded.hidden)
    assert seen == Counter(range(len(drawing.links)))
    item_of = {item.node: i for i, item in enumerate(folded.items) if item.node is not None}
    item_of_box = {item.group: i for i, item in enumerate(folded.items) if item.is_box}
    for bundle in folded.bundles:
        for link in (drawing.links[i] for i in bundle.links):
            for node, item in ((link.tail, bundle.tail), (link.head, bundle.head)):
                box = covering(drawing, node, opened)
                assert item == (item_of[node] if box is None else item_of_box[box])
    assert is_acyclic(folded)


@settings(max_examples=40, deadline=None)
@given(graphs(), st.data())
def test_compact_view_has_values_only(graph: Graph, data: st.DataObject) -> None:
    drawing = build_diagram(graph)
    every = range(len(drawing.groups))
    opened = frozenset(data.draw(st.sets(st.sampled_from(every))) if every else ())
    full, compact = fold(drawing, opened), fold(drawing, opened, compact=True)
    kinds = {drawing.nodes[item.node].kind for item in compact.items if item.node is not None}
    assert kinds <= {"value"}
    shown = {link for bundle in compact.bundles for link in bundle.links}
    assert shown == {link for bundle in full.bundles for link in bundle.links}
    assert is_acyclic(compact)


def test_repeated_operands_stay_apart() -> None:
    drawing = build_diagram(square())
    for compact in (False, True):
        folded = fold(drawing, (), compact=compact)
        first = [bundle for bundle in folded.bundles if bundle.tail == folded.bundles[0].tail]
        assert len(first) == 2


def test_links_to_a_closed_group_are_merged() -> None:
    drawing = build_diagram(chain(100))
    folded = fold(drawing, ())
    assert len(folded.hidden) + sum(len(b.links) for b in folded.bundles) == len(drawing.links)
    assert len(folded.bundles) == len(folded.items) - 1


def test_a_group_inside_a_closed_one_is_not_seen() -> None:
    drawing = build_diagram(chain(10_000))
    inner = next(i for i, group in enumerate(drawing.groups) if group.parent is not None)
    assert fold(drawing, {inner}) == fold(drawing, ())


@pytest.mark.parametrize("opened", [(), (0,)])
def test_frames_are_the_open_groups(opened: tuple[int, ...]) -> None:
    drawing = build_diagram(network())
    folded = fold(drawing, opened)
    assert folded.frames == opened
    assert sum(item.is_box for item in folded.items) == 1 - len(opened)
