"""DOT text: golden files, and names that stay names."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from graphviz_ad.render.dot import dot_text, to_dot
from graphviz_ad.trace.model import Graph
from tests.render.golden import FOLDER, compare
from tests.render.graphs import Builder, blocks, chain, network, product, split, square

pygraphviz = pytest.importorskip("pygraphviz")

GOLDEN = {
    "product": product(),
    "square": square(),
    "network": network(),
    "split": split(),
    "chain": chain(10_000),
    "blocks": blocks(4, 2),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_golden(name: str) -> None:
    compare(f"{name}.dot", dot_text(GOLDEN[name]))


def test_every_golden_dot_is_dot() -> None:
    files = sorted(FOLDER.glob("*.dot"))
    assert {file.stem for file in files} == set(GOLDEN)
    for file in files:
        assert pygraphviz.AGraph(string=file.read_text(encoding="utf-8")).number_of_nodes()


def test_source() -> None:
    source = to_dot(product(), lambda value: f"value {value}")
    assert type(source).__name__ == "Source"
    assert 'label="value 2"' in source.source


def test_nodes_and_edges_are_those_of_the_graph() -> None:
    parsed = pygraphviz.AGraph(string=dot_text(network()))
    assert sorted(parsed.nodes()) == sorted(
        [f"v{i}" for i in range(12)] + [f"o{i}" for i in range(6)]
    )
    assert parsed.number_of_edges() == len(network().edges)
    assert [cluster.name for cluster in parsed.subgraphs()] == ["cluster_g0"]


def test_slots_only_where_a_value_is_taken_twice() -> None:
    assert dot_text(square()).count("v0 -> o0 [label=") == 2
    assert "label=0" not in dot_text(network())


def rendered(graph: Graph) -> set[str]:
    """The texts that Graphviz really draws."""
    svg = pygraphviz.AGraph(string=dot_text(graph)).draw(prog="dot", format="svg")
    texts = ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    return {(text.text or "").replace("\xa0", " ") for text in texts}


@pytest.mark.parametrize(
    "name", ["<b>x</b>", 'a"b', "\\N \\G", "&lt;&amp;", "😀 ∇", "end\\", "{a|b}", "]; x -> y"]
)
def test_names_are_drawn_as_they_are(name: str) -> None:
    b = Builder()
    b.enter(name)
    b.op("f", [b.leaf(name)], label=name)
    assert name in rendered(b.build())


def test_line_breaks_are_no_escape() -> None:
    b = Builder()
    b.op("f", [b.leaf("a\nb\r\0c")])
    assert "a b  c" in rendered(b.build())
