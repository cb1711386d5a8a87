"""Exact measures of one recorded forward and backward pass: gains, layers, paths, depth.

Conventions. A trace knows no batch: the **first axis** of the data is taken for it. Units are the
last axis, or axis 1 behind a convolution (N, C, …). The gain of an op is
``log10(‖∂L/∂input‖ / ‖∂L/∂output‖)``, in decades; every verdict is made of such ratios, so that
none depends on the scale of the loss.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from graphviz_ad.diagnose.families import (
    ACTIVATIONS,
    CONVOLUTIONS,
    DROPOUTS,
    NORMALISATIONS,
    SHAPES,
    WEIGHTED,
)
from graphviz_ad.diagnose.numbers import array_of, decades, finite, norm, rms
from graphviz_ad.trace.model import Edge, OpNode, ValueNode
from graphviz_ad.trace.trace import Trace

__all__ = ["Gain", "Layer", "Measures", "Span"]

_LONGEST_BRANCH = 40  # in ops: a pre-norm attention block has about 20


@dataclass(frozen=True, slots=True)
class Gain:
    """What an op does to the size of the gradient on its way to one input.

    Attributes
    ----------
    edge, op : int
        The input edge and its op.
    per_element : float
        In decades, of root mean squares: ``log10(rms(∂L/∂input) / rms(∂L/∂output))``.
    whole : float
        In decades, of Euclidean norms.
    """

    edge: int
    op: int
    per_element: float
    whole: float

    @property
    def mild(self) -> float:
        """The one of the two nearer to 0, and 0 where their signs differ.

        An initialisation keeps the first (fan_out) or the second (fan_in) at 0, and layers
        that change the width change their difference; neither is a fault.
        """
        if math.isnan(self.per_element) or math.isnan(self.whole):
            return math.nan
        if self.per_element * self.whole < 0:
            return 0.0
        return min(self.per_element, self.whole, key=abs)


@dataclass(frozen=True, slots=True)
class Layer:
    """An op with weights: which operand is the data, which the weights.

    Attributes
    ----------
    op : int
    data, weight : int
        The input edges.
    out : int
        The value that it makes.
    fan_in, fan_out : int
        How many inputs reach an output, and how many outputs an input reaches.
    unit_axis : int
        The axis of the weights along which the units lie.
    """

    op: int
    data: int
    weight: int
    out: int
    fan_in: int
    fan_out: int
    unit_axis: int


@dataclass(frozen=True, slots=True)
class Span:
    """Decades that the gradient gains (+) or loses (−) from the network's output to a layer.

    Attributes
    ----------
    layer, top : Layer
        From the output of `top`, the last layer on the way, to the output of `layer`.
    decades : float
        See `Gain.mild`.
    layers : int
        Over how many layers.
    start : int
        The value at which it is measured: the layer's output, or that of its residual block.
    """

    layer: Layer
    top: Layer
    decades: float
    layers: int
    start: int

    @property
    def slope(self) -> float:
        """Decades per layer."""
        return self.decades / max(self.layers, 1)


class Measures:
    """The measures of one trace; each is computed when it is first asked for.

    Parameters
    ----------
    trace : Trace
    parameters : sequence of (str, array, bool)
        Name, data and whether it requires a gradient, of every parameter that should have been
        reached; without them only those in the trace are known.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> from graphviz_ad.diagnose.measures import Measures
    >>> w = ad.parameter(0.0)
    >>> measures = Measures(ad.show_graph(ad.sigmoid(w)).trace)
    >>> round(measures.gain(0).per_element, 3)  # σ′(0) = 1/4
    -0.602
    """

    def __init__(self, trace: Trace, parameters: tuple[tuple[str, Any, bool], ...] = ()) -> None:
        self.trace = trace
        self.graph = trace.graph
        self.parameters = parameters
        self._rms: dict[int, float] = {}
        self._norm: dict[int, float] = {}
        self._data_rms: dict[int, float] = {}
        self._gains: dict[int, Gain | None] = {}

    def gradient_rms(self, value: int) -> float | None:
        """Return the root mean square of a value's gradient; None where there is none."""
        if self.trace.gradient(value) is None:
            return None
        if value not in self._rms:
            self._rms[value] = rms(self.trace.gradient(value))
        return self._rms[value]

    def gradient_norm(self, value: int) -> float | None:
        """Return the Euclidean norm of a value's gradient; None where there is none."""
        if self.trace.gradient(value) is None:
            return None
        if value not in self._norm:
            self._norm[value] = norm(self.trace.gradient(value))
        return self._norm[value]

    def data_rms(self, value: int) -> float:
        """Return the root mean square of a value's data."""
        if value not in self._data_rms:
            self._data_rms[value] = rms(self.trace.data(value))
        return self._data_rms[value]

    def gain(self, edge: int) -> Gain | None:
        """Return the gain of an op to one input; None where no contribution is sent."""
        if edge not in self._gains:
            self._gains[edge] = self._gain(edge)
        return self._gains[edge]

    def _gain(self, edge: int) -> Gain | None:
        sent = self.trace.contribution(edge)
        if sent is None:
            return None
        op = self.graph.ops[self.graph.edges[edge].op]
        reached = [v for v in op.outputs if self.trace.gradient(v) is not None]
        whole = math.hypot(*(self.gradient_norm(v) or 0.0 for v in reached))
        size = sum(math.prod(self.graph.values[v].shape) for v in op.outputs)
        per_element = whole / math.sqrt(max(size, 1))
        return Gain(edge, op.id, decades(rms(sent), per_element), decades(norm(sent), whole))

    @cached_property
    def gains(self) -> tuple[Gain, ...]:
        """The gains of every op to every input that takes a gradient."""
        found = (self.gain(edge.id) for edge in self.graph.edges if edge.is_input)
        return tuple(gain for gain in found if gain is not None)

    @cached_property
    def healthy_numbers(self) -> bool:
        """Whether the loss and every gradient are finite."""
        trace = self.trace
        return finite(trace.data(trace.output)) and all(
            finite(trace.gradient(v.id))
            for v in self.graph.values
            if trace.gradient(v.id) is not None
        )

    @cached_property
    def from_data(self) -> frozenset[int]:
        """The values that depend on data: input tensors, and arrays written in expressions."""
        found: set[int] = set()
        for value in self.graph.values:
            if value.producer is None:
                array_like = value.role == "constant" and value.shape
                if value.role == "input" or array_like:
                    found.add(value.id)
            elif any(self._end(edge) in found for edge in self.op_of(value).inputs):
                found.add(value.id)
        return frozenset(found)

    def _end(self, edge: int) -> int:
        return self.graph.edges[edge].value

    def op_of(self, value: ValueNode) -> OpNode:
        """Return the op that made a value that is no leaf."""
        assert value.producer is not None
        return self.graph.ops[value.producer]

    def operand(self, op: OpNode, slot: int = 0) -> ValueNode | None:
        """Return the value at an argument slot of an op; None for an absent one."""
        for edge in op.inputs:
            if self.graph.edges[edge].slot == slot:
                return self.graph.values[self._end(edge)]
        return None

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """The ops that multiply data with weights, in the order in which they ran."""
        found = (self._layer(op) for op in self.graph.ops if op.op in WEIGHTED)
        return tuple(layer for layer in found if layer is not None)

    def _layer(self, op: OpNode) -> Layer | None:
        ends = [self.graph.edges[edge] for edge in op.inputs]
        data = [e for e in ends if e.value in self.from_data]
        weights = [
            e for e in ends
            if e.value not in self.from_data and len(self.graph.values[e.value].shape) >= 2
            and self.graph.values[e.value].requires_grad
        ]  # fmt: skip
        if len(data) != 1 or not weights:
            return None
        weight = weights[0]
        shape = self.graph.values[weight.value].shape
        fan_in, fan_out, axis = _fans(op.op, shape, weight, data[0])
        return Layer(op.id, data[0].id, weight.id, op.outputs[0], fan_in, fan_out, axis)

    @cached_property
    def layer_of(self) -> dict[int, Layer]:
        """The layers by their ops."""
        return {layer.op: layer for layer in self.layers}

    @cached_property
    def onward(self) -> dict[int, tuple[int, int]]:
        """From a value to the edge and the output through which most of its gradient came.

        The path from a parameter to the loss follows these.
        """
        found: dict[int, tuple[int, int]] = {}
        for value in self.graph.values:
            best = -1.0
            for edge in value.consumers:
                sent = self.trace.contribution(edge)
                if sent is None:
                    continue
                size = norm(sent)
                if not size > best and best >= 0:
                    continue
                op = self.graph.ops[self.graph.edges[edge].op]
                outs = [v for v in op.outputs if self.trace.gradient(v) is not None]
                out = max(outs, key=lambda v: self.gradient_norm(v) or 0.0)
                found[value.id], best = (edge, out), size
        return found

    def path(self, value: int, most: float = math.inf) -> list[int]:
        """Return the input edges along which most of a value's gradient came, to the loss."""
        edges: list[int] = []
        while value in self.onward and len(edges) < most:
            edge, value = self.onward[value]
            edges.append(edge)
        return edges

    @cached_property
    def _above(self) -> dict[int, tuple[int, int]]:
        """From a value to how many layers its path enters, and the last edge that does."""
        found: dict[int, tuple[int, int]] = {}
        for value in reversed(self.graph.values):  # paths lead to values that were made later
            if value.id in self.onward:
                edge, after = self.onward[value.id]
                count, last = found.get(after, (0, -1))
                if self._enters_layer(edge):
                    count, last = count + 1, (edge if last < 0 else last)
                found[value.id] = (count, last)
        return found

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        """The decades from the network's output to every layer that has a gradient."""
        found = []
        for layer in self.layers:
            start = self._trunk(layer.out)
            count, last = self._above.get(start, (0, -1))
            if not count or not self.gradient_norm(start):
                continue
            top = self.layer_of[self.graph.edges[last].op]
            per_element = decades(self.gradient_rms(start) or 0, self.gradient_rms(top.out) or 0)
            whole = decades(self.gradient_norm(start) or 0, self.gradient_norm(top.out) or 0)
            size = Gain(-1, -1, per_element, whole).mild
            if math.isfinite(size):
                found.append(Span(layer, top, size, count, start))
        return tuple(found)

    def _trunk(self, value: int) -> int:
        """Return where a value comes back from a residual branch; itself when it is in none.

        What a branch loses is lost to it alone: the layers before it are reached by the skip.
        """
        current = value
        for _ in range(_LONGEST_BRANCH):
            if current not in self.onward or self._forks(self.graph.values[current]):
                break
            edge, out = self.onward[current]
            op = self.graph.ops[self.graph.edges[edge].op]
            others = [self.graph.values[self._end(e)] for e in op.inputs if e != edge]
            if op.op == "add" and len(others) == 1 and self._forks(others[0]):
                return out
            current = out
        return value

    def _forks(self, value: ValueNode) -> bool:
        return value.id in self.from_data and len(value.consumers) > 1

    def layers_above(self, layer: Layer) -> int:
        """Return how many layers the gradient passed before it came to this one."""
        return self._above.get(layer.out, (0, -1))[0]

    def between(self, span: Span) -> list[int]:
        """Return the input edges on the path of a span, from its layer to its top."""
        path = self.path(span.start)
        return path[: path.index(span.top.data) + 1]

    def _enters_layer(self, edge: int) -> bool:
        layer = self.layer_of.get(self.graph.edges[edge].op)
        return layer is not None and layer.data == edge

    @cached_property
    def body(self) -> frozenset[int]:
        """The ops from which the data still goes into a layer: all but the loss and what it reads.

        The output activation and the loss divide by the batch and may be as they like.
        """
        found: set[int] = set()
        inner: set[int] = set()  # values
        for op in reversed(self.graph.ops):
            if op.id in self.layer_of or any(v in inner for v in op.outputs):
                found.add(op.id)
                inner.update(self._end(edge) for edge in op.inputs)
        return frozenset(found)

    @cached_property
    def activations(self) -> tuple[OpNode, ...]:
        """The activation functions of data."""
        return tuple(
            op for op in self.graph.ops
            if op.op in ACTIVATIONS and op.inputs and self._end(op.inputs[0]) in self.from_data
        )  # fmt: skip

    def layer_before(self, value: int) -> Layer | None:
        """Return the layer that a value comes out of, past biases, norms and reshapes."""
        while (producer := self.graph.values[value].producer) is not None:
            if producer in self.layer_of:
                return self.layer_of[producer]
            op = self.graph.ops[producer]
            passes = op.op in SHAPES | NORMALISATIONS | DROPOUTS | {"add", "subtract", "multiply"}
            data = [self._end(e) for e in op.inputs if self._end(e) in self.from_data]
            if not passes or not data:
                return None
            behind = [v for v in data if self.graph.values[v].producer is not None]
            value = (behind or data)[0]
        return None

    def normalised(self, value: int) -> bool:
        """Whether a value goes into a normalisation, past biases and reshapes: it has no scale."""
        for _ in range(8):
            consumers = self.graph.values[value].consumers
            if len(consumers) != 1:
                return False
            op = self.graph.ops[self.graph.edges[consumers[0]].op]
            if op.op in NORMALISATIONS:
                return True
            if op.op not in SHAPES | {"add"}:
                return False
            value = op.outputs[0]
        return False

    def feeder(self, activation: OpNode) -> Layer | None:
        """Return the layer whose sums an activation is given."""
        given = self.operand(activation)
        return None if given is None else self.layer_before(given.id)

    def per_unit(self, activation: OpNode, value: int | None = None) -> Any:
        """Return what an activation made as a matrix, a column for each unit; None below 2 axes.

        Or another `value` of the same shape, such as what it was given.
        """
        value = activation.outputs[0] if value is None else value
        array = array_of(self.trace.data(value))
        if array.ndim < 2 or array.size == 0:
            return None
        layer = self.feeder(activation)
        behind_conv = layer is not None and self.graph.ops[layer.op].op in CONVOLUTIONS
        axis = 1 if array.ndim == 4 or (behind_conv and array.ndim > 2) else -1
        return np.moveaxis(array, axis, -1).reshape(-1, array.shape[axis])

    @cached_property
    def activation_moments(self) -> tuple[tuple[int, float, float], ...]:
        """Op, mean and standard deviation of every activation of data, by depth; NaN for none."""
        found = []
        for op in self.activations:
            array = array_of(self.trace.data(op.outputs[0])).astype(float)
            with np.errstate(all="ignore"):
                moments = (array.mean(), array.std()) if array.size else (math.nan, math.nan)
            found.append((op.id, float(moments[0]), float(moments[1])))
        return tuple(found)


def _fans(name: str, shape: tuple[int, ...], weight: Edge, data: Edge) -> tuple[int, int, int]:
    if name in CONVOLUTIONS:
        field = math.prod(shape[2:])
        if "transpose" in name:
            return shape[0] * field, shape[1] * field, 1
        return shape[1] * field, shape[0] * field, 0
    if name == "linear":
        return shape[1], shape[0], 0
    if weight.slot > data.slot:  # x @ W
        return shape[-2], shape[-1], len(shape) - 1
    return shape[-1], shape[-2], len(shape) - 2
