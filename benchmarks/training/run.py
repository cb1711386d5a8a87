"""The run: train every workload under every library, then time their steps in turns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from benchmarks.measure import interleaved
from benchmarks.training.adversarial import Adversarial
from benchmarks.training.autoencoder import Autoencoder
from benchmarks.training.characters import Characters
from benchmarks.training.digits import Convolutional, TwoLayer
from benchmarks.training.libraries import Array
from benchmarks.training.logistic import Logistic
from benchmarks.training.residual import Residual
from benchmarks.training.transformer import Transformer
from benchmarks.training.vae import Variational
from benchmarks.training.workload import Run, Workload

WORKLOADS: tuple[type[Workload], ...] = (
    Logistic, TwoLayer, Convolutional, Residual, Autoencoder, Variational, Characters,
    Transformer, Adversarial,
)  # fmt: skip

COMPARED = 50
"""Steps over which the losses must agree."""

LAST = 20
"""Steps whose mean is reported as the loss at the end."""


@dataclass
class Finding:
    """What was found about one workload; everything by the library's name.

    Attributes
    ----------
    workload : Workload
    losses : dict of str to ndarray, shape (steps, losses)
        Of the whole training in float64.
    scores : dict of str to float
        After it.
    seconds : dict of str to dict of str to float
        Of a step, by dtype and library.
    """

    workload: Workload
    losses: dict[str, Array]
    scores: dict[str, float]
    seconds: dict[str, dict[str, float]]

    @property
    def difference(self) -> float:
        """The largest difference between two libraries' losses in the first steps."""
        first, *others = [losses[:COMPARED] for losses in self.losses.values()]
        return max((float(abs(first - other).max()) for other in others), default=0.0)


def find(workload: Workload, libraries: list[Any], rounds: int) -> Finding:
    """Train `workload` under each library, and time its steps."""
    losses, scores = {}, {}
    for library in libraries:
        run = Run(workload, library)
        losses[library.name] = run.train(workload.steps)
        scores[library.name] = run.score()
    seconds = {
        dtype: step_seconds(workload, libraries, rounds, dtype) for dtype in ("float64", "float32")
    }
    return Finding(workload, losses, scores, seconds)


def step_seconds(
    workload: Workload, libraries: list[Any], rounds: int, dtype: str
) -> dict[str, float]:
    """Return the CPU seconds of a step under each library, on the first batch, as medians."""
    passes = {library.name: _timed(Run(workload, library, dtype)) for library in libraries}
    return interleaved(passes, rounds)


def _timed(run: Run) -> Any:
    batch = run.batch(0)
    return lambda: run.step(batch)
