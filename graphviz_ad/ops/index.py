"""Indexing: ``x[...]`` in all of NumPy's forms, and the writes that are its transpose."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphviz_ad.backend import DEVICES, name_of
from graphviz_ad.engine.op import Failure, Op, Sample
from graphviz_ad.engine.tensor import Tensor, constant
from graphviz_ad.engine.traced import call
from graphviz_ad.errors import IndexingError


def freeze_index(index: Any) -> Any:
    """Return `index` with tensors, lists and arrays in it as arrays that nobody can change."""
    kind = type(index)
    if kind is int or kind is slice or index is None or index is Ellipsis:
        return index
    if kind is tuple:
        return tuple([freeze_index(part) for part in index])
    if isinstance(index, Tensor):
        return index._data
    array = constant(index, "getitem")
    if kind is list and array.size == 0:
        array = constant(array.astype(np.intp), "getitem")
    return array


def stand_in(a: Any, *index: Any) -> Any:
    """Return an array without memory, for NumPy to check an index by; None for one of the host.

    CuPy wraps indices that are out of range. Those that are on the GPU themselves are not
    checked, and give None, too: that would have to wait for the device.
    """
    if not DEVICES or not isinstance(a, Tensor) or name_of(a._data) == "numpy":
        return None
    held = [part._data if isinstance(part, Tensor) else part for part in index]
    if any(hasattr(part, "dtype") and name_of(part) != "numpy" for part in held):
        return None
    return np.broadcast_to(np.False_, a.shape)


def hits_once(index: Any) -> bool:
    """Whether `index` names no element twice: it holds no array of integers."""
    parts = index if type(index) is tuple else (index,)
    return not any(getattr(p, "ndim", 0) and p.dtype.kind in "iu" for p in parts)


def along(axis: int, part: Any) -> tuple[Any, ...]:
    """Return the index that takes `part` along a non-negative axis and all of the others."""
    return (slice(None),) * axis + (part,)


def lines_of(a: Any, axis: int | None) -> tuple[tuple[int, ...], int]:
    """Return the shape of which `axis` is taken, and it: the flat one for None, or without axes."""
    return (a.shape, axis % a.ndim) if a.ndim and axis is not None else ((a.size,), 0)


def mesh(xp: Any, indices: Any, shape: tuple[int, ...], axis: int) -> tuple[Any, ...]:
    """Return the index of the elements that `indices` names along one axis of an array of `shape`.

    The other axes are indexed by their own positions, shaped to broadcast.
    """
    ndim = len(shape)
    k = axis % ndim
    return tuple([
        indices if i == k else xp.arange(n).reshape((1,) * i + (n,) + (1,) * (ndim - i - 1))
        for i, n in enumerate(shape)
    ])  # fmt: skip


def add_into(xp: Any, out: Any, index: Any, values: Any) -> Any:
    """Add `values` at `index` of the new array `out`, and return it."""
    if hits_once(index):
        out[index] += values
    else:
        xp.add.at(out, index, values)
    return out


class GetItem(Op):
    """Index with slices, None, Ellipsis, integers, integer arrays or boolean arrays: ``a[index]``.

    Parameters
    ----------
    a : array_like
    index : int, slice, None, Ellipsis, array_like of int or bool, or a tuple of these

    Raises
    ------
    IndexingError
        For an index out of range or of another kind.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> x = ad.parameter([1.0, 2.0, 3.0])
    >>> x[[0, 0, 2]].sum().backward()
    >>> x.grad
    tensor([2., 0., 1.], shape=(3,), dtype=float64)
    """

    name, label, operator = "getitem", "[ ]", "getitem"
    tex = r"$y = $a[i]"
    vjp_tex = (r"\mathrm{zeros}\ \text{with}\ [i] \mathrel{+}= $g",)

    def prepare(a, *, index):
        index = freeze_index(index)
        alike = stand_in(a, *(index if type(index) is tuple else (index,)))
        if alike is not None:
            alike[index]
        return (a,), {"index": index}

    def forward(xp, a, *, index):
        return a[index]

    def vjp(xp, g, out, a, *, index):
        return call(ScatterAt, xp, g, index=index, shape=a.shape)

    def reference(a, *, index):
        return np.asarray(a)[index]

    def samples(rng):
        a = rng.normal(size=(3, 4, 5))
        rows = np.array([[0, 2], [1, 1]])
        return [
            Sample(a, index=1),
            Sample(a, index=-1),
            Sample(a, index=slice(None, None, -2)),
            Sample(a, index=(slice(1, None), None, ..., 2)),
            Sample(a, index=(0, -1, 2)),
            Sample(a, index=...),
            Sample(a, index=()),
            Sample(a, index=None),
            Sample(a, index=rows),
            Sample(a, index=[2, 2, 2]),
            Sample(a, index=[]),
            Sample(a, index=(slice(None), [0, 0, 3], slice(1, 3))),
            Sample(a, index=(rows, slice(None), rows)),
            Sample(a, index=(rows, 1, np.array([[3], [3]]))),
            Sample(a, index=a > 0),
            Sample(a, index=(np.array([True, False, True]), slice(2))),
            Sample(a, index=(np.array([True, False, True]), np.array([0, 0]))),
            Sample(a, index=np.zeros((3, 4), dtype=bool)),
            Sample(a, index=slice(0, 0)),
            Sample(1.5, index=()),
            Sample(1.5, index=(None, ...)),
            Sample(np.zeros((0, 3)), index=(slice(None), 1)),
        ]

    fails = Failure(IndexingError, r"getitem: .* a \(2,\) float64, index=2", [1.0, 2.0], index=2)


class ScatterAt(Op):
    """Add `a` at `index` of an array of zeros: the transpose of ``x[index]``.

    An element that `index` names twice receives both.

    Parameters
    ----------
    a : array_like
        Of the shape of ``x[index]`` for an ``x`` of the given shape, or broadcast to it.
    index : int, slice, None, Ellipsis, array_like of int or bool, or a tuple of these
    shape : tuple of int
        The shape of the result.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.scatter_at([1.0, 2.0, 3.0], [0, 0, 2], (4,))
    tensor([3., 0., 3., 0.], shape=(4,), dtype=float64)
    """

    name, label = "scatter_at", "[ ]+="
    tex = r"$y = \mathrm{zeros}\ \text{with}\ [i] \mathrel{+}= $a"
    vjp_tex = (r"$g[i]",)

    def prepare(a, *, index, shape):
        return (a,), {"index": freeze_index(index), "shape": tuple(shape)}

    def forward(xp, a, *, index, shape):
        return add_into(xp, xp.zeros(shape, dtype=a.dtype), index, a)

    def vjp(xp, g, out, a, *, index, shape):
        return g[index]

    def reference(a, *, index, shape):
        out = np.zeros(shape)
        np.add.at(out, index, a)
        return out

    def samples(rng):
        a = rng.normal(size=(3, 2))
        return [
            Sample(a, index=[0, 0, 3], shape=(4, 2)),
            Sample(a, index=(slice(1, 4), slice(None)), shape=(4, 2)),
            Sample(a, index=np.array([True, False, True, True]), shape=(4, 2)),
            Sample(a[0], index=[1, 2, 1], shape=(4, 2)),
            Sample(2.0, index=(1, 0), shape=(4, 2)),
        ]

    fails = Failure(IndexingError, r"scatter_at: .* index=4", [1.0, 2.0], index=4, shape=(4, 2))
