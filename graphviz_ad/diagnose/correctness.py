"""Gradients that are wrong: what the backward pass gave, beside central finite differences."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from graphviz_ad.diagnose.finding import Finding
from graphviz_ad.diagnose.measures import Measures
from graphviz_ad.diagnose.rules.base import Rule
from graphviz_ad.errors import ArgumentError, GraphvizADError
from graphviz_ad.trace.debug.target import find_node
from graphviz_ad.trace.explain.check import check, check_edge, check_op
from graphviz_ad.trace.explain.differences import CheckedElement, tolerance
from graphviz_ad.trace.model import OpNode, ValueNode
from graphviz_ad.trace.trace import Trace

__all__ = ["check_gradients", "wrong_sign"]

_SAME_SIZE = 0.01  # how far from −1 the ratio of a gradient of the wrong sign may be


def wrong_sign(gradient: float, difference: float) -> bool:
    """Whether a derivative is what differences give, with the sign turned round.

    Examples
    --------
    >>> from graphviz_ad.diagnose.correctness import wrong_sign
    >>> wrong_sign(-2.0, 2.0), wrong_sign(-4.0, 2.0), wrong_sign(0.0, 0.0)
    (True, False, False)
    """
    return gradient != 0 and abs(gradient + difference) <= _SAME_SIZE * abs(gradient)


def check_gradients(measures: Measures, targets: Any) -> tuple[list[Finding], list[str]]:
    """Compare the gradients that a person points at with central differences in float64.

    Of an operation, its VJP for every input; of a value, its gradient, and where that is wrong
    the VJPs of all operations between it and the loss. Elements at a kink (the derivatives from
    the left and from the right differ, as of relu at 0 or of a maximum whose winner switches)
    are not judged. The limits are those of `graphviz_ad.trace.explain.differences.tolerance`.

    Parameters
    ----------
    measures : Measures
    targets : True, or one or several of Tensor, str, ValueNode, OpNode
        True for every operation.

    Returns
    -------
    findings : list of Finding
        Of kind ``"wrong-gradient"``, one for each VJP that is wrong.
    notes : list of str
        What agrees, and what could not be judged.

    Raises
    ------
    TraceError
        For a target that the trace has not, or a trace without the rules of its operations.
    """
    trace = measures.trace
    edges: dict[int, None] = {}
    findings, notes = [], []
    for node in _nodes(trace, targets):
        result = check_op(trace, node.id) if isinstance(node, OpNode) else check(trace, node.id)
        if result.note:
            notes.append(f"{result.label} was not checked: {result.note}")
        elif result.ok and targets is not True:
            notes.append(_agrees(result.label, len(result.elements), result.size, result.kinks))
        elif not result.edges and isinstance(node, ValueNode):
            worst = next(element for element in result.elements if not element.ok)
            findings.append(_wrong_value(measures, node, worst))
        edges.update(dict.fromkeys(result.edges))
    found = [_wrong_vjp(measures, edge) for edge in edges]
    if targets is True and not found:
        notes.append("every VJP agrees with central differences")
    return [*found, *findings], notes


def _nodes(trace: Trace, targets: Any) -> list[ValueNode | OpNode]:
    if targets is True:
        return list(trace.graph.ops)
    single = isinstance(targets, str | ValueNode | OpNode) or hasattr(targets, "requires_grad")
    if not single and not isinstance(targets, Iterable):
        expected = "check=True, or tensors, names and nodes"
        raise ArgumentError("diagnose", expected, type(targets).__name__)
    given = [targets] if single else list(targets)
    found = [find_node(trace, target, "diagnose") for target in given]
    return list({node.key: node for node in found}.values())


def _agrees(label: str, judged: int, size: int, kinks: tuple[CheckedElement, ...]) -> str:
    at_kinks = f"; {len(kinks)} at a kink were not judged" if kinks else ""
    return f"{label} agrees with central differences ({judged} of {size} checked{at_kinks})"


def _wrong_vjp(measures: Measures, edge: int) -> Finding:
    trace = measures.trace
    end = trace.graph.edges[edge]
    op, value = trace.graph.ops[end.op], trace.graph.values[end.value]
    name = trace.rules.input_name(op.id, end.slot) if trace.rules is not None else str(end.slot)
    try:
        element = check_edge(trace, edge)
    except GraphvizADError as error:
        return Rule.finding(
            measures, "wrong-gradient", "error", op, node=value,
            title=f"the VJP of {Rule.name(measures, op)} for input {name!r} fails",
            cause=f"{error}.", advice="see the page of the operation, and ad.testing.check_op",
            slot=float(end.slot),
        )  # fmt: skip
    limit = tolerance(trace.graph.values[op.outputs[0]].dtype)
    flipped = wrong_sign(element.gradient, element.difference)
    return Rule.finding(
        measures, "wrong-gradient", "error", op, node=value,
        title=f"the VJP of {Rule.name(measures, op)} for input {name!r} "
        + ("has the wrong sign" if flipped else "is wrong"),
        cause=f"It gives {element.gradient:.4g} along a direction in which central differences "
        f"give {element.difference:.4g}.",
        advice="turn the sign of that input’s rule round" if flipped else
        "compare that input’s rule with the derivative on paper; ad.testing.check_op checks a "
        "rule by itself",
        reach=[op.id], threshold=_crossed(element.error, limit),
        error=element.error, limit=limit, slot=float(end.slot),
        gradient=element.gradient, difference=element.difference,
    )  # fmt: skip


def _wrong_value(measures: Measures, node: ValueNode, element: CheckedElement) -> Finding:
    limit = tolerance(node.dtype)
    flipped = wrong_sign(element.gradient, element.difference)
    user = measures.graph.edges[node.consumers[0]].op if node.consumers else None
    return Rule.finding(
        measures, "wrong-gradient", "error",
        None if user is None else measures.graph.ops[user], node=node,
        title=f"{element.label} " + ("has the wrong sign" if flipped else "is wrong"),
        cause=f"It is {element.gradient:.4g} where central differences give "
        f"{element.difference:.4g}, yet every VJP on the way agrees with differences by itself.",
        advice="look for an operation that gives another result when it is run again",
        threshold=_crossed(element.error, limit), error=element.error, limit=limit,
        gradient=element.gradient, difference=element.difference,
    )  # fmt: skip


def _crossed(error: float, limit: float) -> str:
    size = "not finite" if math.isnan(error) else f"{error:.2g}"
    return f"relative error {size} > {limit:g}"
