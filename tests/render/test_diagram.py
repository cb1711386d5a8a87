"""What is drawn, and in which groups."""

from __future__ import annotations

import time

import pytest

from graphviz_ad.render.diagram import build_diagram
from graphviz_ad.render.folding import fold, start_open
from tests.render.graphs import Builder, blocks, chain, network, product, split, square


def test_scalars_are_circles_arrays_rectangles_ops_diamonds() -> None:
    nodes = {node.key: node for node in build_diagram(network()).nodes}
    assert nodes["v11"].shape == "circle"
    assert nodes["v0"].shape == "rect"
    assert nodes["o0"].shape == "diamond"
    assert nodes["v2"].height < nodes["v1"].height  # a vector is drawn as a strip
    assert nodes["o5"].width > nodes["o0"].width  # "cross_entropy" beside "@"


def test_repeated_operands_keep_their_links() -> None:
    drawing = build_diagram(square())
    ends = [(drawing.nodes[link.tail].key, drawing.nodes[link.head].key) for link in drawing.links]
    assert ends.count(("v0", "o0")) == 2


def test_module_scopes_are_groups_and_leaves_follow_their_consumers() -> None:
    drawing = build_diagram(network())
    (group,) = drawing.groups
    assert (group.label, group.kind, group.ops, group.open) == ("hidden", "module", 3, True)
    assert group.summary == "1 add, 1 matmul, 1 sigmoid"
    inside = {node.key for node in drawing.nodes if node.group == 0}
    assert inside == {"o0", "o1", "o2", "v0", "v1", "v2", "v6", "v7", "v8"}


def test_values_belong_to_their_producer() -> None:
    drawing = build_diagram(split())
    assert {node.group for node in drawing.nodes} == {None}
    assert sum(node.kind == "value" for node in drawing.nodes) == 4


@pytest.mark.parametrize(("uses", "copies"), [(1, 0), (3, 0), (4, 4), (200, 200)])
def test_leaves_with_many_uses_are_copied(uses: int, copies: int) -> None:
    drawing = build_diagram(chain(uses))
    shown = [node for node in drawing.nodes if node.copy]
    assert len(shown) == copies
    assert {node.ref for node in shown} <= {1}
    if copies:
        assert shown[0].key == "v1.1"
        tails = [link.tail for link in drawing.links if drawing.nodes[link.tail].copy]
        assert len(tails) == len(set(tails)) == copies


def test_leaves_used_in_two_groups_are_copied_into_each() -> None:
    b = Builder()
    w, h = b.leaf("w"), b.leaf("x")
    for name in ("one", "two"):
        b.enter(name)
        h = b.op("multiply", [h, w])
        b.leave()
    drawing = build_diagram(b.build())
    copies = [node for node in drawing.nodes if node.copy]
    assert [(node.key, node.group) for node in copies] == [("v0.1", 0), ("v0.2", 1)]


def test_a_copy_with_a_repeated_operand_keeps_both_links() -> None:
    b = Builder()
    w = b.leaf("w")
    for _ in range(4):
        b.op("multiply", [w, w])
    drawing = build_diagram(b.build())
    copies = [i for i, node in enumerate(drawing.nodes) if node.copy]
    assert len(copies) == 4
    assert all(sum(link.tail == i for link in drawing.links) == 2 for i in copies)


@pytest.mark.parametrize("length", [61, 900, 10_000])
def test_long_chains_are_folded_into_boxes_of_few_children(length: int) -> None:
    drawing = build_diagram(chain(length))
    children: dict[int | None, int] = {}
    for group in drawing.groups:
        assert group.kind == "chain"
        assert not group.open
        children[group.parent] = children.get(group.parent, 0) + 1
    for node in drawing.nodes:
        if node.kind == "op":
            children[node.group] = children.get(node.group, 0) + 1
    assert max(children.values()) <= 30
    assert sum(group.ops for group in drawing.groups if group.parent is None) == length
    (note,) = drawing.notes
    assert note.startswith(f"All {length:,} operations are folded into ")


def test_the_output_stays_in_sight() -> None:
    drawing = build_diagram(chain(100))
    folded = fold(drawing, start_open(drawing))
    shown = [drawing.nodes[item.node].key for item in folded.items if item.node is not None]
    assert "v101" in shown


def test_sixty_operations_are_not_folded() -> None:
    assert build_diagram(chain(60)).groups == ()


def test_modules_stay_whole_in_folded_stretches() -> None:
    drawing = build_diagram(blocks(200, 3))
    modules = [group for group in drawing.groups if group.kind == "module"]
    assert len(modules) == 400
    assert {group.ops for group in modules} == {6, 7}


def test_large_graphs_start_with_modules_closed() -> None:
    drawing = build_diagram(blocks(12, 3))
    assert {group.label: group.open for group in drawing.groups}["block 3"]
    assert not any(group.open for group in drawing.groups if group.label == "mlp")
    assert drawing.notes == (
        "72 of 85 operations are folded into 12 boxes; click a box to open it",
    )
    assert all(group.open for group in build_diagram(blocks(4, 2)).groups)


def test_groups_come_after_their_parents() -> None:
    for graph in (blocks(200, 3), chain(5000)):
        for index, group in enumerate(build_diagram(graph).groups):
            assert group.parent is None or group.parent < index


def test_deep_scopes_need_no_recursion() -> None:
    b = Builder()
    h = b.leaf("x")
    for i in range(2000):
        b.enter(f"level {i}")
    b.op("exp", [h])
    assert len(build_diagram(b.build()).groups) == 2000


def test_long_names_are_cut_and_kept_in_the_title() -> None:
    b = Builder()
    b.op("exp", [b.leaf("a_very_long_name_of_a_weight", (3, 3))], [(3, 3)])
    node = build_diagram(b.build()).nodes[1]
    assert node.label == "a_very_long…"
    assert node.title == "a_very_long_name_of_a_weight"


def test_labels_come_from_the_trace() -> None:
    drawing = build_diagram(product(), lambda value: f"value {value}")
    assert {node.title for node in drawing.nodes if node.kind == "value"} == {
        "value 0",
        "value 1",
        "value 2",
    }


def test_a_hundred_thousand_operations() -> None:
    graph = chain(100_000)
    start = time.process_time()
    drawing = build_diagram(graph)
    folded = fold(drawing, start_open(drawing))
    assert time.process_time() - start < 15  # about 2 s where nothing else runs
    assert len(folded.items) < 40
