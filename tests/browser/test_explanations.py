"""The explanations of the page: Jacobians, checks, paths and elements, equal to Python's."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

import graphviz_ad as ad
from graphviz_ad.trace.explain.element import element
from graphviz_ad.trace.explain.jacobian import Jacobian, jacobian
from graphviz_ad.trace.explain.paths import paths
from graphviz_ad.trace.explain.vectorised import vectorised_rule
from graphviz_ad.widget.view import GraphView
from tests.browser.expected import agrees
from tests.browser.lab import LabServer
from tests.browser.stepper_page import StepperPage

pytestmark = pytest.mark.browser

Opener = Callable[..., StepperPage]
Keep = Callable[..., None]


@pytest.fixture
def open_view(open_view: Opener) -> Opener:
    """Open a view as a page and go to the end."""

    def open_page(view: GraphView, **options: object) -> StepperPage:
        stepper = open_view(view, **options)
        stepper.go_to(stepper.steps)
        return stepper

    return open_page


def lesson() -> GraphView:
    """Return a layer with a penalty: W has three consumers' edges, b is broadcast."""
    x = ad.tensor([[1.0, -2.0, 0.5], [0.3, 0.8, -1.0]], name="x")
    W = ad.parameter([[0.1, -0.2], [0.4, 0.3], [-0.5, 0.6]], name="W")
    b = ad.parameter([0.1, -0.3], name="b")
    k = x @ W
    h = ad.sigmoid(k + b)
    loss = (h * h).sum() + 0.1 * (W * W).sum()
    return ad.show_graph(loss)


def unfold(stepper: StepperPage, section: str) -> Locator:
    """Open a part of the inspector, and return it."""
    part = stepper.root.locator(f'[data-section="{section}"]')
    if part.get_attribute("open") is None:
        part.locator("summary").first.press("Enter")
    return part


def read_table(table: Locator) -> list[list[str]]:
    """Return the text of each cell, row by row."""
    rows: list[list[str]] = table.evaluate(
        "table => [...table.rows].map(row => [...row.cells].map(cell => cell.textContent.trim()))"
    )
    return rows


def test_a_small_jacobian_is_a_table_of_numbers(open_view: Opener, screenshot: Keep) -> None:
    view = lesson()
    stepper = open_view(view)
    op = view.trace.op("matmul")
    stepper.select(op.key)
    part = unfold(stepper, "jacobian")
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


def test_what_has_not_been_reached_is_no_number_beside_the_jacobian(open_view: Opener) -> None:
    view = lesson()
    stepper = open_view(view)
    op = view.trace.op("matmul")
    stepper.select(op.key)
    part = unfold(stepper, "jacobian")
    expect(part.locator("table")).to_be_visible()
    stepper.go_to(view.trace.forward_steps)
    unknown = part.locator(".gad-unknown")
    expect(unknown).to_have_count(4 + 6)
    stepper.go_to(0)
    expect(part).to_contain_text("has not run yet")


@pytest.mark.parametrize("dark", [False, True])
def test_a_larger_jacobian_is_a_heat_map(open_view: Opener, screenshot: Keep, dark: bool) -> None:
    x = ad.parameter(np.linspace(-1, 1, 30).reshape(5, 6), name="x")
    y = ad.softmax(x, axis=1)
    view = ad.show_graph((y * y).sum())
    stepper = open_view(view, dark=dark)
    stepper.select(view.trace.op("softmax").key)
    part = unfold(stepper, "jacobian")
    expect(part).to_contain_text("30 × 30, block: 5 independent blocks")
    picture = part.get_by_role("img", name="Jacobian ∂y/∂x, 30 by 30")
    picture.hover(position={"x": 2, "y": 2})
    found = np.asarray(jacobian(view.trace, 0, "x"))
    expect(part.locator(".gad-readout")).to_have_text(
        f"∂y[0, 0]/∂x[0, 0] = {found[0, 0, 0, 0]:.4g}"
    )
    expect(part.locator(".gad-singular")).to_contain_text("singular values")
    screenshot(stepper.page)


def test_structures_are_named(open_view: Opener) -> None:
    x = ad.parameter([[1.0, 2.0], [3.0, 4.0]], name="x")
    loss = (ad.tanh(x).T @ ad.parameter([[1.0], [0.5]], name="V")).sum()
    stepper = open_view(ad.show_graph(loss))
    for name, told in (("tanh", "diagonal"), ("transpose", "permutation"), ("sum", "dense")):
        key = next(op.key for op in ad.show_graph(loss).trace.graph.ops if op.op == name)
        stepper.select(key)
        part = unfold(stepper, "jacobian")
        expect(part.locator("[data-structure]")).to_have_attribute("data-structure", told)


