"""The values and gradients of every op are PyTorch's, for every op that it has."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad import testing
from graphviz_ad.engine.op import REGISTRY, Op, Sample

pytestmark = pytest.mark.peers
OPS = [op for op in REGISTRY.values() if op.__module__.startswith("graphviz_ad.ops.")]
# PyTorch gives running statistics no gradient; ours are differences checked in the op table.
STATISTICS = {"batch_norm", "instance_norm"}


@pytest.fixture(scope="module")
def peer() -> Any:
    """The module of PyTorch's calls; imported here, so that others collect without PyTorch."""
    import importlib.util
    from pathlib import Path

    path = Path(__file__).with_name("torch_calls.py")
    spec = importlib.util.spec_from_file_location("torch_calls", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def as_float64(array: Any) -> Any:
    if array is None:
        return None
    array = np.asarray(array)
    return array.astype(np.float64) if array.dtype.kind == "f" else array


def to_torch(array: Any) -> Any:
    import torch

    if array is None:
        return None
    made = torch.tensor(np.ascontiguousarray(array).reshape(np.shape(array)))
    if made.is_floating_point():
        return made.requires_grad_()
    return made if made.dtype == torch.bool else made.long()


def ours(op: type[Op], sample: Sample, arrays: list[Any]) -> tuple[list[Any], list[Any], list[Any]]:
    """Return outputs, their weights, and the gradients of the arguments."""
    leaves = [
        ad.tensor(a, requires_grad=op.differentiable)
        if a is not None and a.dtype.kind == "f"
        else a
        for a in arrays
    ]
    out = testing.call_sample(ad.ops.FUNCTIONS[op.name], op, leaves, sample.params)
    outputs = list(out) if isinstance(out, tuple) else [out]
    rng = np.random.default_rng(3)
    weights = [rng.normal(size=y.shape) if y.requires_grad else None for y in outputs]
    for y, w in zip(outputs, weights, strict=True):
        if w is not None:
            y.backward(w)
    grads = [leaf.grad if isinstance(leaf, ad.Tensor) else None for leaf in leaves]
    return outputs, weights, grads


def compare(op: type[Op], sample: Sample, peer: Any) -> bool:
    """Compare one sample; False where PyTorch does not take it."""
    import torch

    arrays = [as_float64(a) for a in sample.arrays]
    outputs, weights, grads = ours(op, sample, arrays)
    tensors = [to_torch(a) for a in arrays]
    try:
        out = peer.CALLS[op.name](*tensors, **sample.params)
    except (
        peer.UnsupportedError,
        RuntimeError,
        TypeError,
        ValueError,
        IndexError,
        NotImplementedError,
    ):
        return False
    theirs = list(out) if isinstance(out, (tuple, list)) else [out]
    assert len(theirs) == len(outputs)
    total = torch.zeros((), dtype=torch.float64)
    for y, t, w in zip(outputs, theirs, weights, strict=True):
        floating = y.dtype.kind == "f"
        if t.is_floating_point() != floating or (floating and t.dtype != torch.float64):
            return False  # integers, for which PyTorch has another rule of dtypes
        assert y.shape == tuple(t.shape), sample
        np.testing.assert_allclose(
            y.data, t.detach().numpy(), rtol=1e-7, atol=1e-9, err_msg=repr(sample)
        )
        if w is not None and t.requires_grad:
            total = total + (t * torch.tensor(w)).sum()
    if not total.requires_grad:
        return True
    try:
        total.backward()
    except RuntimeError:
        return False  # a call that PyTorch does not differentiate
    for slot, (grad, tensor) in enumerate(zip(grads, tensors, strict=True)):
        if grad is None or (tensor.grad is None and op.name in STATISTICS):
            continue
        expected = np.zeros(grad.shape) if tensor.grad is None else tensor.grad.numpy()
        message = f"{op.input_name(slot)} of {sample!r}"
        np.testing.assert_allclose(grad.data, expected, rtol=1e-6, atol=1e-8, err_msg=message)
    return True


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)
def test_same_values_and_gradients(op: type[Op], peer: Any) -> None:
    if op.name in peer.NO_PEER:
        assert op.name not in peer.CALLS
        return
    assert op.name in peer.CALLS, "name PyTorch's call in torch_calls.py, or why there is none"
    compared = [compare(op, sample, peer) for sample in testing.samples_of(op)]
    assert any(compared), "PyTorch took no sample"


def test_no_call_without_an_op(peer: Any) -> None:
    known = {op.name for op in OPS}
    assert set(peer.CALLS) <= known
    assert set(peer.NO_PEER) <= known
