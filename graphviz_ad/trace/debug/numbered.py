"""Lists whose elements are spoken of by an id: breakpoints and watches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar, overload

from graphviz_ad.errors import TraceError
from graphviz_ad.trace.explain.shown import Shown

__all__ = ["Numbered"]


class _HasId(Protocol):
    id: int


T = TypeVar("T", bound=_HasId)


class Numbered(Sequence[T], Shown):
    """Elements in the order in which they came, found by position or by id."""

    _element: type[T]
    _all: list[T]

    def __len__(self) -> int:
        return len(self._all)

    @overload
    def __getitem__(self, at: int) -> T: ...
    @overload
    def __getitem__(self, at: slice) -> list[T]: ...
    def __getitem__(self, at: int | slice) -> T | list[T]:
        """Return by position."""
        return self._all[at]

    def __iter__(self) -> Iterator[T]:
        return iter(self._all)

    def _find(self, which: int | T, function: str) -> T:
        wanted = which.id if isinstance(which, self._element) else which
        for found in self._all:
            if found.id == wanted:
                return found
        ids = ", ".join(str(known.id) for known in self._all) or "none"
        expected = f"the id of a {self._element.__name__.lower()}"
        raise TraceError(function, expected, repr(which), f"there are {ids}")
