"""What the drawings ask of a trace."""

from __future__ import annotations

from typing import Any, Protocol

from graphviz_ad.trace.model import Graph


class TraceLike(Protocol):
    """The part of a `Trace` that is drawn."""

    @property
    def graph(self) -> Graph:
        """The values, operations and edges."""

    @property
    def output(self) -> int:
        """The value that was shown."""

    def data(self, value: int, /) -> Any:
        """Return a value's array."""

    def gradient(self, value: int, /) -> Any:
        """Return a value's finished gradient; None where there is none."""

    def contribution(self, edge: int, /) -> Any:
        """Return what is sent along an edge; None where nothing is."""

    def no_gradient(self, value: int, /) -> str:
        """Say why there is no gradient; empty where there is one."""

    def value_label(self, value: int, /) -> str:
        """Return what the diagram calls a value."""
