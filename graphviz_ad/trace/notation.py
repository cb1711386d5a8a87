"""A trace in the lectures' notation: LaTeX of values, of operations and of what they send back.

A∇ is the gradient of the loss with respect to A, of A's own shape (Bloem, "Deep
learning", MLVU lecture 6 and DLVU lecture 2).
"""

from __future__ import annotations

import re
from string import Template

from graphviz_ad.trace.explain.contributions import broadcast_axes
from graphviz_ad.trace.model import OpNode
from graphviz_ad.trace.trace import Trace

__all__ = ["forward_shapes", "forward_tex", "term_tex", "value_tex", "vjp_shapes", "vjp_tex"]

_GREEK = {
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda",
    "mu", "nu", "xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega", "Gamma",
    "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Phi", "Psi", "Omega",
}  # fmt: skip
_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
    "_": r"\_", "%": r"\%", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
}  # fmt: skip
_IDENTIFIER = re.compile(r"([A-Za-z]+)(?:_?(\d+)|_(\w+)|\[(\d+)\])?")
_TRANSPOSED = re.compile(r"(?:\{\$(\w+)\}|\$(\w+))\^\\top")
_INDEXED = re.compile(r"\{\$(\w+)\}_|\$\{(\w+)\}_")
_TERMS = re.compile(r"[-+]")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_LETTERS = "abcdefghijklmnopqrstuvwx"


def value_tex(trace: Trace, value: int) -> str:
    """Return the LaTeX of what a value is called.

    Letters and Greek names are set in italics with their number or suffix as a
    subscript, words upright, and expressions as the code they are.
    """
    return _name_tex(trace.value_label(value))


def _name_tex(label: str) -> str:
    plain = label.rstrip("∇")
    if plain and plain != label:
        # the gradient of a gradient is set in one superscript; braces let it take another
        power = r"\nabla" * (len(label) - len(plain))
        return f"{{{_name_tex(plain)}^{{{power}}}}}"
    if _NUMBER.fullmatch(label):
        return label
    match = _IDENTIFIER.fullmatch(label)
    if match is None:
        return rf"\texttt{{{_escape(label)}}}"
    stem, *suffixes = match.groups()
    suffix = next((s for s in suffixes if s), "")
    if stem in _GREEK:
        stem = f"\\{stem}"
    elif len(stem) > 1:
        stem = rf"\mathit{{{stem}}}"
    if not suffix:
        return stem
    subscript = suffix if len(suffix) == 1 or suffix.isdigit() else rf"\mathit{{{_escape(suffix)}}}"
    return f"{stem}_{{{subscript}}}"


def forward_tex(trace: Trace, op: OpNode) -> str:
    """Return the op's forward rule with its values and, below them, their shapes filled in."""
    return _fill(op.tex, _symbols(trace, op))


def vjp_tex(trace: Trace, op: OpNode, edge: int) -> str:
    """Return what `op` sends along input edge `edge`; empty where it sends nothing.

    A value with several consumers gets a ``+=``: its gradient is the sum of what
    they send (multivariate chain rule).
    """
    if trace.contribution(edge) is None:
        return ""
    end = trace.graph.edges[edge]
    if end.slot >= len(op.vjp_tex):
        return ""
    symbols = _symbols(trace, op)
    sign = "=" if trace.arrival(edge)[1] == 1 else r"\mathrel{+}="
    target = _shaped(_gradient_tex(trace, end.value), trace.graph.values[end.value].shape)
    return f"{target} {sign} {_summed(trace, op, edge, symbols)}"


def term_tex(trace: Trace, op: OpNode, edge: int) -> str:
    """Return the right-hand side of `vjp_tex` without shapes: a term of the value's gradient."""
    end = trace.graph.edges[edge]
    if trace.contribution(edge) is None or end.slot >= len(op.vjp_tex):
        return ""
    return _summed(trace, op, edge, _symbols(trace, op, shaped=False))


