"""Scans: running sums, products and extrema along an axis, and differences."""

from __future__ import annotations

import numpy as np

from graphviz_ad.engine.op import Failure, Op, Sample
from graphviz_ad.errors import AxisError
from graphviz_ad.ops.families import AlongAxis
from graphviz_ad.ops.logarithm import finite
from graphviz_ad.ops.shape import shape_of


class Scan(AlongAxis):
    """What running reductions share."""

    @classmethod
    def samples(cls, rng):
        """Return every axis, the flattened array, and arrays of one and no elements."""
        a = rng.normal(size=(2, 3, 5))
        return [
            Sample(a), Sample(a, axis=0), Sample(a, axis=1), Sample(a, axis=-1),
            Sample(a[0, :, :1], axis=1), Sample(a[:, :0], axis=1), Sample(a[:, :0], axis=2),
            Sample(1.5), Sample(1.5, axis=-1), Sample(rng.integers(1, 5, size=(2, 3)), axis=1),
        ]  # fmt: skip


def flat_scan(a, axis):
    """Return what is scanned along which axis: for None, or without axes, the flattened array."""
    flat = axis is None or (not a.ndim and axis in (0, -1))
    return (a.reshape((a.size,)), 0) if flat else (a, axis)


def linear_scan(xp, factor, g):
    """Return ``s`` with ``s[i] = g[i] + factor[i] * s[i + 1]`` along the last axis.

    By doubling: a step joins what the step before made of two neighbours, so that n
    elements take log2(n) steps (Hillis and Steele, "Data parallel algorithms", 1986).
    `factor` is one shorter than `g`.
    """
    n, shift = g.shape[-1], 1
    while shift < n:
        joined = g[..., :-shift] + factor * g[..., shift:]
        g = xp.concatenate([joined, g[..., -shift:]], axis=-1)
        factor = factor[..., :-shift] * factor[..., shift:]
        shift *= 2
    return g


def accumulate(xp, function, a, axis):
    """Return the running results of an associative `function` of two arrays along `axis`."""
    if xp is np:
        return function.accumulate(a, axis=axis)
    # CuPy's ufuncs have no accumulate: by doubling, as in `linear_scan`
    a, shift = xp.moveaxis(a, axis, -1), 1
    while shift < a.shape[-1]:
        joined = function(a[..., shift:], a[..., :-shift])
        a, shift = xp.concatenate([a[..., :shift], joined], axis=-1), shift * 2
    return xp.moveaxis(a, -1, axis)


class Cumsum(Scan):
    """Return the running sum along an axis.

    Parameters
    ----------
    a : array_like
    axis : int, optional
        The flattened array where it is left out.
    dtype : dtype, optional
        Of the result and of the accumulator.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.cumsum([1.0, 2.0, 3.0])
    tensor([1., 3., 6.], shape=(3,), dtype=float64)
    """

    name, label = "cumsum", "Σ↦"
    tex = r"{$y}_i = \textstyle\sum_{j \le i} {$a}_j"
    vjp_tex = (r"\textstyle\sum_{j \ge i} {$g}_j",)

    def forward(xp, a, *, axis=None, dtype=None):
        return a.cumsum(axis=axis, dtype=dtype)

    def vjp(xp, g, out, a, *, axis=None, dtype=None):
        along = 0 if axis is None else axis
        later = xp.flip(xp.cumsum(xp.flip(g, axis=along), axis=along), axis=along)
        return later.reshape(a.shape)


class Cumprod(Scan):
    """Return the running product along an axis. The gradient is exact where elements are 0, too.

    Parameters
    ----------
    a : array_like
    axis : int, optional
        The flattened array where it is left out.
    dtype : dtype, optional
        Of the result and of the accumulator.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.cumprod([1.0, 2.0, 3.0])
    tensor([1., 2., 6.], shape=(3,), dtype=float64)
    """

    name, label = "cumprod", "Π↦"
    tex = r"{$y}_i = \textstyle\prod_{j \le i} {$a}_j"
    vjp_tex = (r"\textstyle\sum_{j \ge i} {$g}_j \prod_{k \le j,\, k \ne i} {$a}_k",)

    def forward(xp, a, *, axis=None, dtype=None):
        return a.cumprod(axis=axis, dtype=dtype)

    def vjp(xp, g, out, a, *, axis=None, dtype=None):
        flat, along = flat_scan(a, axis)
        x, g, y = (z.swapaxes(along, -1) for z in (flat, g, out))
        one = xp.ones((*x.shape[:-1], min(x.shape[-1], 1)), dtype=a.dtype)
        before = xp.concatenate([one, y[..., :-1]], axis=-1)
        sent = before * linear_scan(xp, x[..., 1:], g)
        return sent.swapaxes(along, -1).reshape(a.shape)

    @classmethod
    def samples(cls, rng):
        a = np.array([[1.5, 0.0, -2.0], [0.0, 3.0, 0.0], [-0.7, 1.1, 2.0]])
        return [*super().samples(rng), Sample(a, axis=1), Sample(a)]


