"""The loss over a plane through the parameters, with the optimiser's path in it.

The recorded operations are run again with other parameters, on the recorded batch and with the
recorded dropout masks: nothing of the user's is called or changed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from graphviz_ad.diagnose.measures import Measures
from graphviz_ad.diagnose.numbers import array_of, norm
from graphviz_ad.errors import ArgumentError
from graphviz_ad.trace.explain.local import on_backend_of
from graphviz_ad.trace.explain.rerun import Rerun
from graphviz_ad.trace.rules import rules_of
from graphviz_ad.trace.trace import Trace

__all__ = ["Directions", "Surface", "surface"]

Directions = Literal["filter", "pca"]
Position = Mapping[int, Any]
"""The parameters at one moment: an array for each of the trace's value nodes."""

_MARGIN = 0.25  # of the path's extent, on either side
_NARROWEST = 0.4  # of the path's longer extent: a plane shows both directions at one scale
_FLAT = 1e-9  # a principal direction with less of the variance is none


@dataclass(frozen=True)
class Surface:
    """The loss over a plane.

    Attributes
    ----------
    x, y : array
        How far along the first and the second direction.
    loss : array, shape (len(y), len(x))
        NaN and Inf where the network gave them.
    path : array, shape (n, 2)
        The positions in the plane; the last one is (0, 0).
    directions : {"filter", "pca"}
    explained : tuple of float
        The share of the path's variance along each principal direction; empty for the others.
    """

    x: Any
    y: Any
    loss: Any
    path: Any
    directions: Directions
    explained: tuple[float, ...] = ()


def surface(
    trace: Trace,
    path: Sequence[Position] = (),
    *,
    directions: Directions | None = None,
    points: int = 25,
    seed: int = 0,
) -> Surface:
    """Compute the loss over a plane through the last position of a path, or the recorded one.

    Two kinds of directions, both of Li, Xu, Taylor, Studer and Goldstein, "Visualizing the loss
    landscape of neural nets", NeurIPS 2018. *Filter-normalised* (section 4): drawn from N(0, 1),
    then every unit's weights scaled to the norm of that unit's own, and 0 for parameters of one
    axis, so that distances mean the same for all networks, whose layers may be scaled against
    each other. *Principal* (section 7): the two along which the path varies most.

    Parameters
    ----------
    trace : Trace
    path : sequence of mappings from int to array
        Positions of the optimiser, oldest first: arrays by value nodes of the trace.
    directions : {"pca", "filter"}, optional
        Left out, ``"pca"`` for a path of three positions or more that moves.
    points : int
        Along each axis; the network is run that many times squared.
    seed : int
        Of the random directions.

    Returns
    -------
    Surface

    Raises
    ------
    ArgumentError
        For an output that is no scalar, fewer than two numbers to move, fewer than 3 points,
        other directions, or principal directions of a path that does not move.
    TraceError
        For a trace without the rules of its operations.

    Examples
    --------
    >>> import numpy as np
    >>> import graphviz_ad as ad
    >>> from graphviz_ad.diagnose.surface import surface
    >>> w = ad.parameter(np.eye(2), name="w")
    >>> found = surface(ad.show_graph((w * w).sum()).trace, points=3)
    >>> found.loss.shape, float(found.loss[1, 1])
    ((3, 3), 2.0)
    """
    rules = rules_of(trace, "loss_surface")
    if directions not in (None, "pca", "filter") or points < 3:
        expected = 'directions "pca" or "filter", and 3 points or more'
        raise ArgumentError("loss_surface", expected, f"{directions!r}, {points}")
    moved = [
        v.id for v in trace.graph.values
        if v.role == "parameter" and np.dtype(v.dtype).kind == "f"
    ]  # fmt: skip
    numbers = sum(math.prod(trace.graph.values[v].shape) for v in moved)
    if math.prod(trace.graph.values[trace.output].shape) != 1 or numbers < 2:
        got = f"an output {trace.graph.values[trace.output].shape} of {numbers} such numbers"
        raise ArgumentError("loss_surface", "a scalar loss of two parameters or more", got)
    rerun = Rerun(trace, rules, moved)
    positions = [_position(rerun, given) for given in path] or [_position(rerun, {})]
    centre = positions[-1]
    offsets = [{v: p[v] - centre[v] for v in moved} for p in positions]
    principal = _principal(offsets) if len(positions) > 2 and directions != "filter" else None
    if principal is None and directions == "pca":
        expected = "a path of three positions or more that moves"
        hint = 'make the monitor with path=50, or use directions="filter"'
        raise ArgumentError("loss_surface", expected, f"{len(positions)} positions", hint)
    rng = np.random.default_rng(seed)
    kind: Directions = "filter" if principal is None else "pca"
    if principal is None:
        principal = [_filter_normalised(Measures(trace), centre, rng) for _ in "xy"], ()
    axes, explained = principal
    if len(axes) < 2:
        axes.append(_across(axes[0], _filter_normalised(Measures(trace), centre, rng)))
        explained = (*explained, 0.0)
    places = _coordinates(offsets, axes)
    least = 2.0 if kind == "filter" else _NARROWEST * float(np.ptp(places, axis=0).max())
    x, y = (_range(places[:, k], least, points) for k in range(2))
    loss = np.empty((points, points))
    for row, b in enumerate(y):
        for column, a in enumerate(x):
            arrays = {
                v: on_backend_of(rerun.start[v], centre[v] + a * axes[0][v] + b * axes[1][v])
                for v in moved
            }
            loss[row, column] = float(np.asarray(rerun.output(arrays)).reshape(()))
    return Surface(x, y, loss, places, kind, explained)


