"""Findings and gradient sizes on the page: numbers and blame are Python's, by mouse and by key."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

import graphviz_ad as ad
from graphviz_ad.diagnose.numbers import rms
from graphviz_ad.diagnose.placing import place
from graphviz_ad.render.sizes import scale_of_trace
from tests.browser.conftest import Keep, Opener
from tests.browser.lab import LabServer
from tests.browser.stepper_page import StepperPage

pytestmark = pytest.mark.browser


def sigmoids(depth: int = 8) -> Any:
    """Return the loss of a deep sigmoid network, whose gradient vanishes."""
    rng = np.random.default_rng(0)
    h = ad.tensor(rng.normal(size=(16, 8)), name="x")
    for k in range(depth):
        with ad.module_scope(f"layer{k}"):
            h = ad.sigmoid(h @ ad.parameter(rng.normal(size=(8, 8)) / 3, name=f"W{k}"))
    return ((h - 1) ** 2).mean()


def dying() -> Any:
    """Return a loss behind ReLU units that are all dead: what follows stands under the cause."""
    rng = np.random.default_rng(0)
    x = ad.tensor(rng.normal(size=(16, 6)), name="x")
    W, V = (ad.parameter(rng.normal(size=s), name=n) for s, n in (((6, 8), "W"), ((8, 1), "V")))
    return ((ad.relu(x @ W - 100.0) @ V + 1.0) ** 2).mean()


def drawn_ends(stepper: StepperPage) -> set[int]:
    """Return the edges that the way from the loss is drawn along."""
    texts = stepper.root.locator(".gad-way").evaluate_all("all => all.map(e => e.dataset.edges)")
    return {int(edge) for text in texts for edge in text.split()}


def test_a_finding_is_explained_and_leads_to_its_cause(open_view: Opener, screenshot: Keep) -> None:
    view = ad.show_graph(sigmoids(), diagnose=True)
    (placed,) = place(view.report)
    finding = placed.finding
    stepper = open_view(view)
    root = stepper.root
    mark = root.locator("[data-sign]")
    expect(mark).to_have_attribute("data-sign", finding.op.key)
    assert mark.locator("text").text_content() == {"error": "E", "warning": "W"}[finding.severity]
    head = root.locator(".gad-finding-head")
    expect(head).to_contain_text(finding.title)
    expect(head).to_have_attribute("aria-expanded", "false")
    assert not drawn_ends(stepper)
    segment = root.locator(".gad-segment").nth(placed.position - 1)
    expect(segment).to_have_attribute("data-severity", finding.severity)
    mark.dispatch_event("click")
    body = root.locator(".gad-finding-body")
    for text in (finding.cause, finding.advice, finding.threshold, finding.source, "Hochreiter"):
        expect(body).to_contain_text(text)
    shown = body.locator("dd").all_inner_texts()
    for text, number in zip(shown, finding.numbers.values(), strict=True):
        assert float(text.replace("−", "-")) == pytest.approx(number, rel=1e-3)
    assert drawn_ends(stepper) == set(placed.path)
    root.get_by_role("button", name="go to the cause").click()
    stepper.expect_position(placed.position)
    expect(root).to_have_attribute("data-selected", placed.key)
    expect(root.locator(".gad-code-now")).to_have_attribute(
        "data-line", str(finding.op.location.line)
    )
    expect(root.locator(".gad-node-finding")).to_have_count(0)
    head.click()
    expect(root.locator(".gad-node-finding")).to_contain_text(finding.kind)
    screenshot(stepper.page)


def test_the_cause_is_unfolded(open_view: Opener) -> None:
    view = ad.show_graph(sigmoids(), diagnose=True)
    (finding,) = view.report
    stepper = open_view(view)
    root = stepper.root
    scope = view.trace.graph.scopes[finding.op.scope].name
    root.get_by_role("button", name=f"close the box {scope}", exact=True).dispatch_event("click")
    expect(stepper.node(finding.op.key)).to_have_count(0)
    expect(root.locator("[data-sign^=g]")).to_have_count(1)
    root.locator(".gad-finding-head").click()
    root.get_by_role("button", name="go to the cause").click()
    expect(stepper.node(finding.op.key)).to_have_class(
        "gad-node gad-op gad-shape-diamond gad-selected"
    )


def test_findings_by_keyboard_alone(open_view: Opener) -> None:
    view = ad.show_graph(dying(), diagnose=True)
    placed = place(view.report)
    roots = [one for one in placed if one.parent is None]
    stepper = open_view(view)
    stepper.node("v0").focus()
    stepper.page.keyboard.press("d")
    head = stepper.root.locator('.gad-finding-head[aria-expanded="true"]')
    expect(head).to_contain_text(roots[0].finding.title)
    expect(stepper.root.locator(".gad-live")).to_contain_text(roots[0].finding.title)
    head.focus()
    stepper.page.keyboard.press("Tab")
    stepper.page.keyboard.press("Enter")
    stepper.expect_position(roots[0].position)
    expect(stepper.node(roots[0].key)).to_be_focused()
    stepper.page.keyboard.press("s")
    expect(stepper.root).to_have_attribute("data-colour", "gradient")
    stepper.page.keyboard.press("s")
    expect(stepper.root).to_have_attribute("data-colour", "step")


def test_what_follows_stands_under_its_cause(open_view: Opener) -> None:
    view = ad.show_graph(dying(), diagnose=True)
    (finding,) = view.report
    assert finding.follows
    stepper = open_view(view)
    stepper.root.locator(".gad-finding-head").click()
    stepper.root.locator(".gad-finding-more summary").click()
    links = stepper.root.locator(".gad-finding-more .gad-link-button")
    expect(links).to_have_count(len(finding.follows))
    links.first.click()
    follower = place(view.report)[1]
    expect(stepper.root).to_have_attribute("data-selected", follower.key)
    stepper.expect_position(follower.position)
    expect(stepper.root.locator(".gad-finding-body")).to_be_visible()


def test_every_size_is_pythons_and_follows_the_step(open_view: Opener) -> None:
    view = ad.show_graph(sigmoids(), colour="gradient", step=0)
    trace, scale = view.trace, scale_of_trace(view.trace)
    assert scale is not None
    stepper = open_view(view)
    expect(stepper.root.locator(".gad-sizes-legend")).to_contain_text("decades from the median")
    assert stepper.root.locator("[data-size]").count() == 0
    for position in (trace.forward_steps, trace.forward_steps + 3, len(trace.steps)):
        stepper.go_to(position)
        done = {c.edge for step in trace.steps[:position] for c in step.contributions}
        for value in trace.graph.values:
            node = stepper.node(value.key)
            if node.count() == 0 or value.producer is None or not value.consumers:
                continue
            arrived = [edge for edge in value.consumers if edge in done]
            shown = node.get_attribute("data-size")
            if not arrived:
                assert shown is None, value.key
                continue
            expected = scale.decades(rms(trace.accumulated(arrived[-1])))
            assert float(shown or math.nan) == pytest.approx(expected, abs=0.006), value.key
    widths = stepper.root.locator(".gad-link[data-size] .gad-line").evaluate_all(
        "lines => lines.map(line => parseFloat(getComputedStyle(line).strokeWidth))"
    )
    assert max(widths) > 2 * min(widths)


def test_runs_stop_at_findings_and_where_the_norm_drops(open_view: Opener) -> None:
    view = ad.show_graph(sigmoids(), diagnose=True, step=0)
    view.break_if("norm drops a decade")
    expected = []
    while view.continue_().reason.startswith("breakpoint"):
        expected.append(view.position)
    view.breakpoints.clear()
    view.first()
    stepper = open_view(view)
    where = stepper.root.get_by_label("break if")
    where.fill("norm drops a decade")
    where.press("Enter")
    for position in expected:
        stepper.button("run to a breakpoint").click()
        stepper.expect_position(position)
    stepper.button("run back").click()
    stepper.expect_position(expected[-2])
    stepper.root.get_by_role("button", name="remove the breakpoint norm").click()
    stepper.root.locator(".gad-finding-head").click()
    stepper.root.get_by_role("button", name="break at vanishing").click()
    expect(stepper.root.locator("[data-breakpoint]")).to_have_text("finding vanishing")
    stepper.go_to(0)
    stepper.button("run to a breakpoint").click()
    stepper.expect_position(place(view.report)[0].position)


def test_a_healthy_network_is_calm(open_view: Opener) -> None:
    rng = np.random.default_rng(3)
    x, W = ad.tensor(rng.normal(size=(16, 6))), ad.parameter(rng.normal(size=(6, 3)) / 2)
    stepper = open_view(ad.show_graph((ad.tanh(x @ W) ** 2).mean(), diagnose=True))
    expect(stepper.root.locator(".gad-findings")).to_contain_text("Nothing found: ")
    expect(stepper.root.locator("[data-sign]")).to_have_count(0)
    expect(stepper.button("nothing found")).to_be_visible()


def test_without_a_report_there_is_no_pane(open_view: Opener) -> None:
    stepper = open_view(ad.show_graph(sigmoids(2)))
    expect(stepper.root.locator(".gad-findings")).to_be_hidden()
    expect(stepper.root.locator(".gad-chip-findings")).to_be_hidden()
    where = stepper.root.get_by_label("break if")
    where.fill("finding")
    where.press("Enter")
    expect(stepper.root.get_by_role("alert")).to_contain_text("diagnose()")


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_serious(open_view: Opener, dark: bool) -> None:
    with np.errstate(all="ignore"):
        view = ad.show_graph(dying(), diagnose=True, colour="gradient")
    stepper = open_view(view, dark=dark)
    stepper.root.locator(".gad-finding-head").click()
    stepper.root.locator(".gad-finding-more summary").click()
    stepper.page.keyboard.press("End")
    assert stepper.complaints() == []


@pytest.mark.parametrize("width", [360, 1360])
def test_nothing_is_cut_off(open_view: Opener, width: int, screenshot: Keep) -> None:
    view = ad.show_graph(sigmoids(), diagnose=True, colour="gradient")
    stepper = open_view(view, window={"width": width, "height": 800})
    stepper.root.locator(".gad-finding-head").click()
    wide = stepper.page.evaluate(
        "() => [...document.querySelectorAll('.gad-findings *, .gad-sizes-legend *')]"
        ".filter(e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.className)"
    )
    assert wide == []
    screenshot(stepper.page)


CELLS = [
    """\
