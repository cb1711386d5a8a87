"""Writes into a copy: the functional forms of ``x[index] = v`` and of scattering."""

from __future__ import annotations

import numpy as np

from graphviz_ad.engine.op import Failure, Op, Sample
from graphviz_ad.engine.traced import call
from graphviz_ad.errors import IndexingError, ShapeError
from graphviz_ad.ops.index import add_into, along, freeze_index, mesh
from graphviz_ad.ops.shape import normalize_axis


class AddAt(Op):
    """Add at an index: the functional form of ``x[index] += values``.

    An element that `index` names twice receives both.

    Parameters
    ----------
    a : array_like
    values : array_like
        Broadcast to the shape of ``a[index]``.
    index : int, slice, None, Ellipsis, array_like of int or bool, or a tuple of these

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.add_at([1.0, 2.0], 10.0, [0, 0])
    tensor([21.,  2.], shape=(2,), dtype=float64)
    """

    name, label = "add_at", "[ ]+="
    tex = r"$y = $a\ \text{with}\ [i] \mathrel{+}= $b"
    vjp_tex = (r"$g", r"$g[i]")

    def prepare(a, values, *, index):
        return (a, values), {"index": freeze_index(index)}

    def forward(xp, a, values, *, index):
        out = a.astype(xp.result_type(a, values))
        return add_into(xp, out, index, values)

    def vjp(xp, g, out, a, values, *, index):
        return g, lambda: g[index]

    def reference(a, values, *, index):
        out = np.array(a, dtype=float)
        np.add.at(out, index, values)
        return out

    def samples(rng):
        a = rng.normal(size=(3, 4))
        return [
            Sample(a, a[:2], index=[0, 0]),
            Sample(a, 2.0, index=(slice(None), 1)),
            Sample(a, rng.normal(size=4), index=a[:, 0] < 5),
            Sample(a, a, index=...),
        ]

    fails = Failure(IndexingError, r"add_at: .* index=2", [1.0, 2.0], 1.0, index=2)


class SetAt(Op):
    """Set at an index: the functional form of ``x[index] = values``.

    Parameters
    ----------
    a : array_like
    values : array_like
        Broadcast to the shape of ``a[index]``.
    index : int, slice, None, Ellipsis, array_like of int or bool, or a tuple of these
        Where it names an element twice, which value stays is undefined, and so is
        the gradient.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.set_at([1.0, 2.0, 3.0], 0.0, slice(1, None))
    tensor([1., 0., 0.], shape=(3,), dtype=float64)
    """

    name, label = "set_at", "[ ]="
    tex = r"$y = $a\ \text{with}\ [i] = $b"
    vjp_tex = (r"$g\ \text{with}\ [i] = 0", r"$g[i]")

    def prepare(a, values, *, index):
        return (a, values), {"index": freeze_index(index)}

    def forward(xp, a, values, *, index):
        out = a.astype(xp.result_type(a, values))
        out[index] = values
        return out

    def vjp(xp, g, out, a, values, *, index):
        return lambda: call(SetAt, xp, g, 0, index=index), lambda: g[index]

    def reference(a, values, *, index):
        out = np.array(a, dtype=float)
        out[index] = values
        return out

    def samples(rng):
        a = rng.normal(size=(3, 4))
        return [
            Sample(a, a[:2], index=[2, 0]),
            Sample(a, 2.0, index=(slice(None), 1)),
            Sample(a, rng.normal(size=4), index=np.array([True, False, True])),
            Sample(a, a, index=...),
        ]

    fails = Failure(IndexingError, r"set_at: .* index=2", [1.0, 2.0], 1.0, index=2)


class IndexAdd(Op):
    """Add slices of `source` at positions along an axis, as `torch.index_add` does.

    Parameters
    ----------
    a : array_like
    axis : int
    index : array_like of int
        Where along the axis each slice of `source` is added; one may occur twice.
    source : array_like
        Of the shape of `a`, but as long as `index` along the axis.
    alpha : float
        Factor of `source`.

    Raises
    ------
    IndexingError
        For an index out of range.
    ShapeError
        For a `source` of another shape.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.index_add([1.0, 2.0], 0, [0, 0], [10.0, 20.0])
    tensor([31.,  2.], shape=(2,), dtype=float64)
    """

    name, label, method, aliases = "index_add", "index +=", True, {"dim": "axis"}
    order = ("a", "axis", "index", "source", "alpha")
    tex = r"$y = $a\ \text{with}\ [i] \mathrel{+}= \alpha $c"
    vjp_tex = (r"$g", "", r"\alpha $g[i]")

    def check(a, index, source, *, axis, alpha=1.0):
        k = normalize_axis("index_add", axis, a.ndim)
        expected = (*a.shape[:k], len(index), *a.shape[k + 1 :])
        if source.shape != expected:
            raise ShapeError("index_add", f"a source of shape {expected}", f"{source.shape}")

    def forward(xp, a, index, source, *, axis, alpha=1.0):
        out = a.astype(xp.result_type(a, source))
        return add_into(xp, out, along(axis % a.ndim, index), alpha * source)

    def vjp(xp, g, out, a, index, source, *, axis, alpha=1.0):
        return g, None, lambda: alpha * g.take(index, axis)

    def reference(a, index, source, *, axis, alpha=1.0):
        out = np.array(a)
        np.add.at(out, (slice(None),) * (axis % a.ndim) + (index,), alpha * source)
        return out

    def samples(rng):
        a = rng.normal(size=(3, 4))
        return [
            Sample(a, np.array([2, 0, 2]), a, axis=0),
            Sample(a, np.array([3, 3]), rng.normal(size=(3, 2)), axis=-1, alpha=-2.0),
        ]

    fails = Failure(
        IndexingError, r"index_add: .* index \(1,\)", [1.0], np.array([1]), [2.0], axis=0
    )


