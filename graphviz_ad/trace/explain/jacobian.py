"""The local Jacobian of an operation: whole with its structure named, or sampled where it is large.

A contribution is the gradient of the output times this matrix (vector × Jacobian).
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import numpy as np

from graphviz_ad.errors import TraceError, VJPError
from graphviz_ad.trace.explain.local import local_column, on_backend_of
from graphviz_ad.trace.explain.shown import Shown, host, number
from graphviz_ad.trace.rules import Rules, rules_of
from graphviz_ad.trace.trace import Trace

__all__ = ["Jacobian", "JacobianSample", "jacobian", "structure_of"]

LIMIT = 8_000_000
"""Entries up to which a Jacobian is computed whole (64 MB)."""

_QUICK = 50_000_000  # entries up to which singular values take no time worth waiting for
_SAMPLED_ROWS = 8
_SINGULAR_VALUES = 6


class Jacobian(np.ndarray[Any, Any]):
    """An array of shape output shape + input shape, with a few facts about it.

    Attributes
    ----------
    label : str
        ``"∂y/∂W"``.
    structure : str
        ``"zero"``, ``"diagonal"``, ``"permutation"``, ``"block"`` (independent blocks
        once rows and columns are put in order) or ``"dense"``; of the matrix whose rows
        are the output's elements and whose columns are the input's.
    blocks : int
        How many independent blocks it has.
    output_axes : int
        How many of the axes are the output's.
    """

    label: str
    structure: str
    blocks: int
    output_axes: int

    def __array_finalize__(self, other: Any) -> None:
        # a part of it, or a computation with it, is a plain array without these facts
        self.label, self.structure = "", ""
        self.blocks = self.output_axes = 0

    @property
    def matrix(self) -> Any:
        """The same numbers with a row per element of the output and a column per input element."""
        rows = math.prod(self.shape[: self.output_axes])
        columns = math.prod(self.shape[self.output_axes :])
        return np.asarray(self).reshape(rows, columns)

    def __repr__(self) -> str:
        if not self.label:
            return repr(np.asarray(self))
        told = f" of {self.blocks} blocks" if self.structure == "block" else ""
        # with more axes than two, as the matrix: a page of nested brackets tells nobody anything
        shown = np.asarray(self) if self.ndim <= 2 else self.matrix
        made, taken = self.shape[: self.output_axes], self.shape[self.output_axes :]
        return f"{self.label} {made} + {taken}, {self.structure}{told}\n{shown}"

    __str__ = __repr__


class JacobianSample(Shown):
    """What is told of a Jacobian that is too large to be computed whole.

    Attributes
    ----------
    label : str
    shape : tuple of int
        Output shape + input shape.
    indices : tuple of tuple of int
        The output elements whose rows were computed, spread evenly.
    rows : array
        One row per index, each of the input's shape.
    """

    def __init__(self, local: _Local, label: str, shape: tuple[int, ...]) -> None:
        count = math.prod(local.made)
        flat = np.unique(np.linspace(0, count - 1, min(count, _SAMPLED_ROWS)).round().astype(int))
        self.label = label
        self.shape = shape
        self.indices = tuple(tuple(int(i) for i in np.unravel_index(k, local.made)) for k in flat)
        self.rows = np.stack([local.row(index) for index in self.indices])
        self._local = local

    @cached_property
    def singular_values(self) -> Any:
        """The largest singular values of the matrix; computed when asked for, by products."""
        return _singular_values(self._local)

    def _text(self) -> str:
        size = math.prod(self.shape)
        values = "computed when .singular_values is asked for"
        if size <= _QUICK:
            values = ", ".join(number(v) for v in self.singular_values)
        return (
            f"{self.label} {self.shape}: too large to compute whole ({size:,} entries)\n"
            f"  largest singular values {values}\n"
            f"  rows of {len(self.indices)} output elements in .rows"
        )


def jacobian(
    trace: Trace, op: int, slot: int | str, output: int = 0, *, limit: int = LIMIT
) -> Jacobian | JacobianSample:
    """Return the local Jacobian of an operation's output with respect to one of its inputs.

    Parameters
    ----------
    trace : Trace
    op : int
        The op node.
    slot : int or str
        Which argument: its position, the operation's name for it, or the value's name.
    output : int
        Which output, for an operation with several.
    limit : int
        Entries up to which it is computed whole.

    Returns
    -------
    Jacobian
        An array of shape output shape + input shape, or a `JacobianSample` beyond the limit.

    Raises
    ------
    TraceError
        When the operation has no such input or output, one of them holds no
        floating-point numbers, or the trace holds no rules.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> x = ad.parameter([3.0, 4.0], name="x")
    >>> trace = ad.show_graph((x * x).sum()).trace
    >>> found = jacobian(trace, 0, "x")
    >>> found.shape, found.structure
    ((2, 2), 'diagonal')
    """
    rules = rules_of(trace, "jacobian")
    node = trace.graph.ops[op]
    slot = slot_of(trace, rules, op, slot)
    if not 0 <= output < len(node.outputs):
        raise TraceError("jacobian", f"an output from 0 to {len(node.outputs) - 1}", repr(output))
    made = trace.graph.values[node.outputs[output]]
    taken = _input_value(trace, op, slot)
    source = trace.graph.values[taken]
    for end in (made, source):
        if np.dtype(end.dtype).kind != "f":
            got = f"{trace.value_label(end.id)} of {end.dtype}"
            raise TraceError("jacobian", "floating-point values", got)
    label = f"∂{_bracketed(trace, made.id)}/∂{_bracketed(trace, taken)}"
    shape = (*made.shape, *source.shape)
    local = _Local(trace, rules, op, slot, output, made.shape, source.shape)
    if math.prod(shape) > limit:
        return JacobianSample(local, label, shape)
    found: Jacobian = local.whole().view(Jacobian)
    found.label, found.output_axes = label, len(made.shape)
    found.structure, found.blocks = structure_of(found.matrix)
    return found


def _bracketed(trace: Trace, value: int) -> str:
    label = trace.value_label(value)
    return label if label.isidentifier() else f"({label})"


def slot_of(trace: Trace, rules: Rules | None, op: int, slot: int | str) -> int:
    """Return an argument's position from its position or its name.

    Raises
    ------
    TraceError
        When the operation has no such argument.
    """
    edges = [trace.graph.edges[edge] for edge in trace.graph.ops[op].inputs]
    names: dict[str, int] = {}
    for edge in reversed(edges):
        if rules is not None:
            names[rules.input_name(op, edge.slot)] = edge.slot
    for edge in reversed(edges):
        names[trace.graph.values[edge.value].key] = edge.slot
        names[trace.value_label(edge.value)] = edge.slot
    if isinstance(slot, str) and slot in names:
        return names[slot]
    if isinstance(slot, int) and any(edge.slot == slot for edge in edges):
        return slot
    known = ", ".join(f"{edge.slot} ({trace.value_label(edge.value)})" for edge in edges)
    expected = f"an input of {trace.graph.ops[op].op}"
    raise TraceError("jacobian", expected, repr(slot), f"there are {known}")


def structure_of(matrix: Any) -> tuple[str, int]:
    """Name the structure of a matrix by which entries are not zero, and count its blocks.

    The blocks are the connected components of the graph that joins a row and a column
    where the entry is not zero.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    rows, columns = np.nonzero(matrix)
    if not rows.size:
        return "zero", 0
    height, width = matrix.shape
    once = len(set(rows.tolist())) == len(set(columns.tolist())) == rows.size
    if height == width and np.array_equal(rows, columns):
        return "diagonal", rows.size
    if once and height == width == rows.size and np.all(matrix[rows, columns] == 1):
        return "permutation", rows.size
    ones = np.ones(rows.size, dtype=np.int8)
    joined = coo_array((ones, (rows, columns + height)), shape=(height + width,) * 2)
    _, labels = connected_components(joined, directed=False)
    count = len(np.unique(labels[rows]))
    return ("block" if count > 1 else "dense"), count


