"""The door from a loss to its trace: this file alone of the room sees the recorder."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from graphviz_ad.backend import is_array
from graphviz_ad.diagnose.report import Report, diagnose_trace
from graphviz_ad.diagnose.rules import Rule
from graphviz_ad.errors import ArgumentError
from graphviz_ad.trace.recorder import record_trace
from graphviz_ad.trace.trace import Trace

__all__ = ["diagnose", "parameters_of", "trace_of"]


def diagnose(
    loss: Any,
    parameters: Any = None,
    *,
    rules: Iterable[Rule] = (),
    ignore: Iterable[str] = (),
    check: Any = (),
) -> Report:
    """Say where a network loses its gradient, by how much, and why.

    From one recorded forward and backward pass; nothing of yours is changed, and ``backward()``
    need not have been called. The first axis of the data is taken for the batch. Verdicts are
    made of ratios: they do not depend on the scale of the loss.

    Parameters
    ----------
    loss : Tensor or Trace
        A scalar; of anything else the report says that there was no backward pass.
    parameters : Module, optimiser, or iterable of Tensor, optional
        What should get a gradient: with it, parameters that are not on the path are found.
    rules : iterable of Rule
        Rules with thresholds of your own, in place of the registered ones of the same name.
    ignore : iterable of str
        Kinds of findings to leave out.
    check : True, or Tensor, str, ValueNode, OpNode or several of them, optional
        Compare these gradients with central finite differences in float64: of a value its
        gradient, of an operation its VJP for every input; True for every operation. A wrong
        one is a finding of kind ``"wrong-gradient"``; elements at a kink are not judged.

    Returns
    -------
    Report

    Raises
    ------
    DTypeError
        When `loss` is no Tensor.
    NothingRecordedError
        When no recorded operation led to `loss`.
    ArgumentError
        For `parameters`, `rules` or `check` of another kind.
    TraceError
        For something to check that the graph does not have.

    Examples
    --------
    >>> import numpy as np
    >>> import graphviz_ad as ad
    >>> x, w = ad.tensor(np.ones((4, 3))), ad.parameter(np.full((3, 2), 0.01), name="w")
    >>> report = ad.diagnose((ad.tanh(x @ w) ** 2).mean())
    >>> report.findings[0].kind
    'symmetry'
    """
    trace = loss if isinstance(loss, Trace) else trace_of(loss, sys._getframe(1))
    named = parameters_of(parameters)
    return diagnose_trace(
        trace, rules=rules, ignore=ignore, check=check,
        parameters=[(name, tensor.data, tensor.requires_grad) for name, tensor in named],
    )  # fmt: skip


def trace_of(loss: Any, frame: Any = None) -> Trace:
    """Return the trace of a loss; errors as of `graphviz_ad.show_graph`."""
    return record_trace(loss, None, frame)


def parameters_of(parameters: Any) -> list[tuple[str, Any]]:
    """Return the names and tensors of a module, an optimiser or an iterable of tensors.

    Raises
    ------
    ArgumentError
        For anything else.
    """
    if parameters is None:
        return []
    if hasattr(parameters, "named_parameters"):
        return list(parameters.named_parameters())
    if hasattr(parameters, "param_groups"):
        parameters = [p for group in parameters.param_groups for p in group["params"]]
    expected = "a module, an optimiser or an iterable of tensors"
    if is_array(parameters) or not isinstance(parameters, Iterable):
        raise ArgumentError("diagnose", expected, type(parameters).__name__)
    found = []
    for position, item in enumerate(parameters):
        name, tensor = item if isinstance(item, tuple) else ("", item)
        if not hasattr(tensor, "requires_grad"):
            raise ArgumentError("diagnose", expected, f"one with {type(tensor).__name__}")
        found.append((name or tensor.name or f"parameter {position}", tensor))
    return found