def test_a_gradient_is_checked(open_view: Opener, screenshot: Keep) -> None:
    view = lesson()
    stepper = open_view(view)
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


def test_a_kink_is_told(open_view: Opener) -> None:
    x = ad.parameter(0.0, name="x")
    stepper = open_view(ad.show_graph(ad.relu(x) * 2.0))
    stepper.select("v0")
    stepper.button("check ∂").click()
    part = stepper.root.locator(".gad-check")
    expect(part).to_have_attribute("data-verdict", "kink")
    expect(part).to_contain_text("there is no derivative to compare with")


def test_the_wrong_vjp_of_a_users_op_is_named(open_view: Opener, screenshot: Keep) -> None:
    @ad.op(vjp=lambda xp, g, out, a, b: (g * b, g * b))
    def wrong_product(xp, a, b):  # type: ignore[no-untyped-def]
        """Multiply, and get the second input's VJP wrong."""
        return a * b

    a, b = ad.parameter([1.0, 2.0], name="a"), ad.parameter([3.0, 5.0], name="b")
    view = ad.show_graph(wrong_product(a, b).sum())
    stepper = open_view(view)
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


def test_paths_are_listed_and_shown_in_the_diagram(open_view: Opener, screenshot: Keep) -> None:
    view = lesson()
    stepper = open_view(view)
    W = view.trace.value("W")
    stepper.select(W.key)
    part = unfold(stepper, "paths")
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


def test_the_rule_stands_beside_the_element(open_view: Opener, screenshot: Keep) -> None:
    x, W = ad.tensor(np.ones((2, 3)), name="x"), ad.parameter(np.ones((3, 4)) / 3, name="W")
    k = x @ W
    view = ad.show_graph((k * k).sum())
    stepper = open_view(view)
    stepper.select(view.trace.value("W").key)
    part = unfold(stepper, "rule")
    edge = view.trace.value("W").consumers[0]
    expect(part).to_contain_text(vectorised_rule(view.trace, edge).argument)
    expect(part).to_contain_text("k∇ (2, 4) → W∇ (3, 4)")
    expect(part.locator(".katex").first).to_be_visible()
    screenshot(stepper.page)


def test_upstream_factors_lead_to_their_own_explanations(open_view: Opener) -> None:
    view = lesson()
    stepper = open_view(view)
    trace = view.trace
    W, k = trace.value("W"), trace.value("k")
    stepper.select(W.key)
    field = stepper.root.get_by_label("index of an element")
    field.fill("2, 1")
    field.press("Enter")
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


def test_a_formula_knows_what_is_not_known_yet(open_view: Opener) -> None:
    view = lesson()
    stepper = open_view(view)
    trace = view.trace
    stepper.select(trace.value("b").key)
    stepper.root.get_by_label("index of an element").fill("0")
    stepper.root.get_by_label("index of an element").press("Enter")
    body = stepper.root.locator(".gad-derivation-body")
    expect(body.locator('[data-stage="value"]')).to_contain_text("= ")
    stepper.go_to(trace.forward_steps)
    known = body.locator('[data-stage="known so far"]')
    expect(known).to_contain_text("∇[0, 0] · 1")
    expect(body.locator('[data-stage="products"]')).to_have_count(0)
    stepper.go_to(0)
    expect(known).to_contain_text("∇[0, 0] · ?")


def test_the_touched_elements_are_lit_in_the_output(open_view: Opener) -> None:
    view = lesson()
    stepper = open_view(view)
    W, k = view.trace.value("W"), view.trace.value("k")
    stepper.select(W.key)
    stepper.root.get_by_label("index of an element").fill("2, 1")
    stepper.root.get_by_label("index of an element").press("Enter")
    lit = stepper.root.locator(f'.gad-lit[data-output="{k.id}"]')
    # W[2, 1] reaches the column 1 of k, of shape (2, 2)
    expect(lit).to_have_attribute("data-lit", "1 3")
    expect(lit.get_by_role("img", name="2 of 4 elements of k∇ are touched")).to_be_visible()
    lit.locator("canvas").click(position={"x": 3, "y": 3})
    expect(stepper.root).to_have_attribute("data-selected", k.key)
    expect(stepper.root.locator(".gad-derivation-body")).to_have_attribute(
        "data-element", "k∇[0, 0]"
    )


