"""Static pictures: golden files, escaping, themes, marks that differ."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from graphviz_ad.errors import RenderError
from graphviz_ad.render import picture
from graphviz_ad.render.layered import layered_layout
from graphviz_ad.render.layout import Layout
from graphviz_ad.render.scene import DARK, LIGHT
from graphviz_ad.render.svg import to_svg
from graphviz_ad.trace.model import Graph
from tests.render.golden import FOLDER, compare, normalise_svg
from tests.render.graphs import (
    Builder,
    FakeTrace,
    blocks,
    chain,
    network,
    product,
    split,
    square,
    trace_of,
)

SVG = "{http://www.w3.org/2000/svg}"
GOLDEN = {
    "product": product(),
    "square": square(),
    "network": network(),
    "split": split(),
    "chain": chain(10_000),
    "blocks": blocks(12, 3),
}
NASTY = [
    '<script>alert("1")</script>',
    "a\"b'c",
    "back\\slash\\N",
    "😀🎉",
    "new\nline\ttab",
    "]]>&amp;",
]


@pytest.fixture
def own_layout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Positions that do not depend on which Graphviz is installed."""
    monkeypatch.setattr(
        picture, "lay_out", lambda d, f: Layout("layered", *layered_layout(d, f, 14.0))
    )


def named(name: str, shape: tuple[int, ...] = (2, 2)) -> FakeTrace:
    b = Builder()
    b.enter(name)
    b.op(name, [b.leaf(name, shape), b.leaf(name, shape)], [shape], names=(name,))
    return trace_of(b.build())


def part(svg: str, key: str) -> ET.Element:
    root = ET.fromstring(svg)
    (found,) = [g for g in root.iter(f"{SVG}g") if g.get("id", "").endswith(f"-{key}")]
    return found


@pytest.mark.usefixtures("own_layout")
@pytest.mark.parametrize("name", GOLDEN)
def test_golden(name: str) -> None:
    trace = trace_of(GOLDEN[name], unreached=(2,) if name == "split" else ())
    svg = to_svg(trace)
    assert svg == to_svg(trace)
    ET.fromstring(svg)
    compare(f"{name}.svg", normalise_svg(svg))


def test_every_golden_svg_is_xml() -> None:
    files = sorted(FOLDER.glob("*.svg"))
    assert {file.stem for file in files} == set(GOLDEN)
    for file in files:
        assert ET.parse(file).getroot().tag == f"{SVG}svg"


@pytest.mark.parametrize("name", NASTY)
def test_names_stay_text(name: str) -> None:
    for shape in ((), (2, 2)):
        svg = to_svg(named(name, shape))
        root = ET.fromstring(svg)
        tags = {element.tag.removeprefix(SVG) for element in root.iter()}
        allowed = {"svg", "title", "desc", "style", "rect", "circle", "polygon", "path", "text"}
        assert tags <= allowed | {"g", "image"}
        titles = [element.text or "" for element in root.iter(f"{SVG}title")]
        clean = name.replace("\n", " ").replace("\t", " ")
        assert any(name.split()[0] in title or clean in title for title in titles)


def test_control_characters_cannot_break_the_document() -> None:
    ET.fromstring(to_svg(named("nul\0 bell\x07 \ud800 \ufffe")))


def test_text_alternative() -> None:
    root = ET.fromstring(to_svg(trace_of(network())))
    assert root.get("role") == "img"
    ids = (root.get("aria-labelledby") or "").split()
    found = {e.get("id"): e.text for e in root if e.tag in (f"{SVG}title", f"{SVG}desc")}
    assert found[ids[0]] == "Computation graph of loss"
    assert (found[ids[1]] or "").startswith("6 operations on 12 values")
    folded = ET.fromstring(to_svg(trace_of(chain(1000))))
    assert "All 1,000 operations are folded" in (folded.findtext(f"{SVG}desc") or "")


def test_two_pictures_share_no_id() -> None:
    first = set(re.findall(r'id="([^"]+)"', to_svg(trace_of(product()))))
    second = set(re.findall(r'id="([^"]+)"', to_svg(trace_of(square()))))
    assert first
    assert not first & second


