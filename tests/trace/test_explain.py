"""Explanations: contributions, elements, Jacobians, paths, reasons and checks, by example."""

from __future__ import annotations

import time
import weakref

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad.engine.op import REGISTRY, Op
from graphviz_ad.engine.register import public_function
from graphviz_ad.errors import TraceError
from graphviz_ad.trace.debug.debugger import Debugger
from graphviz_ad.trace.explain.jacobian import JacobianSample, jacobian, structure_of
from graphviz_ad.trace.explain.paths import paths
from graphviz_ad.trace.recorder import record_trace
from graphviz_ad.trace.trace import Trace


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def test_contributions_say_which_axes_were_summed(rng):
    x = ad.tensor(rng.normal(size=(32, 50)))
    b = ad.parameter(np.ones(50), name="b")
    c = ad.parameter(np.ones((32, 1)), name="c")
    s = ad.show_graph((x + b + c * x + b[:1]).sum())
    terms = s.at(b).contributions
    assert sorted(t.summed for t in terms) == ["", "summed over axis 0: (32, 50) → (50,)"]
    assert sum(t.share for t in terms) == pytest.approx(1)
    (term,) = s.at(c).contributions
    assert term.summed == "summed over axis 1: (32, 50) → (32, 1)"
    assert (term.op.op, term.slot, term.sent_shape) == ("multiply", 0, (32, 50))
    assert "summed over axis 0" in repr(terms)
    np.testing.assert_allclose(term.sent.sum(axis=1, keepdims=True), term.value, rtol=1e-12)
    assert [t.sent is None for t in terms] == [t.summed == "" for t in terms]


def test_contributions_say_when_they_cancel():
    x = ad.parameter([1.0, 2.0], name="x")
    s = ad.show_graph((x * 3.0 - x * 2.99).sum())
    found = s.at(x).contributions
    assert found.cancels
    assert found.cancellation == pytest.approx(0.01 / 5.99)
    assert "the terms cancel" in repr(found)
    s = ad.show_graph((x * 3.0 + x).sum())
    assert not s.at(x).contributions.cancels
    assert s.at(x).contributions.cancellation == pytest.approx(1)


def test_an_element_is_the_sum_that_the_lecture_writes(rng):
    x = ad.tensor(rng.normal(size=3), name="x")
    W = ad.parameter(rng.normal(size=(4, 3)), name="W")
    k = W @ x
    loss = (k * k).sum()
    s = ad.show_graph(loss)
    found = s.at(W).element[3, 2]
    (term,) = found.terms
    assert term.symbols == "k∇[3]·∂k[3]/∂W[3, 2]"
    assert term.factors == (pytest.approx(2 * k.data[3]), x.data[2])
    assert (term.op.op, term.slot, term.index) == ("matmul", 0, (3,))
    assert found.total == pytest.approx(2 * k.data[3] * x.data[2])
    assert found.gradient == pytest.approx(found.total)
    assert found.stages[0] == "W∇[3, 2] = k∇[3]·∂k[3]/∂W[3, 2]"
    assert found.upstream(0).label == "k∇[3]"
    assert found.upstream(0).total == pytest.approx(term.upstream)
    assert s.at(W).element[-1, -1].total == found.total


def test_the_vectorised_rule_and_the_argument_by_shapes(rng):
    x = ad.tensor(rng.normal(size=(4, 3)), name="x")
    W = ad.parameter(rng.normal(size=(3, 2)), name="W")
    k = x @ W
    s = ad.show_graph((k * k).sum())
    (rule,) = s.at(W).rules
    assert rule.shapes == "k∇ (4, 2) → W∇ (3, 2)"
    assert rule.argument == "W∇ is (3, 2): of x and k∇ only xᵀ k∇ has that shape, (3, 4)(4, 2)"
    assert r"\top" in rule.tex
    assert [r.argument for r in s.at(k).rules] == ["", ""]
    a, b = (ad.parameter(rng.normal(size=(2, 2)), name=n) for n in "ab")
    c = a @ b
    (rule,) = ad.show_graph(c.sum()).at(a).rules
    assert rule.argument.count("c∇") == 9
    assert rule.argument.endswith("they do not settle it alone")
    v = ad.parameter(rng.normal(size=2), name="v")
    assert ad.show_graph((W @ v).sum()).at(v).rules[0].argument == ""


