"""The samples of PyTorch's own test suite: the same values and gradients from our operations."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad.errors import GraphvizADError

pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("ignore")]


def _table() -> Any:
    path = Path(__file__).with_name("torch_samples.py")
    spec = importlib.util.spec_from_file_location("torch_samples", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TABLE = _table()


@pytest.fixture(scope="module")
def suite() -> dict[str, Any]:
    """PyTorch's table of operations, by name."""
    import torch
    from torch.testing._internal.common_methods_invocations import op_db

    torch.set_num_threads(1)  # the arrays are small
    names = [".".join(filter(None, (op.name, op.variant_test_name))) for op in op_db]
    return dict(zip(names, op_db, strict=True))


def convert(value: Any, leaves: list[tuple[Any, Any]]) -> Any:
    """Return a part of a sample with our tensors for PyTorch's; collect those with a gradient."""
    import torch

    if isinstance(value, torch.Tensor):
        array = value.detach().numpy().copy()
        if not value.is_floating_point():
            return array
        made = ad.tensor(array, requires_grad=value.requires_grad)
        if value.requires_grad:
            leaves.append((value, made))
        return made
    if isinstance(value, complex):
        raise TABLE.UnlikeError
    if type(value) in (list, tuple):
        return type(value)(convert(part, leaves) for part in value)
    if isinstance(value, dict):
        return {name: convert(part, leaves) for name, part in value.items()}
    return value


def outputs_of(result: Any) -> list[Any]:
    return list(result) if isinstance(result, (tuple, list)) else [result]


def fresh(value: Any) -> Any:
    """Return running statistics that PyTorch may write into."""
    import torch

    plain = isinstance(value, torch.Tensor) and not value.requires_grad
    return value.clone() if plain else value


def compare(op: Any, call: Any, sample: Any) -> None:
    import torch

    leaves: list[tuple[Any, Any]] = []
    operands = convert([sample.input, *sample.args], leaves)
    ours = outputs_of(call(*operands, **convert(sample.kwargs, leaves)))
    params = {name: fresh(value) for name, value in sample.kwargs.items()}
    theirs = outputs_of(op(sample.input, *map(fresh, sample.args), **params))
    rng = np.random.default_rng(5)
    sent = []
    for y, t in zip(ours, theirs, strict=False):  # values alone where it gives indices, too
        assert y.shape == tuple(t.shape)
        expected = t.detach().numpy()
        np.testing.assert_allclose(y.data, expected, rtol=1e-7, atol=1e-9)
        if t.requires_grad:
            sent.append((y, t, rng.uniform(0.5, 1.5, size=y.shape)))
    if not sent:
        return
    tensors = [tensor for tensor, _ in leaves]
    expected = torch.autograd.grad(
        [t for _, t, _ in sent], tensors, [torch.tensor(w) for _, _, w in sent], allow_unused=True
    )
    for y, _, w in sent:
        y.backward(w)
    for (_, leaf), gradient in zip(leaves, expected, strict=True):
        got = np.zeros(leaf.shape) if leaf.grad is None else leaf.grad.data
        wanted = np.zeros(leaf.shape) if gradient is None else gradient.numpy(force=True)
        np.testing.assert_allclose(got, wanted, rtol=1e-6, atol=1e-8)


def zero_rank_axis(sample: Any) -> bool:
    """Whether an axis of an array without axes is named: NumPy decides about that."""
    import torch

    named = any(type(value) in (int, tuple, list) for value in sample.args)
    tensor = isinstance(sample.input, torch.Tensor)
    return tensor and sample.input.ndim == 0 and (named or "dim" in sample.kwargs)


@pytest.mark.parametrize("name", TABLE.CALLS)
def test_the_samples_of_pytorchs_own_suite(name: str, suite: dict[str, Any]) -> None:
    import torch

    if name not in suite:
        pytest.skip(f"this PyTorch's suite has no {name}")
    op, compared = suite[name], 0
    for sample in op.sample_inputs("cpu", torch.float64, requires_grad=op.supports_autograd):
        if zero_rank_axis(sample):
            continue
        try:
            compare(op, TABLE.CALLS[name], sample)
        except TABLE.UnlikeError:
            continue
        except GraphvizADError:
            if name not in TABLE.REFUSED and getattr(sample.input, "ndim", 1):
                raise
            continue  # also of arrays without axes, where PyTorch counts one
        compared += 1
    assert compared
