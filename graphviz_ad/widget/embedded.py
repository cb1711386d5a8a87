"""What is explained beforehand: small things on every page, more on a page without a kernel."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from graphviz_ad.trace.explain.paths import count_paths
from graphviz_ad.trace.explain.shown import host
from graphviz_ad.trace.trace import Trace
from graphviz_ad.widget.elements import derivation
from graphviz_ad.widget.explanations import (
    told_check,
    told_jacobian,
    told_op_check,
    told_paths,
)

__all__ = ["Element", "Questions", "elements_of", "explained"]

SMALL = 64
"""Values of at most this many elements are derived element by element."""

ELEMENTS = 150
"""How many of them: each costs a backward and a forward pass through one operation."""

ELEMENT_BYTES = 60_000
"""JSON of those derivations."""

OPERATIONS = 100
"""Graphs of at most this many operations are checked and followed path by path."""

ENTRIES = 300_000
"""Entries of a Jacobian that is computed beforehand."""

ALL_ENTRIES = 1_000_000
"""Entries of all of them."""

CHECKS = 20_000
"""Operations that the checks of values run again, all together."""

MOST_PATHS = 32
"""Paths of a value that are followed beforehand."""

BYTES = 600_000
"""JSON of all that a page without a kernel carries beside the elements."""

Element = tuple[int, tuple[int, ...]]
"""A value, and the index of one of its elements."""

Questions = dict[str, Any]
"""Answers by their question: what is asked, and of which: ``"jacobian 3,0,0"``."""


def elements_of(trace: Trace) -> Questions:
    """Return the derivations that every page carries: of small values, within a budget."""
    found: Questions = {}
    if trace.rules is None:
        return found
    room = ELEMENT_BYTES
    for value, index in _small(trace):
        one = derivation(trace, value, index)
        room -= len(json.dumps(one))
        if room < 0 or len(found) == ELEMENTS:
            break
        found[_question("element", value, *index)] = one
    return found


def explained(trace: Trace, elements: Iterable[Element] = ()) -> Questions:
    """Return what a page without a kernel carries: Jacobians, checks and paths.

    Of a graph of a lesson this is everything; of a large one, what fits the budgets, after
    the derivations of the given `elements`.
    """
    found: Questions = {}
    if trace.rules is not None:
        for value, index in elements:
            if trace.gradient(value) is not None:
                found[_question("element", value, *index)] = derivation(trace, value, index)
    room = BYTES
    for question, answer in _asked(trace):
        one = answer()
        room -= len(json.dumps(one))
        if room < 0:
            break
        found[question] = one
    return found


def _asked(trace: Trace) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield the questions in the order of their use for their size, and how to answer them."""
    ops = trace.graph.ops
    if trace.rules is None or len(ops) > OPERATIONS or trace.why_no_backward:
        return
    for op in ops:
        yield _question("op check", op.id), partial(told_op_check, trace, op.id)
    room = CHECKS
    for value in trace.graph.values:
        if trace.gradient(value.id) is None:
            continue
        if count_paths(trace, value.id) <= MOST_PATHS:
            yield _question("paths", value.id), partial(told_paths, trace, value.id)
        # each element costs up to four runs of what comes after the value
        room -= 4 * min(SMALL, math.prod(value.shape)) * len(ops)
        if room > 0:
            yield _question("check", value.id), partial(told_check, trace, value.id)
        if math.prod(value.shape) > SMALL:
            index = _largest(trace.gradient(value.id))
            yield (
                _question("element", value.id, *index),
                partial(derivation, trace, value.id, index),
            )
    yield from _jacobians(trace)


def _jacobians(trace: Trace) -> Iterator[tuple[str, Callable[[], Any]]]:
    graph, found = trace.graph, []
    for edge in graph.edges:
        if not edge.is_input or trace.contribution(edge.id) is None:
            continue
        for k, output in enumerate(graph.ops[edge.op].outputs):
            size = math.prod(graph.values[output].shape) * math.prod(graph.values[edge.value].shape)
            if 0 < size <= ENTRIES and np.dtype(graph.values[output].dtype).kind == "f":
                found.append((size, edge.op, edge.slot, k))
    room = ALL_ENTRIES
    for size, op, slot, output in sorted(found):
        room -= size
        if room < 0:
            return
        yield (
            _question("jacobian", op, slot, output),
            partial(told_jacobian, trace, op, slot, output),
        )


def _small(trace: Trace) -> Iterator[tuple[int, tuple[int, ...]]]:
    values = [v for v in trace.graph.values if trace.gradient(v.id) is not None]
    for value in sorted(values, key=lambda v: (math.prod(v.shape), v.id)):
        if math.prod(value.shape) > SMALL:
            return
        for index in product(*map(range, value.shape)):
            yield value.id, index


def _largest(gradient: Any) -> tuple[int, ...]:
    """Return the index of the element of largest magnitude; NaN is larger than everything."""
    sizes = np.abs(host(gradient))
    at = int(np.argmax(np.where(np.isnan(sizes), np.inf, sizes)))
    return tuple(int(i) for i in np.unravel_index(at, sizes.shape))


def _question(about: str, *of: int) -> str:
    return f"{about} {','.join(map(str, of))}"
