"""What a forward rule saves for its VJP: how long it lives, who is given it, and when."""

# ruff: noqa: RUF012 (an op page has no self)

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad.engine.op import REGISTRY, Op, Sample
from graphviz_ad.engine.register import public_function
from graphviz_ad.errors import CheckError, OpDefinitionError
from graphviz_ad.testing import check_op, check_saved


@pytest.fixture
def own_registry() -> Iterator[None]:
    before = dict(REGISTRY)
    yield
    REGISTRY.clear()
    REGISTRY.update(before)


def saving_op() -> Any:
    class Saving(Op):
        name = "saving_for_tests"
        saves = True
        given: list[Any] = []

        def forward(xp, a):
            e = xp.exp(a)
            return e * a, e

        def vjp(xp, g, out, a, *, saved=None):
            Saving.given.append(saved)
            e = xp.exp(a) if saved is None else saved
            return g * (e + out)

        def reference(a):
            return np.exp(a) * a

        def samples(rng):
            return [Sample(rng.normal(size=3)), Sample(0.5)]

    return Saving


def test_an_op_that_saves(own_registry: None) -> None:
    op = saving_op()
    check_op(op)
    assert float(op.forward(np, 1.0)) == np.e
    function = public_function(op)
    x = ad.parameter([0.0, 1.0])
    y = function(x)
    op.given.clear()
    y.backward(np.ones(2))
    (saved,) = op.given
    assert saved is y._record.saved
    np.testing.assert_array_equal(saved, np.exp([0.0, 1.0]))
    assert x.grad is not None
    np.testing.assert_allclose(x.grad.data, np.exp([0.0, 1.0]) * [1, 2])


def test_a_recorded_vjp_is_not_given_it(own_registry: None) -> None:
    op = saving_op()
    x = ad.parameter(2.0)
    y = public_function(op)(x)
    op.given.clear()
    y.backward(create_graph=True)
    assert op.given == [None]
    assert x.grad is not None
    slope, x.grad = x.grad, None
    slope.backward()
    np.testing.assert_allclose(x.grad.data, np.exp(2.0) * 4)


def test_what_is_saved_lives_as_long_as_the_output(own_registry: None) -> None:
    function = public_function(saving_op())
    gc.collect()
    gc.disable()
    try:
        y = function(ad.parameter([0.0, 1.0]))
        ref = weakref.ref(y._record.saved)
        assert ref() is not None
        del y
        assert ref() is None
    finally:
        gc.enable()


def test_nothing_is_kept_where_nothing_is_recorded(own_registry: None) -> None:
    function = public_function(saving_op())
    with ad.no_grad():
        y = function(ad.parameter(1.0))
    assert y._record is None
    assert function(ad.tensor(1.0))._record is None


def test_a_rule_that_writes_to_what_was_saved_is_found_out(own_registry: None) -> None:
    class Writing(Op):
        name = "writing_for_tests"
        saves = True

        def forward(xp, a):
            return a * 2, a * 0 + 2

        def vjp(xp, g, out, a, *, saved=None):
            if saved is None:
                return g * 2
            saved *= g
            return saved

        def samples(rng):
            return [Sample(rng.normal(size=3))]

    with pytest.raises(CheckError, match=r"writing_for_tests\.vjp: .*a∇ with saved="):
        check_saved(Writing, Writing.samples(np.random.default_rng(0))[0])


def test_pages_that_cannot_save(own_registry: None) -> None:
    rules = {"forward": lambda xp, a: (a, a), "vjp": lambda xp, g, out, a: g}
    with pytest.raises(OpDefinitionError, match="an argument saved="):
        type("Deaf", (Op,), {"name": "deaf_for_tests", "saves": True, **rules})
    rules["vjp"] = lambda xp, g, out, a, saved=None: g
    with pytest.raises(OpDefinitionError, match="no operator"):
        type("Sign", (Op,), {"name": "s_for_tests", "saves": True, "operator": "pos", **rules})
