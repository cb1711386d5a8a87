"""Training: memory that stays flat, resumed runs, penalties, what the helper does."""

from __future__ import annotations

import gc
import io
import math
import sys
import tracemalloc
from typing import Any

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad.errors import ArgumentError

STEPS = 1_000


def test_memory_is_flat_over_a_thousand_steps_without_the_collector() -> None:
    net = ad.nn.Sequential(
        ad.nn.Conv1d(1, 2, 3), ad.nn.BatchNorm1d(2), ad.nn.ReLU(), ad.nn.Dropout(0.2),
        ad.nn.Flatten(), ad.nn.Linear(12, 4), ad.nn.LayerNorm(4), ad.nn.Linear(4, 3),
    )  # fmt: skip
    optimizer = ad.optim.Adam(net.parameters(), lr=1e-3)
    schedule = ad.optim.ExponentialLR(optimizer, 0.999)
    loss_of = ad.nn.CrossEntropyLoss()
    x, y = np.ones((4, 1, 8)), np.array([0, 1, 2, 0])

    def step() -> None:
        optimizer.zero_grad()
        loss_of(net(x), y).backward()
        ad.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        schedule.step()

    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        for _ in range(50):
            step()
        early, blocks = tracemalloc.get_traced_memory()[0], sys.getallocatedblocks()
        for _ in range(STEPS - 50):
            step()
        late = tracemalloc.get_traced_memory()[0]
        unreachable = gc.collect()
        kept = tracemalloc.get_traced_memory()[0]
        more = sys.getallocatedblocks() - blocks
    finally:
        tracemalloc.stop()
        gc.enable()
    # Python's free lists may fill up (2,000 tuples of each length): that is no graph, and the
    # collector, which empties them, finds no cycle. A graph a step would be tens of megabytes.
    assert late - early < 500_000
    assert unreachable == 0
    assert kept - early < 20_000
    assert more < 500


def test_a_run_that_is_resumed_goes_on_as_if_it_had_not_stopped() -> None:
    def fresh() -> tuple[Any, Any, Any]:
        net = ad.nn.Sequential(ad.nn.Linear(2, 3, rng=0), ad.nn.Tanh(), ad.nn.Linear(3, 1, rng=1))
        optimizer = ad.optim.Adam(net.parameters(), lr=0.1)
        return net, optimizer, ad.optim.StepLR(optimizer, 3, 0.5)

    def train(net: Any, optimizer: Any, schedule: Any, steps: int) -> None:
        for _ in range(steps):
            optimizer.zero_grad()
            ad.mse_loss(net([[1.0, -1.0]]), [[2.0]]).backward()
            optimizer.step()
            schedule.step()

    whole = fresh()
    train(*whole, 8)
    first = fresh()
    train(*first, 4)
    saved = [part.state_dict() for part in first]
    train(*first, 1)  # what was saved does not move
    resumed = fresh()
    for part, state in zip(resumed, saved, strict=True):
        part.load_state_dict(state)
    train(*resumed, 4)
    for key, value in whole[0].state_dict().items():
        np.testing.assert_array_equal(resumed[0].state_dict()[key], value)
    assert resumed[1].param_groups[0]["lr"] == whole[1].param_groups[0]["lr"] == 0.025


def test_l1_shrinks_by_its_sign() -> None:
    w = ad.parameter([1.0, -1.0, 0.0])
    optimizer = ad.optim.SGD([w], lr=0.1, l1=0.5)
    (w * 0.0).sum().backward()
    optimizer.step()
    np.testing.assert_allclose(w.data, [0.95, -0.95, 0.0])


def test_one_over_t() -> None:
    optimizer = ad.optim.SGD([ad.parameter(1.0)], lr=1.0)
    schedule = ad.optim.InverseTimeLR(optimizer, 0.5)
    rates = []
    for _ in range(3):
        rates += schedule.get_last_lr()
        schedule.step()
    assert rates == pytest.approx([1.0, 1 / 1.5, 1 / 2.0])


