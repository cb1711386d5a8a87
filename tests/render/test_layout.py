"""Layouts: who answers, and that nothing overlaps."""

from __future__ import annotations

import itertools
import os
import stat
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

import graphviz_ad as ad
from graphviz_ad.render import layout
from graphviz_ad.render.diagram import Drawing, build_diagram
from graphviz_ad.render.folding import Folded, Item, fold, start_open
from graphviz_ad.render.geometry import item_size
from graphviz_ad.render.layered import layered_layout
from graphviz_ad.render.layout import Layout, lay_out
from graphviz_ad.trace.model import Graph
from graphviz_ad.trace.recorder import record_trace
from tests.render.graphs import blocks, chain, network, product, split, square
from tests.render.test_folding import graphs

GRAPHS = {
    "product": product(),
    "square": square(),
    "network": network(),
    "split": split(),
    "chain": chain(40, (3,)),
    "long chain": chain(10_000),
    "blocks": blocks(4, 2),
    "many blocks": blocks(12, 3),
}


def visible(graph: Graph) -> tuple[Drawing, Folded]:
    drawing = build_diagram(graph)
    return drawing, fold(drawing, start_open(drawing))


def check(drawing: Drawing, folded: Folded, result: Layout) -> None:
    """No two items overlap, all lie inside, links end at their items."""
    rects = []
    for item, center in zip(folded.items, result.centers, strict=True):
        w, h = item_size(drawing, item)
        rects.append((center.x - w / 2, center.y - h / 2, center.x + w / 2, center.y + h / 2))
    for a, b in itertools.combinations(rects, 2):
        assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1], (a, b)
    for left, top, right, bottom in rects:
        assert left >= 0
        assert top >= 0
        assert right <= result.width
        assert bottom <= result.height
    for bundle, curve in zip(folded.bundles, result.curves, strict=True):
        assert len(curve.points) % 3 == 1
        for end, place in ((bundle.tail, curve.points[0]), (bundle.head, curve.tip)):
            left, top, right, bottom = rects[end]
            assert left - 3 <= place.x <= right + 3
            assert top - 3 <= place.y <= bottom + 3
    assert [frame for frame, _ in result.frames] == list(folded.frames)
    assert len(set(result.curves)) == len(folded.bundles)  # none hides another
    for frame, (x, y, width, height) in result.frames:
        for item, (left, top, right, bottom) in zip(folded.items, rects, strict=True):
            if frame in surrounding(drawing, item):
                assert x <= left
                assert y <= top
                assert right <= x + width
                assert bottom <= y + height
            else:
                assert right <= x or left >= x + width or bottom <= y or top >= y + height


def surrounding(drawing: Drawing, item: Item) -> set[int]:
    groups, group = set(), item.parent
    while group is not None:
        groups.add(group)
        group = drawing.groups[group].parent
    return groups


@pytest.mark.parametrize("name", GRAPHS)
def test_first_choice_lays_out(name: str) -> None:
    drawing, folded = visible(GRAPHS[name])
    result = lay_out(drawing, folded)
    assert result.engine in ("pygraphviz", "dot", "layered")
    check(drawing, folded, result)


@pytest.mark.parametrize("name", GRAPHS)
def test_layered_layout_needs_nothing(name: str) -> None:
    drawing, folded = visible(GRAPHS[name])
    check(drawing, folded, Layout("layered", *layered_layout(drawing, folded, 14.0)))


@settings(max_examples=40, deadline=None)
@given(graphs())
def test_layered_layout_of_random_graphs(graph: Graph) -> None:
    drawing, folded = visible(graph)
    first = layered_layout(drawing, folded, 14.0)
    assert first == layered_layout(drawing, folded, 14.0)
    check(drawing, folded, Layout("layered", *first))


def test_layered_layout_flows_downwards() -> None:
    drawing, folded = visible(network())
    _, _, centers, _, _ = layered_layout(drawing, folded, 14.0)
    assert all(centers[b.tail].y < centers[b.head].y for b in folded.bundles)


def test_layered_layout_is_close_to_linear() -> None:
    drawing = build_diagram(blocks(60, 60))
    folded = fold(drawing, range(len(drawing.groups)))
    assert len(folded.items) > 10_000
    start = time.perf_counter()
    layered_layout(drawing, folded, 14.0)
    assert time.perf_counter() - start < 10  # below 1 s on an idle machine


def fake_dot(folder: Path, body: str) -> None:
    """Put a program called dot on an otherwise empty search path."""
    program = folder / "dot"
    program.write_text(f"#!{sys.executable}\n{body}\n", encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def empty_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


@pytest.mark.skipif(os.name == "nt", reason="the fake program is a POSIX script")
@pytest.mark.parametrize("first", ["import time; time.sleep(60)", "raise SystemExit(1)"])
def test_time_outs_fall_through(
    empty_path: Path, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    monkeypatch.setattr(layout, "IN_PROCESS_UP_TO", 0)
    monkeypatch.setattr(layout, "_CHILD", first)
    fake_dot(empty_path, "import time; time.sleep(60)")
    drawing, folded = visible(network())
    start = time.perf_counter()
    result = lay_out(drawing, folded, timeout=1.0)
    assert time.perf_counter() - start < 10
    assert result.engine == "layered"


@pytest.mark.skipif(os.name == "nt", reason="the fake program is a POSIX script")
@pytest.mark.parametrize("body", ["raise SystemExit(1)", "pass"])
def test_failures_fall_through(
    empty_path: Path, monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    monkeypatch.setattr(layout.importlib.util, "find_spec", lambda _: None)
    fake_dot(empty_path, body)
    drawing, folded = visible(network())
    assert lay_out(drawing, folded).engine == "layered"


def test_without_graphviz(empty_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout.importlib.util, "find_spec", lambda _: None)
    drawing, folded = visible(network())
    assert lay_out(drawing, folded).engine == "layered"


def test_large_layouts_run_where_they_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pygraphviz")
    drawing, folded = visible(network())
    here = lay_out(drawing, folded)
    monkeypatch.setattr(layout, "IN_PROCESS_UP_TO", 0)
    monkeypatch.setattr(
        "pygraphviz.AGraph", lambda **_: pytest.fail("laid out inside this process")
    )
    assert lay_out(drawing, folded) == here


def test_nothing_is_written_to_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    lay_out(*visible(network()))
    assert capfd.readouterr() == ("", "")


def test_nothing_to_draw() -> None:
    result = lay_out(*visible(Graph((), (), ())))
    assert result.centers == ()


def test_the_way_of_the_data_runs_straight_through_a_deep_network() -> None:
    h = ad.tensor(np.ones((2, 16)), name="x")
    for k in range(6):
        with ad.module_scope(f"layer {k}"):
            W, b = ad.parameter(np.eye(16), name="W"), ad.parameter(np.zeros(16), name="b")
            h = ad.sigmoid(h @ W + b)
    drawing, folded = visible(record_trace(h.sum()).graph)
    result = lay_out(drawing, folded)
    assert result.engine != "layered"
    computed = {bundle.head for bundle in folded.bundles}
    assert len({round(result.centers[item].x) for item in computed}) == 1
