"""Operations that join several arrays into one, or split one into several."""

from __future__ import annotations

import itertools
import operator
from typing import Any

import numpy as np

from graphviz_ad.engine.op import Failure, Op, Sample
from graphviz_ad.engine.traced import call
from graphviz_ad.errors import ShapeError
from graphviz_ad.ops.index import ScatterAt, along


class Concatenate(Op):
    """Join arrays along an axis that they have.

    Parameters
    ----------
    arrays : sequence of array_like
        Of equal shape, but for `axis`.
    axis : int or None
        None joins the flattened arrays.

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

    name, label = "concatenate", "concat"
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


def pieces(n: int, sections: Any) -> list[slice]:
    """Return the slices into which `np.split` cuts an axis of length `n`."""
    if isinstance(sections, int):
        starts = [n * k // sections for k in range(sections)]
    else:
        starts = [0, *sections]
    parts = []
    for i, j in zip(starts, [*starts[1:], n], strict=True):
        start, stop, _ = slice(i, j).indices(n)
        parts.append(slice(start, max(start, stop)))
    return parts


class Split(Op):
    """Split an array along an axis into several.

    Parameters
    ----------
    a : array_like
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

    def prepare(a, *, indices_or_sections, axis=0):
        try:
            where: Any = operator.index(indices_or_sections)
        except TypeError:
            where = tuple([operator.index(i) for i in indices_or_sections])
        return (a,), {"indices_or_sections": where, "axis": axis}

    def forward(xp, a, *, indices_or_sections, axis=0):
        return tuple(xp.split(a, indices_or_sections, axis=axis))

    def vjp(xp, g, out, a, *, indices_or_sections, axis=0):
        parts = pieces(a.shape[axis], indices_or_sections)
        if all(p.stop == q.start for p, q in itertools.pairwise(parts)):
            return xp.concatenate(g, axis=axis)
        # Parts that overlap or leave a gap: NumPy takes indices in any order.
        total: Any = 0.0
        for part, gradient in zip(parts, g, strict=True):
            index = along(axis % a.ndim, part)
            total = total + call(ScatterAt, xp, gradient, index=index, shape=a.shape)
        return total

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
        ShapeError, r"split: .* a \(3,\) float64, indices_or_sections=2", [1.0] * 3,
        indices_or_sections=2,
    )  # fmt: skip
