"""The tape: ids in creation order, and per thread the recording switch and the module scope."""

from __future__ import annotations

import itertools
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import CodeType
from typing import Any, NamedTuple

__all__ = [
    "Record",
    "ScopeEntry",
    "Site",
    "State",
    "Tape",
    "begin",
    "caller",
    "enter",
    "module_scope",
    "next_id",
    "put_back",
    "state_here",
    "tape",
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
    tape : Tape or None
        Of the thread that recorded it.
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
    tape: Tape | None = None


class Tape:
    """What tells the recordings of one thread from those of another.

    Attributes
    ----------
    thread : str
        The name of the thread, for messages.
    """

    __slots__ = ("thread",)

    def __init__(self) -> None:
        self.thread = threading.current_thread().name


class State:
    """What an operation records by. It never changes: a switch puts another in its place.

    Attributes
    ----------
    tape : Tape
        Of the thread.
    recording : bool
    scope : ScopeEntry or None
        The innermost module scope.
    rule : str
        The op whose VJP is being recorded, or nothing.
    """

    __slots__ = ("recording", "rule", "scope", "tape")

    def __init__(self, tape: Tape, recording: bool, scope: ScopeEntry | None, rule: str) -> None:
        self.tape = tape
        self.recording = recording
        self.scope = scope
        self.rule = rule


class _OfThread(threading.local):
    def __init__(self) -> None:
        self.tape = Tape()


# A context variable is read five times as fast as an attribute of a thread's own. A thread
# begins without a value; an asyncio task, or `asyncio.to_thread`, goes on with its creator's.
_STATE: ContextVar[State | None] = ContextVar("graphviz_ad", default=None)
_of_thread = _OfThread()

state_here = _STATE.get
"""The state of this context, None where nothing was recorded yet: ``state_here() or begin()``."""


put_back = _STATE.set
"""Put a state in force: the one that `enter` returned."""


def begin() -> State:
    """Return the state of a context in which nothing was recorded yet."""
    state = State(_of_thread.tape, True, None, "")
    _STATE.set(state)
    return state


def enter(scope: ScopeEntry | None) -> State:
    """Go on in `scope`, and return the state before, to be put back."""
    before = state_here() or begin()
    _STATE.set(State(before.tape, before.recording, scope, before.rule))
    return before


class _Switches:
    """The parts of the state in force, to be read and set."""

    __slots__ = ()

    @property
    def recording(self) -> bool:
        """Whether operations are recorded."""
        return (state_here() or begin()).recording

    @recording.setter
    def recording(self, value: bool) -> None:
        now = state_here() or begin()
        _STATE.set(State(now.tape, value, now.scope, now.rule))

    @property
    def scope(self) -> ScopeEntry | None:
        """The innermost module scope."""
        return (state_here() or begin()).scope

    @scope.setter
    def scope(self, value: ScopeEntry | None) -> None:
        now = state_here() or begin()
        _STATE.set(State(now.tape, now.recording, value, now.rule))

    @property
    def rule(self) -> str:
        """The op whose VJP is being recorded, or nothing."""
        return (state_here() or begin()).rule

    @rule.setter
    def rule(self, value: str) -> None:
        now = state_here() or begin()
        _STATE.set(State(now.tape, now.recording, now.scope, value))


tape = _Switches()

begin()  # so that what this thread starts with its context goes on with its tape


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
    before = enter(ScopeEntry(str(name), tape.scope, Site(frame.f_code, frame.f_lasti)))
    try:
        yield
    finally:
        put_back(before)
