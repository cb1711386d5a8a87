"""The debugger's verbs: both ways, over modules, to breakpoints, and what each node shows."""

from __future__ import annotations

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad.errors import TraceError
from graphviz_ad.trace.explain.shown import number

FORWARD = 9


@pytest.fixture
def parts():
    rng = np.random.default_rng(0)
    x = ad.tensor(rng.normal(size=(4, 3)), name="x")
    W = ad.parameter(rng.normal(size=(3, 2)), name="W")
    b = ad.parameter(np.zeros(2), name="b")
    with ad.module_scope("net"):
        with ad.module_scope("linear"):
            k = x @ W
            k2 = k + b
        h = ad.relu(k2)
    loss = (h * h).sum() + (W * W).sum() * 0.1
    return x, W, b, loss


@pytest.fixture
def s(parts):
    return ad.show_graph(parts[-1])


def test_one_step_and_back(s):
    assert s.position == FORWARD
    assert "forward 1 of 9: matmul computes k" in repr((s.first(), s.step()))
    assert s.position == 1
    s.step(3)
    assert s.position == 4
    s.back(2)
    assert s.position == 2
    assert s.first().position == 0
    assert s.back().reason == "the start of the trace"
    assert s.last().position == len(s.trace.steps)
    assert s.step().reason == "the end of the trace"
    s.position = 5
    assert s.position == 5


def test_every_verb_has_a_way_back(s):
    last = len(s.trace.steps)
    for granularity in ("op", "edge", "module"):
        s.first()
        there = [s._cursor]
        while s.position < last:
            s.step(granularity=granularity)
            there.append(s._cursor)
        back = [s._cursor]
        while s._cursor != (0, 0):
            s.back(granularity=granularity)
            back.append(s._cursor)
        assert there == back[::-1], granularity
    s.first()
    s.granularity = "module"
    assert (s.step().position, s.step().position) == (3, 4)


def test_edges_arrive_one_at_a_time(s, parts):
    W = parts[1]
    arrived = []
    s.first()
    while s.position < len(s.trace.steps):
        s.step(granularity="edge")
        gradient = s.at(W).gradient
        if gradient is not None and not any(gradient is g for g in arrived):
            arrived.append(gradient)
    terms = [term.value for term in s.at(W).contributions]
    assert len(arrived) == len(terms) == 3
    for k, gradient in enumerate(arrived):
        np.testing.assert_allclose(gradient, sum(terms[: k + 1]))


def test_a_contribution_is_not_there_before_its_edge(s, parts):
    W = parts[1]
    first, second, _ = [term.value for term in s.at(W).contributions]
    s.goto(13)
    assert s.at(W).gradient is None
    s.step(granularity="edge")
    assert s.position == 13
    np.testing.assert_array_equal(s.at(W).gradient, first)
    s.step(granularity="edge")
    assert s.position == 14
    np.testing.assert_array_equal(s.at(W).gradient, first + second)
    s.back(granularity="edge")
    np.testing.assert_array_equal(s.at(W).gradient, first)


def test_over_into_and_out_of_modules(s):
    s.first()
    assert s.step_over().position == 3  # all of net
    s.first()
    assert s.step_into().position == 1
    assert s.step_over().position == 2  # inside of linear: the next op
    s.first()
    s.step()
    assert s.step_out().position == 2  # the rest of linear
    assert s.step_out().position == 3  # the rest of net
    assert s.step_out().position == FORWARD  # outside of any: the rest of the pass
    s.goto(3)
    assert s.back_over().position == 0
    s.goto(3)
    assert s.back_into().position == 2
    assert s.back_over().position == 0
    s.goto(1)
    assert s.back_out().position == 0


def test_run_to_where_a_node_is_done(s, parts):
    _, W, b, loss = parts
    s.first()
    assert s.run_to("k2").position == 2
    s.run_to(W)
    assert s.position == len(s.trace.steps)
    np.testing.assert_array_equal(s.at(W).gradient, s.trace.gradient(1))
    s.run_to("k2")
    assert s.trace.steps[s.position - 1].phase == "backward", "behind, the last place"
    s.first()
    assert s.run_to("relu").position == 3
    assert s.run_to("o2").position > FORWARD
    s.goto(2)
    s.run_to(loss)
    assert s.position == FORWARD
    s.first()
    s.break_at(b)
    assert "breakpoint 1" in s.run_to(W).reason
    with pytest.raises(TraceError, match="without gradient"):
        s.run_to("x")


