"""The report: findings with one root cause each, as text, HTML or a table, and as an assertion."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from graphviz_ad.diagnose.correctness import check_gradients
from graphviz_ad.diagnose.finding import SEVERITIES, Finding
from graphviz_ad.diagnose.measures import Measures
from graphviz_ad.diagnose.rules import RULES, Rule
from graphviz_ad.errors import ArgumentError, DiagnosisError
from graphviz_ad.trace.trace import Trace

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Report", "diagnose_trace"]

# What explains what: where a finding of the first kind reaches the place of one of the others,
# the others follow from it.
_EXPLAINS = {
    "wrong-gradient": {"vanishing", "exploding", "no-gradient", "cancellation", "nonfinite"},
    "nonfinite": {
        "vanishing", "exploding", "dead-relu", "saturation", "no-gradient", "cancellation",
        "initialisation", "symmetry", "small-branch", "nonfinite",
    },
    "symmetry": {
        "vanishing", "exploding", "dead-relu", "saturation", "no-gradient", "cancellation",
        "initialisation", "small-branch",
    },
    "shape-slip": {"nonfinite", "no-gradient", "vanishing", "initialisation", "symmetry"},
    "dead-relu": {
        "vanishing", "exploding", "no-gradient", "cancellation", "symmetry", "small-branch",
    },
    "saturation": {"vanishing", "exploding", "initialisation", "small-branch"},
    "cancellation": {"no-gradient", "vanishing"},
    "vanishing": {"vanishing", "no-gradient", "initialisation", "small-branch"},
    "exploding": {"exploding", "saturation", "initialisation", "vanishing"},
    "initialisation": {"exploding", "initialisation"},
    "no-gradient": {"vanishing"},
}  # fmt: skip
_FIRST = tuple(_EXPLAINS)
_ON_THE_DIAGRAM = (
    "<p><small><code>ad.show_graph(report)</code> shows this on the diagram.</small></p>"
)
# readable on light and on dark pages
_COLORS = {"error": "#d0453a", "warning": "#a8700a", "info": "#6b7785"}


class Report(Sequence[Finding]):
    """What `graphviz_ad.diagnose` found, the root causes first.

    Attributes
    ----------
    findings : tuple of Finding
    notes : tuple of str
        What a reader must know, such as why there was nothing to look at.
    trace : Trace or None

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> w = ad.parameter(2.0, name="w")
    >>> report = ad.diagnose(w * w)
    >>> print(report)
    Nothing found: 1 op, 1 parameter.
    >>> report.healthy
    True
    """

    def __init__(
        self, findings: Iterable[Finding], notes: Iterable[str] = (), trace: Trace | None = None
    ) -> None:
        self.findings = tuple(findings)
        self.notes = tuple(notes)
        self.trace = trace

    def __len__(self) -> int:
        return len(self.findings)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __getitem__(self, index: Any) -> Any:
        return self.findings[index]

    def __bool__(self) -> bool:
        """Whether anything was found, also of severity info."""
        return bool(self.findings)

    @property
    def alarms(self) -> tuple[Finding, ...]:
        """The findings that are errors or warnings."""
        return tuple(finding for finding in self.findings if finding.is_alarm)

    @property
    def healthy(self) -> bool:
        """Whether there is no alarm."""
        return not self.alarms

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of the alarms."""
        return frozenset(finding.kind for finding in self.alarms)

    @property
    def suspects(self) -> tuple[int, ...]:
        """The ops under suspicion: those blamed, then the rest of their rankings."""
        blamed = [f.op.id for f in self.alarms if f.op is not None]
        rest = [op for f in self.alarms for op in f.ranking]
        return tuple(dict.fromkeys([*blamed, *rest]))

    def raise_if(self, *kinds: str) -> None:
        """Raise when there is an alarm of one of these kinds; of any kind when none is given.

        Raises
        ------
        DiagnosisError
            With the text of the findings. It is an AssertionError.
        """
        found = [f for f in self.alarms if not kinds or f.kind in kinds]
        if found:
            expected = "no " + (" or ".join(kinds) if kinds else "alarm")
            got = f"{len(found)} finding{'s' * (len(found) > 1)}"
            raise DiagnosisError("diagnose", expected, got, "\n" + "\n".join(map(str, found)))

    def __str__(self) -> str:
        notes = "".join(f"\nNote: {note}." for note in self.notes)
        if not self.findings:
            return f"Nothing found{self._size()}.{notes}"
        return "\n".join(str(finding) for finding in self.findings) + notes

    __repr__ = __str__

    def _size(self) -> str:
        if self.trace is None:
            return ""
        graph = self.trace.graph
        parameters = sum(value.role == "parameter" for value in graph.values)
        counted = [(len(graph.ops), "op"), (parameters, "parameter")]
        return ": " + ", ".join(f"{n} {word}{'s' * (n != 1)}" for n, word in counted)

    def to_rows(self) -> list[dict[str, Any]]:
        """Return a dict for each finding: what `to_dataframe` shows."""
        return [
            {
                "kind": f.kind, "severity": f.severity, "title": f.title, "module": f.module,
                "source": f.source, "op": None if f.op is None else f.op.id, "cause": f.cause,
                "advice": f.advice, "threshold": f.threshold, **f.numbers,
            }
            for f in self.findings
        ]  # fmt: skip

    def to_dataframe(self) -> Any:
        """Return the findings as a ``pandas.DataFrame``.

        Raises
        ------
        ArgumentError
            Where pandas is not installed.
        """
        try:
            import pandas as pd  # type: ignore[import-untyped, unused-ignore]
        except ImportError as error:
            hint = "pip install pandas, or use to_rows()"
            raise ArgumentError("to_dataframe", "the package pandas", "none", hint) from error
        return pd.DataFrame(self.to_rows())

    def figure(self, kind: str = "gradient_flow") -> Figure:
        """Draw a figure of the trace; see `graphviz_ad.diagnose.figures`.

        Parameters
        ----------
        kind : {"gradient_flow", "gain_per_op", "activation_statistics", "histograms", \
"loss_surface"}

        Raises
        ------
        ArgumentError
            For another kind, or a report without a trace.
        """
        from graphviz_ad.diagnose import figures
        from graphviz_ad.diagnose.figure_surface import loss_surface

        kinds = (
            "gradient_flow", "gain_per_op", "activation_statistics", "histograms", "loss_surface",
        )  # fmt: skip
        if kind not in kinds or self.trace is None:
            got = repr(kind) if self.trace is not None else "a report without a trace"
            raise ArgumentError("Report.figure", f"one of {', '.join(kinds)}", got)
        if kind == "histograms":
            return figures.histograms([self.trace])
        if kind == "loss_surface":
            return loss_surface(self.trace)
        draw: Callable[[Trace], Figure] = getattr(figures, kind)
        return draw(self.trace)

    def _repr_html_(self) -> str:
        """Display in a notebook."""
        blocks = "".join(_html(finding) for finding in self.findings)
        text = escape(f"Nothing found{self._size()}.") if not self.findings else ""
        notes = "".join(f"<p>{escape(note)}.</p>" for note in self.notes)
        shown = "" if self.trace is None or not self.findings else _ON_THE_DIAGRAM
        return f'<div style="max-width:72em">{text}{blocks}{notes}{shown}</div>'


