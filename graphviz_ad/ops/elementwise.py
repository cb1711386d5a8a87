"""Element-wise operations: arithmetic, exponentials and the activations."""

from __future__ import annotations

from graphviz_ad.engine.op import Failure, Op, Sample
from graphviz_ad.errors import ShapeError


class Add(Op):
    """Add element-wise, with NumPy's broadcasting: ``a + b``."""

    name, label, operator = "add", "+", "add"
    tex = r"$y = $a + $b"
    vjp_tex = (r"$g", r"$g")

    def forward(xp, a, b):
        return a + b

    def vjp(xp, g, out, a, b):
        return g, g

    def samples(rng):
        a = rng.normal(size=(3, 4))
        return [Sample(a, a), Sample(a, rng.normal(size=4)), Sample(a, 2.0)]

    fails = Failure(ShapeError, r"add: expected shapes that fit", [1.0, 2.0], [1.0, 2.0, 3.0])


class Multiply(Op):
    """Multiply element-wise, with NumPy's broadcasting: ``a * b``."""

    name, label, operator = "multiply", "×", "mul"
    tex = r"$y = $a \odot $b"
    vjp_tex = (r"$g \odot $b", r"$g \odot $a")

    def forward(xp, a, b):
        return a * b

    def vjp(xp, g, out, a, b):
        return g * b, g * a

    def samples(rng):
        a = rng.normal(size=(3, 4))
        return [Sample(a, a), Sample(a, rng.normal(size=(3, 1))), Sample(2.0, a)]

    fails = Failure(ShapeError, r"multiply: expected shapes that fit", [1.0, 2.0], [1.0, 2.0, 3.0])