def stops(s, way):
    found = []
    move = s.continue_ if way > 0 else s.reverse_continue
    (s.first if way > 0 else s.last)()
    while "breakpoint" in move().reason:
        found.append(s.position)
    return found


@pytest.mark.parametrize(
    ("kind", "what", "expected"),
    [
        ("op", "relu", [3, 17]),
        ("op", "@", [1, 19]),
        ("module", "net.linear", [1, 18]),
        ("module", "net", [1, 17]),
    ],
)
def test_breakpoints_by_kind_and_module(s, kind, what, expected):
    s.break_at(**{kind: what})
    assert stops(s, 1) == expected
    s.last()
    assert [p for p in stops(s, -1) if p != len(s.trace.steps)] == [
        p for p in expected[::-1] if p != len(s.trace.steps)
    ]


def test_breakpoints_on_nodes_and_lines(s, parts):
    s.break_at(parts[1])
    assert stops(s, 1) == [14, 19]
    s.breakpoints.clear()
    s.break_at("o2")
    assert stops(s, 1) == [3, 17]
    s.breakpoints.clear()
    line = s.trace.graph.ops[0].location.line
    s.break_at(line=line)
    assert stops(s, 1) == [1, 19]
    s.breakpoints.clear()
    s.break_at(line=f"test_debugger.py:{line + 1}")
    assert stops(s, 1) == [2, 18]
    s.breakpoints.clear()
    s.break_at(line=s.trace.graph.ops[-1].location.line)
    assert stops(s, 1) == [4, 11], "a line stops a run once, where it is entered"


def test_breakpoints_are_listed_toggled_and_removed(s):
    first = s.break_at(op="relu")
    second = s.break_if("norm > 1e9")
    assert s.break_at(op="relu") is first
    assert repr(s.breakpoints) == "1  on   every relu\n2  on   norm > 1e9"
    s.breakpoints.toggle(1)
    assert not first.enabled
    assert stops(s, 1) == []
    s.breakpoints.toggle(first)
    assert stops(s, 1) == [3, 17]
    s.breakpoints.remove(second)
    assert len(s.breakpoints) == 1
    saved = s.breakpoints.to_list()
    s.breakpoints.clear()
    assert repr(s.breakpoints) == "no breakpoints"
    s.breakpoints.restore(saved)
    assert stops(s, 1) == [3, 17]
    with pytest.raises(TraceError, match="the id of a breakpoint, got 7; there are 3"):
        s.breakpoints.remove(7)


@np.errstate(all="ignore")
def test_conditions_stop_where_they_are_met():
    x = ad.parameter([4.0, 0.0], name="x")
    r = ad.sqrt(x)
    q = r * 0.0
    loss = (q * 1e4).sum()
    s = ad.show_graph(loss)
    s.break_if("isnan")
    stop = s.continue_()
    assert "isnan, x∇ has 1 NaN of 2" in stop.reason
    assert s.trace.graph.ops[s.trace.steps[s.position - 1].op].op == "sqrt"
    s.breakpoints.clear()
    s.break_if("norm > 1e3", at="r")
    assert "breakpoint" not in s.continue_().reason
    s.breakpoints.clear()
    s.goto(s.trace.forward_steps)
    s.break_if("norm > 1e3")
    assert "norm of q∇ is 1.414e+04" in s.continue_().reason
    s.breakpoints.clear()
    s.goto(s.trace.forward_steps)
    s.break_if("gain > 3 decades")
    assert "gain to q∇ is 4 decades" in s.continue_().reason
    s.breakpoints.clear()
    s.break_if("gain < -1 decade")
    s.goto(s.trace.forward_steps)
    assert "end" in s.continue_().reason
    s.breakpoints.clear()
    s.break_if("norm < 1e-6")
    s.first()
    assert "norm of q is 0" in s.continue_().reason


