"""What has no peer: the cost of recording, a chain of a million ops, memory of a training loop."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

import graphviz_ad as ad
from benchmarks.measure import interleaved
from benchmarks.workloads import Workload, workloads

_MILLION = 1_000_000


def named(name: str, scale: float = 1.0) -> Workload:
    """Return the workload called `name`."""
    return next(w for w in workloads(scale) if w.name == name)


def recording_share(rounds: int = 31) -> dict[str, float]:
    """Return what recording adds to an SGD step of the MLP: forward passes with and without it.

    Returns
    -------
    dict
        Seconds of ``step``, of the ``recorded`` and of the ``bare`` forward pass.
    """
    from benchmarks.peers import GraphvizAD

    workload = named("mlp")
    F = GraphvizAD().functions()
    constants = [ad.tensor(c) for c in workload.constants]
    parameters = [ad.parameter(p) for p in workload.parameters]

    def recorded() -> Any:
        return workload.loss(F, *constants, *parameters)

    def bare() -> None:
        with ad.no_grad():
            recorded()

    def step() -> None:
        sgd_step(recorded(), parameters)

    return interleaved({"step": step, "recorded": recorded, "bare": bare}, rounds)


def sgd_step(loss: Any, parameters: list[Any], rate: float = 1e-3) -> None:
    """Send `loss` back and move `parameters` against their gradients."""
    for p in parameters:
        p.grad = None
    loss.backward()
    for p in parameters:
        p.data = p.data - rate * p.grad.data


def training_memory(steps: int = 1000) -> dict[str, int]:
    """Return how memory grows from step 100 to the last of a training loop, collector off."""
    from benchmarks.peers import GraphvizAD

    workload = named("two_layer")
    F = GraphvizAD().functions()
    constants = [ad.tensor(c) for c in workload.constants]
    parameters = [ad.parameter(p) for p in workload.parameters]
    gc.collect()
    gc.disable()
    try:
        blocks = size = 0
        for step in range(steps):
            sgd_step(workload.loss(F, *constants, *parameters), parameters)
            if step == 99:
                blocks, size = sys.getallocatedblocks(), _resident_bytes()
        return {
            "blocks": sys.getallocatedblocks() - blocks,
            "bytes": _resident_bytes() - size,
            "steps": steps,
        }
    finally:
        gc.enable()


def million(runs: int = 3) -> dict[str, float]:
    """Run the chain of a million ops in fresh processes, where its memory can be told.

    Returns what the run with the median time found.
    """
    command = [sys.executable, "-m", "benchmarks.alone"]
    found: list[dict[str, float]] = []
    for _ in range(runs):
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        found.append(json.loads(done.stdout))
    return sorted(found, key=together)[runs // 2]


def together(chain: dict[str, float]) -> float:
    """Return the µs per op of what `million_here` found: forward, backward and freeing."""
    return chain["forward"] + chain["backward"] + chain["free"]


def million_here(count: int = _MILLION) -> dict[str, float]:
    """Return the µs of forward, backward and freeing, and the bytes, per op of a long chain."""
    x, w = ad.parameter(1.0), ad.parameter(np.float64(0.9999999))
    before = _resident_bytes()
    clock = time.process_time
    start = clock()
    y = x
    for _ in range(count):
        y = y * w
    forward = clock()
    after = _resident_bytes()
    y.backward()
    backward = clock()
    del y
    freed = clock()
    return {
        "forward": (forward - start) / count * 1e6,
        "backward": (backward - forward) / count * 1e6,
        "free": (freed - backward) / count * 1e6,
        "bytes": (after - before) / count,
    }


def _resident_bytes() -> int:
    """Return the size of the process in memory, 0 where the system has no such file (not Linux)."""
    pages = Path("/proc/self/statm")
    return int(pages.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if pages.exists() else 0


if __name__ == "__main__":
    print(json.dumps(million_here()))
