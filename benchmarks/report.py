"""The report: a table in Markdown, and a plot."""

from __future__ import annotations

import datetime
import os
import platform
from dataclasses import dataclass
from pathlib import Path

from benchmarks.alone import together
from benchmarks.peers import Peer
from benchmarks.workloads import Workload

Times = dict[Workload, dict[str, float]]

_HAND = "NumPy by hand"
_OURS = "graphviz_ad"
_TORCH = "PyTorch"

_TORCH_THEN = 7.5
"""The µs of PyTorch's scalar operation on the machine on which the goals were set."""

# The goals of what is measured alone; those of the workloads stand with them.
_RECORDING = 0.1
"""The part of a training step that recording may take."""
_MICROSECONDS, _BYTES = 3, 350
"""What an operation of a chain of a million may take."""


@dataclass
class Findings:
    """What one run found; times in seconds."""

    times: Times
    peers: list[Peer]
    missing: list[str]
    conv: dict[str, dict[str, float]]
    recording: dict[str, float]
    million: dict[str, float]
    memory: dict[str, int]
    rounds: int


def table(times: Times, peers: list[Peer]) -> str:
    """Return the table: µs per op for the chain, else the ratio to NumPy by hand."""
    titles = [w.title + (", µs/op" if w.name == "chain" else "") for w in times]
    rows = [["", *titles], ["---"] * (len(titles) + 1)]
    hand = [_cell(w, t, _HAND, absolute=True) for w, t in times.items()]
    rows.append([f"{_HAND} (time)", *hand])
    for peer in peers:
        if peer.name != _HAND:
            rows.append([peer.name, *[_cell(w, t, peer.name) for w, t in times.items()]])
    rows.append(["goal", *[f"≤ {w.limit:.2f}" if w.limit else "–" for w in times]])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _cell(workload: Workload, times: dict[str, float], name: str, absolute: bool = False) -> str:
    if name not in times:
        return "–"
    if workload.name == "chain":
        return f"{times[name] / workload.ops * 1e6:.2f}"
    if absolute:
        return duration(times[name])
    return f"{times[name] / times[_HAND]:.2f}"


def duration(seconds: float) -> str:
    """Return seconds in the unit that suits them."""
    return f"{seconds * 1e3:.2f} ms" if seconds > 1e-3 else f"{seconds * 1e6:.0f} µs"


def ahead(times: Times) -> str:
    """Return the table of how many times faster than PyTorch each workload runs, with the goals."""
    lines = ["| workload | PyTorch ÷ graphviz_ad | goal |", "|---|---|---|"]
    for workload, found in times.items():
        if _OURS in found and _TORCH in found:
            ratio = found[_TORCH] / found[_OURS]
            lines.append(f"| {workload.title} | {ratio:.2f} | ≥ {workload.ahead:g} |")
    return "\n".join(lines)


def missed(found: Findings) -> str:
    """Return a sentence on the goals that this run missed."""
    names = []
    for workload, times in found.times.items():
        if _OURS not in times:
            continue
        reached = float(_cell(workload, times, _OURS))
        if workload.limit and reached > workload.limit:
            names.append(f"{workload.title} ({reached:.2f}, goal {workload.limit:.2f})")
        if _TORCH in times and times[_TORCH] < workload.ahead * times[_OURS]:
            ratio = times[_TORCH] / times[_OURS]
            names.append(f"{workload.title} against PyTorch ({ratio:.2f}, goal {workload.ahead:g})")
    for dtype, times in found.conv.items():
        if _TORCH in times and times[_TORCH] < times[_OURS]:
            names.append(f"one convolution in {dtype} ({times[_TORCH] / times[_OURS]:.2f}, goal 1)")
    share = recording_share(found.recording)
    if share > _RECORDING:
        names.append(f"recording ({share:.1%}, goal {_RECORDING:.0%})")
    if together(found.million) > _MICROSECONDS:
        took = together(found.million)
        names.append(f"a million operations ({took:.2f} µs/op, goal {_MICROSECONDS})")
    if found.million["bytes"] > _BYTES:
        size = found.million["bytes"]
        names.append(f"a million operations ({size:.0f} bytes/op, goal {_BYTES})")
    return "Goals missed in this run: " + ("; ".join(names) if names else "none") + "."


def recording_share(recording: dict[str, float]) -> float:
    """Return which part of a training step recording takes."""
    return (recording["recorded"] - recording["bare"]) / recording["step"]


