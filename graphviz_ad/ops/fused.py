"""Sums with a product in them, under PyTorch's names."""

from __future__ import annotations

from graphviz_ad.engine.op import Failure, Op, Sample
from graphviz_ad.errors import ShapeError


class Lerp(Op):
    """Interpolate linearly: ``input + weight * (end - input)``, with broadcasting.

    Parameters
    ----------
    input, end : array_like
        The results at weight 0 and at weight 1.
    weight : array_like

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.lerp([0.0, 10.0], 20.0, 0.25)
    tensor([ 5. , 12.5], shape=(2,), dtype=float64)
    """

    name, label, method = "lerp", "lerp", True
    tex = r"$y = $a + $c \odot ($b - $a)"
    vjp_tex = (r"$g \odot (1 - $c)", r"$g \odot $c", r"$g \odot ($b - $a)")

    def forward(xp, input, end, weight):
        return input + weight * (end - input)

    def vjp(xp, g, out, input, end, weight):
        return g * (1 - weight), g * weight, lambda: g * (end - input)

    def reference(input, end, weight):
        return (1 - weight) * input + weight * end

    def samples(rng):
        a, b, c = rng.normal(size=(3, 2, 3))
        return [
            Sample(a, b, 0.3),
            Sample(a, b[0], c[:, :1]),
            Sample(a, a, c),
            Sample(1.0, 2.0, 0.5),
            Sample(a[:0], b[:0], 0.5),
        ]

    fails = Failure(ShapeError, "lerp: expected shapes that fit", [1.0, 2.0], [1.0, 2.0, 3.0], 0.5)


class Addcmul(Op):
    """Add a product, element-wise: ``input + value * tensor1 * tensor2``.

    Parameters
    ----------
    input, tensor1, tensor2 : array_like
    value : float

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.addcmul([1.0, 2.0], [3.0, 4.0], 2.0, value=0.5)
    tensor([4., 6.], shape=(2,), dtype=float64)
    """

    name, label, method = "addcmul", "+××", True
    tex = r"$y = $a + v\,$b \odot $c"
    vjp_tex = (r"$g", r"v\,$g \odot $c", r"v\,$g \odot $b")

    def forward(xp, input, tensor1, tensor2, *, value=1):
        return input + value * tensor1 * tensor2

    def vjp(xp, g, out, input, tensor1, tensor2, *, value=1):
        return g, lambda: g * (value * tensor2), lambda: g * (value * tensor1)

    def reference(input, tensor1, tensor2, *, value=1):
        return input + value * (tensor1 * tensor2)

    def samples(rng):
        a, b, c = rng.normal(size=(3, 2, 3))
        return [
            Sample(a, b, c),
            Sample(a, b[0], c[:, :1], value=-0.5),
            Sample(a, a, a, value=2),
            Sample(1.0, 2.0, 3.0),
            Sample(a[:0], b[:0], c[0]),
        ]

    fails = Failure(ShapeError, "addcmul: expected shapes that", [1.0, 2.0], [1.0, 2.0, 3.0], 2.0)


class Addcdiv(Op):
    """Add a quotient, element-wise: ``input + value * tensor1 / tensor2``.

    Parameters
    ----------
    input, tensor1, tensor2 : array_like
    value : float

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.addcdiv([1.0, 2.0], [3.0, 4.0], 2.0)
    tensor([2.5, 4. ], shape=(2,), dtype=float64)
    """

    name, label, method = "addcdiv", "+×÷", True
    tex = r"$y = $a + v\,$b \oslash $c"
    vjp_tex = (r"$g", r"v\,$g \oslash $c", r"-v\,$g \odot $b \oslash {$c}^2")

    def forward(xp, input, tensor1, tensor2, *, value=1):
        return input + value * (tensor1 / tensor2)

    def vjp(xp, g, out, input, tensor1, tensor2, *, value=1):
        return (
            g,
            lambda: g * (value / tensor2),
            lambda: g * (-value * tensor1 / (tensor2 * tensor2)),
        )

    def reference(input, tensor1, tensor2, *, value=1):
        return input + value * tensor1 / tensor2

    def samples(rng):
        a, b, c = rng.normal(size=(3, 2, 3))
        c = 0.5 + c * c
        return [
            Sample(a, b, c),
            Sample(a, b[0], c[:, :1], value=-0.5),
            Sample(c, c, c, value=2),
            Sample(1.0, 2.0, 3.0),
            Sample(a[:0], b[:0], c[0]),
        ]

    fails = Failure(ShapeError, "addcdiv: expected shapes that", [1.0, 2.0], [1.0, 2.0, 3.0], 2.0)


