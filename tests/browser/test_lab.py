"""The Stepper in JupyterLab, as a user of a notebook meets it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

import graphviz_ad as ad
from tests.browser.conftest import Keep, PageMaker
from tests.browser.graphs import NETWORK_CELLS, two_layer_network
from tests.browser.lab import LabServer
from tests.browser.stepper_page import StepperPage

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_every_number_at_every_step(run_notebook: PageMaker, screenshot: Keep) -> None:
    trace = ad.show_graph(two_layer_network()[0]).trace
    stepper = StepperPage(run_notebook(NETWORK_CELLS)).wait()
    assert stepper.steps == len(trace.steps)
    for position in range(stepper.steps + 1):
        stepper.expect_position(position)
        stepper.check_numbers(trace, position)
        if position < stepper.steps:
            stepper.button("one step forward").click()
    screenshot(stepper.page)


def test_to_the_end_and_back_by_button_key_and_slider(run_notebook: PageMaker) -> None:
    stepper = StepperPage(run_notebook(NETWORK_CELLS)).wait()
    last = stepper.steps
    assert last > 10
    stepper.expect_position(0)

    stepper.button("last position").click()
    stepper.expect_position(last)
    stepper.button("one step back").click()
    stepper.expect_position(last - 1)
    stepper.button("first position").click()
    stepper.expect_position(0)

    stepper.slider().focus()
    for position in range(1, last + 1):
        stepper.page.keyboard.press("ArrowRight")
        stepper.expect_position(position)
    for position in reversed(range(last)):
        stepper.page.keyboard.press("ArrowLeft")
        stepper.expect_position(position)

    stepper.go_to(last)
    stepper.go_to(0)
    stepper.root.get_by_label("speed of play").select_option("4")
    stepper.button("play").click()
    stepper.expect_position(last, seconds=30)


def test_the_layout_never_moves_while_stepping(run_notebook: PageMaker) -> None:
    stepper = StepperPage(run_notebook(NETWORK_CELLS)).wait()
    places = "nodes => nodes.map(node => node.getAttribute('transform'))"
    nodes = stepper.root.locator("[data-node]")
    before = nodes.evaluate_all(places)
    assert len(before) > 10
    for position in (1, stepper.steps // 2, stepper.steps):
        stepper.go_to(position)
        assert nodes.evaluate_all(places) == before


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_a_click_opens_a_value_and_an_op(
    run_notebook: PageMaker, screenshot: Keep, theme: str
) -> None:
    trace = ad.show_graph(two_layer_network()[0]).trace
    stepper = StepperPage(run_notebook(NETWORK_CELLS, theme=theme)).wait()
    stepper.go_to(stepper.steps)
    hidden = trace.value("h").key
    stepper.select(hidden)
    expect(stepper.root.locator(f'[data-inspect="{hidden}"] [data-stat="norm"]')).to_have_count(2)
    screenshot(stepper.page, "value")
    sigmoid = trace.op("sigmoid").key
    stepper.select(sigmoid)
    # The mathematics is set by KaTeX, in its own fonts.
    expect(stepper.root.locator(f'[data-inspect="{sigmoid}"] .katex').first).to_be_visible()
    screenshot(stepper.page, "op")


def test_a_narrow_window(run_notebook: PageMaker, screenshot: Keep) -> None:
    page = run_notebook(NETWORK_CELLS, window={"width": 520, "height": 900})
    stepper = StepperPage(page).wait()
    stepper.button("one step forward").click()
    stepper.expect_position(1)
    width = "root => [root.scrollWidth, root.clientWidth]"
    content, room = stepper.root.evaluate(width)
    assert content <= room + 1, "something sticks out of the Stepper"
    stepper.select("v0")
    screenshot(page)


def test_keyboard_only(run_notebook: PageMaker) -> None:
    stepper = StepperPage(run_notebook(NETWORK_CELLS)).wait()
    keyboard = stepper.page.keyboard
    stepper.button("first position").focus()
    keyboard.press("End")
    stepper.expect_position(stepper.steps)
    keyboard.press("Home")
    stepper.expect_position(0)
    # Tab leads from the controls to the nodes of the diagram; Enter opens the one in focus.
    focused = "document.activeElement?.closest('[data-node]')?.dataset.node ?? ''"
    for _ in range(40):
        keyboard.press("Tab")
        if key := stepper.page.evaluate(focused):
            break
    assert key, "no node of the diagram can be reached by Tab"
    keyboard.press("Enter")
    expect(stepper.root).to_have_attribute("data-selected", key)
    expect(stepper.root.locator(f'[data-inspect="{key}"]')).to_be_visible()


def test_two_steppers_do_not_disturb_each_other(run_notebook: PageMaker) -> None:
    cells = [
        "import graphviz_ad as ad\n"
        "a, b = ad.parameter(3.0), ad.parameter(2.0)\n"
        "ad.show_graph(a * b, step=0)",
        "ad.show_graph((a + b) * a, step=0)",
    ]
    page = run_notebook(cells)
    first, second = StepperPage(page, 0).wait(), StepperPage(page, 1).wait()
    assert (first.steps, second.steps) == (3, 5)
    second.go_to(4)
    first.expect_position(0)
    first.button("one step forward").click()
    first.expect_position(1)
    second.expect_position(4)
    first.select("v0")
    expect(second.root).not_to_have_attribute("data-selected", "v0")
    ids = page.evaluate("[...document.querySelectorAll('.gad-stepper [id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))


# Walks to the end and back several times, a step every 80 to 125 ms, and returns every position
# that was shown on the way.
WALK = """
async (root) => {
  const seen = [];
  new MutationObserver(() => seen.push(Number(root.dataset.step)))
    .observe(root, { attributes: true, attributeFilter: ["data-step"] });
  const pause = (delay) => new Promise((done) => setTimeout(done, delay));
  for (let delay = 80; delay <= 125; delay += 15) {
    for (const direction of ["forward", "back"]) {
      const button = root.querySelector(`button[aria-label^="one step ${direction}"]`);
      for (let step = 0; step < Number(root.dataset.steps); step += 1) {
        button.click();
        await pause(delay);
      }
    }
  }
  await pause(500);
  return seen;
}
"""


def test_the_kernels_echo_never_moves_the_stepper(run_notebook: PageMaker) -> None:
    # The kernel repeats every position that it is told; by then the user may have moved on.
    stepper = StepperPage(run_notebook(NETWORK_CELLS)).wait()
    there = list(range(1, stepper.steps + 1))
    back = list(reversed(range(stepper.steps)))
    assert stepper.root.evaluate(WALK) == (there + back) * 4


def test_looking_changes_nothing(lab: LabServer, run_notebook: PageMaker) -> None:
    cells = [
        "import graphviz_ad as ad\na, b = ad.parameter(3.0), ad.parameter(2.0)\nc = a * b",
        "view = ad.show_graph(c)\nview",
        "assert a.grad is None and b.grad is None\nc.backward()\nassert a.grad.item() == 2.0",
        "print('the last cell has run')",
    ]
    page = run_notebook(cells)
    StepperPage(page).wait()
    expect(page.get_by_text("the last cell has run", exact=True)).to_be_visible()


def test_the_embedded_page_in_the_output(run_notebook: PageMaker) -> None:
    cells = [*NETWORK_CELLS[:1], NETWORK_CELLS[1].replace("step=0", "step=0, embed=True")]
    page = run_notebook(cells)
    frame = page.frame_locator("iframe").first
    root = frame.locator(".gad-stepper")
    expect(root).to_have_attribute("data-ready", "true")
    root.get_by_role("button", name="one step forward").click()
    expect(root).to_have_attribute("data-step", "1")


def test_a_large_array_is_a_summary_until_it_is_fetched(run_notebook: PageMaker) -> None:
    page = run_notebook(
        [
            "import numpy as np\nimport graphviz_ad as ad",
            "x = ad.parameter(np.arange(60_000.0).reshape(300, 200))",
            "ad.show_graph((x * 2.0).sum())",
        ]
    )
    stepper = StepperPage(page).wait()
    stepper.select("v0")
    inspector = page.locator('[data-inspect="v0"]')
    expect(inspector).to_contain_text("summary of 300 × 200")
    inspector.get_by_text("fetch all elements").click()
    expect(inspector).not_to_contain_text("summary of 300 × 200", use_inner_text=True)
    inspector.get_by_text("show numbers").click()
    for row, column in ((0, 1), (2, 3)):
        cell = page.locator(f'[data-cell="{row},{column}"]').first
        expect(cell).to_have_text(str(row * 200 + column))
