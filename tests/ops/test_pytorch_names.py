"""PyTorch's names for what NumPy calls otherwise: the same calls as in PyTorch."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad.errors import BackendError
from graphviz_ad.ops.pytorch_names import NAMES
from graphviz_ad.trace.recorder import record_trace

# The first argument is the library, the second a tensor of shape (2, 3).
CALLS: dict[str, Callable[[Any, Any], Any]] = {
    "cat": lambda lib, x: lib.cat([x, x * 2], dim=1),
    "clamp": lambda lib, x: lib.clamp(x, min=-0.5) + x.clamp(max=0.5) + x.clamp(-0.1, 0.1),
    "clone": lambda lib, x: lib.clone(x) + x.clone(),
    "unsqueeze": lambda lib, x: lib.unsqueeze(x, -1) + x.unsqueeze(dim=2),
    "mm": lambda lib, x: lib.mm(x, x.t()) + x.mm(x.T),
    "bmm": lambda lib, x: x.unsqueeze(0).bmm(x.t().unsqueeze(0)),
    "mul": lambda lib, x: lib.mul(x, 2.0) + x.mul(x),
    "sub": lambda lib, x: lib.sub(x, 2.0) + x.sub(1),
    "div": lambda lib, x: lib.div(x, 2.0) + x.div(3),
    "neg": lambda lib, x: lib.neg(x) * x.neg(),
    "pow": lambda lib, x: lib.pow(x, 3) + x.pow(2),
    "movedim": lambda lib, x: lib.movedim(x, 0, 1) + x.movedim(-1, 0),
    **{
        name: lambda lib, x, name=name: getattr(lib, name)(x, 0.1).double() * x
        for name in ("eq", "ne", "lt", "le", "gt", "ge")
    },
    **{
        name: lambda lib, x, name=name: getattr(lib, name)(x.clamp(-0.9, 0.9))
        for name in ("acos", "asin", "atan", "atanh", "asinh")
    },
    "acosh": lambda lib, x: lib.acosh(x * x + 1.5),
    "atan2": lambda lib, x: lib.atan2(x, x + 3.0),
    "view": lambda lib, x: x.view(3, 2) + x.view(-1).view((3, 2)) + x.view_as(x.t()),
    "float": lambda lib, x: x.float().double() + x.half().double() + x.double(),
}


@pytest.mark.peers
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", CALLS)
def test_values_and_gradients_are_pytorchs(name: str) -> None:
    torch = importlib.import_module("torch")
    array = np.array([[0.3, -1.2, 0.1], [2.0, -0.4, 0.7]])
    x, t = ad.parameter(array), torch.tensor(array, requires_grad=True)
    y, expected = CALLS[name](ad, x), CALLS[name](torch, t)
    np.testing.assert_allclose(y.data, expected.detach().numpy(), rtol=1e-12)
    (y * y).sum().backward()
    (expected * expected).sum().backward()
    np.testing.assert_allclose(x.grad.data, t.grad.numpy(), rtol=1e-3)


def test_every_name_is_compared() -> None:
    assert set(NAMES) <= set(CALLS)
    assert set(NAMES) <= set(ad.__all__)


def test_numbers_about_a_tensor() -> None:
    x = ad.tensor([[1, 2, 3]])
    assert (x.dim(), x.numel(), x.tolist()) == (2, 3, [[1, 2, 3]])
    assert (x.int().dtype, x.long().dtype, x.bool().dtype) == (np.int32, np.int64, np.bool_)
    assert x.long() is x
    assert x.cpu() is x
    with pytest.raises(BackendError, match=r"to_backend: expected (CuPy|a backend)"):
        x.cuda() if not ad.backend.is_available("cupy") else x.to("nowhere")


def test_they_are_placed_at_their_caller() -> None:
    x = ad.parameter([[1.0, 2.0]])
    loss = x.float().view(-1).t().clamp(min=0.0).sum()
    graph = record_trace(loss).graph
    assert {op.location.source for op in graph.ops} == {0}  # this file
    names = [op.op for op in graph.ops]
    assert names == ["astype", "reshape", "transpose", "clip", "sum"]
