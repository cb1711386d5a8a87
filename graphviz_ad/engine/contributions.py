"""What one record sends to its inputs: its op's VJP is called, and what it gives is made to fit."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np

from graphviz_ad.backend import Array, namespace
from graphviz_ad.engine.sums import sum_rows
from graphviz_ad.engine.tape import Record
from graphviz_ad.errors import GraphvizADError, VJPError

__all__ = ["each_of", "failure", "fill_outputs", "fit", "made", "pull_back", "real"]

_ndarray = np.ndarray


def pull_back(record: Record, gradient: Array) -> Any:
    """Return what the record's op sends to each input, or thunks of it, as its VJP gives them.

    Raises
    ------
    VJPError
        When the rule fails or does not return one array, None or thunk per input.
    """
    op = record.op
    xp = namespace(record.out[0] if type(record.out) is tuple else record.out)
    params = {**record.params, "saved": record.saved} if op.saves else record.params
    try:
        sent = op.vjp(xp, gradient, record.out, *record.arrays, **params)
    except Exception as error:
        raise failure(op, error) from error
    results = each_of(op, sent, len(record.inputs))
    return tuple([p if p is None or type(p) is FunctionType else real(p, op) for p in results])


def failure(op: Any, error: Exception) -> Exception:
    """Return the named error for one that a VJP raised."""
    if isinstance(error, GraphvizADError):
        return error
    got = f"{type(error).__name__}: {error}"
    return VJPError(f"{op.name}.vjp", "a rule that runs", got)


def each_of(op: Any, sent: Any, count: int) -> tuple[Any, ...]:
    """Return what a VJP sent as a tuple with one result per input."""
    results = sent if type(sent) is tuple else (sent,)
    if len(results) != count:
        expected = f"one result per input ({count})"
        raise VJPError(f"{op.name}.vjp", expected, str(len(results)))
    return results


def real(sent: Any, op: Any) -> Any:
    """Return what a VJP sent to one input: an array, or a number as one.

    Raises
    ------
    VJPError
        For a list, text, or complex numbers.
    """
    if isinstance(sent, (int, float)) and not hasattr(sent, "dtype"):
        return np.asarray(sent)[()]
    kind = getattr(getattr(sent, "dtype", None), "kind", None)
    if kind is None or kind not in "fiub":
        expected = "an array of real numbers for each input, None, or a function that makes one"
        got = type(sent).__name__ if kind is None else f"an array of {sent.dtype}"
        raise VJPError(f"{op.name}.vjp", expected, got)
    return sent


def fit(sent: Array, like: Array, op: Any, slot: int) -> Array:
    """Return `sent` with the shape and dtype of `like`, summed over the axes it was broadcast on.

    Raises
    ------
    VJPError
        When it is no array of real numbers, or its shape cannot come from broadcasting `like`.
    """
    if type(sent) is not _ndarray or sent.dtype.kind != "f":
        sent = real(sent, op)
    shape = like.shape
    if sent.shape != shape:
        extra = sent.ndim - len(shape)
        if extra == 1 and sent.shape[1:] == shape:
            summed = sum_rows(sent)
            if shape and type(summed) is _ndarray and summed.dtype == like.dtype:
                return summed  # of a bias, most of the time
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


def made(later: Callable[[], Any], op: Any) -> Any:
    """Return the contribution that a VJP put off."""
    try:
        return later()
    except Exception as error:
        raise failure(op, error) from error
