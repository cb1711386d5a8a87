"""The recording switch, as a context manager and as a decorator: `no_grad` and `enable_grad`."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Generator
from typing import Any

from graphviz_ad.engine.tape import State, begin, put_back, state_here
from graphviz_ad.errors import ArgumentError

__all__ = ["enable_grad", "no_grad"]


class _Recording:
    """Puts recording on or off for a block, or for the calls of a function.

    It may be entered again, also inside of itself.
    """

    __slots__ = ("_before", "_on")

    def __init__(self, on: bool) -> None:
        self._on = on
        self._before: list[State] = []

    def __enter__(self) -> None:
        before = state_here() or begin()
        put_back(State(before.tape, self._on, before.scope, before.rule))
        self._before.append(before)

    def __exit__(self, *_: object) -> None:
        put_back(self._before.pop())

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return `function` switched, also where its body runs after the call."""
        on = self._on
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def wait(*args: Any, **kwargs: Any) -> Any:
                with _Recording(on):
                    return await function(*args, **kwargs)

            return wait
        if inspect.isgeneratorfunction(function):

            @functools.wraps(function)
            def generate(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
                return (yield from _switched(function(*args, **kwargs), on))

            return generate

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            with _Recording(on):
                return function(*args, **kwargs)

        return call


def _switched(steps: Generator[Any, Any, Any], on: bool) -> Generator[Any, Any, Any]:
    """Run the steps of a generator switched, and what its consumer does in between not."""
    resume: Callable[[], Any] = functools.partial(next, steps)
    while True:
        try:
            with _Recording(on):
                made = resume()
        except StopIteration as stop:
            return stop.value
        try:
            sent = yield made
        except GeneratorExit:
            with _Recording(on):
                steps.close()
            raise
        except BaseException as error:
            resume = functools.partial(steps.throw, error)
        else:
            resume = functools.partial(steps.send, sent)


def _switch(name: str, on: bool, function: Callable[..., Any] | None) -> Any:
    if function is None:
        return _Recording(on)
    if not callable(function):
        raise ArgumentError(name, "a function, or nothing", type(function).__name__)
    return _Recording(on)(function)


def no_grad(function: Callable[..., Any] | None = None) -> Any:
    """Return a context manager, or decorator, inside which nothing is recorded.

    Parameters
    ----------
    function : callable, optional
        What to decorate, for ``@no_grad`` without parentheses. Of a generator or a
        coroutine the body is switched, and not what runs between its steps.

    Raises
    ------
    ArgumentError
        For anything else than a function.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> w = ad.parameter(2.0)
    >>> with ad.no_grad():
    ...     y = w * 3
    >>> y.requires_grad
    False
    """
    return _switch("no_grad", False, function)


def enable_grad(function: Callable[..., Any] | None = None) -> Any:
    """Return a context manager, or decorator, that records again inside `no_grad`.

    Parameters
    ----------
    function : callable, optional
        As of `no_grad`.

    Raises
    ------
    ArgumentError
        For anything else than a function.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> w = ad.parameter(2.0)
    >>> with ad.no_grad(), ad.enable_grad():
    ...     y = w * 3
    >>> y.requires_grad
    True
    """
    return _switch("enable_grad", True, function)
