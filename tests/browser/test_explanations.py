"""The explanations of the page: Jacobians, checks, paths and elements, equal to Python's."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import Locator, expect

import graphviz_ad as ad
from graphviz_ad.trace.explain.element import element
from graphviz_ad.trace.explain.jacobian import Jacobian, jacobian
from graphviz_ad.trace.explain.paths import paths
from graphviz_ad.trace.explain.vectorised import vectorised_rule
from tests.browser.conftest import Keep, Opener
from tests.browser.expected import agrees
from tests.browser.graphs import lesson
from tests.browser.stepper_page import StepperPage

pytestmark = pytest.mark.browser


def read_table(table: Locator) -> list[list[str]]:
    """Return the text of each cell, row by row."""
    rows: list[list[str]] = table.evaluate(
        "table => [...table.rows].map(row => [...row.cells].map(cell => cell.textContent.trim()))"
    )
    return rows


def test_a_small_jacobian_is_a_table_of_numbers(open_at_end: Opener, screenshot: Keep) -> None:
    view = lesson()
    stepper = open_at_end(view)
    op = view.trace.op("matmul")
    stepper.select(op.key)
    part = stepper.unfold("jacobian")
    expect(part.locator("[data-structure]")).to_have_attribute("data-structure", "block")
    expect(part).to_contain_text("∂k/∂W 4 × 6, block: 2 independent blocks")
    rows = read_table(part.locator("table"))
    found = jacobian(view.trace, op.id, "W")
    assert isinstance(found, Jacobian)
    vector = view.trace.gradient(view.trace.value("k").id).ravel()
    for i, row in enumerate(rows[1:-1]):
        assert agrees(row[0], float(vector[i]))
        for text, entry in zip(row[2:], found.matrix[i], strict=True):
            assert agrees(text, float(entry)), f"row {i}: {row}"
    for text, entry in zip(rows[-1][2:], vector @ found.matrix, strict=True):
        assert agrees(text, float(entry)), f"vector × Jacobian: {rows[-1]}"
    screenshot(stepper.page)


def test_what_has_not_been_reached_is_no_number_beside_the_jacobian(open_at_end: Opener) -> None:
    view = lesson()
    stepper = open_at_end(view)
    op = view.trace.op("matmul")
    stepper.select(op.key)
    part = stepper.unfold("jacobian")
    expect(part.locator("table")).to_be_visible()
    stepper.go_to(view.trace.forward_steps)
    unknown = part.locator(".gad-unknown")
    expect(unknown).to_have_count(4 + 6)
    stepper.go_to(0)
    expect(part).to_contain_text("has not run yet")


@pytest.mark.parametrize("dark", [False, True])
def test_a_larger_jacobian_is_a_heat_map(open_at_end: Opener, screenshot: Keep, dark: bool) -> None:
    x = ad.parameter(np.linspace(-1, 1, 30).reshape(5, 6), name="x")
    y = ad.softmax(x, axis=1)
    view = ad.show_graph((y * y).sum())
    stepper = open_at_end(view, dark=dark)
    stepper.select(view.trace.op("softmax").key)
    part = stepper.unfold("jacobian")
    expect(part).to_contain_text("30 × 30, block: 5 independent blocks")
    picture = part.get_by_role("img", name="Jacobian ∂y/∂x, 30 by 30")
    picture.hover(position={"x": 2, "y": 2})
    found = np.asarray(jacobian(view.trace, 0, "x"))
    expect(part.locator(".gad-readout")).to_have_text(
        f"∂y[0, 0]/∂x[0, 0] = {found[0, 0, 0, 0]:.4g}"
    )
    expect(part.locator(".gad-singular")).to_contain_text("singular values")
    screenshot(stepper.page)


def test_structures_are_named(open_at_end: Opener) -> None:
    x = ad.parameter([[1.0, 2.0], [3.0, 4.0]], name="x")
    loss = (ad.tanh(x).T @ ad.parameter([[1.0], [0.5]], name="V")).sum()
    stepper = open_at_end(ad.show_graph(loss))
    for name, told in (("tanh", "diagonal"), ("transpose", "permutation"), ("sum", "dense")):
        key = next(op.key for op in ad.show_graph(loss).trace.graph.ops if op.op == name)
        stepper.select(key)
        part = stepper.unfold("jacobian")
        expect(part.locator("[data-structure]")).to_have_attribute("data-structure", told)


def test_a_gradient_is_checked(open_at_end: Opener, screenshot: Keep) -> None:
    view = lesson()
    stepper = open_at_end(view)
    W = view.trace.value("W")
    stepper.select(W.key)
    stepper.button("check ∂").click()
    part = stepper.root.locator(".gad-check")
    expect(part).to_have_attribute("data-verdict", "agrees")
    expect(part).to_contain_text("W∇ agrees with central differences: 6 elements")
    gradient = view.trace.gradient(W.id)
    rows = read_table(part.locator("table"))[1:]
    assert len(rows) == 6
    for label, shown, difference, *_ in rows:
        index = tuple(map(int, re.findall(r"\d+", label)))
        assert agrees(shown, float(gradient[index]))
        assert agrees(difference, float(gradient[index]))
    screenshot(stepper.page)


def test_a_kink_is_told(open_at_end: Opener) -> None:
    x = ad.parameter(0.0, name="x")
    stepper = open_at_end(ad.show_graph(ad.relu(x) * 2.0))
    stepper.select("v0")
    stepper.button("check ∂").click()
    part = stepper.root.locator(".gad-check")
    expect(part).to_have_attribute("data-verdict", "kink")
    expect(part).to_contain_text("there is no derivative to compare with")


def test_the_wrong_vjp_of_a_users_op_is_named(open_at_end: Opener, screenshot: Keep) -> None:
    @ad.op(vjp=lambda xp, g, out, a, b: (g * b, g * b))
    def wrong_product(xp, a, b):  # type: ignore[no-untyped-def]
        """Multiply, and get the second input's VJP wrong."""
        return a * b

    a, b = ad.parameter([1.0, 2.0], name="a"), ad.parameter([3.0, 5.0], name="b")
    view = ad.show_graph(wrong_product(a, b).sum())
    stepper = open_at_end(view)
    stepper.select("v0")
    stepper.button("check ∂").click()
    part = stepper.root.locator(".gad-check")
    expect(part).to_have_attribute("data-verdict", "agrees")
    for key in ("v1", "o0"):
        stepper.select(key)
        stepper.button("check ∂").click()
        expect(part).to_have_attribute("data-verdict", "differs")
        expect(part).to_contain_text("VJP for input 'b' is wrong")
    screenshot(stepper.page)


