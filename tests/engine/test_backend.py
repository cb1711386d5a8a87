"""Choosing a backend: what is there, and what is said where it is not."""

from __future__ import annotations

import sys
import types

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad.errors import BackendError


def without_gpu() -> types.ModuleType:
    """Return what CuPy is where no GPU is found: it imports, and says so."""
    cupy = types.ModuleType("cupy")
    cupy.ndarray = type("ndarray", (), {})  # type: ignore[attr-defined]
    cupy.is_available = lambda: False  # type: ignore[attr-defined]
    return cupy


def test_numpy_is_always_there() -> None:
    assert ad.backend.is_available("numpy")
    x = ad.tensor([1.0])
    assert x.backend == "numpy"
    assert x.to("numpy") is x
    assert x.to("float32").dtype == np.float32


def test_cupy_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cupy", None)
    assert not ad.backend.is_available("cupy")
    with pytest.raises(BackendError, match=r"got no CuPy; pip install 'graphviz_ad\[cupy"):
        ad.tensor([1.0]).to("cupy")


def test_cupy_without_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cupy", without_gpu())
    assert not ad.backend.is_available("cupy")
    net = ad.nn.Linear(2, 1)
    with pytest.raises(BackendError, match=r"Linear.to: .* got no usable GPU"):
        net.to("cupy")
    assert net.weight.backend == "numpy"
    with pytest.raises(BackendError, match="nvidia-smi"):
        ad.to_backend([1.0], "cupy")
    assert (ad.tensor([1.0]) + 1).backend == "numpy"


@pytest.mark.parametrize("name", ["cuda", "tpu", "torch"])
def test_unknown_names(name: str) -> None:
    with pytest.raises(BackendError, match=f'{name}.*a GPU is "cupy"'):
        ad.tensor([1.0]).to(name)
    with pytest.raises(BackendError, match=f'{name}.*a GPU is "cupy"'):
        ad.nn.Linear(1, 1).to(name)
    with pytest.raises(BackendError, match=name):
        ad.backend.is_available(name)


def test_optimisers_follow_the_dtype_of_their_parameters() -> None:
    layer = ad.nn.Linear(2, 1, rng=0)
    optimizer = ad.optim.Adam(layer.parameters(), lr=0.1)
    for dtype in (np.float64, np.float32):
        layer.to(dtype)
        layer(ad.tensor([[1.0, 2.0]], dtype)).sum().backward()
        optimizer.step()
        assert layer.weight.dtype == dtype
        assert optimizer.state[layer.weight.id]["exp_avg"].dtype == dtype


def test_a_module_moves_its_gradients() -> None:
    layer = ad.nn.Linear(2, 1, rng=0)
    layer(ad.tensor([[1.0, 2.0]])).sum().backward()
    layer.to("float32")
    assert layer.weight.grad is not None
    assert layer.weight.grad.dtype == np.float32
