"""What was found, on the diagram: the document of the page, the ways to ask, and the way there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

import graphviz_ad as ad
from tests.widget.test_payload import fields_of


def broken():
    w = ad.parameter([0.0, 1.0], name="w")
    with np.errstate(all="ignore"):
        return ad.log(w).sum(), w


def test_the_document_has_the_fields_of_the_contract():
    view = ad.show_graph(broken()[0], diagnose=True)
    document = json.loads(view.diagnosis)
    assert set(document) == fields_of("Diagnosis")
    (finding,) = document["findings"]
    assert set(finding) == fields_of("FindingSpec")
    assert (finding["kind"], finding["key"], finding["position"]) == ("nonfinite", "o0", 1)
    assert finding["reference"] == "IEEE 754."
    assert ["elements", "1"] in finding["numbers"]


def test_the_cell_of_the_docs_shows_what_it_says():
    page = Path(__file__).parents[2] / "docs" / "diagnosis" / "index.md"
    section = page.read_text(encoding="utf-8").split("## On the diagram")[1]
    names = {}
    exec(re.findall(r"```python\n(.*?)```", section, re.DOTALL)[0], names)
    view = names["s"]
    assert view.report.kinds == {"vanishing"}
    assert (view.selected.node.op, view.colour) == ("sigmoid", "gradient")
    assert "ad.show_graph(report)" in view.report._repr_html_()


def test_without_a_report_nothing_is_sent_and_a_healthy_one_is_calm():
    w = ad.parameter(2.0)
    view = ad.show_graph(w * w)
    assert (view.report, view.diagnosis, view.stepper.diagnosis) == (None, "", "")
    view.diagnose()
    document = json.loads(view.diagnosis)
    assert document == {
        "summary": "Nothing found: 1 op, 1 parameter.", "notes": [], "findings": []
    }  # fmt: skip


def test_a_report_a_trace_and_a_frozen_trace_are_shown():
    loss, w = broken()
    report = ad.diagnose(loss)
    view = ad.show_graph(report)
    assert view.trace is report.trace
    assert view.report is report
    assert ad.show_graph(report.trace).report is None
    monitor = ad.Monitor([w])
    with np.errstate(all="ignore"):
        loss.backward()
    monitor.step(loss)
    (frozen,) = monitor.traces.values()
    assert ad.show_graph(frozen, diagnose=True).report.kinds == {"nonfinite"}
    assert "nonfinite" in ad.show_graph(monitor.report()).report.kinds


def test_what_cannot_be_shown_is_named():
    w = ad.parameter(2.0)
    with pytest.raises(ad.errors.ArgumentError, match="a report with a trace"):
        ad.show_graph(ad.Monitor([w]).report())
    with pytest.raises(ad.errors.ArgumentError, match="recorded already"):
        ad.show_graph(ad.diagnose(w * w), gradient=1.0)
    with pytest.raises(ad.errors.TraceError, match='"step" or "gradient"'):
        ad.show_graph(w * w, colour="rainbow")


def test_go_to_cause_moves_selects_and_opens():
    view = ad.show_graph(broken()[0])
    with pytest.raises(ad.errors.TraceError, match=r"call diagnose\(\) first"):
        view.go_to_cause()
    report = view.diagnose()
    stop = view.go_to_cause(report[0])
    assert (stop.position, stop.reason, view.selected.node.key) == (1, "nonfinite", "o0")
    assert (view.stepper.finding, view.stepper.selected, view.stepper.step) == (0, "o0", 1)
    with pytest.raises(ad.errors.TraceError, match="one of the 1 findings"):
        view.go_to_cause(1)


def test_the_way_to_the_cause_is_printed_with_its_sizes():
    view = ad.show_graph(sigmoids())
    report = view.diagnose()
    way = view.way_to_cause(report[0])
    assert (way[0].id, way[-1].key) == (view.trace.output, report[0].op.key)
    kinds = [node.key[0] for node in way]
    assert kinds == ["v", "o"] * (len(way) // 2)
    lines = repr(way).splitlines()
    assert len(lines) == len(way)
    decades = [float(line.split()[-1].replace("−", "-")) for line in lines[::2]]
    assert decades[-1] < decades[0] - 4
    assert report[0].title in repr(view)


def test_parameters_that_are_not_on_the_path_are_found():
    w, v = ad.parameter(2.0, name="w"), ad.parameter(1.0, name="v")
    assert ad.show_graph(w * w, diagnose=[w, v]).report.kinds == {"no-gradient"}
    assert ad.show_graph(w * w, diagnose=None).report is None


def test_a_finding_without_a_place_is_refused():
    w, v = ad.parameter(2.0, name="w"), ad.parameter(1.0, name="v")
    view = ad.show_graph(w * w)
    view.diagnose([w, v])
    with pytest.raises(ad.errors.TraceError, match="a place in the trace"):
        view.go_to_cause()


def test_the_page_follows_python_and_python_the_page():
    view = ad.show_graph(broken()[0])
    stepper = view.stepper
    view.colour = "gradient"
    view.diagnose()
    assert stepper.colour == "gradient"
    assert json.loads(stepper.diagnosis)["findings"]
    stepper.colour = "step"
    assert view.colour == "step"


def test_looking_changes_nothing():
    loss, w = broken()
    before = w.data.copy()
    ad.show_graph(loss, diagnose=True)
    assert w.grad is None
    np.testing.assert_array_equal(w.data, before)


def test_the_scale_of_sizes_is_that_of_the_static_pictures():
    from graphviz_ad.render.sizes import scale_of_trace

    rng = np.random.default_rng(0)
    x, W = ad.tensor(rng.normal(size=(8, 4))), ad.parameter(rng.normal(size=(4, 3)))
    view = ad.show_graph((ad.tanh(x @ W) ** 2).mean())
    sent = json.loads(view.payload.document)["sizes"]
    scale = scale_of_trace(view.trace)
    assert sent == {"centre": pytest.approx(scale.centre), "span": scale.span}


def sigmoids(depth=10):
    rng = np.random.default_rng(0)
    h = ad.tensor(rng.normal(size=(32, 16)))
    for k in range(depth):
        h = ad.sigmoid(h @ ad.parameter(rng.normal(size=(16, 16)) / 4, name=f"W{k}"))
    return ((h - 1) ** 2).mean()


def stops(view, way):
    """Return the positions at which a run comes to a stop, before its end."""
    found = []
    while True:
        stop = view.continue_() if way > 0 else view.reverse_continue()
        if not stop.reason.startswith("breakpoint"):
            return found
        found.append(stop.position)


def test_a_run_stops_at_findings_both_ways():
    view = ad.show_graph(sigmoids(), step=0)
    view.break_if("finding")
    assert view.report.kinds == {"vanishing"}
    (position,) = {one.position for one in view._placed}
    assert stops(view, 1) == [position] == stops(view, -1)
    view.breakpoints.clear()
    view.break_if("finding exploding")
    assert stops(view, 1) == []


def test_where_the_norm_drops_a_decade():
    view = ad.show_graph(sigmoids())
    assert view.break_if("norm  drops a decade").what == "norm drops a decade"
    positions = stops(view, 1)
    trace = view.trace
    whole = np.linalg.norm(trace.gradient(trace.output))
    for position in positions:
        step = trace.steps[position - 1]
        read = max(np.linalg.norm(trace.gradient(v)) for v in step.outputs)
        sent = min(np.linalg.norm(trace.contribution(c.edge)) for c in step.contributions)
        assert np.ceil(np.log10(sent / whole)) < np.ceil(np.log10(read / whole))
    assert len(positions) >= 6
    assert stops(view, -1) == positions[::-1]


def test_breakpoints_on_findings_are_saved_with_the_trace(tmp_path):
    view = ad.show_graph(sigmoids())
    view.break_if("finding vanishing")
    loaded = ad.GraphView.load(view.save(tmp_path / "run.trace"), step=0)
    assert [b.label for b in loaded.breakpoints] == ["finding vanishing"]
    assert stops(loaded, 1) == stops(view, 1) != []


def test_bad_finding_breakpoints_are_named():
    view = ad.show_graph(broken()[0])
    with pytest.raises(ad.errors.TraceError, match="kind"):
        view.break_if("finding vanish")
    with pytest.raises(ad.errors.TraceError, match="no at="):
        view.break_if("finding", at="w")
    with pytest.raises(ad.errors.TraceError, match="a condition such as"):
        view.break_if("norm drops 0 decades")
    with pytest.raises(ad.errors.TraceError, match="a condition such as"):
        view.break_if(3)
