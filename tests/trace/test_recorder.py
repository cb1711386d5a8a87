"""The trace of a run: nodes, edges, names, places, scopes, and contributions that add up."""

from __future__ import annotations

import linecache

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad.trace.model import Graph


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def check_bipartite(graph: Graph) -> None:
    for edge in graph.edges:
        op = graph.ops[edge.op]
        ends = op.inputs if edge.is_input else [edge.id]
        assert edge.id in ends
        if not edge.is_input:
            assert graph.values[edge.value].producer == edge.op
            assert op.outputs[edge.slot] == edge.value


def test_scalar_example():
    a = ad.parameter(3.0)
    b = ad.parameter(2.0)
    c = a * b
    trace = ad.show_graph(c).trace
    assert [v.name for v in trace.graph.values] == ["a", "b", "c"]
    assert [v.role for v in trace.graph.values] == ["parameter", "parameter", "output"]
    assert [s.phase for s in trace.steps] == ["forward", "backward", "backward"]
    assert trace.gradient(0) == 2.0
    assert trace.gradient(1) == 3.0
    assert trace.gradient(2) == 1.0
    check_bipartite(trace.graph)


def test_repeated_operand_keeps_an_edge_each():
    x = ad.parameter(3.0)
    y = x * x
    trace = ad.show_graph(y).trace
    edges = [e for e in trace.graph.edges if e.is_input]
    assert [(e.value, e.slot) for e in edges] == [(0, 0), (0, 1)]
    assert [float(trace.contribution(e.id)) for e in edges] == [3.0, 3.0]
    sent = trace.steps[-1].contributions
    assert [(s.arrived, s.total) for s in sent] == [(1, 2), (2, 2)]
    assert [float(trace.accumulated(e.id)) for e in edges] == [3.0, 6.0]


@pytest.mark.parametrize("shape", [(), (2,)])
@pytest.mark.parametrize("leaf", [True, False])
def test_contributions_are_added_in_the_order_that_is_shown(shape, leaf):
    x = ad.parameter(np.ones(shape))
    z = x if leaf else x * 1.0
    # 1e16 + 1 + 1 is 1e16, and 1e16 + (1 + 1) is not
    twice = z + z
    huge = z * 1e16
    loss = (twice + huge).sum()
    trace = ad.show_graph(loss).trace
    loss.backward()
    assert np.all(x.grad.numpy() == 1e16)
    node = next(v for v in trace.graph.values if v.name == ("x" if leaf else "z"))
    np.testing.assert_array_equal(trace.gradient(node.id), x.grad.numpy())


def test_contributions_add_up_to_what_backward_gives(rng):
    x = ad.parameter(rng.normal(size=(4, 3)))
    w = ad.parameter(rng.normal(size=(3,)))
    h = x * w
    y = h * h + h * 0.5 + x
    loss = (y * w).sum()
    trace = ad.show_graph(loss).trace
    loss.backward()
    for tensor, name in ((x, "x"), (w, "w")):
        value = trace.value(name)
        edges = [e for e in value.consumers if trace.contribution(e) is not None]
        total = sum(trace.contribution(e) for e in edges)
        np.testing.assert_allclose(total, tensor.grad.data, rtol=1e-14)
        np.testing.assert_array_equal(trace.gradient(value.id), tensor.grad.data)


def test_looking_changes_nothing(rng):
    w = ad.parameter(rng.normal(size=3))
    loss = (w * w).sum()
    w.grad = ad.tensor([1.0, 2.0, 3.0])
    before = w.data
    assert ad.show_graph(loss).trace.gradient(0) is not None
    assert w.data is before
    np.testing.assert_array_equal(w.grad.data, [1.0, 2.0, 3.0])


def test_a_rebound_leaf_is_shown_as_the_op_saw_it():
    w = ad.parameter(2.0)
    y = w * 3.0
    w.data = np.float64(5.0)
    z = y * w
    trace = ad.show_graph(z).trace
    versions = [v for v in trace.graph.values if v.name == "w"]
    assert [float(trace.data(v.id)) for v in versions] == [2.0, 5.0]
    assert [float(trace.gradient(v.id)) for v in versions] == [15.0, 6.0]


def test_off_the_path_is_left_out_and_unused_outputs_are_shown(rng):
    x = ad.parameter(rng.normal(size=4))
    first, second = ad.split(x, 2)
    ad.exp(first)
    loss = (first * first).sum()
    trace = ad.show_graph(loss).trace
    assert "exp" not in [op.op for op in trace.graph.ops]
    assert trace.gradient(trace.value("second").id) is None
    assert trace.no_gradient(trace.value("second").id) == "nothing leads from it to loss"
    assert second.name is None