class Scatter(Op):
    """Write `src` at indices along an axis, as `torch.scatter` does.

    Parameters
    ----------
    a : array_like
    axis : int
    index : array_like of int
        With as many axes as `a`. Element ``i, j`` of `src` goes to ``index[i, j], j``
        for axis 0.
    src : array_like
        At least as long as `index` on every axis, or a single number. Where `index`
        names an element twice, which value stays is undefined, and so is the gradient.

    Raises
    ------
    IndexingError
        For an index out of range.
    ShapeError
        For arrays of another number of axes, or an index longer than `a` or `src`.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.scatter([0.0, 0.0, 0.0], 0, [2, 0], [1.0, 2.0])
    tensor([2., 0., 1.], shape=(3,), dtype=float64)
    """

    name, label, method = "scatter", "scatter", True
    aliases = {"dim": "axis", "value": "src"}
    order = ("a", "axis", "index", "src")
    tex = r"$y = $a\ \text{with}\ [{$b}_{i}] = {$c}_{i}"
    vjp_tex = (r"$g\ \text{with}\ [{$b}_{i}] = 0", "", r"$g[{$b}_{i}]")

    def check(a, index, src, *, axis):
        _check_scatter("scatter", a, index, src, axis)

    def forward(xp, a, index, src, *, axis):
        out = a.astype(xp.result_type(a, src))
        out[_places(xp, index, axis)] = _corner(src, index)
        return out

    def vjp(xp, g, out, a, index, src, *, axis):
        return (
            lambda: call(Scatter, xp, g, index, 0, axis=axis),
            None,
            lambda: _to_corner(xp, g, index, src, axis),
        )

    def reference(a, index, src, *, axis):
        out = np.array(a)
        src = np.broadcast_to(src, index.shape) if np.ndim(src) == 0 else src
        for place in np.ndindex(index.shape):
            target = list(place)
            target[axis] = index[place]
            out[tuple(target)] = src[place]
        return out

    def samples(rng):
        a = rng.normal(size=(3, 4))
        index = np.array([[2, 0, 1], [0, 2, 2]])
        return [
            Sample(a, index, rng.normal(size=(2, 3)), axis=0),
            Sample(a, np.array([[3, 1], [0, 2], [1, 0]]), a, axis=-1),
            Sample(a, index, 2.0, axis=0),
        ]

    fails = Failure(
        ShapeError, r"scatter: .* index \(2,\)", [[1.0]], np.array([0, 0]), [1.0, 2.0], axis=0
    )


class ScatterAdd(Op):
    """Add `src` at indices along an axis, as `torch.scatter_add` does.

    Parameters
    ----------
    a : array_like
    axis : int
    index : array_like of int
        With as many axes as `a`; it may name an element twice.
    src : array_like
        At least as long as `index` on every axis.

    Raises
    ------
    IndexingError
        For an index out of range.
    ShapeError
        For arrays of another number of axes, or an index longer than `a` or `src`.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.scatter_add([0.0, 0.0], 0, [1, 1], [1.0, 2.0])
    tensor([0., 3.], shape=(2,), dtype=float64)
    """

    name, label, method, aliases = "scatter_add", "scatter +=", True, {"dim": "axis"}
    order = ("a", "axis", "index", "src")
    tex = r"$y = $a\ \text{with}\ [{$b}_{i}] \mathrel{+}= {$c}_{i}"
    vjp_tex = (r"$g", "", r"$g[{$b}_{i}]")

    def check(a, index, src, *, axis):
        _check_scatter("scatter_add", a, index, src, axis)

    def forward(xp, a, index, src, *, axis):
        out = a.astype(xp.result_type(a, src))
        return add_into(xp, out, _places(xp, index, axis), _corner(src, index))

    def vjp(xp, g, out, a, index, src, *, axis):
        return g, None, lambda: _to_corner(xp, g, index, src, axis)

    def reference(a, index, src, *, axis):
        out = np.array(a)
        for place in np.ndindex(index.shape):
            target = list(place)
            target[axis] = index[place]
            out[tuple(target)] += src[place]
        return out

    def samples(rng):
        a = rng.normal(size=(3, 4))
        index = np.array([[2, 0, 1], [2, 2, 1]])
        return [
            Sample(a, index, rng.normal(size=(2, 3)), axis=0),
            Sample(a, np.array([[3, 3], [0, 2]]), a, axis=-1),
        ]

    fails = Failure(
        IndexingError, r"scatter_add: .* index \(1,\)", [1.0], np.array([1]), [2.0], axis=0
    )