@pytest.mark.parametrize(
    "text",
    ["", "nan", "norm", "norm > ", "norm > x", "norm == 3", "__import__('os')", "norm > 1; 2",
     "norm > 1 decade", "mean < 3", "gain < - 1", None, 3, "norm > 1e3e3"],
)  # fmt: skip
def test_conditions_that_cannot_be_read_are_refused(s, text):
    with pytest.raises(TraceError, match="break_if: expected a condition such as"):
        s.break_if(text)
    assert len(s.breakpoints) == 0


def test_bad_input_is_named(s):
    cases = [
        (lambda: s.goto(99), "a step from 0 to 19, got 99"),
        (lambda: s.goto("3"), "a step from 0 to 19"),
        (lambda: s.step(0), "a number of steps from 1, got 0"),
        (lambda: s.step(granularity="line"), "op, edge, module, got 'line'"),
        (lambda: s.at("Q"), "got 'Q'; the values are 0.1, W"),
        (lambda: s.at(ad.parameter(1.0)), "a tensor of this graph"),
        (lambda: s.at(3), "a tensor of this graph"),
        (lambda: s.at("v99"), "got 'v99'"),
        (lambda: s.break_at(), "one of a node, op=, module= and line=, got 0"),
        (lambda: s.break_at("W", op="relu"), "got 2 of them"),
        (lambda: s.break_at(op="tanh"), "the name of an operation, got 'tanh'; there are add"),
        (lambda: s.break_at(module="nothing"), "there are net, net.linear"),
        (lambda: s.break_at(line=1), "a line with operations"),
        (lambda: s.break_at(line="here:x"), "a line, or a source and a line"),
        (lambda: s.break_if("isnan", at="relu"), "at= a value"),
        (lambda: s.watch("relu"), "a value, got the operation relu"),
        (lambda: s.watch("W", (5, 0)), r"one element of W \(3, 2\), got \(5, 0\)"),
        (lambda: s.unwatch(1), "there are none"),
        (lambda: s.at("W").element[0], r"one element of W \(3, 2\)"),
        (lambda: s.at("W").element[0, 1.0], r"one element of W \(3, 2\)"),
        (lambda: s.at("matmul").jacobian("q"), r"there are 0 \(x\), 1 \(W\)"),
        (lambda: s.at("matmul").jacobian(0, 3), "an output from 0 to 0"),
        (lambda: s.at("W").jacobian(7), "one of the 3 consumers"),
        (lambda: s.at("W").check(limit=0), "a limit of at least 1"),
        (lambda: s.breakpoints.restore([{"kind": "x", "what": "y"}]), "a kind and a text"),
    ]
    for call, match in cases:
        with pytest.raises(TraceError, match=match):
            call()
    assert s.position == FORWARD


def test_what_a_node_shows_follows_the_position(s, parts):
    W = parts[1]
    s.first()
    assert s.at("k").data is None
    assert s.at(W).data is s.trace.data(1)
    assert s.at(W).gradient is None
    assert "W∇: not reached yet" in repr(s.at(W))
    s.goto(1)
    assert s.at("k").data is s.trace.data(2)
    s.goto(14)
    assert "(2 of 3 arrived)" in repr(s.at(W))
    assert s.at(W).final_gradient is s.trace.gradient(1)
    assert s.at("v1").node is s.at("W").node is s.at(s.values[1]).node is s.at(s.at(W)).node
    assert s.at(s.ops[0]).node is s.at("@").node
    assert "matmul (o0)  x (4, 3), W (3, 2) → k (4, 2)" in repr(s.at("matmul"))


def test_what_has_not_arrived_is_marked(s, parts):
    s.run_to("h")
    assert "to come" not in repr(s.at("h"))
    s.position = FORWARD
    s.step(6, granularity="edge")  # of the two edges of h * h the first has arrived
    while s.at("h").gradient is None:
        s.step(granularity="edge")
    assert repr(s.at("h")).count("to come") == 1
    assert "norm of the sum" not in repr(s.at("h"))