def test_paths_are_listed_and_shown_in_the_diagram(open_at_end: Opener, screenshot: Keep) -> None:
    view = lesson()
    stepper = open_at_end(view)
    W = view.trace.value("W")
    stepper.select(W.key)
    part = stepper.unfold("paths")
    found = paths(view.trace, W.id)
    expect(part).to_contain_text(f"{found.count} paths to the loss")
    buttons = part.get_by_role("button")
    expect(buttons).to_have_count(len(found))
    expect(buttons.first).to_contain_text(f"{found[0].share:.0%}")
    expect(buttons.first).to_contain_text(found[0].label)
    buttons.first.press("Enter")
    expect(buttons.first).to_have_attribute("aria-pressed", "true")
    lit = stepper.root.locator("[data-node][data-on-path]")
    expect(lit.first).to_be_visible()
    on_path = {key.split(".")[0] for key in lit.evaluate_all("all => all.map(n => n.dataset.node)")}
    assert {key for key in on_path if key[0] == "v"} == {f"v{v}" for v in found[0].values}
    for edge in found[0].edges:
        link = stepper.root.locator(f'.gad-link[data-edges~="{edge}"]')
        expect(link).to_have_attribute("data-on-path", "true")
    screenshot(stepper.page)
    buttons.nth(1).click()
    expect(buttons.first).to_have_attribute("aria-pressed", "false")
    stepper.page.keyboard.press("Escape")
    expect(stepper.root.locator("[data-on-path]")).to_have_count(0)


def test_the_rule_stands_beside_the_element(open_at_end: Opener, screenshot: Keep) -> None:
    x, W = ad.tensor(np.ones((2, 3)), name="x"), ad.parameter(np.ones((3, 4)) / 3, name="W")
    k = x @ W
    view = ad.show_graph((k * k).sum())
    stepper = open_at_end(view)
    stepper.select(view.trace.value("W").key)
    part = stepper.unfold("rule")
    edge = view.trace.value("W").consumers[0]
    expect(part).to_contain_text(vectorised_rule(view.trace, edge).argument)
    expect(part).to_contain_text("k∇ (2, 4) → W∇ (3, 4)")
    expect(part.locator(".katex").first).to_be_visible()
    screenshot(stepper.page)


def test_upstream_factors_lead_to_their_own_explanations(open_at_end: Opener) -> None:
    view = lesson()
    stepper = open_at_end(view)
    trace = view.trace
    W, k = trace.value("W"), trace.value("k")
    stepper.select(W.key)
    stepper.pick("2, 1")
    found = element(trace, W.id, (2, 1))
    body = stepper.root.locator(".gad-derivation-body")
    numbers = body.locator('[data-stage="numbers"]')
    for term in found.terms:
        expect(numbers).to_contain_text(f"{term.upstream:.4g} · {term.local:.4g}".replace("-", "−"))
    link = numbers.get_by_role("button", name="explain k∇[1, 1]")
    link.click()
    expect(stepper.root).to_have_attribute("data-selected", k.key)
    expect(body).to_have_attribute("data-element", "k∇[1, 1]")
    stepper.select(W.key)
    expect(body).to_have_attribute("data-element", "W∇[2, 1]")


def test_a_formula_knows_what_is_not_known_yet(open_at_end: Opener) -> None:
    view = lesson()
    stepper = open_at_end(view)
    trace = view.trace
    stepper.select(trace.value("b").key)
    stepper.pick("0")
    body = stepper.root.locator(".gad-derivation-body")
    expect(body.locator('[data-stage="value"]')).to_contain_text("= ")
    stepper.go_to(trace.forward_steps)
    known = body.locator('[data-stage="known so far"]')
    expect(known).to_contain_text("∇[0, 0] · 1")
    expect(body.locator('[data-stage="products"]')).to_have_count(0)
    stepper.go_to(0)
    expect(known).to_contain_text("∇[0, 0] · ?")


