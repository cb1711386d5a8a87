"""A gradient as the sum of what each consumer of the value sends (multivariate chain rule)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from graphviz_ad.trace.explain.reasons import reason
from graphviz_ad.trace.explain.shown import Shown, norm, number, table
from graphviz_ad.trace.model import OpNode
from graphviz_ad.trace.trace import Trace

__all__ = ["Contributions", "Term", "broadcast_axes", "contributions", "summed_axes"]

_CANCELS = 0.1
"""Terms cancel where the norm of their sum is below this part of the sum of their norms."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Term(Shown):
    """What one consumer of a value adds to the value's gradient.

    Attributes
    ----------
    value : array
        The contribution, of the value's own shape.
    op : OpNode
        The consumer.
    slot : int
        As which argument it takes the value.
    edge : int
        The edge along which the contribution travels.
    step : int
        The index of the step that sends it.
    norm : float
        Its Euclidean norm.
    share : float
        Its norm as a part of the sum of all contributions' norms.
    sent_shape : tuple of int
        Its shape before it was summed over the axes on which the value was broadcast.
    sent : array or None
        It before that sum; None where there is none, and in a trace from a file.
    summed : str
        That sum as a sentence, ``"summed over axis 0: (32, 50) → (50,)"``; empty for none.
    """

    value: Any
    op: OpNode
    slot: int
    edge: int
    step: int
    norm: float
    share: float
    sent_shape: tuple[int, ...]
    sent: Any
    summed: str

    def _text(self) -> str:
        return "  ".join(part for part in self._cells() if part)

    def _cells(self) -> tuple[str, ...]:
        value = number(self.value) if not self.value.shape else str(tuple(self.value.shape))
        return (
            f"{self.op.op} {self.op.key}", f"slot {self.slot}", value,
            f"norm {number(self.norm)}", f"{self.share:.0%}", self.summed,
        )  # fmt: skip


class Contributions(list[Term], Shown):
    """The contributions to a gradient, in the order in which they arrive.

    Attributes
    ----------
    label : str
        What the gradient is called, ``"W∇"``.
    total : array or None
        Their sum, the finished gradient.
    reason : str
        Why there are none, where there are none.
    """

    def __init__(self, terms: Iterable[Term], label: str, total: Any, why: str) -> None:
        super().__init__(terms)
        self.label = label
        self.total = total
        self.reason = why

    @property
    def cancellation(self) -> float:
        """The norm of the sum as a part of the sum of the norms: 1 where all pull one way."""
        parts = sum(term.norm for term in self)
        return norm(self.total) / parts if parts else 1.0

    @property
    def cancels(self) -> bool:
        """Whether the terms cancel: their sum is less than a tenth of what they are apart."""
        return self.cancellation < _CANCELS

    def _text(self) -> str:
        if not self:
            return f"{self.label}: {self.reason}"
        lines = [f"{self.label} = sum of {len(self)} contribution{'s' * (len(self) > 1)}"]
        lines += table([term._cells() for term in self])
        if len(self) > 1:
            told = "the terms cancel: " if self.cancels else ""
            lines.append(
                f"  {told}norm of the sum {number(norm(self.total))} = "
                f"{self.cancellation:.3g} × the sum of the norms"
            )
        return "\n".join(lines)

    __repr__ = Shown.__repr__


def contributions(trace: Trace, value: int) -> Contributions:
    """Return what every consumer adds to a value's gradient, in the order of the backward pass.

    Parameters
    ----------
    trace : Trace
    value : int
        The value node.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> x = ad.parameter(3.0, name="x")
    >>> trace = ad.show_graph(x * x).trace
    >>> [float(term.value) for term in contributions(trace, trace.value("x").id)]
    [3.0, 3.0]
    """
    graph = trace.graph
    node = graph.values[value]
    sent = [edge for edge in node.consumers if trace.arrival(edge)[0]]
    sent.sort(key=lambda edge: trace.arrival(edge)[0])
    norms = {edge: norm(trace.contribution(edge)) for edge in sent}
    whole = sum(norms.values())
    terms = [
        Term(
            trace.contribution(edge), graph.ops[graph.edges[edge].op], graph.edges[edge].slot,
            edge, trace.sent_at(edge), norms[edge], norms[edge] / whole if whole else 0.0,
            trace.sent_shape(edge), trace.sent(edge),
            summed_axes(trace.sent_shape(edge), node.shape),
        )
        for edge in sent
    ]  # fmt: skip
    return Contributions(
        terms, trace.gradient_label(value), trace.gradient(value), reason(trace, value)
    )


def broadcast_axes(sent: tuple[int, ...], shape: tuple[int, ...]) -> list[int]:
    """Return the axes over which a contribution is summed to the value's shape."""
    extra = len(sent) - len(shape)
    return [
        axis for axis, n in enumerate(sent) if axis < extra or (shape[axis - extra] == 1 and n != 1)
    ]


def summed_axes(sent: tuple[int, ...], shape: tuple[int, ...]) -> str:
    """Say over which axes a contribution was summed; empty where its shape was the value's."""
    axes = [] if sent == shape else broadcast_axes(sent, shape)
    if not axes:
        return ""
    named = f"axis {axes[0]}" if len(axes) == 1 else f"axes {', '.join(map(str, axes))}"
    return f"summed over {named}: {sent} → {shape}"
