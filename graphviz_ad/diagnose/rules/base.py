"""The base of the rules and their registry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from graphviz_ad.diagnose.finding import Finding, Severity, name_of, place_of
from graphviz_ad.diagnose.measures import Measures
from graphviz_ad.trace.model import OpNode, ValueNode

__all__ = ["RULES", "Rule", "register"]

RULES: dict[str, type[Rule]] = {}
"""The rules that `graphviz_ad.diagnose` applies, by name, in order."""


@dataclass
class Rule:
    """Base class: annotated attributes are thresholds, given by keyword; `check` finds.

    Examples
    --------
    >>> from graphviz_ad.diagnose.rules import DeadReLU
    >>> DeadReLU(share=0.8)
    DeadReLU(share=0.8, rows=4)
    """

    def check(self, measures: Measures) -> Iterable[Finding]:
        """Return what is wrong; nothing when nothing is."""
        raise NotImplementedError

    @staticmethod
    def finding(
        measures: Measures,
        kind: str,
        severity: Severity,
        op: OpNode | None,
        *,
        title: str,
        cause: str,
        advice: str,
        node: ValueNode | None = None,
        ranking: Sequence[int] = (),
        reach: Iterable[int] = (),
        threshold: str = "",
        **numbers: float,
    ) -> Finding:
        """Return a finding with the place of `op` filled in."""
        trace = measures.trace
        module, source = ("", "") if op is None else place_of(trace, op)
        first = () if op is None else (op.id,)
        if node is None and op is not None and op.outputs:
            node = trace.graph.values[op.outputs[0]]
        return Finding(
            kind, severity, title, cause, advice, op, node, numbers, threshold, module, source,
            (*first, *(o for o in dict.fromkeys(ranking) if o not in first)), frozenset(reach),
        )  # fmt: skip

    @staticmethod
    def name(measures: Measures, op: OpNode) -> str:
        """Return what `op` is called in a sentence."""
        return name_of(measures.trace, op)


_R = TypeVar("_R", bound=Rule)


def register(rule: type[_R]) -> type[_R]:
    """Make a class a rule that every diagnosis applies; a decorator.

    A later class of the same name takes the place of the earlier one.
    """
    made = dataclass(rule)
    RULES[made.__name__] = made
    return made
