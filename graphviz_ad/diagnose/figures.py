"""Figures of a diagnosis and of a training run, returned as ``matplotlib.figure.Figure``.

matplotlib is imported when a figure is drawn; nothing touches pyplot, so that no figure is shown
twice and no state of the reader's is changed. A figure that is the last value of a notebook cell
is displayed (``_repr_png_``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from graphviz_ad.diagnose.families import SATURATING
from graphviz_ad.diagnose.history import History
from graphviz_ad.diagnose.measures import Measures
from graphviz_ad.diagnose.numbers import array_of, median
from graphviz_ad.diagnose.theory import mean_field_gain
from graphviz_ad.errors import ArgumentError, RenderError
from graphviz_ad.trace.trace import Trace

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "INK", "ORANGE", "activation_statistics", "blank_figure", "gain_per_op", "gradient_flow",
    "histograms", "legible", "plain_axes", "say_empty", "spread_colors", "update_ratios",
]  # fmt: skip

INK, _SOFT, _GRID = "#1f2933", "#6b7785", "#e4e8ec"
_BLUE, ORANGE, _GREEN, _RED = "#2b6cb0", "#c05621", "#2f855a", "#b3261e"
_MOST_TICKS = 24
_LONGEST = 22


def blank_figure(width: float, height: float) -> Figure:
    """Return an empty figure that a notebook displays; RenderError without matplotlib."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        hint = "pip install matplotlib"
        raise RenderError("figures", "the package matplotlib", "no such module", hint) from error

    class Shown(Figure):
        """A figure that a notebook displays without pyplot."""

        def _repr_png_(self) -> bytes:
            import io

            file = io.BytesIO()
            self.savefig(file, format="png", dpi=110, bbox_inches="tight")
            return file.getvalue()

    return Shown(figsize=(width, height), facecolor="white", layout="constrained")


