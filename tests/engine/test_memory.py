"""A graph lives as long as what it produced: no cycles, no history, no recursion."""

from __future__ import annotations

import contextlib
import gc
import sys
import tracemalloc
import weakref
from collections.abc import Iterator

import numpy as np
import pytest

import graphviz_ad as ad

MILLION = 1_000_000


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Turn the cyclic garbage collector off: only reference counts free anything."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def test_dropping_the_loss_frees_its_graph_at_once(no_collector: None) -> None:
    x = ad.parameter(np.ones(3), name="x")
    hidden = ad.exp(x * 2)
    parts = ad.split(hidden, 3)
    loss = (parts[0] * parts[1]).sum() + hidden.sum()
    watched = [weakref.ref(t) for t in (hidden, *parts, loss)]
    loss.backward()
    del hidden, parts, loss
    assert [ref() for ref in watched] == [None] * len(watched)
    assert x.grad is not None


def test_an_unfinished_graph_is_freed_too(no_collector: None) -> None:
    x = ad.parameter(2.0)
    y = x * 3
    ref = weakref.ref(y)
    with pytest.raises(ad.errors.GradientError):
        ad.stack([y, y]).backward()
    del y
    assert ref() is None


def test_gradients_hold_no_graph(no_collector: None) -> None:
    x = ad.parameter(2.0)
    loss = x * x
    ref = weakref.ref(loss)
    loss.backward()
    gradient = x.grad
    del loss
    assert ref() is None
    assert gradient.is_leaf
    assert not gradient.requires_grad


def test_hidden_values_outlive_the_names_they_had(no_collector: None) -> None:
    x = ad.parameter(2.0)
    y = x * 3
    ref = weakref.ref(y)
    loss = y * y
    del y
    loss.backward()
    assert x.grad.item() == 36
    del loss
    assert ref() is None


def test_memory_of_a_training_loop_is_flat(no_collector: None) -> None:
    rng = np.random.default_rng(0)
    x = ad.tensor(rng.normal(size=(8, 4)))
    labels = rng.integers(0, 3, size=8)
    W, b = ad.parameter(rng.normal(size=(4, 3))), ad.parameter(np.zeros(3))

    def step() -> None:
        loss = ad.cross_entropy(ad.tanh(x @ W + b), labels)
        W.grad = b.grad = None
        loss.backward()
        W.data = W.data - 0.1 * W.grad.data
        b.data = b.data - 0.1 * b.grad.data

    tracemalloc.start()
    try:
        for _ in range(50):
            step()
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(1000):
            step()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 20_000


def test_memory_of_a_loop_whose_errors_are_caught_is_flat(no_collector: None) -> None:
    x, y = ad.parameter([1.0, 2.0]), ad.parameter([1.0, 2.0, 3.0])

    def attempt() -> None:
        with contextlib.suppress(ad.errors.ShapeError):
            _ = x + y

    attempt()
    before = len(gc.get_objects())
    for _ in range(100):
        attempt()
    assert len(gc.get_objects()) - before < 100


@pytest.mark.slow
def test_a_chain_of_a_million_ops(no_collector: None) -> None:
    assert sys.getrecursionlimit() <= 1000, "the test is about Python's default"
    x = ad.parameter(1.0)
    tracemalloc.start()
    try:
        y = x
        for _ in range(100_000):
            y = y + 1.0
        bytes_per_op = tracemalloc.get_traced_memory()[0] / 100_000
    finally:
        tracemalloc.stop()
    for _ in range(MILLION - 100_000):
        y = y + 1.0
    assert y.item() == MILLION + 1
    first = weakref.ref(y)
    y.backward()
    assert x.grad.item() == 1
    del y  # freed without recursion: a crash of the interpreter otherwise
    assert first() is None
    assert bytes_per_op < 350


@pytest.mark.slow
def test_a_value_used_ten_thousand_times() -> None:
    x = ad.parameter(2.0)
    total = x
    for _ in range(10_000):
        total = total + x
    total.backward()
    assert x.grad.item() == 10_001


@pytest.mark.slow
def test_a_chain_through_many_outputs_is_freed(no_collector: None) -> None:
    x = ad.parameter([1.0, 2.0])
    y = x
    for _ in range(40_000):
        a, b = ad.unbind(y)
        y = ad.stack([b, a])
    y.backward([1.0, 10.0])
    assert x.grad.data.tolist() == [1.0, 10.0]
    ref = weakref.ref(y)
    del y, a, b
    assert ref() is None