class LogCumsumExp(Scan):
    """Return the running ``log(sum(exp(a)))`` along an axis, without overflow.

    Parameters
    ----------
    a : array_like
    axis : int, optional
        Also called ``dim``. The flattened array where it is left out.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.logcumsumexp([0.0, 0.0, 1000.0])
    tensor([0.0000e+00, 6.9315e-01, 1.0000e+03], shape=(3,), dtype=float64)
    """

    name, label, aliases = "logcumsumexp", "ln Σ exp↦", {"dim": "axis"}
    tex = r"{$y}_i = \ln \textstyle\sum_{j \le i} e^{{$a}_j}"
    vjp_tex = (r"\textstyle\sum_{j \ge i} {$g}_j\, e^{{$a}_i - {$y}_j}",)

    def forward(xp, a, *, axis=None):
        a, axis = flat_scan(a, axis)
        return accumulate(xp, xp.logaddexp, a if a.dtype.kind == "f" else a * 1.0, axis)

    def vjp(xp, g, out, a, *, axis=None):
        flat, along = flat_scan(a, axis)
        x, g, y = (z.swapaxes(along, -1) for z in (flat, g, finite(xp, out)))
        sent = xp.exp(x - y) * linear_scan(xp, xp.exp(y[..., :-1] - y[..., 1:]), g)
        return sent.swapaxes(along, -1).reshape(a.shape)

    def reference(a, *, axis=None):
        a = np.asarray(a, float)
        flat = a.ravel() if axis is None else np.atleast_1d(a)
        return np.logaddexp.accumulate(flat, axis=axis or 0)

    @classmethod
    def samples(cls, rng):
        return [*super().samples(rng), Sample([-900.0, 800.0, 3.0, 801.0], axis=0)]


class RunningExtremum(Scan):
    """What `cummax` and `cummin` share: two results, and the gradient goes to the places found."""

    aliases = {"dim": "axis"}
    vjp_tex = (r"\textstyle\sum_{j:\, {$y1}_j = i} {$g0}_j",)

    def vjp(xp, g, out, a, *, axis=None):
        return to_places(xp, g[0], out[1], a, axis)

    @classmethod
    def samples(cls, rng):
        return [*super().samples(rng), Sample(rng.integers(0, 3, size=9), axis=0)]


class Cummax(RunningExtremum):
    """Return the running maximum along an axis, and the indices where it was found.

    Of equal elements the latest is found and gets the gradient, as in PyTorch.

    Parameters
    ----------
    a : array_like
    axis : int, optional
        Also called ``dim``. The flattened array where it is left out.

    Returns
    -------
    values, indices : Tensor

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.cummax([1.0, 3.0, 2.0])[0]
    tensor([1., 3., 3.], shape=(3,), dtype=float64)
    """

    name, label = "cummax", "max↦"
    tex = r"{$y0}_i = \max_{j \le i} {$a}_j"

    def forward(xp, a, *, axis=None):
        return running(xp, xp.maximum, *flat_scan(a, axis))

    def reference(a, *, axis=None):
        return _running_reference(np.greater_equal, a, axis)


class Cummin(RunningExtremum):
    """Return the running minimum along an axis, and the indices where it was found.

    Of equal elements the latest is found and gets the gradient, as in PyTorch.

    Parameters
    ----------
    a : array_like
    axis : int, optional
        Also called ``dim``. The flattened array where it is left out.

    Returns
    -------
    values, indices : Tensor

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.cummin([3.0, 1.0, 2.0])[0]
    tensor([3., 1., 1.], shape=(3,), dtype=float64)
    """

    name, label = "cummin", "min↦"
    tex = r"{$y0}_i = \min_{j \le i} {$a}_j"

    def forward(xp, a, *, axis=None):
        return running(xp, xp.minimum, *flat_scan(a, axis))

    def reference(a, *, axis=None):
        return _running_reference(np.less_equal, a, axis)