def test_groups_have_options_of_their_own() -> None:
    a, b = ad.parameter(1.0), ad.parameter(1.0)
    optimizer = ad.optim.SGD([{"params": [a], "lr": 0.5}, {"params": [b]}], lr=0.1)
    (a + b).backward()
    optimizer.step()
    assert (a.item(), b.item()) == pytest.approx((0.5, 0.9))


def test_a_parameter_without_gradient_stays() -> None:
    a, b = ad.parameter(1.0), ad.parameter(1.0)
    optimizer = ad.optim.Adam([("a", a), ("b", b)])
    (a * 2).backward()
    optimizer.step()
    assert a.item() != 1.0
    assert b.item() == 1.0


def test_parameters_as_a_vector_and_back() -> None:
    net, twin = ad.nn.Linear(3, 2), ad.nn.Linear(3, 2)
    vector = ad.nn.utils.parameters_to_vector(net.parameters())
    (vector * vector).sum().backward()
    np.testing.assert_allclose(net.weight.grad.data, 2 * net.weight.data)
    ad.nn.utils.vector_to_parameters(vector, twin.parameters())
    np.testing.assert_array_equal(twin.bias.data, net.bias.data)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_keeps_the_means_and_writes_a_line_an_epoch() -> None:
    out = io.StringIO()
    progress = ad.nn.Progress(3, file=out)
    for epoch in progress:
        for value in (1.0, 3.0):
            progress.log(loss=value + epoch)
        if epoch == 1:
            progress.log(accuracy=ad.tensor(0.5))
    assert progress.history["loss"] == [2.0, 3.0, 4.0]
    assert [math.isnan(a) for a in progress.history["accuracy"]] == [True, False, True]
    lines = out.getvalue().splitlines()
    assert len(lines) == 3
    assert "1/3" in lines[0]
    assert "loss 2" in lines[0]
    assert lines[2].startswith("█" * 20)


def test_progress_in_a_terminal_is_one_line() -> None:
    out = Terminal()
    for epoch in (progress := ad.nn.Progress(["a", "b"], file=out)):
        progress.log(name_of_a_metric=len(epoch))
    assert out.getvalue().count("\n") == 1
    last = out.getvalue().rstrip("\n").split("\r")[-1]
    assert "2/2" in last


def test_progress_of_something_without_length_and_in_silence(capsys: Any) -> None:
    out = io.StringIO()
    for _ in ad.nn.Progress(iter("ab"), file=out):
        pass
    assert out.getvalue().splitlines()[1].startswith("2  ")
    for _ in ad.nn.Progress(2, quiet=True):
        pass
    assert capsys.readouterr() == ("", "")


def test_early_stopping_and_the_best_epoch() -> None:
    scores = [0.1, 0.5, 0.4, 0.5, 0.45, 0.9]
    kept = []
    out = io.StringIO()
    progress = ad.nn.Progress(scores, monitor="score", mode="max", patience=3, file=out)
    for score in progress:
        progress.log(score=score)
        if progress.improved:
            kept.append(score)
    assert kept == [0.1, 0.5]
    assert (progress.best, progress.best_epoch, progress.stopped) == (0.5, 1, True)
    assert len(progress.history["score"]) == 5
    assert "no improvement in 3" in out.getvalue()


def test_a_metric_that_is_nan_never_improves() -> None:
    progress = ad.nn.Progress(10, monitor="loss", patience=2, quiet=True)
    for _ in progress:
        progress.log(loss=math.nan)
    assert progress.best_epoch is None
    assert len(progress.history["loss"]) == 2


@pytest.mark.parametrize(
    "options",
    [{"patience": 2}, {"patience": 0, "monitor": "loss"}, {"mode": "low"}],
)
def test_progress_refuses(options: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match="Progress"):
        ad.nn.Progress(3, **options)


def test_progress_says_when_the_metric_is_missing() -> None:
    progress = ad.nn.Progress(3, monitor="loss", quiet=True)
    epochs = iter(progress)
    next(epochs)
    progress.log(accuracy=1.0)
    with pytest.raises(ArgumentError, match="the metric 'loss', got accuracy"):
        next(epochs)
