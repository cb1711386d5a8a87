"""A backward pass towards chosen tensors: the same rules give arrays, or tensors that are recorded.

`Tensor.backward` without ``create_graph`` has a faster loop of its own, in
`graphviz_ad.engine.backward`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from types import FunctionType
from typing import Any

import numpy as np

from graphviz_ad.backend import namespace, protect
from graphviz_ad.engine.contributions import fill_outputs, fit, pull_back, real
from graphviz_ad.engine.hooks import call_hooks
from graphviz_ad.engine.op import REGISTRY
from graphviz_ad.engine.tape import Record, ScopeEntry, Site, next_id, tape
from graphviz_ad.engine.tensor import Tensor, constant_leaf, wrap
from graphviz_ad.engine.traced import TRACED
from graphviz_ad.errors import ThreadError, VJPError

__all__ = ["Reached", "alias", "as_constant", "sweep", "traced_sweep"]


class Reached:
    """What led to some tensors.

    Attributes
    ----------
    records : list of Record
        In creation order.
    tensors : dict
        Every tensor on the way that requires a gradient, by id.
    """

    def __init__(self, outputs: Iterable[Tensor]) -> None:
        records: dict[int, Record] = {}
        self.tensors: dict[int, Tensor] = {}
        stack = [tensor for tensor in outputs if tensor.requires_grad]
        while stack:
            tensor = stack.pop()
            if tensor.id not in self.tensors or tensor._watch is not None:
                self.tensors[tensor.id] = tensor
            record = tensor._record
            if record is not None and record.id not in records:
                records[record.id] = record
                stack.extend(t for t in record.inputs if t is not None and t.requires_grad)
        self.records = [records[key] for key in sorted(records)]

    def leaves(self) -> list[Tensor]:
        """Return the tensors that no recorded operation produced."""
        return [tensor for tensor in self.tensors.values() if tensor._op is None]

    def between(self, targets: Collection[int]) -> list[Record]:
        """Return the records that lead from `targets` (ids of tensors), in creation order."""
        wanted = set(targets)
        found = []
        for record in self.records:
            if any(t is not None and t.id in wanted and t.requires_grad for t in record.inputs):
                found.append(record)
                wanted.update(_outputs(record))
        return found


def sweep(
    reached: Reached, seeds: Iterable[tuple[Tensor, Any]], targets: Collection[int]
) -> dict[int, Any]:
    """Return the gradients, as arrays, of the targets (ids of tensors) that the seeds reach.

    Parameters
    ----------
    reached : Reached
        What led to the tensors of `seeds`.
    seeds : iterable of (Tensor, array)
        Outputs and their gradients.
    targets : collection of int
    """

    def settle(tensor: Tensor, gradient: Any) -> Any:
        if tensor._watch is None:
            return gradient
        return call_hooks(tensor._watch, constant_leaf(protect(gradient)))._data

    before = tape.recording
    tape.recording = False
    try:
        with np.errstate(all="ignore"):
            return _sweep(reached, seeds, targets, pull_back, fill_outputs, settle)
    finally:
        tape.recording = before


def traced_sweep(
    reached: Reached, seeds: Iterable[tuple[Tensor, Tensor]], targets: Collection[int], site: Site
) -> dict[int, Tensor]:
    """Do `sweep` with tensors, so that it records itself.

    What it records is boxed as "backward", and each operation of it is placed where the
    one that it differentiates was called.

    Parameters
    ----------
    reached : Reached
    seeds : iterable of (Tensor, Tensor)
    targets : collection of int
    site : Site
        The user's call of the pass.
    """
    tracer = _Tracer(reached, site)

    before = tape.recording, tape.scope, tape.rule
    tape.recording = True
    try:
        with np.errstate(all="ignore"):
            return _sweep(
                reached, seeds, targets, tracer.pull_back, tracer.fill_outputs, tracer.settle
            )
    finally:
        tape.recording, tape.scope, tape.rule = before


def _sweep(
    reached: Reached,
    seeds: Iterable[tuple[Tensor, Any]],
    targets: Collection[int],
    pull: Callable[[Record, Any], Iterable[Any]],
    fill: Callable[[Record, dict[int, Any]], Any],
    settle: Callable[[Tensor, Any], Any],
) -> dict[int, Any]:
    path = reached.between(targets)
    produced = {identity for record in path for identity in _outputs(record)}
    found: dict[int, Any] = {}
    finished: dict[int, Any] = {}
    for output, start in seeds:
        # an integer output of a record, such as the indices of a maximum, has no gradient
        if output.requires_grad and (output.id in produced or output.id in targets):
            found[output.id] = found[output.id] + start if output.id in found else start

    def finish(identity: int) -> None:
        found[identity] = settle(reached.tensors[identity], found[identity])
        if identity in targets:
            finished[identity] = found[identity]

    for record in reversed(path):
        arrived = [identity for identity in _outputs(record) if identity in found]
        if not arrived:
            continue
        for identity in arrived:
            finish(identity)
        sent = pull(record, fill(record, found))
        for slot, (tensor, array, part) in enumerate(
            zip(record.inputs, record.arrays, sent, strict=True)
        ):
            if tensor is None or part is None or not tensor.requires_grad:
                continue
            if tensor.id not in produced and tensor.id not in targets:
                continue
            if type(part) is FunctionType:
                part = part()
                if part is None:
                    continue
            part = fit(part, array, record.op, slot)
            key = tensor.id
            found[key] = found[key] + part if key in found else part
    for identity in list(found):
        finish(identity)
    return finished


class _Tracer:
    """Runs the rules of records on tensors: what they do is recorded, and placed."""

    def __init__(self, reached: Reached, site: Site) -> None:
        self.tensors = reached.tensors
        self.box = ScopeEntry("backward", tape.scope, site)
        self.boxes: dict[int, ScopeEntry] = {}
        self.aliases: dict[tuple[int, int], Tensor] = {}

    def pull_back(self, record: Record, gradient: Any) -> Iterable[Any]:
        """Yield what the record's op sends to each input, as tensors."""
        op = record.op
        site = Site(record.code, record.lasti)
        tape.scope = ScopeEntry(op.name, self._box(record.scope), site, hidden=True)
        operands = [
            array if tensor is None else self._as_seen(tensor, array, site)
            for tensor, array in zip(record.inputs, record.arrays, strict=True)
        ]
        outputs = [self._output(record, k) for k in range(len(_outputs(record)))]
        out = tuple(outputs) if type(record.out) is tuple else outputs[0]
        sent = self._run(op, lambda: op.vjp(TRACED, gradient, out, *operands, **record.params))
        if type(sent) is not tuple:
            sent = (sent,)
        if len(sent) != len(record.inputs):
            expected = f"one result per input ({len(record.inputs)})"
            raise VJPError(f"{op.name}.vjp", expected, str(len(sent)))
        return [None if part is None else self._part(op, part) for part in sent]

    def fill_outputs(self, record: Record, gradients: dict[int, Any]) -> Any:
        """Take the gradients of a record's outputs, zeros for those that nothing reached."""
        if type(record.out) is not tuple:
            return gradients.pop(record.id)
        return tuple(
            gradients.pop(record.id + k)
            if record.id + k in gradients
            else as_constant(namespace(out).zeros_like(out))
            for k, out in enumerate(record.out)
        )

    def settle(self, tensor: Tensor, gradient: Tensor) -> Tensor:
        """Return the finished gradient of a tensor after its hooks, by the name A∇ for an A."""
        if tensor._watch is not None:
            gradient = call_hooks(tensor._watch, gradient)
        ours = gradient.id > self.box.id
        if ours and tensor.name and gradient.name is None:
            gradient.name = f"{tensor.name}∇"
        return gradient

    def _part(self, op: Any, part: Any) -> Any:
        """Return one result of a rule as a tensor, or as a function that makes it."""
        if type(part) is FunctionType:

            def later() -> Tensor | None:
                made = self._run(op, part)
                return None if made is None else as_constant(real(made, op))

            return later
        return as_constant(real(part, op))

    def _run(self, op: Any, rule: Callable[[], Any]) -> Any:
        tape.rule = op.name
        try:
            return rule()
        except (ThreadError, VJPError):
            raise
        except Exception as error:
            got = f"{type(error).__name__}: {error}"
            hint = "derivatives of derivatives need a rule of operators, methods and xp functions"
            raise VJPError(f"{op.name}.vjp", "a rule that can be recorded", got, hint) from error
        finally:
            tape.rule = ""

    def _as_seen(self, tensor: Tensor, array: Any, site: Site) -> Tensor:
        """Return `tensor` with the array that the op saw, which may have been rebound since."""
        if tensor._data is array:
            return tensor
        key = tensor.id, id(array)
        if key not in self.aliases:
            self.aliases[key] = alias(tensor, array, site, tape.scope)
        return self.aliases[key]

    def _output(self, record: Record, slot: int) -> Tensor:
        identity = record.id + slot
        if identity in self.tensors:
            return self.tensors[identity]
        return wrap(record.out[slot] if type(record.out) is tuple else record.out, record, identity)

    def _box(self, entry: ScopeEntry | None) -> ScopeEntry:
        """Return the box inside ours that stands for `entry`, the scope of the forward pass."""
        chain = []
        while entry is not None and entry.id not in self.boxes:
            chain.append(entry)
            entry = entry.parent
        box = self.box if entry is None else self.boxes[entry.id]
        for entry in reversed(chain):
            box = ScopeEntry(entry.name, box, entry.site, entry.hidden, unnamed=entry.unnamed)
            self.boxes[entry.id] = box
        return box


def alias(tensor: Tensor, array: Any, site: Site, scope: ScopeEntry | None = None) -> Tensor:
    """Return a tensor of its own that holds `array` and sends its gradient on to `tensor`."""
    if not tensor.requires_grad:
        return as_constant(array)
    identity = next_id()
    record = Record(
        identity, REGISTRY["positive"], (tensor,), (array,), array, {}, site.code, site.lasti, scope
    )
    return wrap(array, record, identity)


def as_constant(value: Any) -> Tensor:
    """Return `value` as a tensor, a new one without gradient where it is none."""
    if isinstance(value, Tensor):
        return value
    array = value if hasattr(value, "dtype") else np.asarray(value)
    return constant_leaf(protect(array))


def _outputs(record: Record) -> range:
    """Return the ids of a record's outputs."""
    count = len(record.out) if type(record.out) is tuple else 1
    return range(record.id, record.id + count)
