"""The training workloads, run short: they learn, and they go the way that PyTorch goes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

import graphviz_ad as ad
from benchmarks.training import report, run
from benchmarks.training.adversarial import Adversarial
from benchmarks.training.characters import Characters
from benchmarks.training.digits import Convolutional
from benchmarks.training.libraries import GraphvizAD, Torch, installed
from benchmarks.training.workload import Run, Workload
from graphviz_ad.engine import backward
from graphviz_ad.trace.recorder import record_trace

EVERY = pytest.mark.parametrize("make", run.WORKLOADS, ids=lambda make: make.__name__)


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Products this small take longer on several threads, most of all beside other tests."""
    with threadpool_limits(1):
        yield


@cache
def trained(make: type[Workload]) -> tuple[Run, np.ndarray]:
    ours = Run(make(), GraphvizAD())
    return ours, ours.train(run.COMPARED)


@EVERY
def test_fifty_steps_lower_the_loss(make: type[Workload]) -> None:
    ours, losses = trained(make)
    assert np.isfinite(losses).all()
    if make is not Adversarial:
        assert losses[-5:].mean() < 0.9 * losses[:5].mean()
        before, after = Run(make(), GraphvizAD()).score(), ours.score()
        assert after > before if make.percent else after < before


@EVERY
def test_float32_stays_float32(make: type[Workload], monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing on the way there and back is computed in double precision by accident."""
    seen: set[np.dtype] = set()
    pass_back, fit = ad.Tensor.backward, backward.fit

    def watched(loss: ad.Tensor) -> None:
        trace = record_trace(loss)
        values = [trace.data(value.id) for value in trace.graph.values]
        seen.update(value.dtype for value in values if hasattr(value, "dtype"))  # no numbers
        pass_back(loss)

    def watched_fit(sent: np.ndarray, like: np.ndarray, *where: object) -> np.ndarray:
        seen.add(sent.dtype)
        return fit(sent, like, *where)

    monkeypatch.setattr(ad.Tensor, "backward", watched)
    monkeypatch.setattr(backward, "fit", watched_fit)
    ours = Run(make(), GraphvizAD(), "float32")
    ours.step(ours.batch(0))
    seen.update(parameter.dtype for parameter in ours.net.parameters())
    for optimizer in ours.optimizers:
        arrays = [value for state in optimizer.state.values() for value in state.values()]
        seen.update(array.dtype for array in arrays if hasattr(array, "dtype"))
    assert {dtype for dtype in seen if dtype.kind == "f"} == {np.dtype(np.float32)}


def test_the_generator_comes_near_the_ring() -> None:
    """Its loss and the critic's rise against each other: only the distance tells."""
    ours = Run(Adversarial(), GraphvizAD())
    before = ours.score()
    ours.train(600)
    assert ours.score() < 0.2 * before


@pytest.mark.peers
@EVERY
def test_fifty_steps_go_the_way_of_pytorch(make: type[Workload]) -> None:
    ours, losses = trained(make)
    theirs = Run(make(), Torch())
    np.testing.assert_allclose(losses, theirs.train(run.COMPARED), rtol=1e-6, atol=1e-6)
    weights = theirs.net.state_dict()
    for name, weight in ours.net.state_dict().items():
        np.testing.assert_allclose(weight, weights[name].numpy(), rtol=1e-6, atol=1e-6)
    assert ours.score() == pytest.approx(theirs.score(), rel=1e-6)


def test_the_convolutional_net_reads_98_percent_of_the_digits() -> None:
    ours = Run(Convolutional(), GraphvizAD())
    ours.train(150)
    assert ours.score() >= 0.98


def test_a_seed_gives_the_same_losses() -> None:
    first, again, other = (Run(Characters(seed), GraphvizAD()).train(2) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).all()


def test_the_tenth_sonnet_is_kept_for_testing() -> None:
    workload = Characters()
    held = "".join(workload.letters[number] for number in workload.test)
    assert held.startswith("For shame, deny that thou bear'st love to any,")
    assert len(held.strip().splitlines()) == 14


def finding(factor: float, apart: float) -> run.Finding:
    """Return a finding of two libraries: theirs takes 1 ms and ours `factor` times as long."""
    losses = {"graphviz_ad": np.ones((60, 1)), "PyTorch": np.ones((60, 1)) + apart}
    seconds = {"graphviz_ad": 1e-3 * factor, "PyTorch": 1e-3}
    scores = dict.fromkeys(losses, 0.98)
    return run.Finding(run.Logistic(), losses, scores, {"float64": seconds, "float32": seconds})


class Stub:
    version = "1"

    def __init__(self, name: str) -> None:
        self.name = name


BOTH = [Stub("graphviz_ad"), Stub("PyTorch")]


def test_the_report_names_what_is_slower_and_what_differs() -> None:
    text = report.page([finding(1.5, 1e-3)], BOTH, 15)
    assert (
        "Slower than PyTorch in this run: logistic regression, breast cancer, float64 (1.5" in text
    )
    assert "More than 1e-06 apart: logistic regression, breast cancer." in text
    text = report.page([finding(0.5, 0.0)], BOTH, 15)
    assert "Slower than PyTorch in this run: none." in text
    assert "All agree to 1e-06." in text


def test_nan_does_not_count_as_agreement() -> None:
    assert "More than" in report.agreement([finding(1.0, np.nan)], BOTH)


def test_the_report_says_that_pytorch_is_absent() -> None:
    found = finding(1.0, 0.0)
    for part in (found.losses, found.scores, *found.seconds.values()):
        part.pop("PyTorch", None)
    text = report.page([found], BOTH[:1], 15)
    assert "PyTorch was not installed: its columns are left out." in text
    assert text.count("PyTorch") == 2
    assert "ratio" not in text.split("## Time of a step")[1].split("\n\n")[2]


def test_every_library_that_is_installed_is_found_and_timed() -> None:
    names = [library.name for library in installed()]
    assert names[0] == "graphviz_ad"
    seconds = run.step_seconds(run.Logistic(), installed(), 1, "float32")
    assert list(seconds) == names
    assert min(seconds.values()) > 0
