"""The live view of a training run as HTML: a bar, and curves of loss, gradient and updates.

Inline SVG without scripts: text takes the page's own colour, and the colours of the curves are
readable on light and on dark pages.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from graphviz_ad.diagnose.finding import Finding
from graphviz_ad.diagnose.history import History, Sample

__all__ = ["Moment", "clock", "panel", "totals"]

_WIDTH, _HEIGHT = 260.0, 104.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 44.0, 4.0, 6.0, 16.0
_MOST_POINTS = 150
_MOST_LINES = 24
_BLUE, _ORANGE, _GREEN, _RED = "#4a90d9", "#d9822b", "#3f9d63", "#d0453a"
_COLORS = {"error": _RED, "warning": "#b97d10", "info": "#7b8794"}
_USUAL_UPDATE = (3e-4, 3e-3)  # half a decade around 1e-3, as in the figure of update ratios

_SIZES = ("gradient", "update", "weight")

Points = Sequence[tuple[int, float]]


@dataclass(frozen=True)
class Moment:
    """How far a run is.

    Attributes
    ----------
    done : int
    total : int or None
    seconds : float
        Since the run began.
    frozen : str
        Why the flight recorder stopped; empty while it runs.
    findings : tuple of Finding
    """

    done: int
    total: int | None
    seconds: float
    frozen: str = ""
    findings: tuple[Finding, ...] = ()

    def words(self) -> str:
        """Return how many steps, how fast and how long it will take."""
        rate = self.done / self.seconds if self.seconds > 0 else 0.0
        speed = f" · {rate:.3g} steps/s" if rate else ""
        if self.total is None:
            return f"step {self.done}{speed} · {clock(self.seconds)}"
        left = (self.total - self.done) / rate if rate and self.done < self.total else 0.0
        rest = f" · {clock(left)} left" if left else f" · {clock(self.seconds)}"
        return f"step {self.done} of {self.total}{speed}{rest}"


def clock(seconds: float) -> str:
    """Return a duration as minutes and seconds.

    Examples
    --------
    >>> from graphviz_ad.diagnose.panel import clock
    >>> clock(75), clock(3700)
    ('1:15', '1:01:40')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def totals(history: History) -> tuple[list[tuple[int, float]], list[tuple[int, float]]]:
    """Return ‖∇‖ and ‖Δw‖/‖w‖ of all parameters together, by sampled step."""
    by_step: dict[int, list[Sample]] = {}
    for samples in history.samples.values():
        for sample in samples:
            by_step.setdefault(sample.step, []).append(sample)
    sums = {
        step: [_together([getattr(s, name) for s in samples]) for name in _SIZES]
        for step, samples in by_step.items()
    }
    ordered = sorted(sums.items())
    return (
        [(step, gradient) for step, (gradient, _, _) in ordered],
        [(step, update / weight) for step, (_, update, weight) in ordered if weight > 0],
    )


def _together(norms: Sequence[float]) -> float:
    """Return the norm of all; NaN where none is known."""
    known = [norm for norm in norms if not math.isnan(norm)]
    return math.hypot(*known) if known else math.nan


def panel(history: History, moment: Moment, curves: bool = True) -> str:
    """Return the view as HTML."""
    parts = [_header(moment)]
    if curves:
        gradient, update = totals(history)
        samples = list(history.samples.values())[:_MOST_LINES]
        several = len(samples) > 1
        losses = list(history.losses)
        thin = [[(s.step, s.gradient) for s in each] for each in samples] if several else []
        ratios = [[(s.step, s.ratio) for s in each] for each in samples] if several else []
        known = [loss for _, loss in losses if math.isfinite(loss)]
        log = bool(known) and min(known) > 0 and max(known) > 10 * min(known)
        charts = (
            _chart("loss", losses, [], _BLUE, log=log),
            _chart("‖∇‖ gradient", gradient, thin, _ORANGE, log=True),
            _chart("‖Δw‖ / ‖w‖ update", update, ratios, _GREEN, log=True, band=_USUAL_UPDATE),
        )
        parts.append(
            '<div style="display:flex;flex-wrap:wrap;gap:4px 16px;margin-top:6px">'
            + "".join(charts) + "</div>"
        )  # fmt: skip
    parts += [_note(finding) for finding in moment.findings]
    if moment.frozen:
        parts.append(f'<div style="color:{_RED}">Frozen: {escape(moment.frozen)}.</div>')
    return (
        '<div role="group" aria-label="training monitor" style="max-width:860px;'
        'font:13px/1.5 system-ui,sans-serif">' + "".join(parts) + "</div>"
    )


def _header(moment: Moment) -> str:
    words = f'<div style="font-variant-numeric:tabular-nums">{escape(moment.words())}</div>'
    if moment.total is None:
        return words
    share = min(moment.done / max(moment.total, 1), 1.0)
    return (
        f'{words}<div role="progressbar" aria-valuemin="0" aria-valuemax="{moment.total}" '
        f'aria-valuenow="{moment.done}" style="height:6px;border-radius:3px;'
        f'background:rgba(127,127,127,.25)"><div style="height:6px;border-radius:3px;'
        f'width:{share:.1%};background:{_BLUE}"></div></div>'
    )


def _note(finding: Finding) -> str:
    color = _COLORS[finding.severity]
    return (
        f'<div style="border-left:3px solid {color};padding-left:8px;margin-top:4px">'
        f'<b style="color:{color}">{escape(finding.kind)}</b> {escape(finding.title)}</div>'
    )


