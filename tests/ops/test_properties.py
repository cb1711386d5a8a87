"""Random graphs of 2 to 200 operations, with repeated operands, dead ends and several outputs.

Their gradients are compared with differences along a random direction, with the sum of
the contributions in the trace, and with PyTorch where it is installed.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import graphviz_ad as ad
from graphviz_ad.trace.recorder import record_trace

SHAPES = [(), (3,), (2, 3), (2, 1)]

# name -> how many operands, and how it is built of a namespace (ours or PyTorch's, whose names
# these are) and operands. All keep what is bounded bounded, so that 200 of them stay in range.
RULES: dict[str, tuple[int, Any]] = {
    "add": (2, lambda xp, a, b: (a + b) * 0.6),
    "subtract": (2, lambda xp, a, b: (a - b) * 0.6),
    "multiply": (2, lambda xp, a, b: a * b * 0.5),
    "square": (1, lambda xp, a: a * a * 0.5),
    "divide": (2, lambda xp, a, b: a / (b * b + 1.0)),
    "negative": (1, lambda xp, a: -a),
    "reflected": (1, lambda xp, a: 1.0 - a),
    "sin": (1, lambda xp, a: xp.sin(a)),
    "tanh": (1, lambda xp, a: xp.tanh(a)),
    "sigmoid": (1, lambda xp, a: xp.sigmoid(a)),
    "exp": (1, lambda xp, a: xp.exp(-a * a)),
    "log": (1, lambda xp, a: xp.log(a * a + 1.0)),
    "sqrt": (1, lambda xp, a: xp.sqrt(a * a + 0.5)),
    "reciprocal": (1, lambda xp, a: 1.0 / (a * a + 1.0)),
    "power": (1, lambda xp, a: (a * a + 0.5) ** 0.7),
    "sum": (1, lambda xp, a: a.sum() * 0.2),
    "mean": (1, lambda xp, a: a.mean()),
    "reshape": (1, lambda xp, a: a.reshape((-1,)).reshape(tuple(a.shape))),
    "swapaxes": (1, lambda xp, a: a.reshape((1, -1)).swapaxes(0, 1).sum() * 0.2),
    "getitem": (1, lambda xp, a: a[..., -1:] if a.ndim else a),
    "matmul": (2, lambda xp, a, b: (a.reshape((-1, 1)) @ b.reshape((1, -1))).mean()),
    "several outputs": (2, lambda xp, a, b: parts(xp, a, b)),
    "stack": (2, lambda xp, a, b: xp.stack([a.sum() * 0.2, b.sum() * 0.2, a.mean()])),
}


def parts(xp: Any, a: Any, b: Any) -> Any:
    joined = xp.stack([a.mean(), b.mean(), a.sum() * 0.1, b.sum() * 0.1])
    first, _unused, third, _ = xp.unbind(joined)
    return first * third + third


@dataclass(frozen=True)
class Plan:
    """A program: the shapes of its leaves, and rules with the numbers of their operands."""

    leaves: tuple[tuple[int, ...], ...]
    lines: tuple[tuple[str, tuple[int, ...]], ...]
    seed: int

    def arrays(self) -> list[Any]:
        rng = np.random.default_rng(self.seed)
        return [rng.uniform(-1.5, 1.5, size=shape) for shape in self.leaves]

    def run(self, xp: Any, leaves: list[Any]) -> Any:
        """Return the loss: the sum of the last values, each with a weight of its own."""
        values = list(leaves)
        for name, operands in self.lines:
            values.append(RULES[name][1](xp, *[values[k] for k in operands]))
        last = values[-3:]
        return sum((v.sum() * (k + 1.0) for k, v in enumerate(last)), 0.0)


@st.composite
def plans(draw: Any) -> Plan:
    leaves = draw(st.lists(st.sampled_from(SHAPES), min_size=1, max_size=4))
    size = draw(st.integers(2, 200))
    # One number decides a whole line: hypothesis shrinks long programs faster that way.
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    lines, names = [], list(RULES)
    for count in itertools.count(len(leaves)):
        if len(lines) == size:
            break
        name = names[rng.integers(len(names))]
        # Recent values are the more likely ones: deep graphs, with some long edges.
        back = np.minimum(rng.geometric(0.25, size=RULES[name][0]), count)
        lines.append((name, tuple(int(k) for k in count - back)))
    return Plan(tuple(leaves), tuple(lines), int(rng.integers(2**32)))


def gradients(plan: Plan) -> tuple[Any, list[Any]]:
    leaves = [ad.parameter(a) for a in plan.arrays()]
    loss = plan.run(ad, leaves)
    if not loss.requires_grad:
        return loss, [np.zeros(leaf.shape) for leaf in leaves]
    loss.backward()
    return loss, [np.zeros(x.shape) if x.grad is None else x.grad.data for x in leaves]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(plans())
def test_gradients_along_a_direction(plan: Plan) -> None:
    loss, grads = gradients(plan)
    assert np.isfinite(loss.data)
    rng = np.random.default_rng(plan.seed + 1)
    directions = [rng.normal(size=shape) for shape in plan.leaves]
    ends = []
    for h in (1e-6, -1e-6):
        moved = [a + h * d for a, d in zip(plan.arrays(), directions, strict=True)]
        with ad.no_grad():
            ends.append(plan.run(ad, [ad.tensor(a) for a in moved]).item())
    expected = (ends[0] - ends[1]) / 2e-6
    got = sum(float(np.vdot(g, d)) for g, d in zip(grads, directions, strict=True))
    scale = sum(float(np.abs(g).sum()) for g in grads) + abs(loss.item()) + 1
    assert abs(got - expected) < 1e-6 * scale


@settings(max_examples=60, deadline=None, derandomize=True)
@given(plans())
def test_contributions_in_the_trace_add_up(plan: Plan) -> None:
    leaves = [ad.parameter(a, name=f"leaf{k}") for k, a in enumerate(plan.arrays())]
    loss = plan.run(ad, leaves)
    trace = record_trace(loss)
    assert all(leaf.grad is None for leaf in leaves)
    loss.backward()
    for value in trace.graph.values:
        sent = [trace.contribution(edge) for edge in value.consumers]
        sent = [np.asarray(part) for part in sent if part is not None]
        if sent:
            assert value.shape == sent[0].shape
            np.testing.assert_allclose(sum(sent), trace.gradient(value.id), rtol=1e-9, atol=1e-12)
    found = {value.name: value.id for value in trace.graph.values if value.role == "parameter"}
    for leaf in leaves:
        if leaf.name in found and leaf.grad is not None:
            gradient = trace.gradient(found[leaf.name])
            np.testing.assert_allclose(gradient, leaf.grad.data, rtol=1e-9, atol=1e-12)
        else:
            assert leaf.grad is None


@settings(max_examples=30, deadline=None, derandomize=True)
@given(plans())
def test_a_second_backward_doubles(plan: Plan) -> None:
    leaves = [ad.parameter(a) for a in plan.arrays()]
    loss = plan.run(ad, leaves)
    loss.backward()
    once = [None if leaf.grad is None else leaf.grad.data for leaf in leaves]
    loss.backward()
    for leaf, first in zip(leaves, once, strict=True):
        assert (leaf.grad is None) == (first is None)
        if first is not None:
            np.testing.assert_allclose(leaf.grad.data, 2 * first, rtol=1e-12)


@pytest.mark.peers
@settings(max_examples=100, deadline=None, derandomize=True)
@given(plans())
def test_same_gradients_as_pytorch(plan: Plan) -> None:
    import torch

    tensors = [torch.tensor(a, dtype=torch.float64, requires_grad=True) for a in plan.arrays()]
    theirs = plan.run(torch, tensors)
    loss, grads = gradients(plan)
    np.testing.assert_allclose(loss.item(), theirs.item(), rtol=1e-9, atol=1e-12)
    if not theirs.requires_grad:
        return
    theirs.backward()
    for got, tensor in zip(grads, tensors, strict=True):
        expected = np.zeros(got.shape) if tensor.grad is None else tensor.grad.numpy()
        np.testing.assert_allclose(got, expected, rtol=1e-7, atol=1e-10)
