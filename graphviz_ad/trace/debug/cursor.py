"""Where one stands in a trace, and what is there to see from that place."""

from __future__ import annotations

from typing import Any, NamedTuple

from graphviz_ad.trace.trace import Trace

__all__ = ["Cursor", "data_at", "gradient_at", "told"]


class Cursor(NamedTuple):
    """A place: so many steps are done, and of the next so many contributions are sent."""

    step: int
    sent: int = 0

    @classmethod
    def at(cls, trace: Trace, fraction: float) -> Cursor:
        """Return the place of a page's position; the nearest, for one that is none."""
        last = len(trace.steps)
        kept = max(0.0, min(fraction, float(last)))  # NaN is 0
        step = int(kept)
        of = max(1, len(trace.steps[step].contributions)) if step < last else 1
        sent = round((kept - step) * of)
        return cls(step, sent) if sent < of else cls(step + 1)

    def fraction(self, trace: Trace) -> float:
        """Return it as the page's position: 5.5 where one of two contributions is sent."""
        if not self.sent:
            return float(self.step)
        return self.step + self.sent / len(trace.steps[self.step].contributions)

    def done(self, trace: Trace, edge: int) -> bool:
        """Whether the contribution of an edge has arrived."""
        at = trace.sent_at(edge)
        if at < 0 or at > self.step:
            return False
        if at < self.step:
            return True
        edges = [sent.edge for sent in trace.steps[at].contributions]
        return edges.index(edge) < self.sent

    def after(self, trace: Trace) -> Cursor:
        """Return the next place, one contribution on."""
        if self.step == len(trace.steps):
            return self
        whole = len(trace.steps[self.step].contributions)
        return Cursor(self.step, self.sent + 1) if self.sent + 1 < whole else Cursor(self.step + 1)

    def before(self, trace: Trace) -> Cursor:
        """Return the place before, one contribution back."""
        if self.sent:
            return Cursor(self.step, self.sent - 1)
        if not self.step:
            return self
        return Cursor(self.step - 1, max(0, len(trace.steps[self.step - 1].contributions) - 1))


def data_at(trace: Trace, value: int, cursor: Cursor) -> Any:
    """Return a value's array, or None where the forward pass has not come to it."""
    producer = trace.graph.values[value].producer
    # forward steps are in the order of the operations
    return trace.data(value) if producer is None or producer < cursor.step else None


def gradient_at(trace: Trace, value: int, cursor: Cursor) -> Any:
    """Return what of a value's gradient has arrived, or None where nothing has."""
    if value == trace.output:
        return trace.gradient(value) if cursor.step > trace.forward_steps else None
    arrived = [edge for edge in trace.graph.values[value].consumers if cursor.done(trace, edge)]
    if not arrived:
        return None
    return trace.accumulated(max(arrived, key=lambda edge: trace.arrival(edge)[0]))


def told(trace: Trace, cursor: Cursor) -> str:
    """Say where a cursor stands, in a sentence."""
    if not cursor.step and not cursor.sent:
        return f"before the first of {len(trace.steps)} steps"
    partly = cursor.sent > 0
    step = trace.steps[cursor.step if partly else cursor.step - 1]
    forward = trace.forward_steps
    first, whole = (
        (0, forward) if step.phase == "forward" else (forward, len(trace.steps) - forward)
    )
    head = f"{step.phase} {step.index - first + 1} of {whole}"
    if step.op is None:
        return f"{head}: {trace.gradient_label(trace.output)} is set"
    op = trace.graph.ops[step.op]
    if step.phase == "forward":
        made = ", ".join(trace.value_label(v) for v in step.outputs)
        return f"{head}: {op.op} computes {made}"
    sent = step.contributions[: cursor.sent] if partly else step.contributions
    parts = [
        trace.gradient_label(c.value)
        + ("" if c.total == 1 else f" ({c.arrived} of {c.total} arrived)")
        for c in sent
    ]
    return (
        f"{head}: {op.op} sends to {', '.join(parts)}"
        if parts
        else f"{head}: {op.op} sends nothing"
    )