class PutAlongAxis(Op):
    """Set, along an axis, one element for each of `indices`; the functional `put_along_axis`.

    NumPy's function of the name writes in place and is therefore refused on tensors.

    Parameters
    ----------
    arr : array_like
    indices : array_like of int
        With as many axes as `arr`. Where they name an element twice, which value
        stays is undefined, and so is the gradient.
    values : array_like
        Broadcast to `indices`.
    axis : int

    Raises
    ------
    IndexingError
        For an index out of range.
    ShapeError
        For another number of axes.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.put_along_axis([[1.0, 2.0], [3.0, 4.0]], [[1], [0]], 0.0, 1)
    tensor([[1., 0.],
            [0., 4.]], shape=(2, 2), dtype=float64)
    """

    name, label, numpy = "put_along_axis", "put", ("",)
    tex = r"$y = $a\ \text{with}\ [{$b}_{i}] = {$c}_{i}"
    vjp_tex = (r"$g\ \text{with}\ [{$b}_{i}] = 0", "", r"$g[{$b}_{i}]")

    def check(arr, indices, values, *, axis=-1):
        normalize_axis("put_along_axis", axis, arr.ndim)
        if indices.ndim != arr.ndim:
            got = f"indices {indices.shape} for arr {arr.shape}"
            raise ShapeError("put_along_axis", "as many axes as arr has", got)

    def forward(xp, arr, indices, values, *, axis=-1):
        out = arr.astype(xp.result_type(arr, values))
        out[mesh(xp, indices, arr.shape, axis)] = values
        return out

    def vjp(xp, g, out, arr, indices, values, *, axis=-1):
        return (
            lambda: call(PutAlongAxis, xp, g, indices, 0, axis=axis),
            None,
            lambda: xp.take_along_axis(g, indices, axis),
        )

    def reference(arr, indices, values, *, axis=-1):
        out = np.array(arr)
        np.put_along_axis(out, np.asarray(indices), values, axis)
        return out

    def samples(rng):
        a = rng.normal(size=(3, 4))
        indices = np.array([[3, 1], [0, 2], [1, 0]])
        return [
            Sample(a, indices, a[:, :2], axis=1),
            Sample(a, indices, 2.0),
            Sample(a, np.array([[2, 0, 1, 1]]), rng.normal(size=(1, 4)), axis=0),
        ]

    fails = Failure(
        IndexingError, r"put_along_axis: .* indices \(1, 1\)", [[1.0]], [[1]], 0.0, axis=1
    )


def _check_scatter(function, a, index, src, axis):
    normalize_axis(function, axis, a.ndim)
    shapes = [index.shape] if not getattr(src, "ndim", 0) else [index.shape, src.shape]
    axes_fit = all(len(shape) == a.ndim for shape in shapes)
    if not axes_fit or any(
        n > m
        for shape in shapes[1:]
        for n, m in zip(index.shape, shape, strict=True)
    ) or any(
        n > m
        for k, (n, m) in enumerate(zip(index.shape, a.shape, strict=True))
        if k != axis % a.ndim
    ):  # fmt: skip
        got = f"a {a.shape}, index {index.shape}, src {getattr(src, 'shape', ())}"
        raise ShapeError(function, "an index no longer than a (beside the axis) and src", got)


def _places(xp, index, axis):
    """Return the index arrays of the elements that `index` names along `axis`."""
    return mesh(xp, index, index.shape, axis)


def _corner(src, index):
    """Return the part of `src` that is used: as long as `index` on every axis."""
    return src[tuple([slice(n) for n in index.shape])] if getattr(src, "ndim", 0) else src


def _to_corner(xp, g, index, src, axis):
    """Return the gradient of `src`: zero outside of the corner that is used."""
    taken = g[_places(xp, index, axis)]
    if not getattr(src, "ndim", 0) or src.shape == index.shape:
        return taken
    widths = [(0, m - n) for n, m in zip(index.shape, src.shape, strict=True)]
    return xp.pad(taken, widths)
