"""NaN and Inf: the op that first made one of finite operands."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from graphviz_ad.diagnose.finding import Finding
from graphviz_ad.diagnose.measures import Measures
from graphviz_ad.diagnose.numbers import array_of, finite
from graphviz_ad.diagnose.rules.base import Rule, register
from graphviz_ad.trace.model import OpNode

__all__ = ["NonFinite"]

_ADVICE = {
    "overflow": "normalise or scale the operand down, or use a stable form such as logsumexp, "
    "log_softmax or a loss on logits",
    "underflow": "keep the operand from rounding to 0: a larger dtype, an epsilon inside, or a "
    "stable form such as log_softmax or a loss on logits",
    "domain": "keep the operand inside the function's domain, with an epsilon or clip before it",
}


@register
class NonFinite(Rule):
    """The loss or a gradient is not finite: the first op going forward, and backward, that made it.

    Silent while the loss and all gradients are finite: −inf in an attention mask is no fault.
    No threshold: IEEE 754 says what is finite.
    """

    def check(self, measures: Measures) -> Iterable[Finding]:
        """Return at most one finding going forward and one going backward."""
        if measures.healthy_numbers:
            return
        trace = measures.trace
        for value in trace.graph.values:
            if value.producer is None and not finite(trace.data(value.id)):
                array = array_of(trace.data(value.id))
                if value.role == "constant" and not np.isnan(array).any():
                    continue
                yield self._leaf(measures, value.id, array)
                return
        forward = next((op for op in trace.graph.ops if _breaks_forward(measures, op)), None)
        if forward is not None:
            yield self._forward(measures, forward)
        for step in trace.steps[trace.forward_steps :]:
            for sent in step.contributions:
                if step.op is None or finite(trace.contribution(sent.edge)):
                    continue
                op = trace.graph.ops[step.op]
                # of an op that broke going forward one finding says it all
                if op is not forward and all(finite(trace.gradient(v)) for v in step.outputs):
                    yield self._backward(measures, op, sent.edge)
                    return

    def _leaf(self, measures: Measures, value: int, array: Any) -> Finding:
        node, label = measures.graph.values[value], measures.trace.value_label(value)
        index = _first_bad(array)
        user = measures.graph.edges[node.consumers[0]].op if node.consumers else None
        return self.finding(
            measures, "nonfinite", "error", None if user is None else measures.graph.ops[user],
            title=f"{label}{list(index)} = {array[index]} came in with the {node.role}",
            cause=f"{int((~np.isfinite(array)).sum())} of {array.size} elements of {label} "
            "are NaN or Inf before any op has run.",
            advice="clean the data, or look at the update that wrote the parameter",
            node=node, elements=float((~np.isfinite(array)).sum()),
        )  # fmt: skip

    def _forward(self, measures: Measures, op: OpNode) -> Finding:
        trace = measures.trace
        made = next(v for v in op.outputs if not finite(trace.data(v)))
        array = array_of(trace.data(made))
        index = _first_bad(array)
        low, high = _range(measures, op)
        kind, operands = _why_forward(measures, op, array, index)
        where = f"{list(index)}" if index else ""
        return self.finding(
            measures, "nonfinite", "error", op, node=trace.graph.values[made],
            title=f"{self.name(measures, op)} made {array[index]} at {trace.value_label(made)}"
            f"{where} ({kind})",
            cause=f"It is the first op, going forward, that made NaN or Inf of finite operands: "
            f"{operands}.",
            advice=_ADVICE[kind], elements=float((~np.isfinite(array)).sum()),
            input_min=low, input_max=high,
        )  # fmt: skip

    def _backward(self, measures: Measures, op: OpNode, edge: int) -> Finding:
        trace = measures.trace
        value = trace.graph.edges[edge].value
        array = array_of(trace.contribution(edge))
        index = _first_bad(array)
        data = array_of(trace.data(value))
        at = data[index] if data.shape == array.shape else data
        zero = bool(np.all(at == 0))
        kind = _why_zero(measures, value, index) if zero else "overflow"
        label = trace.value_label(value)
        low, high = (float(data.min()), float(data.max())) if data.size else (math.nan, math.nan)
        return self.finding(
            measures, "nonfinite", "error", op, node=trace.graph.values[value],
            title=f"going backward, {self.name(measures, op)} sent {array[index]} to {label}"
            f"{list(index) if index else ''} ({kind})",
            cause=f"It is the first op, going backward, that made NaN or Inf of a finite gradient: "
            f"its derivative is not finite at {label} = {_shown(at)}.",
            advice="add an epsilon inside, or mask the operand before the op, not after it"
            if zero else _ADVICE[kind],
            elements=float((~np.isfinite(array)).sum()), input_min=low, input_max=high,
        )  # fmt: skip


def _breaks_forward(measures: Measures, op: OpNode) -> bool:
    trace = measures.trace
    if not any(not finite(trace.data(v)) for v in op.outputs):
        return False
    given = [v for v in op.params.values() if isinstance(v, float) and not math.isfinite(v)]
    return not given and all(finite(trace.data(measures.graph.edges[e].value)) for e in op.inputs)


def _first_bad(array: Any) -> tuple[int, ...]:
    return tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0]) if array.ndim else ()


def _at(array: Any, index: tuple[int, ...], shape: tuple[int, ...]) -> Any:
    """Return the element of an operand that broadcasting pairs with `index` of the output."""
    try:
        return np.broadcast_to(array, shape)[index]
    except ValueError:
        return None


def _why_forward(
    measures: Measures, op: OpNode, made: Any, index: tuple[int, ...]
) -> tuple[str, str]:
    trace, texts, values = measures.trace, [], []
    for edge in op.inputs:
        value = measures.graph.edges[edge].value
        array = array_of(trace.data(value))
        element = _at(array, index, made.shape)
        label = trace.value_label(value)
        if element is None:
            low, high = (array.min(), array.max()) if array.size else (math.nan, math.nan)
            texts.append(f"{label} between {_shown(low)} and {_shown(high)}")
        else:
            values.append((value, float(element)))
            texts.append(f"{label} = {_shown(element)}")
    zeros = [v for v, element in values if element == 0]
    small = max((abs(element) for _, element in values), default=0.0) < 2
    if zeros and op.op not in ("exp", "exp2", "multiply"):
        return _why_zero(measures, zeros[-1], index), ", ".join(texts)
    if bool(np.isnan(made[index])) or (small and values):
        return "domain", ", ".join(texts)
    return "overflow", ", ".join(texts)


def _why_zero(measures: Measures, value: int, index: tuple[int, ...]) -> str:
    """Return "underflow" when an op rounded to 0 here, and "domain" when the 0 was given."""
    node = measures.graph.values[value]
    if node.producer is None:
        return "domain"
    op = measures.graph.ops[node.producer]
    rounds = {"exp", "exp2", "softmax", "sigmoid", "power", "square", "divide", "multiply", "prod"}
    if op.op not in rounds:
        return "domain"
    given = [array_of(measures.trace.data(measures.graph.edges[e].value)) for e in op.inputs]
    elements = [_at(a, index, node.shape) for a in given]
    zero = any(e is not None and np.all(e == 0) for e in elements)
    return "domain" if zero and op.op not in ("exp", "exp2", "softmax", "sigmoid") else "underflow"


def _range(measures: Measures, op: OpNode) -> tuple[float, float]:
    for edge in op.inputs:
        array = array_of(measures.trace.data(measures.graph.edges[edge].value))
        if array.size:
            return float(array.min()), float(array.max())
    return math.nan, math.nan


def _shown(value: Any) -> str:
    array = np.asarray(value)
    return f"{array.item():.4g}" if array.size == 1 else f"values up to {np.abs(array).max():.4g}"
