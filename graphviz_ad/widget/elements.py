"""One element of a gradient, derived: as the page shows it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from itertools import product
from typing import Any

from graphviz_ad.trace.explain.element import ElementExplanation, ElementTerm, element
from graphviz_ad.trace.trace import Trace
from graphviz_ad.widget.arrays import named

__all__ = ["derivation", "embedded"]

SHOWN = 12
"""Terms that are sent; the rest are counted and added up."""

SMALL = 64
"""Values of at most this many elements are derived for pages without a kernel."""

BUDGET = 60_000
"""Bytes of JSON for those derivations."""

MOST = 150
"""How many of them: each costs a backward and a forward pass through one operation."""


def derivation(trace: Trace, value: int, index: tuple[int, ...]) -> dict[str, Any]:
    """Return one element's derivative as a sum with numbers; DerivationSpec in the contract."""
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
        "gradient": None if found.gradient is None else named(found.gradient),
        "reason": found.reason if _is_no_sum(found) else "",
    }


def embedded(trace: Trace) -> dict[str, Any]:
    """Return the derivations that every page carries: of small values, within a budget."""
    found: dict[str, Any] = {}
    if trace.rules is None:
        return found
    room = BUDGET
    for value, index in _small(trace):
        one = derivation(trace, value, index)
        room -= len(json.dumps(one))
        if room < 0 or len(found) == MOST:
            break
        found[f"v{value}:{','.join(map(str, index))}"] = one
    return found


def _small(trace: Trace) -> Iterator[tuple[int, tuple[int, ...]]]:
    values = [v for v in trace.graph.values if trace.gradient(v.id) is not None]
    for value in sorted(values, key=lambda v: (math.prod(v.shape), v.id)):
        if math.prod(value.shape) > SMALL:
            return
        for index in product(*map(range, value.shape)):
            yield value.id, index


def _is_no_sum(found: ElementExplanation) -> bool:
    return not len(found.terms)


def _term(term: ElementTerm) -> dict[str, Any]:
    return {
        "symbols": term.symbols, "upstream": named(term.upstream), "local": named(term.local),
        "value": named(term.value), "op": term.op.id, "output": term.output,
        "index": list(term.index),
    }  # fmt: skip
