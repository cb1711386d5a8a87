"""Transforms of functions: their gradients, products with their Jacobians, and their Jacobians.

All of them run the same rules as `Tensor.backward`, touch no ``.grad``, and nest. An
argument may be an array, a number or a tensor, or a tuple or list that holds arrays or
tensors; one that holds numbers only is an array. What they return is recorded, and can
be differentiated further, where something outside of the function requires a gradient of
it: a tensor among the arguments, or one that the function closes over. Inside `no_grad`
it never is, which is faster.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from graphviz_ad.backend import namespace
from graphviz_ad.engine.sweep import Reached, as_constant, traced_sweep
from graphviz_ad.engine.tensor import Tensor, constant_leaf
from graphviz_ad.engine.traced import TRACED
from graphviz_ad.engine.variables import (
    Run,
    fitted,
    gradients_of,
    placed,
    positions,
    rebuild,
)
from graphviz_ad.errors import ArgumentError

__all__ = ["grad", "hessian", "jacobian", "jvp", "value_and_grad", "vjp"]


def grad(function: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """Return a function that computes the gradient of a scalar function.

    Costs one recorded call of `function` and one backward pass.

    Parameters
    ----------
    function : callable
        Returns a scalar Tensor.
    argnums : int or tuple of int
        The positional arguments to differentiate with respect to. With a tuple the result
        is a tuple.

    Returns
    -------
    callable
        Takes what `function` takes, and returns the gradient: a Tensor of the argument's
        shape, or a tuple or list like the argument. It is zeros for an argument that the
        result does not depend on.

    Raises
    ------
    GradientError
        When the function returns no floating-point scalar.
    DTypeError
        When a chosen argument does not hold floating-point numbers.
    ArgumentError
        When `argnums` names no positional argument, or one twice.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.grad(lambda x: x**3)(2.0)
    tensor(12., dtype=float64)
    >>> ad.grad(ad.grad(lambda x: x**3))(2.0)
    tensor(12., dtype=float64)
    >>> ad.grad(lambda w, x: (w * x).sum(), argnums=(0, 1))([1.0, 2.0], 3.0)
    (tensor([3., 3.], shape=(2,), dtype=float64), tensor(3., dtype=float64))
    """

    @functools.wraps(function)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        return _value_and_gradient("grad", function, argnums, args, kwargs)[1]

    return gradient


def value_and_grad(
    function: Callable[..., Any], argnums: int | Sequence[int] = 0
) -> Callable[..., tuple[Tensor, Any]]:
    """Return a function that computes the value and the gradient of a scalar function.

    Parameters, errors and cost are those of `grad`.

    Parameters
    ----------
    function : callable
        Returns a scalar Tensor.
    argnums : int or tuple of int
        The positional arguments to differentiate with respect to.

    Returns
    -------
    callable
        Takes what `function` takes, and returns ``(value, gradient)``.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> value, slope = ad.value_and_grad(lambda x: x * x)(3.0)
    >>> value.item(), slope.item()
    (9.0, 6.0)
    """

    @functools.wraps(function)
    def both(*args: Any, **kwargs: Any) -> tuple[Tensor, Any]:
        return _value_and_gradient("value_and_grad", function, argnums, args, kwargs)

    return both


def vjp(function: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[[Any], Any]]:
    """Return the value of a function and its vector-Jacobian product, which may be called often.

    Parameters
    ----------
    function : callable
        Returns a Tensor, or a tuple or list of them.
    *primals : array_like
        Its arguments; all of them are differentiated.

    Returns
    -------
    value : Tensor or structure of Tensor
    pull_back : callable
        Takes a gradient of the value, of the value's shape and structure, and returns a
        tuple with the gradient of each argument. A call is one backward pass.

    Raises
    ------
    DTypeError
        When an argument does not hold floating-point numbers.
    GradientError
        When the function returns no tensor.
    ShapeError, ArgumentError
        When a gradient does not have the value's shape or structure.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> value, pull_back = ad.vjp(lambda a, b: a * b, [1.0, 2.0], [3.0, 4.0])
    >>> pull_back([1.0, 0.0])
    (tensor([3., 0.], shape=(2,), dtype=float64), tensor([1., 0.], shape=(2,), dtype=float64))
    """
    run = Run("vjp", function, primals, range(len(primals)), {})

    def pull_back(gradient: Any) -> Any:
        given = _like(run.label, gradient, run.value, run.outputs, "gradient")
        return rebuild(tuple(run.chosen), run.pull_back(given))

    return run.result(), pull_back


def jvp(
    function: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]
) -> tuple[Any, Any]:
    """Return the value of a function and its Jacobian-vector product, by two backward passes.

    The vector-Jacobian product ``u ↦ Jᵀu`` is linear in ``u``, so that its own
    vector-Jacobian product is ``v ↦ Jv``: the rules that `backward` uses suffice. The first
    pass is recorded; both together cost a few times what `vjp` does.

    Parameters
    ----------
    function : callable
        Returns a Tensor, or a tuple or list of them.
    primals : sequence of array_like
        Its arguments.
    tangents : sequence of array_like
        The direction: one of the shape and structure of each argument.

    Returns
    -------
    value : Tensor or structure of Tensor
    tangent : Tensor or structure of Tensor
        The derivative of the value in that direction, of the value's shape and structure.

    Raises
    ------
    DTypeError
        When an argument does not hold floating-point numbers.
    GradientError
        When the function returns no tensor.
    ShapeError, ArgumentError
        When a tangent does not have its argument's shape or structure.

    Notes
    -----
    The trick: J. Townsend, "A new trick for calculating Jacobian vector products", 2017.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> value, tangent = ad.jvp(lambda x: x * x, ([1.0, 2.0],), ([1.0, 10.0],))
    >>> tangent
    tensor([ 2., 40.], shape=(2,), dtype=float64)
    """
    for name, given in (("primals", primals), ("tangents", tangents)):
        if not isinstance(given, (tuple, list)):
            expected = f"{name}, a tuple with one per argument"
            raise ArgumentError("jvp", expected, type(given).__name__)
    run = Run("jvp", function, primals, range(len(primals)), {})
    directions = _like(run.label, tuple(tangents), tuple(run.chosen), run.variables, "tangent")
    dummies = []
    for output in run.outputs:
        dummy = constant_leaf(namespace(output._data).zeros_like(output._data))
        dummy.requires_grad = True
        dummies.append(dummy)
    ids = {variable.id for variable in run.variables}
    seeds = zip(run.outputs, dummies, strict=True)
    found = traced_sweep(run.reached, seeds, ids, run.site)
    pairs = [
        (found[variable.id], direction)
        for variable, direction in zip(run.variables, directions, strict=True)
        if variable.id in found
    ]
    recorded = run.recorded or (run.recording and any(t.requires_grad for t in directions))
    reached = Reached([sent for sent, _ in pairs])
    moved = gradients_of(dummies, pairs, reached, run.site if recorded else None)
    return run.result(), rebuild(run.value, moved)


def jacobian(function: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """Return a function that computes the Jacobian, row by row.

    Costs one recorded call of `function` and one backward pass per element of its value:
    for many more outputs than inputs, `jvp` per input is cheaper.

    Parameters
    ----------
    function : callable
        Returns a Tensor, or a tuple or list of them.
    argnums : int or tuple of int
        The positional arguments to differentiate with respect to.

    Returns
    -------
    callable
        Takes what `function` takes, and returns a Tensor of shape
        ``value.shape + argument.shape``. Where the value is a tuple or list the result is
        one, too; inside, where `argnums` is a tuple or the argument is a tuple or list, so
        is each of its parts.

    Raises
    ------
    DTypeError
        When a chosen argument does not hold floating-point numbers.
    GradientError
        When the function returns no tensor.
    ArgumentError
        When `argnums` names no positional argument, or one twice.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.jacobian(lambda x: x * x[::-1])([1.0, 2.0])
    tensor([[2., 1.],
            [2., 1.]], shape=(2, 2), dtype=float64)
    """

    @functools.wraps(function)
    def matrix(*args: Any, **kwargs: Any) -> Any:
        return _jacobian("jacobian", function, argnums, args, kwargs)

    return matrix


def hessian(function: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """Return a function that computes the matrix of second derivatives of a scalar function.

    It is the `jacobian` of the `grad`: one recorded backward pass, and one backward pass
    over that per element of the arguments.

    Parameters
    ----------
    function : callable
        Returns a scalar Tensor.
    argnums : int or tuple of int
        The positional arguments to differentiate with respect to. With a tuple the result
        is a tuple of tuples, one per pair of arguments.

    Returns
    -------
    callable
        Takes what `function` takes, and returns a Tensor of shape
        ``argument.shape + argument.shape``.

    Raises
    ------
    GradientError
        When the function returns no floating-point scalar.
    DTypeError
        When a chosen argument does not hold floating-point numbers.
    ArgumentError
        When `argnums` names no positional argument, or one twice.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.hessian(lambda x: x[0] * x[0] * x[1])([1.0, 2.0])
    tensor([[4., 2.],
            [2., 0.]], shape=(2, 2), dtype=float64)
    """

    @functools.wraps(function)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        return _value_and_gradient("hessian", function, argnums, args, kwargs)[1]

    @functools.wraps(function)
    def matrix(*args: Any, **kwargs: Any) -> Any:
        return _jacobian("hessian", gradient, argnums, args, kwargs)

    return matrix


def _value_and_gradient(
    transform: str,
    function: Callable[..., Any],
    argnums: int | Sequence[int],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> tuple[Tensor, Any]:
    run = Run(transform, function, args, positions(transform, argnums, len(args)), kwargs)
    value = run.scalar()
    one = as_constant(namespace(value._data).ones_like(value._data))
    gradients = run.pull_back([one])
    return run.result(), rebuild(_chosen(run, argnums), gradients)


def _jacobian(
    transform: str,
    function: Callable[..., Any],
    argnums: int | Sequence[int],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    run = Run(transform, function, args, positions(transform, argnums, len(args)), kwargs)
    chosen = _chosen(run, argnums)
    zeros = [as_constant(namespace(y._data).zeros_like(y._data)) for y in run.outputs]
    blocks = []
    for k, output in enumerate(run.outputs):
        rows = []
        for index in np.ndindex(output.shape):
            start = namespace(output._data).zeros(output.shape, dtype=output.dtype)
            start[index] = 1
            rows.append(run.pull_back([*zeros[:k], as_constant(start), *zeros[k + 1 :]]))
        with placed(transform, run.site):
            parts = [
                _stacked([row[j] for row in rows], output, variable)
                for j, variable in enumerate(run.variables)
            ]
        blocks.append(rebuild(chosen, parts))
    return rebuild(run.value, blocks)


def _stacked(rows: list[Tensor], output: Tensor, variable: Tensor) -> Tensor:
    """Return one block of a Jacobian from its rows."""
    shape = output.shape + variable.shape
    if not rows:
        return as_constant(namespace(variable._data).zeros(shape, dtype=variable.dtype))
    if any(row.requires_grad for row in rows):
        made: Tensor = TRACED.stack(rows).reshape(shape)
        return made
    xp = namespace(variable._data)
    return as_constant(xp.stack([xp.asarray(row._data) for row in rows]).reshape(shape))


def _chosen(run: Run, argnums: int | Sequence[int]) -> Any:
    """Return the structure of a result: a tuple where `argnums` is one."""
    return tuple(run.chosen) if isinstance(argnums, (tuple, list)) else run.chosen[0]


def _like(
    label: str, given: Any, structure: Any, tensors: Sequence[Tensor], kind: str
) -> list[Tensor]:
    """Return the arrays of `given`, one of the shape of each tensor of `structure`."""
    return [
        fitted(label, part, tensor, kind)
        for part, tensor in zip(_parts(label, given, structure, kind), tensors, strict=True)
    ]


def _parts(label: str, given: Any, structure: Any, kind: str) -> list[Any]:
    if isinstance(structure, Tensor):
        return [given]
    if not isinstance(given, (tuple, list)) or len(given) != len(structure):
        got = f"{len(given)}" if isinstance(given, (tuple, list)) else type(given).__name__
        expected = f"a {type(structure).__name__} of {len(structure)} {kind}s"
        raise ArgumentError(label, expected, got)
    pairs = zip(given, structure, strict=True)
    return [leaf for part, inner in pairs for leaf in _parts(label, part, inner, kind)]
