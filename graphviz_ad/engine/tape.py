"""The tape: ids in creation order, the recording switch and the module scope, one per thread."""

from __future__ import annotations

import itertools
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType
from typing import Any, NamedTuple

__all__ = [
    "Record",
    "ScopeEntry",
    "Site",
    "caller",
    "enable_grad",
    "module_scope",
    "next_id",
    "no_grad",
]

next_id = itertools.count(1).__next__
"""The next id. One counter for all threads, so that ids order what they exchange, too."""


class Site(NamedTuple):
    """Where a call was made; a line number is worked out only when somebody looks."""

    code: CodeType
    lasti: int


def caller(depth: int) -> Site:
    """Return the call that led here, from `depth` frames above the function that asks."""
    frame = sys._getframe(depth + 1)
    return Site(frame.f_code, frame.f_lasti)


class ScopeEntry:
    """One entry of a ``with module_scope(name)`` block.

    A hidden entry draws no box: a function of the package that calls ops enters
    one, so that they are placed where the user called it; `single` says that it
    calls one op only. `unnamed` says that the name is only that of a class, so that
    the variable which was called at `site` names it better.
    """

    __slots__ = ("hidden", "id", "name", "parent", "single", "site", "unnamed")

    def __init__(
        self,
        name: str,
        parent: ScopeEntry | None,
        site: Site,
        hidden: bool = False,
        single: bool = False,
        unnamed: bool = False,
    ) -> None:
        self.id: int = next_id()
        self.name = name
        self.parent = parent
        self.site = site
        self.hidden = hidden
        self.single = single
        self.unnamed = unnamed


class Record(NamedTuple):
    """One application of an op. It lives as long as a tensor that it produced.

    Its tensors carry it, and make one of these when somebody looks.
    It holds the arrays that the op saw and made, so that what a trace shows
    stays true when a leaf is rebound later.

    Attributes
    ----------
    id : int
        The id of its first output; output k has ``id + k``. Larger than the id
        of every input.
    op : Op
    inputs : tuple of (Tensor or None)
        None stands for a number or array written in the expression.
    arrays : tuple
        The data of the inputs, in order.
    out : array, or tuple of arrays for an op with several outputs
    params : dict
        The op's non-array arguments.
    code, lasti : CodeType, int
        The caller's code object and instruction.
    scope : ScopeEntry or None
        The innermost module scope.
    saved : object
        What the forward rule kept for the VJP, of an op that `saves`; else None.
    """

    id: int
    op: Any
    inputs: tuple[Any, ...]
    arrays: tuple[Any, ...]
    out: Any
    params: dict[str, Any]
    code: CodeType
    lasti: int
    scope: ScopeEntry | None
    saved: Any = None


class Tape(threading.local):
    """What a thread records by: whether it does, in which scope, and for which op's VJP."""

    recording: bool = True
    scope: ScopeEntry | None = None
    rule: str = ""


tape = Tape()


@contextmanager
def _recording(on: bool) -> Iterator[None]:
    before = tape.recording
    tape.recording = on
    try:
        yield
    finally:
        tape.recording = before


def no_grad() -> Any:
    """Return a context manager, or decorator, inside which nothing is recorded.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> w = ad.parameter(2.0)
    >>> with ad.no_grad():
    ...     y = w * 3
    >>> y.requires_grad
    False
    """
    return _recording(False)


def enable_grad() -> Any:
    """Return a context manager, or decorator, that records again inside `no_grad`."""
    return _recording(True)


@contextmanager
def module_scope(name: str) -> Iterator[None]:
    """Group the operations that run inside, as a dashed box in the diagram.

    Parameters
    ----------
    name : str
        What the box is called. Scopes nest; every entry is a box of its own.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> w = ad.parameter(2.0, name="w")
    >>> with ad.module_scope("encoder"):
    ...     h = ad.tanh(w)
    """
    # two frames up: past this generator and contextlib's __enter__
    frame = sys._getframe(2)
    before = tape.scope
    tape.scope = ScopeEntry(str(name), before, Site(frame.f_code, frame.f_lasti))
    try:
        yield
    finally:
        tape.scope = before
