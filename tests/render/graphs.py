"""Test graphs built by hand from the trace model, and a trace to go with them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from graphviz_ad.trace.model import Edge, Graph, OpNode, Scope, ValueNode


class Builder:
    """Makes a Graph in creation order; values are numbered, operations take and return them."""

    def __init__(self) -> None:
        self.values: list[ValueNode] = []
        self.ops: list[OpNode] = []
        self.edges: list[Edge] = []
        self.scopes: list[Scope] = []
        self.consumers: dict[int, list[int]] = {}
        self._scope: int | None = None

    def enter(self, name: str) -> None:
        """Open a module scope inside the present one."""
        path = name if self._scope is None else f"{self.scopes[self._scope].path}.{name}"
        self.scopes.append(Scope(len(self.scopes), name, self._scope, path))
        self._scope = len(self.scopes) - 1

    def leave(self) -> None:
        """Close the present scope."""
        assert self._scope is not None
        self._scope = self.scopes[self._scope].parent

    def leaf(self, name: str, shape: tuple[int, ...] = (), role: str = "parameter") -> int:
        node = ValueNode(
            len(self.values),
            name,
            role,
            shape,
            "float64",
            role == "parameter",
            scope=self._scope,
        )
        self.values.append(node)
        return node.id

    def op(
        self,
        name: str,
        inputs: list[int],
        shapes: list[tuple[int, ...]] | None = None,
        *,
        label: str = "",
        names: tuple[str, ...] = ("",),
        **params: Any,
    ) -> int:
        """Apply an operation; returns its first output."""
        op = len(self.ops)
        grad = any(self.values[v].requires_grad for v in inputs)
        ins, outs = [], []
        for slot, value in enumerate(inputs):
            edge = self._edge(value, op, slot, True, self.values[value].requires_grad)
            ins.append(edge)
            self.consumers.setdefault(value, []).append(edge)
        for slot, shape in enumerate(shapes if shapes is not None else [()]):
            value = len(self.values)
            self.values.append(
                ValueNode(
                    value,
                    names[slot] if slot < len(names) else "",
                    "intermediate",
                    shape,
                    "float64",
                    grad,
                    producer=op,
                    slot=slot,
                    scope=self._scope,
                )
            )
            self._edge(value, op, slot, False, grad)
            outs.append(value)
        self.ops.append(
            OpNode(op, name, label or name, tuple(ins), tuple(outs), params, self._scope)
        )
        return outs[0]

    def _edge(self, value: int, op: int, slot: int, is_input: bool, carries: bool) -> int:
        self.edges.append(Edge(len(self.edges), value, op, slot, is_input, carries))
        return len(self.edges) - 1

    def build(self, output: int | None = None) -> Graph:
        """The frozen graph; the last value, or `output`, is the one that is shown."""
        values = [replace(v, consumers=tuple(self.consumers.get(v.id, ()))) for v in self.values]
        last = len(values) - 1 if output is None else output
        values[last] = replace(values[last], role="output")
        return Graph(tuple(values), tuple(self.ops), tuple(self.edges), tuple(self.scopes))


@dataclass
class FakeTrace:
    """A trace of made-up arrays: enough to draw."""

    graph: Graph
    arrays: dict[int, Any]
    gradients: dict[int, Any]
    reasons: dict[int, str] = field(default_factory=dict)

    @property
    def output(self) -> int:
        return next((v.id for v in self.graph.values if v.role == "output"), 0)

    def data(self, value: int) -> Any:
        return self.arrays[value]

    def gradient(self, value: int) -> Any:
        return self.gradients.get(value)

    def no_gradient(self, value: int) -> str:
        if value in self.gradients:
            return ""
        if not self.graph.values[value].requires_grad:
            return "no gradient required"
        return self.reasons.get(value, "nothing leads from it to the loss")

    def value_label(self, value: int) -> str:
        return self.graph.values[value].name or "·"


def trace_of(graph: Graph, *, unreached: tuple[int, ...] = ()) -> FakeTrace:
    """Arrays for every value, and gradients for those that require one; the same everywhere."""
    arrays, gradients = {}, {}
    for value in graph.values:
        arrays[value.id] = pattern(value.shape, 7919, value.id)
        if value.requires_grad and value.id not in unreached:
            gradients[value.id] = pattern(value.shape, 6271, value.id) / 64
    return FakeTrace(graph, arrays, gradients)


def pattern(shape: tuple[int, ...], stride: int, seed: int) -> Any:
    """Numbers in [-1.5, 1.5] that no random generator and no library function makes."""
    count = math.prod(shape)
    numbers = (np.arange(count, dtype=np.int64) * stride + seed * 37 + 11) % 97 - 48
    return (numbers / 32).reshape(shape)


def product() -> Graph:
    """c = a · b."""
    b = Builder()
    x, y = b.leaf("a"), b.leaf("b")
    b.op("multiply", [x, y], label="×", names=("c",))
    return b.build()


def square() -> Graph:
    """y = x * x: one value in two slots."""
    b = Builder()
    x = b.leaf("x", (4,))
    b.op("sum", [b.op("multiply", [x, x], [(4,)], label="×", names=("y",))], label="Σ")
    return b.build()


def network() -> Graph:
    """cross_entropy(sigmoid(x @ W + b) @ V + c, t), the hidden layer in a module."""
    b = Builder()
    x = b.leaf("x", (32, 64), "input")
    w, bias = b.leaf("W", (64, 50)), b.leaf("b", (50,))
    v, c, t = b.leaf("V", (50, 10)), b.leaf("c", (10,)), b.leaf("t", (32,), "input")
    b.enter("hidden")
    z = b.op("matmul", [x, w], [(32, 50)], label="@")
    z = b.op("add", [z, bias], [(32, 50)], label="+", names=("z",))
    h = b.op("sigmoid", [z], [(32, 50)], label="σ", names=("h",))
    b.leave()
    o = b.op("matmul", [h, v], [(32, 10)], label="@")
    o = b.op("add", [o, c], [(32, 10)], label="+", names=("o",))
    b.op("cross_entropy", [o, t], names=("loss",))
    return b.build()


def split() -> Graph:
    """Two outputs, one of them used."""
    b = Builder()
    x = b.leaf("x", (6, 4))
    first = b.op("split", [x], [(3, 4), (3, 4)], names=("top", "rest"), sections=2)
    loss = b.op("mean", [first], label="μ", names=("loss",))
    return b.build(loss)


def chain(length: int, shape: tuple[int, ...] = ()) -> Graph:
    """x · w · w · …: one parameter with `length` uses."""
    b = Builder()
    h, w = b.leaf("x", shape, "input"), b.leaf("w")
    for _ in range(length):
        h = b.op("multiply", [h, w], [shape], label="×")
    return b.build()


def blocks(count: int, inner: int) -> Graph:
    """A stack of modules of `inner` operations, each in two nested scopes."""
    b = Builder()
    h = b.leaf("x", (8, 16), "input")
    for i in range(count):
        b.enter(f"block {i}")
        w = b.leaf("W", (16, 16))
        skip = h
        b.enter("mlp")
        for _ in range(inner):
            h = b.op("tanh", [b.op("matmul", [h, w], [(8, 16)], label="@")], [(8, 16)])
        b.leave()
        h = b.op("add", [h, skip], [(8, 16)], label="+")
        b.leave()
    b.op("mean", [h], label="μ", names=("loss",))
    return b.build()
