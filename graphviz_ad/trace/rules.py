"""What a trace must be able to run again to be explained: an interface, free of any engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from graphviz_ad.errors import TraceError

if TYPE_CHECKING:
    from graphviz_ad.trace.trace import Trace

__all__ = ["CallFacts", "Rules", "rules_of"]


class CallFacts(NamedTuple):
    """How an operation was called, beside its operands.

    Attributes
    ----------
    params : dict
        All of its parameters.
    given : tuple of bool
        Per slot, whether a tensor was given and not a number or array.
    several : bool
        Whether it returns a tuple.
    """

    params: dict[str, Any]
    given: tuple[bool, ...]
    several: bool


class Rules(Protocol):
    """The rules of a trace's operations, at the arrays that they saw.

    An operation is named by its id in the graph. None of the methods changes
    anything of the user's.
    """

    def value_of(self, tensor: object) -> int | None:
        """Return the value node of a tensor of the user's; None when it is no part of the trace."""

    def input_name(self, op: int, slot: int) -> str:
        """Return what the operation calls its argument at `slot`."""

    def arrays(self, op: int) -> tuple[Any, ...]:
        """Return the operands that the operation saw, by slot; None for an absent one."""

    def call(self, op: int) -> CallFacts:
        """Return how the operation was called, beside its operands."""

    def forward(self, op: int, arrays: Sequence[Any]) -> tuple[Any, ...]:
        """Run the forward rule on other operands and return its outputs."""

    def pull_back(self, op: int, gradients: Sequence[Any], slots: Sequence[int]) -> dict[int, Any]:
        """Return what the VJP sends to each of `slots`, of the shape of the input.

        `gradients` has one entry per output, None for zeros; a slot to which
        nothing is sent is left out.
        """

    def push_forward(self, op: int, slot: int, tangent: Any) -> tuple[Any, ...]:
        """Return Jacobian × `tangent`, one array per output, exactly.

        Raises
        ------
        VJPError
            When the VJP cannot itself be differentiated.
        """


def rules_of(trace: Trace, function: str) -> Rules:
    """Return the rules of a trace.

    Raises
    ------
    TraceError
        When it has none: it was read from a file or came from elsewhere.
    """
    if trace.rules is None:
        got = "one that was read from a file or came from elsewhere"
        hint = "run the code again and show its loss"
        raise TraceError(function, "a trace that holds the rules of its operations", got, hint)
    return trace.rules
