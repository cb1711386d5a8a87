"""Linear layers as functions: affine and bilinear maps, embeddings and dropout."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from graphviz_ad.backend import namespace
from graphviz_ad.engine.op import Failure, Op, Sample
from graphviz_ad.engine.tensor import Tensor
from graphviz_ad.engine.traced import call
from graphviz_ad.errors import ArgumentError, DTypeError, IndexingError, ShapeError
from graphviz_ad.ops.index import ScatterAt
from graphviz_ad.ops.shape import shape_of

GENERATOR = np.random.default_rng()
"""Draws the masks of dropout where the caller gives no generator."""


class Linear(Op):
    """Apply an affine map to the last axis: ``input @ weight.T + bias``.

    Parameters
    ----------
    input : array_like, shape (…, in)
    weight : array_like, shape (out, in) or (in,)
        A vector gives an output without the last axis.
    bias : array_like, shape (out,) or (), optional

    Raises
    ------
    ShapeError
        When the shapes do not fit.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.linear([1.0, 2.0], [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], [0.0, 0.0, 0.5])
    tensor([1. , 2. , 3.5], shape=(3,), dtype=float64)
    """

    name, label = "linear", "xWᵀ+b"
    tex = r"$y = $a \, $b^\top + $c"
    vjp_tex = (r"$g \, $b", r"$g^\top $a", r"\textstyle\sum_n {$g}_n")

    def check(input, weight, bias=None):
        x, w, b = shape_of(input), shape_of(weight), shape_of(bias)
        got = f"input {x}, weight {w}" + (f", bias {b}" if bias is not None else "")
        if len(w) not in (1, 2) or not x or x[-1] != w[-1]:
            raise ShapeError("linear", "input (…, in) and weight (out, in) or (in,)", got)
        if bias is not None and b != w[:-1]:
            raise ShapeError("linear", f"bias {w[:-1]}", got)

    def forward(xp, input, weight, bias=None):
        out = xp.matmul(input, weight.T)
        return out if bias is None else out + bias

    def vjp(xp, g, out, input, weight, bias=None):
        if weight.ndim == 1:
            return (
                lambda: xp.expand_dims(g, -1) * weight,
                lambda: xp.expand_dims(g, -1) * input,
                g,
            )
        rows = (prod(input.shape[:-1]), input.shape[-1])

        def to_weight():
            return xp.reshape(g, (rows[0], weight.shape[0])).T @ xp.reshape(input, rows)

        return lambda: xp.matmul(g, weight), to_weight, g

    def reference(input, weight, bias=None):
        out = np.dot(input, np.transpose(weight))
        return out if bias is None else out + bias

    def samples(rng):
        x, w, b = rng.normal(size=(2, 3, 4)), rng.normal(size=(5, 4)), rng.normal(size=5)
        return [
            Sample(x, w, b),
            Sample(x[0], w),
            Sample(x[0, 0], w, b),
            Sample(x, w[0]),
            Sample(x[0, 0], w[0], np.float64(0.5)),
            Sample(x[:0], w, b),
            Sample(x.astype(np.float32), w.astype(np.float32), b.astype(np.float32)),
        ]

    fails = Failure(ShapeError, r"linear: expected input \(…, in\) .* weight \(1, 3\)",
                    [1.0, 2.0], [[1.0, 2.0, 3.0]])  # fmt: skip


class Bilinear(Op):
    """Apply a bilinear form per output: ``y_k = input1 @ weight[k] @ input2 + bias_k``.

    Parameters
    ----------
    input1 : array_like, shape (…, in1)
    input2 : array_like, shape (…, in2)
    weight : array_like, shape (out, in1, in2)
    bias : array_like, shape (out,), optional

    Raises
    ------
    ShapeError
        When the shapes do not fit.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.bilinear([1.0, 2.0], [3.0], [[[1.0], [1.0]]]).numpy().tolist()
    [9.0]
    """

    name, label = "bilinear", "xWx′+b"
    tex = r"{$y}_k = $a^\top {$c}_k\, $b + d_k"
    vjp_tex = (
        r"\textstyle\sum_k {$g}_k\, {$c}_k\, $b",
        r"\textstyle\sum_k {$g}_k\, {$c}_k^\top $a",
        r"{$g}_k \, $a \, $b^\top",
        r"\textstyle\sum_n {$g}_n",
    )

    def check(input1, input2, weight, bias=None):
        a, b, w = shape_of(input1), shape_of(input2), shape_of(weight)
        got = f"input1 {a}, input2 {b}, weight {w}, bias {shape_of(bias)}"
        if len(w) != 3 or not a or not b or a[:-1] != b[:-1] or (a[-1], b[-1]) != w[1:]:
            expected = "input1 (…, in1), input2 (…, in2) and weight (out, in1, in2)"
            raise ShapeError("bilinear", expected, got)
        if bias is not None and shape_of(bias) != w[:1]:
            raise ShapeError("bilinear", f"bias {w[:1]}", got)

    def forward(xp, input1, input2, weight, bias=None):
        # (…, 1, 1, in1) @ (out, in1, in2) @ (…, 1, in2, 1)
        left = xp.matmul(input1[..., None, None, :], weight)
        out = xp.matmul(left, input2[..., None, :, None])[..., 0, 0]
        return out if bias is None else out + bias

    def vjp(xp, g, out, input1, input2, weight, bias=None):
        scaled = g[..., None, None]

        def to_input1():
            each = xp.matmul(weight, input2[..., None, :, None])
            return xp.sum(scaled * each, axis=-3)[..., 0]

        def to_input2():
            each = xp.matmul(input1[..., None, None, :], weight)
            return xp.sum(scaled * each, axis=-3)[..., 0, :]

        def to_weight():
            k, i, j = weight.shape
            rows = prod(input1.shape[:-1])
            left = xp.reshape(g[..., :, None] * input1[..., None, :], (rows, k * i))
            return xp.reshape(left.T @ xp.reshape(input2, (rows, j)), (k, i, j))

        return to_input1, to_input2, to_weight, g

    def reference(input1, input2, weight, bias=None):
        out = np.einsum("...i,kij,...j->...k", input1, weight, input2)
        return out if bias is None else out + bias

    def samples(rng):
        a, b = rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 3, 5))
        w, c = rng.normal(size=(2, 4, 5)), rng.normal(size=2)
        return [
            Sample(a, b, w, c),
            Sample(a[0], b[0], w),
            Sample(a[0, 0], b[0, 0], w, c),
            Sample(a, a, rng.normal(size=(3, 4, 4))),
            Sample(a[:0], b[:0], w),
        ]

    fails = Failure(ShapeError, r"bilinear: expected input1", [1.0], [1.0], [[1.0]])


class Embedding(Op):
    """Look up rows of a table: ``weight[input]``. A row that is used twice receives both gradients.

    Parameters
    ----------
    input : array_like of int
        Row numbers, from 0.
    weight : array_like, shape (rows, D)
    padding_idx : int, optional
        A row that receives no gradient; it may be counted from the end.

    Returns
    -------
    Tensor, shape (…, D)
        With the axes of `input` first.

    Raises
    ------
    DTypeError
        When `input` is not of integers.
    IndexingError
        For a row that the table does not have.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> table = ad.parameter([[1.0], [2.0], [3.0]])
    >>> ad.embedding([2, 2, 0], table).sum().backward()
    >>> table.grad.numpy().tolist()
    [[1.0], [0.0], [2.0]]
    """

    name, label = "embedding", "embed"
    tex = r"$y = {$b}_{[$a]}"
    vjp_tex = (r"\text{no gradient}", r"\mathrm{zeros}\ \text{with}\ [$a] \mathrel{+}= $g")

    def check(input, weight, *, padding_idx):
        w, dtype = shape_of(weight), np.dtype(getattr(input, "dtype", type(input)))
        if len(w) != 2:
            raise ShapeError("embedding", "weight (rows, D)", f"weight {w}")
        if dtype.kind not in "iu":
            raise DTypeError("embedding", "row numbers of an integer dtype", str(dtype))
        if padding_idx is not None and not -w[0] <= padding_idx < w[0]:
            raise IndexingError("embedding", f"padding_idx below {w[0]}", repr(padding_idx))
        if getattr(input, "size", 1):
            low, high = int(np.min(input)), int(np.max(input))
            if low < 0 or high >= w[0]:
                got = f"{low if low < 0 else high} in input {shape_of(input)}"
                raise IndexingError("embedding", f"row numbers 0 to {w[0] - 1}", got)

    def forward(xp, input, weight, *, padding_idx=None):
        return xp.take(weight, input, axis=0)

    def vjp(xp, g, out, input, weight, *, padding_idx):
        rows, width = weight.shape

        def to_weight():
            sent = g
            if padding_idx is not None:
                sent = xp.where(xp.expand_dims(xp.equal(input, padding_idx % rows), -1), 0, g)
            # numbers of elements, not of rows: adding at one axis is several times faster
            places = xp.expand_dims(xp.take(xp.arange(rows) * width, input), -1) + xp.arange(width)
            total = call(
                ScatterAt, xp, xp.reshape(sent, (sent.size,)),
                index=xp.reshape(places, (sent.size,)), shape=(rows * width,),
            )  # fmt: skip
            return xp.reshape(total, (rows, width))

        return None, to_weight

    def reference(input, weight, *, padding_idx=None):
        return weight[np.asarray(input)]

    def samples(rng):
        w, rows = rng.normal(size=(5, 3)), np.array([[4, 0, 4], [1, 1, 1]])
        return [
            Sample(rows, w),
            Sample(rows[0].astype(np.uint8), w),
            Sample(np.int64(2), w),
            Sample(rows[:0], w),
        ]

    fails = Failure(IndexingError, r"embedding: expected row numbers 0 to 1, got 2", [0, 2],
                    [[1.0], [2.0]])  # fmt: skip


class Dropout(Op):
    """Set elements to 0 at random and scale the others, so that the mean stays.

    The mask is drawn when the function is called and is an input of its own, so that a
    replay sees the same one.

    Parameters
    ----------
    input : array_like
    p : float
        The probability of 0.
    training : bool
        False returns `input` as it is.
    rng : numpy.random.Generator or int, optional
        What draws the mask; a generator of the package's own where it is left out.
    mask : array_like of bool, optional
        The elements to keep, instead of drawing them.

    Raises
    ------
    ArgumentError
        For a probability outside 0 to 1.
    ShapeError
        When `mask` does not broadcast to `input`.

    Notes
    -----
    Formula: Srivastava et al., JMLR 15 (2014).

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.dropout([1.0, 2.0, 3.0], 0.5, mask=[True, False, True])
    tensor([2., 0., 6.], shape=(3,), dtype=float64)
    """

    name, label = "dropout", "dropout"
    order = ("input", "p", "training", "rng", "mask")
    tex = r"$y = \tfrac{1}{1 - p} \, $a \odot $b"
    vjp_tex = (r"\tfrac{1}{1 - p} \, $g \odot $b", r"\text{no gradient}")

    def prepare(input, mask=None, *, p=0.5, training=True, rng=None):
        params = {"p": p, "training": training, "rng": None}
        if not 0 <= p <= 1:
            raise ArgumentError("dropout", "a probability p from 0 to 1", repr(p))
        if not training or (mask is None and p == 0):
            return (input, None), params
        return (input, draw_mask(input, p, rng) if mask is None else mask), params

    def check(input, mask=None, *, p, training, rng):
        x, m = shape_of(input), shape_of(mask)
        if mask is not None and (len(m) > len(x) or np.broadcast_shapes(x, m) != x):
            raise ShapeError("dropout", f"a mask that broadcasts to {x}", f"mask {m}")

    def forward(xp, input, mask=None, *, p=0.5, training=True, rng=None):
        if mask is None:
            return xp.asarray(input)
        return xp.where(mask, input * _kept_scale(p), 0)

    def vjp(xp, g, out, input, mask=None, *, p, training, rng):
        return g if mask is None else xp.where(mask, g * _kept_scale(p), 0), None

    def reference(input, mask=None, *, p=0.5, training=True, rng=None):
        return np.multiply(input, 1 if mask is None or not training else np.divide(mask, 1 - p))

    def samples(rng):
        x = rng.normal(size=(3, 4))
        kept = rng.random((3, 4)) < 0.5
        return [
            Sample(x, kept),
            Sample(x, kept, p=0.2),
            Sample(x, kept[0], p=0.9),
            Sample(x, kept, training=False),
            Sample(x, p=0.0),
            Sample(x[:0]),
            Sample(x.astype(np.float32), kept),
        ]

    fails = Failure(ArgumentError, r"dropout: expected a probability", [1.0], p=1.5)


def draw_mask(like: Any, p: float, rng: Any = None) -> Any:
    """Return what dropout keeps of an array of the shape of `like`, on its backend."""
    array = like._data if isinstance(like, Tensor) else like
    generator = GENERATOR if rng is None else np.random.default_rng(rng)
    kept = generator.random(np.shape(array), dtype=np.float32) >= p
    if isinstance(array, (list, tuple)):
        return kept
    return namespace(array).asarray(kept)


def _kept_scale(p: float) -> float:
    return 1 / (1 - p) if p < 1 else 0.0
