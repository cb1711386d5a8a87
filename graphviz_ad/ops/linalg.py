"""Products of vectors and of arrays with many axes; diagonal and trace."""

from __future__ import annotations

from graphviz_ad.engine.op import Failure, Op, Sample
from graphviz_ad.engine.traced import call
from graphviz_ad.errors import DTypeError, ShapeError
from graphviz_ad.ops.index import ScatterAt
from graphviz_ad.ops.reduce import reduced_axes


class Dot(Op):
    """Sum products over the last axis of `a` and the last but one (or only) axis of `b`.

    That is the inner product of vectors, the product of matrices, and the product of
    numbers where one operand has no axes.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.dot([1.0, 2.0], [3.0, 4.0])
    tensor(11., dtype=float64)
    """

    name, label, method = "dot", "·", True
    weak = False
    tex = r"$y = $a \cdot $b"
    vjp_tex = (r"$g \cdot {$b}^\top", r"{$a}^\top \cdot $g")

    def forward(xp, a, b):
        return xp.dot(a, b)

    def vjp(xp, g, out, a, b):
        if not a.ndim or not b.ndim:
            return lambda: g * b, lambda: g * a
        before = tuple(range(a.ndim - 1))
        if b.ndim == 1:
            return (
                lambda: xp.tensordot(g, b, axes=0),
                lambda: xp.tensordot(a, g, axes=(before, before)),
            )
        kept = (*range(b.ndim - 2), b.ndim - 1)
        there = tuple([a.ndim - 1 + i for i in range(len(kept))])
        return (
            lambda: xp.tensordot(g, b, axes=(there, kept)),
            lambda: xp.moveaxis(xp.tensordot(a, g, axes=(before, before)), 0, -2),
        )

    def samples(rng):
        a = rng.normal(size=(3, 3))
        return [
            Sample(a[0], a[1]), Sample(a[0], a[0]), Sample(a, a), Sample(a[:2], a[0]),
            Sample(a[0], a[:, :2]), Sample(2.0, a), Sample(a, 2.0), Sample(2.0, 3.0),
            Sample(rng.normal(size=(2, 4, 3)), rng.normal(size=(5, 3, 2))),
            Sample(a[0], rng.normal(size=(5, 3, 2))), Sample(a[:0], a), Sample(a[:, :0], a[:0]),
        ]  # fmt: skip

    fails = Failure(ShapeError, r"dot: expected shapes that fit", [1.0, 2.0], [1.0, 2.0, 3.0])


class Inner(Op):
    """Sum products over the last axes of `a` and of `b`.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.inner([[1.0, 2.0], [0.0, 1.0]], [3.0, 4.0])
    tensor([11.,  4.], shape=(2,), dtype=float64)
    """

    name, label, method = "inner", "⟨⟩", True
    weak = False
    tex = r"$y = \langle $a,\, $b \rangle"
    vjp_tex = (r"$g \cdot $b", r"{$g}^\top \cdot $a")

    def forward(xp, a, b):
        return xp.inner(a, b)

    def vjp(xp, g, out, a, b):
        if not a.ndim or not b.ndim:
            return lambda: g * b, lambda: g * a
        first, second = tuple(range(a.ndim - 1)), tuple(range(b.ndim - 1))
        there = tuple(range(a.ndim - 1, a.ndim + b.ndim - 2))
        return (
            lambda: xp.tensordot(g, b, axes=(there, second)),
            lambda: xp.tensordot(g, a, axes=(first, first)),
        )

    def samples(rng):
        a = rng.normal(size=(2, 3))
        return [
            Sample(a[0], a[1]), Sample(a[0], a[0]), Sample(a, a), Sample(a, a[0]),
            Sample(rng.normal(size=(2, 4, 3)), rng.normal(size=(5, 3))), Sample(2.0, a),
            Sample(a, 2.0), Sample(a[:, :0], a[:, :0]),
        ]  # fmt: skip

    fails = Failure(ShapeError, r"inner: expected shapes that fit", [1.0, 2.0], [1.0, 2.0, 3.0])


