"""Hooks on tensors, in every kind of backward pass."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad.errors import ArgumentError, DTypeError, GradientError, ShapeError

X = np.array([0.5, -1.25, 2.0])

plain_and_recorded = pytest.mark.parametrize("create_graph", [False, True])


def values(tensor: Any) -> list[float]:
    found: list[float] = tensor.detach().numpy().tolist()
    return found


@plain_and_recorded
def test_a_hook_sees_the_whole_gradient_once(create_graph: bool) -> None:
    x = ad.parameter(X)
    h = x * 2
    seen: list[Any] = []
    h.register_hook(lambda g: seen.append(values(g)))
    (h * h + h).sum().backward(create_graph=create_graph)
    assert seen == [(4 * X + 1).tolist()]
    assert values(x.grad) == (2 * (4 * X + 1)).tolist()


@plain_and_recorded
def test_what_a_hook_returns_goes_on(create_graph: bool) -> None:
    x = ad.parameter(X)
    h = x * 2
    h.register_hook(lambda g: g * 10)
    h.sum().backward(create_graph=create_graph)
    assert values(x.grad) == [20.0, 20.0, 20.0]


@plain_and_recorded
def test_hooks_run_in_order_each_on_what_the_one_before_returned(create_graph: bool) -> None:
    x = ad.parameter(X)
    seen: list[Any] = []
    x.register_hook(lambda g: g + 1)
    x.register_hook(lambda g: seen.append(values(g)))
    x.register_hook(lambda g: g * 3)
    x.sum().backward(create_graph=create_graph)
    assert seen == [[2.0, 2.0, 2.0]]
    assert values(x.grad) == [6.0, 6.0, 6.0]


@plain_and_recorded
def test_a_leafs_hook_sees_this_pass_and_not_what_was_there(create_graph: bool) -> None:
    x = ad.parameter(X)
    seen: list[Any] = []
    x.register_hook(lambda g: seen.append(values(g)))
    for _ in range(2):
        x.sum().backward(create_graph=create_graph)
    assert seen == [[1.0] * 3] * 2
    assert values(x.grad) == [2.0] * 3


@plain_and_recorded
def test_a_retained_gradient_is_the_one_after_the_hooks(create_graph: bool) -> None:
    x = ad.parameter(X)
    h = (x * 2).retain_grad()
    h.register_hook(lambda g: g * 10)
    h.sum().backward(create_graph=create_graph)
    assert values(h.grad) == [10.0] * 3


@plain_and_recorded
def test_outputs_of_one_op_have_hooks_of_their_own(create_graph: bool) -> None:
    x = ad.parameter(np.arange(4.0))
    first, second = ad.split(x, 2)
    first.retain_grad().register_hook(lambda g: g * 10)
    second.retain_grad().register_hook(lambda g: g * 100)
    (first.sum() + 2 * second.sum()).backward(create_graph=create_graph)
    assert values(first.grad) == [10.0, 10.0]
    assert values(second.grad) == [200.0, 200.0]
    assert values(x.grad) == [10.0, 10.0, 200.0, 200.0]


@plain_and_recorded
def test_a_hook_on_the_output_of_the_pass(create_graph: bool) -> None:
    x = ad.parameter(X)
    loss = x.sum()
    loss.register_hook(lambda g: g * 5)
    loss.backward(create_graph=create_graph)
    assert values(x.grad) == [5.0] * 3


@plain_and_recorded
def test_a_hook_that_raises_leaves_every_gradient_as_it_was(create_graph: bool) -> None:
    x, y = ad.parameter(X), ad.parameter(X)

    def fail(g: ad.Tensor) -> None:
        raise KeyError("mine")

    y.register_hook(fail)
    with pytest.raises(KeyError, match="mine"):
        (x * y).sum().backward(create_graph=create_graph)
    assert x.grad is None
    assert y.grad is None
    assert (x * 2).requires_grad  # recording goes on


def test_what_a_hook_computes_is_recorded_only_where_the_pass_is() -> None:
    x, w = ad.parameter(X), ad.parameter(2.0)
    recorded: list[bool] = []

    def scale(g: ad.Tensor) -> ad.Tensor:
        result = g * w
        recorded.append(result.requires_grad)
        return result

    x.register_hook(scale)
    x.sum().backward()
    x.sum().backward(create_graph=True)
    assert recorded == [False, True]
    total, x.grad = x.grad, None
    assert total is not None
    total.sum().backward()
    assert values(w.grad) == 3.0


def test_hooks_work_in_transforms() -> None:
    def f(x: Any) -> Any:
        h = x * x
        h.register_hook(lambda g: g * 10)
        return h.sum()

    assert values(ad.grad(f)(X)) == (20 * X).tolist()
    assert values(ad.grad(f)(ad.parameter(X))) == (20 * X).tolist()


def test_a_handle_removes_its_hook_only() -> None:
    x = ad.parameter(X)
    first = x.register_hook(lambda g: g * 2)
    second = x.register_hook(lambda g: g * 3)
    first.remove()
    first.remove()
    x.sum().backward()
    assert values(x.grad) == [3.0] * 3
    second.remove()
    x.sum().backward()
    assert values(x.grad) == [4.0] * 3


def test_a_hook_may_remove_itself() -> None:
    x = ad.parameter(X)
    handle = x.register_hook(lambda g: handle.remove())
    x.register_hook(lambda g: g * 2)
    for _ in range(2):
        x.sum().backward()
    assert values(x.grad) == [4.0] * 3


def test_a_handle_outlives_its_tensor_and_keeps_nothing_alive() -> None:
    gc.collect()
    gc.disable()
    try:
        x = ad.parameter(X)
        handle = (x * 2).register_hook(lambda g: None)
        y = ad.parameter(X)

        def hook(g: ad.Tensor) -> None:
            return None

        kept = y.register_hook(hook)
        alive = weakref.ref(y), weakref.ref(hook)
        del y, hook
        assert [reference() for reference in alive] == [None, None]
        handle.remove()
        kept.remove()
    finally:
        gc.enable()


def test_copies_have_no_hooks() -> None:
    x = ad.parameter(X)
    x.register_hook(lambda g: g * 100)
    for twin in (copy.copy(x), copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        twin.sum().backward()
        assert values(twin.grad) == [1.0] * 3


@pytest.mark.parametrize(
    ("hook", "error", "match"),
    [
        (lambda g: 1.0, DTypeError, "hook <lambda>: expected a Tensor or None .* got float"),
        (lambda g: g.sum(), ShapeError, r"hook <lambda>: .* shape \(3,\), got \(\)"),
    ],
)
def test_what_a_hook_may_not_return(
    hook: Callable[[Any], Any], error: type[Exception], match: str
) -> None:
    x = ad.parameter(X)
    x.register_hook(hook)
    with pytest.raises(error, match=match):
        x.sum().backward()


def test_a_hook_needs_a_gradient() -> None:
    with pytest.raises(GradientError, match=r"register_hook: .* requires a gradient"):
        ad.tensor(X).register_hook(lambda g: None)


def test_a_hook_must_be_callable() -> None:
    with pytest.raises(ArgumentError, match="register_hook: expected a function"):
        ad.parameter(1.0).register_hook(3)  # type: ignore[arg-type]


def test_a_result_of_another_dtype_is_converted() -> None:
    x = ad.parameter(X.astype(np.float32))
    x.register_hook(lambda g: g * np.ones(3))
    x.sum().backward()
    assert x.grad is not None
    assert x.grad.dtype == np.float32
