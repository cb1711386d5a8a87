"""Parameters that got no gradient, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from graphviz_ad.diagnose.families import RECTIFIERS, STEPS, WEIGHTED
from graphviz_ad.diagnose.finding import Finding
from graphviz_ad.diagnose.measures import Measures
from graphviz_ad.diagnose.numbers import array_of
from graphviz_ad.diagnose.rules.base import Rule, register
from graphviz_ad.trace.model import OpNode, ValueNode

__all__ = ["NoGradient"]


@register
class NoGradient(Rule):
    """A parameter without a gradient: detached, not on the path, frozen, or multiplied by exact 0.

    Frozen parameters are one finding of severity info, no alarm; a network whose loss asks for
    nothing (all zero from the loss on) is left alone. One finding for each op that lost the
    gradient, however many parameters. No threshold: the gradient is absent or exactly 0.
    """

    def check(self, measures: Measures) -> Iterable[Finding]:
        """Return the findings, in the order of the parameters."""
        trace = measures.trace
        lost: dict[tuple[int, str], list[ValueNode]] = defaultdict(list)
        for value in trace.graph.values:
            if value.role != "parameter":
                continue
            gradient = trace.gradient(value.id)
            if gradient is None:
                op = self._not_sent(measures, value)
                if op is not None:
                    lost[op.id, "absent"].append(value)
            elif np.size(gradient) and not np.any(array_of(gradient)):
                edge = self._zeroed(measures, value)
                if edge is not None:
                    lost[measures.graph.edges[edge].op, self._why(measures, edge)].append(value)
        for (op_id, why), values in lost.items():
            if why != "silent":
                yield self._found(measures, measures.graph.ops[op_id], why, values)
        yield from self._missing(measures)
        yield from self._frozen(measures)

    def _not_sent(self, measures: Measures, value: ValueNode) -> OpNode | None:
        """Return the op nearest to `value` on the way to the loss that sends nothing back."""
        graph, stack, seen = measures.graph, [value.id], {value.id}
        while stack:
            for edge in graph.values[stack.pop()].consumers:
                op = graph.ops[graph.edges[edge].op]
                for out in op.outputs:
                    if measures.trace.gradient(out) is not None:
                        return op
                    if out not in seen:
                        seen.add(out)
                        stack.append(out)
        return None

    def _zeroed(self, measures: Measures, value: ValueNode) -> int | None:
        """Return the edge on which the gradient became exactly 0."""
        current, onward = value.id, measures.onward
        while current in onward:
            edge, out = onward[current]
            if np.any(array_of(measures.trace.contribution(edge))):
                return None  # contributions cancel
            if measures.gradient_norm(out):
                return edge
            current = out
        return None

    def _why(self, measures: Measures, edge: int) -> str:
        end = measures.graph.edges[edge]
        op = measures.graph.ops[end.op]
        if op.op in RECTIFIERS:
            return "rectifier"
        if op.op in STEPS:
            return "steps"
        layer = measures.layer_of.get(op.id)
        others = [
            measures.graph.edges[e].value for e in op.inputs
            if e != edge and measures.graph.edges[e].slot < 2
        ]  # fmt: skip
        multiplies = op.op in WEIGHTED | {"multiply", "divide"}
        zeros = [v for v in others if multiplies and measures.data_rms(v) == 0]
        if layer is not None and zeros:
            if edge == layer.weight:
                return "zero input"
            # zero weights that do get a gradient are a custom: they move at the first step
            return "silent" if measures.gradient_norm(zeros[0]) else "zero weights"
        if op.id not in measures.body and op.id not in measures.layer_of and not zeros:
            return "silent"
        return "zero factor" if zeros else "zero"

    def _found(self, measures: Measures, op: OpNode, why: str, values: list[ValueNode]) -> Finding:
        labels = [measures.trace.value_label(v.id) for v in values]
        names = ", ".join(labels[:3]) + (f" and {len(labels) - 3} more" if len(labels) > 3 else "")
        name = self.name(measures, op)
        causes = {
            "absent": f"{name} sends nothing back: it has no derivative there.",
            "rectifier": f"Every input of {name} that counts is at or below 0.",
            "steps": f"{name} is constant between its jumps: its derivative is 0 everywhere.",
            "zero input": f"What enters {name} is 0 everywhere, and so is its weights’ gradient.",
            "zero weights": f"The weights of {name} are all 0 and get no gradient themselves.",
            "zero factor": f"{name} multiplies by exact 0.",
            "zero": f"{name} sends exact 0: nothing of it was selected, or it is flat there.",
        }
        blamed = op
        if why == "zero input":
            blamed = self._rectifier_before(measures, op) or op
        return self.finding(
            measures, "no-gradient", "error", blamed,
            title=f"no gradient reaches {names}"
            + (": it is exactly 0" if why != "absent" else ""),
            cause=causes[why],
            advice="let a gradient through there, or set requires_grad=False if that is meant",
            node=values[0], ranking=[op.id], parameters=float(len(values)),
        )  # fmt: skip

    def _rectifier_before(self, measures: Measures, op: OpNode) -> OpNode | None:
        data = measures.graph.values[measures.graph.edges[measures.layer_of[op.id].data].value]
        while data.producer is not None:
            maker = measures.op_of(data)
            if maker.op in RECTIFIERS:
                return maker
            if not maker.inputs:
                return None
            data = measures.graph.values[measures.graph.edges[maker.inputs[0]].value]
        return None

    def _missing(self, measures: Measures) -> Iterable[Finding]:
        trace = measures.trace
        leaves = [v for v in trace.graph.values if v.producer is None]
        for name, data, requires_grad in measures.parameters:
            same = [v for v in leaves if trace.data(v.id) is data]
            if not requires_grad or any(v.role == "parameter" for v in same):
                continue
            if same:
                user = trace.graph.ops[trace.graph.edges[same[0].consumers[0]].op]
                title, cause = (
                    f"{name} is used detached",
                    f"Its values enter {self.name(measures, user)}, but without its record: "
                    "by detach(), no_grad() or .data.",
                )
            else:
                user = None
                title = f"{name} is not on the path to the loss"
                cause = (
                    "No op that leads to the loss used it: it is left out of forward, or what it "
                    "made was dropped or detached."
                )
            yield self.finding(
                measures, "no-gradient", "error", user, title=title, cause=cause,
                advice="use it in forward without detaching, or set requires_grad=False",
                node=same[0] if same else None, parameters=1.0,
            )  # fmt: skip

    def _frozen(self, measures: Measures) -> Iterable[Finding]:
        frozen = [name for name, _, requires_grad in measures.parameters if not requires_grad]
        if not frozen:
            return
        names = ", ".join(frozen[:3]) + (f" and {len(frozen) - 3} more" if len(frozen) > 3 else "")
        yield self.finding(
            measures, "no-gradient", "info", None,
            title=f"{names}: frozen, so no gradient is asked for",
            cause=f"requires_grad is False for {len(frozen)} of {len(measures.parameters)} "
            "parameters.",
            advice="nothing, if that is meant; else set requires_grad=True",
            parameters=float(len(frozen)),
        )  # fmt: skip
