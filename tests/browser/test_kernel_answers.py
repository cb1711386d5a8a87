"""What only a running kernel can answer: what was too large to stand on the page."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Keep, PageMaker
from tests.browser.expected import agrees
from tests.browser.stepper_page import StepperPage

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_kernel_explains_what_is_not_on_the_page(
    run_notebook: PageMaker, screenshot: Keep
) -> None:
    cells = [
        "import numpy as np, graphviz_ad as ad\n"
        "rng = np.random.default_rng(0)\n"
        "x, W = ad.tensor(rng.normal(size=(32, 64))), ad.parameter(rng.normal(size=(64, 50)))\n"
        "k = x @ W\n"
        "ad.show_graph((k * k).sum())"
    ]
    page = run_notebook(cells)
    stepper = StepperPage(page).wait()
    stepper.go_to(stepper.steps)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(32, 64))
    gradient = x.T @ (2 * (x @ rng.normal(size=(64, 50))))
    stepper.select("v1")
    stepper.pick("3, 2")
    value = stepper.root.locator('.gad-derivation-body [data-stage="value"]')
    expect(value).to_contain_text(re.compile("= "))
    assert agrees(value.inner_text().removeprefix("= "), float(gradient[3, 2]))
    expect(stepper.root.locator(".gad-lit")).to_contain_text("32 of 1600")
    stepper.button("check ∂").click()
    expect(stepper.root.locator(".gad-check")).to_have_attribute("data-verdict", "agrees")
    expect(stepper.unfold("paths")).to_contain_text("2 paths to the loss")
    stepper.select("o0")
    part = stepper.unfold("jacobian")
    expect(part).to_contain_text("1600 × 3200, block: 50 independent blocks", timeout=20_000)
    screenshot(page)
    stepper.button("backward graph").click()
    inner = StepperPage(page, 1).wait()
    # broadcast, two products and their sum for k∇; a transpose and a product for W∇
    assert inner.steps == 6
    screenshot(page, "backward")


def test_a_kernel_counts_all_of_a_large_tensor(run_notebook: PageMaker) -> None:
    cells = [
        "import numpy as np, graphviz_ad as ad\n"
        "w = ad.parameter(np.linspace(-1, 1, 40_000))\n"
        "ad.show_graph(w.sum())"
    ]
    page = run_notebook(cells)
    stepper = StepperPage(page).wait()
    stepper.select("v0")
    spread = stepper.root.locator('.gad-spread[data-of="data"]')
    expect(spread).to_contain_text("a random sample of 16,384")
    spread.get_by_role("button", name="count all").click()
    expect(spread).not_to_contain_text("sample")
    counts = list(map(int, (spread.get_attribute("data-counts") or "").split()))
    assert counts == np.histogram(np.linspace(-1, 1, 40_000), 24)[0].tolist()


LARGE = """\
import numpy as np
import graphviz_ad as ad

a = np.zeros((4096, 4096), np.float32)
a[3000, 1000] = 5.0
x = ad.parameter(a, name="x")
ad.show_graph((x * 2.0).sum())"""


def test_a_large_tensor_opens_at_once_and_is_looked_into(
    run_notebook: PageMaker, screenshot: Keep
) -> None:
    page = run_notebook([LARGE])
    stepper = StepperPage(page).wait()
    stepper.go_to(stepper.steps)
    page.evaluate("() => { window.before = performance.now(); }")
    stepper.node("v0").dispatch_event("click")
    picture = stepper.root.locator('.gad-heat[data-of="data"] canvas')
    expect(picture).to_have_attribute("aria-label", "summary of 180 by 170 cells")
    assert page.evaluate("() => performance.now() - window.before") < 3000
    inspector = stepper.root.locator("[data-inspect]")
    expect(inspector).to_contain_text("summary of 4096 × 4096; click to look closer")
    for part in (r"rows 27\d\d–32", r"rows 29\d\d–30"):
        box = picture.bounding_box()
        assert box is not None
        y, x = place_in(inspector.locator(".gad-summary").inner_text())
        picture.click(position={"x": x * box["width"], "y": y * box["height"]})
        expect(inspector.locator(".gad-summary")).to_contain_text(re.compile(part))
    cells = stepper.root.locator('.gad-heat[data-of="data"]')
    expect(cells).to_have_attribute("data-cells", re.compile(r"\b5\b"))
    screenshot(page)
    stepper.pick("3000, 1000")
    expect(stepper.root.locator(".gad-derivation-body")).to_contain_text("= 1 · 2")


def place_in(text: str) -> tuple[float, float]:
    """Return where element [3000, 1000] lies in the part that is told, as fractions."""
    ends = re.search(r"rows (\d+)–(\d+), columns (\d+)–(\d+)", text)
    top, bottom, left, right = map(int, ends.groups()) if ends else (0, 4095, 0, 4095)
    return (3000 - top + 0.5) / (bottom - top + 1), (1000 - left + 0.5) / (right - left + 1)