class Outer(Op):
    """Multiply every element of `a` with every element of `b`, both flattened.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.outer([1.0, 2.0], [3.0, 4.0])
    tensor([[3., 4.],
            [6., 8.]], shape=(2, 2), dtype=float64)
    """

    name, label, method = "outer", "⊗", True
    weak = False
    tex = r"$y = $a\, {$b}^\top"
    vjp_tex = (r"$g\, $b", r"{$g}^\top $a")

    def forward(xp, a, b):
        return xp.outer(a, b)

    def vjp(xp, g, out, a, b):
        return (
            lambda: (g @ b.reshape((b.size,))).reshape(a.shape),
            lambda: (a.reshape((a.size,)) @ g).reshape(b.shape),
        )

    def samples(rng):
        a = rng.normal(size=(2, 3))
        return [
            Sample(a[0], a[1, :2]), Sample(a[0], a[0]), Sample(a, a[0]), Sample(1.5, a[0]),
            Sample(a[:0, 0], a[0]),
        ]  # fmt: skip

    fails = Failure(DTypeError, "outer: expected booleans, integers or real", [1j], [1.0])


class Vdot(Op):
    """Return the inner product of `a` and `b`, both flattened.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.vdot([[1.0, 2.0]], [[3.0, 4.0]])
    tensor(11., dtype=float64)
    """

    name, label, method = "vdot", "·", True
    weak = False
    tex = r"$y = \operatorname{vec}($a) \cdot \operatorname{vec}($b)"
    vjp_tex = (r"$g\, $b", r"$g\, $a")

    def forward(xp, a, b):
        return xp.vdot(a, b)

    def vjp(xp, g, out, a, b):
        return lambda: (g * b).reshape(a.shape), lambda: (g * a).reshape(b.shape)

    def samples(rng):
        a = rng.normal(size=(2, 3))
        return [
            Sample(a[0], a[1]), Sample(a, a), Sample(a, a.reshape(3, 2)), Sample(2.0, 3.0),
            Sample(a[:0], a[:0]),
        ]  # fmt: skip

    fails = Failure(ShapeError, r"vdot: expected shapes that fit", [1.0, 2.0], [1.0, 2.0, 3.0])


class Tensordot(Op):
    """Sum products over given axes of both arrays.

    Parameters
    ----------
    a, b : array_like
    axes : int or pair of int or of tuples of int
        An integer n: the last n axes of `a` with the first n of `b`. A pair: the axes of
        `a`, and the axes of `b` that go with them in order.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.tensordot([[1.0, 2.0], [3.0, 4.0]], [1.0, 10.0], axes=1)
    tensor([21., 43.], shape=(2,), dtype=float64)
    """

    name, label = "tensordot", "·"
    numpy = ("tensordot", "linalg.tensordot")
    weak = False
    tex = r"$y = $a \cdot $b"
    vjp_tex = (r"$g \cdot $b", r"$a \cdot $g")

    def forward(xp, a, b, *, axes=2):
        return xp.tensordot(a, b, axes=axes)

    def vjp(xp, g, out, a, b, *, axes=2):
        axes_a, axes_b = _summed(a.ndim, b.ndim, axes)
        free_a = [i for i in range(a.ndim) if i not in axes_a]
        free_b = [i for i in range(b.ndim) if i not in axes_b]
        n = len(free_a)

        def pull_a():
            there = tuple(range(n, n + len(free_b)))
            sent = xp.tensordot(g, b, axes=(there, tuple(free_b)))
            made = [*free_a, *[axes_a[axes_b.index(i)] for i in sorted(axes_b)]]
            return xp.transpose(sent, tuple([made.index(i) for i in range(a.ndim)]))

        def pull_b():
            sent = xp.tensordot(a, g, axes=(tuple(free_a), tuple(range(n))))
            made = [*[axes_b[axes_a.index(i)] for i in sorted(axes_a)], *free_b]
            return xp.transpose(sent, tuple([made.index(i) for i in range(b.ndim)]))

        return pull_a, pull_b

    def samples(rng):
        a, b = rng.normal(size=(2, 3, 4)), rng.normal(size=(4, 3, 5))
        return [
            Sample(a, b, axes=1), Sample(a, b, axes=((1, 2), (1, 0))), Sample(a, b, axes=(2, 0)),
            Sample(a, b, axes=((-1, -2), (-3, 1))), Sample(a[0], a[1], axes=0),
            Sample(a, a, axes=3), Sample(a[0], a[0], axes=([0, 1], [0, 1])),
            Sample(a[:, 0], a[:, 0], axes=((0,), (0,))), Sample(a, b[:, :, 0].T),
            Sample(2.0, a, axes=0), Sample(a[:0], b, axes=1),
        ]  # fmt: skip

    fails = Failure(ShapeError, r"tensordot: expected shapes that fit", [1.0], [1.0, 2.0], axes=1)