def test_ones_zeros_and_none_are_told_apart(open_view: Opener) -> None:
    x = ad.parameter([1.0, 2.0, 3.0], name="x")
    first, second = ad.split(x, [1])  # noqa: RUF059 - the variable names the value
    cut = (x * 2.0).detach()
    loss = (first * 2.0).sum() + (cut * x[0]).sum()
    view = ad.show_graph(loss)
    stepper = open_view(view)
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


def test_what_needs_the_notebook_is_said(open_view: Opener) -> None:
    w = ad.parameter(np.ones((100, 100)), name="w")
    view = ad.show_graph(ad.tanh(w).sum())
    stepper = open_view(view)
    stepper.select("o0")
    expect(unfold(stepper, "jacobian")).to_contain_text("needs the running notebook")
    stepper.select("v0")
    stepper.root.get_by_label("index of an element").fill("3, 2")
    stepper.root.get_by_label("index of an element").press("Enter")
    body = stepper.root.locator(".gad-derivation-body")
    expect(body).to_contain_text("needs the running notebook. On the page: [0, 0]")
    body.get_by_role("button", name="[0, 0]").click()
    expect(body).to_have_attribute("data-element", "w∇[0, 0]")


def test_an_image_is_shown_in_colour(open_view: Opener, screenshot: Keep) -> None:
    rows, cols = np.mgrid[0:12, 0:16] / 16
    pixels = np.stack([rows, cols, 1 - cols])[None].repeat(2, axis=0)
    x = ad.parameter(pixels, name="x")
    stepper = open_view(ad.show_graph((x * x).sum()))
    stepper.select("v0")
    stepper.root.locator(".gad-options summary").click()
    stepper.root.get_by_label("form", exact=True).select_option("image in colour")
    stepper.root.get_by_label("index along axis 0").fill("1")
    canvas = stepper.root.locator('.gad-heat[data-of="data"] canvas')
    # the middle of the last pixel of the first row: no red, nearly all green, little blue
    shown = canvas.evaluate(
        "c => [...c.getContext('2d').getImageData("
        "Math.round(c.width * 15.5 / 16), Math.round(c.height * 0.5 / 12), 1, 1).data]"
    )
    expected = np.round(255 * pixels[1, :, 0, 15] / pixels.max())
    np.testing.assert_allclose(shown[:3], expected, atol=1)
    screenshot(stepper.page)


def test_zeros_are_marked_and_all_axes_seen_at_once(open_view: Opener, screenshot: Keep) -> None:
    values = np.linspace(0.5, 1, 6 * 5 * 20).reshape(6, 5, 20)
    values[2, 3, 7] = 0.0
    x = ad.parameter(values, name="x")
    stepper = open_view(ad.show_graph((x * x).sum()))
    stepper.select("v0")
    root = stepper.root
    root.locator(".gad-options summary").click()
    root.get_by_label("form", exact=True).select_option("all elements as a square")
    data = root.locator('.gad-heat[data-of="data"]')
    expect(data).to_have_attribute("data-cells", re.compile(r"^(\S+ ){599}\S+$"))
    root.get_by_label("mark", exact=True).select_option("exact zeros")
    dark = (
        "c => { const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
        " let n = 0; for (let i = 0; i < d.length; i += 4) if (d[i] < 60) n += 1;"
        " return n / (c.width * c.height); }"
    )
    part = data.locator("canvas").evaluate(dark)
    assert part == pytest.approx(1 / 600, rel=0.3), "one element of 600 is in ink"
    screenshot(stepper.page)


def test_the_picked_element_is_framed_in_both_maps(open_view: Opener) -> None:
    view = lesson()
    stepper = open_view(view)
    stepper.select(view.trace.value("W").key)
    field = stepper.root.get_by_label("index of an element")
    field.fill("2, 1")
    field.press("Enter")
    picked = stepper.root.locator(".gad-pair .gad-picked")
    expect(picked).to_have_count(2)
    for cell in picked.all():
        expect(cell).to_have_attribute("data-cell", "2,1")


