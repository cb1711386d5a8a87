"""The report: what was learned and how long a step took, as tables in Markdown."""

from __future__ import annotations

import datetime
import os
import platform
from typing import Any

import numpy as np

from benchmarks.training.run import COMPARED, LAST, Finding

_OURS, _TORCH = "graphviz_ad", "PyTorch"
_AGREE = 1e-6
_KERNELS = """
In float32 PyTorch runs convolutions and whole LSTM layers as kernels of oneDNN, which it has not
for float64; graphviz_ad records every gate of every step.
"""


def page(findings: list[Finding], libraries: list[Any], rounds: int) -> str:
    """Return the page of the documentation."""
    versions = ", ".join(f"{library.name} {library.version}" for library in libraries)
    absent = "" if len(libraries) > 1 else f" {_TORCH} was not installed: its columns are left out."
    processor = platform.machine().replace("_", "-")
    return f"""# Training on real data

Written by `python -m benchmarks.training` on {datetime.date.today()}:
{os.cpu_count()}-core {processor} virtual machine, shared with other work;
Python {platform.python_version()}, NumPy {np.__version__}; {versions}.{absent}

Each workload is [written once](../benchmarks/training), with PyTorch's names for modules and
optimisers, and runs under each library from the same initial weights on the same batches, in
float64. Everything is drawn from one seed.

## Loss and score

The loss is the mean of the last {LAST} training steps. The last column is the largest difference
between the losses of the two libraries in the first {COMPARED} steps.

{learned(findings, libraries)}

{agreement(findings, libraries)}

## Time of a step

Forward pass, backward pass and optimiser, on one thread, by the CPU time of the process. The
libraries take turns in {rounds} rounds; a ratio is the median of those within one round.
graphviz_ad records everything, source lines included. The batch is made into tensors beforehand.
A ratio below 1 says that graphviz_ad is faster.

{timed(findings, libraries)}

{slower(findings, libraries)}
{kernels(libraries)}"""


def table(rows: list[list[str]]) -> str:
    """Return rows as a table, the first as its head."""
    head, *body = rows
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *body])


def learned(findings: list[Finding], libraries: list[Any]) -> str:
    """Return the table of losses and scores."""
    names = [library.name for library in libraries]
    head = ["workload", "steps", *(f"loss, {n}" for n in names), "score"]
    head += [*names, *(["difference"] if _TORCH in names else [])]
    rows = [head]
    for found in findings:
        work = found.workload
        losses = [_losses(found.losses[n][-LAST:].mean(axis=0)) for n in names]
        scores = [_score(found, n) for n in names]
        last = [f"{found.difference:.0e}"] if _TORCH in names else []
        rows.append([work.title, str(work.steps), *losses, work.measure, *scores, *last])
    return table(rows)


def agreement(findings: list[Finding], libraries: list[Any]) -> str:
    """Return a sentence on the workloads whose losses differ."""
    if len(libraries) < 2:
        return ""
    names = [f.workload.title for f in findings if not f.difference <= _AGREE]
    if names:
        return f"More than {_AGREE:g} apart: {'; '.join(names)}."
    return f"All agree to {_AGREE:g}."


def timed(findings: list[Finding], libraries: list[Any]) -> str:
    """Return the table of times and ratios."""
    names = [library.name for library in libraries]
    compared = _TORCH in names
    rows = [["workload"]]
    for dtype in ("float64", "float32"):
        rows[0] += [f"{dtype}, {n}" for n in names] + (["ratio"] if compared else [])
    for found in findings:
        row = [found.workload.title]
        for seconds in found.seconds.values():
            row += [f"{seconds[n] * 1e3:.2f} ms" for n in names]
            row += [f"{_ratio(seconds):.2f}"] if compared else []
        rows.append(row)
    return table(rows)


def slower(findings: list[Finding], libraries: list[Any]) -> str:
    """Return a sentence on the workloads whose steps take longer than PyTorch's."""
    if len(libraries) < 2:
        return ""
    names = [
        f"{found.workload.title}, {dtype} ({_ratio(seconds):.2f})"
        for found in findings
        for dtype, seconds in found.seconds.items()
        if round(_ratio(seconds), 2) > 1
    ]
    return f"Slower than PyTorch in this run: {'; '.join(names) or 'none'}."


def kernels(libraries: list[Any]) -> str:
    """Return why PyTorch is so much faster at some things in float32."""
    return _KERNELS if len(libraries) > 1 else ""


def _ratio(seconds: dict[str, float]) -> float:
    return seconds[_OURS] / seconds[_TORCH]


def _losses(losses: Any) -> str:
    return " and ".join(f"{loss:.4g}" for loss in losses)


def _score(found: Finding, name: str) -> str:
    score = found.scores[name]
    return f"{score:.1%}" if found.workload.percent else f"{score:.3g}"
