"""A derivative against central finite differences: the tolerance, the noise, and kinks."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from graphviz_ad.trace.explain.shown import Shown, number

__all__ = ["STEP", "CheckedElement", "judge", "tolerance"]

_EPS = float(np.finfo(np.float64).eps)

STEP = _EPS ** (1 / 3)
"""The step that balances truncation against rounding for central differences."""

_TOLERANCE = {"float64": 1e-5, "float32": 2e-3, "float16": 5e-2}
_FINER = 16  # how much smaller the step is with which a kink is looked for
_ROUNDINGS = 16  # of the size of what is summed, in units of the last place


def tolerance(dtype: str) -> float:
    """Return the relative error up to which a derivative computed in `dtype` agrees.

    Central differences with the step ε^⅓ are right to about ε^⅔ (Gill, Murray and Wright,
    "Practical optimization", 1981, chapter 8), 4e-11 in float64, and a sum loses some of it;
    a derivative in a shorter dtype has its own rounding.

    Examples
    --------
    >>> from graphviz_ad.trace.explain.differences import tolerance
    >>> tolerance("float32")
    0.002
    """
    return _TOLERANCE.get(dtype, _TOLERANCE["float64"])


@dataclass(frozen=True, slots=True, repr=False)
class CheckedElement(Shown):
    """One element: A∇ against differences.

    Attributes
    ----------
    label : str
        ``"W∇[3, 2]"``.
    index : tuple of int
    gradient : float
        As the backward pass computed it.
    difference : float
        ``(f(x + h) − f(x − h)) / 2h``.
    error : float
        Their distance relative to the larger of the two (to the largest gradient of the
        value, where both are tiny beside it).
    kink : bool
        Whether the differences from the left and from the right disagree however small
        the step: there is no derivative to compare with.
    ok : bool
    """

    label: str
    index: tuple[int, ...]
    gradient: float
    difference: float
    error: float
    kink: bool
    ok: bool

    def cells(self) -> tuple[str, ...]:
        """Return the columns of its row in a table."""
        told = "kink: one-sided differences disagree" if self.kink else "" if self.ok else "WRONG"
        return (
            self.label, number(self.gradient), f"differences {number(self.difference)}",
            f"relative error {self.error:.1e}", told,
        )  # fmt: skip

    def _text(self) -> str:
        return "  ".join(part for part in self.cells() if part)


def judge(
    change: Callable[[float, float], float], label: str, index: tuple[int, ...], gradient: float,
    dtype: str, *, step: float, scale: float, size: float,
) -> CheckedElement:  # fmt: skip
    """Compare a derivative with differences, and look for a kink within a step.

    Parameters
    ----------
    change : callable
        ``change(a, b)`` is f(x + a) − f(x + b).
    label : str
    index : tuple of int
    gradient : float
        What is compared.
    dtype : str
        In which it was computed.
    step : float
    scale : float
        The size of gradients that matter: the largest of the value.
    size : float
        The sum of the magnitudes that add up to f, whose rounding the differences have.
    """
    noise = _ROUNDINGS * _EPS * size / step
    with np.errstate(all="ignore"):
        right, left = change(step, 0.0) / step, change(0.0, -step) / step
        kink = False
        largest = max(abs(right), abs(left), 1e-3 * scale)
        if abs(right - left) > max(1e-3 * largest, 2 * _FINER * noise):
            # a curve's one-sided differences approach each other with the step, a kink's do not
            fine = step / _FINER
            near, far = change(fine, 0.0) / fine, change(0.0, -fine) / fine
            kink = not abs(near - far) < 0.5 * abs(right - left)
            if not kink:
                right, left, noise = near, far, noise * _FINER
        difference = (right + left) / 2
    if math.isnan(gradient) or math.isnan(difference):
        same = math.isnan(gradient) == math.isnan(difference)
        return CheckedElement(label, index, gradient, difference, math.nan, kink, same)
    largest = max(abs(gradient), abs(difference), 1e-3 * scale)
    if math.isinf(largest):
        same = gradient == difference
        error = 0.0 if same else math.inf
        return CheckedElement(label, index, gradient, difference, error, kink, same)
    distance = abs(gradient - difference)
    error = distance / largest if largest else 0.0
    ok = kink or error <= tolerance(dtype) or distance <= noise
    return CheckedElement(label, index, gradient, difference, error, kink, ok)