def test_the_largest_terms_come_first_and_the_rest_are_counted(rng):
    x = ad.tensor(rng.normal(size=(32, 64)), name="x")
    W = ad.parameter(rng.normal(size=(64, 50)), name="W")
    k = x @ W
    s = ad.show_graph((k * k).sum())
    s.at(W).element[0, 0]
    start = time.perf_counter()
    found = s.at(W).element[3, 2]
    assert time.perf_counter() - start < 0.1
    sizes = [abs(term.value) for term in found.terms]
    assert len(sizes) == 32
    assert sizes == sorted(sizes, reverse=True)
    assert "… 26 more" in repr(found)
    assert found.stages[0] == "W∇[3, 2] = Σ_i k∇[i]·∂k[i]/∂W[3, 2]"
    assert found.total == pytest.approx(s.trace.gradient(1)[3, 2], rel=1e-12)
    assert len(found.terms[:5]) == 5
    assert "and 26 more" in repr(found.terms)


def test_one_zero_and_none_are_told_apart():
    x = ad.parameter([1.0, 2.0, 3.0], name="x")
    first, second = ad.split(x, [1])
    frozen = ad.tensor(2.0, name="frozen")
    cut = (x * 2.0).detach()
    loss = (first * frozen).sum() + (cut * x[0]).sum() * 0.0
    s = ad.show_graph(loss)
    cutoff = next(v for v in s.values if v.role == "input" and v.shape == (3,))
    assert s.at(loss).reason == "1 because it is the loss itself"
    assert s.at(loss).element[()].total == 1.0
    assert s.at("second").reason == "0 because nothing leads from second to loss"
    assert s.at(second).element[0].total == 0.0
    assert s.at("frozen").reason == "no gradient required"
    assert s.at(cutoff).reason.startswith("no gradient because detached: ")
    assert s.at("x").element[0].reason == ""
    assert s.at("x").element[1].reason == "0 because nothing leads there"
    s = ad.show_graph((x[:2] * 1.0).sum())
    assert s.at(x).element[2].reason == "0 because nothing leads there"
    assert s.at(x).element[2].total == 0.0
    assert repr(s.at(x).element[2]) == "x∇[2]: 0 because nothing leads there"
    s = ad.show_graph(x * 2.0, gradient=[1.0, 2.0, 3.0])
    assert "because it was given" in s.at(s.trace.graph.values[-1]).reason
    assert "no backward pass" in ad.show_graph(x * 2.0).at(x).reason


def test_the_detached_source_is_named_where_the_trace_has_it():
    x = ad.parameter([1.0, 2.0], name="x")
    h = x * 2.0
    stopped = h.detach()
    s = ad.show_graph((h * stopped).sum())
    cut = next(v for v in s.values if v.role == "input")
    assert s.at(cut).reason == "no gradient because detached: it holds the data of h"


@pytest.mark.parametrize(
    ("function", "structure", "blocks"),
    [
        (lambda x: ad.tanh(x), "diagonal", 6),
        (lambda x: x.T, "permutation", 6),
        (lambda x: x.reshape(3, 2), "diagonal", 6),
        (lambda x: ad.softmax(x, axis=1), "block", 2),
        (lambda x: x.sum(), "dense", 1),
        (lambda x: x.sum(axis=0), "block", 3),
        (lambda x: ad.softmax(x.reshape(6), axis=0), "dense", 1),
        (lambda x: ad.relu(-ad.exp(x)), "zero", 0),
    ],
)
def test_the_structure_of_a_jacobian_is_named(rng, function, structure, blocks):
    y = function(ad.parameter(rng.normal(size=(2, 3)), name="x"))
    s = ad.show_graph(y)
    found = jacobian(s.trace, len(s.ops) - 1, 0)
    taken = s.trace.graph.values[s.trace.graph.edges[s.ops[-1].inputs[0]].value].shape
    assert found.shape == y.shape + taken
    assert (found.structure, found.blocks) == (structure, blocks)
    assert structure in repr(found)
    assert type(found[..., 0]).__name__ == "Jacobian"
    assert (found * 2).structure == ""


def test_a_selection_is_no_permutation():
    assert structure_of(np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])) == ("block", 2)
    assert structure_of(np.array([[0.0, 1.0], [2.0, 0.0]])) == ("block", 2)
    assert structure_of(np.array([[0.0, 1.0], [1.0, 0.0]])) == ("permutation", 2)
    assert structure_of(np.zeros((2, 2))) == ("zero", 0)


