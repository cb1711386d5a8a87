"""What the kernel answers when a page asks: arrays, tiles of large ones, explanations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from graphviz_ad.backend import to_numpy
from graphviz_ad.errors import GraphvizADError
from graphviz_ad.render.heatmap import summarize
from graphviz_ad.trace.trace import Trace
from graphviz_ad.widget.arrays import block_of, spread
from graphviz_ad.widget.elements import derivation
from graphviz_ad.widget.explanations import (
    told_check,
    told_jacobian,
    told_op_check,
    told_paths,
)
from graphviz_ad.widget.payload import Payload, backward_payload, told

__all__ = ["Answers"]

LARGEST_TILE = 1024
"""Rows and columns of a tile: more than a pane has pixels."""

Reply = tuple[dict[str, Any], list[bytes]]

EXPLANATIONS: dict[str, tuple[str, Callable[..., Any]]] = {
    "element": ("values", lambda trace, value, *index: derivation(trace, value, index)),
    "jacobian": (
        "ops",
        lambda trace, op, slot=0, output=0, *_: told_jacobian(trace, op, slot, output),
    ),
    "check": ("values", lambda trace, value, *index: told_check(trace, value, index or None)),
    "op check": ("ops", lambda trace, op, *_: told_op_check(trace, op)),
    "paths": ("values", lambda trace, value, *_: told_paths(trace, value)),
}
"""What the page may ask about a node, and which numbers say of which."""


class Answers:
    """Answers the messages of one page; a message is data from outside and may be anything."""

    def __init__(
        self,
        trace: Trace | None,
        arrays: list[Any],
        diagnose: Callable[[], object] | None = None,
    ) -> None:
        self._trace = trace
        self._arrays = arrays
        self._diagnose = diagnose
        self._backward: Payload | None = None
        self._of_backward: Answers | None = None

    def answer(self, message: Any) -> Reply | None:
        """Return the reply to a message and its buffers; None for what is no question."""
        known = {
            "fetch": self._fetch, "tile": self._tile, "explain": self._explain,
            "diagnose": self._diagnosed,
        }  # fmt: skip
        if not isinstance(message, dict) or message.get("type") not in known:
            return None
        if message.get("graph") == "backward" and self._of_backward is not None:
            return self._of_backward.answer({**message, "graph": None})
        request = message.get("request")
        try:
            reply, buffers = known[message["type"]](message)
        except (GraphvizADError, _RefusedError) as refused:
            return {"type": "error", "request": request, "message": str(refused)}, []
        return {**reply, "request": request}, buffers

    def _fetch(self, message: dict[str, Any]) -> Reply:
        index, array = self._array(message)
        block, data = block_of(array)
        return {"type": "array", "array": index, "block": block}, [data]

    def _tile(self, message: dict[str, Any]) -> Reply:
        index, array = self._array(message)
        host = np.asarray(to_numpy(array))
        plane = _plane(host, message.get("row"), message.get("col"), _whole(message, "at"))
        (top, bottom), (left, right) = _whole(message, "rows", 2), _whole(message, "cols", 2)
        cut = plane[max(0, top) : bottom, max(0, left) : right]
        height, width = _whole(message, "size", 2)
        fits = cut.size and 0 < height <= LARGEST_TILE and 0 < width <= LARGEST_TILE
        if not fits:
            raise _RefusedError(f"no tile of {cut.shape[0]} × {cut.shape[1]} elements")
        picture = summarize(cut, min(height, cut.shape[0]), min(width, cut.shape[1]))
        block, data = block_of(picture)
        rows, cols = picture.shape
        exact = picture.shape == cut.shape
        reply = {"type": "tile", "array": index, "block": block, "rows": rows, "cols": cols}
        return {**reply, "exact": exact}, [data]

    def _explain(self, message: dict[str, Any]) -> Reply:
        """Answer a question about a node: what is asked, and whole numbers that say of which."""
        about, of = message.get("about"), _whole(message, "of")
        if about == "spread":
            _, array = self._array({"array": of[0] if of else None})
            return {"type": "explanation", "found": spread(np.asarray(to_numpy(array)))}, []
        if self._trace is None:
            raise _RefusedError("the trace of this page is gone")
        if about == "backward":
            return {"type": "explanation", "found": told(self._backward_of(self._trace))}, []
        kind, explain = EXPLANATIONS.get(about, ("", None)) if type(about) is str else ("", None)
        nodes: Any = () if explain is None else getattr(self._trace.graph, kind)
        if explain is None or not of or not 0 <= of[0] < len(nodes):
            raise _RefusedError(f"nothing is known about {about!r} of {of!r}")
        return {"type": "explanation", "found": explain(self._trace, *of)}, []

    def _diagnosed(self, _message: dict[str, Any]) -> Reply:
        """Have a diagnosis made; the page is told of it by its trait."""
        if self._diagnose is None:
            raise _RefusedError("there is nothing here that could diagnose")
        self._diagnose()
        return {"type": "diagnosis"}, []

    def _backward_of(self, trace: Trace) -> Payload:
        """Return the backward pass as a graph of its own; questions about it are answered, too."""
        if self._backward is None:
            self._backward = backward_payload(trace)
            self._of_backward = Answers(self._backward.trace, self._backward.arrays)
        return self._backward

    def _array(self, message: dict[str, Any]) -> tuple[int, Any]:
        index = message.get("array")
        if not isinstance(index, int) or not 0 <= index < len(self._arrays):
            raise _RefusedError(f"no array {index!r}; there are {len(self._arrays)}")
        return index, self._arrays[index]


class _RefusedError(Exception):
    """A message that asks for what there is not; its text is the reply."""


def _whole(message: dict[str, Any], name: str, length: int | None = None) -> list[int]:
    """Return a list of whole numbers of a message."""
    found = message.get(name)
    if (
        not isinstance(found, list)
        or not all(type(i) is int for i in found)
        or (length is not None and len(found) != length)
    ):
        raise _RefusedError(f"{name}: expected {length or 'some'} whole numbers, got {found!r}")
    return list(found)


def _plane(array: np.ndarray[Any, Any], row: Any, col: Any, at: list[int]) -> Any:
    """Return the plane of two axes, the others held at an index; an axis may be None."""
    shown = [axis for axis in (row, col) if axis is not None]
    axes = range(array.ndim)
    inside = all(type(axis) is int and axis in axes for axis in shown)
    held = len(at) == array.ndim and all(0 <= at[a] < array.shape[a] for a in axes)
    if not inside or len(set(shown)) < len(shown) or not held:
        raise _RefusedError(f"no plane of axes {row!r} and {col!r} at {at!r} in {array.shape}")
    plane = array[tuple(slice(None) if axis in shown else at[axis] for axis in axes)]
    if row is not None and col is not None and row > col:
        plane = plane.T
    return plane.reshape(-1, 1) if col is None else np.atleast_2d(plane)
