"""Sorting, searching in what is sorted, and one-hot codes."""

from __future__ import annotations

import operator

import numpy as np

from graphviz_ad.engine.op import Failure, Op, Sample
from graphviz_ad.engine.traced import call
from graphviz_ad.errors import ArgumentError, AxisError, DTypeError, IndexingError, ShapeError
from graphviz_ad.ops.index import ScatterAt, mesh
from graphviz_ad.ops.shape import normalize_axis


def distinct(rng, shape):
    """Return numbers without ties, far enough apart for central differences."""
    return (rng.permutation(int(np.prod(shape))).reshape(shape) - 3.5) / 4


class Sort(Op):
    """Sort along an axis, in ascending order. The gradient follows each element to its place.

    Parameters
    ----------
    a : array_like
        Equal elements keep their order, and with it their gradients.
    axis : int or None
        None sorts the flattened array.
    kind, stable
        Accepted as NumPy does; the order is stable in any case.

    Raises
    ------
    AxisError
        For an axis that the array does not have.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.sort([3.0, 1.0, 2.0])
    tensor([1., 2., 3.], shape=(3,), dtype=float64)
    """

    name, label, method, aliases = "sort", "sort", True, {"dim": "axis"}
    tex = r"$y = $a[\pi]"
    vjp_tex = (r"$g[\pi^{-1}]",)

    def forward(xp, a, *, axis=-1, kind=None, stable=None):
        return xp.sort(a, axis=axis, kind="stable")

    def vjp(xp, g, out, a, *, axis=-1, kind=None, stable=None):
        if axis is None:
            order = xp.argsort(a.reshape(-1), axis=0, kind="stable")
            return xp.take(g, xp.argsort(order, axis=0)).reshape(a.shape)
        order = xp.argsort(a, axis=axis, kind="stable")
        return xp.take_along_axis(g, xp.argsort(order, axis=axis), axis)

    def samples(rng):
        a = distinct(rng, (3, 4))
        return [
            Sample(a),
            Sample(a, axis=0),
            Sample(a, axis=None),
            Sample(a[0], axis=-1),
            Sample(a[:0]),
        ]

    fails = Failure(AxisError, r"sort: .* axis=1", [1.0, 2.0], axis=1)


class ArgSort(Op):
    """Return the indices that sort along an axis; equal elements keep their order. No gradient.

    Parameters
    ----------
    a : array_like
    axis : int or None
        None sorts the flattened array.
    kind, stable
        Accepted as NumPy does; the order is stable in any case.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.argsort([3.0, 1.0, 2.0])
    tensor([1, 2, 0], shape=(3,), dtype=int64)
    """

    name, label, method, aliases = "argsort", "argsort", True, {"dim": "axis"}
    differentiable = False
    tex = r"$y = \pi\ \text{that sorts}\ $a"

    def forward(xp, a, *, axis=-1, kind=None, stable=None):
        return xp.argsort(a, axis=axis, kind="stable")

    def samples(rng):
        a = distinct(rng, (3, 4))
        return [Sample(a), Sample(a, axis=0), Sample(a, axis=None), Sample(a[:0])]

    fails = Failure(AxisError, r"argsort: .* axis=1", [1.0, 2.0], axis=1)


class TopK(Op):
    """Return the `k` largest elements along an axis and their indices, as `torch.topk` does.

    Parameters
    ----------
    a : array_like
    k : int
    axis : int
    largest : bool
        False for the smallest. NaN counts as larger than all numbers.
    sorted : bool
        Accepted as PyTorch does; the result is sorted in any case.

    Returns
    -------
    values, indices : Tensor
        Of equal elements the first come first.

    Raises
    ------
    ArgumentError
        For more elements than the axis has.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> values, indices = ad.topk([3.0, 1.0, 2.0], 2)
    >>> values
    tensor([3., 2.], shape=(2,), dtype=float64)
    """

    name, label, method, aliases = "topk", "top k", True, {"dim": "axis"}
    tex = r"$y0, $y1 = \operatorname{top}_k($a)"
    vjp_tex = (r"\mathrm{zeros}\ \text{with}\ [$y1] = $g0",)

    def check(a, *, k, axis=-1, largest=True, sorted=True):
        n = a.shape[normalize_axis("topk", axis, a.ndim)] if a.ndim else 1
        if not 0 <= k <= n:
            raise ArgumentError("topk", f"k from 0 to {n}, the length of axis {axis}", f"k={k}")

    def forward(xp, a, *, k, axis=-1, largest=True, sorted=True):
        # backwards from the end: of equal elements the first come first, and NaN before numbers
        order = xp.argsort(xp.flip(a, axis) if largest else a, axis=axis, kind="stable")
        order = a.shape[axis] - 1 - xp.flip(order, axis) if largest else order
        indices = xp.take(order, xp.arange(k), axis=axis)
        return xp.take_along_axis(a, indices, axis), indices

    def vjp(xp, g, out, a, *, k, axis=-1, largest=True, sorted=True):
        index = mesh(xp, out[1], a.shape, axis)
        return call(ScatterAt, xp, g[0], index=index, shape=a.shape)

    def reference(a, *, k, axis=-1, largest=True, sorted=True):
        order = np.argsort(-a if largest else a, axis=axis, kind="stable")
        indices = np.take(order, range(k), axis=axis)
        return np.take_along_axis(a, indices, axis), indices

    def samples(rng):
        a = distinct(rng, (3, 4))
        return [
            Sample(a, k=2),
            Sample(a, k=1, axis=0, largest=False),
            Sample(a[0], k=4),
            Sample(a, k=0),
        ]

    fails = Failure(ArgumentError, r"topk: expected k from 0 to 2", [1.0, 2.0], k=3)


