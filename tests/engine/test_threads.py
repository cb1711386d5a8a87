"""Threads: each has its own tape, leaves belong to all, and a finished pass may be handed over."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad.errors import ThreadError


def in_thread(work: Callable[[], Any], name: str = "worker") -> Any:
    """Return what `work` returns in a thread called `name`."""
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(work()), name=name)
    thread.start()
    thread.join()
    return found[0]


def test_an_operation_refuses_what_another_thread_recorded() -> None:
    w = ad.parameter(2.0)
    hidden = in_thread(lambda: w * 3)
    here = w * 5
    main = threading.current_thread().name
    message = (
        rf"multiply: expected operands recorded in its own thread, or leaves, got hidden \(\) "
        rf"float64 of thread 'worker' in thread '{main}'; hand over x\.detach\(\), or do the whole"
    )
    with pytest.raises(ThreadError, match=message):
        hidden * here
    with pytest.raises(ThreadError, match="got hidden"):
        here * hidden
    hidden.name = "h"
    with pytest.raises(ThreadError, match=r"tanh: .* got h \(\)"):
        ad.tanh(hidden)
    with pytest.raises(ThreadError, match="stack"):
        ad.stack([here, hidden])
    with pytest.raises(ThreadError, match="add"):
        1 + hidden
    assert (here * hidden.detach()).item() == 60
    with ad.no_grad():
        assert (here * hidden).item() == 60
    here.backward()
    hidden.backward()
    assert w.grad.item() == 8


def test_leaves_belong_to_all_threads() -> None:
    w = ad.parameter(np.ones(3))

    def work(scale: float) -> Any:
        x = ad.tensor(np.full(3, scale))
        (w * x).sum().backward()
        return x

    x = in_thread(lambda: work(2.0))
    assert (w * x).requires_grad
    assert w.grad.numpy().tolist() == [2.0, 2.0, 2.0]


def test_a_worker_hands_over_its_loss() -> None:
    w = ad.parameter(2.0)
    with ThreadPoolExecutor(2) as pool:
        losses = list(pool.map(lambda k: ad.tanh(w * k) * k, range(1, 5)))
    for loss in losses:
        loss.backward()
    k = np.arange(1, 5)
    np.testing.assert_allclose(w.grad.item(), (k**2 / np.cosh(2 * k) ** 2).sum())
    # their sum would be recorded here
    with pytest.raises(ThreadError):
        losses[0] + losses[1]
    assert np.isfinite(sum(loss.item() for loss in losses))


def test_what_would_be_recorded_again_is_refused() -> None:
    w = ad.parameter(2.0)
    loss = in_thread(lambda: w * w * w)
    with pytest.raises(ThreadError, match=r"backward\(create_graph=True\)"):
        loss.backward(create_graph=True)
    with pytest.raises(ThreadError, match=r"grad\(<lambda>\)"):
        ad.grad(lambda x: x * x)(loss)
    assert w.grad is None


def test_a_switch_in_one_thread_is_none_in_another() -> None:
    w = ad.parameter(2.0)
    with ad.no_grad(), ad.module_scope("outer"):
        other = in_thread(lambda: w * 3)
    assert other.requires_grad
    assert other._record.scope is None


def test_tasks_do_not_switch_each_other_off() -> None:
    w = ad.parameter(2.0)

    async def still() -> Any:
        with ad.no_grad():
            await asyncio.sleep(0.01)
            return w * 3

    async def recorded() -> Any:
        await asyncio.sleep(0.005)
        return w * 3

    async def both() -> Any:
        return await asyncio.gather(still(), recorded(), asyncio.to_thread(lambda: w * 5))

    def work() -> tuple[bool, bool]:
        assert (w * 2).requires_grad  # from here on the thread has a tape to hand on
        bare, kept, threaded = asyncio.run(both())
        # a task, and what it gives to a thread, go on with the tape of their creator
        (kept * threaded).backward()
        return bare.requires_grad, kept.requires_grad

    # in a thread of its own, since another test may have left a loop running in this one
    assert in_thread(work) == (False, True)
    assert w.grad.item() == 60
