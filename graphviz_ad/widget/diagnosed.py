"""A debugger that can diagnose its trace, and lead to the cause of what was found."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from graphviz_ad.errors import TraceError
from graphviz_ad.render.format import format_number
from graphviz_ad.trace.debug.breakpoints import ANY, Breakpoint
from graphviz_ad.trace.debug.debugger import Debugger, Nodes, Stop
from graphviz_ad.trace.model import OpNode, ValueNode
from graphviz_ad.trace.trace import Trace

if TYPE_CHECKING:
    from graphviz_ad.diagnose.finding import Finding
    from graphviz_ad.diagnose.placing import Placed
    from graphviz_ad.diagnose.report import Report
    from graphviz_ad.diagnose.rules import Rule
    from graphviz_ad.render.signs import Sign

__all__ = ["Diagnosed"]


class Diagnosed(Debugger):
    """The debugger's verbs, and those of a diagnosis.

    Attributes
    ----------
    report : Report or None
        What `diagnose` found; None before it was asked.
    diagnosis : str
        What the page is sent of it; empty where there is none.
    """

    def __init__(self, trace: Trace, position: int, report: Report | None = None) -> None:
        super().__init__(trace, position)
        self.report: Report | None = None
        self._placed: tuple[Placed, ...] = ()
        self._finding = -1
        self.diagnosis = ""
        if report is not None:
            self._take(report)

    def diagnose(
        self,
        parameters: Any = None,
        *,
        rules: Iterable[Rule] = (),
        ignore: Iterable[str] = (),
        check: Any = (),
    ) -> Report:
        """Diagnose the trace, and show what was found on the diagram.

        Parameters
        ----------
        parameters, rules, ignore, check
            As of `graphviz_ad.diagnose`.

        Returns
        -------
        Report

        Examples
        --------
        >>> import numpy as np
        >>> import graphviz_ad as ad
        >>> w = ad.parameter([0.0, 1.0], name="w")
        >>> with np.errstate(all="ignore"):
        ...     view = ad.show_graph(ad.log(w).sum())
        >>> view.diagnose().kinds
        frozenset({'nonfinite'})
        >>> view.go_to_cause()
        forward 1 of 2: log computes v1  [nonfinite]
        """
        from graphviz_ad.diagnose.record import diagnose

        self._take(diagnose(self.trace, parameters, rules=rules, ignore=ignore, check=check))
        assert self.report is not None
        return self.report

    @property
    def signs(self) -> tuple[Sign, ...]:
        """The findings as static pictures mark them, without those that follow from others.

        The gradient's way is highlighted to the first of them, as long as that is an alarm.
        """
        from graphviz_ad.render.signs import Sign

        roots = [one for one in self._placed if one.parent is None]
        ways = [one.path if one is roots[0] and one.finding.is_alarm else () for one in roots]
        return tuple(
            Sign(one.key, one.finding.severity, one.finding.kind, one.finding.title, way)
            for one, way in zip(roots, ways, strict=True)
        )

    def break_if(self, condition: str, at: Any = None) -> Breakpoint:
        """Stop where something that a step shows meets a condition, or where a finding shows.

        Parameters
        ----------
        condition : str
            As of `Debugger.break_if`; or ``"finding"`` for every finding of the diagnosis,
            which is made where there is none yet, ``"finding vanishing"`` for a kind of them.
        at : Tensor, str or ValueNode, optional
            The only value to look at; not for findings.

        Raises
        ------
        TraceError
            When the condition cannot be read, or the trace has no such value.

        Examples
        --------
        >>> import numpy as np
        >>> import graphviz_ad as ad
        >>> w = ad.parameter([0.0, 1.0], name="w")
        >>> with np.errstate(all="ignore"):
        ...     view = ad.show_graph(ad.log(w).sum(), step=0)
        >>> view.break_if("finding")
        1  on   any finding
        >>> view.continue_()  # doctest: +ELLIPSIS
        forward 1 of 2: log computes v1  [breakpoint 1: any finding, nonfinite: log (op 0) ...]
        """
        words = condition.split() if isinstance(condition, str) else []
        if words[:1] != ["finding"] or len(words) > 2:
            return super().break_if(condition, at)
        if at is not None:
            raise TraceError("break_if", "no at= for a finding, which has its place", repr(at))
        if self.report is None:
            self.diagnose()
        return self.breakpoints.add("finding", words[1] if len(words) > 1 else ANY)

    def go_to_cause(self, which: int | Finding = 0) -> Stop:
        """Go to the step where a finding shows, and select the node that it blames.

        Parameters
        ----------
        which : int or Finding
            A finding of the report, also one that follows from another; or its number in
            ``report.findings``.

        Raises
        ------
        TraceError
            When there is no such finding, or it has no place in the trace.
        """
        placed = self._placed_of(which)
        if not placed.key or placed.position is None:
            got = f"{placed.finding.kind}: {placed.finding.title}"
            raise TraceError("go_to_cause", "a finding with a place in the trace", got)
        self.open_finding(next(k for k, one in enumerate(self._placed) if one is placed))
        self.selected = placed.key
        stop = self.goto(placed.position)
        return Stop(stop.position, stop.sentence, placed.finding.kind)

    def way_to_cause(self, which: int | Finding = 0) -> Nodes:
        """Return the values and ops along which most of the gradient came to a cause.

        From the loss to the blamed op; printed with the size of each gradient (RMS), and that
        in decades from the median over all values.

        Parameters
        ----------
        which : int or Finding
            As of `go_to_cause`.

        Raises
        ------
        TraceError
            When there is no such finding.

        Examples
        --------
        >>> import graphviz_ad as ad
        >>> w = ad.parameter([1.0, 2.0], name="w")
        >>> view = ad.show_graph((w * [0.0, 0.0]).sum() + 1.0)
        >>> view.diagnose().kinds
        frozenset({'no-gradient'})
        >>> [node.key for node in view.way_to_cause()]
        ['v5', 'o2', 'v3', 'o1', 'v2', 'o0']
        """
        from graphviz_ad.render.sized import Sized
        from graphviz_ad.render.sizes import decades_text

        trace, graph, sized = self.trace, self.trace.graph, Sized(self.trace)
        found: dict[str, ValueNode | OpNode] = {}
        for edge in map(graph.edges.__getitem__, self._placed_of(which).path):
            value, op = graph.values[edge.value], graph.ops[edge.op]
            found.update({op.key: op, value.key: value} if edge.is_input else {value.key: value})
            found[op.key] = op
        rows: list[tuple[str, ...]] = []
        for key, node in found.items():
            size = None if isinstance(node, OpNode) else sized.value(node.id)
            name = node.op if isinstance(node, OpNode) else trace.value_label(node.id)
            if size is None or sized.scale is None:
                rows.append((key, name, "", ""))
            else:
                decades = decades_text(sized.scale.decades(size))
                rows.append((key, name, format_number(size), decades))
        return Nodes(found.values(), rows)

    def _placed_of(self, which: int | Finding) -> Placed:
        roots = [one for one in self._placed if one.parent is None]
        if isinstance(which, int) and not isinstance(which, bool):
            if 0 <= which < len(roots):
                return roots[which]
        else:
            for one in self._placed:
                if one.finding is which:
                    return one
        known = f"one of the {len(roots)} findings" if roots else "a finding"
        hint = "" if self.report is not None else "call diagnose() first"
        raise TraceError("go_to_cause", known, repr(which) if roots else "none", hint)

    def _take(self, report: Report) -> None:
        from graphviz_ad.diagnose.placing import place
        from graphviz_ad.diagnose.references import KINDS
        from graphviz_ad.widget.diagnosis import diagnosis_document

        self.report = report
        self._placed = place(report)
        self._finding = -1
        stops: dict[int, list[tuple[str, str]]] = {}
        for one in self._placed:
            if one.position is not None:
                stops.setdefault(one.position, []).append((one.finding.kind, one.finding.title))
        self.breakpoints.findings = stops
        self.breakpoints.kinds = sorted({*KINDS, *(one.finding.kind for one in self._placed)})
        self.diagnosis = diagnosis_document(report, self._placed)
        self._changed()

    def open_finding(self, index: int) -> None:
        """Open a finding on the page, by its number among all that were placed; -1 closes.

        Raises
        ------
        TraceError
            When there is no such finding.
        """
        if type(index) is not int or not -1 <= index < len(self._placed):
            expected = f"a number from -1 to {len(self._placed) - 1}"
            raise TraceError("open_finding", expected, repr(index))
        self._finding = index
        self._changed()
