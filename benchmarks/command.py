"""What the commands of the benchmarks share; it imports neither NumPy nor PyTorch."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def use_one_thread() -> None:
    """Keep the libraries under NumPy and PyTorch to one thread.

    They read it once: call this before NumPy or PyTorch is imported.
    """
    for library in ("OMP", "MKL", "OPENBLAS"):
        os.environ[f"{library}_NUM_THREADS"] = "1"


def parser(
    module: str, description: str | None, names: str = "workloads"
) -> argparse.ArgumentParser:
    """Return a parser of ``--rounds``, ``--docs`` and ``--only``, which takes names of `names`."""
    made = argparse.ArgumentParser(prog=f"python -m {module}", description=description)
    made.add_argument("--rounds", type=int, default=31, help="samples of each that is compared")
    made.add_argument("--only", nargs="*", help=f"names of {names}; writes nothing")
    made.add_argument("--docs", type=Path, default=DOCS, help="where to write")
    return made
