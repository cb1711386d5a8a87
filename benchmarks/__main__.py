"""``python -m benchmarks``: measure in one run, print the table, write the report and the plot."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

# Before NumPy and PyTorch are imported: they read it once.
for _library in ("OMP", "MKL", "OPENBLAS"):
    os.environ[f"{_library}_NUM_THREADS"] = "1"


def main() -> None:
    from benchmarks import run

    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=31, help="samples per framework")
    parser.add_argument("--only", nargs="*", help="names of workloads; writes nothing")
    parser.add_argument(
        "--docs", type=Path, default=Path(__file__).parents[1] / "docs", help="where to write"
    )
    options = parser.parse_args()
    if options.only:
        run.some(options.only, options.rounds)
    else:
        run.everything(options.rounds, options.docs)


if __name__ == "__main__":
    main()
