"""What the drawings ask of a trace."""

from __future__ import annotations

from typing import Any, Protocol

from graphviz_ad.trace.model import Graph, Step


class TraceLike(Protocol):
    """The part of a `Trace` that is drawn."""

    @property
    def graph(self) -> Graph:
        """The values, operations and edges."""

    @property
    def steps(self) -> tuple[Step, ...]:
        """The moves of both passes, in order."""

    @property
    def output(self) -> int:
        """The value that was shown."""

    def data(self, value: int, /) -> Any:
        """A value's array."""

    def gradient(self, value: int, /) -> Any:
        """A value's finished gradient; None where there is none."""

    def no_gradient(self, value: int, /) -> str:
        """Why there is no gradient; empty where there is one."""

    def value_label(self, value: int, /) -> str:
        """What the diagram calls a value."""
