"""Timing: peers in turns, medians, the process's own time."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping

# On a machine with neighbours the wall clock measures them, too. Everything runs on one
# thread, so on a quiet machine the two clocks agree.
_clock = time.process_time

_SAMPLE = 0.005
"""Seconds that one sample takes at least."""


def interleaved(
    passes: Mapping[str, Callable[[], object]], rounds: int = 31, sample: float = _SAMPLE
) -> dict[str, float]:
    """Return the seconds of each pass, as medians; all run once per round, one after another.

    A virtual machine's speed changes by half within tenths of a second, so that the median
    of one pass may be of slow moments and that of another of fast ones. The samples of a
    round lie close together: what is returned is the median over the rounds of each pass's
    ratio to the first pass, times the first one's median.

    The garbage collector is on, as it is for everybody, and starts each round clean.
    """
    repeats = {name: _repeats(run, sample) for name, run in passes.items()}
    first = next(iter(passes))
    reference: list[float] = []
    ratios: dict[str, list[float]] = {name: [] for name in passes}
    for _ in range(rounds):
        gc.collect()
        for name, run in passes.items():
            start = _clock()
            for _ in range(repeats[name]):
                run()
            seconds = (_clock() - start) / repeats[name]
            if name == first:
                reference.append(seconds)
            ratios[name].append(seconds / reference[-1])
    middle = statistics.median(reference)
    return {name: statistics.median(found) * middle for name, found in ratios.items()}


def _repeats(run: Callable[[], object], sample: float) -> int:
    run()
    start = _clock()
    run()
    return max(1, round(sample / max(_clock() - start, 1e-6)))