def _summed(ndim_a, ndim_b, axes):
    """Return the axes of both arrays that `axes` says, none of them negative."""
    if isinstance(axes, int):
        return list(range(ndim_a - axes, ndim_a)), list(range(axes))
    first, second = ([x] if isinstance(x, int) else list(x) for x in axes)
    return [i % ndim_a for i in first], [i % ndim_b for i in second]


class Kron(Op):
    """Return the Kronecker product: a block ``a[i] * b`` for every element of `a`.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.kron([1.0, 10.0], [1.0, 2.0])
    tensor([ 1.,  2., 10., 20.], shape=(4,), dtype=float64)
    """

    name, label = "kron", "⊗"
    weak = False
    tex = r"$y = $a \otimes $b"
    vjp_tex = (
        r"\textstyle\sum_{kl} {$g}_{ik,\,jl}\, {$b}_{kl}",
        r"\textstyle\sum_{ij} {$g}_{ik,\,jl}\, {$a}_{ij}"
    )  # fmt: skip

    def forward(xp, a, b):
        return xp.kron(a, b)

    def vjp(xp, g, out, a, b):
        outer, inner = _blocks(a, out.ndim, False), _blocks(b, out.ndim, True)
        blocks = g.reshape(tuple([n * m for n, m in zip(outer, inner, strict=True)]))
        return (
            lambda: (blocks * b.reshape(inner)).sum(axis=_places(out.ndim, 1)).reshape(a.shape),
            lambda: (blocks * a.reshape(outer)).sum(axis=_places(out.ndim, 0)).reshape(b.shape),
        )

    def samples(rng):
        a, b = rng.normal(size=(2, 2, 3))
        return [
            Sample(a, b), Sample(a, a), Sample(a[0], b), Sample(a, b[0]), Sample(a[0], b[0]),
            Sample(2.0, b), Sample(a, 2.0), Sample(2.0, 3.0), Sample(a[:0], b),
        ]  # fmt: skip

    fails = Failure(DTypeError, "kron: expected booleans, integers or real", [1j], [1.0])


def _blocks(a, ndim, inner):
    """Return the shape of `a` with an axis of length 1 before or after each of its own."""
    shape = (1,) * (ndim - a.ndim) + tuple(a.shape)
    return tuple([n for length in shape for n in ((1, length) if inner else (length, 1))])


def _places(ndim, first):
    return tuple(range(first, 2 * ndim, 2))


