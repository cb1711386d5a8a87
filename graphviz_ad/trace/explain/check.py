"""Central finite differences of the recorded run, beside what the backward pass gave.

Only the operations after the value are run again, in float64, on copies: nothing of
the user's is touched.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from graphviz_ad.errors import GraphvizADError, TraceError
from graphviz_ad.trace.explain.differences import STEP, CheckedElement, judge
from graphviz_ad.trace.explain.element import element_index
from graphviz_ad.trace.explain.local import on_backend_of
from graphviz_ad.trace.explain.reasons import reason
from graphviz_ad.trace.explain.rerun import Rerun, doubled
from graphviz_ad.trace.explain.shown import Shown, host, index_text, number, table
from graphviz_ad.trace.rules import Rules, rules_of
from graphviz_ad.trace.trace import Trace

__all__ = ["Check", "check", "check_edge", "check_op"]

SAMPLED = 64
"""Elements that are checked of a larger value: the largest gradients and some spread evenly."""

_SHOWN = 8


@dataclass(frozen=True, slots=True, repr=False)
class Check(Shown):
    """The outcome of a check.

    Attributes
    ----------
    label : str
        What was checked.
    elements : tuple of CheckedElement
        The worst first.
    size : int
        How many elements there are in all.
    culprits : tuple of str
        The VJPs that are wrong by themselves, each a sentence with the operation, the
        input and the place; empty when everything agrees.
    edges : tuple of int
        The input edge of each culprit.
    note : str
        Why nothing was checked, where nothing was.
    """

    label: str
    elements: tuple[CheckedElement, ...]
    size: int
    culprits: tuple[str, ...] = ()
    note: str = ""
    edges: tuple[int, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every checked element agrees; a kink is no mistake."""
        return all(e.ok for e in self.elements) and not self.culprits

    @property
    def error(self) -> float:
        """The largest relative error where there is no kink."""
        return max((e.error for e in self.elements if not e.kink), default=0.0)

    @property
    def kinks(self) -> tuple[CheckedElement, ...]:
        """The elements at which there is no derivative."""
        return tuple(e for e in self.elements if e.kink)

    def _text(self) -> str:
        if self.note:
            return f"{self.label}: {self.note}"
        verdict = "agrees with central differences" if self.ok else "DISAGREES with differences"
        head = f"{self.label} {verdict} ({len(self.elements)} of {self.size} elements)"
        rows = [e.cells() for e in self.elements[:_SHOWN]]
        rest = len(self.elements) - len(rows)
        more = [f"  and {rest} more"] if rest else []
        return "\n".join([head, *table(rows), *more, *(f"  {c}" for c in self.culprits)])


def check(trace: Trace, value: int, index: Any = None, *, limit: int = SAMPLED) -> Check:
    """Compare a value's gradient, or one element of it, with central finite differences.

    Parameters
    ----------
    trace : Trace
    value : int
        The value node.
    index : int or tuple of int, optional
        One element; the whole value where left out.
    limit : int
        How many elements are checked at most.

    Raises
    ------
    TraceError
        When the value has no such element, or the trace holds no rules.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> x = ad.parameter([3.0, 4.0], name="x")
    >>> trace = ad.show_graph((x * x).sum()).trace
    >>> check(trace, trace.value("x").id).ok
    True
    """
    rules = rules_of(trace, "check")
    node = trace.graph.values[value]
    label = trace.gradient_label(value)
    if trace.gradient(value) is None:
        return Check(label, (), int(np.prod(node.shape)), (), reason(trace, value))
    gradient = host(trace.gradient(value)).astype(np.float64)
    if index is None:
        indices = _chosen(gradient, limit)
    else:
        indices = [element_index(node.shape, index, trace.value_label(value))]
    rerun = Rerun(trace, rules, [value])
    start, seed = rerun.start[value], host(trace.gradient(trace.output)).astype(np.float64)
    scale = float(np.abs(gradient[np.isfinite(gradient)]).max(initial=0.0))
    size = float(np.abs(seed * rerun.output(rerun.start)).sum())
    found = [
        judge(
            _along(rerun, value, seed, at), f"{label}{index_text(at)}", at, float(gradient[at]),
            node.dtype,
            step=STEP * max(1.0, abs(float(host(start)[at]))), scale=scale, size=size,
        )
        for at in indices
    ]  # fmt: skip
    found.sort(key=lambda e: (e.ok, e.kink, -e.error if e.error == e.error else -np.inf))
    by_op = [] if all(e.ok for e in found) else [check_op(trace, op) for op in rerun.ops]
    culprits = tuple(text for each in by_op for text in each.culprits)
    edges = tuple(edge for each in by_op for edge in each.edges)
    return Check(label, tuple(found), gradient.size, culprits, edges=edges)


