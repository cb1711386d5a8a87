"""How a tensor is seen: turned, scaled, as an image, marked, and with an element picked."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import expect

import graphviz_ad as ad
from tests.browser.conftest import Keep, Opener
from tests.browser.graphs import lesson

pytestmark = pytest.mark.browser


def test_the_touched_elements_are_lit_in_the_output(open_at_end: Opener) -> None:
    view = lesson()
    stepper = open_at_end(view)
    W, k = view.trace.value("W"), view.trace.value("k")
    stepper.select(W.key)
    stepper.pick("2, 1")
    lit = stepper.root.locator(f'.gad-lit[data-output="{k.id}"]')
    # W[2, 1] reaches the column 1 of k, of shape (2, 2)
    expect(lit).to_have_attribute("data-lit", "1 3")
    expect(lit.get_by_role("img", name="2 of 4 elements of k∇ are touched")).to_be_visible()
    lit.locator("canvas").click(position={"x": 3, "y": 3})
    expect(stepper.root).to_have_attribute("data-selected", k.key)
    expect(stepper.root.locator(".gad-derivation-body")).to_have_attribute(
        "data-element", "k∇[0, 0]"
    )


def test_the_picked_element_is_framed_in_both_maps(open_at_end: Opener) -> None:
    view = lesson()
    stepper = open_at_end(view)
    stepper.select(view.trace.value("W").key)
    stepper.pick("2, 1")
    picked = stepper.root.locator(".gad-pair .gad-picked")
    expect(picked).to_have_count(2)
    for cell in picked.all():
        expect(cell).to_have_attribute("data-cell", "2,1")


def test_an_image_is_shown_in_colour(open_at_end: Opener, screenshot: Keep) -> None:
    rows, cols = np.mgrid[0:12, 0:16] / 16
    pixels = np.stack([rows, cols, 1 - cols])[None].repeat(2, axis=0)
    x = ad.parameter(pixels, name="x")
    stepper = open_at_end(ad.show_graph((x * x).sum()))
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


def test_zeros_are_marked_and_all_axes_seen_at_once(open_at_end: Opener, screenshot: Keep) -> None:
    values = np.linspace(0.5, 1, 6 * 5 * 20).reshape(6, 5, 20)
    values[2, 3, 7] = 0.0
    x = ad.parameter(values, name="x")
    stepper = open_at_end(ad.show_graph((x * x).sum()))
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


def test_a_tensor_is_turned_scaled_and_counted(open_at_end: Opener, screenshot: Keep) -> None:
    x = ad.parameter(np.arange(24.0).reshape(2, 3, 4), name="x")
    view = ad.show_graph((x * x).sum())
    stepper = open_at_end(view)
    stepper.select("v0")
    root = stepper.root
    cells = root.locator('.gad-heat[data-of="data"]')
    expect(cells).to_have_attribute("data-cells", " ".join(map(str, range(12))))
    root.locator(".gad-options summary").click()
    root.get_by_label("rows", exact=True).select_option("axis 0 (2)")
    root.get_by_label("index along axis 1").fill("2")
    turned = np.arange(24).reshape(2, 3, 4)[:, 2]
    expect(cells).to_have_attribute("data-cells", " ".join(map(str, turned.ravel())))
    counts = root.locator('.gad-spread[data-of="data"]').get_attribute("data-counts")
    assert list(map(int, (counts or "").split())) == np.histogram(np.arange(24), 24)[0].tolist()
    root.get_by_label("scale").select_option("data and ∇ alike")
    ends = root.locator(".gad-heat .gad-scale-ends span:last-child")
    expect(ends.nth(0)).to_have_text("46")
    expect(ends.nth(1)).to_have_text("46")
    root.get_by_label("form", exact=True).select_option("image in grey")
    expect(root.locator('.gad-heat[data-of="data"] canvas')).to_be_visible()
    screenshot(stepper.page)
