"""From code objects to source lines, and from source text to the names of values."""

from __future__ import annotations

import ast
import linecache
import os
import sys
from types import CodeType
from typing import Any

from graphviz_ad.trace.model import Location, Source

__all__ = ["Places"]

_CONTEXT = 2
_LONGEST_EXPRESSION = 14

Span = tuple[int, int, int | None, int | None]


class Places:
    """Looks up where code objects were called, one source at a time, and remembers.

    Sources come out with `sources`, cut to the lines that were asked for.
    """

    def __init__(self) -> None:
        self._positions: dict[int, list[Any]] = {}
        self._found: dict[tuple[int, int], tuple[str, Span]] = {}
        self._files: dict[str, int] = {}
        self._lines: dict[str, list[str]] = {}
        self._expressions: dict[str, dict[Span, tuple[ast.AST, ast.AST | None]]] = {}
        self._loops: dict[str, set[str]] = {}  # by file, the variables of its loops
        self._range: dict[str, tuple[int, int]] = {}

    def locate(self, code: CodeType, lasti: int) -> Location:
        """Return the location of the instruction at `lasti`, to be read with `sources`."""
        filename, (line, end_line, column, end_column) = self._span(code, lasti)
        source = self._files.setdefault(filename, len(self._files))
        low, high = self._range.get(filename, (line, end_line))
        self._range[filename] = (min(low, line), max(high, end_line))
        text = self._text(filename)
        return Location(
            source, line, end_line,
            _characters(text, line, column), _characters(text, end_line, end_column),
        )  # fmt: skip

    def assigned_names(self, code: CodeType, lasti: int, outputs: int) -> list[str]:
        """Return what the statement at the call names its results; empty names where it does not.

        ``h = ad.tanh(x)`` names its one output h, ``p, q = ad.split(x, 2)`` names two. A
        short expression that is assigned to nothing is called by its own text.
        """
        node, target = self._expression(code, lasti)
        if target is not None and outputs > 1 and isinstance(target, (ast.Tuple, ast.List)):
            names = [_short(element) for element in target.elts]
            return names if len(names) == outputs else [""] * outputs
        if target is not None and isinstance(target, (ast.Name, ast.Attribute, ast.Subscript)):
            name = _short(target)
            return (
                [name] if outputs == 1 else [f"{name}[{k}]" if name else "" for k in range(outputs)]
            )
        if outputs == 1 and isinstance(node, (ast.BinOp, ast.UnaryOp)):
            return [_short(node)]
        return [""] * outputs

    def operand_name(self, code: CodeType, lasti: int, slot: int) -> str:
        """Return the variable that stands at argument `slot` of the call; empty if none does."""
        node, _ = self._expression(code, lasti)
        operand: ast.AST | None = None
        if isinstance(node, ast.BinOp):
            operand = (node.left, node.right)[slot] if slot < 2 else None
        elif isinstance(node, ast.Call) and slot < len(node.args):
            operand = node.args[slot]
        if isinstance(operand, (ast.Name, ast.Attribute, ast.Subscript)):
            return _short(operand)
        return ""

    def called_name(self, code: CodeType, lasti: int) -> str:
        """Return what is called there: encoder for ``encoder(x)`` and ``vae.encoder(x)``.

        Empty for what has no name of its own: ``self``, and the variable of a loop, which
        stands for one thing after another.
        """
        node, _ = self._expression(code, lasti)
        called = node.func if isinstance(node, ast.Call) else None
        if isinstance(called, ast.Attribute):
            return called.attr
        if not isinstance(called, (ast.Name, ast.Subscript)):
            return ""
        nameless = self._loops[self._span(code, lasti)[0]] | {"self"}
        names = {part.id for part in ast.walk(called) if isinstance(part, ast.Name)}
        return "" if names & nameless else _short(called)

    def sources(self) -> tuple[Source, ...]:
        """Return every source that was located in, cut to the lines around what was found."""
        found = []
        for filename in self._files:
            lines = self._text(filename)
            low, high = self._range[filename]
            if _is_cell(filename):
                low, high = 1, len(lines)
            first = max(1, low - _CONTEXT)
            found.append(
                Source(_title(filename), filename, first, tuple(lines[first - 1 : high + _CONTEXT]))
            )
        return tuple(found)

    def _span(self, code: CodeType, lasti: int) -> tuple[str, Span]:
        # The code objects outlive this object (records hold them), so id() is safe here.
        key = (id(code), lasti)
        if key not in self._found:
            if id(code) not in self._positions:
                self._positions[id(code)] = list(code.co_positions())
            positions = self._positions[id(code)]
            line, end_line, column, end_column = (
                positions[lasti // 2] if lasti // 2 < len(positions) else (None,) * 4
            )
            line = line or code.co_firstlineno
            self._found[key] = (code.co_filename, (line, end_line or line, column, end_column))
        return self._found[key]

    def _text(self, filename: str) -> list[str]:
        if filename not in self._lines:
            # every text that is executed is a "<string>"; from Python 3.13 on linecache knows
            # the one of ``python -c``, which need not be this one
            lines = [] if filename == "<string>" else linecache.getlines(filename)
            self._lines[filename] = [line.rstrip("\n") for line in lines]
        return self._lines[filename]

    def _expression(self, code: CodeType, lasti: int) -> tuple[ast.AST | None, ast.AST | None]:
        filename, span = self._span(code, lasti)
        if filename not in self._expressions:
            text = "\n".join(self._text(filename))
            self._expressions[filename], self._loops[filename] = _expressions(text)
        return self._expressions[filename].get(span, (None, None))


def _expressions(text: str) -> tuple[dict[Span, tuple[ast.AST, ast.AST | None]], set[str]]:
    """Map the span of every expression to it and, when it is assigned, to the target.

    The variables of loops and comprehensions come second.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):  # a cell with magics, or a null byte
        return {}, set()
    found: dict[Span, tuple[ast.AST, ast.AST | None]] = {}
    loops: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.For, ast.comprehension)):
            loops |= {part.id for part in ast.walk(node.target) if isinstance(part, ast.Name)}
        if isinstance(node, (ast.BinOp, ast.UnaryOp, ast.Call, ast.Subscript, ast.Attribute)):
            found.setdefault(_span_of(node), (node, None))
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            _pair(node.value, node.targets[0], found)
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
            _pair(node.value, node.target, found)
        elif isinstance(node, ast.AugAssign):
            # `x += y` is one instruction that spans the statement
            found[_span_of(node)] = (node, node.target)
    return found, loops


def _pair(value: ast.expr, target: ast.expr, found: dict[Span, Any]) -> None:
    if isinstance(value, ast.Tuple) and isinstance(target, ast.Tuple):
        for one, its_target in zip(value.elts, target.elts, strict=False):
            found[_span_of(one)] = (one, its_target)
    else:
        found[_span_of(value)] = (value, target)


def _span_of(node: Any) -> Span:
    return node.lineno, node.end_lineno, node.col_offset, node.end_col_offset


def _short(node: ast.AST) -> str:
    text = ast.unparse(node)
    return text if len(text) <= _LONGEST_EXPRESSION else ""


def _characters(lines: list[str], line: int, column: int | None) -> int | None:
    """Turn a column in UTF-8 bytes, as the interpreter counts, into one in characters."""
    if column is None or not 0 < line <= len(lines):
        return column
    return len(lines[line - 1].encode()[:column].decode(errors="ignore"))


def _is_cell(filename: str) -> bool:
    return _cell_number(filename) is not None


def _cell_number(filename: str) -> int | None:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None:
        return None
    number = getattr(shell.compile, "_filename_map", {}).get(filename)
    return number if isinstance(number, int) else None


def _title(filename: str) -> str:
    number = _cell_number(filename)
    if number is not None:
        return f"cell {number}"
    if filename.startswith("<"):
        return "console"
    return os.path.basename(filename)