def check_op(trace: Trace, op: int) -> Check:
    """Check the VJP of one operation for each of its inputs, by directional differences.

    ``u · (f(x + h d) − f(x − h d)) / 2h`` must be ``VJP(u) · d``, for fixed directions
    ``u`` and ``d`` that have no zeros.

    Raises
    ------
    TraceError
        When the trace holds no rules.
    """
    node = trace.graph.ops[op]
    found, culprits, edges = [], [], []
    place = f", {_place(trace, op)}" if node.location is not None else ""
    for edge in node.inputs:
        value = trace.graph.values[trace.graph.edges[edge].value]
        if not value.requires_grad or np.dtype(value.dtype).kind != "f":
            continue
        try:
            checked = check_edge(trace, edge)
        except GraphvizADError as error:
            name = _vjp_name(trace, rules_of(trace, "check"), edge)
            culprits.append(f"{name} ({node.key}{place}) fails: {error}")
            edges.append(edge)
            continue
        found.append(checked)
        if not checked.ok:
            culprits.append(
                f"{checked.label} is wrong ({node.key}{place}): {number(checked.gradient)} along a "
                f"direction where differences give {number(checked.difference)}"
            )
            edges.append(edge)
    label = f"{node.op} {node.key}"
    return Check(label, tuple(found), len(found), tuple(culprits), edges=tuple(edges))


def check_edge(trace: Trace, edge: int) -> CheckedElement:
    """Check the VJP of an operation for one of its inputs; see `check_op`.

    Raises
    ------
    TraceError
        When the trace holds no rules.
    GraphvizADError
        When the VJP itself fails.
    """
    rules = rules_of(trace, "check")
    end = trace.graph.edges[edge]
    outputs = [trace.graph.values[v] for v in trace.graph.ops[end.op].outputs]
    weights: list[Any] = [
        _direction(v.shape, v.id) if np.dtype(v.dtype).kind == "f" else None for v in outputs
    ]
    direction = _direction(trace.graph.values[end.value].shape, edge + 1)
    name = _vjp_name(trace, rules, edge)
    return _check_input(trace, rules, end.op, end.slot, weights, direction, name)


def _vjp_name(trace: Trace, rules: Rules, edge: int) -> str:
    end = trace.graph.edges[edge]
    return f"{trace.graph.ops[end.op].op}'s VJP for input {rules.input_name(end.op, end.slot)!r}"


def _check_input(
    trace: Trace, rules: Rules, op: int, slot: int, weights: list[Any], direction: Any, name: str
) -> CheckedElement:
    outputs = trace.graph.ops[op].outputs
    cotangents = [
        None if w is None else on_backend_of(trace.data(v), w.astype(trace.data(v).dtype))
        for v, w in zip(outputs, weights, strict=True)
    ]
    sent = rules.pull_back(op, cotangents, [slot])
    gradient = float(np.vdot(host(sent[slot]), direction)) if slot in sent else 0.0
    arrays = [doubled(a) for a in rules.arrays(op)]

    def outputs_at(distance: float) -> list[Any]:
        moved = list(arrays)
        moved[slot] = arrays[slot] + on_backend_of(arrays[slot], np.asarray(distance * direction))
        return [host(y) for y in rules.forward(op, moved)]

    def change(a: float, b: float) -> float:
        pairs = zip(outputs_at(a), outputs_at(b), weights, strict=True)
        return float(sum(np.vdot(w, p - q) for p, q, w in pairs if w is not None))

    size = sum(
        float(np.abs(w * y).sum())
        for w, y in zip(weights, outputs_at(0.0), strict=True)
        if w is not None
    )
    dtype = str(trace.data(outputs[0]).dtype)
    return judge(change, name, (), gradient, dtype, step=STEP, scale=abs(gradient), size=size)


def _along(
    rerun: Rerun, value: int, seed: Any, index: tuple[int, ...]
) -> Callable[[float, float], float]:
    """Return how the loss differs between two distances from the value at one element."""
    start = rerun.start[value]

    def at(distance: float) -> Any:
        array = host(start).copy()
        array[index] += distance
        return rerun.output({value: on_backend_of(start, array)})

    return lambda a, b: float(np.vdot(seed, at(a) - at(b)))


def _chosen(gradient: Any, limit: int) -> list[tuple[int, ...]]:
    """Return all indices, or those of the largest gradients and some spread evenly."""
    if limit < 1:
        raise TraceError("check", "a limit of at least 1", repr(limit))
    if gradient.size <= limit:
        return list(np.ndindex(gradient.shape))
    flat = np.abs(gradient).ravel()
    half = (limit + 1) // 2
    largest = np.argpartition(-np.where(np.isnan(flat), np.inf, flat), half - 1)[:half]
    spread = np.linspace(0, flat.size - 1, limit - half).round().astype(int)
    chosen = np.unique(np.concatenate([largest, spread]))
    return [tuple(int(i) for i in np.unravel_index(int(k), gradient.shape)) for k in chosen]


def _direction(shape: tuple[int, ...], seed: int) -> Any:
    generator = np.random.default_rng(seed)
    signs = np.where(generator.random(shape) < 0.5, -1.0, 1.0)
    return signs * generator.uniform(0.5, 1.5, shape)


def _place(trace: Trace, op: int) -> str:
    location = trace.graph.ops[op].location
    if location is None:
        return ""
    return f"{trace.graph.sources[location.source].title}, line {location.line}"
