"""How fast the page is: ``python -m benchmarks.page`` writes docs/page-speed.md.

JupyterLab and saved pages in headless Chromium. Times are medians; "first picture" counts from
the start of the cell to the diagram being drawn, by the clock that kernel and page share.
"""

from __future__ import annotations

import datetime
import statistics
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

import graphviz_ad as ad
from tests.browser.conftest import FLAGS
from tests.browser.lab import LabServer
from tests.conftest import find_chromium

REPORT = Path(__file__).parent.parent / "docs" / "page-speed.md"
REPEATS = 5
READY = '.gad-stepper[data-ready="true"]'

# Writes down when the diagram was drawn, the moment that the widget says so.
WATCH_READY = """() => {
  window.drawn = null;
  new MutationObserver(() => {
    if (window.drawn === null && document.querySelector('.gad-stepper[data-ready="true"]'))
      window.drawn = Date.now() / 1000;
  }).observe(document.body, {subtree: true, childList: true, attributes: true});
}"""
# Each step with the style and layout that it causes, as the browser does before it paints.
TIME_STEPS = """() => {
  const root = document.querySelector('.gad-stepper');
  const back = root.querySelector('button[aria-label^="one step back"]');
  const times = [];
  for (let i = 0; i < 120; i += 1) {
    const before = performance.now();
    back.click();
    root.getBoundingClientRect();
    times.push(performance.now() - before);
  }
  return times;
}"""

IMPORT = "import time\nimport graphviz_ad as ad"
CELL = """start = time.time()
x = ad.parameter(1.0)
y = x
for _ in range({ops}):
    y = y * 1.01
view = ad.show_graph(y)
print(start)
view"""


def first_picture(lab: LabServer, browser: Browser, ops: int) -> float:
    """Return the seconds from the start of a cell of `ops` operations to its picture."""
    name = f"ops-{ops}.ipynb"
    lab.write_notebook(name, [IMPORT, CELL.format(ops=ops)])
    page = browser.new_page()
    lab.open(page, name)
    page.evaluate(WATCH_READY)
    lab.run_all(page)
    page.wait_for_function("() => window.drawn !== null", timeout=60_000)
    start = float(page.locator(".jp-OutputArea-output pre").first.inner_text())
    drawn = float(page.evaluate("() => window.drawn"))
    page.close()
    return drawn - start


def step_times(browser: Browser, folder: Path) -> tuple[int, list[float]]:
    """Return the visible nodes of a large open diagram and the milliseconds of its steps."""
    rng = np.random.default_rng(0)
    x = ad.parameter(rng.normal(size=(8, 8)))
    for block in range(5):
        with ad.module_scope(f"block {block}"):
            for _ in range(20):
                x = ad.tanh(x * 1.1)
    path = ad.show_graph(x.sum(), step=400).save(folder / "steps.html")
    page = browser.new_page()
    page.goto(path.as_uri())
    page.wait_for_selector(READY)
    open_every_box(page)
    nodes = page.locator("[data-node]").count()
    times: list[float] = page.evaluate(TIME_STEPS)
    page.close()
    return nodes, times


def open_every_box(page: Page) -> None:
    """Open closed boxes until none is left."""
    while page.locator(".gad-box").count():
        before = page.locator("[data-node]").count()
        page.locator(".gad-box").first.dispatch_event("click")
        page.wait_for_function(
            "n => document.querySelectorAll('[data-node]').length > n", arg=before
        )


def payload_size() -> int:
    """Return the bytes that the two-layer network on digits sends beside the bundle."""
    rng = np.random.default_rng(0)
    x, t = rng.random((32, 64)), rng.integers(0, 10, 32)
    W, b = ad.parameter(rng.normal(size=(64, 50))), ad.parameter(np.zeros(50))
    V, c = ad.parameter(rng.normal(size=(50, 10))), ad.parameter(np.zeros(10))
    payload = ad.show_graph(ad.cross_entropy(ad.sigmoid(x @ W + b) @ V + c, t)).payload
    return len(payload.packed) + len(payload.buffer)


def report(rows: list[tuple[str, str, str]]) -> str:
    """Return the page of the documentation."""
    lines = [
        "# Speed of the page",
        "",
        f"Written by `python -m benchmarks.page` on {datetime.date.today()}, in JupyterLab and",
        "saved pages in headless Chromium on a 2-core x86-64 virtual machine; medians of",
        f"{REPEATS} runs, the steps of one run.",
        "",
        "| | measured | goal |",
        "|---|---|---|",
        *(f"| {what} | {measured} | {goal} |" for what, measured, goal in rows),
        "",
    ]
    return "\n".join(lines)


def measure() -> list[tuple[str, str, str]]:
    """Measure everything once and return the rows of the report."""
    rows: list[tuple[str, str, str]] = []
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        folder = Path(home)
        lab = LabServer(folder)
        lab.start()
        options: dict[str, Any] = {"executable_path": find_chromium(), "args": FLAGS}
        browser = playwright.chromium.launch(**options)
        for ops, goal in ((50, "1.5 s"), (10_000, "5 s")):
            times = [first_picture(lab, browser, ops) for _ in range(REPEATS)]
            rows.append((f"first picture, {ops:,} ops", f"{statistics.median(times):.2f} s", goal))
        nodes, steps = step_times(browser, folder)
        middle, worst = statistics.median(steps), sorted(steps)[int(len(steps) * 0.95)]
        measured = f"{middle:.1f} ms (95%: {worst:.1f} ms)"
        rows.append((f"a step, {nodes} nodes", measured, "16 ms"))
        browser.close()
        lab.stop()
    rows.append(("payload of the two-layer network", f"{payload_size() / 1000:.0f} kB", "300 kB"))
    return rows


if __name__ == "__main__":
    REPORT.write_text(report(measure()), encoding="utf-8")
    print(REPORT.read_text(encoding="utf-8"))
