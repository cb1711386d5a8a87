"""One element of a gradient, derived: as the page shows it."""

from __future__ import annotations

import math
from typing import Any

from graphviz_ad.trace.explain.element import ElementExplanation, ElementTerm, element
from graphviz_ad.trace.trace import Trace
from graphviz_ad.widget.arrays import named

__all__ = ["derivation"]

SHOWN = 12
"""Terms that are sent; the rest are counted and added up."""

LIT = 2_000
"""Elements of an output that are lit in its heat map."""


def derivation(trace: Trace, value: int, index: tuple[int, ...]) -> dict[str, Any]:
    """Return one element's derivative as a sum with numbers; Derivation in the contract."""
    found = element(trace, value, index)
    terms = found.terms[:SHOWN]
    rest = found.terms.values[SHOWN:]
    return {
        "label": found.label,
        "stages": list(found.stages),
        "terms": [_term(term) for term in terms],
        "more": len(rest),
        "rest": named(math.fsum(rest) if all(map(math.isfinite, rest)) else float(rest.sum())),
        "total": named(found.total),
        "touched": [
            {"output": output, "flat": flat[:LIT].tolist(), "count": len(flat)}
            for output, flat in found.terms.touched().items()
        ],
        "gradient": None if found.gradient is None else named(found.gradient),
        "reason": found.reason if _is_no_sum(found) else "",
    }


def _is_no_sum(found: ElementExplanation) -> bool:
    return not len(found.terms)


def _term(term: ElementTerm) -> dict[str, Any]:
    return {
        "symbols": term.symbols, "upstream": named(term.upstream), "local": named(term.local),
        "value": named(term.value), "op": term.op.id, "output": term.output,
        "index": list(term.index),
    }  # fmt: skip
