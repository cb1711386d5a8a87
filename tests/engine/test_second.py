"""Second derivatives of every op of the registry, through the recorded backward pass.

The first derivatives by the plain pass, differenced, say what they must be.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad import testing
from graphviz_ad.engine.op import REGISTRY, Op, Sample

OPS = [
    op
    for op in REGISTRY.values()
    if op.differentiable and op.__module__.startswith("graphviz_ad.ops.")
]
# Their VJPs need what cannot be recorded; they say so by a VJPError.
REFUSE: dict[str, str] = {}


def first_sample(op: type[Op]) -> Sample:
    """Return the first sample with an argument to differentiate, in float64."""
    for sample in testing.samples_of(op):
        if any(is_float(a) and np.size(a) for a in sample.arrays):
            return sample
    pytest.skip("no sample has a floating-point argument")


def is_float(value: Any) -> bool:
    return value is not None and np.asarray(value).dtype.kind == "f"


class Problem:
    """A weighted sum of all outputs of one call of an op, as a function of its leaves."""

    def __init__(self, op: type[Op]) -> None:
        self.op, self.sample = op, first_sample(op)
        arrays = self.sample.arrays
        self.values = [np.asarray(a, dtype=float) for a in arrays if is_float(a)]
        self.rng = np.random.default_rng(3)
        self.weights = [
            self.rng.normal(size=y.shape) if y.dtype.kind == "f" else None
            for y in self.outputs([ad.tensor(v) for v in self.values])
        ]

    def outputs(self, leaves: list[ad.Tensor]) -> tuple[ad.Tensor, ...]:
        given = iter(leaves)
        operands = [next(given) if is_float(a) else a for a in self.sample.arrays]
        function = ad.ops.FUNCTIONS[self.op.name]
        out = testing.call_sample(function, self.op, operands, self.sample.params)
        return out if isinstance(out, tuple) else (out,)

    def loss(self, leaves: list[ad.Tensor]) -> ad.Tensor:
        # the square makes the gradient of each output one that depends on the leaves
        terms = [
            (w * y + y * y).sum()
            for y, w in zip(self.outputs(leaves), self.weights, strict=True)
            if w is not None
        ]
        return sum(terms[1:], terms[0])

    def slopes(self, values: list[Any]) -> list[Any]:
        """Return the first derivatives, by the pass that records nothing."""
        leaves = [ad.parameter(v) for v in values]
        self.loss(leaves).backward()
        return [np.zeros(x.shape) if x.grad is None else x.grad.numpy() for x in leaves]


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)
def test_second_derivatives(op: type[Op]) -> None:
    problem = Problem(op)
    leaves = [ad.parameter(v) for v in problem.values]
    loss = problem.loss(leaves)
    if op.name in REFUSE:
        with pytest.raises(ad.errors.VJPError, match=f"{op.name}.vjp"):
            loss.backward(create_graph=True)
        return
    loss.backward(create_graph=True)
    plain = problem.slopes(problem.values)
    recorded = [x.grad for x in leaves]
    for slope, grad in zip(plain, recorded, strict=True):
        if grad is not None:
            np.testing.assert_allclose(grad.detach().numpy(), slope, rtol=1e-9, atol=1e-12)
    probes = [problem.rng.normal(size=x.shape) for x in leaves]
    terms = [
        (p * g).sum() for p, g in zip(probes, recorded, strict=True) if g is not None
    ]  # fmt: skip
    total = sum(terms[1:], terms[0])
    for leaf in leaves:
        leaf.grad = None
    if total.requires_grad:
        total.backward()

    def probed(*values: Any) -> float:
        slopes = problem.slopes(list(values))
        return float(sum(np.vdot(p, s) for p, s in zip(probes, slopes, strict=True)))

    for slot, leaf in enumerate(leaves):
        expected = testing.central_difference(probed, problem.values, slot)
        got = np.zeros(leaf.shape) if leaf.grad is None else leaf.grad.numpy()
        np.testing.assert_allclose(got, expected, rtol=2e-5, atol=2e-5, err_msg=f"slot {slot}")