def test_a_large_jacobian_is_sampled(rng):
    x = ad.tensor(rng.normal(size=(8, 6)), name="x")
    W = ad.parameter(rng.normal(size=(6, 5)), name="W")
    s = ad.show_graph(x @ W)
    whole = s.at("matmul").jacobian("W")
    assert whole.shape == (8, 5, 6, 5)
    found = jacobian(s.trace, 0, "W", limit=100)
    assert isinstance(found, JacobianSample)
    assert found.shape == whole.shape
    exact = np.linalg.svd(whole.matrix, compute_uv=False)
    np.testing.assert_allclose(found.singular_values, exact[:6], rtol=1e-6)
    for index, row in zip(found.indices, found.rows, strict=True):
        np.testing.assert_array_equal(row, np.asarray(whole)[index])
    assert "too large to compute whole (1,200 entries)" in repr(found)
    few = jacobian(
        ad.show_graph(x @ ad.parameter(rng.normal(size=6), name="w")).trace, 0, "w", limit=9
    )
    np.testing.assert_allclose(few.singular_values, np.linalg.svd(x.data, compute_uv=False))


def test_columns_and_rows_give_the_same_jacobian(rng):
    w = ad.parameter(rng.normal(size=1), name="w")
    s = ad.show_graph(ad.broadcast_to(w, (4, 30)) * 1.0)
    assert s.at(w).jacobian().shape == (4, 30, 1)
    np.testing.assert_array_equal(np.asarray(s.at(w).jacobian()), np.ones((4, 30, 1)))


def test_integers_have_no_jacobian():
    x = ad.parameter([1.0, 2.0], name="x")
    s = ad.show_graph(x[np.array([0, 1])] * ad.tensor([1, 2], name="n"))
    with pytest.raises(TraceError, match="floating-point values, got n of int64"):
        s.at("multiply").jacobian("n")


def test_paths_are_counted_exactly_and_add_up(rng):
    x = ad.parameter(rng.normal(size=3), name="x")
    y = x
    for _ in range(4):
        y = y * y
    s = ad.show_graph(y.sum())
    found = s.at(x).paths
    assert (found.count, found.exact) == (16, True)
    every = paths(s.trace, 0, strongest=99)
    total = sum(path.contribution for path in every.strongest)
    np.testing.assert_allclose(total, s.trace.gradient(0), rtol=1e-12)
    assert found[0].label.startswith("x → multiply → ")
    assert found[0].values[0] == 0
    assert found[0].values[-1] == s.trace.output
    pruned = paths(s.trace, 0, width=3)
    assert not pruned.exact
    assert "not all" in repr(pruned)
    assert pruned[0].norm == pytest.approx(found[0].norm)


def test_the_strongest_path_is_first():
    x = ad.parameter(1.0, name="x")
    weak = x * 0.1
    strong = x * 10.0
    s = ad.show_graph(weak + strong)
    first, second = s.at(x).paths.strongest
    assert ("strong" in first.label, float(first.contribution), float(second.contribution)) == (
        True, 10.0, 0.1,
    )  # fmt: skip
    assert first.share == pytest.approx(10 / 10.1)
    assert s.at("0.1").paths.count == 0


def test_a_long_chain_of_doublings():
    x = ad.parameter(1.0, name="x")
    y = x
    for _ in range(3_000):
        y = (y + y) * 0.5
    s = ad.show_graph(y)
    assert s.at(x).path_count == 2**3000
    assert "about 10^903 paths" in repr(paths(s.trace, 0, width=2))


def test_check_agrees_and_finds_kinks():
    x = ad.parameter([1.0, 0.0, -2.0], name="x")
    s = ad.show_graph((ad.relu(x) * ad.exp(x)).sum())
    found = s.at(x).check()
    assert found.ok
    assert [e.index for e in found.kinks] == [(1,)]
    assert "kink" in repr(found)
    assert found.error < 1e-7
    one = s.at(x).check((0,))
    assert [e.label for e in one.elements] == ["x∇[0]"]
    assert s.at("exp").check().ok
    loss = s.trace.graph.values[-1]
    assert s.at(loss).check().ok
    assert "no gradient required" in repr(
        ad.show_graph(x * ad.tensor(2.0, name="t")).at("t").check()
    )


def test_check_near_a_kink_takes_a_smaller_step():
    x = ad.parameter([2e-6], name="x")
    found = ad.show_graph(ad.relu(x).sum()).at(x).check()
    assert not found.kinks
    assert found.ok
    assert found.elements[0].difference == pytest.approx(1.0)


