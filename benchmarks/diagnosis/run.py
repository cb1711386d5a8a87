"""Run the catalogue and count: detections, false alarms, right kinds, right ops."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

import graphviz_ad as ad
from benchmarks.diagnosis import autotrainer, healthy, mutants, planted, training
from benchmarks.diagnosis.case import Case, Sample
from graphviz_ad.diagnose.record import diagnose
from graphviz_ad.diagnose.report import Report

__all__ = ["CASES", "Count", "run_case", "run_cases"]

CASES: list[Case] = [
    *autotrainer.CASES, *mutants.CASES, *training.CASES, *planted.CASES, *healthy.CASES,
]  # fmt: skip


@dataclass
class Count:
    """What happened to one case over its seeds."""

    case: Case
    sick: int = 0
    well: int = 0
    detected: int = 0
    right_kind: int = 0
    false_alarms: int = 0
    placed: int = 0
    first: int = 0
    in_three: int = 0
    alarms: list[tuple[int, str]] = field(default_factory=list)  # seed, kinds

    def add(self, seed: int, sample: Sample, report: Report) -> None:
        """Count one seed."""
        kinds = [finding.kind for finding in report.alarms]
        if not sample.sick:
            self.well += 1
            self.false_alarms += bool(kinds)
            if kinds:
                self.alarms.append((seed, f"false alarm: {', '.join(kinds)}"))
            return
        self.sick += 1
        self.detected += bool(kinds)
        right = bool(kinds) and kinds[0] in self.case.kinds
        self.right_kind += right
        if not right:
            self.alarms.append((seed, ", ".join(kinds) or "missed"))
        if sample.places:
            self._place(seed, sample, report)

    def _place(self, seed: int, sample: Sample, report: Report) -> None:
        assert report.trace is not None
        assert report.trace.rules is not None
        values = report.trace.graph.values
        places = []
        for tensors in sample.places:
            found = [report.trace.rules.value_of(tensor) for tensor in tensors]
            places.append({values[v].producer for v in found if v is not None})
        every = set().union(*places)
        self.placed += 1
        first = bool(report.suspects) and report.suspects[0] in every
        three = all(place & set(report.suspects[:3]) for place in places)
        self.first += first
        self.in_three += three
        if not first or not three:
            self.alarms.append((seed, f"blamed {report.suspects[:3]}, right {places}"))


def _report(sample: Sample) -> Report:
    return diagnose(sample.loss) if sample.report is None else sample.report


def run_case(case: Case, seeds: Iterable[int]) -> Count:
    """Return the counts of one case over these seeds."""
    count = Count(case)
    for seed in seeds:
        ad.manual_seed(seed)
        # the name goes in, so that a seed is a different draw for every case
        key = int.from_bytes(case.name.encode()[:24], "little")
        sample = case.make(np.random.default_rng([seed, key]))
        count.add(seed, sample, _report(sample))
    return count


def run_cases(seeds: Sequence[int], cases: Sequence[Case] = CASES) -> list[Count]:
    """Return the counts of every case over these seeds."""
    return [run_case(case, seeds) for case in cases]
