"""The debugger's verbs over a trace, forwards and backwards; the page has the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from graphviz_ad.errors import TraceError
from graphviz_ad.trace.debug import motion
from graphviz_ad.trace.debug.breakpoints import Breakpoint, Breakpoints, Kind
from graphviz_ad.trace.debug.cursor import Cursor, told
from graphviz_ad.trace.debug.inspection import OpInspection, ValueInspection
from graphviz_ad.trace.debug.motion import GRANULARITIES, Granularity
from graphviz_ad.trace.debug.target import find_node
from graphviz_ad.trace.debug.watch import Watch, Watches
from graphviz_ad.trace.explain.shown import Shown, table
from graphviz_ad.trace.model import OpNode
from graphviz_ad.trace.trace import Trace

__all__ = ["Debugger", "Nodes", "Stop"]


@dataclass(frozen=True, slots=True, repr=False)
class Stop(Shown):
    """Where a verb came to a stop.

    Attributes
    ----------
    position : int
        How many steps are done.
    sentence : str
        What was done last.
    reason : str
        Why it stopped there, where that is not plain: a breakpoint, the end.
    """

    position: int
    sentence: str
    reason: str = ""

    def _text(self) -> str:
        return f"{self.sentence}  [{self.reason}]" if self.reason else self.sentence


class Nodes(tuple[Any, ...], Shown):
    """Nodes of the graph, printed as a table."""

    def __new__(cls, nodes: Iterable[Any], rows: Iterable[tuple[str, ...]]) -> Nodes:
        """Make them with the rows that they print."""
        made = super().__new__(cls, nodes)
        made.rows = list(rows)
        return made

    rows: list[tuple[str, ...]]

    def _text(self) -> str:
        return "\n".join(table(self.rows, indent="")) or "none"

    __repr__ = Shown.__repr__


class Debugger:
    """A trace with a position in it, breakpoints, watches, and a way to look at each node.

    Attributes
    ----------
    trace : Trace
    breakpoints : Breakpoints
    watches : Watches
    """

    def __init__(self, trace: Trace, position: int) -> None:
        self.trace = trace
        self.breakpoints = Breakpoints(trace, lambda: self._changed())
        self.watches = Watches(trace, lambda: self._cursor, lambda: self._changed())
        self._granularity: Granularity = "op"
        self._cursor = Cursor(position)
        self._selected = ""
        self._observers: list[Callable[[Any], object]] = []

    @property
    def position(self) -> int:
        """How many steps are done, from 0 to ``len(trace.steps)``; assign to move."""
        return self._cursor.step

    @position.setter
    def position(self, value: int) -> None:
        self.goto(value)

    @property
    def granularity(self) -> Granularity:
        """What `step` and `back` move by: ``"op"``, ``"edge"`` (a contribution), ``"module"``.

        Raises
        ------
        TraceError
            When something else is assigned.
        """
        return self._granularity

    @granularity.setter
    def granularity(self, value: Granularity) -> None:
        self._granularity = _checked(value, "granularity")
        self._changed()

    def goto(self, position: int, sent: int = 0) -> Stop:
        """Move to a position.

        Parameters
        ----------
        position : int
            How many steps are done.
        sent : int
            How many contributions the next step has sent; fewer than it has.

        Raises
        ------
        TraceError
            When it is outside the trace.
        """
        last = len(self.trace.steps)
        if type(position) is not int or not 0 <= position <= last:
            raise TraceError("goto", f"a step from 0 to {last}", repr(position))
        of = len(self.trace.steps[position].contributions) if position < last else 0
        if type(sent) is not int or not 0 <= sent < max(1, of):
            raise TraceError("goto", f"sent= from 0 to {max(0, of - 1)}", repr(sent))
        return self._move(Cursor(position, sent))

    def step(self, count: int = 1, *, granularity: Granularity | None = None) -> Stop:
        """Do the next step, or the next `count` of them.

        Raises
        ------
        TraceError
            For a `count` below 1 or another granularity.
        """
        return self._by(count, granularity, 1, "step")

    def back(self, count: int = 1, *, granularity: Granularity | None = None) -> Stop:
        """Undo the last step, or the last `count` of them.

        Raises
        ------
        TraceError
            For a `count` below 1 or another granularity.
        """
        return self._by(count, granularity, -1, "back")

    def first(self) -> Stop:
        """Go to the start: nothing is done."""
        return self._move(Cursor(0))

    def last(self) -> Stop:
        """Go to the end: everything is done."""
        return self._move(Cursor(len(self.trace.steps)))

    def step_over(self) -> Stop:
        """Do the next step, or all of the module that it enters, unless a breakpoint stops it."""
        return self._move(*motion.over(self.trace, self._cursor, 1, self.breakpoints.hit))

    def step_into(self) -> Stop:
        """Do the next step, into a module where one begins."""
        return self._by(1, "op", 1, "step_into")

    def step_out(self) -> Stop:
        """Do the rest of the innermost module, or else of the pass, up to a breakpoint."""
        return self._move(*motion.out_of(self.trace, self._cursor, 1, self.breakpoints.hit))

    def back_over(self) -> Stop:
        """Undo the last step, or all of the module that it is the end of."""
        return self._move(*motion.over(self.trace, self._cursor, -1, self.breakpoints.hit))

    def back_into(self) -> Stop:
        """Undo the last step, into a module where one ends."""
        return self._by(1, "op", -1, "back_into")

    def back_out(self) -> Stop:
        """Undo what was done of the innermost module, or else of the pass."""
        return self._move(*motion.out_of(self.trace, self._cursor, -1, self.breakpoints.hit))

    def continue_(self) -> Stop:
        """Go on to the next breakpoint, or to the end."""
        return self._move(*motion.run_until(self.trace, self._cursor, 1, self.breakpoints.hit))

    def reverse_continue(self) -> Stop:
        """Go back to the breakpoint before, or to the start."""
        return self._move(*motion.run_until(self.trace, self._cursor, -1, self.breakpoints.hit))

    def run_to(self, target: Any) -> Stop:
        """Go to where a node is done: a value is filled or its gradient complete, an op has run.

        The next such place, or the last one behind where none is ahead. A breakpoint on
        the way stops it.

        Parameters
        ----------
        target : Tensor, str or node
            A tensor of the graph, a name, or a key such as ``"v3"``.

        Raises
        ------
        TraceError
            When the trace has no such node, or no step comes to it.
        """
        node = find_node(self.trace, target, "run_to")
        places = motion.touched(self.trace, node)
        if not places:
            got = f"{node.key}, which is a leaf without gradient"
            raise TraceError("run_to", "a node that a step comes to", got)
        ahead = [p for p in places if p > self._cursor.step]
        goal, way = (min(ahead), 1) if ahead else (max(places), -1)

        def hit(step: int) -> str:
            if step + 1 == goal:
                return "run to here"
            return self.breakpoints.hit(step)

        if Cursor(goal) == self._cursor:
            return self._move(self._cursor, "already here")
        return self._move(*motion.run_until(self.trace, self._cursor, way, hit))

    def break_if(self, condition: str, at: Any = None) -> Breakpoint:
        """Stop where something that a step shows meets a condition.

        Parameters
        ----------
        condition : str
            ``"isnan"``, ``"isinf"``, ``"norm > 1e3"``, ``"rms < 1e-6"``, ``"max > 10"``,
            ``"gain < -1 decade"``, ``"norm drops a decade"``.
        at : Tensor, str or ValueNode, optional
            The only value to look at.

        Raises
        ------
        TraceError
            When the condition cannot be read, or the trace has no such value.
        """
        key = "" if at is None else find_node(self.trace, at, "break_if").key
        return self.breakpoints.add("condition", condition, key)

    def break_at(
        self, target: Any = None, *, op: str = "", module: str = "", line: int | str = ""
    ) -> Breakpoint:
        """Stop at a node, at every operation of a kind, where a module begins, or at a line.

        Parameters
        ----------
        target : Tensor, str or node, optional
            A node: a tensor of the graph, a name, or a key.
        op : str
            An operation's name in the registry, ``"matmul"``.
        module : str
            A module's path, ``"encoder.0"``.
        line : int or str
            A line number, or one with its source: ``"cell 4:12"``.

        Raises
        ------
        TraceError
            When not exactly one of these is given, or the trace has no such thing.
        """
        given: list[tuple[Kind, int | str]] = [("op", op), ("module", module), ("line", line)]
        asked = [(kind, str(what)) for kind, what in given if what != ""]
        if target is not None:
            asked.append(("node", find_node(self.trace, target, "break_at").key))
        if len(asked) != 1:
            expected = "one of a node, op=, module= and line="
            raise TraceError("break_at", expected, f"{len(asked)} of them")
        return self.breakpoints.add(*asked[0])

    def watch(self, target: Any, index: Any = None) -> Watch:
        """Watch a value's gradient, or one element of it.

        Raises
        ------
        TraceError
            When the trace has no such value or element.
        """
        node = find_node(self.trace, target, "watch")
        if isinstance(node, OpNode):
            raise TraceError("watch", "a value", f"the operation {node.op}")
        return self.watches.add(node, index)

    def unwatch(self, which: int | Watch) -> None:
        """Stop watching, by id.

        Raises
        ------
        TraceError
            When nothing is watched under that id.
        """
        self.watches.drop(which)

    def at(self, target: Any) -> Any:
        """Return what is there to see at a node.

        Parameters
        ----------
        target : Tensor, str or node
            A tensor of the graph, the name of a value or an operation, or a key.

        Returns
        -------
        ValueInspection or OpInspection

        Raises
        ------
        TraceError
            When the trace has no such node.
        """
        node = find_node(self.trace, target, "at")
        if isinstance(node, OpNode):
            return OpInspection(self.trace, node, lambda: self._cursor)
        return ValueInspection(self.trace, node, lambda: self._cursor)

    @property
    def here(self) -> OpInspection | None:
        """The operation of the step done last, or being done; None where there is none."""
        step = self._cursor.step - (self._cursor.sent == 0)
        op = None if step < 0 else self.trace.steps[step].op
        if op is None:
            return None
        return OpInspection(self.trace, self.trace.graph.ops[op], lambda: self._cursor)

    @property
    def values(self) -> Nodes:
        """The value nodes, in creation order."""
        trace = self.trace
        rows = [
            (v.key, trace.value_label(v.id), v.role, str(v.shape), v.dtype)
            for v in trace.graph.values
        ]
        return Nodes(trace.graph.values, rows)

    @property
    def ops(self) -> Nodes:
        """The op nodes, in creation order."""
        trace, edges = self.trace, self.trace.graph.edges
        rows = [
            (
                op.key, op.op, ", ".join(trace.value_label(edges[e].value) for e in op.inputs),
                "→", ", ".join(trace.value_label(v) for v in op.outputs),
            )
            for op in trace.graph.ops
        ]  # fmt: skip
        return Nodes(trace.graph.ops, rows)

    @property
    def selected(self) -> Any:
        """What is selected, as `at` returns it; None for nothing. Assign to select."""
        return self.at(self._selected) if self._selected else None

    @selected.setter
    def selected(self, target: Any) -> None:
        self.select(target)

    def select(self, target: Any = None) -> Any:
        """Select a node, here and on the page, and return what `at` returns of it.

        Parameters
        ----------
        target : Tensor, str or node, optional
            A tensor of the graph, a name, or a key; None selects nothing.

        Raises
        ------
        TraceError
            When the trace has no such node.
        """
        self._select("" if target is None else find_node(self.trace, target, "select").key)
        return self.selected

    @property
    def session(self) -> dict[str, Any]:
        """What the page shares with Python, as plain data: where one stands and what is set."""
        return {
            "step": self._cursor.fraction(self.trace),
            "selected": self._selected,
            "granularity": self._granularity,
            "breakpoints": self.breakpoints.to_list(),
            "watches": self.watches.to_list(),
        }

    def observe(self, callback: Callable[[Any], object]) -> Callable[[], None]:
        """Call `callback` with what is selected, whenever that changes.

        Parameters
        ----------
        callback : callable
            Takes what `selected` gives.

        Returns
        -------
        callable
            Removes the observer.
        """
        self._observers.append(callback)

        def remove() -> None:
            if callback in self._observers:
                self._observers.remove(callback)

        return remove

    def _select(self, key: str) -> None:
        if key == self._selected:
            return
        self._selected = key
        self._changed()
        for callback in list(self._observers):
            callback(self.selected)

    def _by(self, count: int, granularity: Granularity | None, way: int, verb: str) -> Stop:
        unit = self.granularity if granularity is None else _checked(granularity, verb)
        if isinstance(count, bool) or not isinstance(count, int) or count < 1:
            raise TraceError(verb, "a number of steps from 1", repr(count))
        cursor, reason = self._cursor, ""
        for _ in range(count):
            if unit == "edge":
                following = cursor.after(self.trace) if way > 0 else cursor.before(self.trace)
            elif unit == "module":
                following, reason = motion.module(self.trace, cursor, way, self.breakpoints.hit)
            else:
                following = motion.towards(self.trace, cursor, way)
            if following == cursor:
                reason = "the end of the trace" if way > 0 else "the start of the trace"
                break
            cursor = following
            if reason:
                break
        return self._move(cursor, reason)

    def _move(self, cursor: Cursor, reason: str = "") -> Stop:
        self._cursor = cursor
        self._changed()
        return Stop(cursor.step, told(self.trace, cursor), reason)

    def _changed(self) -> None:
        """Do what a view does when position, selection, breakpoints or watches have changed."""


def _checked(granularity: Granularity, function: str) -> Granularity:
    if granularity not in GRANULARITIES:
        expected = f"a granularity of {', '.join(GRANULARITIES)}"
        raise TraceError(function, expected, repr(granularity))
    return granularity
