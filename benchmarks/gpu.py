"""``python -m benchmarks.gpu``: this engine on CuPy and PyTorch on the same card, and the floor.

Writes docs/gpu.md: which operations agree with NumPy on the card, the passes of
``benchmarks.workloads`` and the training steps of ``benchmarks.training``. Where there is no GPU
it says so, in the page too, and measures nothing. The floor is the time in which the card's
memory can carry what must at least move: inputs and parameters are read, and every gradient is
written, once; a training step writes the parameters, too.
"""

from __future__ import annotations

import datetime
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import numpy as np

import graphviz_ad as ad
from benchmarks.peers import eager_pass
from benchmarks.training.libraries import GraphvizAD, Torch
from benchmarks.training.run import WORKLOADS
from benchmarks.training.workload import Run
from benchmarks.training.workload import Workload as Program
from benchmarks.workloads import Workload, workloads
from graphviz_ad.errors import BackendError

PAGE = Path(__file__).parents[1] / "docs" / "gpu.md"
NAMES = ("mlp", "cnn")
ROUNDS = 30
_STREAM = 1 << 28  # bytes that the bandwidth is measured with

HEAD = """\
# On a GPU

Written by `python -m benchmarks.gpu`. Every operation has one rule for NumPy and CuPy;
`x.to("cupy")` and `net.to("cupy")` move tensors and modules, and
`ad.backend.is_available("cupy")` says whether they can. Operands of two backends in one
operation are a `BackendError`, with their names and shapes; lists, numbers and indices follow
the tensor. `tests/gpu` runs the table of operations with CuPy's arrays, and without a GPU with a
stand-in that is as strict as CuPy about mixing array libraries. CuPy itself imports without a GPU:
continuous integration compares with it every name and keyword that the rules ask of it.

On a machine with an NVIDIA GPU, one command runs those tests and measures what is below:

```console
pip install '.[test,cupy-cuda12x]' && pytest tests/gpu && python -m benchmarks.gpu
```

What differs from NumPy there:

- CuPy has no read-only arrays: an array that was handed out as `x.data` can be written to.
- CuPy wraps an array of indices that is out of range, where NumPy raises an error. Indices that
  come from the host (lists, NumPy arrays) are checked there and are an `IndexingError`; for those
  that are on the GPU themselves a check would have to wait for the device, and there is none.
  Labels and rows of an embedding are checked everywhere.
- CuPy's linear algebra does not check by default that it succeeded: a singular matrix gives
  numbers without meaning, and no error (`cupyx.errstate(linalg="raise")` checks).

"""


@dataclass(frozen=True)
class Row:
    """One workload: seconds of a pass of each, and the floor."""

    title: str
    ours: float
    theirs: float | None
    floor: float


def why_not() -> str:
    """Return why nothing can be measured on this machine; empty where it can."""
    try:
        ad.backend.require("cupy", "benchmarks.gpu")
    except BackendError as error:
        return error.got
    return ""


def conv_workload(dtype: Any = np.float32) -> Workload:
    """Return the convolution 32×3×32×32, 16 filters of 3×3, as a workload."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(32, 3, 32, 32)).astype(dtype)
    K = rng.normal(size=(16, 3, 3, 3)).astype(dtype)
    return Workload(
        "conv", "convolution 32×3×32×32, 16 filters of 3×3",
        lambda F, x, K: F.conv2d(x, K).sum(), lambda *_: (0.0, []), (), (x, K),
    )  # fmt: skip


def chosen() -> list[Workload]:
    """Return the workloads that are measured."""
    return [w for w in workloads() if w.name in NAMES] + [conv_workload()]


def _single(value: Any) -> Any:
    return value.astype(np.float32) if value.dtype.kind == "f" else value


def moved_bytes(workload: Workload) -> int:
    """Return what a pass must at least read and write, in float32."""
    read = sum(_single(a).nbytes for a in (*workload.constants, *workload.parameters))
    return read + sum(_single(p).nbytes for p in workload.parameters)


def our_pass(workload: Workload, backend: str = "cupy") -> Callable[[], Any]:
    """Return a forward and backward pass of this engine."""
    F = SimpleNamespace(
        linear=lambda x, W, b: x @ W + b, relu=ad.relu, conv2d=ad.conv2d,
        max_pool2d=ad.max_pool2d, cross_entropy=ad.cross_entropy,
    )  # fmt: skip
    constants = [ad.tensor(_single(c)).to(backend) for c in workload.constants]
    leaves = [ad.tensor(_single(p)).to(backend).requires_grad_() for p in workload.parameters]
    return eager_pass(F, workload, constants, leaves)


def torch_pass(workload: Workload, device: str = "cuda") -> Callable[[], Any] | None:
    """Return PyTorch's pass; None where it is not installed or sees no GPU."""
    try:
        import torch
    except ImportError:
        return None
    if device == "cuda" and not torch.cuda.is_available():
        return None
    nn = torch.nn.functional
    F = SimpleNamespace(
        linear=lambda x, W, b: torch.addmm(b, x, W), relu=torch.relu, conv2d=nn.conv2d,
        max_pool2d=nn.max_pool2d, cross_entropy=nn.cross_entropy,
    )  # fmt: skip
    constants = [torch.tensor(_single(c), device=device) for c in workload.constants]
    leaves = [
        torch.tensor(_single(p), device=device, requires_grad=True) for p in workload.parameters
    ]
    return eager_pass(F, workload, constants, leaves)