def test_themes() -> None:
    trace = trace_of(product())
    auto, light, dark = (to_svg(trace, theme=theme) for theme in ("auto", "light", "dark"))
    assert "prefers-color-scheme:dark" in auto
    assert "<style>" not in light + dark
    assert re.sub("gad-[0-9a-f]+", "", light) == re.sub(
        "gad-[0-9a-f]+", "", re.sub("<style>.*</style>\n", "", auto)
    )
    for text, palette in ((light, LIGHT), (dark, DARK)):
        assert set(re.findall('"(#[0-9a-f]{6})"', text)) <= set(palette.values())


def test_unknown_theme() -> None:
    with pytest.raises(RenderError, match=r"to_svg: expected theme .* got 'blue'"):
        to_svg(trace_of(product()), theme="blue")  # type: ignore[arg-type]


def test_five_kinds_of_nothing_look_different() -> None:
    b = Builder()
    y = b.op("f", [b.leaf("x", (2, 2)), b.leaf("d", (2, 2), "input")], [(2, 2)])
    b.op("g", [y], [(2, 2)])
    graph = b.build()
    drawn = {}
    for kind, gradient in (
        ("zero", np.zeros((2, 2))),
        ("nan", np.full((2, 2), np.nan)),
        ("infinite", np.full((2, 2), np.inf)),
        ("computed", np.full((2, 2), 0.5)),
    ):
        trace = trace_of(graph)
        trace.gradients[0] = gradient
        drawn[kind] = shapes(part(to_svg(trace), "v0"))
    drawn["unreached"] = shapes(part(to_svg(trace_of(graph, unreached=(0,))), "v0"))
    drawn["not required"] = shapes(part(to_svg(trace_of(graph)), "v1"))
    assert len(set(drawn.values())) == len(drawn)
    assert "stroke-dasharray" in drawn["not required"]
    assert drawn["zero"].count("<image") == drawn["nan"].count("<image") == 2
    assert drawn["unreached"].count("<image") == 1


def shapes(group: ET.Element) -> str:
    """A group's markup without its title and without where it lies."""
    for title in group.findall(f"{SVG}title"):
        group.remove(title)
    text = ET.tostring(group, encoding="unicode").replace("ns0:", "").replace(":ns0", "")
    return re.sub(r' (id|x|y|points|class)="[^"]*"|[\d.]+,[\d.]+', "", text)


def test_gradient_arrows_only_where_a_gradient_flows() -> None:
    trace = trace_of(product(), unreached=(0, 1))
    svg = to_svg(trace, theme="light", legend=False)
    gradient = "#c2500a"
    arrows = [f for f in re.findall(r"<polygon[^>]*>", svg) if gradient in f]
    assert len(arrows) == 1  # from c into the product, and no further
    assert len(re.findall(r"<polygon", svg)) == 3 + 1 + 1  # heads, this one, the diamond


def test_statistics_in_the_tooltip() -> None:
    trace = trace_of(network())
    trace.arrays[1][:] = [[2.0] + [-1.0] * 49] * 64
    title = part(to_svg(trace), "v1").findtext(f"{SVG}title") or ""
    assert title.startswith("W (64, 50) float64: −1 to 2, norm 58.24; W∇: ")
    reason = part(to_svg(trace), "v0").findtext(f"{SVG}title") or ""
    assert reason.endswith("x∇: no gradient required")


def test_compact_has_no_diamonds() -> None:
    svg = to_svg(trace_of(network()), compact=True)
    assert 'class="op"' not in svg
    assert svg.count('class="value"') == 12


def test_opened_groups() -> None:
    trace = trace_of(network())
    assert 'class="box"' in to_svg(trace, open_groups=())
    assert 'class="frame"' in to_svg(trace, open_groups={0})


def test_an_empty_graph_is_a_picture() -> None:
    ET.fromstring(to_svg(FakeTrace(Graph((), (), ()), {}, {})))


def test_empty_arrays_and_many_axes() -> None:
    b = Builder()
    b.op("f", [b.leaf("x", (0, 3)), b.leaf("k", (2, 3, 4, 5))], [(2, 0)])
    ET.fromstring(to_svg(trace_of(b.build())))
