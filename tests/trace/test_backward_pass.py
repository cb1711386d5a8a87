"""The backward pass as a graph of its own."""

from __future__ import annotations

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad.errors import NothingRecordedError, TraceError, VJPError
from graphviz_ad.trace.backward_pass import record_backward


def layer() -> ad.Tensor:
    rng = np.random.default_rng(0)
    x, W = ad.tensor(rng.normal(size=(4, 3)), name="x"), ad.parameter(rng.normal(size=(3, 2)))
    b = ad.parameter(rng.normal(size=2))
    with ad.module_scope("hidden"):
        h = ad.sigmoid(x @ W + b)
    return (h * h).sum() + (W * W).sum()


def test_it_computes_every_gradient() -> None:
    s = ad.show_graph(layer())
    found = record_backward(s.trace)
    named = {name: v.id for v in found.graph.values for name in v.name.split(" = ")}
    for value in s.trace.graph.values:
        if s.trace.gradient(value.id) is not None and (value.name or value.producer is None):
            made = found.data(named[s.trace.gradient_label(value.id)])
            np.testing.assert_allclose(made, s.trace.gradient(value.id), rtol=1e-12)
    outputs = [v.name for v in found.graph.values if v.role == "output"]
    assert sorted(outputs) == ["W∇", "b∇"]


def test_it_is_placed_where_the_forward_pass_is() -> None:
    s = ad.show_graph(layer())
    found = record_backward(s.trace)
    assert found.graph.sources == s.trace.graph.sources
    assert found.op("matmul").location == s.trace.op("matmul").location
    scope = found.op("matmul").scope
    assert scope is not None
    assert found.graph.scopes[scope].path == "hidden"
    assert {step.phase for step in found.steps} == {"forward"}
    assert "is the backward pass of" in found.notes[-1]


def test_a_repeated_operand_is_added_up() -> None:
    x = ad.parameter([3.0, 4.0], name="x")
    found = record_backward(ad.show_graph((x * x).sum()).trace)
    assert [op.op for op in found.graph.ops] == ["broadcast_to", "multiply", "multiply", "add"]
    np.testing.assert_array_equal(found.data(found.value("x∇").id), [6.0, 8.0])


def test_an_op_with_several_outputs() -> None:
    x = ad.parameter(np.arange(6.0), name="x")
    first, _ = ad.split(x, [2])
    found = record_backward(ad.show_graph((first * first).sum()).trace)
    np.testing.assert_array_equal(found.data(found.value("x∇").id), [0, 2, 0, 0, 0, 0])


def test_nothing_of_the_users_is_touched() -> None:
    loss = layer()
    s = ad.show_graph(loss)
    loss.backward()
    before = s.trace.gradient(0 if s.trace.gradient(0) is not None else 1).copy()
    record_backward(s.trace)
    assert s.trace.gradient(1).tobytes() == before.tobytes()
    y = ad.parameter(1.0) * 2.0
    assert y._record.scope is None, "no scope is left behind"


def test_it_can_be_looked_at_like_any_graph() -> None:
    b = ad.show_graph(layer()).backward_graph(step=0)
    b.step()
    assert b.position == 1
    assert "W∇" in repr(b)
    assert "<svg" in b.to_svg()
    assert b.at("W∇").reason.startswith("this graph is the backward pass of")


def test_what_has_no_backward_pass_is_refused() -> None:
    x = ad.parameter([1.0, 2.0])
    with pytest.raises(TraceError, match="is not a scalar"):
        ad.show_graph(x * 2.0).backward_graph()
    with pytest.raises(TraceError, match="is the backward pass of"):
        ad.show_graph((x * x).sum()).backward_graph().backward_graph()
    a, c = ad.parameter(1.0), ad.parameter(2.0)
    with pytest.raises(NothingRecordedError, match="computes"):
        ad.show_graph(a + c).backward_graph()


def test_a_rule_that_calls_numpy_is_named() -> None:
    @ad.op(vjp=lambda xp, g, out, a: np.multiply(np.asarray(g), 3.0))
    def triple(xp, a):  # type: ignore[no-untyped-def]
        """Multiply by three."""
        return a * 3.0

    with pytest.raises(VJPError, match="triple"):
        ad.show_graph(ad.exp(triple(ad.parameter(1.0)))).backward_graph()
