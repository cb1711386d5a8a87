"""A finding: one root cause, its place, its numbers, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from graphviz_ad.trace.model import OpNode, ValueNode
from graphviz_ad.trace.trace import Trace

__all__ = ["SEVERITIES", "Finding", "Severity", "name_of", "place_of"]

Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")


@dataclass(frozen=True)
class Finding:
    """What a rule found.

    Attributes
    ----------
    kind : str
        ``"vanishing"``, ``"dead-relu"``, … ; see `graphviz_ad.diagnose.report`.
    severity : str
        ``"error"``, ``"warning"`` or ``"info"``; only the first two are alarms.
    title : str
        What happened and where, in a few words with the number.
    cause, advice : str
        One plain sentence each.
    op : OpNode or None
        The op that is blamed.
    node : ValueNode or None
        The value to look at.
    numbers : Mapping of str to float
        What was measured.
    threshold : str
        Which of the numbers crossed what.
    module, source : str
        The module path and the source line of the op.
    ranking : tuple of int
        The ops under suspicion, the blamed one first.
    reach : frozenset of int
        The ops whose gradient this explains, too; findings there follow from this one.
    follows : tuple of Finding
        The findings that follow from this one.
    """

    kind: str
    severity: Severity
    title: str
    cause: str
    advice: str
    op: OpNode | None = None
    node: ValueNode | None = None
    numbers: Mapping[str, float] = field(default_factory=dict)
    threshold: str = ""
    module: str = ""
    source: str = ""
    ranking: tuple[int, ...] = ()
    reach: frozenset[int] = frozenset()
    follows: tuple[Finding, ...] = ()

    @property
    def is_alarm(self) -> bool:
        """Whether it is an error or a warning."""
        return self.severity != "info"

    def __str__(self) -> str:
        place = f"\n    {self.source}" if self.source else ""
        more = f"\n    From it follow: {_list_of(self.follows)}." if self.follows else ""
        mark = {"error": "✗", "warning": "!", "info": "·"}[self.severity]
        crossed = f" ({self.threshold})" if self.threshold else ""
        return (
            f"{mark} {self.kind}: {self.title}{crossed}{place}\n"
            f"    {self.cause}\n    Try: {self.advice}{more}"
        )


def _list_of(findings: tuple[Finding, ...]) -> str:
    kinds = [finding.kind for finding in findings]
    return ", ".join(
        kind if kinds.count(kind) == 1 else f"{kinds.count(kind)} × {kind}"
        for kind in dict.fromkeys(kinds)
    )


def name_of(trace: Trace, op: OpNode) -> str:
    """Return what an op is called in a sentence: ``"tanh of Sequential.3"``, ``"h = tanh"``."""
    if op.scope is not None:
        return f"{op.op} in {trace.graph.scopes[op.scope].path}"
    made = trace.graph.values[op.outputs[0]].name if op.outputs else ""
    return f"{op.op} (op {op.id}{f', makes {made}' if made else ''})"


def place_of(trace: Trace, op: OpNode) -> tuple[str, str]:
    """Return an op's module path, and its source line: ``"cell 4, line 2: h = ad.tanh(z)"``."""
    scopes, sources = trace.graph.scopes, trace.graph.sources
    module = scopes[op.scope].path if op.scope is not None else ""
    if op.location is None or op.location.source >= len(sources):
        return module, ""
    source, line = sources[op.location.source], op.location.line
    index = line - source.first_line
    text = source.lines[index].strip() if 0 <= index < len(source.lines) else ""
    return module, f"{source.title}, line {line}" + (f": {text}" if text else "")
