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
from graphviz_ad.engine.switch import no_grad
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
    # nobody can write to a tensor's array
    value = gradient._data if isinstance(gradient, Tensor) else own(gradient, function)
    if DEVICES:
        value = on_backend_of(data, gradient, value, function)
    if value.shape != data.shape:
        got = f"gradient {value.shape} for {label} {data.shape}"
        raise ShapeError(function, "a gradient of the tensor's shape", got)
    if value.dtype.kind not in "fiub":
        raise DTypeError(function, "a real gradient", str(value.dtype))
    return value if value.dtype == data.dtype else protect(value.astype(data.dtype))


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
    ours : set of int
        The ids of sums that this pass made and nothing else shares, which it may add to in place.
    """

    __slots__ = ("finished", "gradients", "heap", "leaves", "ours", "waiting", "watched")

    def __init__(self) -> None:
        self.gradients: dict[int, Array] = {}
        self.waiting: dict[int, Tensor] = {}
        self.heap: list[int] = []
        self.leaves: dict[int, Tensor] = {}
        self.watched: dict[int, Tensor] = {}
        self.finished: dict[int, Array] = {}
        self.ours: set[int] = set()

    def add(self, tensor: Tensor, part: Array) -> None:
        """Add a contribution to what has arrived at a tensor, which waits from the first one on."""
        key, gradients = tensor.id, self.gradients
        if key in self.ours:
            gradients[key] += part
            return
        if key in gradients:
            # the first contribution may be shared with another value
            total = gradients[key] = gradients[key] + part
            if type(total) is not _float64:
                self.ours.add(key)
            return
        gradients[key] = part
        if tensor._op is None:
            self.leaves[key] = tensor
            return
        if tensor._watch is not None:
            self.watched[key] = tensor
        outs = tensor._outs
        if outs is not None:
            key = outs[0]
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
    # An output has a larger id than its inputs, so when a record comes off the
    # heap every consumer has sent its contribution.
    # Where no other waits, as in a chain, the next one need not go through the heap.
    following: Tensor | None = output
    total = seed(output, gradient)
    while True:
        if following is not None:
            node, g, following = following, total, None
            op, call, out = node._op, node._call, node._data
            if op is None or node._watch is not None or (call is not None and call[2]):
                here.add(node, g)
                continue
        elif heap:
            key = -heappop(heap)
            node = waiting.pop(key)
            op, call, out = node._op, node._call, node._data
            if call is not None and call[2]:
                out, g = call[2][1], here.complete(key, call[2])
            else:
                g = gradients.pop(key)
                if node._watch is not None:
                    g = here.finished[key] = _hooked(node, g)
        else:
            break
        kind = type(node._data)
        if kind is _float64 and call is None and not heap:
            following, total = _along_numbers(node, g, here)
            continue
        xp = np if kind is _ndarray or kind is _float64 else namespace(node._data)
        try:
            if call is None:
                inputs: Any = node._left, node._right
                arrays: Any = node._left_array, node._right_array
                sent = op.vjp(xp, g, out, arrays[0], arrays[1])
            else:
                middle = (len(call) + OPERANDS) >> 1
                inputs, arrays = call[OPERANDS:middle], call[middle:]
                if op.saves:
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
            if tensor._op is None:
                key = tensor.id
                if key in gradients:
                    here.add(tensor, part)
                else:
                    gradients[key] = part
                    leaves[key] = tensor
            elif heap:
                here.add(tensor, part)
            elif following is None:
                following, total = tensor, part
            elif following is tensor:
                total = total + part
            else:
                here.add(following, total)
                here.add(tensor, part)
                following = None
    _finish(here)


def _along_numbers(node: Tensor, g: Any, here: _Pass) -> tuple[Tensor | None, Any]:
    """Send a gradient down a chain of operators on numbers, where nothing else waits.

    These take less time than what is done around them, so that less is done here. What
    comes after the chain is returned with its gradient, None where other records wait.
    """
    gradients = here.gradients
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
                here.add(tensor, part)
            elif following is None:
                following, g = tensor, part
            elif following is tensor:
                g = g + part
            else:
                here.add(following, g)
                here.add(tensor, part)
                return None, None
        if following is None:
            return None, None
        node = following
        if node._call is not None or node._watch is not None or type(node._data) is not _float64:
            return node, g


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
        before = tensor._grad
        if before is not None:
            total = (before._data if isinstance(before, Tensor) else before) + total
        if type(total) is _ndarray and total.ndim:
            total.setflags(False)  # type: ignore[call-arg]
        else:
            total = protect(total)
        tensor._grad = total


def _hooked(tensor: Tensor, gradient: Array) -> Array:
    """Return the finished gradient of a tensor after its hooks, which record nothing."""
    watch = tensor._watch
    if watch is None or not watch.hooks:
        return gradient
    with no_grad():
        return call_hooks(watch, constant_leaf(protect(gradient)))._data
