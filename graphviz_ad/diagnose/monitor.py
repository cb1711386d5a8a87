"""The monitor of a training loop: one call a step, and a flight recorder."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence, Sized
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from graphviz_ad.diagnose.finding import SEVERITIES, Finding
from graphviz_ad.diagnose.history import (
    Agreement,
    History,
    Sample,
    Thinned,
    fast_dot,
    fast_norm,
)
from graphviz_ad.diagnose.live import LiveView
from graphviz_ad.diagnose.record import parameters_of, trace_of
from graphviz_ad.diagnose.report import Report, diagnose_trace
from graphviz_ad.diagnose.rules.training import TRAINING_RULES, TrainingRule
from graphviz_ad.errors import ArgumentError
from graphviz_ad.trace.trace import Trace

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Monitor"]

_T = TypeVar("_T")

_FOLLOWS = {
    "diverging": {"oscillating", "update-ratio", "not-decreasing", "gradient-noise"},
    "update-ratio": {"oscillating", "not-decreasing", "gradient-noise"},
    "oscillating": {"not-decreasing", "gradient-noise"},
    "unchanged": {"not-decreasing"},
    "gradient-noise": {"not-decreasing"},
}
_SUSPICIOUS = 3.0  # times the largest of the last losses: the next step is sampled, too
_FEWEST_NORMS = 3  # gradients before a jump of theirs can be told


class Monitor:
    """Watches a training loop: losses, gradients and updates, and the steps before a crash.

    Call `step` once at the end of each step, after the optimiser's. Every step costs a look at
    the loss; every `every`-th one, and one after a loss that looks wrong, the norms of all
    parameters. The last few graphs are held, so that when the loss or a gradient turns NaN or Inf
    or jumps one can step through the very iteration.

    Parameters
    ----------
    parameters : Module, optimiser, or iterable of Tensor
    optimiser : optimiser, optional
        With it, parameters that it does not have are told apart.
    every : int
        How many steps from one sample to the next.
    keep : int
        How many graphs the flight recorder holds; 0 for none. They keep their arrays alive.
    limit : int
        How many losses, and samples of each parameter, are kept; older ones are thinned out.
    jump : float
        Freeze when a loss, or a sampled gradient's norm, is this many times the largest of the
        last ten; inf for never.
    rules : iterable of TrainingRule
        In place of the registered ones of the same name.
    live : bool
        Show the run while it goes: in a notebook curves of loss, gradient and updates, updated
        in place at most four times a second; in a terminal one line.
    total : int, optional
        How many steps there will be, for the bar of the live view; `track` finds it out.
    path : int
        How many positions of the parameters to keep for ``figure("loss_surface")``, at most;
        they stay in memory.

    Attributes
    ----------
    history : History
    steps : int
        How many steps were seen.
    frozen_at : int or None
        The step at which the flight recorder stopped, and `why_frozen`.
    seconds : float
        What monitoring has cost so far.

    Raises
    ------
    ArgumentError
        For no parameters, or an option out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> import graphviz_ad as ad
    >>> w = ad.parameter(np.ones((3, 1)), name="w")
    >>> optimiser = ad.optim.SGD([w], lr=0.1)
    >>> monitor = ad.Monitor(optimiser, every=2)
    >>> for _ in range(20):
    ...     optimiser.zero_grad()
    ...     loss = ((np.eye(3) @ w) ** 2).mean()
    ...     loss.backward()
    ...     optimiser.step()
    ...     monitor.step(loss)
    >>> monitor.report().healthy
    True
    """

    def __init__(
        self,
        parameters: Any,
        optimiser: Any = None,
        *,
        every: int = 10,
        keep: int = 2,
        limit: int = 1000,
        jump: float = 100.0,
        rules: Iterable[TrainingRule] = (),
        live: bool = False,
        total: int | None = None,
        path: int = 0,
    ) -> None:
        for name, value, least in (
            ("every", every, 1), ("keep", keep, 0), ("limit", limit, 4), ("path", path, 0),
            ("total", 1 if total is None else total, 1),
        ):  # fmt: skip
            if not isinstance(value, int) or value < least:
                raise ArgumentError("Monitor", f"{name} of {least} or more", repr(value))
        self._named = _unique(parameters_of(parameters))
        if not self._named:
            raise ArgumentError("Monitor", "at least one parameter", "none")
        held = None if optimiser is None else {t.id for _, t in parameters_of(optimiser)}
        self.every = every
        self.jump = jump
        self.history = History(limit)
        self.history.names = {
            name: (tensor.shape, held is None or tensor.id in held) for name, tensor in self._named
        }
        self.steps = 0
        self.seconds = 0.0
        self.frozen_at: int | None = None
        self.why_frozen = ""
        self._rules = {name: rule() for name, rule in TRAINING_RULES.items()}
        self._rules.update({type(rule).__name__: rule for rule in rules})
        self._recent: deque[float] = deque(maxlen=10)
        self._flight: deque[tuple[int, Any]] = deque(maxlen=keep)
        self._traces: dict[int, Trace] = {}
        self._gradient_norms: deque[float] = deque(maxlen=10)
        self._before: list[tuple[Any, Any]] | None = self._arrays()
        # nothing writes to a parameter's array, so a position is no copy
        self._path = Thinned(path) if path else None
        self._start = self._position() if path else []
        self._live = live
        self._tracking = False
        self._view = LiveView(curves=live)
        self._view.total = total

    def step(self, loss: Any) -> None:
        """Take note of a step that was just taken.

        Parameters
        ----------
        loss : Tensor
            The scalar whose ``backward`` gave the step's gradients.

        Raises
        ------
        ArgumentError
            When it is no scalar tensor.
        """
        begin = time.perf_counter()
        if not hasattr(loss, "item") or getattr(loss, "size", 0) != 1:
            got = f"{type(loss).__name__} {getattr(loss, 'shape', '')}".strip()
            raise ArgumentError("Monitor.step", "a scalar Tensor, the loss", got)
        value = float(loss.item())
        self.history.losses.append((self.steps, value))
        if self.frozen_at is None and self._flight.maxlen and hasattr(loss, "backward"):
            self._flight.append((self.steps, loss))
        if self._before is not None:
            with np.errstate(all="ignore"):
                self._sample(self._before)
            self._before = None
        suspicious = self._watch(value)
        self.steps += 1
        if suspicious or self.steps % self.every == 0:
            self._before = self._arrays()
            if self._path is not None:
                self._path.append(self._position())
        if self._live:
            if not self._tracking:
                self._view.done = self.steps
            ends = not self._tracking and self.steps == self._view.total
            self._view.refresh(self, last=ends)
        self.seconds += time.perf_counter() - begin

    def track(self, batches: Iterable[_T], total: int | None = None) -> Iterator[_T]:
        """Go through batches with a progress bar: a panel in a notebook, a line in a terminal.

        Parameters
        ----------
        batches : iterable
        total : int, optional
            How many there are, where ``len(batches)`` does not tell.

        Examples
        --------
        >>> import graphviz_ad as ad
        >>> w = ad.parameter(2.0, name="w")
        >>> monitor = ad.Monitor([w])
        >>> for x in monitor.track([1.0, 2.0, 3.0]):
        ...     loss = w * w * x
        ...     loss.backward()
        ...     monitor.step(loss)
        >>> monitor.steps
        3
        """
        if total is None and isinstance(batches, Sized):
            total = len(batches)
        self._view.begin(total)
        self._tracking = True
        try:
            for batch in batches:
                yield batch
                begin = time.perf_counter()
                self._view.done += 1
                self._view.refresh(self)
                self.seconds += time.perf_counter() - begin
        finally:
            self._tracking = False
            self._view.refresh(self, last=True)

    def _position(self) -> list[Any]:
        return [tensor.data for _, tensor in self._named]

    def _arrays(self) -> list[tuple[Any, Any]]:
        """Return every parameter's data and gradient; nothing writes to them, so no copies."""
        return [
            (tensor.data, None if tensor.grad is None else tensor.grad.data)
            for _, tensor in self._named
        ]

    def _sample(self, before: list[tuple[Any, Any]]) -> None:
        product, squares, paired = 0.0, 0.0, False
        for (name, tensor), (old, earlier) in zip(self._named, before, strict=True):
            if not tensor.requires_grad:
                continue
            change = tensor.data - old
            update = fast_norm(change)
            gradient, descent = math.nan, math.nan
            if tensor.grad is not None:
                g = tensor.grad.data
                gradient = fast_norm(g)
                if len(tensor.shape) > 1:
                    self.history.add_spread(name, self.steps, g)
                squares += gradient * gradient
                if earlier is not None:
                    product += fast_dot(g, earlier)
                    paired = True
                size = gradient * update
                if math.isfinite(size) and size > 0:
                    descent = -fast_dot(change, g) / size
                if not math.isfinite(gradient):
                    self._freeze(f"the gradient of {name} is not finite")
            self.history.add(name, Sample(self.steps, fast_norm(old), gradient, update, descent))
        if paired:
            self.history.agreements.append(Agreement(self.steps, product, squares))
        self._watch_gradient(math.sqrt(squares))

    def _watch_gradient(self, norm: float) -> None:
        largest = max(self._gradient_norms, default=0.0)
        if len(self._gradient_norms) >= _FEWEST_NORMS and norm > self.jump * largest > 0:
            self._freeze(f"the norm of the gradient jumped to {norm:.4g}")
        self._gradient_norms.append(norm)

    def _watch(self, value: float) -> bool:
        """Freeze where the loss broke or jumped; return whether it looks wrong."""
        full = len(self._recent) == self._recent.maxlen
        largest = max(map(abs, self._recent), default=0.0)
        if not math.isfinite(value):
            self._freeze(f"the loss is {value}")
        elif full and abs(value) > self.jump * largest:
            self._freeze(f"the loss jumped to {value:.4g}")
        self._recent.append(value)
        return full and not abs(value) <= _SUSPICIOUS * largest

    def _freeze(self, why: str) -> None:
        if self.frozen_at is None:
            self.frozen_at, self.why_frozen = self.steps, why

    @property
    def traces(self) -> dict[int, Trace]:
        """The traces in the flight recorder, by step; made when they are first asked for."""
        for step, loss in self._flight:
            if step not in self._traces:
                self._traces[step] = trace_of(loss)
        held = {step for step, _ in self._flight}
        self._traces = {step: t for step, t in self._traces.items() if step in held}
        return dict(self._traces)

    def release(self) -> None:
        """Let go of the frozen graphs and record again."""
        self._flight.clear()
        self._traces.clear()
        self.frozen_at, self.why_frozen = None, ""

    def curve_findings(self) -> tuple[Finding, ...]:
        """Return what is wrong over the run so far: the rules of training, without the graphs."""
        with np.errstate(all="ignore"):
            found = [f for rule in self._rules.values() for f in rule.check(self.history)]
        order = list(_FOLLOWS)
        found.sort(key=lambda f: order.index(f.kind) if f.kind in order else len(order))
        roots: list[Finding] = []
        for finding in found:
            root = next(
                (k for k, r in enumerate(roots) if finding.kind in _FOLLOWS.get(r.kind, ())), None
            )
            if root is None:
                roots.append(finding)
            else:
                roots[root] = replace(roots[root], follows=(*roots[root].follows, finding))
        return tuple(roots)

    def report(self) -> Report:
        """Return what is wrong, over the run and in the newest graph that is held.

        Returns
        -------
        Report
            Empty, with a note, before the first step.
        """
        if not self.steps:
            return Report((), ["the monitor has seen no step; call step(loss) at the end of each"])
        roots = list(self.curve_findings())
        notes = []
        if self.frozen_at is not None:
            notes.append(f"frozen at step {self.frozen_at}: {self.why_frozen}; see monitor.traces")
        trace = None
        if self._flight:
            traces = self.traces
            for step in sorted(traces):
                trace = traces[step]
                report = diagnose_trace(trace)
                if "nonfinite" in report.kinds:
                    roots = [*report.findings, *roots]
                    break
                if step == max(traces):
                    roots = _join(roots, report.findings)
        return Report(sorted(roots, key=lambda f: SEVERITIES.index(f.severity)), notes, trace)

    def figure(self, kind: str = "update_ratios") -> Figure:
        """Draw the run.

        Parameters
        ----------
        kind : {"update_ratios", "histograms", "loss_surface"}
            The loss and ‖Δw‖/‖w‖ of every parameter over the steps; histograms of the weights'
            gradients over time; the loss over a plane through the parameters, with the path
            that the optimiser took (make the monitor with ``path=50``).

        Raises
        ------
        ArgumentError
            For another kind, or the loss surface while no graph is held.
        """
        from graphviz_ad.diagnose.figure_ridges import gradient_ridges
        from graphviz_ad.diagnose.figure_surface import loss_surface
        from graphviz_ad.diagnose.figures import update_ratios

        if kind == "update_ratios":
            return update_ratios(self.history)
        if kind == "histograms":
            return gradient_ridges(self.history)
        if kind != "loss_surface":
            expected = "one of update_ratios, histograms, loss_surface"
            raise ArgumentError("Monitor.figure", expected, repr(kind))
        traces = self.traces
        if not traces:
            hint = "call it after a step, on a monitor with keep=1 or more"
            raise ArgumentError("Monitor.figure", "a graph that is held", "none", hint)
        trace = traces[max(traces)]
        return loss_surface(trace, self._positions(trace))

    def _positions(self, trace: Trace) -> list[dict[int, Any]]:
        """Return the path that was kept, by the value nodes of a trace."""
        if self._path is None or trace.rules is None:
            return []
        nodes = [trace.rules.value_of(tensor) for _, tensor in self._named]
        return [
            {node: array for node, array in zip(nodes, arrays, strict=True) if node is not None}
            for arrays in (self._start, *self._path, self._position())
        ]

    def __repr__(self) -> str:
        return f"<Monitor: {self.steps} steps, {len(self._named)} parameters>"

    def _repr_html_(self) -> str:
        """Display in a notebook."""
        return self.report()._repr_html_()


def _join(roots: list[Finding], newest: Sequence[Finding]) -> list[Finding]:
    """Add what was found in the newest graph: where the loss diverged it follows from that."""
    if roots and roots[0].kind == "diverging":
        return [replace(roots[0], follows=(*roots[0].follows, *newest)), *roots[1:]]
    return [*roots, *newest]


def _unique(named: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Return the parameters with names that differ: unnamed ones may share a name."""
    counts: dict[str, int] = {}
    found = []
    for name, tensor in named:
        counts[name] = counts.get(name, 0) + 1
        found.append((name if counts[name] == 1 else f"{name} ({counts[name]})", tensor))
    return found
