"""What is timed computes the same: every framework's gradients against NumPy by hand."""

import importlib.util

import numpy as np
import pytest

from benchmarks import alone, conv, peers
from benchmarks.workloads import workloads
from tests.conftest import required

SMALL = {workload.name: workload for workload in workloads(scale=0.02)}


def gradients(peer, workload):
    return peer.gradients(peer.start(workload)())


@pytest.mark.parametrize("name", SMALL)
def test_the_engine_agrees_with_numpy_by_hand(name):
    expected = gradients(peers.ByHand(), SMALL[name])
    actual = gradients(peers.GraphvizAD(), SMALL[name])
    assert len(actual) == len(expected) == len(SMALL[name].parameters)
    for a, e in zip(actual, expected, strict=True):
        np.testing.assert_allclose(a, e, rtol=1e-9, atol=1e-12)
        assert np.shape(a) == np.shape(e)


@pytest.mark.parametrize("name", SMALL)
def test_numpy_by_hand_is_right(name):
    """The denominator itself, against a central difference of its loss along a random line."""
    workload = SMALL[name]
    rng = np.random.default_rng(1)
    lines = [rng.normal(size=np.shape(p)) for p in workload.parameters]
    step = 1e-6

    def loss(t):
        moved = [p + t * line for p, line in zip(workload.parameters, lines, strict=True)]
        return workload.by_hand(*workload.constants, *moved)[0]

    slope = (loss(step) - loss(-step)) / (2 * step)
    sent = workload.by_hand(*workload.constants, *workload.parameters)[1]
    along = sum(np.sum(g * line) for g, line in zip(sent, lines, strict=True))
    assert along == pytest.approx(slope, rel=1e-4, abs=1e-7)


@pytest.mark.peers
@pytest.mark.parametrize("kind", [peers.Torch, peers.Autograd, peers.Micrograd])
def test_the_peers_agree_with_numpy_by_hand(kind):
    if importlib.util.find_spec(kind.package) is None:
        absent = pytest.fail if required("peers") else pytest.skip
        absent(f"{kind.package} is not installed: pip install 'graphviz_ad[peers]'")
    peer = kind()
    for name, workload in SMALL.items():
        if name not in peer.cannot:
            expected = gradients(peers.ByHand(), workload)
            for a, e in zip(gradients(peer, workload), expected, strict=True):
                np.testing.assert_allclose(a, e, rtol=1e-9, atol=1e-12)


def test_the_convolutions_agree():
    passes = conv.passes(peers.installed()[0], "float64", size=2)
    assert {"NumPy by hand", "graphviz_ad"} <= passes.keys()
    expected = passes.pop("NumPy by hand")()
    for run in passes.values():
        for a, e in zip(run(), expected, strict=True):
            np.testing.assert_allclose(a, e, rtol=1e-9)


def test_a_training_loop_keeps_nothing():
    assert abs(alone.training_memory(steps=200)["blocks"]) < 50


def test_a_long_chain_needs_no_recursion():
    assert alone.million_here(count=20_000)["bytes"] < 5000
