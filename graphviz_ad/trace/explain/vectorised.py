"""The rule for all elements at once, with the shapes, and why no other order of factors fits.

For a matrix product the shapes alone mostly settle the rule: of all ways to multiply the
output's gradient and the other operand, transposed or not, one gives the shape that A∇ must
have (Bloem, "Deep learning", MLVU lecture 6).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from graphviz_ad.trace.explain.shown import Shown
from graphviz_ad.trace.notation import vjp_shapes, vjp_tex
from graphviz_ad.trace.trace import Trace

__all__ = ["VectorisedRule", "shape_argument", "vectorised_rule"]

Shape = tuple[int, ...]

_PRODUCTS = ("matmul", "linear")  # their first two operands are multiplied


@dataclass(frozen=True, slots=True, repr=False)
class VectorisedRule(Shown):
    """What an operation sends to one input, for all elements at once.

    Attributes
    ----------
    tex : str
        The rule in LaTeX, with the shapes under the symbols.
    shapes : str
        ``"k∇ (32, 50) → W∇ (64, 50)"``.
    argument : str
        For a product of two matrices: which orders of the factors fit the shapes; empty
        for other operations.
    """

    tex: str
    shapes: str
    argument: str

    def _text(self) -> str:
        return f"{self.shapes}\n{self.argument}" if self.argument else self.shapes


def vectorised_rule(trace: Trace, edge: int) -> VectorisedRule:
    """Return the rule by which the contribution of an edge is computed.

    Parameters
    ----------
    trace : Trace
    edge : int
        An input edge.

    Examples
    --------
    >>> import numpy as np
    >>> import graphviz_ad as ad
    >>> x, W = ad.tensor(np.ones((2, 3)), name="x"), ad.parameter(np.ones((3, 4)), name="W")
    >>> k = x @ W
    >>> vectorised_rule(ad.show_graph(k.sum()).trace, 1)
    k∇ (2, 4) → W∇ (3, 4)
    W∇ is (3, 4): of x and k∇ only xᵀ k∇ has that shape, (3, 2)(2, 4)
    """
    op = trace.graph.ops[trace.graph.edges[edge].op]
    return VectorisedRule(
        vjp_tex(trace, op, edge), vjp_shapes(trace, op, edge), shape_argument(trace, edge)
    )


def shape_argument(trace: Trace, edge: int) -> str:
    """Return why the shapes allow no other order of the factors; empty but for a matrix product.

    Parameters
    ----------
    trace : Trace
    edge : int
        An input edge.
    """
    end = trace.graph.edges[edge]
    op = trace.graph.ops[end.op]
    if op.op not in _PRODUCTS or end.slot > 1 or trace.contribution(edge) is None:
        return ""
    (other,) = (e for e in op.inputs if trace.graph.edges[e].slot == 1 - end.slot)
    return _argument(trace, end.value, trace.graph.edges[other].value, op.outputs[0])


def _argument(trace: Trace, value: int, other: int, output: int) -> str:
    """Say which products of the other operand and the output's gradient have A∇'s shape."""
    values = trace.graph.values
    target = values[value].shape
    if any(len(values[v].shape) != 2 for v in (value, other, output)):
        return ""
    factors = [
        (trace.value_label(other), values[other].shape),
        (trace.gradient_label(output), values[output].shape),
    ]
    fitting = []
    for (first, a), (second, b) in (factors, factors[::-1]):
        for turned in product((False, True), repeat=2):
            left, right = (a[::-1] if turned[0] else a), (b[::-1] if turned[1] else b)
            if left[1] == right[0] and (left[0], right[1]) == target:
                written = f"{_turned(first, turned[0])} {_turned(second, turned[1])}"
                fitting.append((written, f"{left}{right}"))
    names = " and ".join(name for name, _ in factors)
    head = f"{trace.gradient_label(value)} is {target}: of {names}"
    if len(fitting) == 1:
        return f"{head} only {fitting[0][0]} has that shape, {fitting[0][1]}"
    listed = ", ".join(written for written, _ in fitting)
    return f"{head} the shapes allow {listed}; they do not settle it alone"


def _turned(name: str, turned: bool) -> str:
    shown = name if name.isidentifier() or name.endswith("∇") else f"({name})"
    return f"{shown}ᵀ" if turned else shown
