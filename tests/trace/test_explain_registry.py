"""Explanations are exact for every op of the registry, on all its samples."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad import testing
from graphviz_ad.engine.op import REGISTRY, Op, Sample
from graphviz_ad.engine.register import public_function
from graphviz_ad.testing.compare import as_tuple
from graphviz_ad.trace.explain.check import check
from graphviz_ad.trace.explain.contributions import contributions
from graphviz_ad.trace.explain.element import element
from graphviz_ad.trace.explain.jacobian import jacobian
from graphviz_ad.trace.model import OpNode
from graphviz_ad.trace.recorder import record_trace
from graphviz_ad.trace.trace import Trace

OPS = [
    op for op in REGISTRY.values()
    if op.__module__.startswith("graphviz_ad.ops.") and op.differentiable
]  # fmt: skip
every_op = pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)
ELEMENTS = 6


def _array(value: object) -> object:
    array = np.asarray(value)
    if array.dtype.kind != "f":
        return value
    return ad.parameter(np.array(array, dtype=float))


@cache
def traces_of(op: type[Op]) -> list[tuple[Sample, Trace]]:
    return new_traces_of(op)


def new_traces_of(op: type[Op]) -> list[tuple[Sample, Trace]]:
    """Return a trace per sample, with a loss that gives every output its own gradient."""
    found = []
    rng = np.random.default_rng(3)
    for sample in testing.samples_of(op):
        arrays = [None if a is None else _array(a) for a in sample.arrays]
        outputs = as_tuple(testing.call_sample(public_function(op), op, arrays, {**sample.params}))
        # infinite outputs, such as log-sum-exp's of infinities, cancel in a sum
        with np.errstate(invalid="ignore"):
            parts = [
                (y.astype("float64") * rng.normal(size=y.shape)).sum()
                for y in outputs if y.requires_grad
            ]  # fmt: skip
        if parts:
            loss = parts[0]
            for part in parts[1:]:
                loss = loss + part
            found.append((sample, record_trace(loss)))
    return found


def differentiated(trace: Trace, op: type[Op]) -> list[OpNode]:
    return [node for node in trace.graph.ops if node.op == op.name]


def some_indices(shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    size = math.prod(shape)
    flat = np.unique(np.linspace(0, size - 1, min(size, ELEMENTS)).astype(int)) if size else []
    return [tuple(map(int, np.unravel_index(k, shape))) for k in flat]


@every_op
def test_the_terms_of_an_element_add_up_to_its_gradient(op: type[Op]) -> None:
    for sample, trace in traces_of(op):
        for value in trace.graph.values:
            if value.producer is not None or trace.gradient(value.id) is None:
                continue
            for index in some_indices(value.shape):
                found = element(trace, value.id, index)
                exact = float(np.asarray(trace.gradient(value.id))[index])
                total = sum(term.upstream * term.local for term in found.terms)
                tolerance = 1e-10 if value.dtype == "float64" else 1e-4
                assert total == pytest.approx(exact, rel=tolerance, abs=tolerance, nan_ok=True), (
                    repr(sample)
                )
                assert found.total == pytest.approx(total, rel=1e-10, abs=1e-10, nan_ok=True)


@every_op
def test_the_gradient_times_the_jacobian_is_the_vjp(op: type[Op]) -> None:
    seen = False
    for sample, trace in traces_of(op):
        for node in differentiated(trace, op)[:1]:
            for edge in node.inputs:
                sent = trace.contribution(edge)
                if sent is None or np.asarray(sent).size > 400:
                    continue
                total = np.zeros(np.shape(sent))
                for k, output in enumerate(node.outputs):
                    gradient = trace.gradient(output)
                    if gradient is None:
                        continue
                    found = jacobian(trace, node.id, trace.graph.edges[edge].slot, k)
                    assert found.shape == trace.graph.values[output].shape + np.shape(sent)
                    axes = np.ndim(gradient)
                    total = total + np.tensordot(gradient, np.asarray(found), axes)
                np.testing.assert_allclose(total, sent, 1e-9, 1e-9, err_msg=repr(sample))
                seen = True
    assert seen or all(not differentiated(t, op) for _, t in traces_of(op))


@every_op
def test_the_same_inputs_give_the_same_trace_and_contributions_add_up(op: type[Op]) -> None:
    for (sample, first), (_, again) in zip(traces_of(op), new_traces_of(op), strict=True):
        assert len(first.steps) == len(again.steps)
        for a, b in zip(first.steps, again.steps, strict=True):
            assert a == b
        for value in first.graph.values:
            np.testing.assert_array_equal(first.data(value.id), again.data(value.id))
            found = contributions(first, value.id)
            if found:
                total = sum(term.value for term in found)
                np.testing.assert_allclose(total, found.total, 1e-10, 1e-12, err_msg=repr(sample))
                assert found.total is first.gradient(value.id)


@every_op
def test_checks_agree_but_for_kinks(op: type[Op]) -> None:
    for sample, trace in traces_of(op):
        for value in trace.graph.values:
            if value.producer is None and trace.gradient(value.id) is not None:
                found = check(trace, value.id, limit=4)
                assert found.ok, (sample, found)
                assert not found.kinks or op.name in ("maximum", "minimum"), (sample, found)