import numpy as np
import graphviz_ad as ad
rng = np.random.default_rng(0)
h = ad.tensor(rng.normal(size=(16, 8)), name="x")
for k in range(8):
    h = ad.sigmoid(h @ ad.parameter(rng.normal(size=(8, 8)) / 3, name=f"W{k}"))
view = ad.show_graph(((h - 1) ** 2).mean())
view""",
    """\
import json
first = [view.report.kinds == {"vanishing"}, view.position]
print(json.dumps(first + [view.go_to_cause().position, view.colour]))
view.colour = "gradient\"""",
]


def test_a_notebook_diagnoses_by_a_button_and_follows_python(
    lab: LabServer, new_page: Callable[..., Page]
) -> None:
    lab.write_notebook("findings.ipynb", CELLS)
    page = new_page()
    lab.open(page, "findings.ipynb")

    def do(command: str) -> None:
        page.evaluate("name => window.jupyterapp.commands.execute(name)", f"notebook:{command}")

    do("run-cell")
    stepper = StepperPage(page).wait()
    stepper.button("diagnose").click()
    expect(stepper.root.locator(".gad-finding-head")).to_contain_text("vanishing")
    do("move-cursor-down")
    do("run-cell")
    expect(stepper.root).to_have_attribute("data-colour", "gradient")
    expect(stepper.root.locator(".gad-finding-body")).to_be_visible()
    expect(stepper.root).to_have_attribute("data-selected", "o1")
    printed = page.locator(".jp-OutputArea-output pre").last.inner_text()
    diagnosed, before, after, colour = json.loads(printed)
    assert (diagnosed, colour) == (True, "step")
    assert after != before
    stepper.expect_position(after)
