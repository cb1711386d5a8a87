"""What the losses share: the reduction, its transpose, and the checks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from graphviz_ad.errors import ArgumentError, ShapeError
from graphviz_ad.ops.shape import shape_of

REDUCTIONS = ("none", "mean", "sum")


def check_reduction(function: str, reduction: str) -> None:
    """Raise `ArgumentError` for a reduction that is none of PyTorch's three."""
    if reduction not in REDUCTIONS:
        expected = "reduction 'none', 'mean' or 'sum'"
        raise ArgumentError(function, expected, repr(reduction))


def check_same_shape(function: str, **arrays: Any) -> None:
    """Raise `ShapeError` unless all arrays have one shape or a single element.

    A column (N, 1) against a row (N,) would broadcast to (N, N) and train nothing.
    """
    shapes = {name: shape_of(a) for name, a in arrays.items()}
    if len({s for s in shapes.values() if s and s != (1,)}) > 1:
        got = " and ".join(f"{name} {shape}" for name, shape in shapes.items())
        hint = "reshape one, or broadcast it with ad.broadcast_to where that is meant"
        raise ShapeError(function, "arrays of one shape", got, hint)


def check_pair(function: str, input: Any, target: Any, reduction: str) -> None:
    """Check what every element-wise loss asks of its arguments."""
    check_reduction(function, reduction)
    check_same_shape(function, input=input, target=target)


def pointwise_check(name: str) -> Callable[..., None]:
    """Return the check of an element-wise loss with no other arguments."""

    def check(input: Any, target: Any, *, reduction: str) -> None:
        check_pair(name, input, target, reduction)

    return check


def weighted_check(name: str) -> Callable[..., None]:
    """Return the check of an element-wise loss with a weight for each element."""

    def check(input: Any, target: Any, weight: Any = None, *, reduction: str) -> None:
        check_pair(name, input, target, reduction)
        check_weight(name, input, weight)

    return check


def check_weight(function: str, input: Any, weight: Any) -> None:
    """Raise `ShapeError` for weights of another shape than the input's."""
    if weight is not None and shape_of(weight) != shape_of(input):
        got = f"weight {shape_of(weight)} for input {shape_of(input)}"
        raise ShapeError(function, "a weight for each element of the input", got)


def weighted_mean(loss: Any, weight: Any, reduction: str) -> Any:
    """Reduce losses times weights; their mean is divided by the sum of the weights."""
    if weight is None:
        return reduced(loss, reduction)
    if reduction == "mean":
        return (loss * weight).sum() / weight.sum()
    return reduced(loss * weight, reduction)


def to_losses(g: Any, loss: Any, weight: Any, reduction: str) -> Any:
    """Return what `weighted_mean` sends to each loss, to be broadcast."""
    if weight is None:
        return spread(g, size_of(loss), reduction)
    return g * weight / weight.sum() if reduction == "mean" else g * weight


def to_weights(g: Any, out: Any, loss: Any, weight: Any, reduction: str) -> Any:
    """Return what `weighted_mean` sends to each weight."""
    if weight is None:
        return None
    return g * (loss - out) / weight.sum() if reduction == "mean" else g * loss


def reduced(loss: Any, reduction: str) -> Any:
    """Reduce the losses of all elements; the mean of none is NaN, as in PyTorch."""
    if reduction == "none" or not getattr(loss, "ndim", 0):
        return loss
    if reduction == "sum" or not loss.size:
        return loss.sum() if reduction == "sum" else loss.sum() * float("nan")
    # as `mean` does, which takes longer; it adds half precision up in single
    return loss.sum() / loss.size if loss.dtype.itemsize > 2 else loss.mean()


def size_of(array: Any) -> int:
    """Return the number of elements of an array or a Python number."""
    return getattr(array, "size", 1)


def spread(g: Any, size: int, reduction: str) -> Any:
    """Return what the reduction sends to each of `size` losses, to be broadcast."""
    return g / size if reduction == "mean" and size else g


def reduce_plainly(loss: Any, reduction: str) -> Any:
    """Reduce as the tests' references do."""
    loss = np.asarray(loss)
    if reduction == "mean":
        return loss.mean()
    return loss.sum() if reduction == "sum" else loss
