"""The backward pass: reverse creation order over the records that lead to the output."""

from __future__ import annotations

from heapq import heappop, heappush
from types import FunctionType
from typing import Any

import numpy as np

from graphviz_ad.backend import DEVICES, Array, namespace, own, protect
from graphviz_ad.engine.contributions import each_of, failure, fit, made
from graphviz_ad.engine.exchange import on_backend_of
from graphviz_ad.engine.hooks import call_hooks
from graphviz_ad.engine.tape import no_grad
from graphviz_ad.engine.tensor import OPERANDS, Tensor, constant_leaf
from graphviz_ad.errors import DTypeError, GradientError, ShapeError

__all__ = ["backward", "seed"]

_ndarray = np.ndarray
_float64 = np.float64
_ONE = np.float64(1.0)


def seed(output: Tensor, gradient: Any, function: str = "backward") -> Array:
    """Return the gradient of `output` with which a backward pass starts.

    Raises
    ------
    GradientError
        When `output` requires no gradient, or is not scalar and `gradient` is None.
    ShapeError
        When `gradient` does not have the shape of `output`.
    """
    label = output.name or "the tensor"
    if not output.requires_grad:
        got = f"{label} {output.shape}, which depends on no tensor that requires one"
        hint = "make the leaves with ad.parameter, and check for no_grad() and detach()"
        raise GradientError(function, "a tensor that requires a gradient", got, hint)
    data = output._data
    if gradient is None:
        if type(data) is _float64:
            return _ONE
        if data.size != 1:
            hint = "reduce it with .sum() or .mean(), or give gradient="
            raise GradientError(function, "a scalar loss", f"{label} {output.shape}", hint)
        return protect(namespace(data).ones_like(data))
    value = own(gradient._data if isinstance(gradient, Tensor) else gradient, function)
    if DEVICES:
        value = on_backend_of(data, gradient, value, function)
    if value.shape != data.shape:
        got = f"gradient {value.shape} for {label} {data.shape}"
        raise ShapeError(function, "a gradient of the tensor's shape", got)
    if value.dtype.kind not in "fiub":
        raise DTypeError(function, "a real gradient", str(value.dtype))
    return protect(value.astype(data.dtype))


class _Pass:
    """What has arrived where, and what waits to be sent back.

    Attributes
    ----------
    gradients : dict
        Of the tensors that wait, and of the leaves, by id.
    waiting : dict
        Per record the output that was reached first, by the id of its first output.
    heap : list of int
        The keys of `waiting`, negative: the latest record comes off first.
    leaves, watched : dict
        The leaves that were reached, and the outputs with a `Watch`, by id.
    finished : dict
        The gradients of those outputs after their hooks, by id.
    """

    __slots__ = ("finished", "gradients", "heap", "leaves", "waiting", "watched")

    def __init__(self) -> None:
        self.gradients: dict[int, Array] = {}
        self.waiting: dict[int, Tensor] = {}
        self.heap: list[int] = []
        self.leaves: dict[int, Tensor] = {}
        self.watched: dict[int, Tensor] = {}
        self.finished: dict[int, Array] = {}

    def reach(self, tensor: Tensor, gradient: Array) -> None:
        """Note a tensor and the first contribution to it."""
        self.gradients[tensor.id] = gradient
        if tensor._op is None:
            self.leaves[tensor.id] = tensor
            return
        if tensor._watch is not None:
            self.watched[tensor.id] = tensor
        outs = tensor._outs
        key = tensor.id if outs is None else outs[0]
        if key not in self.waiting:
            self.waiting[key] = tensor
            heappush(self.heap, -key)

    def complete(self, key: int, outs: tuple[int, tuple[Array, ...]]) -> tuple[Array, ...]:
        """Take the gradients of an op's outputs after their hooks, zeros where none arrived."""
        first, made = outs
        xp = namespace(made[0])
        taken = []
        for identity, out in enumerate(made, first):
            if identity not in self.gradients:
                taken.append(xp.zeros_like(out))
                continue
            g = self.gradients.pop(identity)
            if identity in self.watched:
                g = self.finished[identity] = _hooked(self.watched[identity], g)
            taken.append(g)
        return tuple(taken)