class _Local:
    """One operation seen as a linear map from one input to one output."""

    def __init__(
        self, trace: Trace, rules: Rules, op: int, slot: int, output: int,
        made: tuple[int, ...], taken: tuple[int, ...],
    ) -> None:  # fmt: skip
        self.trace, self.rules, self.op, self.slot, self.output = trace, rules, op, slot, output
        self.made, self.taken = made, taken
        self.outputs = trace.graph.ops[op].outputs

    def pull(self, cotangent: Any) -> Any:
        """Return cotangent × Jacobian, of the input's shape."""
        like = self.trace.data(self.outputs[self.output])
        cotangents: list[Any] = [None] * len(self.outputs)
        cotangents[self.output] = on_backend_of(like, cotangent.astype(like.dtype))
        sent = self.rules.pull_back(self.op, cotangents, [self.slot])
        return host(sent[self.slot]) if self.slot in sent else np.zeros(self.taken)

    def push(self, tangent: Any) -> Any:
        """Return Jacobian × tangent, of the output's shape."""
        operand = self.rules.arrays(self.op)[self.slot]
        moved = on_backend_of(operand, tangent.astype(operand.dtype))
        return host(self.rules.push_forward(self.op, self.slot, moved)[self.output])

    def row(self, index: tuple[int, ...]) -> Any:
        start = np.zeros(self.made)
        start[index] = 1
        return self.pull(start)

    def whole(self) -> Any:
        """Return every entry: by columns where those are far fewer than the rows."""
        found = np.zeros((*self.made, *self.taken))
        # a column costs a recorded VJP and its backward pass, a row one VJP
        if 8 * math.prod(self.taken) < math.prod(self.made):
            for at in np.ndindex(self.taken):
                column = local_column(self.trace, self.rules, self.op, self.slot, at)
                found[(..., *at)] = column[self.output]
        else:
            for at in np.ndindex(self.made):
                found[at] = self.row(at)
        return found