def training_step(program: Program, library: Any, device: str) -> tuple[Callable[[], Any], int]:
    """Return a training step in float32, and the bytes that it must at least move."""
    run = Run(program, library, "float32", device)
    batch = run.batch(0)
    rng = np.random.default_rng([program.seed, 0])
    read = sum(_single(np.asarray(array)).nbytes for array in program.batch(rng))
    weights = sum(4 * int(np.prod(tuple(p.shape))) for p in run.net.parameters())
    return lambda: run.step(batch), read + 3 * weights


def agreeing(report: str) -> tuple[int, list[str]]:
    """Return how many operations a report of tests/gpu/test_ops.py has, and those that differ."""
    bad, seen = set(), set()
    for case in ElementTree.fromstring(report).iter("testcase"):
        ids = str(case.get("name")).partition("[")[2].rstrip("]").split("-")
        name = "-".join(part for part in ids if part not in ("GPU", "stand", "in"))
        seen.add(name)
        if case.find("failure") is not None or case.find("error") is not None:
            bad.add(name)
    return len(seen), sorted(bad)


def operations() -> str:
    """Run the table of operations on the card, and say how many agree with NumPy."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        table = PAGE.parents[1] / "tests" / "gpu" / "test_ops.py"
        subprocess.run(
            [sys.executable, "-m", "pytest", table, "-q", "-m", "gpu", f"--junitxml={report}"],
            cwd=PAGE.parents[1], check=False,
        )  # fmt: skip
        count, bad = agreeing(report.read_text(encoding="utf-8"))
    which = f"; these differ: {', '.join(bad)}" if bad else ""
    return f"Of {count} operations {count - len(bad)} agree with NumPy on this card{which}."


def timed(run: Callable[[], Any], wait: Callable[[], Any], rounds: int = ROUNDS) -> float:
    """Return the median seconds of a pass, until the device is done."""
    for _ in range(3):
        run()
    wait()
    samples = []
    for _ in range(rounds):
        start = time.perf_counter()
        run()
        wait()
        samples.append(time.perf_counter() - start)
    return statistics.median(samples)


def bandwidth(xp: Any, wait: Callable[[], Any]) -> float:
    """Return the bytes a second that a copy reads and writes in the card's memory."""
    source = xp.zeros(_STREAM // 4, dtype=xp.float32)
    target = xp.empty_like(source)

    def copy() -> None:
        target[...] = source

    return 2 * _STREAM / timed(copy, wait)


def measure() -> tuple[str, list[Row]]:
    """Return what was measured on, in words, and the rows."""
    xp = ad.backend.require("cupy", "benchmarks.gpu")
    wait = xp.cuda.Device().synchronize
    speed = bandwidth(xp, wait)
    rows = []
    torch_version = "not installed, or without this GPU"
    for workload in chosen():
        theirs = torch_pass(workload)
        if theirs is not None:
            import torch

            torch_version = torch.__version__
        rows.append(
            Row(
                workload.title,
                timed(our_pass(workload), wait),
                None if theirs is None else timed(theirs, wait),
                moved_bytes(workload) / speed,
            )
        )
    for make in WORKLOADS:
        program = make()
        ours, moved = training_step(program, GraphvizAD(), GraphvizAD.gpu)
        theirs = None
        if torch_version[0].isdigit():
            theirs = training_step(program, Torch(), Torch.gpu)[0]
        title = f"training step: {program.title}"
        rows.append(
            Row(title, timed(ours, wait), None if theirs is None else timed(theirs, wait),
                moved / speed)
        )  # fmt: skip
    card = xp.cuda.runtime.getDeviceProperties(0)["name"].decode()
    where = (
        f"{datetime.date.today().isoformat()}, {card}, {speed / 1e9:.0f} GB/s measured by a copy; "
        f"CuPy {xp.__version__}, NumPy {np.__version__}, PyTorch {torch_version}; float32.\n\n"
        f"{operations()}"
    )
    return where, rows


def page(where: str, rows: list[Row]) -> str:
    """Return docs/gpu.md; without rows, `where` says why there are none."""
    if not rows:
        reason = f"the machine that wrote this page had {where}"
        return f"{HEAD}## Times\n\nNot measured on a GPU yet: {reason}.\n"
    lines = [
        "| forward and backward | graphviz_ad | PyTorch | ratio | floor |",
        "|---|---:|---:|---:|---:|",
    ]
    for row in rows:
        theirs = "–" if row.theirs is None else f"{row.theirs * 1e3:.3f} ms"
        ratio = "–" if row.theirs is None else f"{row.ours / row.theirs:.2f}"
        lines.append(
            f"| {row.title} | {row.ours * 1e3:.3f} ms | {theirs} | {ratio}"
            f" | {row.floor * 1e3:.4f} ms |"
        )
    return f"{HEAD}## Times\n\n{where}\n\n" + "\n".join(lines) + "\n"


def main() -> None:
    missing = why_not()
    where, rows = (missing, []) if missing else measure()
    text = page(where, rows)
    print(text.rpartition("## Times\n")[2])
    if rows or not PAGE.exists():
        PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
