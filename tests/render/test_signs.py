"""Findings and gradient sizes in static pictures: badges at the blamed nodes, colours, legends."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import Any

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad.errors import RenderError
from graphviz_ad.render.diagram import build_diagram
from graphviz_ad.render.folding import fold
from graphviz_ad.render.signs import LETTERS, Sign, worst_by_item
from graphviz_ad.render.sized import Sized
from graphviz_ad.render.sizes import SIZE_LIGHT, decades_text
from graphviz_ad.render.svg import to_svg

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def view() -> Any:
    rng = np.random.default_rng(0)
    h = ad.tensor(rng.normal(size=(32, 16)))
    for k in range(8):
        with ad.module_scope(f"layer{k}"):
            h = ad.sigmoid(h @ ad.parameter(rng.normal(size=(16, 16)) / 4, name=f"W{k}"))
    return ad.show_graph(((h - 1) ** 2).mean(), diagnose=True)


def group(svg: str, suffix: str) -> ET.Element:
    (found,) = [g for g in ET.fromstring(svg).iter(f"{SVG}g") if g.get("id", "").endswith(suffix)]
    return found


def signs_of(svg: str) -> list[ET.Element]:
    return [g for g in ET.fromstring(svg).iter(f"{SVG}g") if g.get("class") == "sign"]


def test_a_badge_is_at_the_blamed_node_with_its_letter_and_words(view: Any) -> None:
    svg = view.to_svg()
    (finding,) = view.report.findings
    (mark,) = signs_of(svg)
    title, shape, letter = mark
    assert title.text == f"{finding.severity}, vanishing: {finding.title}"
    assert letter.text == LETTERS[finding.severity]
    points = [tuple(map(float, p.split(","))) for p in shape.get("points", "").split()]
    node = group(svg, f"-{finding.op.key}").find(f"{SVG}polygon")
    corners = [tuple(map(float, p.split(","))) for p in node.get("points", "").split()]
    assert np.linalg.norm(np.mean(points, axis=0) - np.mean(corners, axis=0)) < 40
    written = " ".join(text.text or "" for text in group(svg, "-findings").iter(f"{SVG}text"))
    assert finding.title in written


def test_the_way_from_the_loss_is_a_band_under_its_edges(view: Any) -> None:
    (sign,) = view.signs
    root = ET.fromstring(view.to_svg(compact=False))
    bands = [path for path in root.iter(f"{SVG}path") if "s-way" in (path.get("class") or "")]
    assert len(bands) == len(sign.way) > 20
    assert "s-way" not in to_svg(view.trace)


def test_pictures_without_a_report_are_as_before(view: Any) -> None:
    plain = to_svg(view.trace)
    assert not signs_of(plain)
    assert "f-error" not in plain
    assert "size+0" not in plain
    assert ad.show_graph(view.trace).to_svg() == plain


def test_a_hidden_op_marks_its_box_and_a_left_out_one_what_it_makes(view: Any) -> None:
    drawing = build_diagram(view.trace.graph)
    op = view.report[0].op
    sign = Sign(op.key, "warning", "vanishing", "it loses")
    closed = fold(drawing, ())
    ((index, _),) = worst_by_item(drawing, closed, [sign]).items()
    assert drawing.groups[closed.items[index].group].label == op_scope(view, op)
    compact = fold(drawing, range(len(drawing.groups)), compact=True)
    ((index, _),) = worst_by_item(drawing, compact, [sign]).items()
    assert drawing.nodes[compact.items[index].node].ref == op.outputs[0]


def op_scope(view: Any, op: Any) -> str:
    return str(view.trace.graph.scopes[op.scope].name)


def test_the_worst_of_several_is_shown_with_their_number(view: Any) -> None:
    key = view.report[0].op.key
    signs = [
        Sign(key, "info", "a", "one"),
        Sign(key, "error", "b", "two"),
        Sign("", "error", "c", ""),
    ]
    (mark,) = signs_of(to_svg(view.trace, signs=signs))
    assert [text.text for text in mark.iter(f"{SVG}text")] == ["E", "×2"]


def test_nodes_edges_and_numbers_tell_the_size(view: Any) -> None:
    svg = view.to_svg(colour="gradient", theme="light")
    sized = Sized(view.trace)
    for value in view.trace.graph.values:
        size = sized.value(value.id)
        if value.role != "parameter":
            continue
        part = group(svg, f"-{value.key}")
        level = sized.scale.level(size)
        assert part[1].get("fill") == SIZE_LIGHT[f"size{level:+d}"]
        assert decades_text(sized.scale.decades(size)) in [t.text for t in part.iter(f"{SVG}text")]
    widths = {float(w) for w in re.findall(r's-flow[^>]*stroke-width="([\d.]+)"', svg)}
    assert len(widths) > 5
    scale = " ".join(text.text or "" for text in group(svg, "-sizes").iter(f"{SVG}text"))
    assert str(sized.scale) in scale


def test_a_closed_box_has_the_median_and_the_range_of_what_it_holds(view: Any) -> None:
    svg = view.to_svg(colour="gradient", theme="light", open_groups=())
    sized, drawing = Sized(view.trace), build_diagram(view.trace.graph)
    first = next(i for i, group in enumerate(drawing.groups) if group.label == "layer0")
    ops = [node.ref for node in drawing.nodes if node.kind == "op" and node.group == first]
    sizes = sorted(sized.value(v) for op in ops for v in view.trace.graph.ops[op].outputs)
    part = group(svg, f"-g{first}")
    level = sized.scale.level(sizes[len(sizes) // 2])
    assert SIZE_LIGHT[f"size{level:+d}"] in [rect.get("fill") for rect in part]
    ends = [decades_text(sized.scale.decades(size)) for size in (sizes[0], sizes[-1])]
    assert " … ".join(ends) in [text.text for text in part.iter(f"{SVG}text")]


def test_a_dark_reader_gets_the_colours_that_are_used(view: Any) -> None:
    svg = view.to_svg(colour="gradient")
    style = next(ET.fromstring(svg).iter(f"{SVG}style")).text or ""
    for role in set(re.findall(r'class="f-(size[+-]\d)"', svg)):
        assert f".f-{role}{{" in style


def test_files_and_dot_carry_them(view: Any, tmp_path: Any) -> None:
    plain = view.save(tmp_path / "plain.png").read_bytes()
    view.colour = "gradient"
    assert view.save(tmp_path / "sized.png").read_bytes() != plain
    dot = view.to_dot().source
    (line,) = [x for x in dot.splitlines() if x.strip().startswith(f"{view.report[0].op.key} [")]
    assert f'xlabel="{LETTERS[view.report[0].severity]} vanishing"' in line
    assert "fillcolor=" in line
    assert "penwidth=" in dot
    assert "xlabel" not in ad.show_graph(view.trace).to_dot().source


def test_an_unknown_colour_is_refused(view: Any) -> None:
    with pytest.raises(RenderError, match="colour"):
        view.to_svg(colour="pink")


def test_a_forward_pass_alone_has_no_sizes() -> None:
    x = ad.parameter([1.0, 2.0])
    svg = ad.show_graph(x * 2, colour="gradient").to_svg()
    assert "size" not in svg.replace("font-size", "")
