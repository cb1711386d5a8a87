"""One debugger in Python and on the page: what either sets, the other shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphviz_ad.errors import TraceError
from graphviz_ad.trace.debug.cursor import Cursor
from graphviz_ad.widget.stepper import Stepper

if TYPE_CHECKING:
    from graphviz_ad.widget.view import GraphView

__all__ = ["Link"]


class Link:
    """Keeps a debugger and its Stepper in one state.

    The page is sent what has changed in Python, and Python takes over what the page sends;
    what does not fit the trace is answered with what holds.
    """

    def __init__(self, debugger: GraphView, stepper: Stepper) -> None:
        self._debugger = debugger
        self._stepper = stepper
        # What both sides have: only what differs from it is news. Several traits may come
        # from the page at once and are told of one after another.
        self._agreed = debugger.session
        stepper.observe(self._pull, list(self._agreed))

    def push(self) -> None:
        """Tell the page what is new in Python."""
        now = self._debugger.session
        news = {name: value for name, value in now.items() if value != self._agreed[name]}
        self._agreed = now
        if not news:
            return
        with self._stepper.hold_sync():
            for name, value in news.items():
                setattr(self._stepper, name, value)
            self._stepper.told += 1

    def _pull(self, change: Any) -> None:
        """Take over what the page, or someone who assigns to a trait, says."""
        if self._agreed[change.name] == change.new:
            return
        self._agreed[change.name] = change.new
        try:
            self._take(change.name, change.new)
        except TraceError:
            self._stepper.log.warning("the page asks for what the trace has not", exc_info=True)
        self.push()

    def _take(self, name: str, value: Any) -> None:
        debugger = self._debugger
        if name == "step":
            debugger.goto(*Cursor.at(debugger.trace, value))
        elif name == "selected":
            debugger.select(value or None)
        elif name == "granularity":
            debugger.granularity = value
        elif name == "colour":
            debugger.colour = value
        elif name == "finding":
            debugger.open_finding(value)
        elif name == "breakpoints":
            debugger.breakpoints.restore(value)
        elif name == "watches":
            debugger.watches.restore(value)
