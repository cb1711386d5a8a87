"""The Stepper on a page, as a user meets it: its buttons, its keys, its slider and its numbers."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from playwright.sync_api import Locator, Page, expect

from graphviz_ad.trace.trace import Trace
from tests.browser.expected import Expected, agrees, expected_at, statistics
from tests.conftest import ROOT

AXE = ROOT / "widgets" / "node_modules" / "axe-core" / "axe.min.js"
READY_MILLISECONDS = 30_000

# Reads all nodes, and clicks the values named in `keys` to read the inspector on each.
READ = """
async (root, keys) => {
  const pause = () => new Promise((done) => setTimeout(done, 0));
  const inspect = async (key) => {
    if (root.dataset.selected !== key) {
      root.querySelector(`[data-node="${key}"]`).dispatchEvent(
        new MouseEvent("click", { bubbles: true }));
    }
    for (let turn = 0; turn < 200; turn += 1) {
      if (root.dataset.selected === key && root.querySelector(`[data-inspect="${key}"]`)) break;
      await pause();
    }
    const pane = root.querySelector(`[data-inspect="${key}"]`);
    if (pane === null) throw new Error(`the inspector does not show ${key}`);
    const numbers = {};
    for (const cell of pane.querySelectorAll("[data-stat]")) {
      numbers[`${cell.dataset.of} ${cell.dataset.stat}`] = cell.textContent.trim();
    }
    return numbers;
  };
  const nodes = {};
  for (const node of root.querySelectorAll('[data-node^="v"]')) {
    nodes[node.dataset.node] = {
      state: node.dataset.state,
      gradient: node.dataset.gradient,
      data: node.querySelector("[data-value]")?.textContent.trim() ?? null,
      grad: node.querySelector("[data-grad]")?.textContent.trim() ?? null,
    };
  }
  const inspected = {};
  for (const key of keys) inspected[key] = await inspect(key);
  return { position: Number(root.dataset.step), nodes, inspected };
}
"""


class StepperPage:
    """One Stepper on a page."""

    def __init__(self, page: Page, index: int = 0) -> None:
        self.page = page
        self.root: Locator = page.locator(".gad-stepper").nth(index)

    def wait(self) -> StepperPage:
        """Wait until it has drawn itself."""
        expect(self.root).to_have_attribute("data-ready", "true", timeout=READY_MILLISECONDS)
        return self

    @property
    def steps(self) -> int:
        """How many steps there are."""
        return int(self.root.get_attribute("data-steps") or -1)

    @property
    def position(self) -> int:
        """How many steps are done."""
        return int(self.root.get_attribute("data-step") or -1)

    def expect_position(self, position: int, seconds: float = 5) -> None:
        """Wait until `position` steps are done."""
        expect(self.root).to_have_attribute("data-step", str(position), timeout=1000 * seconds)

    def button(self, name: str) -> Locator:
        """Return a button by the beginning of its accessible name."""
        return self.root.get_by_role(
            "button", name=re.compile(f"^{re.escape(name)}", re.IGNORECASE)
        )

    def slider(self) -> Locator:
        """Return the slider over all steps."""
        return self.root.get_by_role("slider", name=re.compile("step|position", re.IGNORECASE))

    def go_to(self, position: int) -> None:
        """Move by the slider."""
        self.slider().fill(str(position))
        self.expect_position(position)

    def node(self, key: str) -> Locator:
        """Return the node of the diagram with this key."""
        return self.root.locator(f'[data-node="{key}"]')

    def select(self, key: str) -> None:
        """Click a node."""
        self.node(key).click()
        expect(self.root).to_have_attribute("data-selected", key)

    def pick(self, index: str) -> None:
        """Type the index of an element of the selected value, such as ``"2, 1"``."""
        field = self.root.get_by_label("index of an element")
        field.fill(index)
        field.press("Enter")

    def unfold(self, section: str) -> Locator:
        """Open a part of the inspector, and return it."""
        part = self.root.locator(f'[data-section="{section}"]')
        if part.get_attribute("open") is None:
            part.locator("summary").first.press("Enter")
        return part

    def complaints(self) -> list[str]:
        """Return what axe-core finds that is serious or worse."""
        # A wheel brings no checker: this needs the checkout's own node_modules.
        assert AXE.exists(), "axe-core is not installed: run `npm ci` in widgets/"
        self.page.evaluate(AXE.read_text(encoding="utf-8") + "; null")
        found = self.page.evaluate("() => axe.run(document)")["violations"]
        return [
            f"{rule['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
            for rule in found
            if rule["impact"] in ("serious", "critical")
            for node in rule["nodes"]
        ]

    def read(self, keys: list[str]) -> dict[str, Any]:
        """Return the numbers in the diagram, and those of the inspector on each of `keys`."""
        return dict(self.root.evaluate(READ, keys))

    def check_numbers(self, trace: Trace, position: int, only: set[str] | None = None) -> None:
        """Compare the page with Python's arrays; `only` limits what is opened in the inspector."""
        values = expected_at(trace, position)
        keys = [value.key for value in values if only is None or value.key in only]
        shown = self.read(keys)
        assert shown["position"] == position, f"moved from {position} to {shown['position']}"
        for value in values:
            where = f"{value.key} when {position} steps are done"
            check_node(shown["nodes"][value.key], value, where)
            if value.key in shown["inspected"]:
                check_inspector(shown["inspected"][value.key], value, where)


def check_node(node: dict[str, Any], value: Expected, where: str) -> None:
    """Compare a node of the diagram with what it stands for."""
    assert node["state"] == ("pending" if value.data is None else "filled"), where
    assert node["gradient"] == value.gradient_state, where
    for text, array in ((node["data"], value.data), (node["grad"], value.gradient)):
        if text is None:
            continue
        if array is None:
            assert not re.search(r"\d", text), f"{where}: {text!r} stands where nothing is computed"
        else:
            number = float(np.asarray(array).item())
            assert agrees(text, number), f"{where}: {text} is not {number!r}"


def check_inspector(numbers: dict[str, str], value: Expected, where: str) -> None:
    """Compare the statistics of the inspector with Python's."""
    for of, array in (("data", value.data), ("gradient", value.gradient)):
        shown = {key.split()[1]: text for key, text in numbers.items() if key.startswith(of)}
        if array is None:
            digits = [text for text in shown.values() if re.search(r"\d", text)]
            assert not digits, f"{where}: {of} shows {digits}, and nothing is computed"
            continue
        scale = float(np.max(np.abs(array), initial=0.0))
        for name, number in statistics(array).items():
            assert agrees(shown.get(name), number, scale), (
                f"{where}: {name} of {of} is {number!r}, the page shows {shown.get(name)!r}"
            )


def changed_by(trace: Trace, position: int) -> set[str]:
    """Return the keys of the values that the last step filled or sent something to."""
    if position == 0:
        return set()
    step = trace.steps[position - 1]
    values = {part.value for part in step.contributions} | set(step.outputs)
    return {f"v{value}" for value in values}
