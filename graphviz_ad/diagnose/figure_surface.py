"""The figure of the loss over a plane, with the optimiser's path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from graphviz_ad.diagnose.figures import INK, ORANGE, blank_figure, plain_axes, say_empty
from graphviz_ad.diagnose.surface import Directions, Surface, surface
from graphviz_ad.errors import ArgumentError
from graphviz_ad.trace.trace import Trace

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["loss_surface"]

_DECADES = 1.5  # from which range of the loss on it is drawn as its logarithm


def loss_surface(
    trace: Trace,
    path: Sequence[Mapping[int, Any]] = (),
    *,
    directions: Directions | None = None,
    points: int = 25,
    seed: int = 0,
) -> Figure:
    """Draw the loss over a plane through the parameters, with the optimiser's path.

    See `graphviz_ad.diagnose.surface.surface` for the parameters, the two kinds of directions and
    what is raised. ``ad.Monitor(…, path=50).figure("loss_surface")`` draws the path of a run.

    Returns
    -------
    matplotlib.figure.Figure
    """
    given: Any = trace
    if not isinstance(given, Trace):
        hint = "ad.show_graph(loss).trace, or ad.diagnose(loss).trace"
        raise ArgumentError("loss_surface", "a Trace", type(given).__name__, hint)
    return _draw(surface(trace, path, directions=directions, points=points, seed=seed))


def _draw(found: Surface) -> Figure:
    figure = blank_figure(6.4, 4.8)
    axes = figure.add_subplot()
    known = found.loss[np.isfinite(found.loss)]
    log = known.size > 0 and known.min() > 0 and np.log10(known.max() / known.min()) > _DECADES
    with np.errstate(all="ignore"):
        heights = np.log10(found.loss) if log else found.loss
    heights = np.ma.masked_invalid(heights)
    if heights.count() and np.ptp(heights.compressed()) > 0:
        filled = axes.contourf(found.x, found.y, heights, levels=18, cmap="viridis")
        axes.contour(
            found.x, found.y, heights, levels=filled.levels, colors="white", linewidths=0.4
        )
        figure.colorbar(filled, ax=axes, label="log10 loss" if log else "loss")
        _path(axes, found)
    else:
        say_empty(axes, f"the loss is the same everywhere: {known[0]:.4g}" if known.size
                  else "the loss is nowhere finite")  # fmt: skip
    plain_axes(axes, "Loss on the recorded batch", _axis(found, 1), _axis(found, 0))
    axes.grid(False)
    axes.set_xlim(found.x[0], found.x[-1])
    axes.set_ylim(found.y[0], found.y[-1])
    return figure


def _path(axes: Axes, found: Surface) -> None:
    if len(found.path) > 1:
        axes.plot(*found.path.T, color="white", linewidth=2.6, solid_capstyle="round")
        axes.plot(*found.path.T, "o-", color=ORANGE, linewidth=1.4, markersize=2.5, label="path")
        axes.plot(*found.path[0], "o", color="white", markeredgecolor=INK, markersize=7,
                  label="first")  # fmt: skip
    label = "last" if len(found.path) > 1 else "recorded"
    axes.plot(0, 0, "*", color="white", markeredgecolor=INK, markersize=13, label=label)
    axes.legend(fontsize=8, loc="best", framealpha=0.85)


def _axis(found: Surface, k: int) -> str:
    if found.directions == "filter":
        return f"random direction {k + 1}, filter-normalised"
    return f"principal direction {k + 1} of the path ({found.explained[k]:.0%} of its variance)"
