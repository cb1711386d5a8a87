"""Where the verbs of a debugger lead: from one place of a trace to another, either way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from graphviz_ad.trace.debug.cursor import Cursor
from graphviz_ad.trace.debug.target import scope_chain
from graphviz_ad.trace.model import OpNode, ValueNode
from graphviz_ad.trace.trace import Trace

__all__ = [
    "GRANULARITIES",
    "Granularity",
    "module",
    "out_of",
    "over",
    "run_until",
    "touched",
    "towards",
]

Granularity = Literal["op", "edge", "module"]
GRANULARITIES = ("op", "edge", "module")

Hit = Callable[[int], str]
"""Says which breakpoint the step with an index meets; empty for none."""


def towards(trace: Trace, cursor: Cursor, way: int) -> Cursor:
    """Return the place a step on (`way` 1) or back (−1)."""
    if way > 0:
        return Cursor(min(cursor.step + 1, len(trace.steps)))
    return Cursor(cursor.step if cursor.sent else max(0, cursor.step - 1))


def run_until(trace: Trace, cursor: Cursor, way: int, hit: Hit) -> tuple[Cursor, str]:
    """Go on until the step that was done last meets a breakpoint, or to the end."""
    while True:
        following = towards(trace, cursor, way)
        if following == cursor:
            return cursor, "the end of the trace" if way > 0 else "the start of the trace"
        cursor = following
        reason = hit(cursor.step - 1) if cursor.step else ""
        if reason:
            return cursor, reason


def over(trace: Trace, cursor: Cursor, way: int, hit: Hit) -> tuple[Cursor, str]:
    """Do a step, or all of the module that it begins."""
    coming, depth = _modules(trace, cursor, way), len(_inside(trace, cursor))
    entered = coming[depth : depth + 1]
    return _run(
        trace, cursor, way, hit, lambda s: bool(entered) and s[depth : depth + 1] == entered
    )


def module(trace: Trace, cursor: Cursor, way: int, hit: Hit) -> tuple[Cursor, str]:
    """Do a step, or all that is left of the outermost module that it is in."""
    outermost = _modules(trace, cursor, way)[:1]
    return _run(trace, cursor, way, hit, lambda s: bool(outermost) and s[:1] == outermost)


def out_of(trace: Trace, cursor: Cursor, way: int, hit: Hit) -> tuple[Cursor, str]:
    """Do the rest of the innermost module that one stands in; outside of any, of the pass."""
    inside = _inside(trace, cursor)
    return _run(trace, cursor, way, hit, lambda s: s[: len(inside)] == inside)


def touched(trace: Trace, node: ValueNode | OpNode) -> list[int]:
    """Return the positions at which a node has just been done.

    For an operation after its steps; for a value when it has been filled, and when its
    gradient is complete.
    """
    if isinstance(node, OpNode):
        return [step.index + 1 for step in trace.steps if step.op == node.id]
    found = [] if node.producer is None else [node.producer + 1]
    if node.id == trace.output and trace.gradient(node.id) is not None:
        found.append(trace.forward_steps + 1)
    sent = [trace.sent_at(edge) + 1 for edge in node.consumers if trace.arrival(edge)[0]]
    return [*found, max(sent)] if sent else found


def _run(
    trace: Trace, cursor: Cursor, way: int, hit: Hit, goes_on: Callable[[tuple[int, ...]], bool]
) -> tuple[Cursor, str]:
    """Do one step, and go on within the same pass while the modules of the next say so."""
    phase = _phase(trace, cursor, way)
    while True:
        following = towards(trace, cursor, way)
        if following == cursor:
            return cursor, "the end of the trace" if way > 0 else "the start of the trace"
        cursor = following
        if _phase(trace, cursor, way) != phase or not goes_on(_modules(trace, cursor, way)):
            return cursor, ""
        reason = hit(cursor.step - 1) if cursor.step else ""
        if reason:
            return cursor, reason


def _ahead(cursor: Cursor, way: int) -> int:
    """Return the index of the step that comes next in one direction."""
    return cursor.step if way > 0 or cursor.sent else cursor.step - 1


def _phase(trace: Trace, cursor: Cursor, way: int) -> str:
    index = _ahead(cursor, way)
    return trace.steps[index].phase if 0 <= index < len(trace.steps) else ""


def _modules(trace: Trace, cursor: Cursor, way: int) -> tuple[int, ...]:
    """Return the modules around the step that comes next in one direction."""
    index = _ahead(cursor, way)
    op = trace.steps[index].op if 0 <= index < len(trace.steps) else None
    return () if op is None else scope_chain(trace, trace.graph.ops[op].scope)


def _inside(trace: Trace, cursor: Cursor) -> tuple[int, ...]:
    """Return the modules in which a place lies: those of the steps on both sides of it."""
    before, after = _modules(trace, cursor, -1), _modules(trace, cursor, 1)
    common = 0
    while common < min(len(before), len(after)) and before[common] == after[common]:
        common += 1
    return before[:common]
