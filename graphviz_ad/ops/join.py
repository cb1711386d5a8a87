"""Operations that join several arrays into one."""

from __future__ import annotations

import numpy as np

from graphviz_ad.engine.op import Failure, Op, Sample
from graphviz_ad.errors import ShapeError
from graphviz_ad.ops.index import along


class Concatenate(Op):
    """Join arrays along an axis that they have.

    Parameters
    ----------
    arrays : sequence of array_like
        Of equal shape, but for `axis`.
    axis : int or None
        None joins the flattened arrays; `dim` is another name for it.

    Raises
    ------
    ShapeError
        When the other axes differ.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> x = ad.parameter([1.0, 2.0])
    >>> ad.concatenate([x, x]).sum().backward()
    >>> x.grad
    tensor([2., 2.], shape=(2,), dtype=float64)
    """

    name, label, aliases = "concatenate", "concat", {"dim": "axis"}
    tex = r"$y = [\,$a \mid $b \mid \cdots\,]"
    vjp_tex = (r"\text{its slice of}\ $g",)

    def forward(xp, *arrays, axis=0):
        return xp.concatenate(arrays, axis=axis)

    def vjp(xp, g, out, *arrays, axis=0):
        sent, start = [], 0
        for a in arrays:
            n = a.size if axis is None else a.shape[axis]
            part = slice(start, start + n)
            if axis is None:
                sent.append(g[part].reshape(a.shape))
            else:
                sent.append(g[along(axis % out.ndim, part)])
            start += n
        return tuple(sent)

    def samples(rng):
        a, b = rng.normal(size=(2, 3)), rng.normal(size=(4, 3))
        return [
            Sample(a, a),
            Sample(a, b, a),
            Sample(a.T, b.T, axis=-1),
            Sample(a, b, axis=None),
            Sample(a),
            Sample(a, rng.normal(size=(0, 3))),
            Sample(a, np.ones((1, 3), dtype=int)),
        ]

    fails = Failure(ShapeError, r"concatenate: .* arrays\[0\] \(1, 2\)", [[1.0, 2.0]], [[1.0]])


class Stack(Op):
    """Join arrays of one shape along a new axis.

    Parameters
    ----------
    arrays : sequence of array_like
    axis : int
        Where the new axis is in the result.

    Raises
    ------
    ShapeError
        When the shapes differ.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.stack([[1.0, 2.0], [3.0, 4.0]], axis=1).shape
    (2, 2)
    """

    name, label, aliases = "stack", "stack", {"dim": "axis"}
    tex = r"$y = [\,$a, $b, \ldots\,]"
    vjp_tex = (r"\text{its slice of}\ $g",)

    def forward(xp, *arrays, axis=0):
        return xp.stack(arrays, axis=axis)

    def vjp(xp, g, out, *arrays, axis=0):
        k = axis % out.ndim
        return tuple([g[along(k, i)] for i in range(len(arrays))])

    def samples(rng):
        a, b = rng.normal(size=(2, 3)), rng.normal(size=(2, 3))
        return [
            Sample(a, a),
            Sample(a, b, a, axis=1),
            Sample(a, b, axis=-1),
            Sample(a),
            Sample(1.5, 2.5),
            Sample(a[:0], b[:0]),
        ]

    fails = Failure(ShapeError, r"stack: .* arrays\[0\] \(1,\)", [1.0], [1.0, 2.0])


class Stacked(Op):
    """A page that joins along one fixed axis what it first gives more axes."""

    tex = r"$y = [\,$a \mid $b \mid \cdots\,]"
    vjp_tex = (r"\text{its slice of}\ $g",)

    def samples(rng):
        a, b = rng.normal(size=(2, 3)), rng.normal(size=(2, 3))
        return [
            Sample(a, a),
            Sample(a, b, a),
            Sample(a[0], b[0]),
            Sample(1.5, 2.5),
            Sample(a[..., None], b[..., None]),
            Sample(a),
        ]


def slices(g, arrays, axis, lengths):
    """Return the part of `g` along `axis` that each array made, in the array's own shape."""
    sent, start = [], 0
    for a, n in zip(arrays, lengths, strict=True):
        sent.append(g[along(axis, slice(start, start + n))].reshape(a.shape))
        start += n
    return tuple(sent)


class HStack(Stacked):
    """Join arrays along their second axis, or their first where they have but one.

    Raises
    ------
    ShapeError
        When the other axes differ.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.hstack([[1.0], [2.0, 3.0]])
    tensor([1., 2., 3.], shape=(3,), dtype=float64)
    """

    name, label = "hstack", "hstack"

    def forward(xp, *arrays):
        return xp.hstack(arrays)

    def vjp(xp, g, out, *arrays):
        axis = 0 if out.ndim == 1 else 1
        return slices(g, arrays, axis, [a.shape[axis] if a.ndim else 1 for a in arrays])

    fails = Failure(ShapeError, r"hstack: .* arrays\[0\] \(1, 1\)", [[1.0]], [[1.0], [2.0]])


class VStack(Stacked):
    """Join arrays along their first axis, as rows where they have but one.

    Raises
    ------
    ShapeError
        When the other axes differ.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.vstack([[1.0, 2.0], [3.0, 4.0]]).shape
    (2, 2)
    """

    name, label = "vstack", "vstack"

    def forward(xp, *arrays):
        return xp.vstack(arrays)

    def vjp(xp, g, out, *arrays):
        return slices(g, arrays, 0, [a.shape[0] if a.ndim > 1 else 1 for a in arrays])

    fails = Failure(ShapeError, r"vstack: .* arrays\[0\] \(1,\)", [1.0], [1.0, 2.0])


class DStack(Stacked):
    """Join arrays along their third axis.

    Raises
    ------
    ShapeError
        When the other axes differ.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.dstack([[1.0, 2.0], [3.0, 4.0]]).shape
    (1, 2, 2)
    """

    name, label = "dstack", "dstack"

    def forward(xp, *arrays):
        return xp.dstack(arrays)

    def vjp(xp, g, out, *arrays):
        return slices(g, arrays, 2, [a.shape[2] if a.ndim > 2 else 1 for a in arrays])

    fails = Failure(ShapeError, r"dstack: .* arrays\[0\] \(1,\)", [1.0], [1.0, 2.0])


class ColumnStack(Stacked):
    """Join arrays along their second axis; those with one axis are columns.

    Raises
    ------
    ShapeError
        When the other axes differ.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.column_stack([[1.0, 2.0], [3.0, 4.0]])
    tensor([[1., 3.],
            [2., 4.]], shape=(2, 2), dtype=float64)
    """

    name, label = "column_stack", "columns"

    def forward(xp, *arrays):
        return xp.column_stack(arrays)

    def vjp(xp, g, out, *arrays):
        return slices(g, arrays, 1, [a.shape[1] if a.ndim > 1 else 1 for a in arrays])

    fails = Failure(ShapeError, r"column_stack: .* arrays\[0\] \(1,\)", [1.0], [1.0, 2.0])