def _chart(
    title: str, main: Points, thin: Sequence[Points], color: str, *, log: bool,
    band: tuple[float, float] | None = None,
) -> str:  # fmt: skip
    lines = [_finite(points, log) for points in thin]
    whole = _finite(main, log)
    drawn = [value for points in [whole, *lines] for _, value in points]
    last = f"{main[-1][1]:.3g}" if main else "–"
    steps = [step for step, _ in main] or [0]
    body = ""
    if drawn:
        low, high = min(drawn), max(drawn)
        if high - low <= 1e-6 * max(abs(high), abs(low)):
            low = high  # rounding is no change
        pad = 0.06 * (high - low) or (abs(low) * 0.1 or 0.5)
        scale = _Scale(min(steps), max(steps), low - pad, high + pad)
        if band is not None:
            body += scale.band(math.log10(band[0]), math.log10(band[1]))
        body += "".join(scale.tick(y, text) for y, text in _ticks(low, high, log))
        body += "".join(scale.line(points, color, 1, 0.35) for points in lines)
        body += scale.line(whole, color, 2, 1)
        broken = [step for step, value in main if not math.isfinite(value)]
        body += "".join(scale.cross(step) for step in broken[:20])
    else:
        body = (
            f'<text x="{_WIDTH / 2:g}" y="{_HEIGHT / 2:g}" text-anchor="middle" '
            'fill-opacity=".5">nothing to draw yet</text>'
        )
    first, end = f"{min(steps)}", f"{max(steps)}"
    label = f"{title}, now {last}"
    hint = "bold: all parameters together; thin: each" if thin else escape(label)
    return (
        f'<div style="flex:1 1 240px;min-width:220px" title="{hint}">'
        f'<div style="display:flex;justify-content:space-between"><span>{escape(title)}</span>'
        f'<b style="color:{color};font-family:ui-monospace,monospace">{last}</b></div>'
        f'<svg viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" width="100%" role="img" '
        f'aria-label="{escape(label)}" style="display:block" font-size="10" fill="currentColor">'
        f'{body}<g fill-opacity=".65"><text x="{_LEFT:g}" y="{_HEIGHT - 4:g}">{first}</text>'
        f'<text x="{_WIDTH - _RIGHT:g}" y="{_HEIGHT - 4:g}" text-anchor="end">{end}</text></g>'
        "</svg></div>"
    )


def _finite(points: Points, log: bool) -> list[tuple[int, float]]:
    """Return the points that can be drawn, at most so many, in log10 where that is the scale."""
    known = [(x, y) for x, y in points if math.isfinite(y) and (y > 0 or not log)]
    if len(known) > _MOST_POINTS:
        stride = (len(known) - 1) / (_MOST_POINTS - 1)
        known = [known[round(k * stride)] for k in range(_MOST_POINTS)]
    return [(x, math.log10(y)) for x, y in known] if log else known


def _ticks(low: float, high: float, log: bool) -> list[tuple[float, str]]:
    decades = range(math.ceil(low), math.floor(high) + 1) if log else range(0)
    if len(decades) >= 2:
        every = math.ceil(len(decades) / 4)
        return [(float(k), f"{10.0**k:.0e}".replace("e-0", "e-").replace("e+0", "e"))
                for k in decades[::every]]  # fmt: skip
    ends = [low] if low == high else [low, high]
    return [(y, f"{10**y if log else y:.3g}") for y in ends]


@dataclass(frozen=True)
class _Scale:
    """From steps and values to the places of a chart."""

    first: int
    last: int
    low: float
    high: float

    def x(self, step: float) -> float:
        share = (step - self.first) / max(self.last - self.first, 1)
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return _HEIGHT - _BOTTOM - share * (_HEIGHT - _BOTTOM - _TOP)

    def line(self, points: Points, color: str, width: float, opacity: float) -> str:
        if len(points) == 1:
            x, y = self.x(points[0][0]), self.y(points[0][1])
            return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{width + 0.8}" fill="{color}"/>'
        places = " ".join(f"{self.x(x):.1f},{self.y(y):.1f}" for x, y in points)
        return (
            f'<polyline points="{places}" fill="none" stroke="{color}" stroke-width="{width}" '
            f'stroke-opacity="{opacity}" stroke-linejoin="round"/>'
        )

    def tick(self, value: float, text: str) -> str:
        y = self.y(value)
        return (
            f'<line x1="{_LEFT:g}" x2="{_WIDTH - _RIGHT:g}" y1="{y:.1f}" y2="{y:.1f}" '
            'stroke="currentColor" stroke-opacity=".18"/>'
            f'<text x="{_LEFT - 4:g}" y="{y + 3.5:.1f}" text-anchor="end" '
            f'fill-opacity=".75">{text}</text>'
        )

    def band(self, low: float, high: float) -> str:
        top = self.y(min(max(high, self.low), self.high))
        bottom = self.y(max(min(low, self.high), self.low))
        return (
            f'<rect x="{_LEFT:g}" y="{top:.1f}" width="{_WIDTH - _LEFT - _RIGHT:g}" '
            f'height="{max(bottom - top, 0):.1f}" fill="{_GREEN}" fill-opacity=".13"/>'
        )

    def cross(self, step: int) -> str:
        x = self.x(step)
        return (
            f'<path d="M{x - 3:.1f} {_TOP:g}l6 6m0 -6l-6 6" stroke="{_RED}" stroke-width="1.5" '
            'fill="none"/>'
        )
