"""The backward pass: reverse creation order over the records that lead to the output."""

from __future__ import annotations

from heapq import heappop, heappush
from types import FunctionType
from typing import Any

import numpy as np

from graphviz_ad.backend import DEVICES, Array, namespace, own, protect
from graphviz_ad.engine.exchange import on_backend_of
from graphviz_ad.engine.hooks import call_hooks
from graphviz_ad.engine.tape import Record, next_id, no_grad
from graphviz_ad.engine.tensor import Tensor, wrap
from graphviz_ad.errors import DTypeError, GradientError, GraphvizADError, ShapeError, VJPError

__all__ = ["backward", "fit", "pull_back", "seed"]

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


def pull_back(record: Record, gradient: Array) -> Any:
    """Return what the record's op sends to each input, or thunks of it, as its VJP gives them.

    Raises
    ------
    VJPError
        When the rule fails or does not return one result per input.
    """
    op = record.op
    xp = namespace(record.out[0] if type(record.out) is tuple else record.out)
    params = {**record.params, "saved": record.saved} if op.saves else record.params
    try:
        sent = op.vjp(xp, gradient, record.out, *record.arrays, **params)
    except Exception as error:
        raise _failure(op, error) from error
    return _each(op, sent, len(record.inputs))


def _failure(op: Any, error: Exception) -> Exception:
    """Return the named error for one that a VJP raised."""
    if isinstance(error, GraphvizADError):
        return error
    got = f"{type(error).__name__}: {error}"
    return VJPError(f"{op.name}.vjp", "a rule that runs", got)


def _each(op: Any, sent: Any, count: int) -> tuple[Any, ...]:
    """Return what a VJP sent as a tuple with one result per input."""
    results = sent if type(sent) is tuple else (sent,)
    if len(results) != count:
        expected = f"one result per input ({count})"
        raise VJPError(f"{op.name}.vjp", expected, str(len(results)))
    return results


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
        if extra == 1 and sent.shape[1:] == shape:  # a bias, most of the time
            summed = sent.sum(0)
        else:
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
    gradients: dict[int, Array] = {output.id: seed(output, gradient)}
    # Per record the output that was reached first, by the id of its first output.
    waiting: dict[int, Tensor] = {}
    heap: list[int] = []
    leaves: dict[int, Tensor] = {}
    watched: dict[int, Tensor] = {}
    finished: dict[int, Array] = {}
    ours: set[int] = set()
    _reach(output, waiting, heap, leaves, watched)
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
        op = node._op
        if node._outs is None:
            out = node._data
            g = gradients.pop(key)
            if node._watch is not None:
                g = finished[key] = _hooked(node, g)
            kind = type(out)
            xp = np if kind is _ndarray or kind is _float64 else namespace(out)
        else:
            for identity in range(key, key + len(node._outs[1])):
                if identity in watched:
                    g = _hooked(watched[identity], gradients[identity])
                    finished[identity] = gradients[identity] = g
            record: Any = node._record
            out = record.out
            xp = namespace(out[0])
            g = fill_outputs(record, gradients)
        operands = node._operands
        try:
            if operands is None:
                operands = (node._left, node._right, node._left_array, node._right_array)
                count = 2
                results = op.vjp(xp, g, out, operands[2], operands[3])
            else:
                count = len(operands) >> 1
                if op.saves:
                    results = op.vjp(
                        xp, g, out, *operands[count:], saved=node._saved, **node._params
                    )
                else:
                    results = op.vjp(xp, g, out, *operands[count:], **node._params)
        except Exception as error:
            raise _failure(op, error) from error
        if type(results) is not tuple or len(results) != count:
            results = _each(op, results, count)
        for slot, sent in enumerate(results):
            tensor = operands[slot]
            if tensor is None or sent is None or not tensor.requires_grad:
                continue
            kind = type(sent)
            if kind is FunctionType:
                sent = sent()
                kind = type(sent)
            array = operands[count + slot]
            if kind is not type(array) or (
                kind is not _float64 and (sent.shape != array.shape or sent.dtype != array.dtype)
            ):
                sent = fit(sent, array, op, slot)
            key = tensor.id
            if key not in gradients:
                gradients[key] = sent
                if tensor._op is None:
                    leaves[key] = tensor
                elif only is None and not heap and tensor._watch is None and tensor._outs is None:
                    only = tensor
                else:
                    if only is not None:
                        waiting[only.id] = only
                        heappush(heap, -only.id)
                        only = None
                    _reach(tensor, waiting, heap, leaves, watched)
            elif key in ours:
                gradients[key] += sent
            else:
                # the first contribution may be shared with another value
                total = gradients[key] = gradients[key] + sent
                if type(total) is not _float64:
                    ours.add(key)
    # All hooks first: one that raises leaves every .grad as it was.
    for key, leaf in leaves.items():
        finished[key] = gradients[key] if leaf._watch is None else _hooked(leaf, gradients[key])
    for key, tensor in (leaves | watched).items():
        watch = tensor._watch
        if tensor._op is not None and not (watch is not None and watch.keeps):
            continue
        total = finished[key]
        if tensor._grad is not None:
            total = tensor._grad._data + total
        tensor._grad = wrap(protect(total), None, next_id())


def _reach(
    tensor: Tensor,
    waiting: dict[int, Tensor],
    heap: list[int],
    leaves: dict[int, Tensor],
    watched: dict[int, Tensor],
) -> None:
    """Note a tensor that a gradient has arrived at for the first time."""
    if tensor._op is None:
        leaves[tensor.id] = tensor
        return
    if tensor._watch is not None:
        watched[tensor.id] = tensor
    key = tensor.id if tensor._outs is None else tensor._outs[0]
    if key not in waiting:
        waiting[key] = tensor
        heappush(heap, -key)


def _hooked(tensor: Tensor, gradient: Array) -> Array:
    """Return the finished gradient of a tensor after its hooks, which record nothing."""
    watch = tensor._watch
    if watch is None or not watch.hooks:
        return gradient
    with no_grad():
        return call_hooks(watch, wrap(protect(gradient), None, next_id()))._data
