"""The backward pass: reverse creation order over the records that lead to the output."""

from __future__ import annotations

from heapq import heappop, heappush
from types import FunctionType
from typing import Any

import numpy as np

from graphviz_ad.backend import Array, namespace, own, protect
from graphviz_ad.engine.hooks import call_hooks
from graphviz_ad.engine.tape import Record, next_id, no_grad
from graphviz_ad.engine.tensor import Tensor, wrap
from graphviz_ad.errors import DTypeError, GradientError, GraphvizADError, ShapeError, VJPError

__all__ = ["backward", "fit", "pull_back", "seed"]

_ndarray = np.ndarray


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
        if data.size != 1:
            hint = "reduce it with .sum() or .mean(), or give gradient="
            raise GradientError(function, "a scalar loss", f"{label} {output.shape}", hint)
        return protect(namespace(data).ones_like(data))
    value = own(gradient._data if isinstance(gradient, Tensor) else gradient, function)
    if value.shape != data.shape:
        got = f"gradient {value.shape} for {label} {data.shape}"
        raise ShapeError(function, "a gradient of the tensor's shape", got)
    if value.dtype.kind not in "fiub":
        raise DTypeError(function, "a real gradient", str(value.dtype))
    return protect(value.astype(data.dtype))


def pull_back(record: Record, gradient: Array) -> Any:
    """Return what the record's op sends to each input, or thunks of it, as its VJP gives them.

    Raises
    ------
    VJPError
        When the rule fails or does not return one result per input.
    """
    op = record[1]
    xp = np if type(record[4]) is _ndarray else namespace(_first(record[4]))
    try:
        sent = op.vjp(xp, gradient, record[4], *record[3], **record[5])
    except GraphvizADError:
        raise
    except Exception as error:
        got = f"{type(error).__name__}: {error}"
        raise VJPError(f"{op.name}.vjp", "a rule that runs", got) from error
    if type(sent) is not tuple:
        sent = (sent,)
    if len(sent) != len(record[2]):
        expected = f"one result per input ({len(record[2])})"
        raise VJPError(f"{op.name}.vjp", expected, str(len(sent)))
    return sent


def fit(sent: Array, like: Array, op: Any, slot: int) -> Array:
    """Return `sent` with the shape and dtype of `like`, summed over the axes it was broadcast on.

    Raises
    ------
    VJPError
        When the shape cannot come from broadcasting `like`.
    """
    shape = like.shape
    if sent.shape != shape:
        extra = sent.ndim - len(shape)
        axes = tuple(range(extra)) + tuple(
            extra + i
            for i, (n, m) in enumerate(zip(shape, sent.shape[extra:], strict=False))
            if n == 1 and m != 1
        )
        summed = sent.sum(axis=axes, keepdims=True) if axes and extra >= 0 else sent
        summed = summed.reshape(summed.shape[extra:]) if extra > 0 else summed
        if summed.shape != shape:
            expected = f"a contribution of shape {shape} to {op.input_name(slot)}"
            raise VJPError(f"{op.name}.vjp", expected, f"shape {sent.shape}")
        sent = summed
    if sent.dtype != like.dtype:
        sent = sent.astype(like.dtype)
    # a scalar, not an array without axes: see `protect`
    return sent[()] if type(sent) is _ndarray and not shape else sent


def fill_outputs(record: Record, gradients: dict[int, Array]) -> Any:
    """Take the gradients of a record's outputs, zeros for those that nothing reached."""
    if type(record.out) is not tuple:
        return gradients.pop(record.id)
    xp = namespace(record.out[0])
    return tuple(
        gradients.pop(record.id + k) if record.id + k in gradients else xp.zeros_like(out)
        for k, out in enumerate(record.out)
    )


# An infinite slope, such as that of sqrt at 0, is the answer there and no mistake.
@np.errstate(all="ignore")
def backward(output: Tensor, gradient: Any = None) -> None:
    """Add the gradient of `output` to ``.grad`` of the leaves; see `Tensor.backward`."""
    start = seed(output, gradient)
    gradients: dict[int, Array] = {output.id: start}
    waiting: dict[int, Record] = {}
    heap: list[int] = []
    watched: dict[int, Tensor] = {}
    finished: dict[int, Array] = {}
    ours: set[int] = set()
    _reach(output, waiting, heap, watched)
    # An output has a larger id than its inputs, so when a record comes off the
    # heap every consumer has sent its contribution.
    while heap:
        record = waiting.pop(-heappop(heap))
        if type(record[4]) is tuple:
            for identity in range(record[0], record[0] + len(record[4])):
                if identity in watched:
                    finished[identity] = gradients[identity] = _hooked(watched[identity], gradients)
            g = fill_outputs(record, gradients)
        elif record[0] in watched:
            g = finished[record[0]] = _hooked(watched[record[0]], gradients)
            del gradients[record[0]]
        else:
            g = gradients.pop(record[0])
        for slot, (tensor, array, sent) in enumerate(
            zip(record[2], record[3], pull_back(record, g), strict=True)
        ):
            if tensor is None or sent is None or not tensor.requires_grad:
                continue
            if type(sent) is FunctionType:
                sent = sent()
            kind = type(sent)
            if kind is not type(array) or (
                kind is _ndarray and (sent.shape != array.shape or sent.dtype != array.dtype)
            ):
                sent = fit(sent, array, record[1], slot)
            key = tensor.id
            if key not in gradients:
                gradients[key] = sent
                _reach(tensor, waiting, heap, watched)
            elif key in ours:
                gradients[key] += sent
            else:
                # the first contribution may be shared with another value
                gradients[key] = gradients[key] + sent
                if type(gradients[key]) is not np.float64:
                    ours.add(key)
    # All hooks first: one that raises leaves every .grad as it was.
    for key, tensor in watched.items():
        if tensor._record is None:
            watch = tensor._watch
            finished[key] = gradients[key] if watch is None else _hooked(tensor, gradients)
    for key, tensor in watched.items():
        if tensor._record is not None and (tensor._watch is None or not tensor._watch.keeps):
            continue
        total = finished[key]
        if tensor._grad is not None:
            total = tensor._grad._data + total
        tensor._grad = wrap(protect(total), None, next_id())


def _reach(
    tensor: Tensor, waiting: dict[int, Record], heap: list[int], watched: dict[int, Tensor]
) -> None:
    record = tensor._record
    if record is None or tensor._watch is not None:
        watched[tensor.id] = tensor
    if record is not None and record[0] not in waiting:
        waiting[record[0]] = record
        heappush(heap, -record[0])


def _hooked(tensor: Tensor, gradients: dict[int, Array]) -> Array:
    """Return the finished gradient of a watched tensor after its hooks, which record nothing."""
    gradient = gradients[tensor.id]
    watch = tensor._watch
    if watch is None or not watch.hooks:
        return gradient
    with no_grad():
        return call_hooks(watch, wrap(protect(gradient), None, next_id()))._data


def _first(out: Any) -> Any:
    return out[0] if type(out) is tuple else out