def _summed(trace: Trace, op: OpNode, edge: int, symbols: dict[str, str]) -> str:
    """Return the op's rule, with the sum over the axes on which the value was broadcast."""
    end = trace.graph.edges[edge]
    rule = _fill(op.vjp_tex[end.slot], symbols)
    axes = broadcast_axes(trace.sent_shape(edge), trace.graph.values[end.value].shape)
    if not axes:
        return rule
    rule = rf"\left({rule}\right)" if _TERMS.search(op.vjp_tex[end.slot]) else rule
    named = "axis" if len(axes) == 1 else "axes"
    return rf"\sum_{{\text{{{named} {', '.join(map(str, axes))}}}}} {rule}"


def forward_shapes(trace: Trace, op: OpNode) -> str:
    """Return the op's shapes in one line: ``"(32, 64), (64, 50) → (32, 50)"``."""
    edges = trace.graph.edges
    taken = [trace.graph.values[edges[e].value].shape for e in op.inputs]
    made = [trace.graph.values[v].shape for v in op.outputs]
    return f"{_list(taken)} → {_list(made)}"


def vjp_shapes(trace: Trace, op: OpNode, edge: int) -> str:
    """Return the shapes of a contribution: ``"y∇ (32, 50) → W∇ (64, 50)"``."""
    value = trace.graph.edges[edge].value
    made = ", ".join(f"{trace.gradient_label(v)} {_shape(trace, v)}" for v in op.outputs)
    return f"{made} → {trace.gradient_label(value)} {_shape(trace, value)}"


def _gradient_tex(trace: Trace, value: int) -> str:
    tex = value_tex(trace, value)
    # ∇ binds to a name; around an expression there must be brackets
    return f"({tex})^{{\\nabla}}" if tex.startswith(r"\texttt") else f"{tex}^{{\\nabla}}"


def _fill(template: str, symbols: dict[str, str]) -> str:
    # A symbol with an index keeps its shape to itself: the index would drop below it.
    plain = _INDEXED.sub(lambda found: f"${{{found[1] or found[2]}_plain}}_", template)
    # A transpose has the transposed shape under it, so that one can multiply the shapes.
    plain = _TRANSPOSED.sub(lambda found: f"${{{found[1] or found[2]}_transposed}}", plain)
    return Template(plain).safe_substitute(symbols)


def _symbols(trace: Trace, op: OpNode, shaped: bool = True) -> dict[str, str]:
    symbols = {name: str(value) for name, value in op.params.items()}

    def add(name: str, tex: str, value: int) -> None:
        shape = trace.graph.values[value].shape if shaped else ()
        symbols[name] = _shaped(tex, shape)
        symbols[f"{name}_plain"] = f"{{{tex}}}"
        turned = (*shape[:-2], *shape[:-3:-1])
        symbols[f"{name}_transposed"] = _shaped(f"{{{tex}}}^{{\\top}}", turned)

    edges = trace.graph.edges
    names = []
    for edge in op.inputs:
        value, slot = edges[edge].value, edges[edge].slot
        tex = value_tex(trace, value)
        names.append(_shaped(tex, trace.graph.values[value].shape if shaped else ()))
        if slot < len(_LETTERS):
            add(_LETTERS[slot], tex, value)
    symbols["all"] = r",\, ".join(names if len(names) <= 4 else [*names[:3], r"\ldots", names[-1]])
    for slot, value in enumerate(op.outputs):
        for suffix in (str(slot), "") if slot == 0 else (str(slot),):
            add(f"y{suffix}", value_tex(trace, value), value)
            add(f"g{suffix}", _gradient_tex(trace, value), value)
    return symbols


def _shaped(tex: str, shape: tuple[int, ...]) -> str:
    return rf"{{\underset{{\scriptscriptstyle {shape}}}{{{tex}}}}}" if shape else f"{{{tex}}}"


def _shape(trace: Trace, value: int) -> str:
    return str(trace.graph.values[value].shape)


def _list(shapes: list[tuple[int, ...]]) -> str:
    texts = [str(shape) for shape in shapes]
    return ", ".join(texts if len(texts) <= 4 else [*texts[:3], "…", texts[-1]])


def _escape(text: str) -> str:
    return "".join(_SPECIAL.get(c, c) for c in text)