class SearchSorted(Op):
    """Return where elements belong in a sorted array, such that it stays sorted. No gradient.

    Parameters
    ----------
    a : array_like
        Sorted, with one axis.
    v : array_like
    side : {"left", "right"}
        Before or behind equal elements.

    Raises
    ------
    ShapeError
        For an `a` with other than one axis.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.searchsorted([1.0, 2.0, 3.0], 2.5).item()
    2
    """

    name, label, method = "searchsorted", "search", True
    differentiable = False
    tex = r"$y = \lvert\{i : {$a}_i < $b\}\rvert"

    def check(a, v, *, side="left"):
        if a.ndim != 1:
            raise ShapeError("searchsorted", "a sorted array with one axis", f"a {a.shape}")
        if side not in ("left", "right"):
            raise ArgumentError("searchsorted", "side 'left' or 'right'", repr(side))

    def forward(xp, a, v, *, side="left"):
        return xp.searchsorted(a, v, side=side)

    def samples(rng):
        a = np.sort(rng.normal(size=5))
        return [
            Sample(a, rng.normal(size=(2, 3))),
            Sample(a, a),
            Sample(a, a, side="right"),
            Sample(a, 0.5),
        ]

    fails = Failure(ShapeError, r"searchsorted: .* a \(1, 1\)", [[1.0]], 2.0)


class OneHot(Op):
    """Code class labels as rows with a single one, as `torch.nn.functional.one_hot`. No gradient.

    Parameters
    ----------
    labels : array_like of int
    num_classes : int
        The largest label and one where it is -1.

    Returns
    -------
    Tensor
        Integers, with a new last axis.

    Raises
    ------
    IndexingError
        For a label out of range.
    DTypeError
        For labels that are not integers.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.one_hot([0, 2])
    tensor([[1, 0, 0],
            [0, 0, 1]], shape=(2, 3), dtype=int64)
    """

    name, label = "one_hot", "one hot"
    differentiable = False
    tex = r"{$y}_{ik} = [\,{$a}_i = k\,]"

    def check(labels, *, num_classes=-1):
        if labels.dtype.kind not in "iu":
            raise DTypeError("one_hot", "integer labels", f"labels {labels.dtype}")
        if operator.index(num_classes) < -1 or num_classes == 0:
            raise ArgumentError("one_hot", "num_classes from 1 up, or -1", f"{num_classes}")
        top = int(labels.max()) if labels.size else -1
        low = int(labels.min()) if labels.size else 0
        if low < 0 or (num_classes >= 0 and top >= num_classes):
            expected = f"labels from 0 to {num_classes - 1}" if num_classes >= 0 else "labels >= 0"
            raise IndexingError("one_hot", expected, f"labels from {low} to {top}")
        if num_classes < 0 and not labels.size:
            raise ArgumentError("one_hot", "num_classes, as there are no labels", "none")

    def forward(xp, labels, *, num_classes=-1):
        n = int(labels.max()) + 1 if num_classes < 0 else num_classes
        return (labels[..., None] == xp.arange(n)).astype(xp.int64)

    def reference(labels, *, num_classes=-1):
        labels = np.asarray(labels)
        n = labels.max() + 1 if num_classes < 0 else num_classes
        return np.eye(n, dtype=np.int64)[labels]

    def samples(rng):
        return [
            Sample(np.array([0, 2, 1])),
            Sample(np.array([[0, 2], [1, 1]]), num_classes=4),
            Sample(np.zeros((0,), dtype=int), num_classes=3),
            Sample(1, num_classes=3),
        ]

    fails = Failure(IndexingError, r"one_hot: expected labels from 0 to 1", [2], num_classes=2)
