"""The trace: a frozen bipartite graph, the ordered steps over it, and the arrays.

Nothing here knows the engine: a trace that came from another framework is
made of the same parts and goes through the same later rooms.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import networkx

Role = Literal["parameter", "input", "constant", "intermediate", "output"]
Phase = Literal["forward", "backward"]


@dataclass(frozen=True, slots=True)
class Source:
    """The text in which operations were called: a notebook cell, a file, the REPL.

    Attributes
    ----------
    title : str
        What to call it: ``"cell 4"`` or a file's name.
    filename : str
        The code object's file name.
    first_line : int
        The number of ``lines[0]``, counted from 1.
    lines : tuple of str
        The text; empty when the source is gone.
    """

    title: str
    filename: str
    first_line: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a `Source`: its index in `Graph.sources` and the span of the call.

    Lines count from 1, columns from 0 (in characters); `column` and
    `end_column` are None where the interpreter kept none.
    """

    source: int
    line: int
    end_line: int
    column: int | None = None
    end_column: int | None = None


@dataclass(frozen=True, slots=True)
class ValueNode:
    """An array in the diagram: a leaf, or one output of an operation.

    Attributes
    ----------
    id : int
        Index in `Graph.values`, in creation order.
    name : str
        What the diagram calls it; empty when nothing names it.
    role : str
        ``"parameter"`` (a leaf that requires a gradient), ``"input"`` (a leaf
        tensor that does not), ``"constant"`` (a number or array written in
        the expression), ``"intermediate"``, or ``"output"`` (the value that
        was shown, usually the loss).
    shape : tuple of int
    dtype : str
        NumPy's name of the dtype, such as ``"float64"``.
    requires_grad : bool
        Whether a gradient is computed for it.
    producer : int or None
        The `OpNode` that made it; None for a leaf.
    slot : int
        Which output of the producer it is.
    consumers : tuple of int
        The edges that leave it, in the order in which the operations ran.
    scope : int or None
        The innermost module scope in which it was made (index in `Graph.scopes`).
    location : Location or None
        Where a leaf was made.
    """

    id: int
    name: str
    role: Role
    shape: tuple[int, ...]
    dtype: str
    requires_grad: bool
    producer: int | None = None
    slot: int = 0
    consumers: tuple[int, ...] = ()
    scope: int | None = None
    location: Location | None = None

    @property
    def key(self) -> str:
        """The node's key in drawings and in `Graph.to_networkx`, such as ``"v3"``."""
        return f"v{self.id}"


@dataclass(frozen=True, slots=True)
class OpNode:
    """One application of an operation.

    Attributes
    ----------
    id : int
        Index in `Graph.ops`, in creation order.
    op : str
        The operation's name in the registry, such as ``"matmul"``.
    label : str
        The short glyph drawn in the diamond, such as ``"@"``.
    inputs : tuple of int
        The edges that enter it, one per argument slot.
    outputs : tuple of int
        The values that it made, in output order.
    params : Mapping
        The non-array arguments, by name.
    scope : int or None
        The innermost module scope (index in `Graph.scopes`).
    location : Location or None
        Where it was called.
    tex : str
        The forward rule in LaTeX, a `string.Template` over ``$a``, ``$b``, …
        (inputs) and ``$y`` or ``$y0``, ``$y1``, … (outputs).
    vjp_tex : tuple of str
        One template per input: what the operation sends back to it; ``$g``
        is the gradient of the output.
    doc : str
        What the operation does, in one sentence.
    """

    id: int
    op: str
    label: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    params: Mapping[str, Any] = field(default_factory=dict)
    scope: int | None = None
    location: Location | None = None
    tex: str = ""
    vjp_tex: tuple[str, ...] = ()
    doc: str = ""

    @property
    def key(self) -> str:
        """The node's key in drawings and in `Graph.to_networkx`, such as ``"o3"``."""
        return f"o{self.id}"


@dataclass(frozen=True, slots=True)
class Edge:
    """What joins a value and an operation.

    Attributes
    ----------
    id : int
        Index in `Graph.edges`.
    value, op : int
        The two ends.
    slot : int
        The argument slot (``is_input``) or the output slot.
    is_input : bool
        True from a value into an operation, False from an operation to its output.
    carries_gradient : bool
        Whether the backward pass sends a contribution along it.
    """

    id: int
    value: int
    op: int
    slot: int
    is_input: bool
    carries_gradient: bool


@dataclass(frozen=True, slots=True)
class Scope:
    """One entry of a module scope: each ``with ad.module_scope(...)`` makes its own."""

    id: int
    name: str
    parent: int | None
    path: str


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one consumer of a value adds to the value's gradient, in one step.

    Attributes
    ----------
    edge : int
        The edge along which it travels (an input edge of the step's operation).
    value : int
        The value that receives it.
    arrived, total : int
        It is number `arrived` of `total` (counted from 1).
    """

    edge: int
    value: int
    arrived: int
    total: int


@dataclass(frozen=True, slots=True)
class Step:
    """One move of the forward or the backward pass.

    Attributes
    ----------
    index : int
        Position in `Trace.steps`.
    phase : str
        ``"forward"`` or ``"backward"``.
    op : int or None
        The operation; None for the first backward step, which sets the
        gradient of the output (1 for a scalar loss).
    outputs : tuple of int
        Forward: the values that the step fills. Backward: the values whose
        gradient the step reads.
    contributions : tuple of Contribution
        Backward only: what the step sends, one per input slot that takes a gradient.
    """

    index: int
    phase: Phase
    op: int | None
    outputs: tuple[int, ...]
    contributions: tuple[Contribution, ...] = ()


@dataclass(frozen=True, slots=True)
class Graph:
    """A frozen bipartite graph of values and operations.

    A value only ever connects to operations and an operation only to values;
    repeated operands keep one edge each.
    """

    values: tuple[ValueNode, ...]
    ops: tuple[OpNode, ...]
    edges: tuple[Edge, ...]
    scopes: tuple[Scope, ...] = ()
    sources: tuple[Source, ...] = ()

    def to_networkx(self) -> networkx.MultiDiGraph:
        """Return the graph as a ``networkx.MultiDiGraph``.

        Nodes are keyed ``"v0"``, ``"v1"``, … (values) and ``"o0"``, … (operations),
        with the attribute ``bipartite`` 0 for values and 1 for operations and
        one attribute per field. Edges are keyed by their id and carry ``slot``.
        """
        import networkx as nx

        graph = nx.MultiDiGraph()
        for value in self.values:
            graph.add_node(
                value.key, bipartite=0, name=value.name, role=value.role, shape=value.shape,
                dtype=value.dtype, requires_grad=value.requires_grad,
            )  # fmt: skip
        for op in self.ops:
            graph.add_node(op.key, bipartite=1, op=op.op, label=op.label, params=dict(op.params))
        for edge in self.edges:
            ends = (f"v{edge.value}", f"o{edge.op}")
            graph.add_edge(*(ends if edge.is_input else ends[::-1]), key=edge.id, slot=edge.slot)
        return graph
