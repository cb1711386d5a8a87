"""Checks of values and gradients, for the project's ops and for your own.

`check_op` checks an op page against its own samples, `check_grads` any function
of tensors. A failure is a `CheckError`, which is an AssertionError: it names the
input whose rule is wrong, the element, what was expected and what came.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from graphviz_ad.engine.differentiate import grad
from graphviz_ad.engine.op import Op
from graphviz_ad.engine.switch import no_grad
from graphviz_ad.engine.tensor import parameter, tensor
from graphviz_ad.errors import ArgumentError, OpDefinitionError
from graphviz_ad.testing.checks import (
    call_sample,
    check_failure,
    check_float32,
    check_layout,
    check_repeated,
    check_saved,
    check_second,
    check_values,
    check_vjp,
    samples_of,
)
from graphviz_ad.testing.compare import (
    STEP,
    as_tuple,
    central_difference,
    compare,
    random_weights,
    weighted_sum,
)
from graphviz_ad.testing.health import assert_healthy
from graphviz_ad.testing.tangent import check_jvp

__all__ = [
    "assert_healthy",
    "call_sample",
    "central_difference",
    "check_failure",
    "check_float32",
    "check_grads",
    "check_jvp",
    "check_layout",
    "check_op",
    "check_repeated",
    "check_saved",
    "check_second",
    "check_values",
    "check_vjp",
    "samples_of",
]


def check_op(op: type[Op] | Callable[..., Any], *, seed: int = 0, second: bool = True) -> None:
    """Check an op page: its values, its VJPs and what it refuses.

    For every sample: values against `reference` or NumPy's function of the same
    name, the VJP of every input against central differences in float64, the same
    for second derivatives (by recording the VJP itself) and for the JVP, repeated operands, float32
    that stays float32, inputs that are read-only or not contiguous, and the VJP without
    what an op saves for it.

    Parameters
    ----------
    op : type of Op, or the function that `ad.op` made of one
    seed : int
        Of the generator that `samples` is given.
    second : bool
        Whether second derivatives are checked, and the JVP, which takes a recorded VJP.

    Raises
    ------
    CheckError
        Naming the first check that fails, the input and the element.
    OpDefinitionError
        When the page has no samples, or `op` is none.

    Examples
    --------
    >>> from graphviz_ad.engine.op import REGISTRY, Op, Sample
    >>> from graphviz_ad.testing import check_op
    >>> class Cube(Op):
    ...     name = "cube"
    ...     def forward(xp, a):
    ...         return a * a * a
    ...     def vjp(xp, g, out, a):
    ...         return 2 * g * a * a
    ...     def reference(a):
    ...         return a**3
    ...     def samples(rng):
    ...         return [Sample(2.0)]
    >>> check_op(Cube)
    Traceback (most recent call last):
        ...
    graphviz_ad.errors.CheckError: cube.vjp: expected a∇ = 12 by central differences, got 8; ...
    >>> del REGISTRY["cube"]
    """
    page = getattr(op, "op", op)
    if not (isinstance(page, type) and issubclass(page, Op)):
        raise OpDefinitionError("check_op", "an Op, or a function made by ad.op", repr(op))
    _check_page(page, seed, second)


def _check_page(op: type[Op], seed: int, second: bool) -> None:
    for sample in samples_of(op, seed):
        check_values(op, sample)
        if op.differentiable:
            check_vjp(op, sample)
            check_layout(op, sample)
            check_repeated(op, sample)
            check_saved(op, sample)
            if second:
                check_second(op, sample)
                check_jvp(op, sample)
        check_float32(op, sample)
    check_failure(op)


def check_grads(
    function: Callable[..., Any],
    args: Sequence[Any],
    *,
    order: int = 1,
    rtol: float = 1e-5,
    atol: float = 1e-7,
    step: float = STEP,
) -> None:
    """Compare the gradients of a function of tensors with central differences.

    Parameters
    ----------
    function : callable
        Takes as many tensors as there are `args` and returns a tensor or a tuple of them.
    args : sequence of array_like
        Floating-point ones are differentiated, in float64; others are passed as tensors.
    order : int
        The highest derivatives that are checked; 2 checks the gradients of the gradients, too.
    rtol, atol : float
        What may differ.
    step : float
        The step of the differences, times ``max(1, |x|)``.

    Raises
    ------
    CheckError
        Naming the argument and the element with the largest difference.
    ArgumentError
        For an order that is not a whole number from 1.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> from graphviz_ad.testing import check_grads
    >>> check_grads(lambda a, b: a * b + a, [[1.0, 2.0], 3.0])
    >>> check_grads(ad.tanh, [[1.0, 2.0]], order=3)
    """
    if not isinstance(order, int) or order < 1:
        raise ArgumentError("check_grads", "an order from 1", repr(order))
    arrays = [_float64(arg) for arg in args]
    name = getattr(function, "__name__", "function")
    argnums = tuple(slot for slot, array in enumerate(arrays) if array.dtype.kind == "f")
    for number in range(1, order + 1):
        label = name if number == 1 else f"{name}, derivative {number}"
        weights = _check_order(function, arrays, label, rtol, atol, step)
        if not argnums or all(w is None for w in weights):
            return
        function = grad(_weighted(function, weights), argnums)


def _check_order(
    function: Callable[..., Any],
    arrays: list[Any],
    name: str,
    rtol: float,
    atol: float,
    step: float,
) -> list[Any]:
    """Compare the gradients of `function`; return the weights of its outputs in them."""
    tensors = [parameter(a) if a.dtype.kind == "f" else tensor(a) for a in arrays]
    outputs = as_tuple(function(*tensors))
    weights = random_weights([y.data for y in outputs])
    for y, w in zip(outputs, weights, strict=True):
        if w is not None and y.requires_grad:
            y.backward(w)

    def evaluate(*values: Any) -> float:
        with no_grad():
            return weighted_sum([y.data for y in as_tuple(function(*map(tensor, values)))], weights)

    for slot, leaf in enumerate(tensors):
        if leaf.requires_grad:
            expected = central_difference(evaluate, arrays, slot, step)
            got = np.zeros(leaf.shape) if leaf.grad is None else leaf.grad.data
            compare(name, f"argument {slot}", got, expected, "central differences", rtol, atol)
    return weights


def _weighted(function: Callable[..., Any], weights: list[Any]) -> Callable[..., Any]:
    """Return the scalar function whose gradients `_check_order` compared."""

    def total(*tensors: Any) -> Any:
        outputs = as_tuple(function(*tensors))
        pairs = zip(outputs, weights, strict=True)
        return sum((y * w).sum() for y, w in pairs if w is not None)

    return total


def _float64(value: Any) -> Any:
    array = np.asarray(value)
    return array.astype(float) if array.dtype.kind == "f" else array
