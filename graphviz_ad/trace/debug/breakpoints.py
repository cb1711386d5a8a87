"""Breakpoints: on a node, an operation's kind, a module, a line, a condition, or a finding."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Literal

from graphviz_ad.errors import TraceError
from graphviz_ad.trace.debug.conditions import Condition, parse_condition
from graphviz_ad.trace.debug.numbered import Numbered
from graphviz_ad.trace.debug.target import find_node, scope_chain
from graphviz_ad.trace.explain.shown import Shown
from graphviz_ad.trace.model import OpNode, Step
from graphviz_ad.trace.trace import Trace

__all__ = ["ANY", "Breakpoint", "Breakpoints", "Kind"]

Kind = Literal["node", "op", "module", "line", "condition", "finding"]
_KINDS = ("node", "op", "module", "line", "condition", "finding")
ANY = "any"
_LINE = re.compile(r"(?:(?P<title>.+):)?(?P<line>\d+)")


class Breakpoint(Shown):
    """Where to stop. All of it is text, so that it is saved and sent as it is.

    Attributes
    ----------
    id : int
        Counted from 1.
    kind : str
        ``"node"``, ``"op"``, ``"module"``, ``"line"``, ``"condition"`` or ``"finding"``.
    what : str
        The node's key, the operation's name, the module's path, ``"cell 4:12"``, the
        condition, or the kind of finding, ``"any"`` for all.
    at : str
        For a condition: the key of the only value that is looked at; empty for all.
    enabled : bool
        Assign to switch it off and on.
    label : str
        What it is called in lists.
    """

    __slots__ = ("_changed", "_enabled", "at", "id", "kind", "label", "what")

    def __init__(
        self,
        id: int,
        kind: Kind,
        what: str,
        at: str = "",
        enabled: bool = True,
        label: str = "",
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self.id = id
        self.kind = kind
        self.what = what
        self.at = at
        self.label = label
        self._enabled = enabled
        self._changed = changed

    @property
    def enabled(self) -> bool:
        """Whether it stops anything."""
        return self._enabled

    @enabled.setter
    def enabled(self, value: bool) -> None:
        if value != self._enabled:
            self._enabled = value
            self._changed()

    def _text(self) -> str:
        return f"{self.id}  {'on ' if self.enabled else 'off'}  {self.label}"


class Breakpoints(Numbered[Breakpoint]):
    """The breakpoints of a session, in the order in which they were set.

    Attributes
    ----------
    findings : Mapping of int to sequence of (str, str)
        Where the findings of a diagnosis show, for breakpoints on them: by position, the
        kind and the title of each.
    kinds : collection of str
        The kinds of finding that one may name.
    """

    _element = Breakpoint

    def __init__(self, trace: Trace, changed: Callable[[], None] = lambda: None) -> None:
        self._trace = trace
        self._changed = changed
        self.findings: Mapping[int, Sequence[tuple[str, str]]] = {}
        self.kinds: Collection[str] = ()
        self._all: list[Breakpoint] = []
        self._conditions: dict[str, Condition] = {}
        self._next = 1

    def _text(self) -> str:
        return "\n".join(map(repr, self._all)) or "no breakpoints"

    def add(self, kind: Kind, what: str, at: str = "", enabled: bool = True) -> Breakpoint:
        """Set a breakpoint, or enable the one that is already there.

        Raises
        ------
        TraceError
            When the trace has nothing of that name, or the condition cannot be read.
        """
        what, at, label = self._checked(kind, what, at)
        found = self._same(kind, what, at)
        if found is not None:
            found.enabled = enabled
            return found
        made = self._made(kind, what, at, enabled, label)
        self._all.append(made)
        self._changed()
        return made

    def toggle(self, which: int | Breakpoint) -> Breakpoint:
        """Disable a breakpoint, or enable it again; by its id.

        Raises
        ------
        TraceError
            When there is none with that id.
        """
        found = self._find(which, "toggle")
        found.enabled = not found.enabled
        return found

    def remove(self, which: int | Breakpoint) -> None:
        """Remove a breakpoint, by its id.

        Raises
        ------
        TraceError
            When there is none with that id.
        """
        self._all.remove(self._find(which, "remove"))
        self._changed()

    def clear(self) -> None:
        """Remove all."""
        self._all.clear()
        self._changed()

    def to_list(self) -> list[dict[str, Any]]:
        """Return the breakpoints as plain data: kind, what, at and enabled of each."""
        return [
            {"kind": found.kind, "what": found.what, "at": found.at, "enabled": found.enabled}
            for found in self._all
        ]

    def restore(self, saved: Sequence[Mapping[str, Any]]) -> None:
        """Set the breakpoints that `to_list` gave, in place of these.

        One that is there already stays the same object, with its id.

        Raises
        ------
        TraceError
            When one does not fit the trace; nothing is changed then.
        """
        all_: list[Breakpoint] = []
        for one in saved:
            kind, what, at = one.get("kind"), one.get("what"), one.get("at", "")
            if kind not in _KINDS or not isinstance(what, str) or not isinstance(at, str):
                raise TraceError("breakpoints", "a kind and a text", repr(dict(one)))
            all_.append(self._restored(kind, what, at, bool(one.get("enabled", True))))
        self._all = all_
        self._changed()

    def _restored(self, kind: Kind, what: str, at: str, enabled: bool) -> Breakpoint:
        what, at, label = self._checked(kind, what, at)
        made = self._same(kind, what, at) or self._made(kind, what, at, enabled, label)
        made._enabled = enabled
        return made

    def _same(self, kind: Kind, what: str, at: str) -> Breakpoint | None:
        for found in self._all:
            if (found.kind, found.what, found.at) == (kind, what, at):
                return found
        return None

    def _made(self, kind: Kind, what: str, at: str, enabled: bool, label: str) -> Breakpoint:
        made = Breakpoint(self._next, kind, what, at, enabled, label, self._changed)
        self._next += 1
        return made

    def hit(self, index: int) -> str:
        """Say which breakpoint the step at `index` meets; empty for none."""
        step = self._trace.steps[index]
        for found in self._all:
            if found.enabled:
                met = self._met(found, step)
                if met:
                    return f"breakpoint {found.id}: {met}"
        return ""

    def _met(self, found: Breakpoint, step: Step) -> str:
        trace = self._trace
        if found.kind == "condition":
            value = int(found.at[1:]) if found.at else None
            met = self._conditions[found.what].met(trace, step, value)
            return f"{found.what}, {met}" if met else ""
        if found.kind == "finding":
            here = self.findings.get(step.index + 1, ())
            met = "; ".join(f"{kind}: {title}" for kind, title in here if found.what in (ANY, kind))
            return f"{found.label}, {met}" if met else ""
        op = None if step.op is None else trace.graph.ops[step.op]
        hit = {"node": _at_node, "op": _at_kind, "module": _in_module, "line": _on_line}[found.kind]
        return found.label if hit(trace, step, op, found.what) else ""

    def _checked(self, kind: Kind, what: str, at: str) -> tuple[str, str, str]:
        """Return the text of a breakpoint in its one spelling, and its label."""
        trace, graph = self._trace, self._trace.graph
        if kind == "condition":
            condition = parse_condition(what)
            self._conditions[condition.text] = condition
            if not at:
                return condition.text, "", condition.text
            node = find_node(trace, at, "break_if")
            if isinstance(node, OpNode):
                raise TraceError("break_if", "at= a value", repr(at))
            return condition.text, node.key, f"{condition.text} at {trace.value_label(node.id)}"
        if kind == "finding":
            what = _one_of(what, [ANY, *self.kinds], "a finding's kind")
            return what, "", f"{what} finding" if what == ANY else f"finding {what}"
        if kind == "node":
            node = find_node(trace, what, "break_at")
            name = node.op if isinstance(node, OpNode) else trace.value_label(node.id)
            return node.key, "", f"{name} ({node.key})" if name != node.key else name
        if kind == "op":
            names = sorted({op.op for op in graph.ops})
            labels = {op.label: op.op for op in graph.ops}
            return _one_of(labels.get(what, what), names, "an operation"), "", f"every {what}"
        if kind == "module":
            return (
                _one_of(what, sorted({s.path for s in graph.scopes}), "a module"),
                "",
                f"module {what}",
            )
        if kind == "line":
            match = _LINE.fullmatch(str(what))
            titles = {s.title for s in graph.sources}
            if match is None or not (match["title"] is None or match["title"] in titles):
                expected = (
                    f'a line, or a source and a line such as "{next(iter(titles), "cell 1")}:3"'
                )
                raise TraceError("break_at", expected, repr(what))
            if not any(_covers(trace, op, str(what)) for op in graph.ops):
                hint = "set it on a line that calls one"
                raise TraceError("break_at", "a line with operations", repr(what), hint)
            # Of one source the title says nothing: the page leaves it out.
            line = match["line"] if len(titles) < 2 else str(what)
            return line, "", f"line {line}"
        raise TraceError("break_at", f"one of {', '.join(_KINDS)}", repr(kind))


def _one_of(what: str, known: list[str], kind: str) -> str:
    if what in known:
        return what
    hint = f"there are {', '.join(known[:20])}" if known else "there are none"
    raise TraceError("break_at", f"the name of {kind}", repr(what), hint)


def _at_node(_trace: Trace, step: Step, op: OpNode | None, key: str) -> bool:
    if key.startswith("o"):
        return op is not None and op.key == key
    value = int(key[1:])
    filled = value in step.outputs and (step.phase == "forward" or step.op is None)
    return filled or any(sent.value == value for sent in step.contributions)


def _at_kind(_trace: Trace, _step: Step, op: OpNode | None, name: str) -> bool:
    return op is not None and op.op == name


def _in_module(trace: Trace, step: Step, op: OpNode | None, path: str) -> bool:
    """Whether the step is the first of its kind inside the module, coming from outside."""
    entered = _scopes_of(trace, op, path)
    if not entered:
        return False
    before = trace.steps[step.index - 1] if step.index else None
    if before is None or before.op is None or before.phase != step.phase:
        return True
    return entered.isdisjoint(_scopes_of(trace, trace.graph.ops[before.op], path))


def _scopes_of(trace: Trace, op: OpNode | None, path: str) -> set[int]:
    """Return the entries of the module `path` that an operation is inside of."""
    chain = () if op is None else scope_chain(trace, op.scope)
    return {scope for scope in chain if trace.graph.scopes[scope].path == path}


def _on_line(trace: Trace, step: Step, op: OpNode | None, what: str) -> bool:
    """Whether the step is the first of its kind on the line, coming from another."""
    before = trace.steps[step.index - 1] if step.index else None
    if before is not None and before.op is not None and before.phase == step.phase:
        return _covers(trace, op, what) and not _covers(trace, trace.graph.ops[before.op], what)
    return _covers(trace, op, what)


def _covers(trace: Trace, op: OpNode | None, what: str) -> bool:
    match = _LINE.fullmatch(what)
    if match is None or op is None or op.location is None:
        return False
    place = op.location
    if match["title"] and trace.graph.sources[place.source].title != match["title"]:
        return False
    return place.line <= int(match["line"]) <= place.end_line
