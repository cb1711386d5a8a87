"""Write docs/ops.md from the op registry: ``python docs/op_table.py``."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path

import graphviz_ad as ad
from graphviz_ad.engine.op import REGISTRY, Op

PAGE = Path(__file__).parent / "ops.md"
HEAD = """\
# Operations

Written by `python docs/op_table.py` from the op pages: {count} operations. NumPy's names and
signatures where NumPy has the function, PyTorch's for neural functions. Each is a function of
`graphviz_ad`; *method* says that tensors have it, too, and *no gradient* that it sends none back.
"""


def signature(op: type[Op]) -> str:
    """Return how the public function is called."""
    function = getattr(ad.linalg, op.name) if op.name == "trace" else getattr(ad, op.name)
    parameters = str(inspect.signature(function))
    return f"{op.name}{parameters}"


def row(op: type[Op]) -> str:
    """Return an op's line of the table."""
    notes = []
    if op.method:
        notes.append("method")
    if not op.differentiable:
        notes.append("no gradient")
    cells = [f"`{signature(op)}`", op.label, op.summary().replace("``", "`"), ", ".join(notes)]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def table() -> str:
    """Return the whole page, a section for each module of ``graphviz_ad/ops``."""
    rooms: dict[str, list[type[Op]]] = {}
    for op in REGISTRY.values():
        if op.__module__.startswith("graphviz_ad.ops."):
            rooms.setdefault(op.__module__, []).append(op)
    lines = [HEAD.format(count=sum(map(len, rooms.values())))]
    for name in sorted(rooms):
        doc = inspect.getdoc(sys.modules[name]) or ""
        lines += [f"## {doc.partition(chr(10))[0].partition('. ')[0].rstrip('.')}", ""]
        lines += ["| function | in the diagram | what it does | |", "|---|---|---|---|"]
        lines += [*(row(op) for op in sorted(rooms[name], key=lambda op: op.name)), ""]
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(table(), encoding="utf-8")
