"""A progress bar with metrics and early stopping around a training loop that stays yours."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Sized
from typing import Any, Generic, Literal, TextIO, TypeVar

from graphviz_ad.console import Line, bar
from graphviz_ad.errors import ArgumentError

__all__ = ["Progress"]

_T = TypeVar("_T")
_SECONDS_BETWEEN_DRAWINGS = 0.1


class Progress(Generic[_T]):
    """Go through epochs (or steps): show how far, collect metrics, stop when nothing improves.

    Parameters
    ----------
    epochs : iterable
        What to go through; an int n stands for ``range(n)``.
    monitor : str, optional
        The metric that tells whether an epoch was an improvement.
    mode : {"min", "max"}
        Whether less is better.
    patience : int, optional
        After how many epochs without improvement to stop; never where it is left out.
    min_delta : float
        By how much the metric must improve to count.
    file : file, optional
        Where to write, standard error where it is left out. A terminal or notebook
        shows one line that changes; a file gets a line per epoch.
    quiet : bool
        Whether to write nothing.

    Attributes
    ----------
    history : dict of str to list of float
        Every metric's mean in each epoch so far; NaN where it was not logged.
    best : float
        The best value of the monitored metric.
    best_epoch : int or None
        In which epoch, counted from 0.
    improved : bool
        Whether the current epoch's value of the monitored metric is the best so far:
        the moment to keep a state dict.
    stopped : bool
        Whether patience ran out.

    Raises
    ------
    ArgumentError
        For a patience without a monitor or below 1, or another mode; when an epoch ends
        without the monitored metric.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> w = ad.parameter(4.0)
    >>> optimizer = ad.optim.SGD([w], lr=0.25)
    >>> progress = ad.nn.Progress(100, monitor="loss", patience=2, min_delta=1e-3, quiet=True)
    >>> for epoch in progress:
    ...     optimizer.zero_grad()
    ...     loss = w * w
    ...     loss.backward()
    ...     optimizer.step()
    ...     progress.log(loss=loss)
    >>> progress.stopped, len(progress.history["loss"]), progress.best_epoch
    (True, 10, 7)
    """

    def __init__(
        self,
        epochs: Iterable[_T] | int,
        *,
        monitor: str | None = None,
        mode: Literal["min", "max"] = "min",
        patience: int | None = None,
        min_delta: float = 0.0,
        file: TextIO | None = None,
        quiet: bool = False,
    ) -> None:
        if mode not in ("min", "max"):
            raise ArgumentError("Progress", "mode 'min' or 'max'", repr(mode))
        if patience is not None and (monitor is None or patience < 1):
            got = f"patience={patience!r}, monitor={monitor!r}"
            raise ArgumentError("Progress", "a patience of 1 or more with a monitor", got)
        self._epochs: Iterable[Any] = range(epochs) if isinstance(epochs, int) else epochs
        self._total = len(self._epochs) if isinstance(self._epochs, Sized) else None
        self._monitor, self._sign = monitor, 1.0 if mode == "min" else -1.0
        self._patience, self._min_delta = patience, min_delta
        self._text, self._quiet = Line(file), quiet
        self._sums: dict[str, tuple[float, int]] = {}
        self._done = 0
        self._begun = self._drawn = 0.0
        self.history: dict[str, list[float]] = {}
        self.best = self._sign * math.inf
        self.best_epoch: int | None = None
        self.stopped = False

    def __iter__(self) -> Iterator[_T]:
        self._begun = time.monotonic()
        for epoch in self._epochs:
            self._draw()
            yield epoch
            self._finish()
            if self.stopped:
                break
        self._text.end()

    def log(self, **metrics: Any) -> None:
        """Add values to the means of this epoch's metrics: numbers, or tensors of one element."""
        for name, value in metrics.items():
            total, count = self._sums.get(name, (0.0, 0))
            self._sums[name] = total + float(value), count + 1
        if time.monotonic() - self._drawn > _SECONDS_BETWEEN_DRAWINGS and self._text.changes:
            self._draw()

    @property
    def means(self) -> dict[str, float]:
        """The means of this epoch's metrics so far."""
        return {name: total / count for name, (total, count) in self._sums.items()}

    @property
    def improved(self) -> bool:
        """Whether this epoch's value of the monitored metric is the best so far."""
        value = self.means.get(self._monitor or "", math.nan)
        return self._sign * value < self._sign * self.best - self._min_delta

    def _finish(self) -> None:
        """Take the epoch's means into the history, and see whether it improved."""
        means = self.means
        if self._monitor is not None:
            if self._monitor not in means:
                got = ", ".join(means) or "none"
                hint = f"call log({self._monitor}=…) in every epoch"
                raise ArgumentError("Progress", f"the metric {self._monitor!r}", got, hint)
            if self.improved:
                self.best, self.best_epoch = means[self._monitor], self._done
        for name in {**self.history, **means}:
            earlier = self.history.setdefault(name, [math.nan] * self._done)
            earlier.append(means.get(name, math.nan))
        waited = self._done - (-1 if self.best_epoch is None else self.best_epoch)
        self.stopped = self._patience is not None and waited >= self._patience
        self._done += 1
        self._draw(ended=True)
        self._sums = {}

    def _draw(self, ended: bool = False) -> None:
        self._drawn = time.monotonic()
        if not self._quiet and (ended or self._text.changes):
            self._text.write(self._line())

    def _line(self) -> str:
        seconds = time.monotonic() - self._begun
        metrics = "  ".join(f"{name} {value:.4g}" for name, value in self.means.items())
        head = bar(self._done, self._total) if self._total else str(self._done)
        stop = f"  stopped: no improvement in {self._patience}" if self.stopped else ""
        return f"{head}  {seconds:.0f} s  {metrics}{stop}"
