"""Backward passes that are recorded themselves (``create_graph=True``)."""

from __future__ import annotations

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad.engine.op import REGISTRY, Op
from graphviz_ad.engine.register import public_function
from graphviz_ad.errors import VJPError
from graphviz_ad.trace.recorder import record_trace
from tests.engine.functions import X, close, cubic


def test_create_graph_gives_gradients_that_can_be_differentiated() -> None:
    x = ad.parameter(X)
    cubic(x).backward(create_graph=True)
    slope, x.grad = x.grad, None
    assert slope is not None
    close(slope, 3 * X**2)
    (slope * slope).sum().backward()
    close(x.grad, 36 * X**3)


def test_create_graph_accumulates_and_keeps_both_parts_recorded() -> None:
    x = ad.parameter(X)
    cubic(x).backward(create_graph=True)
    cubic(x).backward(create_graph=True)
    total, x.grad = x.grad, None
    assert total is not None
    close(total, 6 * X**2)
    total.sum().backward()
    close(x.grad, 12 * X)


def test_create_graph_records_under_no_grad() -> None:
    x = ad.parameter(X)
    loss = cubic(x)
    with ad.no_grad():
        loss.backward(create_graph=True)
    assert x.grad is not None
    assert x.grad.requires_grad
    assert not (x.grad * 1.0).is_leaf


def test_a_given_gradient_can_itself_require_one() -> None:
    x, v = ad.parameter(X), ad.parameter(np.ones(3))
    (x * x).backward(v, create_graph=True)
    slope, x.grad = x.grad, None
    assert slope is not None
    slope.sum().backward()
    close(v.grad, 2 * X)
    close(x.grad, 2 * np.ones(3))


def test_leaves_that_were_sent_one_tensor_have_gradients_of_their_own() -> None:
    a, b, v = ad.parameter(X), ad.parameter(X), ad.tensor(np.ones(3))
    (a + b).backward(v, create_graph=True)
    assert a.grad is not b.grad
    assert a.grad is not v
    a, b = ad.parameter(X, name="a"), ad.parameter(X, name="b")
    ((a + b) ** 2).sum().backward(create_graph=True)
    assert a.grad is not None
    assert b.grad is not None
    assert (a.grad.name, b.grad.name) == ("a∇", "b∇")
    (a.grad + b.grad).sum().backward()
    close(a.grad, 4 * X + 4)


def test_what_the_op_saw_counts_after_a_leaf_was_rebound() -> None:
    x = ad.parameter(X)
    loss = cubic(x)
    x.data = X * 10
    loss.backward(create_graph=True)
    slope, x.grad = x.grad, None
    assert slope is not None
    close(slope, 3 * X**2)
    slope.sum().backward()
    close(x.grad, 6 * X)


def test_several_outputs_some_unused() -> None:
    x = ad.parameter(np.arange(1.0, 5.0))
    _, second = ad.split(x, 2)
    (second**3).sum().backward(create_graph=True)
    slope, x.grad = x.grad, None
    assert slope is not None
    close(slope, [0.0, 0.0, 27.0, 48.0])
    slope.sum().backward()
    close(x.grad, [0.0, 0.0, 18.0, 24.0])


def test_retained_gradients_are_recorded() -> None:
    x = ad.parameter(X)
    h = (x * x).retain_grad()
    (h * h).sum().backward(create_graph=True)
    assert h.grad is not None
    close(h.grad, 2 * X**2)
    slope, x.grad, h.grad = h.grad, None, None
    slope.sum().backward()
    close(x.grad, 4 * X)
    close(h.grad, 2 * np.ones(3))


def test_a_long_chain_needs_no_recursion() -> None:
    x = ad.parameter(0.5)
    y = x
    for _ in range(3000):
        y = ad.sin(y)
    y.backward(create_graph=True)
    slope, x.grad = x.grad, None
    assert slope is not None
    slope.backward()
    assert x.grad is not None
    assert np.isfinite(x.grad.item())


def test_the_backward_pass_is_a_graph() -> None:
    x, w = ad.parameter([1.0, 2.0], name="x"), ad.parameter(np.eye(2), name="W")
    with ad.module_scope("layer"):
        h = ad.tanh(x @ w)
    loss = (h * h).sum()
    loss.backward(create_graph=True)
    assert x.grad is not None
    trace = record_trace(x.grad, np.ones(2))
    graph = trace.graph
    paths = {graph.scopes[op.scope].path for op in graph.ops if op.scope is not None}
    assert paths == {"layer", "backward", "backward.layer"}
    assert graph.values[trace.output].name == "x∇"
    lines = set()
    for op in graph.ops:
        assert op.location is not None
        source = graph.sources[op.location.source]
        assert source.filename == __file__
        lines.add(source.lines[op.location.line - source.first_line].strip())
    assert lines == {"h = ad.tanh(x @ w)", "loss = (h * h).sum()"}


class Opaque(Op):
    """A rule that takes bare values, which no recording can follow."""

    name = "opaque_for_tests"

    @staticmethod
    def forward(xp, a):
        return a * a

    @staticmethod
    def vjp(xp, g, out, a):
        return g * 2 * np.asarray(a)


def test_a_rule_that_cannot_be_recorded_says_so() -> None:
    try:
        square = public_function(Opaque)
        x = ad.parameter(X)
        square(x).sum().backward()
        close(x.grad, 2 * X)
        with pytest.raises(VJPError, match=r"opaque_for_tests\.vjp: .* that can be recorded"):
            square(x).sum().backward(create_graph=True)
        assert not x.grad.requires_grad
        with pytest.raises(VJPError, match=r"opaque_for_tests\.vjp"):
            ad.hessian(lambda v: square(v).sum())(X)
        np.asarray(ad.parameter(X))  # outside of a rule it is allowed
    finally:
        REGISTRY.pop("opaque_for_tests")
