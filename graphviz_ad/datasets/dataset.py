"""A data set: arrays, names, where they come from, and seeded splits and batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from graphviz_ad.errors import ArgumentError, ShapeError

__all__ = ["Dataset", "batches"]

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Dataset:
    """Inputs and what is to be predicted from them.

    Attributes
    ----------
    x : ndarray, shape (n, …)
    y : ndarray, shape (n, …)
        Labels 0, 1, … as integers, or numbers.
    source : str
        Where the data come from.
    feature_names : tuple of str
        Of the columns of `x`; empty where they have none.
    target_names : tuple of str
        Of the labels; empty where they have none.

    Raises
    ------
    ShapeError
        Unless `x` and `y` are of one length.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> import numpy as np
    >>> data = ad.datasets.Dataset(np.arange(10.0), np.arange(10), "counted")
    >>> train, test = data.split(0.2, rng=0)
    >>> len(train), len(test)
    (8, 2)
    """

    x: Array
    y: Array
    source: str
    feature_names: tuple[str, ...] = ()
    target_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.x) != len(self.y):
            got = f"x {self.x.shape} and y {self.y.shape}"
            raise ShapeError("Dataset", "x and y of one length", got)

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, rows: Any) -> Dataset:
        """Return the chosen rows: a slice, or an array of row numbers or booleans."""
        return replace(self, x=self.x[rows], y=self.y[rows])

    def __repr__(self) -> str:
        return f"Dataset(x {self.x.shape} {self.x.dtype}, y {self.y.shape} {self.y.dtype})"

    def split(
        self, test: float = 0.2, rng: np.random.Generator | int = 0
    ) -> tuple[Dataset, Dataset]:
        """Split at random into two, for training and for testing.

        Parameters
        ----------
        test : float, in (0, 1)
            The share of the second.
        rng : numpy.random.Generator or int
            The same seed gives the same split.

        Raises
        ------
        ArgumentError
            For a share that leaves one of the two empty.
        """
        count = round(test * len(self)) if 0 < test < 1 else 0
        if not 0 < count < len(self):
            got = f"{test!r} of {len(self)}"
            raise ArgumentError("Dataset.split", "a share that leaves neither part empty", got)
        order = np.random.default_rng(rng).permutation(len(self))
        return self[order[count:]], self[order[:count]]


def batches(
    *arrays: Array, size: int = 32, rng: np.random.Generator | int | None = None,
    drop_last: bool = False,
) -> Iterator[tuple[Array, ...]]:  # fmt: skip
    """Yield batches of rows of several arrays.

    Parameters
    ----------
    *arrays : ndarray
        Of one length.
    size : int
        Rows in a batch; the last has the rest.
    rng : numpy.random.Generator or int, optional
        What shuffles; the order is kept where it is left out.
    drop_last : bool
        Whether to leave out a last batch that is smaller.

    Raises
    ------
    ArgumentError
        For no arrays or a size below 1.
    ShapeError
        For arrays of different lengths.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> import numpy as np
    >>> [x.tolist() for (x,) in ad.datasets.batches(np.arange(5), size=2)]
    [[0, 1], [2, 3], [4]]
    """
    if not arrays or size < 1:
        got = f"{len(arrays)} arrays, size={size}"
        raise ArgumentError("batches", "arrays, and a size of 1 or more", got)
    if len({len(array) for array in arrays}) > 1:
        got = ", ".join(str(array.shape) for array in arrays)
        raise ShapeError("batches", "arrays of one length", got)
    return _batches(arrays, size, rng, drop_last)


def _batches(
    arrays: tuple[Array, ...], size: int, rng: np.random.Generator | int | None, drop_last: bool
) -> Iterator[tuple[Array, ...]]:
    count = len(arrays[0])
    order = np.arange(count) if rng is None else np.random.default_rng(rng).permutation(count)
    for start in range(0, count - size + 1 if drop_last else count, size):
        rows = order[start : start + size]
        yield tuple(array[rows] for array in arrays)