def plain_axes(axes: Axes, title: str, ylabel: str, xlabel: str = "") -> None:
    """Give axes the look of all figures."""
    axes.set_title(title, loc="left", fontsize=11, color=INK)
    axes.set_ylabel(ylabel, color=INK)
    axes.set_xlabel(xlabel, color=INK)
    axes.tick_params(which="both", colors=_SOFT, labelsize=8)
    axes.grid(True, axis="y", color=_GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(_GRID)


def _names(axes: Axes, labels: Sequence[str]) -> None:
    """Write labels under positions 0, 1, …; with many only every second, third, … one."""
    every = max(1, math.ceil(len(labels) / _MOST_TICKS))
    shown = range(0, len(labels), every)
    # names are the user's: a dollar sign is no formula
    texts = [_cut(labels[k]).replace("$", r"\$") for k in shown]
    upright = max(map(len, texts), default=0) > 6 or len(texts) > 12
    axes.set_xticks(list(shown), texts, rotation=60 if upright else 0,
                    ha="right" if upright else "center", rotation_mode="anchor")  # fmt: skip
    axes.set_xlim(-0.6, max(len(labels) - 0.4, 0.6))


def legible(label: str) -> str:
    """Return a name cut to length, of which a dollar sign makes no formula."""
    return _cut(label).replace("$", r"\$")


def _cut(label: str) -> str:
    return label if len(label) <= _LONGEST else "…" + label[-_LONGEST + 1 :]


def _log(values: Sequence[float]) -> Any:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log10(np.asarray(values, dtype=float))


def _layer_labels(measures: Measures) -> list[str]:
    labels = []
    for layer in measures.layers:
        op = measures.graph.ops[layer.op]
        weight = measures.graph.edges[layer.weight].value
        path = measures.graph.scopes[op.scope].path if op.scope is not None else ""
        labels.append(path or measures.trace.value_label(weight))
    return labels


def _layers_of(trace: Any, function: str) -> Measures:
    if not isinstance(trace, Trace):
        hint = "ad.show_graph(loss).trace, or ad.diagnose(loss).trace"
        raise ArgumentError(function, "a Trace", type(trace).__name__, hint)
    return Measures(trace)


def gradient_flow(trace: Trace) -> Figure:
    """Draw the size of the gradient at every layer's output, with theory's line beside it.

    From the first layer (left) to the last. The line starts at the last layer and adds, layer by
    layer towards the first, what `graphviz_ad.diagnose.theory.mean_field_gain` expects.

    Parameters
    ----------
    trace : Trace

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ArgumentError
        When `trace` is none.

    Examples
    --------
    >>> import numpy as np
    >>> import graphviz_ad as ad
    >>> from graphviz_ad.diagnose.figures import gradient_flow
    >>> h = np.ones((2, 3)) @ ad.parameter(np.eye(3), name="W")
    >>> figure = gradient_flow(ad.diagnose(ad.tanh(h).mean()).trace)
    """
    measures = _layers_of(trace, "gradient_flow")
    figure = blank_figure(8, 3.6)
    axes = figure.add_subplot()
    layers = measures.layers
    sizes = [measures.gradient_rms(layer.out) or 0.0 for layer in layers]
    logs = _log(sizes)
    reached = np.isfinite(logs)
    places = np.arange(len(layers))
    axes.plot(places[reached], logs[reached], "o-", color=ORANGE, label="recorded", markersize=4)
    expected = _expected(measures, logs)
    if expected is not None:
        axes.plot(places, expected, "--", color=_SOFT, label="expected of its weights (mean field)")
    low = np.nanmin(np.where(reached, logs, np.nan)) if reached.any() else 0.0
    gone = places[~reached]
    if gone.size:
        axes.plot(gone, np.full(gone.size, low - 1), "x", color=_RED,
                  label="exactly 0, or not finite")  # fmt: skip
    plain_axes(axes, "Gradient flow", "log10 rms of ∂L/∂(output)")
    _names(axes, _layer_labels(measures))
    if layers:
        axes.legend(frameon=False, fontsize=8)
    else:
        say_empty(axes, "no layers with weights in this trace")
    return figure


def _expected(measures: Measures, logs: Any) -> Any:
    """Return theory's line, anchored at the last layer; None for a chain that is none."""
    layers = measures.layers
    if len(layers) < 2 or not np.isfinite(logs[-1]):
        return None
    line = np.full(len(layers), np.nan)
    line[-1] = logs[-1]
    for k in range(len(layers) - 2, -1, -1):
        above = layers[k + 1]
        names = [
            measures.graph.ops[measures.graph.edges[e].op].op
            for e in measures.path(layers[k].out, most=8)
        ]
        between = names[: names.index(measures.graph.ops[above.op].op)] if (
            measures.graph.ops[above.op].op in names
        ) else names  # fmt: skip
        activation = next((n for n in between if n in ("relu", "sigmoid", "tanh")), "")
        weight = measures.graph.edges[above.weight].value
        line[k] = line[k + 1] + mean_field_gain(
            measures.data_rms(weight), above.fan_out, activation
        )
    return line if np.isfinite(line).all() else None


def gain_per_op(trace: Trace, most: int = 40) -> Figure:
    """Draw the gain of every op to every input, in decades, those furthest from 0 if too many.

    Parameters
    ----------
    trace : Trace
    most : int
        How many bars at most.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ArgumentError
        When `trace` is none.
    """
    measures = _layers_of(trace, "gain_per_op")
    known = [g for g in measures.gains if math.isfinite(g.per_element)]
    chosen = sorted(known, key=lambda g: -abs(g.per_element))[: max(most, 1)]
    chosen.sort(key=lambda g: (g.op, g.edge))
    labels = []
    for gain in chosen:
        op = measures.graph.ops[gain.op]
        value = trace.value_label(measures.graph.edges[gain.edge].value)
        labels.append(f"{op.op} {op.id} → {_cut(value)}")
    figure = blank_figure(7, max(2.2, 0.22 * len(chosen) + 1.1))
    axes = figure.add_subplot()
    places = np.arange(len(chosen))
    sizes = [gain.per_element for gain in chosen]
    colors = [ORANGE if size < 0 else _BLUE for size in sizes]
    axes.barh(places, sizes, color=colors, height=0.72)
    axes.axvline(0, color=_SOFT, linewidth=0.8)
    left = (
        f", the {len(chosen)} furthest from 0 of {len(known)}" if len(chosen) < len(known) else ""
    )
    plain_axes(axes, f"Gain per op{left}", "", "log10 rms(∂L/∂input) / rms(∂L/∂output)")
    axes.grid(False, axis="y")
    axes.grid(True, axis="x", color=_GRID)
    axes.set_yticks(places, [label.replace("$", r"\$") for label in labels], fontsize=7)
    axes.set_ylim(len(chosen) - 0.4, -0.6)
    if not chosen:
        say_empty(axes, "no gradient was sent")
    return figure


def activation_statistics(trace: Trace) -> Figure:
    """Draw mean ± standard deviation of every activation by depth, and the share of flat inputs.

    After Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
    networks", AISTATS 2010, figures 2 and 3.

    Parameters
    ----------
    trace : Trace

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ArgumentError
        When `trace` is none.
    """
    from graphviz_ad.diagnose.rules.dead_relu import dead_share
    from graphviz_ad.diagnose.rules.saturation import saturated_share

    measures = _layers_of(trace, "activation_statistics")
    figure = blank_figure(8, 4.6)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    ops = measures.activations
    _, means, stds = np.array(measures.activation_moments).reshape(-1, 3).T
    places = np.arange(len(ops))
    top.fill_between(places, means - stds, means + stds, color=_BLUE, alpha=0.18, linewidth=0)
    top.plot(places, means, "o-", color=_BLUE, markersize=4)
    plain_axes(top, "Activations by depth", "mean ± std")
    flat = [saturated_share(measures, op) for op in ops]
    dead = [dead_share(measures, op)[0] if op.op == "relu" else 0.0 for op in ops]
    for shares, color, names, label in (
        (flat, ORANGE, set(SATURATING), "inputs where it is flat (sigmoid, tanh)"),
        (dead, _RED, {"relu"}, "dead units (ReLU)"),
    ):
        if any(op.op in names for op in ops):
            bottom.bar(places, shares, color=color, width=0.6, label=label)
    bottom.set_ylim(0, 1)
    plain_axes(bottom, "", "share")
    _names(bottom, [f"{op.op} {op.id}" for op in ops])
    if bottom.patches:
        bottom.legend(frameon=False, fontsize=8, loc="upper right")
    if not ops:
        say_empty(top, "no activations of data in this trace")
    return figure


def update_ratios(history: History) -> Figure:
    """Draw ‖Δw‖/‖w‖ of every parameter over the steps of a monitored run, and the loss.

    The band is a decade around 1e-3 (Karpathy, CS231n, "Neural networks part 3").

    Parameters
    ----------
    history : History
        ``monitor.history``.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = blank_figure(8, 5)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(1, 1.6))
    steps = [step for step, _ in history.losses]
    top.plot(steps, [loss for _, loss in history.losses], color=INK, linewidth=1)
    losses = [loss for _, loss in history.losses if math.isfinite(loss)]
    if losses and min(losses) > 0:
        top.set_yscale("log")
    plain_axes(top, "Loss", "loss")
    lines = [
        (name, [(s.step, s.ratio) for s in samples if s.ratio > 0 and math.isfinite(s.ratio)])
        for name, samples in history.samples.items()
    ]
    drawn = [(name, points) for name, points in lines if points]
    colors = spread_colors(len(drawn))
    for (name, points), color in zip(drawn, colors, strict=True):
        bottom.plot(*zip(*points, strict=True), color=color, linewidth=1.2,
                    label=_cut(name).replace("$", r"\$"))  # fmt: skip
    bottom.axhspan(3e-4, 3e-3, color=_GREEN, alpha=0.1, linewidth=0)
    plain_axes(bottom, "Updates", "‖Δw‖ / ‖w‖", "step")
    if drawn:
        bottom.set_yscale("log")
    else:
        say_empty(bottom, "no update has been sampled")
    if 0 < len(drawn) <= 12:
        bottom.legend(frameon=False, fontsize=7, ncols=2)
    return figure


def spread_colors(count: int) -> list[Any]:
    """Return colours that tell an order, dark to light."""
    from matplotlib import colormaps

    scale = colormaps["viridis"]
    return [scale(0.05 + 0.85 * k / max(count - 1, 1)) for k in range(count)]


def histograms(traces: Sequence[Trace], what: str = "gradient", bins: int = 60) -> Figure:
    """Draw histograms of log10 |values| of every layer, a ridge for each trace, oldest at the back.

    Parameters
    ----------
    traces : sequence of Trace
        One, or several of the same network over time (``monitor.traces.values()``).
    what : {"gradient", "data"}
        Of the layers' outputs.
    bins : int

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ArgumentError
        For no trace, or another `what`.
    """
    given = list(traces)
    if not given or what not in ("gradient", "data"):
        expected = 'at least one trace, and what "gradient" or "data"'
        raise ArgumentError("histograms", expected, f"{len(given)} traces, {what!r}")
    measured = [_layers_of(trace, "histograms") for trace in given]
    rows = measured[-1].layers
    figure = blank_figure(7, max(2.4, 0.42 * len(rows) + 1.2))
    axes = figure.add_subplot()
    pick: Callable[[Measures, int], Any] = (
        (lambda m, v: m.trace.gradient(v)) if what == "gradient" else (lambda m, v: m.trace.data(v))
    )
    logs = [[_logs_of(pick(m, layer.out)) for layer in m.layers[: len(rows)]] for m in measured]
    known = [x for trace_logs in logs for x in trace_logs if x.size]
    if known:
        low = min(float(np.quantile(x, 0.005)) for x in known)
        high = max(float(x.max()) for x in known)
        edges = np.linspace(low, high + 1e-6 if high > low else low + 1, bins + 1)
        _ridges(axes, logs, edges, len(rows))
    else:
        say_empty(axes, f"no {what} to draw")
    name = "∂L/∂(output)" if what == "gradient" else "output"
    plain_axes(axes, f"Layers’ {'gradients' if what == 'gradient' else 'outputs'}", "",
           f"log10 |{name}|, zeros left out")  # fmt: skip
    labels = _layer_labels(measured[-1])
    axes.set_yticks(range(len(rows)), [_cut(x).replace("$", r"\$") for x in labels], fontsize=8)
    axes.set_ylim(max(len(rows) - 0.85, 0.5), -1)
    return figure


def _logs_of(values: Any) -> Any:
    if values is None:
        return np.zeros(0)
    flat = np.abs(array_of(values).astype(float)).ravel()
    return np.log10(flat[(flat > 0) & np.isfinite(flat)])


def _ridges(axes: Axes, logs: list[list[Any]], edges: Any, rows: int) -> None:
    centres = (edges[1:] + edges[:-1]) / 2
    for row in range(rows):
        for age, trace_logs in enumerate(logs):
            values = trace_logs[row] if row < len(trace_logs) else np.zeros(0)
            counts, _ = np.histogram(values, edges)
            if not counts.any():
                continue
            newest = age == len(logs) - 1
            heights = row - 0.85 * counts / counts.max()
            color, alpha = (ORANGE, 0.65) if newest else (_SOFT, 0.2)
            axes.fill_between(
                centres, row, heights, color=color, alpha=alpha, linewidth=0, zorder=row + 1
            )
            if newest:
                axes.plot(centres, heights, color=ORANGE, linewidth=0.8, zorder=row + 1)
        last = logs[-1][row] if row < len(logs[-1]) else np.zeros(0)
        if last.size:
            axes.plot([median(list(last))], [row - 0.06], "|", color=INK, zorder=row + 2)


def say_empty(axes: Axes, text: str) -> None:
    """Write why there is nothing to see in the middle of the axes."""
    axes.text(0.5, 0.5, text, ha="center", va="center", transform=axes.transAxes, color=_SOFT)
