"""One table drives every op of the registry through its samples, by the checks users have."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import graphviz_ad as ad
from graphviz_ad import testing
from graphviz_ad.engine.op import REGISTRY, Op, Sample

# Taken when this file is imported: tests that define an op of their own do not add rows.
OPS = [op for op in REGISTRY.values() if op.__module__.startswith("graphviz_ad.ops.")]


def rows(*, differentiable: bool = False) -> list[object]:
    return [
        pytest.param(op, sample, id=f"{op.name}-{number}")
        for op in OPS
        if op.differentiable or not differentiable
        for number, sample in enumerate(testing.samples_of(op))
    ]


@pytest.mark.parametrize(("op", "sample"), rows())
@pytest.mark.parametrize("check", [testing.check_values, testing.check_float32])
def test_values(check: Callable[..., None], op: type[Op], sample: Sample) -> None:
    check(op, sample)


@pytest.mark.parametrize(("op", "sample"), rows(differentiable=True))
@pytest.mark.parametrize(
    "check",
    [
        testing.check_vjp,
        testing.check_jvp,
        testing.check_repeated,
        testing.check_second,
        testing.check_layout,
    ],
)
def test_gradients(check: Callable[..., None], op: type[Op], sample: Sample) -> None:
    check(op, sample)


@pytest.mark.parametrize(
    ("op", "sample"), [row for row in rows(differentiable=True) if row.values[0].saves]
)
def test_saved(op: type[Op], sample: Sample) -> None:
    testing.check_saved(op, sample)


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)
def test_failures(op: type[Op]) -> None:
    testing.check_failure(op)


@pytest.mark.parametrize("op", [op for op in OPS if not op.differentiable], ids=lambda op: op.name)
def test_no_gradient_where_there_is_none(op: type[Op]) -> None:
    sample = testing.samples_of(op)[0]
    out = testing.call_sample(ad.ops.FUNCTIONS[op.name], op, sample.arrays, sample.params)
    outputs = out if isinstance(out, tuple) else (out,)
    assert not any(y.requires_grad for y in outputs)
