"""``python -m benchmarks.training``: train, time, print the tables and write the page."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

# Before NumPy and PyTorch are imported: they read it once.
for _library in ("OMP", "MKL", "OPENBLAS"):
    os.environ[f"{_library}_NUM_THREADS"] = "1"


def main() -> None:
    from benchmarks.training import report
    from benchmarks.training.libraries import installed
    from benchmarks.training.run import WORKLOADS, find

    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__)
    parser.add_argument("--rounds", type=int, default=31, help="samples per library")
    parser.add_argument("--only", nargs="*", help="names of workloads' classes; writes nothing")
    parser.add_argument(
        "--docs", type=Path, default=Path(__file__).parents[2] / "docs", help="where to write"
    )
    options = parser.parse_args()
    libraries = installed()
    if len(libraries) == 1:
        print("PyTorch is not installed and left out")
    findings = []
    for make in WORKLOADS:
        if not options.only or make.__name__ in options.only:
            print(f"{make.title} …", flush=True)
            findings.append(find(make(), libraries, options.rounds))
    print(report.learned(findings, libraries), report.timed(findings, libraries), sep="\n\n")
    if not options.only:
        text = report.page(findings, libraries, options.rounds)
        (options.docs / "training.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
