"""A constant factor that shrinks or grows the gradient by itself."""

from __future__ import annotations

import math
from collections.abc import Iterable

from graphviz_ad.diagnose.finding import Finding
from graphviz_ad.diagnose.measures import Measures
from graphviz_ad.diagnose.rules.base import Rule, register

__all__ = ["OddScale"]


@register
class OddScale(Rule):
    """A product with a constant number inside the network has a gain of its own.

    Silent before a normalisation, and about the factors of parameters and masks.

    Attributes
    ----------
    decades : float
        Attention divides by √d, 1.05 decades for 128 wide heads; embeddings are multiplied by
        √d, 1.35 for 512 (Vaswani et al., "Attention is all you need", NeurIPS 2017).
    """

    decades: float = 1.5

    def check(self, measures: Measures) -> Iterable[Finding]:
        """Return a finding for each such factor."""
        for op in measures.graph.ops:
            if op.op not in ("multiply", "divide") or op.id not in measures.body:
                continue
            ends = [measures.graph.values[measures.graph.edges[e].value] for e in op.inputs]
            factors = [v for v in ends if not v.requires_grad and math.prod(v.shape) == 1]
            sent = [g for e in op.inputs if (g := measures.gain(e)) is not None]
            if len(factors) != 1 or len(sent) != 1 or not math.isfinite(sent[0].per_element):
                continue
            gain = sent[0].per_element
            if abs(gain) < self.decades or measures.normalised(op.outputs[0]):
                continue
            kind = "vanishing" if gain < 0 else "exploding"
            yield self.finding(
                measures, kind, "warning", op,
                title=f"{self.name(measures, op)} by {measures.trace.value_label(factors[0].id)} "
                f"has a gain of {gain:+.2f} decades",
                cause="Every gradient behind it, and every value after it, is scaled by that "
                "constant.",
                advice="leave the factor out, or normalise after it", reach=[op.id],
                threshold=f"|{gain:.2f}| ≥ {self.decades:g} decades", gain=gain,
            )  # fmt: skip
