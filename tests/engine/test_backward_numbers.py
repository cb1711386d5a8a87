"""The short way of the backward pass, for operators on numbers, gives what the long way gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad.engine.op import REGISTRY
from graphviz_ad.errors import VJPError


def square_of_a_product(a: Any, b: Any) -> Any:
    product = a * b
    return product * product


def two_ways(a: Any, b: Any) -> Any:
    product = a * b
    return (product + a) * (product - b) / product


def a_function_between(a: Any, b: Any) -> Any:
    return ad.tanh(a * b) * a + a


def from_a_vector(a: Any, b: Any) -> Any:
    vector = ad.stack([a, b, a]) * a
    return (vector @ vector) * b + a


def with_constants(a: Any, b: Any) -> Any:
    return 2.0 * (a - 1) ** 2 / (3 + b) - b * np.float64(4.0)


def unused(a: Any, b: Any) -> Any:
    b * 2
    return a + a + a


FUNCTIONS = [
    square_of_a_product, two_ways, a_function_between, from_a_vector, with_constants, unused,
]  # fmt: skip


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_numbers_as_vectors_of_one(function: Callable[..., Any], dtype: Any) -> None:
    found = []
    for shape in ((), (1,)):
        a, b = (ad.parameter(np.full(shape, v), dtype=dtype) for v in (0.7, -1.3))
        if shape and function is from_a_vector:
            a, b = (ad.parameter(v, dtype=dtype) for v in (0.7, -1.3))
            # a watch keeps its tensor off the short way
            handles = [t.register_hook(lambda g: g) for t in (a, b)]
            loss = function(a, b)
            handles.append(loss.register_hook(lambda g: g))
        else:
            loss = function(a, b)
        loss.backward()
        found.append([0.0 if t.grad is None else t.grad.data.item() for t in (a, b)])
        assert all(t.grad is None or t.grad.dtype == dtype for t in (a, b))
    np.testing.assert_allclose(found[0], found[1], rtol=1e-12 if dtype is np.float64 else 1e-5)
    assert any(found[0])


def test_hooks_and_retained_gradients_along_a_chain_of_numbers() -> None:
    x = ad.parameter(2.0)
    y = x * 3.0
    z = y * y
    seen = []
    y.retain_grad()
    z.register_hook(lambda g: seen.append(g.item()) or g * 10)
    (z + 1.0).backward()
    assert seen == [1.0]
    assert y.grad.item() == 120
    assert x.grad.item() == 360


def test_what_a_rule_gives_is_checked_on_the_short_way(monkeypatch: pytest.MonkeyPatch) -> None:
    x = ad.parameter(2.0)

    def give(*sent: Any) -> None:
        rule = staticmethod(lambda xp, g, out, a, b: sent if len(sent) > 1 else sent[0])
        monkeypatch.setattr(REGISTRY["multiply"], "vjp", rule)
        x.grad = None
        (x * 3.0 * 1.0).backward()

    give(np.float64(5.0), None)
    assert x.grad.item() == 5
    give(lambda: np.float32(4.0), None)
    assert x.grad.item() == 4
    assert x.grad.dtype == np.float64
    give(np.array([2.0, 3.0]), None)  # of an operand that was broadcast
    assert x.grad.item() == 5
    give(lambda: None, None)
    assert x.grad is None
    with pytest.raises(
        VJPError, match=r"multiply\.vjp: expected one result per input \(2\), got 1"
    ):
        give(np.float64(5.0))
    with pytest.raises(VJPError, match=r"multiply\.vjp: expected a rule that runs, got ZeroDiv"):
        give(lambda: 1 / 0, None)
    assert x.grad is None
