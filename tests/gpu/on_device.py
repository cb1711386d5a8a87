"""One call of an op on the host and on the device: values and gradients must be the same."""

from __future__ import annotations

from typing import Any

import numpy as np

import graphviz_ad as ad
from graphviz_ad import testing
from graphviz_ad.backend import move, name_of, to_numpy
from graphviz_ad.engine.op import REGISTRY, Op, Sample
from graphviz_ad.testing.compare import as_tuple, random_weights

# `to_backend` leaves the device on purpose; it has tests of its own.
OPS = [
    op
    for op in REGISTRY.values()
    if op.__module__.startswith("graphviz_ad.ops.") and op.name != "to_backend"
]


def run(
    op: type[Op], sample: Sample, backend: str, dtype: Any
) -> tuple[list[Any], list[Any], list[Any]]:
    """Return the outputs, the gradients (None for none) and the leaves of one call."""
    hosts = [None if a is None else np.asarray(a) for a in sample.arrays]
    all_scalar = not any(h is not None and h.ndim for h in hosts)
    operands: list[Any] = []
    for given, host in zip(sample.arrays, hosts, strict=True):
        if host is None or (host.ndim == 0 and not all_scalar):
            operands.append(given)
            continue
        if host.dtype.kind == "f":
            host = host.astype(dtype)
        needs = op.differentiable and host.dtype.kind == "f"
        operands.append(ad.tensor(move(host, backend), requires_grad=needs))
    function = ad.ops.FUNCTIONS[op.name]
    outputs = as_tuple(testing.call_sample(function, op, operands, sample.params))
    for y, weight in zip(outputs, random_weights([y.data for y in outputs]), strict=True):
        if weight is not None and y.requires_grad:
            y.backward(move(np.asarray(weight), backend))
    leaves = [t for t in operands if isinstance(t, ad.Tensor)]
    grads = [None if t.grad is None else t.grad.data for t in leaves]
    return [y.data for y in outputs], grads, leaves


def check(op: type[Op], sample: Sample, dtype: Any, tolerance: float) -> None:
    """Run one call on both backends and compare."""
    expected, wanted, _ = run(op, sample, "numpy", dtype)
    got, sent, _ = run(op, sample, "cupy", dtype)
    for a, b in zip(expected, got, strict=True):
        _same(a, b, tolerance, "output")
    for a, b in zip(wanted, sent, strict=True):
        assert (a is None) == (b is None)
        if a is not None:
            _same(a, b, tolerance, "gradient")


def _same(host: Any, device: Any, tolerance: float, what: str) -> None:
    assert name_of(device) == "cupy", f"the {what} is on the host"
    assert device.dtype == host.dtype, what
    assert tuple(device.shape) == host.shape, what
    np.testing.assert_allclose(to_numpy(device), host, tolerance, tolerance, err_msg=what)
