"""Plain text for terminals."""

from __future__ import annotations

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad.errors import RenderError
from graphviz_ad.render.measure import cells
from graphviz_ad.render.text import to_text
from graphviz_ad.trace.model import Graph
from graphviz_ad.trace.recorder import record_trace
from tests.render.golden import compare
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

GRAPHS = {
    "product": product(),
    "square": square(),
    "network": network(),
    "split": split(),
    "chain": chain(10_000),
    "blocks": blocks(2, 1),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_golden(name: str) -> None:
    trace = trace_of(GRAPHS[name], unreached=(2,) if name == "split" else ())
    compare(f"{name}.txt", to_text(trace))


@pytest.mark.parametrize("width", [80, 100, 140])
def test_lines_fit(width: int) -> None:
    b = Builder()
    for _ in range(6):
        b.enter("一个很长的名字 of a module " * 6)
    long = "a name as long as a sentence, 日本語, " * 4
    b.op("f", [b.leaf(long, (123_456, 123_456, 1))], [(1,) * 20], names=(long,))
    graph = b.build()
    small = {value.id: np.ones(2) for value in graph.values}
    text = to_text(FakeTrace(graph, small, small), width=width)
    assert max(cells(line) for line in text.splitlines()) <= width
    assert all(line == line.rstrip() for line in text.splitlines())


def test_long_graphs_are_cut_in_the_middle() -> None:
    text = to_text(trace_of(chain(10_000)), limit=6)
    assert "… 9,994 more operations …" in text
    assert len(text.splitlines()) < 14


def test_kinds_of_nothing_in_words() -> None:
    text = to_text(trace_of(split(), unreached=(2,)))
    assert "not computed" in text
    assert "not required" in to_text(trace_of(network()))
    trace = trace_of(product())
    for gradient, norm in (([1.0, np.nan, np.inf], "NaN"), ([1.0, -np.inf], "∞")):
        trace.gradients[0] = np.array(gradient)
        assert to_text(trace).splitlines()[1].endswith(f" {norm}")


def test_control_characters_do_not_reach_the_terminal() -> None:
    b = Builder()
    b.enter("\x1b[31m")
    b.op("f", [b.leaf("\x1b[2J\n\r")])
    text = to_text(trace_of(b.build()))
    assert "\x1b" not in text
    assert "\r" not in text


def test_nothing() -> None:
    assert to_text(FakeTrace(Graph((), (), ()), {}, {})) == ""


def test_too_narrow() -> None:
    with pytest.raises(RenderError, match="width=10"):
        to_text(trace_of(product()), width=10)


def test_leaves_of_one_name_are_told_apart_by_their_modules() -> None:
    mu, spread = ad.nn.Linear(2, 2), ad.nn.Linear(2, 2)
    W = ad.parameter(np.ones((2, 2)))
    x = ad.tensor(np.ones((3, 2))) @ W
    lines = to_text(record_trace((mu(x) * spread(x)).sum())).splitlines()
    found = [line.split()[0] for line in lines if "  parameter" in line]
    assert found == ["W", "mu.weight", "mu.bias", "spread.weight", "spread.bias"]