def test_check_samples_a_large_value_and_float32(rng):
    w = ad.parameter(rng.normal(size=(30, 40)).astype(np.float32), name="w")
    s = ad.show_graph((ad.tanh(w) * ad.tanh(w)).mean())
    found = s.at(w).check()
    assert found.ok
    assert found.size == 1200
    assert 32 <= len(found.elements) <= 64
    largest = np.unravel_index(np.abs(s.trace.gradient(0)).argmax(), (30, 40))
    assert largest in [e.index for e in found.elements]


@pytest.fixture
def wrong_op():
    class Wrong(Op):
        """Multiply, with a mistake in what it sends to b."""

        name, label, tex = "wrong_multiply", "w", "$y = $a $b"
        vjp_tex = ("$g $b", "$g $a")

        def forward(xp, a, b):
            return a * b

        def vjp(xp, g, out, a, b):
            return g * b, g * a * 1.5

    yield public_function(Wrong)
    del REGISTRY["wrong_multiply"]


def test_check_names_the_input_whose_vjp_is_wrong(wrong_op, rng):
    a = ad.parameter(rng.normal(size=3), name="a")
    b = ad.parameter(rng.normal(size=3), name="b")
    s = ad.show_graph(ad.tanh(wrong_op(ad.exp(a), ad.exp(b))).sum())
    assert s.at(a).check().ok
    found = s.at(b).check()
    assert not found.ok
    (culprit,) = found.culprits
    assert culprit.startswith("wrong_multiply's VJP for input 'b' is wrong (o2, test_explain.py")
    assert "DISAGREES" in repr(found)
    local = s.at("wrong_multiply").check()
    assert not local.ok
    assert len(local.culprits) == 1
    assert s.at("tanh").check().ok


def test_a_rule_that_cannot_be_recorded_is_explained_row_by_row():
    class Opaque(Op):
        """Square through NumPy itself."""

        name, label, tex, vjp_tex = "opaque_square", "o", "$y = $a^2", ("2 $g $a",)

        def forward(xp, a):
            return a * a

        def vjp(xp, g, out, a):
            return np.multiply(np.asarray(g), 2 * np.asarray(a))

    try:
        x = ad.parameter([1.0, 2.0, 3.0], name="x")
        s = ad.show_graph(public_function(Opaque)(x).sum())
        assert s.at(x).element[1].total == 4.0
    finally:
        del REGISTRY["opaque_square"]


def test_nan_in_an_element_is_traced_to_its_factors():
    x = ad.parameter([0.0, 4.0], name="x")
    with np.errstate(all="ignore"):
        r = ad.sqrt(x)
        s = ad.show_graph((r * 0.0).sum())
    found = s.at(x).element[0]
    (term,) = found.terms
    assert np.isnan(found.total)
    assert (term.upstream, term.op.op) == (0.0, "sqrt")
    assert np.isnan(found.gradient)


def test_a_trace_without_rules_says_so():
    x = ad.parameter(2.0, name="x")
    made = ad.show_graph(x * x).trace
    bare = Trace(
        made.graph, made.steps, made.output, [made.data(v.id) for v in made.graph.values],
        {v.id: made.gradient(v.id) for v in made.graph.values},
        {e.id: made.contribution(e.id) for e in made.graph.edges},
        {e.id: made.accumulated(e.id) for e in made.graph.edges},
    )  # fmt: skip
    s = Debugger(bare, 0)
    assert [float(t.value) for t in s.at("x").contributions] == [2.0, 2.0]
    for call in (
        lambda: s.at("x").element[()], lambda: s.at("x").check(), lambda: s.at("x").paths,
        lambda: s.at("multiply").jacobian(0), lambda: s.at("multiply").check(),
    ):  # fmt: skip
        with pytest.raises(TraceError, match="a trace that holds the rules of its operations"):
            call()


def test_a_trace_keeps_no_tensor_alive():
    x = ad.parameter(2.0, name="x")
    y = x * x
    trace = record_trace(y)
    died = weakref.ref(y)
    del y
    assert died() is None
    assert trace.rules is not None


def test_the_shapes_of_a_linear_layer_settle_its_rules():
    x, W = ad.tensor(np.ones((2, 3)), name="x"), ad.parameter(np.ones((4, 3)), name="W")
    b = ad.parameter(np.ones(4), name="b")
    y = ad.linear(x, W, b)
    s = ad.show_graph(y.sum())
    expected = "W∇ is (4, 3): of x and y∇ only y∇ᵀ x has that shape, (4, 2)(2, 3)"
    assert [rule.argument for rule in s.at(W).rules] == [expected]
    assert [rule.argument for rule in s.at(b).rules] == [""]
