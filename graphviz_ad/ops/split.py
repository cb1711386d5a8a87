"""Operations that split one array into several."""

from __future__ import annotations

import itertools
import math
import operator
from typing import Any

import numpy as np

from graphviz_ad.engine.op import Failure, Op, Sample
from graphviz_ad.engine.traced import call
from graphviz_ad.errors import ArgumentError, AxisError, ShapeError
from graphviz_ad.ops.index import ScatterAt, along
from graphviz_ad.ops.shape import normalize_axis


def pieces(n: int, sections: Any) -> list[slice]:
    """Return the slices into which `np.split` cuts an axis of length `n`."""
    if isinstance(sections, int):
        # the first n % sections parts are one longer, as in np.array_split
        starts = [k * (n // sections) + min(k, n % sections) for k in range(sections)]
    else:
        starts = [0, *sections]
    parts = []
    for i, j in zip(starts, [*starts[1:], n], strict=True):
        start, stop, _ = slice(i, j).indices(n)
        parts.append(slice(start, max(start, stop)))
    return parts


def cuts(indices_or_sections: Any) -> int | tuple[int, ...]:
    """Return how many parts, or where they begin, in a form that nobody can change."""
    if hasattr(indices_or_sections, "__iter__") and np.ndim(indices_or_sections):
        return tuple([operator.index(i) for i in indices_or_sections])
    return operator.index(indices_or_sections)


def joined(xp, g, a, parts, axis):
    """Return the gradient of `a` from those of its parts."""
    if all(p.stop == q.start for p, q in itertools.pairwise(parts)):
        return xp.concatenate(g, axis=axis)
    # Parts that overlap or leave a gap: NumPy takes indices in any order.
    total: Any = 0.0
    for part, gradient in zip(parts, g, strict=True):
        index = along(axis % a.ndim, part)
        total = total + call(ScatterAt, xp, gradient, index=index, shape=a.shape)
    return total


class Split(Op):
    """Split an array along an axis into several.

    Parameters
    ----------
    ary : array_like
    indices_or_sections : int or sequence of int
        How many equal parts, or where the parts after the first begin.
    axis : int

    Returns
    -------
    tuple of Tensor
        An output that is not used has a gradient of zeros.

    Raises
    ------
    ShapeError
        When the axis does not divide into so many equal parts.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> x = ad.parameter([1.0, 2.0, 3.0, 4.0])
    >>> first, second = ad.split(x, 2)
    >>> second.sum().backward()
    >>> x.grad
    tensor([0., 0., 1., 1.], shape=(4,), dtype=float64)
    """

    name, label = "split", "split"
    tex = r"$y0, $y1, \ldots = \operatorname{split}($a)"
    vjp_tex = (r"[\,$g0 \mid $g1 \mid \cdots\,]",)

    def prepare(ary, *, indices_or_sections, axis=0):
        return (ary,), {"indices_or_sections": cuts(indices_or_sections), "axis": axis}

    def forward(xp, ary, *, indices_or_sections, axis=0):
        if not isinstance(indices_or_sections, int) or ary.ndim == 0:
            return tuple(xp.split(ary, indices_or_sections, axis=axis))
        if ary.shape[axis] % indices_or_sections:
            raise ValueError("array split does not result in an equal division")
        before = (slice(None),) * (axis % ary.ndim)
        return tuple([ary[(*before, p)] for p in pieces(ary.shape[axis], indices_or_sections)])

    def vjp(xp, g, out, ary, *, indices_or_sections, axis=0):
        return joined(xp, g, ary, pieces(ary.shape[axis], indices_or_sections), axis)

    def samples(rng):
        a = rng.normal(size=(4, 6))
        return [
            Sample(a, indices_or_sections=2),
            Sample(a, indices_or_sections=3, axis=-1),
            Sample(a, indices_or_sections=(1, 4), axis=1),
            Sample(a, indices_or_sections=(2, 2, 9)),
            Sample(a, indices_or_sections=[-1]),
            Sample(a, indices_or_sections=(3, 1)),
            Sample(np.zeros((0, 2)), indices_or_sections=2),
        ]

    fails = Failure(
        ShapeError, r"split: .* ary \(3,\) float64, indices_or_sections=2", [1.0] * 3,
        indices_or_sections=2,
    )  # fmt: skip


class ArraySplit(Op):
    """Split an array along an axis into several, which need not be of equal length.

    Parameters
    ----------
    ary : array_like
    indices_or_sections : int or sequence of int
        How many parts, the first ones longer where it does not divide, or where the
        parts after the first begin.
    axis : int

    Returns
    -------
    tuple of Tensor

    Raises
    ------
    ArgumentError
        For no parts.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> [part.shape for part in ad.array_split([1.0, 2.0, 3.0], 2)]
    [(2,), (1,)]
    """

    name, label = "array_split", "split"
    tex = r"$y0, $y1, \ldots = \operatorname{split}($a)"
    vjp_tex = (r"[\,$g0 \mid $g1 \mid \cdots\,]",)

    def prepare(ary, *, indices_or_sections, axis=0):
        return (ary,), {"indices_or_sections": cuts(indices_or_sections), "axis": axis}

    def forward(xp, ary, *, indices_or_sections, axis=0):
        return tuple(xp.array_split(ary, indices_or_sections, axis=axis))

    def vjp(xp, g, out, ary, *, indices_or_sections, axis=0):
        return joined(xp, g, ary, pieces(ary.shape[axis], indices_or_sections), axis)

    def samples(rng):
        a = rng.normal(size=(4, 5))
        return [
            Sample(a, indices_or_sections=3),
            Sample(a, indices_or_sections=2, axis=-1),
            Sample(a, indices_or_sections=7),
            Sample(a, indices_or_sections=(1, 3), axis=1),
            Sample(a, indices_or_sections=1),
        ]

    fails = Failure(ArgumentError, r"array_split: .* ary \(1,\)", [1.0], indices_or_sections=0)


class Chunk(Op):
    """Split an axis into at most so many parts of equal length, as `torch.chunk` does.

    Parameters
    ----------
    a : array_like
    chunks : int
    axis : int

    Returns
    -------
    tuple of Tensor
        The last one may be shorter, and there may be fewer than `chunks`.

    Raises
    ------
    ArgumentError
        For less than one part.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> [part.shape for part in ad.chunk([1.0, 2.0, 3.0], 2)]
    [(2,), (1,)]
    """

    name, label, method, aliases = "chunk", "chunk", True, {"dim": "axis"}
    tex = r"$y0, $y1, \ldots = \operatorname{chunk}($a)"
    vjp_tex = (r"[\,$g0 \mid $g1 \mid \cdots\,]",)

    def check(a, *, chunks, axis=0):
        normalize_axis("chunk", axis, a.ndim)
        if operator.index(chunks) < 1:
            raise ArgumentError("chunk", "at least one chunk", f"chunks={chunks}")

    def forward(xp, a, *, chunks, axis=0):
        n = a.shape[axis]
        length = max(1, math.ceil(n / chunks))
        starts = range(0, max(n, 1), length)
        return tuple([a[along(axis % a.ndim, slice(i, i + length))] for i in starts])

    def vjp(xp, g, out, a, *, chunks, axis=0):
        return xp.concatenate(g, axis=axis)

    def reference(a, *, chunks, axis=0):
        length = -(-a.shape[axis] // chunks)
        return np.split(a, range(length, a.shape[axis], length), axis)

    def samples(rng):
        a = rng.normal(size=(4, 5))
        return [
            Sample(a, chunks=2),
            Sample(a, chunks=4, axis=1),
            Sample(a, chunks=9),
            Sample(a, chunks=1, axis=-1),
        ]

    fails = Failure(ArgumentError, r"chunk: expected at least one chunk", [1.0], chunks=0)


class Unbind(Op):
    """Return the slices along an axis, without the axis, as `torch.unbind` does.

    Parameters
    ----------
    a : array_like
    axis : int

    Returns
    -------
    tuple of Tensor

    Raises
    ------
    AxisError
        For an axis that the array does not have.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> x, y = ad.unbind([[1.0, 2.0], [3.0, 4.0]])
    >>> y
    tensor([3., 4.], shape=(2,), dtype=float64)
    """

    name, label, method, aliases = "unbind", "unbind", True, {"dim": "axis"}
    numpy = ("unstack",)
    tex = r"$y0, $y1, \ldots = \operatorname{unbind}($a)"
    vjp_tex = (r"[\,$g0, $g1, \ldots\,]",)

    def check(a, *, axis=0):
        k = normalize_axis("unbind", axis, a.ndim)
        if not a.shape[k]:
            raise ShapeError("unbind", "an axis that is not empty", f"a {a.shape}, axis={axis}")

    def forward(xp, a, *, axis=0):
        return tuple([a[along(axis % a.ndim, i)] for i in range(a.shape[axis])])

    def vjp(xp, g, out, a, *, axis=0):
        return xp.stack(g, axis=axis)

    def reference(a, *, axis=0):
        return [np.take(a, i, axis) for i in range(a.shape[axis])]

    def samples(rng):
        a = rng.normal(size=(2, 3))
        return [Sample(a), Sample(a, axis=-1), Sample(a[0])]

    fails = Failure(AxisError, r"unbind: expected an axis of 1, got axis 1", [1.0], axis=1)