def _html(finding: Finding) -> str:
    color = _COLORS[finding.severity]
    crossed = f" <small>({escape(finding.threshold)})</small>" if finding.threshold else ""
    place = f"<br><code>{escape(finding.source)}</code>" if finding.source else ""
    follows = ", ".join(sorted({f.kind for f in finding.follows}))
    more = f"<br><small>From it follow: {escape(follows)}.</small>" if follows else ""
    return (
        f'<div style="border-left:4px solid {color};padding:.2em .8em;margin:.6em 0">'
        f'<b style="color:{color}">{escape(finding.severity)}: {escape(finding.kind)}</b> '
        f"{escape(finding.title)}{crossed}{place}<br>{escape(finding.cause)}<br>"
        f"<i>Try:</i> {escape(finding.advice)}{more}</div>"
    )


def diagnose_trace(
    trace: Trace,
    *,
    rules: Iterable[Rule] = (),
    ignore: Iterable[str] = (),
    parameters: Sequence[tuple[str, Any, bool]] = (),
    check: Any = (),
) -> Report:
    """Diagnose a trace; see `graphviz_ad.diagnose`, which makes one of a loss first."""
    if isinstance(ignore, str):
        ignore = (ignore,)
    ignored = set(ignore)
    chosen: dict[str, Rule] = {name: rule() for name, rule in RULES.items()}
    given: Iterable[Any] = rules
    for rule in given:
        if not isinstance(rule, Rule):
            hint = "such as DeadReLU(share=0.9)"
            raise ArgumentError("diagnose", "rules that are made", repr(rule), hint)
        chosen[type(rule).__name__] = rule
    notes = list(trace.notes)
    if not any(value.role == "parameter" for value in trace.graph.values):
        notes.append("the trace has no parameters")
    if trace.why_no_backward:
        return Report((), notes, trace)
    measures = Measures(trace, tuple(parameters))
    # the user's own pass gave its warnings; looking adds none
    with np.errstate(all="ignore"):
        found, checked = check_gradients(measures, check)
        found += [finding for rule in chosen.values() for finding in rule.check(measures)]
    notes += checked
    kept = [finding for finding in merge(found) if finding.kind not in ignored]
    return Report(kept, notes, trace)


def merge(findings: Sequence[Finding]) -> list[Finding]:
    """Make one finding of one root cause: what it explains goes to its `follows`."""
    rank = {kind: place for place, kind in enumerate(_FIRST)}

    def place(item: tuple[int, Finding]) -> tuple[int, int]:
        return (SEVERITIES.index(item[1].severity) == 2, rank.get(item[1].kind, len(rank)))

    ordered = [finding for _, finding in sorted(enumerate(findings), key=place)]
    roots: list[Finding] = []
    for finding in ordered:
        root = next((k for k, other in enumerate(roots) if _explains(other, finding)), None)
        if root is None:
            roots.append(finding)
        else:
            roots[root] = replace(roots[root], follows=(*roots[root].follows, finding))
    return sorted(roots, key=lambda f: SEVERITIES.index(f.severity))


def _accounts_for(root: Finding, other: Finding) -> bool:
    """Whether one op's gain is at least half of what is lost or gained over a stretch."""
    gain, whole = root.numbers.get("gain", math.nan), other.numbers.get("decades", math.nan)
    return not abs(gain) < abs(whole) / 2


def _explains(root: Finding, other: Finding) -> bool:
    if other.kind not in _EXPLAINS.get(root.kind, ()):
        return False
    if root.op is None:
        return False
    if root.kind == "nonfinite" or (other.op is not None and other.op.id == root.op.id):
        return True
    if root.kind == "no-gradient" and other.kind != "vanishing":
        return False
    # the other finding is about a stretch of the network that the root's op is in
    if len(other.reach) > 1 and root.reach & other.reach:
        return _accounts_for(root, other)
    return other.op is not None and other.op.id in root.reach
