"""Operations that repeat elements, and those that only give an array more axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphviz_ad.engine.op import REGISTRY, Failure, Op, Sample
from graphviz_ad.engine.register import composite, public_function
from graphviz_ad.engine.tensor import Tensor, tensor
from graphviz_ad.engine.traced import call
from graphviz_ad.errors import ArgumentError, ShapeError
from graphviz_ad.ops.index import ScatterAt, along, freeze_index, lines_of
from graphviz_ad.ops.shape import as_shape


class BroadcastTo(Op):
    """Repeat an array along new axes and those of length one, to a given shape.

    Parameters
    ----------
    array : array_like
    shape : int or tuple of int

    Raises
    ------
    ShapeError
        When the array does not broadcast to it.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> x = ad.parameter([1.0, 2.0])
    >>> ad.broadcast_to(x, (3, 2)).sum().backward()
    >>> x.grad
    tensor([3., 3.], shape=(2,), dtype=float64)
    """

    name, label, method = "broadcast_to", "bcast", True
    tex = r"$y = \operatorname{broadcast}($a)"
    vjp_tex = (r"\textstyle\sum_{\text{repeats}} $g",)

    def prepare(array, *, shape):
        return (array,), {"shape": as_shape(shape)}

    def forward(xp, array, *, shape):
        return xp.broadcast_to(array, shape)

    def vjp(xp, g, out, array, *, shape):
        return g  # the engine sums over the axes of every broadcast

    def samples(rng):
        a = rng.normal(size=(3, 1))
        return [
            Sample(a, shape=(3, 4)),
            Sample(a, shape=(2, 3, 2)),
            Sample(a, shape=(3, 0)),
            Sample(2.5, shape=(2, 2)),
            Sample(a[:1, 0], shape=3),
        ]

    fails = Failure(ShapeError, r"broadcast_to: .* shape=\(3,\)", [1.0, 2.0], shape=(3,))


class Repeat(Op):
    """Repeat each element, or each slice along an axis.

    Parameters
    ----------
    a : array_like
    repeats : int or sequence of int
        How often; one number for all, or one for each.
    axis : int, optional
        The flattened array is repeated where it is left out.

    Raises
    ------
    ShapeError
        When there are not as many `repeats` as slices.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.repeat([1.0, 2.0], [1, 2])
    tensor([1., 2., 2.], shape=(3,), dtype=float64)
    """

    name, label, method, aliases = "repeat", "repeat", True, {"dim": "axis"}
    tex = r"$y = \operatorname{repeat}($a)"
    vjp_tex = (r"\textstyle\sum_{\text{repeats}} $g",)

    def prepare(a, *, repeats, axis=None):
        return (a,), {"repeats": freeze_index(repeats), "axis": axis}

    def forward(xp, a, *, repeats, axis=None):
        return xp.repeat(a, repeats, axis)

    def vjp(xp, g, out, a, *, repeats, axis=None):
        shape, k = lines_of(a, axis)
        source = xp.arange(shape[k]).repeat(repeats)
        return call(ScatterAt, xp, g, index=along(k, source), shape=shape).reshape(a.shape)

    def samples(rng):
        a = rng.normal(size=(2, 3))
        return [
            Sample(a, repeats=2),
            Sample(a, repeats=2, axis=-1),
            Sample(a, repeats=[2, 0, 1], axis=1),
            Sample(a, repeats=np.array([3, 1]), axis=0),
            Sample(2.5, repeats=3),
            Sample(2.5, repeats=3, axis=-1),
            Sample(a[:0], repeats=2),
        ]

    fails = Failure(ShapeError, r"repeat: .* a \(2,\) float64", [1.0, 2.0], repeats=[1, 2, 3])


class Tile(Op):
    """Repeat a whole array along its axes.

    Parameters
    ----------
    A : array_like
    reps : int or tuple of int
        How often along each axis; the shorter of shape and `reps` is filled up
        with ones from the front.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.tile([1.0, 2.0], 2)
    tensor([1., 2., 1., 2.], shape=(4,), dtype=float64)
    """

    name, label, method, spread, aliases = "tile", "tile", True, "reps", {"dims": "reps"}
    tex = r"$y = \operatorname{tile}($a)"
    vjp_tex = (r"\textstyle\sum_{\text{repeats}} $g",)

    def prepare(A, *, reps):
        return (A,), {"reps": as_shape(reps)}

    def check(A, *, reps):
        if any(n < 0 for n in reps):
            raise ArgumentError("tile", "reps of at least 0", f"reps={reps}")

    def forward(xp, A, *, reps):
        return xp.tile(A, reps)

    def vjp(xp, g, out, A, *, reps):
        reps = (1,) * (out.ndim - len(reps)) + reps
        lengths = (1,) * (out.ndim - A.ndim) + A.shape
        pairs = [n for pair in zip(reps, lengths, strict=True) for n in pair]
        return g.reshape(tuple(pairs)).sum(axis=tuple(range(0, 2 * out.ndim, 2))).reshape(A.shape)

    def samples(rng):
        a = rng.normal(size=(2, 3))
        return [
            Sample(a, reps=2),
            Sample(a, reps=(2, 1, 2)),
            Sample(a[0], reps=(2, 2)),
            Sample(a, reps=(3, 1)),
            Sample(a, reps=()),
            Sample(a, reps=(0, 1)),
            Sample(2.5, reps=3),
        ]

    fails = Failure(ArgumentError, r"tile: expected reps of at least 0", [1.0], reps=-1)


broadcast_to = public_function(BroadcastTo)
reshape = public_function(REGISTRY["reshape"])


def _tensor(value: Any) -> Tensor:
    return value if isinstance(value, Tensor) else tensor(value)


@composite
def broadcast_arrays(*args: Any) -> tuple[Tensor, ...]:
    """Broadcast arrays to their common shape.

    Raises
    ------
    ShapeError
        When there is none.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> [x.shape for x in ad.broadcast_arrays([[1.0], [2.0]], [1.0, 2.0, 3.0])]
    [(2, 3), (2, 3)]
    """
    given = [_tensor(a) for a in args]
    shapes = [a.shape for a in given]
    try:
        shape = np.broadcast_shapes(*shapes)
    except ValueError as error:
        got = " and ".join(map(str, shapes))
        raise ShapeError("broadcast_arrays", "shapes that fit", got) from error
    return tuple([broadcast_to(a, shape) for a in given])


def _at_least(arys: tuple[Any, ...], widen: Any) -> Any:
    out = tuple([reshape(a, widen(a.shape)) if a.shape != widen(a.shape) else a
                 for a in map(_tensor, arys)])  # fmt: skip
    return out[0] if len(out) == 1 else out


@composite
def atleast_1d(*arys: Any) -> Any:
    """Return arrays with at least one axis.

    Returns
    -------
    Tensor or tuple of Tensor
        One for one array.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.atleast_1d(2.0).shape
    (1,)
    """
    return _at_least(arys, lambda shape: shape or (1,))


@composite
def atleast_2d(*arys: Any) -> Any:
    """Return arrays with at least two axes; new ones come first.

    Returns
    -------
    Tensor or tuple of Tensor
        One for one array.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.atleast_2d([1.0, 2.0]).shape
    (1, 2)
    """
    return _at_least(arys, lambda shape: (1,) * (2 - len(shape)) + shape)


@composite
def atleast_3d(*arys: Any) -> Any:
    """Return arrays with at least three axes.

    ``(n,)`` becomes ``(1, n, 1)`` and ``(m, n)`` becomes ``(m, n, 1)``.

    Returns
    -------
    Tensor or tuple of Tensor
        One for one array.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.atleast_3d([1.0, 2.0]).shape
    (1, 2, 1)
    """
    return _at_least(
        arys,
        lambda shape: (
            (1, *(shape or (1,)), 1) if len(shape) < 2 else shape + (1,) * (3 - len(shape))
        ),
    )


@composite
def meshgrid(*xi: Any, indexing: str = "xy", sparse: bool = False, copy: bool = True) -> Any:
    """Return the coordinates of the points of a grid, one array per axis.

    Parameters
    ----------
    *xi : array_like
        The coordinates along each axis, with at most one axis.
    indexing : {"xy", "ij"}
        Whether the first two axes are exchanged (``"xy"``) or not.
    sparse : bool
        Leave the arrays at length one along the other axes.
    copy : bool
        Accepted as NumPy does; results are views where they can be.

    Returns
    -------
    tuple of Tensor

    Raises
    ------
    ArgumentError
        For another `indexing`.
    ShapeError
        For an array of more than one axis.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> x, y = ad.meshgrid([1.0, 2.0, 3.0], [0.0, 1.0])
    >>> x.shape
    (2, 3)
    """
    if indexing not in ("xy", "ij"):
        raise ArgumentError("meshgrid", "indexing 'xy' or 'ij'", repr(indexing))
    given = [_tensor(x) for x in xi]
    for k, x in enumerate(given):
        if x.ndim > 1:
            raise ShapeError("meshgrid", "arrays with at most one axis", f"xi[{k}] {x.shape}")
    order = list(range(len(given)))
    if indexing == "xy" and len(given) > 1:
        order[:2] = [1, 0]
    columns = [
        reshape(x, tuple([-1 if order[k] == i else 1 for i in range(len(given))]))
        for k, x in enumerate(given)
    ]
    return tuple(columns) if sparse else broadcast_arrays(*columns)
