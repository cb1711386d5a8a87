"""The paths from a value to the loss: how many there are, and which carry the most gradient.

A gradient is the sum over all paths of the products of the Jacobians along each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from graphviz_ad.trace.explain.shown import Shown, host, norm, number
from graphviz_ad.trace.rules import rules_of
from graphviz_ad.trace.trace import Trace

__all__ = ["Path", "Paths", "count_paths", "paths"]

WIDTH = 32
"""Partial paths kept per value: with at most so many paths nothing is left out."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Path(Shown):
    """One path from a value to the loss.

    Attributes
    ----------
    contribution : array
        What the gradient would be along this path alone.
    norm : float
    share : float
        Its norm as a part of the sum over the listed paths.
    edges : tuple of int
        The input edges along it, from the value on.
    values : tuple of int
        The values along it, from the value to the loss.
    label : str
        ``"x → multiply → h → sum → loss"``.
    """

    contribution: Any
    norm: float
    share: float
    edges: tuple[int, ...]
    values: tuple[int, ...]
    label: str

    def _text(self) -> str:
        return f"{number(self.norm)} ({self.share:.0%})  {self.label}"


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Paths(Shown):
    """The number of paths and the strongest of them.

    Attributes
    ----------
    count : int
        How many there are, exactly.
    strongest : tuple of Path
        By the norm of what they contribute, the strongest first.
    exact : bool
        Whether every path was followed; otherwise only those were that stayed among
        the strongest at each value.
    """

    count: int
    strongest: tuple[Path, ...]
    exact: bool

    def __len__(self) -> int:
        return len(self.strongest)

    def __getitem__(self, at: int) -> Path:
        return self.strongest[at]

    @property
    def told(self) -> str:
        """The count in words: ``"1,024 paths to the loss"``."""
        count = f"{self.count:,}" if self.count < 10**15 else f"about 10^{_digits(self.count)}"
        return f"{count} path{'s' * (self.count != 1)} to the loss"

    def _text(self) -> str:
        lines = [self.told]
        lines += [f"  {path!r}" for path in self.strongest]
        if not self.exact:
            lines.append("  the strongest at each value were followed, not all")
        return "\n".join(lines)


def count_paths(trace: Trace, value: int) -> int:
    """Return the number of paths along which gradient flows from the loss to a value.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> x = ad.parameter(1.0, name="x")
    >>> y = x
    >>> for _ in range(100):
    ...     y = y + y
    >>> trace = ad.show_graph(y).trace
    >>> count_paths(trace, trace.value("x").id) == 2**100
    True
    """
    graph = trace.graph
    if trace.gradient(value) is None:
        return 0
    producer = graph.values[value].producer
    counts = {trace.output: 1}
    for op in reversed(graph.ops):
        if producer is not None and op.id <= producer:
            break
        # popped, so that no more large numbers are held than the graph is wide
        arriving = sum(counts.pop(v, 0) for v in op.outputs)
        if not arriving:
            continue
        for edge in op.inputs:
            if trace.contribution(edge) is not None:
                target = graph.edges[edge].value
                counts[target] = counts.get(target, 0) + arriving
    return counts.get(value, 0)


@dataclass(frozen=True, slots=True, eq=False)
class _Partial:
    """The end of a path, from some value to the loss, as a linked list."""

    gradient: Any
    norm: float
    edge: int
    rest: _Partial | None


def paths(trace: Trace, value: int, strongest: int = 5, *, width: int = WIDTH) -> Paths:
    """Count the paths from a value to the loss and return the strongest of them.

    Each is followed backwards from the loss by the operations' VJPs, which are linear:
    what arrives along all paths adds up to the gradient. Where a value is reached by
    more than `width` paths, those with the largest norm are followed on.

    Parameters
    ----------
    trace : Trace
    value : int
        The value node.
    strongest : int
        How many to return.
    width : int
        How many to follow per value.

    Raises
    ------
    TraceError
        When the trace holds no rules.
    """
    graph = trace.graph
    rules = rules_of(trace, "paths")
    count = count_paths(trace, value)
    if not count:
        return Paths(0, (), True)
    leads = _leads_from(trace, value)
    start = trace.gradient(trace.output)
    found: dict[int, list[_Partial]] = {trace.output: [_Partial(start, norm(start), -1, None)]}
    exact = True
    producer = graph.values[value].producer
    for op in reversed(graph.ops):
        if producer is not None and op.id <= producer:
            break
        slots = {
            graph.edges[e].slot: e
            for e in op.inputs
            if graph.edges[e].value in leads and trace.contribution(e) is not None
        }
        for k, output in enumerate(op.outputs):
            for partial in found.pop(output, []) if output != value else []:
                gradients: list[Any] = [None] * len(op.outputs)
                gradients[k] = partial.gradient
                sent = rules.pull_back(op.id, gradients, list(slots)) if slots else {}
                for slot, part in sent.items():
                    longer = _Partial(part, norm(part), slots[slot], partial)
                    found.setdefault(graph.edges[slots[slot]].value, []).append(longer)
        for target in {graph.edges[e].value for e in slots.values()}:
            ends = found.get(target, [])
            if len(ends) > width:
                ends.sort(key=_strength)
                del ends[width:]
                exact = False
    ends = sorted(found[value], key=_strength)
    whole = sum(end.norm for end in ends)
    listed = [_path(trace, value, end, whole) for end in ends[:strongest]]
    return Paths(count, tuple(listed), exact)


def _strength(partial: _Partial) -> float:
    # what is not a number is what one looks for: it comes first
    return float("-inf") if partial.norm != partial.norm else -partial.norm


def _leads_from(trace: Trace, value: int) -> set[int]:
    """Return the value and everything that it leads to."""
    found = {value}
    for op in trace.graph.ops:
        if any(trace.graph.edges[edge].value in found for edge in op.inputs):
            found.update(op.outputs)
    return found


def _path(trace: Trace, value: int, end: _Partial, whole: float) -> Path:
    graph = trace.graph
    edges, values = [], [value]
    at: _Partial | None = end
    words = [trace.value_label(value)]
    while at is not None and at.rest is not None:
        edge = graph.edges[at.edge]
        edges.append(edge.id)
        after = at.rest
        following = trace.output if after.rest is None else graph.edges[after.edge].value
        values.append(following)
        words += [graph.ops[edge.op].op, trace.value_label(following)]
        at = after
    if len(words) > 14:
        words = [*words[:7], "…", *words[-6:]]
    share = end.norm / whole if whole else 0.0
    return Path(host(end.gradient), end.norm, share, tuple(edges), tuple(values), " → ".join(words))


def _digits(count: int) -> int:
    return int(count.bit_length() * 0.30103)
