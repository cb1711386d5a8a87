"""Where the live view of a monitor is shown, and how often."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from graphviz_ad.console import Line, bar
from graphviz_ad.diagnose.panel import Moment, clock, panel, totals

if TYPE_CHECKING:
    from graphviz_ad.diagnose.monitor import Monitor

__all__ = ["LiveView"]

_BETWEEN = 0.25  # seconds from one drawing to the next: four a second
_SHARE = 50  # drawing takes at most one part in this many of the time


class LiveView:
    """Shows how far a run is: a panel in a notebook, one line in a terminal.

    In a notebook the panel is updated in place (``display(display_id=True)``), in a terminal the
    line is written over; in a file there is one line at the end.

    Parameters
    ----------
    curves : bool
        Whether the notebook's panel has curves, or the bar alone.
    """

    def __init__(self, curves: bool) -> None:
        self.curves = curves
        self._line = Line()
        self._handle: Any = None
        self._cell: Any = None
        self._next = 0.0
        self.begin(None)

    def begin(self, total: int | None) -> None:
        """Start anew, with a bar up to `total`."""
        self.done = 0
        self.total = total
        self._begun = time.perf_counter()
        self._handle = None

    def refresh(self, monitor: Monitor, *, last: bool = False) -> None:
        """Draw, if enough time has passed since the last drawing."""
        now = time.perf_counter()
        if now < self._next and not last:
            return
        shell = _kernel_shell()
        if shell is not None:
            self._display(monitor, shell)
        elif self._line.changes or last:
            self._line.write(self._text(monitor))
        if last:
            self._line.end()
        end = time.perf_counter()
        self._next = end + max(_BETWEEN, _SHARE * (end - now))

    def _moment(self, monitor: Monitor) -> Moment:
        findings = monitor.curve_findings() if self.curves else ()
        frozen = f"{monitor.why_frozen} at step {monitor.frozen_at}" if monitor.why_frozen else ""
        seconds = time.perf_counter() - self._begun
        return Moment(self.done, self.total, seconds, frozen, findings[:3])

    def _text(self, monitor: Monitor) -> str:
        seconds = clock(time.perf_counter() - self._begun)
        head = bar(self.done, self.total) if self.total else f"step {self.done}"
        parts = [f"{head}  {seconds}"]
        history = monitor.history
        if len(history.losses):
            parts.append(f"loss {history.losses.items[-1][1]:.4g}")
        if self.curves:
            gradient, update = totals(history)
            parts += [f"‖∇‖ {gradient[-1][1]:.3g}"] if gradient else []
            parts += [f"‖Δw‖/‖w‖ {update[-1][1]:.2g}"] if update else []
        if monitor.why_frozen:
            parts.append(f"frozen: {monitor.why_frozen}")
        return "  ".join(parts)

    def _display(self, monitor: Monitor, shell: Any) -> None:
        moment = self._moment(monitor)
        data = {
            "text/html": panel(monitor.history, moment, self.curves),
            "text/plain": self._text(monitor),
        }
        if self._handle is None or self._cell != shell.execution_count:
            import IPython.display

            # another cell has a view of its own; the earlier one stays as it was
            self._cell = shell.execution_count
            show: Callable[..., Any] = IPython.display.display
            self._handle = show(data, raw=True, display_id=True)
        else:
            self._handle.update(data, raw=True)


def _kernel_shell() -> Any:
    """Return IPython's shell where it belongs to a notebook's kernel; else None."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return shell if getattr(shell, "kernel", None) is not None else None
