"""`no_grad` and `enable_grad`: nested, entered again, and around functions of every kind."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import graphviz_ad as ad
from graphviz_ad.errors import ArgumentError

X = ad.parameter(2.0)


def recording() -> bool:
    return (X * X).requires_grad


def test_one_switch_is_entered_again_inside_of_itself() -> None:
    silent = ad.no_grad()
    for _ in range(2):
        with silent:
            with silent, ad.enable_grad():
                assert recording()
            assert not recording()
        assert recording()


@pytest.mark.parametrize("decorate", [ad.no_grad, ad.no_grad()], ids=["bare", "called"])
def test_a_decorated_function(decorate: Any) -> None:
    @decorate
    def function(depth: int) -> list[bool]:
        """Say so at every depth."""
        return [recording(), *(function(depth - 1) if depth else [])]

    assert function(2) == [False, False, False]
    assert function.__doc__ == "Say so at every depth."
    assert recording()
    assert ad.no_grad(ad.enable_grad(recording))()


def test_a_decorated_method_takes_its_object() -> None:
    class Holder:
        @ad.no_grad()
        def method(self) -> Any:
            return self, recording()

    holder = Holder()
    assert holder.method() == (holder, False)


def test_the_steps_of_a_generator_are_switched_and_what_is_between_is_not() -> None:
    closed = []

    @ad.no_grad()
    def steps(count: int) -> Any:
        sent = []
        try:
            for _ in range(count):
                try:
                    sent.append((yield recording()))
                except KeyError:
                    sent.append(recording())
        finally:
            closed.append(recording())
        return sent

    def consume(found: Any) -> Iterator[bool]:
        found.append((yield from steps(3)))

    found: list[Any] = []
    run = consume(found)
    assert next(run) is False
    assert recording()
    assert run.send("a") is False
    assert run.throw(KeyError) is False
    assert recording()
    with pytest.raises(StopIteration):
        run.send("b")
    assert found == [["a", False, "b"]]
    abandoned = steps(1)
    next(abandoned)
    abandoned.close()
    assert closed == [False, False]
    assert recording()


def test_a_coroutine() -> None:
    @ad.no_grad()
    async def work() -> bool:
        await asyncio.sleep(0)
        return recording()

    # in a thread of its own, since another test may have left a loop running in this one
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(lambda: asyncio.run(work())).result() is False
    assert recording()


def test_an_error_inside_puts_the_switch_back() -> None:
    @ad.no_grad
    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert recording()


@pytest.mark.parametrize("switch", [ad.no_grad, ad.enable_grad])
def test_what_is_no_function_is_refused(switch: Any) -> None:
    with pytest.raises(ArgumentError, match=rf"{switch.__name__}: expected a function, or nothing"):
        switch(True)
