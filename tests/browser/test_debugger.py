"""The debugger's verbs on the standalone page: stepping, breakpoints, watches, looking inside."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import Locator, expect

import graphviz_ad as ad
from graphviz_ad.trace.explain.contributions import contributions
from graphviz_ad.trace.explain.element import element
from graphviz_ad.widget.view import GraphView
from tests.browser.conftest import Keep, Opener
from tests.browser.expected import agrees
from tests.browser.stepper_page import StepperPage

pytestmark = pytest.mark.browser


def nested() -> GraphView:
    """Return a graph of 4 forward steps: two in outer.inner, one in outer, one outside."""
    x = ad.parameter([1.0, 2.0, 3.0], name="x")
    with ad.module_scope("outer"):
        with ad.module_scope("inner"):
            y = ad.tanh(x * x)
        z = ad.exp(y)
    loss = z.sum()
    return ad.show_graph(loss, step=0)


def press(stepper: StepperPage, key: str, position: int, part: int | None = None) -> None:
    """Press a key and wait for the position that it leads to."""
    stepper.page.keyboard.press(key)
    stepper.expect_position(position)
    if part is None:
        expect(stepper.root).not_to_have_attribute("data-part", "1")
    else:
        expect(stepper.root).to_have_attribute("data-part", str(part))


def test_one_contribution_at_a_time_and_back(open_view: Opener, screenshot: Keep) -> None:
    view = nested()
    stepper = open_view(view)
    key = view.trace.value("x").key
    last = stepper.steps
    stepper.go_to(last - 1)
    stepper.root.get_by_label("what a step is").select_option("edge")
    stepper.select(key)
    press(stepper, "n", last - 1, part=1)
    expect(stepper.node(key)).to_have_attribute("data-gradient", "partial")
    expect(stepper.root.locator(".gad-pill")).to_contain_text("1 of 2 sent")
    half = view.trace.accumulated(view.trace.graph.values[int(key[1:])].consumers[0])
    shown = stepper.read([key])["inspected"][key]["gradient max"]
    assert float(shown) == pytest.approx(np.max(half), rel=1e-3)
    screenshot(stepper.page)
    press(stepper, "n", last)
    expect(stepper.node(key)).to_have_attribute("data-gradient", "arrived")
    press(stepper, "p", last - 1, part=1)
    press(stepper, "p", last - 1)
    expect(stepper.node(key)).to_have_attribute("data-gradient", "pending")


def test_modules_are_stepped_over_into_and_out_of(open_view: Opener) -> None:
    stepper = open_view(nested())
    stepper.node("v0").focus()
    press(stepper, "o", 3)
    press(stepper, "Shift+O", 0)
    press(stepper, "i", 1)
    press(stepper, "u", 2)
    press(stepper, "u", 3)
    press(stepper, "i", 4)
    press(stepper, "Shift+I", 3)
    press(stepper, "u", 4)
    stepper.go_to(2)
    stepper.button("step out of a module").click(modifiers=["Shift"])
    stepper.expect_position(0)
    stepper.button("step over a module").click()
    stepper.expect_position(3)
    stepper.button("step into a module").click()
    stepper.expect_position(4)
    stepper.root.get_by_label("what a step is").select_option("module")
    stepper.button("one step back").click()
    stepper.expect_position(3)
    stepper.button("one step back").click()
    stepper.expect_position(0)


def test_stepping_into_a_closed_box_opens_it(open_view: Opener) -> None:
    stepper = open_view(nested())
    stepper.root.locator('[data-node="g0"]').dispatch_event("click")
    expect(stepper.node("o0")).to_have_count(0)
    stepper.button("step into a module").click()
    expect(stepper.node("o0")).to_have_attribute("data-current", "forward")


def test_run_to_a_node_by_menu_button_and_key(open_view: Opener) -> None:
    stepper = open_view(nested())
    stepper.node("o2").click(button="right")
    stepper.root.get_by_role("menuitem", name="run to here").click()
    stepper.expect_position(3)
    stepper.select("o0")
    stepper.root.locator("[data-inspect]").get_by_role("button", name="run to here").click()
    stepper.expect_position(stepper.steps)
    stepper.node("o1").focus()
    press(stepper, "r", 8)


def test_a_run_stops_at_breakpoints(open_view: Opener, screenshot: Keep) -> None:
    view = nested()
    stepper = open_view(view)
    root = stepper.root
    last = stepper.steps
    stepper.node("o1").click(button="right")
    root.get_by_role("menuitemcheckbox", name="break here").click()
    root.get_by_label("break if").fill("op exp")
    root.get_by_label("break if").press("Enter")
    stepper.node("v0").focus()
    for position in (2, 3, 7, 8, last):
        press(stepper, "c", position)
    for position in (8, 7, 3, 2, 0):
        press(stepper, "Shift+C", position)
    root.get_by_role("checkbox", name="every exp").uncheck()
    stepper.node("v0").focus()
    press(stepper, "c", 2)
    expect(root.locator(".gad-list-here")).to_contain_text("tanh")
    screenshot(stepper.page)
    press(stepper, "c", 8)
    root.get_by_role("button", name="remove the breakpoint tanh").click()
    stepper.node("v0").focus()
    press(stepper, "c", last)


def test_a_run_stops_at_a_line_of_the_source(open_view: Opener) -> None:
    view = nested()
    stepper = open_view(view)
    line = view.trace.op("exp").location.line
    gutter = stepper.root.get_by_role("button", name=f"break at line {line}", exact=True)
    gutter.click()
    expect(gutter).to_have_attribute("aria-pressed", "true")
    stepper.button("run to a breakpoint").click()
    stepper.expect_position(3)
    stepper.button("play").click()
    stepper.expect_position(7, seconds=10)
    expect(stepper.button("play")).to_be_visible()
    gutter.click()
    stepper.button("run back").click()
    stepper.expect_position(0)


def test_a_run_stops_at_the_first_nan(open_view: Opener) -> None:
    x = ad.parameter([0.0, 1.0], name="x")
    with np.errstate(all="ignore"):
        y = ad.log(x) * x
        view = ad.show_graph(y.sum(), step=0)
    stepper = open_view(view)
    where = stepper.root.get_by_label("break if")
    where.fill("is a NaN")
    where.press("Enter")
    expect(stepper.root.get_by_role("alert")).to_contain_text("is a NaN")
    where.fill("isnan")
    where.press("Enter")
    stepper.button("run to a breakpoint").click()
    stepper.expect_position(2)
    expect(stepper.root.locator(".gad-list-here")).to_have_text("isnan")


def test_what_is_watched_follows_the_position(open_view: Opener, screenshot: Keep) -> None:
    view = nested()
    stepper = open_view(view)
    root = stepper.root
    x = view.trace.value("x")
    stepper.node(x.key).focus()
    stepper.page.keyboard.press("w")
    root.get_by_label("watch one element").fill("-1")
    root.get_by_label("watch one element").press("Enter")
    rows = root.get_by_role("region", name="watched").get_by_role("listitem")
    expect(rows).to_have_count(2)
    for row in (rows.nth(0), rows.nth(1)):
        expect(row).to_contain_text("not yet")
    stepper.go_to(stepper.steps)
    gradient = view.trace.gradient(x.id)
    assert agrees(shown_number(rows.nth(0)), float(np.linalg.norm(gradient)))
    assert agrees(shown_number(rows.nth(1)), float(gradient[-1]))
    screenshot(stepper.page)
    root.get_by_role("button", name="watch x∇[2] no longer").click()
    expect(rows).to_have_count(1)


def shown_number(row: Locator) -> str:
    """Return the number of a row of the watch list."""
    return row.locator(".gad-watch-number").inner_text()


def broadcast() -> GraphView:
    """Return a graph with a broadcast bias and a value with two consumers that cancel."""
    x = ad.parameter([[1.0, 2.0], [3.0, 4.0]], name="x")
    b = ad.parameter([0.5, 0.25], name="b")
    h = x * b
    return ad.show_graph((ad.tanh(h) + h * (-0.5)).sum(), step=0)


def test_where_a_gradient_comes_from(open_view: Opener, screenshot: Keep) -> None:
    view = broadcast()
    stepper = open_view(view)
    h, b = view.trace.value("h"), view.trace.value("b")
    stepper.go_to(stepper.steps)
    stepper.select(h.key)
    parts = contributions(view.trace, h.id)
    shares = stepper.root.locator("[data-inspect] .gad-term-share")
    expect(shares).to_have_text([f"{term.share:.0%}" for term in parts])
    screenshot(stepper.page, "terms")
    stepper.select(b.key)
    inspector = stepper.root.locator("[data-inspect]")
    expect(inspector).to_contain_text("summed over axis 0: (2, 2) → (2,)")
    (term,) = contributions(view.trace, b.id)
    step = inspector.locator(".gad-terms > *")
    expect(step.nth(0)).to_contain_text("(2, 2)")
    assert agrees(step.nth(0).inner_text().split()[-1], float(np.linalg.norm(term.sent)))
    expect(step.nth(1)).to_have_text("Σ →axis 0")
    screenshot(stepper.page, "broadcast")


def test_an_element_is_derived_with_numbers(open_view: Opener, screenshot: Keep) -> None:
    view = broadcast()
    stepper = open_view(view)
    b = view.trace.value("b")
    stepper.select(b.key)
    body = stepper.root.locator(".gad-derivation-body")
    expect(body).to_contain_text("Click an element above")
    stepper.pick("-1")
    expect(body).to_contain_text("not all of it has arrived yet")
    stepper.go_to(stepper.steps)
    explained = element(view.trace, b.id, (1,))
    for line in explained.stages:
        expect(body).to_contain_text(line)
    stepper.root.get_by_text("the terms, the largest first").click()
    terms = stepper.root.get_by_role("region", name="the terms")
    expect(terms.get_by_role("row")).to_have_count(len(explained.terms) + 2)
    screenshot(stepper.page)
    stepper.root.locator('[data-inspect] [data-cell="0"]').first.click()
    expect(body).to_have_attribute("data-element", "b∇[0]")
    stepper.root.get_by_role("button", name="watch this element").click()
    expect(stepper.root.get_by_role("region", name="watched")).to_contain_text("b∇[0]")


def test_what_is_not_on_the_page_is_said(open_view: Opener) -> None:
    w = ad.parameter(np.ones((40, 40)), name="w")
    stepper = open_view(ad.show_graph((w * w).sum()))
    stepper.go_to(stepper.steps)
    stepper.select("v0")
    stepper.pick("3, 2")
    expect(stepper.root.locator(".gad-derivation-body")).to_contain_text(
        "needs the running notebook"
    )


def test_the_keys_are_told(open_view: Opener) -> None:
    stepper = open_view(nested())
    stepper.node("v0").focus()
    stepper.page.keyboard.press("?")
    keys = stepper.root.get_by_role("dialog", name="keys")
    expect(keys).to_contain_text("step over a module")
    stepper.page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    expect(stepper.node("v0")).to_be_focused()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_serious(open_view: Opener, dark: bool) -> None:
    stepper = open_view(broadcast(), dark=dark)
    assert stepper.complaints() == []
    stepper.node("v0").focus()
    stepper.page.keyboard.press("w")
    stepper.page.keyboard.press("b")
    stepper.go_to(stepper.steps)
    for key in ("v0", "o0", "v1"):
        stepper.select(key)
        assert stepper.complaints() == [], key
    stepper.select("v0")
    stepper.root.locator(".gad-options summary").click()
    stepper.root.locator('[data-inspect] [data-cell="0,0"]').first.click()
    stepper.page.keyboard.press("?")
    assert stepper.complaints() == []


@pytest.mark.parametrize(
    ("width", "height"), [(360, 740), (680, 450), (3840, 2160)], ids=["phone", "zoomed", "4k"]
)
def test_nothing_is_cut_off(open_view: Opener, screenshot: Keep, width: int, height: int) -> None:
    """At the widths from a phone to 4k; 1360 × 900 zoomed to 200% is 680 × 450."""
    stepper = open_view(nested(), window={"width": width, "height": height})
    stepper.go_to(stepper.steps)
    stepper.node("v0").dispatch_event("click")
    screenshot(stepper.page)
    assert stepper.page.evaluate("() => document.documentElement.scrollWidth") <= width
    if stepper.button("more").is_visible():
        stepper.button("more").click()
        screenshot(stepper.page, "more")
    for button in stepper.root.locator(".gad-toolbar :is(button, select):visible").all():
        box = button.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width


def test_the_toolbar_is_one_row_where_a_notebook_has_room(open_view: Opener) -> None:
    """And what it leaves out of the row opens from a button."""
    for width, rows in ((1360, 1), (1100, 1), (860, 1), (740, 2), (360, 3)):
        stepper = open_view(nested(), window={"width": width, "height": 700})
        stepper.go_to(stepper.steps)
        box = stepper.root.locator(".gad-toolbar").bounding_box()
        assert box is not None
        assert box["height"] < 16 + 34 * rows, width
        if width < 1300:
            stepper.button("more").click()
        for name in ("back over", "back into", "back out", "light or dark", "keys"):
            expect(stepper.button(name)).to_be_in_viewport()
        expect(stepper.root.get_by_label("view", exact=True)).to_be_in_viewport()
        stepper.button("back out").click()
        assert stepper.position < stepper.steps
        stepper.page.keyboard.press("Escape")
        expect(stepper.button("back out")).to_be_visible(visible=width >= 1300)


# Two fingers on the diagram, each from one place to another, in fractions of the pane.
PINCH = [((0.4, 0.5), (0.3, 0.5)), ((0.6, 0.5), (0.9, 0.5))]


def test_two_fingers_scale_the_diagram(open_view: Opener) -> None:
    stepper = open_view(nested(), window={"width": 390, "height": 800}, touch=True)
    page = stepper.page
    drawing = stepper.root.locator(".gad-diagram > svg")
    before = drawing.bounding_box()
    pane = stepper.root.locator(".gad-diagram").bounding_box()
    assert before is not None
    assert pane is not None
    client = page.context.new_cdp_session(page)

    def touch(kind: str, part: float) -> None:
        points = [
            {"x": pane["x"] + pane["width"] * (a[0] + (b[0] - a[0]) * part),
             "y": pane["y"] + pane["height"] * (a[1] + (b[1] - a[1]) * part), "id": i}
            for i, (a, b) in enumerate(PINCH)
        ]  # fmt: skip
        shown = [] if kind == "touchEnd" else points
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": shown})

    touch("touchStart", 0)
    for part in (0.25, 0.5, 0.75, 1):
        touch("touchMove", part)
    touch("touchEnd", 1)
    after = drawing.bounding_box()
    assert after is not None
    assert after["width"] == pytest.approx(3 * before["width"], rel=0.02)
    # What was between the fingers is between them still: their middle went from 0.5 to 0.6.
    x = (pane["x"] + 0.5 * pane["width"] - before["x"]) / before["width"]
    assert (pane["x"] + 0.6 * pane["width"] - after["x"]) / after["width"] == pytest.approx(
        x, abs=0.02
    )
    expect(stepper.root).to_have_attribute("data-selected", "")