def _conv_table(conv: dict[str, dict[str, float]]) -> str:
    names = list(next(iter(conv.values())))
    lines = [f"| | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for dtype, times in conv.items():
        lines.append(f"| {dtype} | {' | '.join(duration(times[n]) for n in names)} |")
    return "\n".join(lines)


def _machine() -> str:
    return f"{os.cpu_count()}-core {platform.machine()} virtual machine, shared with other work"


def _machine_then(found: Findings) -> str:
    """Return what tells this machine's speed from that of the one the goals were set on."""
    for workload, times in found.times.items():
        if workload.name == "chain" and _TORCH in times:
            took = _cell(workload, times, _TORCH)
            return f"""Goals in µs were set on a machine on which PyTorch took {_TORCH_THEN} µs for
the scalar operation of the first column; here it took {took}."""
    return ""


def text(found: Findings) -> str:
    """Return the page of the documentation."""
    versions = ", ".join(f"{p.name} {p.version}" for p in found.peers if p.name != _HAND)
    versions += "".join(f"; {name} was not installed" for name in found.missing)
    numpy = next(p.version for p in found.peers if p.name == _HAND)
    recording, chain, memory = found.recording, found.million, found.memory
    return f"""# Benchmarks

Written by `python -m benchmarks` on {datetime.date.today().isoformat()}:
{_machine()}; Python {platform.python_version()}, NumPy {numpy}; {versions}.

The frameworks take turns in {found.rounds} rounds of one run, on one thread, by the CPU time of
the process, with the garbage collector on. A ratio is the median over the rounds of the ratio of
two times that were taken within one round, since the machine's own speed changes in between; a
time is the median of NumPy's by hand, times the ratio to it. graphviz_ad records everything,
source lines included. Data and parameters are float64 unless said otherwise.

## Forward and backward

The first column is the time of one scalar operation, forward and backward. The others are the
time of a pass over the time of the same pass written by hand in NumPy
([by_hand.py](../benchmarks/by_hand.py)), which the first row gives.

{table(found.times, found.peers)}

The goals leave the width and the batch of the last two open. These were chosen where PyTorch's
ratio is near the one that the goals were set beside (1.52 and 1.71): narrower networks measure
the overhead of an operation, wider ones the matrix products.

micrograd and HIPS autograd leave out what they cannot express. micrograd's backward pass
recurses, so its scalars run in pieces of 400 operations.

![Time over NumPy by hand, by framework](images/benchmarks.svg)

Against PyTorch:

{ahead(found.times)}

## One convolution

Forward and backward, to the input and to the kernel: 32×3×32×32, 16 filters of 3×3.
The goal is to be no slower than PyTorch.

{_conv_table(found.conv)}

## Recording

A training step of the MLP (forward, backward, SGD) takes {duration(recording["step"])}. Its
forward pass takes {duration(recording["recorded"])} recorded and
{duration(recording["bare"])} under `no_grad()`; the difference, {recording_share(recording):.1%}
of the step, is what recording costs, to within the noise of the matrix products (so it may come
out below zero). The goal is at most {_RECORDING:.0%}.

## A chain of a million operations

| | measured | goal |
|---|---|---|
| forward | {chain["forward"]:.2f} µs/op | |
| backward | {chain["backward"]:.2f} µs/op | |
| freeing | {chain["free"]:.2f} µs/op | |
| together | {together(chain):.2f} µs/op | ≤ {_MICROSECONDS} µs/op |
| memory | {chain["bytes"]:.0f} bytes/op | ≤ {_BYTES} bytes/op |

This is the median of three runs, each in a process of its own. The memory is the growth of the
process's resident set over the forward pass. The recursion limit is Python's own.

## Memory of a training loop

{memory["steps"]} SGD steps of the two-layer net with the garbage collector off: from step 100 to
the last, the number of blocks that Python has allocated changed by {memory["blocks"]:+d} and the
resident set by {memory["bytes"] / 1024:+.0f} KiB.

## Goals

{missed(found)}
{_machine_then(found)}
"""


def write(found: Findings, docs: Path) -> None:
    """Write ``benchmarks.md`` and its plot under `docs`."""
    from benchmarks.plot import plot

    (docs / "images").mkdir(parents=True, exist_ok=True)
    plot(found.times, [p.name for p in found.peers], docs / "images" / "benchmarks.svg")
    (docs / "benchmarks.md").write_text(text(found), encoding="utf-8")