class Addmm(Op):
    """Add a product of matrices: ``beta * input + alpha * (mat1 @ mat2)``.

    Parameters
    ----------
    input : array_like, broadcast to (n, m)
        Not looked at where `beta` is 0, as in PyTorch: NaN in it does not spread.
    mat1 : array_like, (n, k)
    mat2 : array_like, (k, m)
    beta, alpha : float

    Raises
    ------
    ShapeError
        When `mat1` or `mat2` is not a matrix, or the shapes do not fit.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.addmm([1.0], [[1.0, 2.0]], [[3.0], [4.0]], beta=2)
    tensor([[13.]], shape=(1, 1), dtype=float64)
    """

    name, label, method = "addmm", "+@", True
    tex = r"$y = \beta $a + \alpha $b\,$c"
    vjp_tex = (r"\beta\,$g", r"\alpha\,$g\,{$c}^\top", r"\alpha\,{$b}^\top $g")

    def check(input, mat1, mat2, *, beta=1, alpha=1):
        require_axes("addmm", 2, mat1=mat1, mat2=mat2)

    def forward(xp, input, mat1, mat2, *, beta=1, alpha=1):
        return add_product(input, mat1 @ mat2, beta, alpha)

    def vjp(xp, g, out, input, mat1, mat2, *, beta=1, alpha=1):
        return sent_back(g, mat1, mat2, beta, alpha)

    def reference(input, mat1, mat2, *, beta=1, alpha=1):
        return beta * input + alpha * (mat1 @ mat2)

    def samples(rng):
        a, b, c = rng.normal(size=(3, 3, 3))
        return [
            Sample(a[:, :2], b, c[:, :2]),
            Sample(a[0], b[:2], c, beta=0.5, alpha=-2),
            Sample(a, a, a),
            Sample(2.0, b, c, beta=0),
            Sample(a[0, :2], b[:0], c[:, :2]),
        ]

    fails = Failure(ShapeError, r"addmm: expected mat1 with 2 axes", 1.0, [1.0], [[1.0]])


class Baddbmm(Op):
    """Add a stack of matrix products: ``beta * input + alpha * (batch1 @ batch2)``.

    Parameters
    ----------
    input : array_like, broadcast to (b, n, m)
        Not looked at where `beta` is 0, as in PyTorch: NaN in it does not spread.
    batch1 : array_like, (b, n, k)
    batch2 : array_like, (b, k, m)
    beta, alpha : float

    Raises
    ------
    ShapeError
        When `batch1` or `batch2` has not three axes, or the shapes do not fit.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.baddbmm(1.0, [[[1.0, 2.0]]], [[[3.0], [4.0]]])
    tensor([[[12.]]], shape=(1, 1, 1), dtype=float64)
    """

    name, label, method = "baddbmm", "+@", True
    tex = r"$y = \beta $a + \alpha $b\,$c"
    vjp_tex = (r"\beta\,$g", r"\alpha\,$g\,{$c}^\top", r"\alpha\,{$b}^\top $g")

    def check(input, batch1, batch2, *, beta=1, alpha=1):
        require_axes("baddbmm", 3, batch1=batch1, batch2=batch2)

    def forward(xp, input, batch1, batch2, *, beta=1, alpha=1):
        return add_product(input, batch1 @ batch2, beta, alpha)

    def vjp(xp, g, out, input, batch1, batch2, *, beta=1, alpha=1):
        return sent_back(g, batch1, batch2, beta, alpha)

    def reference(input, batch1, batch2, *, beta=1, alpha=1):
        return beta * input + alpha * (batch1 @ batch2)

    def samples(rng):
        a, b, c = rng.normal(size=(3, 2, 3, 3))
        return [
            Sample(a, b, c),
            Sample(a[0, 0], b[:, :2], c, beta=0.5, alpha=-2),
            Sample(a, a, a),
            Sample(a[:0], b[:0], c[:0]),
        ]

    fails = Failure(ShapeError, r"baddbmm: expected batch1 with 3 axes", 1.0, [[1.0]], [[[1.0]]])


def add_product(input, product, beta, alpha):
    """Return ``beta * input + alpha * product``, without a multiplication by 1 or by 0."""
    if alpha != 1:
        product = alpha * product
    if beta == 0:
        return product
    return product + (input if beta == 1 else beta * input)


def sent_back(g, left, right, beta, alpha):
    """Return what ``beta * input + alpha * (left @ right)`` sends to its three operands."""
    scaled = g if alpha == 1 else g * alpha
    return (
        (lambda: g * beta) if beta != 1 else g,
        lambda: scaled @ right.swapaxes(-2, -1),
        lambda: left.swapaxes(-2, -1) @ scaled,
    )


def require_axes(function, ndim, **arrays):
    """Refuse arrays that have not `ndim` axes.

    Raises
    ------
    ShapeError
        Naming the first of them.
    """
    for name, array in arrays.items():
        if array.ndim != ndim:
            raise ShapeError(function, f"{name} with {ndim} axes", f"shape {array.shape}")
