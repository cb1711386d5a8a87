"""What Python's verbs lead to, as a table that the page's verbs are tested against.

``python -m tests.widget.verbs`` writes it to widgets/tests/verbs.json.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

import graphviz_ad as ad
from graphviz_ad.errors import TraceError
from graphviz_ad.trace.debug.cursor import Cursor
from graphviz_ad.widget.view import GraphView

PATH = Path(__file__).parents[2] / "widgets" / "tests" / "verbs.json"

VERBS: dict[str, Callable[[GraphView], Any]] = {
    "over 1": lambda s: s.step_over(),
    "over -1": lambda s: s.back_over(),
    "into 1": lambda s: s.step_into(),
    "into -1": lambda s: s.back_into(),
    "out 1": lambda s: s.step_out(),
    "out -1": lambda s: s.back_out(),
    "run 1": lambda s: s.continue_(),
    "run -1": lambda s: s.reverse_continue(),
    **{f"step {unit} 1": lambda s, unit=unit: s.step(granularity=unit)
       for unit in ("op", "edge", "module")},
    **{f"step {unit} -1": lambda s, unit=unit: s.back(granularity=unit)
       for unit in ("op", "edge", "module")},
}  # fmt: skip

# What the verbs of the page read; the rest of a payload may change freely.
READ = {
    "values": ("label", "shape", "data", "gradient", "filled_at", "contributions"),
    "ops": ("name", "outputs", "scopes", "place"),
    "edges": ("value", "op", "is_input", "contribution", "accumulated", "gain"),
    "arrays": ("shape", "dtype", "size", "stats"),
    "steps": ("phase", "op", "fills", "sends", "reads"),
}
WHOLE = ("version", "output", "scopes", "sources")


def nested() -> GraphView:
    """Return modules in modules, and a repeated operand."""
    x = ad.parameter([1.0, 2.0, 3.0], name="x")
    with ad.module_scope("outer"):
        y = x + 1.0
        with ad.module_scope("inner"):
            z = y * y
            w = z * x
        v = w - x
    return ad.show_graph((v * 2.0).sum())


def repeated() -> GraphView:
    """Return one module that runs twice in a row, and a third time later."""
    x = ad.parameter([1.0, -1.0], name="x")
    h: Any = x
    for _ in range(2):
        with ad.module_scope("cell"):
            h = h * 2.0 + x
    h = ad.maximum(h, 0.0)
    with ad.module_scope("cell"):
        h = h * 2.0 + x
    return ad.show_graph(h.sum())


def shared() -> GraphView:
    """Return a loss that is consumed again, several lines, and dead ends."""
    a, b = ad.parameter(2.0, name="a"), ad.parameter([4.0, 0.0], name="b")
    constant = ad.tensor([1.0, 3.0], name="k")
    c = a * b
    d = c * constant
    e = c + b
    return ad.show_graph((d * e + c).sum())


def broken() -> GraphView:
    """Return a graph with infinities, NaN, integers and an empty array."""
    x = ad.parameter([0.0, 1.0, 4.0], name="x")
    n = ad.tensor(np.arange(3), name="n")
    empty = ad.parameter(np.zeros((0, 2)), name="empty")
    with np.errstate(all="ignore"):
        y = 1.0 / x
        z = y * x * n
        return ad.show_graph(z.sum() + empty.sum())


def without_backward() -> GraphView:
    """Return a graph with a forward pass only."""
    x = ad.parameter([1.0, 2.0], name="x")
    with ad.module_scope("m"):
        y = x * 2.0
    return ad.show_graph(y + x)


GRAPHS = (nested, repeated, shared, broken, without_backward)


def breakpoints_of(s: GraphView) -> Iterator[list[dict[str, Any]]]:
    """Yield lists of breakpoints: none, one of each kind, some of them switched off."""
    graph = s.trace.graph

    def one(kind: str, what: str, at: str = "", enabled: bool = True) -> dict[str, Any]:
        return {"kind": kind, "what": what, "at": at, "enabled": enabled}

    yield []
    for kind in sorted({op.op for op in graph.ops}):
        yield [one("op", kind)]
    for path in sorted({scope.path for scope in graph.scopes}):
        yield [one("module", path)]
    lines = sorted({op.location.line for op in graph.ops if op.location is not None})
    for line in lines:
        yield [one("line", str(line))]
    for node in (graph.values[0], graph.ops[1], graph.values[graph.ops[0].outputs[0]]):
        yield [one("node", node.key), one("op", graph.ops[0].op, enabled=False)]
    for condition in (
        "isnan", "isinf", "norm > 3", "norm <= 2", "rms >= 1.1", "max > 3", "max < 10",
        "gain > 0.1 decades", "gain < -1e-1", "norm drops 0.2 decades", "rms rises .1 decades",
    ):  # fmt: skip
        yield [one("condition", condition)]
        yield [one("condition", condition, graph.values[0].key)]


def led(s: GraphView, at: Cursor, verb: Callable[[GraphView], Any]) -> float:
    """Return the page's position to which a verb leads; where it is refused, it leads nowhere."""
    s.goto(*at)
    try:
        verb(s)
    except TraceError:
        return at.fraction(s.trace)
    return float(s.session["step"])


def cases(s: GraphView) -> dict[str, Any]:
    """Return a graph as the page reads it, and where every verb leads from every position.

    With breakpoints only what they change is listed.
    """
    document = json.loads(s.payload.document)
    payload = {name: document[name] for name in WHOLE} | {
        name: [{field: item[field] for field in fields} for item in document[name]]
        for name, fields in READ.items()
    }
    payload["sources"] = [{"title": source["title"]} for source in payload["sources"]]
    places = [Cursor(0)]
    while (following := places[-1].after(s.trace)) != places[-1]:
        places.append(following)
    nodes = [node.key for node in (*s.trace.graph.values, *s.trace.graph.ops)]
    verbs = VERBS | {f"to {key}": lambda s, key=key: s.run_to(key) for key in nodes}
    tables: list[dict[str, Any]] = []
    plain: dict[str, list[float]] = {}
    for breakpoints in breakpoints_of(s):
        s.breakpoints.restore(breakpoints)
        to = {name: [led(s, at, verb) for at in places] for name, verb in verbs.items()}
        changed = {name: led for name, led in to.items() if led != plain.get(name)}
        tables.append({"breakpoints": breakpoints, "to": changed})
        plain = plain or to
    return {"payload": payload, "from": [at.fraction(s.trace) for at in places], "tables": tables}


def brief(data: Any) -> Any:
    """Return data with its numbers to nine digits, which is the same on every machine."""
    if isinstance(data, dict):
        return {name: brief(item) for name, item in data.items()}
    if isinstance(data, list):
        return [brief(item) for item in data]
    if not isinstance(data, float):
        return data
    return int(data) if data.is_integer() else float(f"{data:.9g}")


def table() -> str:
    """Return all graphs with their cases as JSON, a line for each list of breakpoints."""
    parts = []
    for make in GRAPHS:
        found = brief(cases(make()))
        rows = ",\n    ".join(json.dumps(row) for row in found["tables"])
        parts.append(
            f'  {{"name": "{make.__name__}",\n   "payload": {json.dumps(found["payload"])},\n'
            f'   "from": {json.dumps(found["from"])},\n   "tables": [\n    {rows}\n   ]}}'
        )
    return "[\n" + ",\n".join(parts) + "\n]\n"


if __name__ == "__main__":
    PATH.write_text(table(), encoding="utf-8")
