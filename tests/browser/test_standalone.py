"""The standalone page: one file, no kernel, no network."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import expect

import graphviz_ad as ad
from tests.browser.conftest import Keep, Opener
from tests.browser.graphs import random_graph, two_layer_network
from tests.browser.stepper_page import changed_by

pytestmark = pytest.mark.browser


def test_every_number_of_the_network_is_pythons(open_view: Opener, screenshot: Keep) -> None:
    view = ad.show_graph(two_layer_network()[0], step=0)
    stepper = open_view(view)
    assert stepper.steps == len(view.trace.steps)
    for position in range(stepper.steps + 1):
        stepper.expect_position(position)
        stepper.check_numbers(view.trace, position)
        if position < stepper.steps:
            stepper.button("one step forward").click()
    screenshot(stepper.page)


def test_the_trace_ends_where_backward_does() -> None:
    loss, parameters = two_layer_network()
    trace = ad.show_graph(loss).trace
    loss.backward()
    for p in parameters:
        gradient = trace.gradient(trace.value(p.name).id)
        np.testing.assert_allclose(gradient, p.grad.data, rtol=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_every_number_of_a_random_graph_is_pythons(open_view: Opener, seed: int) -> None:
    view = ad.show_graph(random_graph(seed), step=0)
    stepper = open_view(view)
    for position in range(stepper.steps + 1):
        stepper.go_to(position)
        stepper.check_numbers(view.trace, position, only=changed_by(view.trace, position))
    stepper.check_numbers(view.trace, stepper.steps)


def test_stepping_back_shows_what_was_there_before(open_view: Opener) -> None:
    view = ad.show_graph(random_graph(0), step=0)
    stepper = open_view(view)
    keys = [value.key for value in view.trace.graph.values]
    seen = []
    for position in range(stepper.steps + 1):
        stepper.go_to(position)
        seen.append(stepper.read(keys))
    for position in reversed(range(stepper.steps)):
        stepper.page.keyboard.press("ArrowLeft")
        stepper.expect_position(position)
        assert stepper.read(keys) == seen[position]


def test_broken_numbers_are_shown_as_such(open_view: Opener) -> None:
    x = ad.parameter([0.0, 1.0, 4.0], name="x")
    with np.errstate(all="ignore"):
        y = ad.log(x)
        z = y * x
        view = ad.show_graph(z.sum(), step=0)
    stepper = open_view(view)
    stepper.go_to(stepper.steps)
    stepper.select(view.trace.value("y").key)
    cells = stepper.root.locator("[data-inspect] [data-cell]")
    expect(cells.filter(has_text="−∞").first).to_be_visible()
    stepper.select(view.trace.value("z").key)
    expect(cells.filter(has_text="NaN").first).to_be_visible()


def test_keys_work_on_a_page_that_was_just_opened(open_view: Opener) -> None:
    stepper = open_view(ad.show_graph(random_graph(0), step=0))
    assert stepper.page.evaluate("document.activeElement === document.body")
    stepper.page.keyboard.press("ArrowRight")
    stepper.expect_position(1)
    stepper.page.keyboard.press("End")
    stepper.expect_position(stepper.steps)
