"""What a monitor remembers of a training run, in bounded memory."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from graphviz_ad.backend import namespace
from graphviz_ad.diagnose.numbers import array_of, norm

__all__ = [
    "SPREAD_EDGES", "Agreement", "History", "Sample", "Thinned", "fast_dot", "fast_norm",
]  # fmt: skip

SPREAD_EDGES = np.linspace(-20.0, 10.0, 121)
"""Between which log10 |values| are counted: a quarter of a decade each."""

_SPREADS = 64  # how many histograms of a parameter are kept
_COUNTED = 2048  # elements of a large array that are counted


@dataclass(frozen=True, slots=True)
class Sample:
    """The size of one parameter at one step, as norms.

    Attributes
    ----------
    step : int
    weight, gradient, update : float
        ‖w‖ before the update, ‖∂L/∂w‖ and ‖Δw‖; the gradient is NaN where there is none.
    descent : float
        cos(Δw, −∂L/∂w): 1 for plain gradient descent, −1 when the sign is wrong.
    """

    step: int
    weight: float
    gradient: float
    update: float
    descent: float

    @property
    def ratio(self) -> float:
        """‖Δw‖ / ‖w‖; NaN for a parameter of zeros."""
        return self.update / self.weight if self.weight > 0 else math.nan


@dataclass(frozen=True, slots=True)
class Agreement:
    """The gradients of two neighbouring steps, over all parameters.

    Attributes
    ----------
    step : int
        The later one.
    product : float
        ∇₁ · ∇₂: its mean is ‖E∇‖², since the noise of two batches is independent.
    square : float
        ‖∇₂‖²: its mean is ‖E∇‖² + the variance of a batch’s gradient.
    """

    step: int
    product: float
    square: float


class Thinned:
    """A sequence of at most `limit` items: when it is full every second one is dropped.

    Items then come in at half the rate, so that they stay evenly spread over the run.
    """

    def __init__(self, limit: int) -> None:
        self.limit = max(int(limit), 4)
        self.items: list[Any] = []
        self.stride = 1
        self._skipped = 0

    def append(self, item: Any) -> None:
        """Add an item, unless it falls between two that are kept."""
        self._skipped += 1
        if self._skipped < self.stride:
            return
        self._skipped = 0
        self.items.append(item)
        if len(self.items) >= self.limit:
            del self.items[::2]
            self.stride *= 2

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.items)


class History:
    """The losses, and samples of every parameter.

    Attributes
    ----------
    losses : Thinned of (int, float)
        Step and loss.
    samples : dict from str to Thinned of Sample
    names : dict from str to (tuple of int, bool)
        Of every parameter: its shape, and whether it is in the optimiser (True if not known).
    agreements : Thinned of Agreement
    spreads : dict from str to Thinned of (int, array)
        Step, and how many of the gradient's elements lie between the `SPREAD_EDGES`.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.losses = Thinned(limit)
        self.samples: dict[str, Thinned] = {}
        self.names: dict[str, tuple[tuple[int, ...], bool]] = {}
        self.agreements = Thinned(limit)
        self.spreads: dict[str, Thinned] = {}

    def windows(self, count: int = 5) -> list[float]:
        """Return the medians of the finite losses over `count` equal parts of the run."""
        losses = np.array([loss for _, loss in self.losses if math.isfinite(loss)])
        parts = np.array_split(losses, count)
        return [float(np.median(part)) for part in parts if part.size]

    def noise_ratio(self, last: int = 20) -> float:
        """Return the variance of a batch’s gradient over the square of the mean gradient.

        That is the simple noise scale divided by the batch size, B_simple / B = tr Σ / (B ‖G‖²)
        (McCandlish, Kaplan, Amodei and the OpenAI Dota team, "An empirical model of large-batch
        training", 2018, equation 2.9), estimated as a ratio of averages (their appendix A) of
        pairs of neighbouring steps: the weights hardly differ, the batches do.

        Parameters
        ----------
        last : int
            How many of the newest pairs count.

        Returns
        -------
        float
            Inf where the mean gradient is lost in the noise, NaN for no pairs.
        """
        pairs = [p for p in list(self.agreements)[-last:] if math.isfinite(p.square)]
        if not pairs:
            return math.nan
        signal = sum(p.product for p in pairs) / len(pairs)
        noise = sum(p.square - p.product for p in pairs) / len(pairs)
        return noise / signal if signal > 0 else math.inf if noise > 0 else math.nan

    def gradient_cosine(self, last: int = 20) -> float:
        """Return the cosine between gradients of neighbouring steps, over the newest pairs.

        About 0 for noise; far below 0 for steps that cross a valley and come back.
        """
        pairs = [p for p in list(self.agreements)[-last:] if math.isfinite(p.square)]
        square = sum(p.square for p in pairs)
        return sum(p.product for p in pairs) / square if square > 0 else math.nan

    def add(self, name: str, sample: Sample) -> None:
        """Add a sample of a parameter."""
        self.samples.setdefault(name, Thinned(self.limit)).append(sample)

    def add_spread(self, name: str, step: int, values: Any) -> None:
        """Add a histogram of log10 |values|, zeros left out; of a large array from a part."""
        flat = values.ravel()
        # an odd stride: an even one may meet the same columns in every row
        part = array_of(flat[:: max(flat.size // _COUNTED, 1) | 1])
        sizes = np.abs(part[np.isfinite(part) & (part != 0)].astype(float))
        counts = np.histogram(np.log10(sizes), SPREAD_EDGES)[0].astype(np.uint16)
        self.spreads.setdefault(name, Thinned(_SPREADS)).append((step, counts))


def fast_norm(array: Any) -> float:
    """Return the Euclidean norm, in one pass where the squares neither over- nor underflow.

    Examples
    --------
    >>> import numpy as np
    >>> from graphviz_ad.diagnose.history import fast_norm
    >>> fast_norm(np.array([3.0, 4.0]))
    5.0
    """
    flat = array.ravel()
    with np.errstate(all="ignore"):
        square = float(namespace(flat).dot(flat, flat)) if flat.size else 0.0
    low, high = (1e-280, 1e280) if flat.dtype.itemsize >= 8 else (1e-30, 1e36)
    return math.sqrt(square) if low < square < high else norm(array)


def fast_dot(a: Any, b: Any) -> float:
    """Return the sum of the products of two arrays of one shape.

    Examples
    --------
    >>> import numpy as np
    >>> from graphviz_ad.diagnose.history import fast_dot
    >>> fast_dot(np.ones((2, 3)), np.full((2, 3), 2.0))
    12.0
    """
    with np.errstate(all="ignore"):
        return float(namespace(a).dot(a.ravel(), b.ravel())) if a.size else 0.0
