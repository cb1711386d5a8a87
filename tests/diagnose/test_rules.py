"""Each kind of finding: that it is found, where, why, and that its neighbour is left alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad.diagnose.finding import Finding
from graphviz_ad.diagnose.rules import RULES, DeadReLU, Rule, register

RNG = np.random.default_rng


def only(loss: Any, **options: Any) -> Finding:
    report = ad.diagnose(loss, **options)
    assert len(report.alarms) == 1, str(report)
    return report.alarms[0]


def tanh_layers(depth: int, change: Callable[[int, Any], Any], seed: int = 0) -> Any:
    rng = RNG(seed)
    h = ad.tensor(rng.normal(size=(32, 16)))
    for k in range(depth):
        h = ad.tanh(h @ ad.parameter(change(k, rng.normal(size=(16, 16)) / 4), name=f"W{k}"))
    return (h**2).mean()


def test_dead_relu_counts_units_not_elements() -> None:
    rng = RNG(0)
    x = ad.tensor(rng.normal(size=(32, 8)))
    W = ad.parameter(rng.normal(size=(8, 16)), name="W")
    V = ad.parameter(rng.normal(size=(16, 1)), name="V")
    assert ad.diagnose(((ad.relu(x @ W) @ V) ** 2).mean()).healthy
    dead = ad.relu(x @ W - 100.0)
    found = only(((dead @ V + 1.0) ** 2).mean())
    assert found.kind == "dead-relu"
    assert found.severity == "error"
    assert found.op is not None
    assert found.op.op == "relu"
    assert found.numbers["share"] == 1
    assert {f.kind for f in found.follows} == {"no-gradient"}


def test_thresholds_are_parameters() -> None:
    rng = RNG(0)
    bias = np.where(np.arange(10) < 6, -100.0, 0.0)
    h = ad.relu(ad.tensor(rng.normal(size=(32, 8))) @ ad.parameter(rng.normal(size=(8, 10))) + bias)
    loss = ((h @ ad.parameter(rng.normal(size=(10, 2)) / 3)) ** 2).mean()
    assert ad.diagnose(loss).healthy
    assert only(loss, rules=[DeadReLU(share=0.5)]).kind == "dead-relu"
    assert ad.diagnose(loss, rules=[DeadReLU(share=0.5)], ignore="dead-relu").healthy


def test_small_weights_are_named_with_their_factor() -> None:
    found = only(tanh_layers(8, lambda k, W: W * 0.01 if k == 5 else W))
    assert found.kind == "vanishing"
    assert found.op is not None
    assert found.op.id == 10
    assert found.numbers["gain"] == pytest.approx(-2, abs=0.15)
    assert "W5" in str(found)


def test_large_weights_saturate_and_are_blamed() -> None:
    found = only(tanh_layers(8, lambda k, W: W * 30 if k == 3 else W))
    assert found.kind == "saturation"
    assert found.op is not None
    assert found.op.id == 6
    assert found.ranking[:2] == (6, 7)


def test_two_faults_are_two_findings() -> None:
    def change(k: int, W: Any) -> Any:
        return W * {2: 0.01, 6: 30}.get(k, 1)

    report = ad.diagnose(tanh_layers(9, change))
    assert {f.op.id for f in report.alarms if f.op is not None} == {4, 12}


def test_deep_sigmoids_vanish_and_theory_stands_beside() -> None:
    rng = RNG(0)
    h = ad.tensor(rng.normal(size=(32, 16)))
    for _ in range(10):
        h = ad.sigmoid(h @ ad.parameter(rng.normal(size=(16, 16)) / 4))
    found = only(((h - 1) ** 2).mean())
    assert found.kind == "vanishing"
    assert found.op is not None
    assert found.op.op == "sigmoid"
    assert found.numbers["theory"] == pytest.approx(-0.6, abs=0.1)
    assert "relu" in found.advice


def test_exploding() -> None:
    rng = RNG(0)
    h = ad.tensor(rng.normal(size=(32, 16)))
    for _ in range(8):
        h = h @ ad.parameter(rng.normal(size=(16, 16)) * 2)
    report = ad.diagnose((h * 1e-9).mean())
    assert "exploding" in report.kinds
    assert report[0].numbers["decades"] > 6


def test_symmetry_takes_the_others_with_it() -> None:
    x = ad.tensor(RNG(0).normal(size=(32, 8)))
    h = ad.relu(x @ ad.parameter(np.full((8, 16), 0.01), name="W"))
    found = only(((h @ ad.parameter(np.full((16, 3), 0.01), name="V") - 1) ** 2).mean())
    assert found.kind == "symmetry"
    assert found.node is not None
    assert found.node.name == "W"


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda w: ad.exp(w * 1000.0), "overflow"),
        (lambda w: ad.log(w - 1.0), "domain"),
        (lambda w: ad.log(w - 3.0), "domain"),
        (lambda w: ad.log(ad.exp(w * -1000.0)), "underflow"),
    ],
)
def test_the_first_op_that_is_not_finite(make: Callable[[Any], Any], why: str) -> None:
    w = ad.parameter([1.0, 1.0], name="w")
    with np.errstate(all="ignore"):
        loss = (make(w) + w).sum()
    found = only(loss)
    assert found.kind == "nonfinite"
    assert f"({why})" in found.title
    assert "[0]" in found.title
    assert found.op is not None
    assert found.op.op == ("exp" if why == "overflow" else "log")


def test_nonfinite_going_backward_only() -> None:
    w = ad.parameter([0.0, 4.0], name="w")
    found = only(ad.sqrt(w).sum())
    assert found.kind == "nonfinite"
    assert "going backward" in found.title
    assert "w[0]" in found.title


def test_forward_and_backward_are_told_apart() -> None:
    w, v = ad.parameter([0.0, 4.0], name="w"), ad.parameter([1000.0, 1.0], name="v")
    with np.errstate(all="ignore"):
        loss = (ad.sqrt(w) + ad.exp(v)).sum()
    found = only(loss)
    assert found.op is not None
    assert found.op.op == "exp"
    assert "(overflow)" in found.title
    assert (found.numbers["input_min"], found.numbers["input_max"]) == (1.0, 1000.0)
    (backward,) = [f for f in found.follows if f.kind == "nonfinite"]
    assert "going backward" in backward.title
    assert backward.op is not None
    assert backward.op.op == "sqrt"
    assert (backward.numbers["input_min"], backward.numbers["input_max"]) == (0.0, 4.0)


def test_an_infinite_mask_is_no_fault() -> None:
    w = ad.parameter([[1.0, 2.0], [3.0, 4.0]], name="w")
    scores = ad.where(np.tril(np.ones((2, 2), dtype=bool)), w, -np.inf)
    loss = (ad.softmax(scores, axis=-1) * np.array([[1.0, 2.0], [3.0, 5.0]])).sum()
    assert ad.diagnose(loss).healthy


def test_nan_in_the_data_is_told_from_nan_that_an_op_made() -> None:
    x = ad.tensor([[1.0, np.nan], [2.0, 3.0]], name="x")
    found = only((x @ ad.parameter([[1.0], [2.0]], name="w")).sum())
    assert "came in with the input" in found.title
    assert "x[0, 1]" in found.title


W_NAMES = ("detached", "unused", "dropped", "frozen", "zeroed", "trained")


def test_why_a_parameter_got_no_gradient() -> None:
    detached, unused, dropped, frozen, zeroed, trained = (
        ad.parameter([1.0, 2.0], name=name) for name in W_NAMES
    )
    frozen.requires_grad = False
    _ = ad.tanh(dropped)
    loss = (detached.detach() * trained + frozen + ad.tanh(zeroed) * np.zeros(2)).sum()
    everything = [detached, unused, dropped, frozen, zeroed, trained]
    by_name = {
        name: finding
        for finding in ad.diagnose(loss, everything)
        for name in W_NAMES if name in finding.title
    }  # fmt: skip
    assert set(by_name) == set(W_NAMES) - {"trained"}
    assert {finding.kind for finding in by_name.values()} == {"no-gradient"}
    assert "is used detached" in by_name["detached"].title
    assert by_name["detached"].op is not None
    assert by_name["detached"].op.op == "multiply"
    for name in ("unused", "dropped"):
        assert "is not on the path to the loss" in by_name[name].title
    assert "frozen, so no gradient is asked for" in by_name["frozen"].title
    assert "it is exactly 0" in by_name["zeroed"].title
    assert [name for name in by_name if not by_name[name].is_alarm] == ["frozen"]


def test_an_op_whose_derivative_is_0_everywhere_is_named() -> None:
    w = ad.parameter([1.2, 2.7], name="w")
    found = only((ad.floor(w) * ad.parameter([1.0, 3.0], name="v")).sum())
    assert found.kind == "no-gradient"
    assert found.op is not None
    assert found.op.op == "floor"
    assert "its derivative is 0 everywhere" in found.cause


@pytest.mark.parametrize(
    ("make", "cause"),
    [
        (lambda w: ad.tanh(w) * np.zeros(2), "multiplies by exact 0"),
        (lambda w: ad.relu(w - 10.0), "at or below 0"),
        (lambda w: ad.where(np.zeros(2, bool), ad.tanh(w), 1.0), "nothing of it was selected"),
        (lambda w: ad.clip(w, 5.0, 6.0), "flat there"),
    ],
)
def test_an_exact_zero_is_explained(make: Callable[[Any], Any], cause: str) -> None:
    w = ad.parameter([1.0, 2.0], name="w")
    scale = ad.parameter([[1.0, 2.0], [3.0, 5.0]], name="scale")
    data = ad.tensor([[1.0, 2.0], [0.5, 3.0], [2.0, 1.0], [1.0, 1.0]])
    found = only((((data + make(w)) @ scale) ** 2).mean(), ignore="symmetry")
    assert found.kind == "no-gradient"
    assert cause in found.cause


def test_contributions_that_cancel() -> None:
    w = ad.parameter([1.0, 2.0], name="w")
    h = ad.tanh(w)
    found = only((h * 3 - h * 3 + 0 * h).sum())
    assert found.kind == "cancellation"
    assert found.node is not None
    assert found.node.name == "h"


def residual(scale: float) -> Any:
    rng = RNG(0)
    h = ad.tensor(rng.normal(size=(32, 16)))
    for k in range(4):
        inner = ad.tanh(h @ ad.parameter(rng.normal(size=(16, 16)) / 4, name=f"W{k}"))
        size = scale if k == 2 else 1.0
        h = h + inner @ ad.parameter(rng.normal(size=(16, 16)) * size / 4)
    return ((h @ ad.parameter(rng.normal(size=(16, 2)) / 40)) ** 2).mean()


@pytest.mark.parametrize(("scale", "share"), [(0.0, 0.0), (0.005, 0.005)])
def test_a_branch_that_carries_under_a_hundredth(scale: float, share: float) -> None:
    report = ad.diagnose(residual(scale))
    findings = [*report]
    everything = [*findings, *(f for finding in findings for f in finding.follows)]
    (found,) = [f for f in everything if f.kind == "small-branch"]
    assert found.severity == "info"
    assert found.numbers["share"] == pytest.approx(share, rel=0.5)
    assert found.op is not None
    assert found.op.op == "matmul"
    edges = [report.trace.graph.edges[edge] for edge in found.op.inputs]
    assert "W2" in [report.trace.graph.values[edge.value].name for edge in edges]
    assert not [f for f in ad.diagnose(residual(0.5)) if f.kind == "small-branch"]


def sure_of_one_class(labels: Any, how: str) -> Any:
    rng = RNG(0)
    x = ad.tensor(rng.normal(size=(len(labels), 3)))
    logits = x @ ad.parameter(rng.normal(size=(3, 4)), name="W") + np.array([0, 40.0, 0, 0])
    if how == "cross_entropy":
        return ad.cross_entropy(logits, labels)
    p = ad.softmax(logits, axis=-1)
    return -(np.eye(4)[labels] * ad.log(p + 1e-12)).sum(axis=1).mean()


@pytest.mark.parametrize("how", ["cross_entropy", "softmax"])
def test_an_output_softmax_that_is_sure_of_one_class(how: str) -> None:
    found = ad.diagnose(sure_of_one_class(np.arange(16) % 4, how)).alarms
    assert [f.kind for f in found] == ["saturation"]
    assert "sure of class 1 in 100% of the rows; 75% of the targets are another" in found[0].title
    assert ad.diagnose(sure_of_one_class(np.ones(16, dtype=int), how)).healthy


def test_labels_that_broadcast() -> None:
    x = ad.tensor(RNG(0).normal(size=(8, 3)))
    out = x @ ad.parameter(RNG(1).normal(size=(3, 1)), name="W")
    y = RNG(2).normal(size=8)
    found = only(((out - y) ** 2).mean())
    assert found.kind == "shape-slip"
    assert "(8, 8)" in found.title
    assert ad.diagnose(((out - y[:, None]) ** 2).mean()).healthy


@pytest.mark.parametrize(
    ("axis", "units", "words"),
    [(0, 4, "over the first axis, the batch"), (1, 1, "over an axis of length 1")],
)
def test_a_softmax_over_the_wrong_axis(axis: int, units: int, words: str) -> None:
    x = ad.tensor(RNG(0).normal(size=(8, 3)))
    z = x @ ad.parameter(RNG(1).normal(size=(3, units)), name="W")
    target = np.eye(units)[np.arange(8) % units]
    found = only(-(target * ad.log(ad.softmax(z, axis=axis))).sum(axis=1).mean())
    assert found.kind == "shape-slip"
    assert words in found.title


def test_a_relu_before_a_logarithm() -> None:
    x = ad.tensor(RNG(0).normal(size=(8, 3)))
    p = ad.relu(x @ ad.parameter(RNG(1).normal(size=(3, 4)), name="W"))
    target = np.eye(4)[np.arange(8) % 4]
    found = ad.diagnose(-(target * ad.log(p + 1e-7)).sum(axis=1).mean()).alarms
    assert found[0].kind == "shape-slip"
    assert "takes the logarithm of a ReLU" in found[0].title


def test_softmax_before_cross_entropy() -> None:
    x = ad.tensor(RNG(0).normal(size=(8, 3)))
    logits = x @ ad.parameter(RNG(1).normal(size=(3, 4)), name="W")
    labels = np.arange(8) % 4
    assert ad.diagnose(ad.cross_entropy(logits, labels)).healthy
    found = only(ad.cross_entropy(ad.softmax(logits, axis=-1), labels))
    assert found.kind == "shape-slip"
    assert "softmax" in found.title


def test_a_rule_of_ones_own() -> None:
    @register
    class NegativeLoss(Rule):
        limit: float = 0.0

        def check(self, measures: Any) -> Iterable[Finding]:
            if measures.trace.data(measures.trace.output) < self.limit:
                yield self.finding(
                    measures, "diverging", "warning", None,
                    title="a negative loss", cause="It is below 0.", advice="look at the loss",
                )  # fmt: skip

    try:
        assert only(-ad.square(ad.parameter(2.0))).title == "a negative loss"
    finally:
        del RULES["NegativeLoss"]


def test_a_residual_branch_may_be_small() -> None:
    rng = RNG(0)
    h = ad.tensor(rng.normal(size=(32, 16)))
    for _ in range(6):
        inner = ad.tanh(h @ ad.parameter(rng.normal(size=(16, 16)) / 4))
        h = h + inner @ ad.parameter(rng.normal(size=(16, 16)) * 1e-4)
    loss = ((h @ ad.parameter(rng.normal(size=(16, 2)) / 4)) ** 2).mean()
    assert not any(f.kind == "vanishing" and "decades over" in f.title for f in ad.diagnose(loss))


def test_a_constant_factor_is_named_unless_a_norm_follows() -> None:
    rng = RNG(0)
    x = ad.tensor(rng.normal(size=(32, 16)))
    W, V, U = (ad.parameter(rng.normal(size=(16, 16)) / 4) for _ in range(3))
    h = ad.tanh(x @ W) * 0.01
    found = only(((ad.tanh(h @ V) @ U) ** 2).mean())
    assert found.kind == "vanishing"
    assert found.op is not None
    assert found.op.op == "multiply"
    assert ad.diagnose(((ad.tanh(ad.layer_norm(h, (16,)) @ V) @ U) ** 2).mean()).healthy


def test_an_odd_activation_is_named_unless_it_is_a_gate() -> None:
    rng = RNG(0)

    def network(gate: bool) -> Any:
        h = ad.tensor(rng.normal(size=(32, 16)))
        for k in range(8):
            z = h @ ad.parameter(rng.normal(size=(16, 16)) / 4)
            h = ad.tanh(z)
            if k == 4:
                h = h * ad.sigmoid(z) if gate else ad.sigmoid(z)
        return (h**2).mean()

    found = only(network(False))
    assert found.op is not None
    assert found.op.op == "sigmoid"
    assert ad.diagnose(network(True)).healthy
