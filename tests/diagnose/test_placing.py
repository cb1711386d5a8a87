"""Where findings show: the node, the step, and the way of the gradient there."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad.diagnose.placing import Placed, place
from graphviz_ad.diagnose.references import KINDS, REFERENCES

DOCS = Path(__file__).parents[2] / "docs" / "diagnosis"


def placed_of(loss: Any) -> tuple[Any, tuple[Placed, ...]]:
    report = ad.diagnose(loss)
    return report, place(report)


def sigmoids(depth: int = 10) -> Any:
    rng = np.random.default_rng(0)
    h = ad.tensor(rng.normal(size=(32, 16)))
    for k in range(depth):
        h = ad.sigmoid(h @ ad.parameter(rng.normal(size=(16, 16)) / 4, name=f"W{k}"))
    return ((h - 1) ** 2).mean()


def test_a_vanishing_gradient_shows_going_backward_and_the_path_leads_there() -> None:
    report, (first, *_) = placed_of(sigmoids())
    trace, graph = report.trace, report.trace.graph
    assert first.finding.kind == "vanishing"
    step = trace.steps[first.position - 1]
    assert (step.phase, f"o{step.op}") == ("backward", first.key)
    ends = [graph.edges[edge] for edge in first.path]
    assert (ends[0].value, ends[0].is_input) == (trace.output, False)
    assert (f"o{ends[-1].op}", ends[-1].is_input) == (first.key, False)
    for before, after in pairwise(ends):
        shared = "op" if after.is_input else "value"
        assert getattr(before, shared) == getattr(after, shared)


def test_a_nan_shows_in_the_pass_that_made_it() -> None:
    w = ad.parameter([0.0, 1.0], name="w")
    with np.errstate(all="ignore"):
        _, (forward,) = placed_of(ad.log(w).sum())
        report, (backward,) = placed_of(ad.sqrt(w).sum())
        _, (given, *_) = placed_of((ad.tensor([np.inf, 1.0]) * w).sum())
    assert forward.position == 1
    assert backward.position > report.trace.forward_steps
    assert given.position == 1


def test_what_follows_is_placed_behind_its_cause() -> None:
    rng = np.random.default_rng(0)
    x = ad.tensor(rng.normal(size=(32, 8)))
    W, V = ad.parameter(rng.normal(size=(8, 16))), ad.parameter(rng.normal(size=(16, 1)))
    report, placed = placed_of(((ad.relu(x @ W - 100.0) @ V + 1.0) ** 2).mean())
    assert [one.parent for one in placed] == [None] + [0] * len(report[0].follows)
    assert len(placed) > 1


def test_a_parameter_that_is_not_there_has_no_place() -> None:
    w, v = ad.parameter(2.0, name="w"), ad.parameter(1.0, name="v")
    (missing,) = place(ad.diagnose(w * w, [w, v]))
    assert (missing.key, missing.position, missing.path) == ("", None, ())


def test_a_report_without_a_trace_has_no_places() -> None:
    monitor = ad.Monitor([ad.parameter(1.0)])
    assert place(monitor.report()) == ()


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.stem)
def test_references_are_those_of_the_pages(page: Path) -> None:
    text = " ".join(page.read_text(encoding="utf-8").split())
    cited = f"**Reference.** {REFERENCES.get(page.stem, '')}"
    assert (cited in text) if page.stem in REFERENCES else "**Reference.**" not in text


def test_every_kind_has_its_page_or_is_found_by_a_check() -> None:
    pages = {page.stem for page in DOCS.glob("*.md")} - {"index", "bench"}
    assert pages <= set(KINDS)
    assert set(REFERENCES) <= set(KINDS)