def test_ones_zeros_and_none_are_told_apart(open_at_end: Opener) -> None:
    x = ad.parameter([1.0, 2.0, 3.0], name="x")
    first, second = ad.split(x, [1])  # noqa: RUF059 - the variable names the value
    cut = (x * 2.0).detach()
    loss = (first * 2.0).sum() + (cut * x[0]).sum()
    view = ad.show_graph(loss)
    stepper = open_at_end(view)
    told = {
        "first": "",
        "second": "0 because nothing leads from second to loss",
        "cut": "no gradient because detached",
        "loss": "1 because it is the loss itself",
    }
    for name, reason in told.items():
        stepper.select(view.trace.value(name).key)
        why = stepper.root.locator("[data-inspect] .gad-why")
        if reason:
            expect(why).to_contain_text(reason)
        else:
            expect(why).to_have_count(0)


def test_what_needs_the_notebook_is_said(open_at_end: Opener) -> None:
    w = ad.parameter(np.ones((100, 100)), name="w")
    view = ad.show_graph(ad.tanh(w).sum())
    stepper = open_at_end(view)
    stepper.select("o0")
    expect(stepper.unfold("jacobian")).to_contain_text("needs the running notebook")
    stepper.select("v0")
    stepper.pick("3, 2")
    body = stepper.root.locator(".gad-derivation-body")
    expect(body).to_contain_text("needs the running notebook. On the page: [0, 0]")
    body.get_by_role("button", name="[0, 0]").click()
    expect(body).to_have_attribute("data-element", "w∇[0, 0]")


def test_the_backward_pass_is_a_graph_of_its_own(open_at_end: Opener, screenshot: Keep) -> None:
    view = lesson()
    stepper = open_at_end(view)
    stepper.button("backward graph").press("Enter")
    inner = StepperPage(stepper.page, 1).wait()
    expected = view.backward_graph()
    assert inner.steps == len(expected.trace.steps)
    made = expected.trace.value("W∇")
    shown = inner.read([made.key])["inspected"][made.key]
    assert agrees(shown["data norm"], float(np.linalg.norm(expected.trace.data(made.id))))
    screenshot(stepper.page)
    inner.button("first position").click()
    inner.expect_position(0)
    stepper.expect_position(stepper.steps)
    inner.page.keyboard.press("Escape")
    stepper.page.keyboard.press("Escape")
    expect(inner.root).to_be_hidden()
    expect(stepper.button("backward graph")).to_be_focused()
    stepper.page.keyboard.press("ArrowLeft")
    stepper.expect_position(stepper.steps - 1)


def test_a_small_graph_shows_its_backward_pass_from_the_loss(
    open_at_end: Opener, screenshot: Keep
) -> None:
    a, b = ad.parameter(3.0, name="a"), ad.parameter(2.0, name="b")
    view = ad.show_graph(a * b + a)
    stepper = open_at_end(view)
    stepper.select(f"v{view.trace.output}")
    button = stepper.button("the backward pass as a graph")
    button.click()
    inner = StepperPage(stepper.page, 1).wait()
    expect(inner.root).to_be_visible()
    screenshot(stepper.page)
    stepper.button("close the backward graph").click()
    expect(inner.root).to_be_hidden()
    expect(button).to_be_focused()


@pytest.mark.parametrize(("dark", "width"), [(False, 1360), (True, 1360), (False, 360)])
def test_nothing_serious_is_found_with_everything_open(
    open_at_end: Opener, screenshot: Keep, dark: bool, width: int
) -> None:
    view = lesson()
    stepper = open_at_end(view, dark=dark, window={"width": width, "height": 900})
    page = stepper.page
    W = view.trace.value("W").key
    stepper.node(W).dispatch_event("click")
    stepper.button("check ∂").click()
    stepper.root.locator(".gad-options summary").click()
    stepper.pick("2, 1")
    for section in ("terms", "rule", "paths"):
        stepper.unfold(section)
    expect(stepper.root.locator(".gad-path").first).to_be_visible()
    screenshot(page, "value")
    assert stepper.complaints() == []
    inspector = stepper.root.locator(".gad-inspector .gad-pane-body")
    assert inspector.evaluate("e => e.scrollWidth - e.clientWidth") <= 1, "it scrolls sideways"
    stepper.node(view.trace.op("matmul").key).dispatch_event("click")
    stepper.unfold("jacobian")
    expect(stepper.root.locator(".gad-jacobian")).to_be_visible()
    screenshot(page, "op")
    assert stepper.complaints() == []
    assert inspector.evaluate("e => e.scrollWidth - e.clientWidth") <= 1, "it scrolls sideways"
    stepper.button("backward graph").click()
    StepperPage(page, 1).wait()
    screenshot(page, "backward")
    assert stepper.complaints() == []