def test_from_a_node_to_its_neighbours(s):
    s.first()
    assert s.here is None
    s.step()
    assert s.here.node.op == "matmul"
    s.position = FORWARD + 1
    assert s.here is None  # the step that sets the gradient of the loss
    s.step(granularity="edge")
    assert s.here.node.op == "add"
    assert s.at("W").producer is None
    assert s.at("h").producer.node.op == "relu"
    assert [op.node.op for op in s.at("W").consumers] == ["matmul", "multiply", "multiply"]


def test_a_name_in_a_module():
    first, second = ad.nn.Linear(2, 2), ad.nn.Linear(2, 2)
    loss = second(ad.tanh(first(np.ones((1, 2))))).sum()
    s = ad.show_graph(loss)
    for layer, name in ((first, "first"), (second, "second")):
        assert s.at(f"{name}.weight").node is s.at(layer.weight).node
        assert s.at(f"{name}.linear").node is s.at(layer.bias).consumers[0].node
    with pytest.raises(TraceError, match=r"first\.gain"):
        s.at("first.gain")


def test_lists_of_nodes(s):
    assert [op.op for op in s.ops][:3] == ["matmul", "add", "relu"]
    assert [v.name for v in s.values][:2] == ["x", "W"]
    assert repr(s.ops).splitlines()[0].split() == ["o0", "matmul", "x,", "W", "→", "k"]
    assert "<pre>" in s.values._repr_html_()


def test_watches(s, parts):
    W = parts[1]
    whole, element = s.watch(W), s.watch("W", (0, 1))
    assert s.watch(W) is whole
    assert whole.value is None
    assert whole.history[:14] == (None,) * 14
    s.last()
    gradient = s.trace.gradient(1)
    assert whole.value == pytest.approx(np.linalg.norm(gradient)) == whole.history[-1]
    assert element.value == gradient[0, 1] == element.history[-1]
    assert element.gradient == gradient[0, 1]
    assert element.data == s.trace.data(1)[0, 1]
    assert element.history[14] != element.history[-1]
    assert whole.sparkline == "··············▁▁▁▁▁█"
    assert "W∇[0, 1]" in repr(s.watches)
    assert f"W[0, 1] {number(s.trace.data(1)[0, 1])}" in repr(element)
    s.first()
    in_module = s.watch("k")
    assert repr(in_module).endswith("not reached yet  net.linear")
    s.step()
    assert "‖k‖" in repr(in_module)
    s.unwatch(in_module)
    s.unwatch(whole.id)
    assert [w.id for w in s.watches] == [2]


def test_selection_is_observed_both_ways(s, parts):
    seen = []
    remove = s.observe(seen.append)
    assert s.selected is None
    s.selected = parts[1]
    assert s.selected.label == "W"
    s.stepper.selected = "o0"
    assert [x.node.key for x in seen] == ["v1", "o0"]
    assert s.stepper.selected == "o0"
    s.selected = None
    assert s.stepper.selected == ""
    remove()
    s.selected = "b"
    assert len(seen) == 3


def test_the_position_of_the_page_is_that_of_python(s):
    s.first()
    assert s.stepper.step == 0
    s.last()
    assert s.stepper.step == len(s.trace.steps)
    s.stepper.step = 4
    assert s.position == 4


def test_nothing_of_the_users_is_touched(s, parts):
    _, W, b, _ = parts
    state, before = np.random.get_state()[1].copy(), W.data.copy()
    s.at(W).check()
    s.at("matmul").check()
    s.at(W).paths  # noqa: B018
    s.at("matmul").jacobian("W")
    s.at(W).element[0, 0]
    assert W.grad is None
    assert b.grad is None
    np.testing.assert_array_equal(W.data, before)
    np.testing.assert_array_equal(np.random.get_state()[1], state)


def test_text_in_a_notebook_is_escaped():
    x = ad.parameter(2.0, name="<b>x</b>")
    s = ad.show_graph(x * x)
    shown = [s.at(x), s.at(x).contributions, s.at(x).element[()], s.at(x).check(), s.values]
    for part in shown:
        html = part._repr_html_()
        assert "<b>" not in html
        assert "&lt;b&gt;" in html
