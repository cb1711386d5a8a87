"""What the page must show at every position, from the arrays that Python holds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context
from typing import Any

import numpy as np

from graphviz_ad.trace.trace import Trace

STATISTICS = {"min": np.min, "max": np.max, "mean": np.mean, "norm": np.linalg.norm}
FOUR_DIGITS = Context(prec=4, rounding=ROUND_HALF_UP)


@dataclass(frozen=True)
class Expected:
    """One value at one position: its data and its gradient so far, None where not computed."""

    key: str
    data: Any
    gradient: Any
    gradient_state: str


def expected_at(trace: Trace, position: int) -> list[Expected]:
    """Return what every value must look like when `position` steps are done."""
    done = trace.steps[:position]
    filled = {value for step in done if step.phase == "forward" for value in step.outputs}
    seeded = {value for step in done if step.phase == "backward" and step.op is None
              for value in step.outputs}  # fmt: skip
    arrived = {part.value: part for step in done for part in step.contributions}
    values = []
    for value in trace.graph.values:
        data = trace.data(value.id) if value.producer is None or value.id in filled else None
        if trace.gradient(value.id) is None:
            state, gradient = "none", None
        elif value.id in seeded:
            state, gradient = "arrived", trace.gradient(value.id)
        elif value.id not in arrived:
            state, gradient = "pending", None
        else:
            last = arrived[value.id]
            state = "arrived" if last.arrived == last.total else "partial"
            gradient = trace.accumulated(last.edge)
        values.append(Expected(value.key, data, gradient, state))
    return values


def statistics(array: Any) -> dict[str, float]:
    """Return the numbers that the inspector shows of an array."""
    flat = np.asarray(array, dtype=np.float64).ravel()
    return {name: float(function(flat)) for name, function in STATISTICS.items()}


def shown(x: float) -> str:
    """Return a number as the page writes it: four digits, an exponent where it is far from 1."""
    if math.isnan(x):
        return "NaN"
    if math.isinf(x):
        return "∞" if x > 0 else "−∞"
    if x == 0:
        return "0"
    digits = FOUR_DIGITS.create_decimal_from_float(abs(x))
    if 1e-4 <= abs(x) < 1e5:
        text = strip(format(digits, "f"))
    else:
        exponent = digits.adjusted()
        text = f"{strip(format(digits.scaleb(-exponent), 'f'))}e{exponent}"
    return ("−" if x < 0 else "") + text.replace("-", "−")


def strip(digits: str) -> str:
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def agrees(text: str | None, x: float, scale: float = 0.0) -> bool:
    """Tell whether a text on the page is `x` to the digits shown.

    The page's number may have been summed in another order. Its last digit may then be that of
    a number a few rounding errors away; and of a sum that cancels, rounding errors of the size
    of its largest element, `scale`, are all that there is to show.
    """
    if text in {shown(x), shown(x * (1 + 1e-12)), shown(x * (1 - 1e-12))}:
        return True
    noise = 1e-13 * scale
    return text is not None and 0 < abs(x) < noise and abs(parse(text)) < noise


def parse(text: str) -> float:
    """Return the number that a text on the page stands for."""
    return float(text.replace("−", "-").replace("∞", "inf"))