def running(xp, function, a, axis):
    """Return the running extremum and the latest index where it was found."""
    values = accumulate(xp, function, a, axis)
    found = (a == values) | (a != a)
    places = xp.arange(a.shape[axis]).reshape((-1,) + (1,) * (a.ndim - 1 - axis % a.ndim))
    return values, accumulate(xp, xp.maximum, xp.where(found, places, 0), axis)


def to_places(xp, g, indices, a, axis):
    """Return the sum of the gradients of all results that were found at each place."""
    _, along = flat_scan(a, axis)
    g, indices = g.swapaxes(along, -1), indices.swapaxes(along, -1)
    # the results found at one place lie side by side, from that place on
    same = indices[..., 1:] == indices[..., :-1]
    sent = linear_scan(xp, same, g) * (indices == xp.arange(g.shape[-1]))
    return sent.swapaxes(along, -1).reshape(a.shape)


def _running_reference(at_least, a, axis):
    a = np.ravel(a) if axis is None else np.atleast_1d(a)
    lines = np.moveaxis(a, axis or 0, -1)
    values, places = lines.copy(), np.zeros(lines.shape, int)
    for index in np.ndindex(lines.shape):
        before = (*index[:-1], index[-1] - 1)
        places[index] = index[-1]
        if index[-1] and not at_least(lines[index], values[before]):
            values[index], places[index] = values[before], places[before]
    return np.moveaxis(values, -1, axis or 0), np.moveaxis(places, -1, axis or 0)


class Diff(Op):
    """Return the differences of neighbours along an axis, `n` times over.

    Parameters
    ----------
    a : array_like
    n : int
        How many times.
    axis : int
    prepend, append : array_like, optional
        What to put before and after `a` along the axis first; a scalar counts as one element.

    Raises
    ------
    ArgumentError
        For a negative `n`.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.diff([1.0, 4.0, 9.0, 16.0], n=2)
    tensor([2., 2.], shape=(2,), dtype=float64)
    """

    name, label, method, order = "diff", "Δ", True, ("a", "n", "axis", "prepend", "append")
    tex = r"{$y}_i = {$a}_{i+1} - {$a}_i"
    vjp_tex = (r"{$g}_{i-1} - {$g}_i", r"{$g}_{i-1} - {$g}_i", r"{$g}_{i-1} - {$g}_i")

    def forward(xp, a, prepend=None, append=None, *, n=1, axis=-1):
        ends = {"prepend": prepend, "append": append}
        return xp.diff(a, n, axis, **{k: v for k, v in ends.items() if v is not None})

    def vjp(xp, g, out, a, prepend=None, append=None, *, n=1, axis=-1):
        axis %= a.ndim
        first = _length(prepend, axis) if n else 0
        last = first + a.shape[axis]
        total = last + (_length(append, axis) if n else 0)
        if n >= total and total:
            g = xp.zeros((*a.shape[:axis], total, *a.shape[axis + 1 :]), dtype=a.dtype)
        else:
            pad = xp.zeros((*a.shape[:axis], 1, *a.shape[axis + 1 :]), dtype=a.dtype)
            for _ in range(n if total else 0):
                g = -xp.diff(xp.concatenate([pad, g, pad], axis=axis), axis=axis)
        before = (slice(None),) * axis

        def to_end(end, part):
            if end is None:
                return None
            # where no difference is taken the ends are left out
            return (lambda: g[(*before, part)]) if n else lambda: xp.zeros(shape_of(end))

        return (
            g[(*before, slice(first, last))],
            to_end(prepend, slice(0, first)),
            to_end(append, slice(last, total)),
        )

    def reference(a, prepend=None, append=None, *, n=1, axis=-1):
        ends = {"prepend": prepend, "append": append}
        return np.diff(a, n, axis, **{k: v for k, v in ends.items() if v is not None})

    def samples(rng):
        a = rng.normal(size=(3, 4))
        return [
            Sample(a), Sample(a, n=2), Sample(a, axis=0), Sample(a, n=0), Sample(a, n=4),
            Sample(a, a[:, :2], a[:, :1], n=0),
            Sample(a, a[:, :2], axis=1), Sample(a, a[0, 0], a[:1], axis=0, n=3), Sample(a[:, :1]),
            Sample(a[:0]), Sample([1, 4, 9]),
        ]  # fmt: skip

    fails = Failure(AxisError, "diff: expected an axis that the array has", [1.0, 2.0], axis=1)


def _length(end, axis):
    """Return how many elements an end adds along the axis."""
    if end is None:
        return 0
    shape = getattr(end, "shape", ())
    return shape[axis] if shape else 1