def _singular_values(local: _Local) -> Any:
    """Return the largest singular values, from products with the matrix alone (Lanczos)."""
    from scipy.sparse.linalg import LinearOperator, svds

    height, width = math.prod(local.made), math.prod(local.taken)
    shorter = min(height, width)
    if shorter <= _SINGULAR_VALUES:
        rows = (
            [local.row(i).ravel() for i in np.ndindex(local.made)]
            if height == shorter
            else [local.push(t).ravel() for t in _units(local.taken)]
        )
        found: Any = np.linalg.svd(np.stack(rows), compute_uv=False)
        return found
    operator = LinearOperator(
        (height, width),
        matvec=lambda v: local.push(v.reshape(local.taken)).ravel(),
        rmatvec=lambda u: local.pull(u.reshape(local.made)).ravel(),
        dtype=np.float64,
    )
    # a start of our own: the user's random state stays as it is
    start = np.random.default_rng(0).normal(size=shorter)
    try:
        found = svds(operator, k=_SINGULAR_VALUES, v0=start, return_singular_vectors=False)
    except (VJPError, ArithmeticError, np.linalg.LinAlgError):
        return np.zeros(0)
    return np.sort(found)[::-1]


def _units(shape: tuple[int, ...]) -> Any:
    for index in np.ndindex(shape):
        unit = np.zeros(shape)
        unit[index] = 1
        yield unit


def _input_value(trace: Trace, op: int, slot: int) -> int:
    for edge in trace.graph.ops[op].inputs:
        if trace.graph.edges[edge].slot == slot:
            return trace.graph.edges[edge].value
    raise TraceError("jacobian", "an input of the operation", repr(slot))
