"""A diagnosis as the page is sent it: one JSON text, apart from the payload; see DiagnosisSpec."""

from __future__ import annotations

import json
from typing import Any

from graphviz_ad.diagnose.finding import name_of
from graphviz_ad.diagnose.placing import Placed
from graphviz_ad.diagnose.references import REFERENCES
from graphviz_ad.diagnose.report import Report
from graphviz_ad.render.format import format_number

__all__ = ["diagnosis_document"]

SUSPECTS = 4
"""Ops under suspicion that are named beside the blamed one."""

PATH_EDGES = 100_000
"""Edges of all paths together; findings beyond it are sent without theirs."""


def diagnosis_document(report: Report, placed: tuple[Placed, ...]) -> str:
    """Return what the page is sent of a report and of the places of its findings."""
    room = PATH_EDGES
    findings = []
    for one in placed:
        room -= len(one.path)
        findings.append(_finding(report, one, one.path if room >= 0 else ()))
    document = {
        "summary": str(Report((), (), report.trace)) if not placed else "",
        "notes": list(report.notes),
        "findings": findings,
    }
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _finding(report: Report, one: Placed, path: tuple[int, ...]) -> dict[str, Any]:
    found, trace = one.finding, report.trace
    assert trace is not None
    blamed = None if found.op is None else found.op.id
    suspects = [op for op in found.ranking if op != blamed][:SUSPECTS]
    return {
        "kind": found.kind, "severity": found.severity, "title": found.title,
        "cause": found.cause, "advice": found.advice, "threshold": found.threshold,
        "numbers": [
            [name.replace("_", " "), format_number(value)] for name, value in found.numbers.items()
        ],
        "module": found.module, "source": found.source,
        "reference": REFERENCES.get(found.kind, ""),
        "key": one.key, "node": "" if found.node is None else found.node.key,
        "position": one.position, "parent": one.parent, "path": list(path),
        "suspects": [[f"o{op}", name_of(trace, trace.graph.ops[op])] for op in suspects],
    }  # fmt: skip