def test_why_there_is_no_gradient(rng):
    x = ad.tensor(rng.normal(size=3))
    w = ad.parameter(rng.normal(size=3))
    y = x * w
    trace = ad.show_graph(y).trace
    assert trace.no_gradient(trace.value("x").id) == "no gradient required"
    assert trace.no_gradient(trace.value("w").id).startswith("no backward pass: (3,)")
    assert len(trace.steps) == trace.forward_steps
    seeded = ad.show_graph(y, gradient=np.ones(3)).trace
    np.testing.assert_array_equal(seeded.gradient(seeded.value("w").id), x.data)


def test_names_come_from_the_name_the_variable_and_the_statement(rng):
    def layer(value):
        hidden = value * 2.0
        return hidden + 1.0

    weights = [ad.parameter(1.0), ad.parameter(2.0)]
    named = ad.parameter(3.0, name="given")
    raw = np.float64(4.0)
    out = layer(weights[0] * weights[1]) * named * raw
    names = [v.name for v in ad.show_graph(out).trace.graph.values]
    assert names[:2] == ["weights[0]", "weights[1]"]
    assert {"hidden", "given", "raw", "2", "1", "out"} <= set(names)


def test_places_and_sources():
    a = ad.parameter(1.0)
    b = a * 2.0
    b += a
    trace = ad.show_graph(b).trace
    source = trace.graph.sources[trace.graph.ops[0].location.source]
    for op, text in zip(trace.graph.ops, ["a * 2.0", "b += a"], strict=True):
        line = source.lines[op.location.line - source.first_line]
        assert line[op.location.column : op.location.end_column] == text
    assert source.title == "test_recorder.py"


def test_source_that_is_gone_says_so(monkeypatch):
    # Python 3.13 has the text of ``python -c`` under the name of every text that is executed.
    other = ["c = 0\n", "d = a * 2.0\n"]
    monkeypatch.setitem(linecache.cache, "<string>", (18, None, other, "<string>"))
    names = {"ad": ad}
    exec("a = ad.parameter(1.0)\nb = a * 2.0", names)
    trace = ad.show_graph(names["b"]).trace
    gone = [s for s in trace.graph.sources if s.filename == "<string>"]
    assert gone[0].title == "console"
    assert gone[0].lines == ()
    assert "d" not in {value.name for value in trace.graph.values}


def test_module_scopes_nest_and_every_entry_is_its_own():
    x = ad.parameter(1.0)
    for _ in range(2):
        with ad.module_scope("block"), ad.module_scope("inner"):
            x = x * 2.0
    x = x + 1.0
    graph = ad.show_graph(x).trace.graph
    assert [s.path for s in graph.scopes] == ["block", "block.inner"] * 2
    assert [op.scope for op in graph.ops] == [1, 3, None]


def test_to_networkx_is_a_bipartite_multigraph():
    x = ad.parameter(3.0)
    graph = ad.show_graph(x * x).trace.graph.to_networkx()
    assert graph.is_multigraph()
    assert graph.number_of_edges("v0", "o0") == 2
    sides = graph.nodes(data="bipartite")
    assert all(sides[u] != sides[v] for u, v in graph.edges())


def test_named_errors():
    with pytest.raises(ad.errors.NothingRecordedError, match="show_graph: expected the output"):
        ad.show_graph(ad.tensor(1.0))
    with pytest.raises(ad.errors.DTypeError, match="expected a Tensor, got float"):
        ad.show_graph(1.0)
    x = ad.parameter([1.0, 2.0])
    with pytest.raises(ad.errors.ShapeError, match=r"gradient \(3,\)"):
        ad.show_graph(x * 2, gradient=[1.0, 2.0, 3.0])
    with pytest.raises(ad.errors.TraceError, match="a step from 0 to 5, got 9"):
        ad.show_graph((x * 2).sum(), step=9)
    assert x.grad is None


def test_a_hundred_thousand_ops():
    x = ad.parameter(1.0)
    y = x
    for _ in range(100_000):
        y = y * 1.0
    trace = ad.show_graph(y).trace
    assert len(trace.graph.ops) == 100_000
    assert trace.gradient(0) == 1.0


def test_hooks_are_not_called_and_are_named():
    w = ad.parameter(2.0)
    y = w * 3.0
    calls = []
    w.register_hook(calls.append)
    trace = ad.show_graph(y * y).trace
    assert calls == []
    assert trace.notes == ("gradients are shown as they are without the hooks on w",)
    assert ad.show_graph(w * 1.0, step=0).trace.notes == trace.notes


def test_a_repeated_loss_shows_the_whole_graph_quickly():
    x = ad.parameter(1.0)
    y = x * 1.0
    for _ in range(5_000):
        y = y + x
    trace = ad.show_graph(y).trace
    assert trace.gradient(trace.value("x").id) == 5_001.0
    assert trace.arrival(trace.graph.values[0].consumers[0]) == (5_001, 5_001)
