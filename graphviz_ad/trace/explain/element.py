"""One element of a gradient as a sum over the elements that it touches, with the numbers in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, overload

import numpy as np

from graphviz_ad.errors import TraceError
from graphviz_ad.trace.explain.local import local_column
from graphviz_ad.trace.explain.reasons import reason
from graphviz_ad.trace.explain.shown import Shown, host, index_text, number
from graphviz_ad.trace.model import OpNode
from graphviz_ad.trace.rules import Rules, rules_of
from graphviz_ad.trace.trace import Trace

__all__ = ["ElementExplanation", "ElementTerm", "element", "element_index"]

_SHOWN = 6
"""Terms written out; the rest are counted."""


@dataclass(frozen=True, slots=True, repr=False)
class ElementTerm(Shown):
    """One product of the sum: an upstream gradient's element times a local derivative.

    Attributes
    ----------
    value : float
        The product.
    upstream : float
        The element of the output's gradient.
    local : float
        The derivative of the output's element with respect to the explained element.
    op : OpNode
        The operation between the two.
    slot : int
        As which argument it takes the explained value.
    edge : int
    output : int
        The value node whose element it is.
    index : tuple of int
        The output's element.
    symbols : str
        ``"k∇[1]·∂k[1]/∂W[3, 2]"``.
    """

    value: float
    upstream: float
    local: float
    op: OpNode
    slot: int
    edge: int
    output: int
    index: tuple[int, ...]
    symbols: str

    @property
    def factors(self) -> tuple[float, float]:
        """The upstream gradient and the local derivative."""
        return self.upstream, self.local

    @property
    def numbers(self) -> str:
        """The product with its numbers in: ``"0.12 · 0.5"``."""
        return f"{number(self.upstream)} · {number(self.local)}"

    def _text(self) -> str:
        return f"{self.symbols} = {self.numbers} = {number(self.value)}"


@dataclass(frozen=True, slots=True)
class _Column:
    """The terms of one edge and one output, as arrays."""

    edge: int
    output: int
    flat: Any  # the output's elements, by their flat index
    upstream: Any
    local: Any


class ElementTerms(Sequence[ElementTerm], Shown):
    """The terms of an element, the largest first; each is made when it is asked for."""

    def __init__(self, trace: Trace, target: str, columns: Sequence[_Column]) -> None:
        self._trace = trace
        self._target = target
        self._columns = columns
        self._upstream = _joined([c.upstream for c in columns])
        self._local = _joined([c.local for c in columns])
        with np.errstate(all="ignore"):
            self._products = self._upstream * self._local
        self._which = np.repeat(np.arange(len(columns)), [len(c.flat) for c in columns])
        self._flat = _joined([c.flat for c in columns]).astype(np.int64)
        size = np.where(np.isnan(self._products), np.inf, np.abs(self._products))
        self._order = np.argsort(-size, kind="stable")

    @property
    def values(self) -> Any:
        """All products, the largest first, as an array."""
        return self._products[self._order]

    def touched(self) -> dict[int, Any]:
        """Return, per output, the flat indices of its elements that the sum runs over."""
        found: dict[int, Any] = {}
        for column in self._columns:
            if len(column.flat):
                before = found.get(column.output, column.flat)
                found[column.output] = np.union1d(before, column.flat)
        return found

    def sums(self) -> list[str]:
        """Return one sum in symbols per operation: ``"Σ_i k∇[i]·∂k[i]/∂W[3, 2]"``."""
        found = []
        for column in self._columns:
            if len(column.flat) == 1:
                index = self._index(column, int(column.flat[0]))
                found.append(self._symbols(column.output, index_text(index)))
            elif len(column.flat):
                found.append(f"Σ_i {self._symbols(column.output, '[i]')}")
        return found

    def _index(self, column: _Column, flat: int) -> tuple[int, ...]:
        shape = self._trace.graph.values[column.output].shape
        return tuple(int(i) for i in np.unravel_index(flat, shape))

    def _symbols(self, output: int, written: str) -> str:
        gradient, name = self._trace.gradient_label(output), self._trace.value_label(output)
        name = name if name.isidentifier() else f"({name})"
        return f"{gradient}{written}·∂{name}{written}/∂{self._target}"

    def __len__(self) -> int:
        return len(self._order)

    @overload
    def __getitem__(self, at: int) -> ElementTerm: ...
    @overload
    def __getitem__(self, at: slice) -> list[ElementTerm]: ...
    def __getitem__(self, at: int | slice) -> ElementTerm | list[ElementTerm]:
        """Return a term, or a list of them for a slice."""
        if isinstance(at, slice):
            return [self[k] for k in range(*at.indices(len(self)))]
        k = int(self._order[at])
        column = self._columns[int(self._which[k])]
        graph = self._trace.graph
        index = self._index(column, int(self._flat[k]))
        edge = graph.edges[column.edge]
        symbols = self._symbols(column.output, index_text(index))
        return ElementTerm(
            float(self._products[k]), float(self._upstream[k]), float(self._local[k]),
            graph.ops[edge.op], edge.slot, edge.id, column.output, index, symbols,
        )  # fmt: skip

    def __iter__(self) -> Iterator[ElementTerm]:
        for k in range(len(self)):
            yield self[k]

    def _text(self) -> str:
        lines = [repr(term) for term in self[:_SHOWN]]
        rest = len(self) - len(lines)
        return "\n".join([*lines, f"and {rest} more"] if rest > 0 else lines)


class ElementExplanation(Shown):
    """One element of a gradient, derived.

    Attributes
    ----------
    label : str
        ``"W∇[3, 2]"``.
    value : int
        The value node.
    index : tuple of int
    terms : sequence of ElementTerm
        The products that are not zero by structure, the largest first.
    total : float
        Their sum.
    gradient : float or None
        The same element as the backward pass computed it.
    reason : str
        What is told where there is no sum: "1 because it is the loss itself", "0 because
        nothing leads there", "no gradient because detached".
    """

    def __init__(
        self, trace: Trace, value: int, index: tuple[int, ...], columns: Sequence[_Column], why: str
    ) -> None:
        label = trace.value_label(value)
        target = f"{label if label.isidentifier() else f'({label})'}{index_text(index)}"
        self.trace = trace
        self.label = f"{trace.gradient_label(value)}{index_text(index)}"
        self.value = value
        self.index = index
        self.terms = ElementTerms(trace, target, columns)
        self.reason = why
        gradient = trace.gradient(value)
        self.gradient = None if gradient is None else float(host(gradient)[index])

    @cached_property
    def total(self) -> float:
        """The sum of the terms; the gradient itself where it is no sum."""
        if len(self.terms):
            return float(np.sum(self.terms.values))
        return 0.0 if self.gradient is None else self.gradient

    @property
    def stages(self) -> tuple[str, ...]:
        """The formula in stages: symbols, the numbers that are known, the products, the value."""
        if not len(self.terms):
            return (f"{self.label}: {self.reason}",)
        shown = self.terms[:_SHOWN]
        rest = len(self.terms) - len(shown)
        more = [f"… {rest} more"] if rest else []
        symbols = " + ".join(self.terms.sums())
        numbers = " + ".join([*(t.numbers for t in shown), *more])
        products = " + ".join([*(_bracketed(t.value) for t in shown), *more])
        stages = [f"{self.label} = {symbols}", f"= {numbers}"]
        return (
            *stages,
            *([f"= {products}"] if len(self.terms) > 1 else []),
            f"= {number(self.total)}",
        )

    def upstream(self, term: int) -> ElementExplanation:
        """Return the explanation of a term's upstream factor, which is a sum of its own."""
        found = self.terms[term]
        return element(self.trace, found.output, found.index)

    def _text(self) -> str:
        indent = " " * (len(self.label) + 1)
        first, *others = self.stages
        return "\n".join([first, *(indent + line for line in others)])


