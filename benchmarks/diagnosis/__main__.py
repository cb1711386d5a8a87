"""Run the whole catalogue and write docs/diagnosis/bench.md.

    python -m benchmarks.diagnosis [--seeds 20] [--first 400] [--out docs/diagnosis/bench.md]

The rules were developed on seeds 0 to 19; the table is of others.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from benchmarks.diagnosis.run import CASES, Count, run_case
from benchmarks.diagnosis.table import document


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="how many")
    parser.add_argument("--first", type=int, default=400, help="the first of them")
    parser.add_argument("--out", type=Path, default=Path("docs/diagnosis/bench.md"))
    options = parser.parse_args()
    seeds = range(options.first, options.first + options.seeds)
    begin, counts = time.perf_counter(), list[Count]()
    for case in CASES:
        counts.append(run_case(case, seeds))
        sys.stderr.write(f"{time.perf_counter() - begin:6.0f} s  {case.group}: {case.name}\n")
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(document(counts, seeds), encoding="utf-8")


if __name__ == "__main__":
    main()
