"""The parts of the checks that know nothing of ops: differences, weights, comparisons."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from graphviz_ad.errors import CheckError

STEP = 1e-6
"""The step of central differences in float64, where their error is about 1e-10."""


def central_difference(
    function: Callable[..., float], arrays: Sequence[Any], slot: int, step: float = STEP
) -> Any:
    """Return the gradient of a scalar function of arrays by ``(f(x + h) − f(x − h)) / 2h``.

    Parameters
    ----------
    function : callable
        Takes all of `arrays` and returns a number.
    arrays : sequence
    slot : int
        Which one is varied; in float64.
    step : float
        ``h`` is `step` times ``max(1, |x|)``.
    """
    x = np.array(arrays[slot], dtype=float)
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        h = step * max(1.0, abs(float(x[index])))
        ends = []
        for sign in (1.0, -1.0):
            moved = x.copy()
            moved[index] += sign * h
            values = list(arrays)
            values[slot] = moved if moved.ndim else moved[()]
            ends.append(function(*values))
        gradient[index] = (ends[0] - ends[1]) / (2 * h)
    return gradient


def random_weights(outputs: list[Any]) -> list[Any]:
    """Return a gradient for every floating-point output, None for the others.

    It is random, but for a single number 1: messages then show the derivative itself.
    """
    rng = np.random.default_rng(2)
    return [
        None if y.dtype.kind != "f" else rng.normal(size=y.shape) if y.shape else np.float64(1.0)
        for y in outputs
    ]


def weighted_sum(outputs: Sequence[Any], weights: list[Any]) -> float:
    """Return the sum of the outputs' elements, each times its weight."""
    return float(sum(np.vdot(w, y) for w, y in zip(weights, outputs, strict=True) if w is not None))


def as_tuple(value: Any) -> tuple[Any, ...]:
    """Return what an op gave, one output or a tuple of them, as a tuple."""
    return value if type(value) is tuple else (value,)


def as_outputs(value: Any) -> tuple[Any, ...]:
    """Return what a NumPy function gave as a tuple: some return a list for several outputs."""
    return tuple(value) if isinstance(value, (tuple, list)) else (value,)


def compare(
    function: str, label: str, got: Any, expected: Any, against: str, rtol: float, atol: float,
    where: str = "",
) -> None:  # fmt: skip
    """Compare two arrays, NaN being equal to NaN.

    Raises
    ------
    CheckError
        Naming the element that differs most, what it was compared `against` and `where`.
    """
    got, expected = np.asarray(got), np.asarray(expected)
    if got.dtype.kind in "biu":
        got = got.astype(float)
    if expected.dtype.kind in "biu":
        expected = expected.astype(float)
    if got.shape != expected.shape:
        raise CheckError(function, f"{label} of shape {expected.shape}", f"{got.shape}", where)
    wrong = list(_elements(got, expected, rtol, atol))
    if wrong:
        index = wrong[0]
        place = f"{label}[{', '.join(map(str, index))}]" if index else label
        hint = f"{len(wrong)} of {got.size} elements differ" + (
            f"; sample {where}" if where else ""
        )
        wanted = f"{place} = {float(expected[index]):.9g} by {against}"
        raise CheckError(function, wanted, f"{float(got[index]):.9g}", hint)


def _elements(got: Any, expected: Any, rtol: float, atol: float) -> Iterator[tuple[int, ...]]:
    """Yield the indices of the elements that differ, the worst one first."""
    with np.errstate(all="ignore"):
        wrong = ~np.isclose(got, expected, rtol=rtol, atol=atol, equal_nan=True)
        size = np.where(np.isfinite(got - expected), np.abs(got - expected), np.inf)
    found = [tuple(map(int, i)) for i in np.argwhere(wrong)] if wrong.ndim else [()] * int(wrong)
    yield from sorted(found, key=lambda index: -float(size[index]))
