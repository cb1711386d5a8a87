"""Records run again: the backward pass with every partial sum kept, and the rules one by one."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FunctionType
from typing import Any, NamedTuple

import numpy as np

from graphviz_ad.backend import namespace
from graphviz_ad.engine.backward import seed
from graphviz_ad.engine.contributions import fill_outputs, fit, pull_back
from graphviz_ad.engine.op import REGISTRY
from graphviz_ad.engine.sweep import Reached, as_constant, sweep
from graphviz_ad.engine.tape import Record, tape
from graphviz_ad.engine.tensor import Tensor, constant_leaf
from graphviz_ad.engine.traced import TRACED
from graphviz_ad.errors import GraphvizADError, VJPError
from graphviz_ad.trace.model import Contribution, Step
from graphviz_ad.trace.rules import CallFacts
from graphviz_ad.trace.trace import Trace

__all__ = ["Replay", "ReplayRules", "quietly", "registry_rules", "replay_rules"]


@contextmanager
def quietly() -> Iterator[None]:
    """Give no warnings, since the user's own pass gave them: looking adds none."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


class Replay:
    """The backward pass again, keeping every contribution and every partial sum."""

    def __init__(
        self,
        records: list[Record],
        ops: list[dict[str, Any]],
        edges: list[tuple[int, int, int, bool]],
        shown: int,
    ) -> None:
        self.records = records
        self.ops = ops
        self.edges = edges
        self.shown = shown
        self.gradients: dict[int, Any] = {}
        self.contributions: dict[int, Any] = {}
        self.accumulated: dict[int, Any] = {}
        self.sent: dict[int, Any] = {}  # before it was summed, where it was
        self._sent: list[tuple[int, list[int]]] = []
        self._arrived: dict[int, int] = {}  # edge -> which contribution of its value it was
        self._counts: dict[int, int] = {}  # value -> how many have arrived

    def run(self, output: Tensor, gradient: Any) -> str:
        """Replay, and return why there is no backward pass where there is none."""
        if gradient is None and output.size != 1:
            return f"no backward pass: {output.shape} is not a scalar; give gradient= for one"
        with quietly():
            self.gradients[self.shown] = seed(output, gradient, "show_graph")
            for op in range(len(self.records) - 1, -1, -1):
                self._send(op, self.records[op])
        return ""

    def _send(self, op: int, record: Record) -> None:
        node = self.ops[op]
        reached = {
            record.id + slot: self.gradients[value]
            for slot, value in enumerate(node["outputs"])
            if value in self.gradients
        }
        if not reached:
            return
        edges = {self.edges[edge][2]: edge for edge in node["inputs"]}
        arrived: list[int] = []
        for slot, sent in enumerate(pull_back(record, fill_outputs(record, reached))):
            tensor = record.inputs[slot]
            if sent is None or tensor is None or not tensor.requires_grad:
                continue
            if type(sent) is FunctionType:
                sent = sent()
            edge = edges[slot]
            if sent.shape != record.arrays[slot].shape:
                self.sent[edge] = sent
            sent = fit(sent, record.arrays[slot], record.op, slot)
            value = self.edges[edge][0]
            total = sent if value not in self.gradients else self.gradients[value] + sent
            self.gradients[value] = total
            self.contributions[edge] = sent
            self.accumulated[edge] = total
            self._arrived[edge] = self._counts[value] = self._counts.get(value, 0) + 1
            arrived.append(edge)
        self._sent.append((op, arrived))

    def steps(self, first: int) -> list[Step]:
        """Return the backward steps, numbered from `first`."""
        if not self.gradients:
            return []
        edges = self.edges
        steps = [Step(first, "backward", None, (self.shown,))]
        for op, sent in self._sent:
            contributions = tuple(
                Contribution(
                    edge, edges[edge][0], self._arrived[edge], self._counts[edges[edge][0]]
                )
                for edge in sent
            )
            outputs = tuple(v for v in self.ops[op]["outputs"] if v in self.gradients)
            steps.append(Step(first + len(steps), "backward", op, outputs, contributions))
        return steps


class _Call(NamedTuple):
    """One application of an op, without the tensors: a trace keeps no graph of the user's alive."""

    op: Any
    arrays: tuple[Any, ...]
    out: Any
    params: dict[str, Any]
    given: tuple[bool, ...]  # per slot: a tensor of the user's, not a number in the expression