def element(trace: Trace, value: int, index: Any) -> ElementExplanation:
    """Explain one element of a value's gradient.

    For every operation that the value goes into, the column of the local Jacobian is
    computed exactly, as the VJP of its VJP; each entry is multiplied with the gradient
    of the output's element (multivariate chain rule).

    Parameters
    ----------
    trace : Trace
    value : int
        The value node.
    index : int or tuple of int

    Raises
    ------
    TraceError
        When the value has no such element, or the trace holds no rules.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> x = ad.parameter([3.0, 4.0], name="x")
    >>> y = x * x
    >>> trace = ad.show_graph(y.sum()).trace
    >>> element(trace, trace.value("x").id, 1).total
    8.0
    """
    node = trace.graph.values[value]
    index = element_index(node.shape, index, trace.value_label(value))
    why = reason(trace, value)
    columns: list[_Column] = []
    if not why:
        rules = rules_of(trace, "element")
        for edge in node.consumers:
            if trace.contribution(edge) is not None:
                columns += _columns(trace, rules, edge, index)
        if not any(len(column.flat) for column in columns):
            why = "0 because nothing leads there"
    return ElementExplanation(trace, value, index, columns, why)


def element_index(shape: tuple[int, ...], index: Any, label: str) -> tuple[int, ...]:
    """Return an index of one element as a tuple of non-negative numbers.

    Raises
    ------
    TraceError
        When it does not name one element of an array of that shape.
    """
    given = index if isinstance(index, tuple) else (index,)
    whole = all(isinstance(i, (int, np.integer)) and not isinstance(i, bool) for i in given)
    fits = len(given) == len(shape) and whole
    if not fits or not all(-n <= i < n for i, n in zip(given, shape, strict=True)):
        expected = f"the index of one element of {label} {shape}"
        raise TraceError("element", expected, repr(index))
    return tuple(int(i) % n for i, n in zip(given, shape, strict=True))


def _columns(trace: Trace, rules: Rules, edge: int, index: tuple[int, ...]) -> list[_Column]:
    graph = trace.graph
    end = graph.edges[edge]
    outputs = graph.ops[end.op].outputs
    local = local_column(trace, rules, end.op, end.slot, index)
    sent = float(host(trace.contribution(edge))[index])
    found = []
    for output, column in zip(outputs, local, strict=True):
        gradient = trace.gradient(output)
        if gradient is None:
            continue
        upstream = host(gradient).astype(np.float64).ravel()
        column = column.ravel()
        touched = column != 0
        if np.isnan(sent):
            # 0 · ∞ and 0 · NaN are where such a NaN comes from
            touched |= ~np.isfinite(upstream)
        flat = np.flatnonzero(touched)
        found.append(_Column(edge, output, flat, upstream[flat], column[flat]))
    return found


def _joined(parts: list[Any]) -> Any:
    return np.concatenate(parts) if parts else np.zeros(0)


def _bracketed(value: float) -> str:
    return f"({number(value)})" if value < 0 else number(value)