class Diagonal(Op):
    """Return a diagonal of every matrix in two axes, as a new last axis.

    Parameters
    ----------
    a : array_like
        With two or more axes.
    offset : int
        Which diagonal: above the main one where positive.
    axis1, axis2 : int
        The axes of the matrices.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.diagonal([[1.0, 2.0], [3.0, 4.0]])
    tensor([1., 4.], shape=(2,), dtype=float64)
    """

    name, label, method = "diagonal", "⋱", True
    tex = r"$y = \operatorname{diag} $a"
    vjp_tex = (r"\operatorname{diag} $g",)

    def forward(xp, a, *, offset=0, axis1=0, axis2=1):
        return a.diagonal(offset, axis1, axis2)

    def vjp(xp, g, out, a, *, offset=0, axis1=0, axis2=1):
        return on_diagonal(xp, g, a, offset, axis1, axis2)

    def samples(rng):
        a = rng.normal(size=(3, 4, 2))
        return [
            Sample(a), Sample(a[:, :, 0]), Sample(a[:, :, 0], offset=2),
            Sample(a[:, :, 0], offset=-1), Sample(a, offset=1, axis1=2, axis2=0),
            Sample(a, axis1=-1, axis2=-2, offset=-1),
            Sample(a[:, :, 0], offset=4), Sample(a[:0, :, 0]), Sample(a[:, :, 0], offset=-3),
        ]  # fmt: skip

    fails = Failure(ShapeError, r"diagonal: .* got a \(2,\)", [1.0, 2.0])


class Trace(Op):
    """Sum a diagonal of every matrix in two axes.

    Parameters
    ----------
    a : array_like
        With two or more axes.
    offset : int
        Which diagonal: above the main one where positive.
    axis1, axis2 : int
        The axes of the matrices.
    dtype : dtype, optional
        Of the result and of the accumulator.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.tensor([[1.0, 2.0], [3.0, 4.0]]).trace()
    tensor(5., dtype=float64)
    """

    name, label, method = "trace", "tr", True
    tex = r"$y = \operatorname{tr} $a"
    vjp_tex = (r"$g\, I",)

    def forward(xp, a, *, offset=0, axis1=0, axis2=1, dtype=None):
        return a.trace(offset, axis1, axis2, dtype)

    def vjp(xp, g, out, a, *, offset=0, axis1=0, axis2=1, dtype=None):
        one, two = reduced_axes(a.ndim, (axis1, axis2))
        k = _diagonal_length(a.shape[one], a.shape[two], offset)
        along = xp.broadcast_to(g.reshape((*g.shape, 1)), (*g.shape, k))
        return on_diagonal(xp, along, a, offset, axis1, axis2)

    def samples(rng):
        a = rng.normal(size=(3, 4, 2))
        return [
            Sample(a), Sample(a[:, :, 0]), Sample(a[:, :, 0], offset=2),
            Sample(a[:, :, 0], offset=-1), Sample(a, offset=1, axis1=2, axis2=0),
            Sample(a, axis1=-1, axis2=-2, offset=-1),
            Sample(a[:, :, 0], offset=9), Sample(a[:0, :, 0]), Sample([[1, 2], [3, 4]]),
        ]  # fmt: skip

    fails = Failure(ShapeError, r"trace: .* got a \(2,\)", [1.0, 2.0])


def _diagonal_length(n, m, offset):
    return max(min(n, m - offset) if offset >= 0 else min(n + offset, m), 0)


def on_diagonal(xp, g, like, offset, axis1, axis2):
    """Put `g` on a diagonal of zeros of the shape of `like`: the transpose of `diagonal`."""
    one, two = reduced_axes(like.ndim, (axis1, axis2))
    n, m = like.shape[one], like.shape[two]
    # in the flattened matrix a diagonal is a slice
    start = offset if offset >= 0 else -offset * m
    stop = start + _diagonal_length(n, m, offset) * (m + 1)
    lead = [like.shape[i] for i in range(like.ndim) if i not in (one, two)]
    index = (Ellipsis, slice(start, min(stop, n * m), m + 1))
    flat = call(ScatterAt, xp, g, index=index, shape=(*lead, n * m))
    return xp.moveaxis(flat.reshape((*lead, n, m)), (-2, -1), (one, two))
