"""Conditions on what a step shows, read by a small parser: never evaluated as code."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from graphviz_ad.errors import TraceError
from graphviz_ad.trace.explain.shown import host, norm, number
from graphviz_ad.trace.model import Step
from graphviz_ad.trace.trace import Trace

__all__ = ["Condition", "parse_condition"]

_TESTS = ("isnan", "isinf")
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_QUANTITIES: dict[str, Callable[[Any], float]] = {
    "norm": norm,
    "rms": lambda a: norm(a) / math.sqrt(a.size) if a.size else 0.0,
    "max": lambda a: float(np.abs(a).max(initial=0.0)),
}
_COMPARED = re.compile(
    r"(?P<quantity>[a-z]+)\s*(?P<sign><=|>=|<|>)\s*"
    r"(?P<number>[-+−]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+−]?\d+)?)\s*(?P<unit>decades?)?"
)
_CROSSED = re.compile(
    r"(?P<quantity>norm|rms) (?P<sign>drops|rises) (?:a|(?P<number>\d+\.?\d*|\.\d+)) decades?"
)


@dataclass(frozen=True, slots=True)
class Condition:
    """A test of the arrays that a step shows.

    Attributes
    ----------
    text : str
        As it was written, with single spaces.
    quantity : str
        ``"isnan"``, ``"isinf"``, ``"norm"``, ``"rms"``, ``"max"`` (of the magnitudes) or
        ``"gain"`` (how many decades a contribution is larger than the gradient that it
        was computed from, by their norms).
    sign : str
        A comparison; or, for a norm or RMS, ``"drops"`` or ``"rises"``: going backward, the
        gradient passes a power of ten (of ``10 ** bound``) times the loss's gradient, so
        that small losses that add up are met as well as a single large one.
    bound : float
    """

    text: str
    quantity: str
    sign: str = ""
    bound: float = 0.0

    def met(self, trace: Trace, step: Step, value: int | None = None) -> str:
        """Say what meets the condition in a step; empty when nothing does.

        Parameters
        ----------
        trace : Trace
        step : Step
        value : int, optional
            Look at this value only.
        """
        if self.quantity == "gain":
            return self._gain(trace, step, value)
        if self.sign in ("drops", "rises"):
            return self._crossing(trace, step, value)
        for label, array in _shown(trace, step, value):
            if array.dtype.kind != "f":
                continue
            if self.quantity in _TESTS:
                marked = np.isnan(array) if self.quantity == "isnan" else np.isinf(array)
                count = int(marked.sum())
                if count:
                    kind = "NaN" if self.quantity == "isnan" else "infinite"
                    return f"{label} has {count} {kind} of {array.size}"
                continue
            measured = _QUANTITIES[self.quantity](array)
            if _COMPARISONS[self.sign](measured, self.bound):
                return f"{self.quantity} of {label} is {number(measured)}"
        return ""

    def _gain(self, trace: Trace, step: Step, value: int | None) -> str:
        inf = math.inf
        before = _size(_gradients(trace, step), False) if step.phase == "backward" else 0.0
        for sent in step.contributions:
            after = norm(trace.contribution(sent.edge))
            if value not in (None, sent.value) or not (0 < before < inf and 0 < after < inf):
                continue
            gain = math.log10(after) - math.log10(before)
            if _COMPARISONS[self.sign](gain, self.bound):
                label = trace.gradient_label(sent.value)
                return f"gain to {label} is {number(gain)} decades"
        return ""

    def _crossing(self, trace: Trace, step: Step, value: int | None) -> str:
        given = trace.gradient(trace.output)
        if step.phase != "backward" or step.op is None or given is None:
            return ""
        per_element = self.quantity == "rms"
        whole, read = _size([given], per_element), _gradients(trace, step)
        before = _size(read, per_element)
        if not (0 < whole < math.inf and 0 < before < math.inf):
            return ""
        for sent in step.contributions:
            after = _size([trace.contribution(sent.edge)], per_element)
            if value in (None, sent.value) and self._crosses(before, after, whole):
                label = trace.gradient_label(sent.value)
                return f"{self.quantity} of {label} is {number(after)}, from {number(before)}"
        return ""

    def _crosses(self, before: float, after: float, whole: float) -> bool:
        if not 0 < after < math.inf:
            return after == 0 and self.sign == "drops"
        decades = [(math.log10(size) - math.log10(whole)) / self.bound for size in (before, after)]
        if self.sign == "drops":
            return math.ceil(decades[1]) < math.ceil(decades[0])
        return math.floor(decades[1]) > math.floor(decades[0])


def _gradients(trace: Trace, step: Step) -> list[Any]:
    """Return the gradients that a backward step reads."""
    found = [trace.gradient(value) for value in step.outputs]
    return [gradient for gradient in found if gradient is not None]


def _size(arrays: list[Any], per_element: bool) -> float:
    """Return the norm of arrays taken together, or their root mean square."""
    whole = math.hypot(*map(norm, arrays))
    elements = sum(math.prod(array.shape) for array in arrays)
    return whole / math.sqrt(max(1, elements)) if per_element else whole


def parse_condition(text: str) -> Condition:
    """Read a condition.

    Parameters
    ----------
    text : str
        ``"isnan"``, ``"isinf"``, or a quantity (``norm``, ``rms``, ``max``, ``gain``), a
        comparison (``<``, ``<=``, ``>``, ``>=``) and a number: ``"norm > 1e3"``,
        ``"gain < -1 decade"``; or ``"norm drops a decade"``, ``"rms rises 2 decades"``.

    Raises
    ------
    TraceError
        When it is none of these.

    Examples
    --------
    >>> parse_condition("gain < -1 decade").bound
    -1.0
    """
    written = " ".join(text.split()) if isinstance(text, str) else ""
    if written in _TESTS:
        return Condition(written, written)
    match = _COMPARED.fullmatch(written)
    if match is not None:
        quantity, unit = match["quantity"], match["unit"]
        known = quantity in _QUANTITIES or quantity == "gain"
        if known and (unit is None or quantity == "gain"):
            bound = float(match["number"].replace("−", "-"))
            return Condition(written, quantity, match["sign"], bound)
    crossed = _CROSSED.fullmatch(written)
    if crossed is not None and float(crossed["number"] or 1) > 0:
        bound = float(crossed["number"] or 1)
        return Condition(written, crossed["quantity"], crossed["sign"], bound)
    expected = (
        'a condition such as "isnan", "isinf", "norm > 1e3", "rms < 1e-6", "max > 10" '
        '"gain < -1 decade" or "norm drops a decade"'
    )
    raise TraceError("break_if", expected, repr(text))


def _shown(trace: Trace, step: Step, value: int | None) -> Iterator[tuple[str, Any]]:
    """Yield the arrays that a step shows, with what they are called."""
    if step.phase == "forward":
        for v in step.outputs:
            if value in (None, v):
                yield trace.value_label(v), host(trace.data(v))
        return
    if step.op is None:
        for v in step.outputs:
            if value in (None, v):
                yield trace.gradient_label(v), host(trace.gradient(v))
    for sent in step.contributions:
        if value in (None, sent.value):
            label = trace.gradient_label(sent.value)
            if sent.total > 1:
                yield f"contribution {sent.arrived} to {label}", host(trace.contribution(sent.edge))
            yield label, host(trace.accumulated(sent.edge))
