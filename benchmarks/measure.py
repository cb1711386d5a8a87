"""Timing: peers in turns, medians, the process's own time."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping

# On a machine with neighbours the wall clock measures them, too. Everything runs on one
# thread, so on a quiet machine the two clocks agree.
_clock = time.process_time

_SAMPLE = 0.02
"""Seconds that one sample takes at least."""


def interleaved(
    passes: Mapping[str, Callable[[], object]], rounds: int = 15, sample: float = _SAMPLE
) -> dict[str, float]:
    """Return the median seconds of each pass; all run once per round, in turns.

    The garbage collector is on, as it is for everybody, and starts each sample clean.
    """
    repeats = {name: _repeats(run, sample) for name, run in passes.items()}
    samples: dict[str, list[float]] = {name: [] for name in passes}
    for _ in range(rounds):
        for name, run in passes.items():
            gc.collect()
            start = _clock()
            for _ in range(repeats[name]):
                run()
            samples[name].append((_clock() - start) / repeats[name])
    return {name: statistics.median(times) for name, times in samples.items()}


def _repeats(run: Callable[[], object], sample: float) -> int:
    run()
    start = _clock()
    run()
    return max(1, round(sample / max(_clock() - start, 1e-6)))