def test_the_backward_pass_is_a_graph_of_its_own(open_view: Opener, screenshot: Keep) -> None:
    view = lesson()
    stepper = open_view(view)
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
    open_view: Opener, screenshot: Keep
) -> None:
    a, b = ad.parameter(3.0, name="a"), ad.parameter(2.0, name="b")
    view = ad.show_graph(a * b + a)
    stepper = open_view(view)
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
    open_view: Opener, screenshot: Keep, root: Path, dark: bool, width: int
) -> None:
    view = lesson()
    stepper = open_view(view, dark=dark, window={"width": width, "height": 900})
    page = stepper.page
    # A wheel brings no checker: this needs the checkout's own node_modules.
    page.evaluate((root / "widgets/node_modules/axe-core/axe.min.js").read_text(encoding="utf-8"))

    def violations() -> list[str]:
        found = page.evaluate("() => axe.run('.gad-stepper')")["violations"]
        return [
            f"{v['id']}: {node['html'][:200]}"
            for v in found
            if v["impact"] in ("serious", "critical")
            for node in v["nodes"]
        ]

    W = view.trace.value("W").key
    stepper.node(W).dispatch_event("click")
    stepper.button("check ∂").click()
    stepper.root.locator(".gad-options summary").click()
    field = stepper.root.get_by_label("index of an element")
    field.fill("2, 1")
    field.press("Enter")
    for section in ("terms", "rule", "paths"):
        unfold(stepper, section)
    expect(stepper.root.locator(".gad-path").first).to_be_visible()
    screenshot(page, "value")
    assert violations() == []
    inspector = stepper.root.locator(".gad-inspector .gad-pane-body")
    assert inspector.evaluate("e => e.scrollWidth - e.clientWidth") <= 1, "it scrolls sideways"
    stepper.node(view.trace.op("matmul").key).dispatch_event("click")
    unfold(stepper, "jacobian")
    expect(stepper.root.locator(".gad-jacobian")).to_be_visible()
    screenshot(page, "op")
    assert violations() == []
    assert inspector.evaluate("e => e.scrollWidth - e.clientWidth") <= 1, "it scrolls sideways"
    stepper.button("backward graph").click()
    StepperPage(page, 1).wait()
    screenshot(page, "backward")
    assert violations() == []


@pytest.mark.slow
def test_a_kernel_explains_what_is_not_on_the_page(
    lab: LabServer, new_page: Callable[..., Page], screenshot: Keep
) -> None:
    cells = [
        "import numpy as np, graphviz_ad as ad\n"
        "rng = np.random.default_rng(0)\n"
        "x, W = ad.tensor(rng.normal(size=(32, 64))), ad.parameter(rng.normal(size=(64, 50)))\n"
        "k = x @ W\n"
        "ad.show_graph((k * k).sum())"
    ]
    lab.write_notebook("explanations.ipynb", cells)
    page = new_page()
    lab.open(page, "explanations.ipynb")
    lab.run_all(page)
    stepper = StepperPage(page).wait()
    stepper.go_to(stepper.steps)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(32, 64))
    gradient = x.T @ (2 * (x @ rng.normal(size=(64, 50))))
    stepper.select("v1")
    field = stepper.root.get_by_label("index of an element")
    field.fill("3, 2")
    field.press("Enter")
    value = stepper.root.locator('.gad-derivation-body [data-stage="value"]')
    expect(value).to_contain_text(re.compile("= "))
    assert agrees(value.inner_text().removeprefix("= "), float(gradient[3, 2]))
    expect(stepper.root.locator(".gad-lit")).to_contain_text("32 of 1600")
    stepper.button("check ∂").click()
    expect(stepper.root.locator(".gad-check")).to_have_attribute("data-verdict", "agrees")
    expect(unfold(stepper, "paths")).to_contain_text("2 paths to the loss")
    stepper.select("o0")
    part = unfold(stepper, "jacobian")
    expect(part).to_contain_text("1600 × 3200, block: 50 independent blocks", timeout=20_000)
    screenshot(page)
    stepper.button("backward graph").click()
    inner = StepperPage(page, 1).wait()
    # broadcast, two products and their sum for k∇; a transpose and a product for W∇
    assert inner.steps == 6
    screenshot(page, "backward")


@pytest.mark.slow
def test_a_kernel_counts_all_of_a_large_tensor(
    lab: LabServer, new_page: Callable[..., Page]
) -> None:
    cells = [
        "import numpy as np, graphviz_ad as ad\n"
        "w = ad.parameter(np.linspace(-1, 1, 40_000))\n"
        "ad.show_graph(w.sum())"
    ]
    lab.write_notebook("histogram.ipynb", cells)
    page = new_page()
    lab.open(page, "histogram.ipynb")
    lab.run_all(page)
    stepper = StepperPage(page).wait()
    stepper.select("v0")
    spread = stepper.root.locator('.gad-spread[data-of="data"]')
    expect(spread).to_contain_text("a random sample of 16,384")
    spread.get_by_role("button", name="count all").click()
    expect(spread).not_to_contain_text("sample")
    counts = list(map(int, (spread.get_attribute("data-counts") or "").split()))
    assert counts == np.histogram(np.linspace(-1, 1, 40_000), 24)[0].tolist()