def _position(rerun: Rerun, given: Position) -> dict[int, Any]:
    """Return the parameters as float64 on the host; those that are not given as recorded."""
    return {
        v: np.asarray(array_of(given.get(v, start)), dtype=np.float64)
        for v, start in rerun.start.items()
    }


def _principal(
    offsets: Sequence[Position],
) -> tuple[list[dict[int, Any]], tuple[float, ...]] | None:
    """Return up to two orthonormal directions and their shares of the variance; None for none.

    From the products of the positions with each other, n × n, however many parameters there are.
    """
    flat = {v: np.stack([p[v].ravel() for p in offsets]) for v in offsets[0]}
    products = sum(rows @ rows.T for rows in flat.values())
    values, vectors = np.linalg.eigh(products)
    total = float(values.clip(0).sum())
    if not math.isfinite(total) or total <= 0:
        return None
    axes, explained = [], []
    for k in (-1, -2):
        if values[k] > _FLAT * total:
            weights = vectors[:, k] / math.sqrt(values[k])
            axes.append(
                {v: (weights @ rows).reshape(offsets[0][v].shape) for v, rows in flat.items()}
            )
            explained.append(float(values[k]) / total)
    return axes, tuple(explained)


def _filter_normalised(
    measures: Measures, centre: Position, rng: np.random.Generator
) -> dict[int, Any]:
    axis_of = {measures.graph.edges[k.weight].value: k.unit_axis for k in measures.layers}
    direction = {}
    for value, weights in centre.items():
        drawn = rng.normal(size=weights.shape)
        if weights.ndim < 2:
            direction[value] = np.zeros(weights.shape)
            continue
        axis = axis_of.get(value, 0)
        others = tuple(k for k in range(weights.ndim) if k != axis)
        own = np.sqrt((weights**2).sum(axis=others, keepdims=True))
        size = np.sqrt((drawn**2).sum(axis=others, keepdims=True))
        direction[value] = drawn * own / np.where(size > 0, size, 1.0)
    if not any(d.any() for d in direction.values()):  # vectors and numbers only, or all zero
        return {v: rng.normal(size=w.shape) * (norm(w) or 1.0) for v, w in centre.items()}
    return direction


def _across(axis: Position, drawn: Position) -> dict[int, Any]:
    """Return a direction made orthogonal to a unit one, and of length 1."""
    along = _dot(axis, drawn)
    rest = {v: drawn[v] - along * axis[v] for v in axis}
    size = math.sqrt(_dot(rest, rest)) or 1.0
    return {v: part / size for v, part in rest.items()}


def _dot(a: Position, b: Position) -> float:
    return float(sum(np.vdot(a[v], b[v]) for v in a))


def _coordinates(offsets: Sequence[Position], axes: Sequence[Position]) -> Any:
    """Return the places in the plane that are nearest to the positions."""
    grams = np.array([[_dot(a, b) for b in axes] for a in axes])
    along = np.array([[_dot(offset, axis) for axis in axes] for offset in offsets])
    return np.linalg.lstsq(grams, along.T, rcond=None)[0].T


def _range(places: Any, least: float, points: int) -> Any:
    """Return steps that hold the places, with a margin, and are at least so far apart in all."""
    low, high = float(places.min()), float(places.max())
    margin = _MARGIN * (high - low)
    low, high = low - margin, high + margin
    missing = max(least - (high - low), 0.0) / 2
    low, high = low - missing, high + missing
    # the last position is on the grid, so that its loss is one of those drawn
    steps = np.linspace(low, high, points)
    return steps - steps[np.abs(steps).argmin()]
