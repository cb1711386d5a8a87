"""The run: every workload on every framework, then what is measured alone."""

from __future__ import annotations

from pathlib import Path

from benchmarks import alone, conv, report
from benchmarks.measure import interleaved
from benchmarks.peers import Peer, installed
from benchmarks.workloads import Workload, workloads


def _ready(rounds: int) -> tuple[list[Peer], list[str]]:
    peers, missing = installed()
    for peer in peers:
        if peer.package == "torch":
            peer.module.set_num_threads(1)
    for name in missing:
        print(f"{name} is not installed and left out")
    return peers, missing


def measured(workload: Workload, peers: list[Peer], rounds: int) -> dict[str, float]:
    """Return the seconds of a pass of `workload` on each of `peers` that can run it, as medians."""
    passes = {}
    for peer in peers:
        if workload.name in peer.cannot:
            continue
        run = peer.start(workload)
        try:
            run()
        except AttributeError as error:
            print(f"{workload.name}: {peer.name} lacks a function ({error})")
            continue
        passes[peer.name] = run
    return interleaved(passes, rounds)


def some(names: list[str], rounds: int) -> None:
    """Measure the workloads called `names` and print them."""
    peers, _ = _ready(rounds)
    times = {w: measured(w, peers, rounds) for w in workloads() if w.name in names}
    print(report.table(times, peers))


def everything(rounds: int, docs: Path) -> None:
    """Measure all, print the table and write the report."""
    peers, missing = _ready(rounds)
    times = {}
    for workload in workloads():
        print(f"{workload.title} …", flush=True)
        times[workload] = measured(workload, peers, rounds)
    found = report.Findings(
        times=times,
        peers=peers,
        missing=missing,
        conv=conv.measure(peers, rounds),
        recording=alone.recording_share(rounds),
        million=alone.million(),
        memory=alone.training_memory(),
        rounds=rounds,
    )
    report.write(found, docs)
    print(report.table(times, peers))