class ReplayRules:
    """The engine's rules at the recorded arrays; see `graphviz_ad.trace.rules.Rules`."""

    def __init__(self, calls: Sequence[_Call], values: dict[int, int]) -> None:
        self._calls = calls
        self._values = values

    def value_of(self, tensor: object) -> int | None:
        """Return the value node of a tensor of the user's; None when it is no part of the trace."""
        return self._values.get(tensor.id) if isinstance(tensor, Tensor) else None

    def input_name(self, op: int, slot: int) -> str:
        """Return what the operation calls its argument at `slot`."""
        name: str = self._calls[op].op.input_name(slot)
        return name

    def arrays(self, op: int) -> tuple[Any, ...]:
        """Return the operands that the operation saw, by slot; None for an absent one."""
        return self._calls[op].arrays

    def call(self, op: int) -> CallFacts:
        """Return how the operation was called, beside its operands."""
        call = self._calls[op]
        return CallFacts(call.params, call.given, type(call.out) is tuple)

    def forward(self, op: int, arrays: Sequence[Any]) -> tuple[Any, ...]:
        """Run the forward rule on other operands and return its outputs."""
        call = self._calls[op]
        with quietly():
            out = call.op.forward(namespace(_outputs(call)[0]), *arrays, **call.params)
        return out if type(out) is tuple else (out,)

    def pull_back(self, op: int, gradients: Sequence[Any], slots: Sequence[int]) -> dict[int, Any]:
        """Return what the VJP sends to each of `slots`, of the shape of the input."""
        call = self._calls[op]
        outputs = _outputs(call)
        filled = tuple(
            namespace(y).zeros_like(y) if g is None else g
            for g, y in zip(gradients, outputs, strict=True)
        )
        found = {}
        with quietly():
            sent = pull_back(_as_record(call), filled if type(call.out) is tuple else filled[0])
            for slot in slots:
                part = sent[slot]() if type(sent[slot]) is FunctionType else sent[slot]
                if part is not None:
                    found[slot] = fit(part, call.arrays[slot], call.op, slot)
        return found

    def push_forward(self, op: int, slot: int, tangent: Any) -> tuple[Any, ...]:
        """Return Jacobian × `tangent`, one array per output: the VJP of the VJP, which is linear.

        J. Townsend, "A new trick for calculating Jacobian vector products", 2017.
        """
        call = self._calls[op]
        outputs = _outputs(call)
        starts = [constant_leaf(namespace(y).zeros_like(y)) for y in outputs]
        for start, y in zip(starts, outputs, strict=True):
            start.requires_grad = y.dtype.kind == "f"
        before = tape.recording, tape.scope, tape.rule
        tape.recording, tape.scope, tape.rule = True, None, call.op.name
        try:
            with quietly():
                sent = self._traced(op, starts, slot)
        finally:
            tape.recording, tape.scope, tape.rule = before
        found = {}
        if sent is not None and sent.requires_grad:
            with quietly():
                found = sweep(Reached([sent]), [(sent, tangent)], {start.id for start in starts})
        return tuple(found.get(start.id, start._data) for start in starts)

    def _traced(self, op: int, starts: list[Tensor], slot: int) -> Tensor | None:
        call = self._calls[op]
        operands = [
            as_constant(array) if given else array
            for array, given in zip(call.arrays, call.given, strict=True)
        ]
        out = [as_constant(y) for y in _outputs(call)]
        return self.traced_pull_back(op, starts, operands, out, [slot]).get(slot)

    def traced_pull_back(
        self, op: int, gradients: Sequence[Tensor | None], operands: Sequence[Any],
        outputs: Sequence[Tensor], slots: Sequence[int],
    ) -> dict[int, Tensor]:  # fmt: skip
        """Do `pull_back` on tensors, so that it is recorded where the tape records.

        Parameters
        ----------
        op : int
        gradients : sequence of Tensor or None
            One per output; None for zeros.
        operands, outputs : sequence
            What the operation saw and made, as tensors (or arrays, for numbers in the code).
        slots : sequence of int

        Raises
        ------
        VJPError
            When the rule cannot be run on tensors.
        """
        call = self._calls[op]
        starts = tuple(
            as_constant(namespace(y).zeros_like(y)) if g is None else g
            for g, y in zip(gradients, _outputs(call), strict=True)
        )
        several = type(call.out) is tuple
        found = {}
        try:
            sent = call.op.vjp(
                TRACED, starts if several else starts[0],
                tuple(outputs) if several else outputs[0], *operands, **call.params,
            )  # fmt: skip
            sent = sent if type(sent) is tuple else (sent,)
            for slot in slots:
                part = sent[slot]() if type(sent[slot]) is FunctionType else sent[slot]
                if part is not None:
                    found[slot] = as_constant(fit(part, call.arrays[slot], call.op, slot))
        except GraphvizADError:
            raise
        except Exception as error:
            got = f"{type(error).__name__}: {error}"
            expected = "a rule that can be differentiated"
            raise VJPError(f"{call.op.name}.vjp", expected, got) from error
        return found


def replay_rules(records: Sequence[Record], values: dict[int, int]) -> ReplayRules:
    """Return the rules of records, which are not kept.

    Parameters
    ----------
    records : sequence of Record
        In the order of the graph's operations.
    values : dict
        From the ids of tensors to value nodes.
    """
    calls = [
        _Call(r.op, r.arrays, r.out, r.params, tuple(t is not None for t in r.inputs))
        for r in records
    ]
    return ReplayRules(calls, values)


def registry_rules(trace: Trace, calls: Sequence[CallFacts]) -> ReplayRules | None:
    """Return the rules of a trace that was read from a file, by the names of its operations.

    None where the registry lacks one of them: a user's op that is not defined yet.

    Parameters
    ----------
    trace : Trace
    calls : sequence of CallFacts
        In the order of the graph's operations.
    """
    found = []
    edges = trace.graph.edges
    for node, (params, given, several) in zip(trace.graph.ops, calls, strict=True):
        op = REGISTRY.get(node.op)
        taken = {edges[edge].slot: edges[edge].value for edge in node.inputs}
        if op is None or max(taken, default=0) >= len(given):
            return None
        arrays = tuple(
            trace.data(taken[slot]) if slot in taken else None for slot in range(len(given))
        )
        out = tuple(trace.data(value) for value in node.outputs)
        found.append(_Call(op, arrays, out if several else out[0], params, given))
    return ReplayRules(found, {})


def _outputs(call: _Call) -> tuple[Any, ...]:
    return call.out if type(call.out) is tuple else (call.out,)


def _as_record(call: _Call) -> Record:
    """Return a record for the engine's own functions; it belongs to no tensor."""
    nothing = (None,) * len(call.arrays)
    code = _as_record.__code__
    return Record(0, call.op, nothing, call.arrays, call.out, call.params, code, 0, None)
