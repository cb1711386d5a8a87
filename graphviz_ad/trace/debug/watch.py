"""The watch list: chosen gradients or elements of them, over the steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from graphviz_ad.errors import TraceError
from graphviz_ad.trace.debug.cursor import Cursor, data_at, gradient_at
from graphviz_ad.trace.debug.numbered import Numbered
from graphviz_ad.trace.explain.element import element_index
from graphviz_ad.trace.explain.shown import Shown, host, index_text, norm, number
from graphviz_ad.trace.model import ValueNode
from graphviz_ad.trace.trace import Trace

__all__ = ["Watch", "Watches"]

_BARS = "▁▂▃▄▅▆▇█"
_WIDTH = 40


@dataclass(repr=False, eq=False)
class Watch(Shown):
    """A value, or one element of it, that is watched.

    Attributes
    ----------
    id : int
        Counted from 1.
    node : ValueNode
    index : tuple of int or None
        The element; None for the whole value.
    """

    id: int
    node: ValueNode
    index: tuple[int, ...] | None
    trace: Trace = field(repr=False)
    where: Callable[[], Cursor] = field(repr=False)

    @property
    def label(self) -> str:
        """What is watched: ``"W∇[3, 2]"``, or ``"‖W∇‖"`` for a whole gradient."""
        return self._labelled(self.trace.gradient_label(self.node.id))

    @property
    def data(self) -> Any:
        """The value's array, or its element, at the current position; None before it is there."""
        return self._of(data_at(self.trace, self.node.id, self.where()))

    @property
    def gradient(self) -> Any:
        """The gradient so far, or its element, at the current position; None before any of it."""
        return self._of(gradient_at(self.trace, self.node.id, self.where()))

    @property
    def value(self) -> float | None:
        """The number that is drawn: the gradient's element, or its norm; None before any of it."""
        return self._number(gradient_at(self.trace, self.node.id, self.where()))

    @cached_property
    def history(self) -> tuple[float | None, ...]:
        """That number at every position, from 0 to the last step; None where there is none yet."""
        trace = self.trace
        changes: dict[int, Any] = {}
        if self.node.id == trace.output and trace.gradient(self.node.id) is not None:
            changes[trace.forward_steps + 1] = trace.gradient(self.node.id)
        sent = [edge for edge in self.node.consumers if trace.arrival(edge)[0]]
        for edge in sorted(sent, key=lambda edge: trace.arrival(edge)[0]):
            changes[trace.sent_at(edge) + 1] = trace.accumulated(edge)
        found: list[float | None] = []
        last: float | None = None
        for position in range(len(trace.steps) + 1):
            if position in changes:
                last = self._number(changes[position])
            found.append(last)
        return tuple(found)

    @property
    def sparkline(self) -> str:
        """The history as a row of bars, with the current position's number behind it."""
        positions = np.linspace(0, len(self.history) - 1, min(_WIDTH, len(self.history)))
        drawn = [self.history[round(p)] for p in positions]
        finite = [v for v in drawn if v is not None and np.isfinite(v)]
        low, high = min([0.0, *finite]), max([0.0, *finite])
        scale = (len(_BARS) - 1) / (high - low) if high > low else 0.0
        return "".join(
            "·" if v is None else "!" if not np.isfinite(v) else _BARS[round((v - low) * scale)]
            for v in drawn
        )

    def _labelled(self, name: str) -> str:
        return f"‖{name}‖" if self.index is None else f"{name}{index_text(self.index)}"

    def _of(self, array: Any) -> Any:
        return array if array is None or self.index is None else host(array)[self.index]

    def _number(self, array: Any) -> float | None:
        if array is None:
            return None
        return norm(array) if self.index is None else float(host(array)[self.index])

    def _text(self) -> str:
        value = "not reached yet" if self.value is None else number(self.value)
        trace, cursor = self.trace, self.where()
        data = self._number(data_at(trace, self.node.id, cursor))
        parts = [str(self.id), f"{self.label}  {self.sparkline}  {value}"]
        if data is not None:
            parts.append(f"{self._labelled(trace.value_label(self.node.id))} {number(data)}")
        if self.node.scope is not None:
            parts.append(trace.graph.scopes[self.node.scope].path)
        return "  ".join(parts)


class Watches(Numbered[Watch]):
    """The watch list of a session."""

    _element = Watch

    def __init__(
        self,
        trace: Trace,
        where: Callable[[], Cursor],
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._trace = trace
        self._where = where
        self._changed = changed
        self._all: list[Watch] = []
        self._next = 1

    def add(self, node: ValueNode, index: Any = None) -> Watch:
        """Watch a value, or one element of it."""
        made = self._made(node, index)
        if made not in self._all:
            self._all.append(made)
            self._changed()
        return made

    def drop(self, which: int | Watch) -> None:
        """Stop watching, by id.

        Raises
        ------
        TraceError
            When nothing is watched under that id.
        """
        self._all.remove(self._find(which, "unwatch"))
        self._changed()

    def to_list(self) -> list[dict[str, Any]]:
        """Return what is watched as plain data: the value's id and the index of each."""
        return [
            {"value": w.node.id, "index": None if w.index is None else list(w.index)}
            for w in self._all
        ]

    def restore(self, saved: Sequence[Mapping[str, Any]]) -> None:
        """Watch what `to_list` gave, in place of this; what stays keeps its id.

        Raises
        ------
        TraceError
            When the trace has no such value or element; nothing is changed then.
        """
        values = self._trace.graph.values
        all_: list[Watch] = []
        for one in saved:
            value, index = one.get("value"), one.get("index")
            whole = isinstance(index, list) and all(type(i) is int for i in index)
            fits = index is None or whole
            if not (isinstance(value, int) and 0 <= value < len(values) and fits):
                raise TraceError("watches", "a value's id and an index", repr(dict(one)))
            all_.append(self._made(values[value], None if index is None else tuple(index)))
        self._all = all_
        self._changed()

    def _made(self, node: ValueNode, index: Any) -> Watch:
        """Return the watch of an element, the one that is there or a new one."""
        if index is not None:
            index = element_index(node.shape, index, self._trace.value_label(node.id))
        for found in self._all:
            if (found.node, found.index) == (node, index):
                return found
        made = Watch(self._next, node, index, self._trace, self._where)
        self._next += 1
        return made

    def _text(self) -> str:
        return "\n".join(map(repr, self._all)) or "nothing is watched"
