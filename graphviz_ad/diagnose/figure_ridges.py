"""Histograms of the weights' gradients over the steps of a run, as ridges."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from graphviz_ad.diagnose.figures import (
    blank_figure,
    legible,
    plain_axes,
    say_empty,
    spread_colors,
)
from graphviz_ad.diagnose.history import SPREAD_EDGES, History

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["gradient_ridges"]

_MOST_PANELS, _COLUMNS = 9, 3
_MOST_RIDGES = 14
_LEFT_OUT = 0.003  # of the elements, the smallest, which would make the axis long
_OVERLAP = 1.7  # how many rows high the highest ridge is


def gradient_ridges(history: History) -> Figure:
    """Draw histograms of log10 |∂L/∂W| over time, a panel for each weight, the newest in front.

    Of weights with two axes or more; of more than nine, those spread evenly from the first to
    the last.

    Parameters
    ----------
    history : History
        ``monitor.history``.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from graphviz_ad.diagnose.figure_ridges import gradient_ridges
    >>> from graphviz_ad.diagnose.history import History
    >>> gradient_ridges(History(10)).axes[0].texts[0].get_text()
    'no gradient has been sampled'
    """
    known = [(name, [x for x in kept if x[1].any()]) for name, kept in history.spreads.items()]
    known = [(name, kept) for name, kept in known if kept]
    chosen = [known[k] for k in _spread_evenly(len(known), _MOST_PANELS)]
    columns = min(max(len(chosen), 1), _COLUMNS)
    rows = math.ceil(max(len(chosen), 1) / columns)
    figure = blank_figure(3.1 * columns + 0.6, 2.6 * rows + 0.4)
    panels = np.ravel(figure.subplots(rows, columns, sharex=True, squeeze=False))
    for axes in panels[max(len(chosen), 1) :]:
        axes.set_visible(False)
    if not chosen:
        plain_axes(panels[0], "Gradients over time", "step")
        say_empty(panels[0], "no gradient has been sampled")
        return figure
    counted = np.sum([counts for _, kept in chosen for _, counts in kept], axis=0, dtype=float)
    share = counted.cumsum() / counted.sum()
    low = SPREAD_EDGES[np.argmax(share > _LEFT_OUT)]
    high = SPREAD_EDGES[np.argmax(share >= 1 - 1e-12) + 1]
    for k, (axes, (name, kept)) in enumerate(zip(panels, chosen, strict=False)):
        _ridges(axes, [kept[at] for at in _spread_evenly(len(kept), _MOST_RIDGES)])
        # the panels that have none below them name the axis
        last = k + columns >= len(chosen)
        axes.tick_params(labelbottom=last)
        plain_axes(axes, legible(name), "step" if k % columns == 0 else "",
                   "log10 |∂L/∂W|" if last else "")  # fmt: skip
        axes.grid(False)
        axes.set_xlim(low - 0.25, high + 0.25)
    return figure


def _ridges(axes: Axes, kept: list[tuple[int, Any]]) -> None:
    centres = (SPREAD_EDGES[1:] + SPREAD_EDGES[:-1]) / 2
    for row, ((_, counts), color) in enumerate(zip(kept, spread_colors(len(kept)), strict=True)):
        heights = row - _OVERLAP * counts / counts.max()
        axes.fill_between(
            centres, row, heights, facecolor=color, edgecolor="white", linewidth=0.8,
            zorder=row + 1,
        )  # fmt: skip
    shown = _spread_evenly(len(kept), 5)
    axes.set_yticks(shown, [str(kept[row][0]) for row in shown])
    axes.set_ylim(len(kept) - 0.9, -_OVERLAP - 0.2)


def _spread_evenly(count: int, most: int) -> list[int]:
    return sorted({int(k) for k in np.linspace(0, count - 1, min(count, most)).round()})
