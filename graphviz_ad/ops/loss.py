"""Losses of numbers: squared and absolute errors and their mixtures."""

from __future__ import annotations

import numpy as np

from graphviz_ad.engine.op import Failure, Op, Sample
from graphviz_ad.errors import ShapeError
from graphviz_ad.ops.loss_common import pointwise_check, reduced, spread


class MSELoss(Op):
    """Squared error, averaged over all elements: ``mean((input - target)**2)``.

    Parameters
    ----------
    input, target : array_like
        Of one shape, or a single number. Both receive a gradient.
    reduction : {'mean', 'sum', 'none'}

    Raises
    ------
    ShapeError
        For two shapes: a column against a row would silently broadcast to a square.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.mse_loss([1.0, 4.0], [0.0, 2.0]).item()
    2.5
    """

    name, label = "mse_loss", "MSE"
    tex = r"$y = \tfrac{1}{n}\sum ($a - $b)^2"
    vjp_tex = (r"\tfrac{2}{n} $g \, ($a - $b)", r"\tfrac{2}{n} $g \, ($b - $a)")
    check = pointwise_check("mse_loss")

    def forward(xp, input, target, *, reduction="mean"):
        d = input - target
        return reduced(d * d, reduction)

    def vjp(xp, g, out, input, target, *, reduction):
        d = input - target
        sent = spread(2 * g, d.size, reduction) * d
        return sent, lambda: -sent

    def reference(input, target, *, reduction="mean"):
        loss = np.square(np.subtract(input, target))
        return loss if reduction == "none" else getattr(np, reduction)(loss)

    def samples(rng):
        a, b = rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
        return [
            Sample(a, a),
            Sample(a, b),
            Sample(a, b, reduction="sum"),
            Sample(a, b, reduction="none"),
            Sample(a, 0.5),
            Sample(np.float64(1.5), np.float64(0.5)),
            Sample(a.astype(np.float32), b.astype(np.float32)),
            Sample(np.zeros((0, 3)), np.zeros((0, 3)), reduction="sum"),
        ]

    fails = Failure(
        ShapeError, r"mse_loss: expected arrays of one shape", [1.0, 2.0], [[1.0], [2.0]]
    )