# An infinite slope, such as that of sqrt at 0, is the answer there and no mistake.
@np.errstate(all="ignore")
def backward(output: Tensor, gradient: Any = None) -> None:
    """Add the gradient of `output` to ``.grad`` of the leaves; see `Tensor.backward`."""
    here = _Pass()
    gradients, waiting, heap, leaves = here.gradients, here.waiting, here.heap, here.leaves
    # sums that this pass made and nothing else shares, which it may add to in place
    ours: set[int] = set()
    here.reach(output, seed(output, gradient))
    # An output has a larger id than its inputs, so when a record comes off the
    # heap every consumer has sent its contribution.
    # Where only one waits, as in a chain, it need not go through the heap.
    only: Tensor | None = None
    while heap or only is not None:
        if only is not None:
            node, only = only, None
            key = node.id
        else:
            key = -heappop(heap)
            node = waiting.pop(key)
        op, call, out = node._op, node._call, node._data
        kind = type(out)
        if call is None:
            if kind is _float64 and not heap and node._watch is None:
                _along_numbers(node, here)
                continue
            outs = None
            inputs: Any = node._left, node._right
            arrays: Any = node._left_array, node._right_array
        else:
            outs = call[2]
            middle = (len(call) + OPERANDS) >> 1
            inputs, arrays = call[OPERANDS:middle], call[middle:]
        xp = np if kind is _ndarray or kind is _float64 else namespace(out)
        if outs is not None:
            out, g = outs[1], here.complete(key, outs)
        else:
            g = gradients.pop(key)
            if node._watch is not None:
                g = here.finished[key] = _hooked(node, g)
        try:
            if call is None:
                sent = op.vjp(xp, g, out, arrays[0], arrays[1])
            elif op.saves:
                sent = op.vjp(xp, g, out, *arrays, saved=call[1], **call[0])
            elif call[0]:
                sent = op.vjp(xp, g, out, *arrays, **call[0])
            else:
                sent = op.vjp(xp, g, out, *arrays)
        except Exception as error:
            raise failure(op, error) from error
        if type(sent) is not tuple:
            sent = (sent,)
        if len(sent) != len(inputs):
            sent = each_of(op, sent, len(inputs))
        slot = -1
        for part, tensor, array in zip(sent, inputs, arrays):  # noqa: B905 (as long, and faster)
            slot += 1
            if tensor is None or part is None or not tensor.requires_grad:
                continue
            kind = type(part)
            if kind is FunctionType:
                part = made(part, op)
                kind = type(part)
            if kind is not type(array) or (
                kind is not _float64 and (part.shape != array.shape or part.dtype != array.dtype)
            ):
                if part is None:
                    continue
                part = fit(part, array, op, slot)
            key = tensor.id
            if key in ours:
                gradients[key] += part
            elif key in gradients:
                # the first contribution may be shared with another value
                total = gradients[key] = gradients[key] + part
                if type(total) is not _float64:
                    ours.add(key)
            elif tensor._op is None:
                gradients[key] = part
                leaves[key] = tensor
            elif (
                only is None
                and not heap
                and tensor._watch is None
                and ((call := tensor._call) is None or call[2] is None)
            ):
                gradients[key] = part
                only = tensor
            else:
                if only is not None:
                    here.reach(only, gradients[only.id])
                    only = None
                here.reach(tensor, part)
    _finish(here)


def _along_numbers(node: Tensor, here: _Pass) -> None:
    """Send a gradient down a chain of operators on numbers, where nothing else waits.

    These take less time than what is done around them, so that less is done here.
    """
    gradients = here.gradients
    g = gradients.pop(node.id)
    while True:
        op = node._op
        a, b = operands = node._left_array, node._right_array
        try:
            sent = op.vjp(np, g, node._data, a, b)
        except Exception as error:
            raise failure(op, error) from error
        if type(sent) is not tuple or len(sent) != 2:
            sent = each_of(op, sent, 2)
        following = None
        for slot in (0, 1):
            tensor = node._right if slot else node._left
            if tensor is None or not tensor.requires_grad:
                continue
            part = sent[slot]
            if type(part) is not _float64 or type(operands[slot]) is not _float64:
                part = made(part, op) if type(part) is FunctionType else part
                if part is None:
                    continue
                part = fit(part, operands[slot], op, slot)
            key = tensor.id
            if key in gradients:
                gradients[key] = gradients[key] + part
            elif tensor._op is None:
                here.reach(tensor, part)
            elif following is None:
                following, g = tensor, part
            elif following.id == key:
                g = g + part
            else:
                here.reach(following, g)
                here.reach(tensor, part)
                return
        if following is None:
            return
        node = following
        if node._call is not None or node._watch is not None or type(node._data) is not _float64:
            here.reach(node, g)
            return


def _finish(here: _Pass) -> None:
    """Add the gradients that have arrived to ``.grad``, after all hooks have run."""
    gradients, leaves = here.gradients, here.leaves
    # All hooks first: one that raises leaves every .grad as it was.
    for key, leaf in leaves.items():
        if leaf._watch is not None:
            gradients[key] = _hooked(leaf, gradients[key])
    for key, tensor in here.watched.items():
        if tensor._watch is not None and tensor._watch.keeps:
            gradients[key] = here.finished[key]
            leaves[key] = tensor
    for key, tensor in leaves.items():
        total = gradients[key]
        if tensor._grad is not None:
            total = tensor._grad._data + total
        if type(total) is _ndarray and total.ndim:
            total.setflags(False)  # type: ignore[call-arg]
        else:
            total = protect(total)
        tensor._grad = constant_leaf(total)


def _hooked(tensor: Tensor, gradient: Array) -> Array:
    """Return the finished gradient of a tensor after its hooks, which record nothing."""
    watch = tensor._watch
    if watch is None or not watch.hooks:
        return gradient
    with no_grad():
        return call_hooks(watch, constant_leaf(protect(gradient)))._data
