"""How fast the page is: ``python -m benchmarks.page`` writes docs/page-speed.md.

JupyterLab and saved pages in headless Chromium. Times are medians; "first picture" counts from
the start of the cell to the diagram being drawn, by the clock that kernel and page share.
"""

from __future__ import annotations

import datetime
import os
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

import graphviz_ad as ad
from tests.browser.conftest import FLAGS
from tests.browser.lab import LabServer
from tests.conftest import find_chromium

REPORT = Path(__file__).parent.parent / "docs" / "page-speed.md"
REPEATS = 3
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

# The milliseconds from an act on the page until `done` of the Stepper's root holds and is painted.
TIME_UNTIL = """async ([act, done]) => {
  const root = document.querySelector('.gad-stepper');
  const [start, holds] = [new Function('root', act), new Function('root', 'return ' + done)];
  const before = performance.now();
  start(root);
  while (!holds(root)) await new Promise((go) => setTimeout(go, 0));
  root.getBoundingClientRect();
  await new Promise((go) => requestAnimationFrame(() => setTimeout(go, 0)));
  return performance.now() - before;
}"""
ASK_ELEMENT = """const field = root.querySelector('[aria-label^="index of an element"]');
  field.value = '%s'; field.dispatchEvent(new Event('change', {bubbles: true}))"""
OPEN_VALUE = """root.querySelector('[data-node="%s"]')
  .dispatchEvent(new MouseEvent('click', {bubbles: true}))"""
PAINTED = """root.querySelector('.gad-heat[data-of="data"] canvas')
  ?.getAttribute('aria-label')?.startsWith('summary of %s')"""

PRODUCT = """import numpy as np
import graphviz_ad as ad
rng = np.random.default_rng(0)
x, W = rng.random((32, 64)), ad.parameter(rng.normal(size=(64, 50)), name="W")
view = ad.show_graph((ad.sigmoid(x @ W) ** 2).sum())
view.last()
view"""
LARGE = """import numpy as np
a = np.random.default_rng(0).normal(size=(4096, 4096)).astype(np.float32)
x = ad.parameter(a, name="x")
loss = (x * 2.0).sum()"""
SHOW = """start = time.time()
view = ad.show_graph(loss)
print(start)
view"""

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
    page, seconds = run_cells(lab, browser, f"ops-{ops}.ipynb", [IMPORT, CELL.format(ops=ops)])
    page.close()
    return seconds


def run_cells(lab: LabServer, browser: Browser, name: str, cells: list[str]) -> tuple[Page, float]:
    """Run a notebook whose last cell prints when it began; return it and the seconds it took."""
    lab.write_notebook(name, cells)
    page = browser.new_page()
    lab.open(page, name)
    page.evaluate(WATCH_READY)
    lab.run_all(page)
    page.wait_for_function("() => window.drawn !== null", timeout=60_000)
    start = float(page.locator(".jp-OutputArea-output pre").first.inner_text())
    return page, float(page.evaluate("() => window.drawn")) - start


def element_times(lab: LabServer, browser: Browser) -> list[float]:
    """Return the milliseconds from asking for an element of W in x @ W to its derivation."""
    lab.write_notebook("element.ipynb", [PRODUCT])
    page = browser.new_page()
    lab.open(page, "element.ipynb")
    lab.run_all(page)
    page.wait_for_selector(READY)
    key = page.locator('[data-node^="v"]', has_text="W").first.get_attribute("data-node")
    page.evaluate(OPEN_VALUE.replace("root.", "document.") % key)
    times = []
    for i in range(20):
        done = f"root.querySelector('[data-element=\"W∇[{i}, {i}]\"]') !== null"
        times.append(page.evaluate(TIME_UNTIL, [ASK_ELEMENT % f"{i}, {i}", done]))
    page.close()
    return times


def large_in_lab(lab: LabServer, browser: Browser) -> tuple[float, float]:
    """Return the seconds to the diagram of a 4096 × 4096 tensor, and to its summary on a click."""
    page, drawn = run_cells(lab, browser, "large.ipynb", [IMPORT, LARGE, SHOW])
    asked = [OPEN_VALUE % "v0", PAINTED % "180"]
    opened = float(page.evaluate(TIME_UNTIL, asked)) / 1000
    page.close()
    return drawn, opened


def large_saved(browser: Browser, folder: Path) -> tuple[float, float]:
    """Return the same of a saved page: from its navigation to the diagram, and to the summary."""
    a = np.random.default_rng(0).normal(size=(4096, 4096)).astype(np.float32)
    path = ad.show_graph((ad.parameter(a, name="x") * 2.0).sum()).save(folder / "large.html")
    page = browser.new_page()
    page.goto(path.as_uri(), wait_until="commit")
    page.wait_for_selector(READY)
    drawn = float(page.evaluate("() => performance.now()")) / 1000
    opened = float(page.evaluate(TIME_UNTIL, [OPEN_VALUE % "v0", PAINTED % "128"])) / 1000
    page.close()
    return drawn, opened


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


def seconds(times: Sequence[float]) -> str:
    """Return the median of some times, and the best, which other work disturbs least."""
    return f"{statistics.median(times):.2f} s (best: {min(times):.2f} s)"


def report(rows: list[tuple[str, str, str]], load: float) -> str:
    """Return the page of the documentation; `load` is the machine's before the first run."""
    lines = [
        "# Speed of the page",
        "",
        f"Written by `python -m benchmarks.page` on {datetime.date.today()}, in JupyterLab and",
        "saved pages in headless Chromium on a 2-core x86-64 virtual machine; medians of",
        f"{REPEATS} runs and the best of them, the steps of one run. Load average {load:.1f} from",
        "other work on the machine.",
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
            rows.append((f"first picture, {ops:,} ops", seconds(times), goal))
        nodes, steps = step_times(browser, folder)
        middle, worst = statistics.median(steps), sorted(steps)[int(len(steps) * 0.95)]
        measured = f"{middle:.1f} ms (best: {min(steps):.1f} ms, 95%: {worst:.1f} ms)"
        rows.append((f"a step, {nodes} nodes", measured, "16 ms"))
        asked = element_times(lab, browser)
        measured = f"{statistics.median(asked):.0f} ms (best: {min(asked):.0f} ms)"
        rows.append(("element of W in (32, 64) @ (64, 50), explained", measured, "100 ms"))
        places = {
            "JupyterLab": lambda: large_in_lab(lab, browser),
            "saved page": lambda: large_saved(browser, folder),
        }
        for place, open_large in places.items():
            runs = [open_large() for _ in range(REPEATS)]
            drawn, opened = (seconds(times) for times in zip(*runs, strict=True))
            rows.append((f"graph of a 4096 × 4096 tensor, {place}", drawn, "1 s"))
            rows.append((f"the tensor opened in it, {place}", opened, "1 s"))
        browser.close()
        lab.stop()
    rows.append(("payload of the two-layer network", f"{payload_size() / 1000:.0f} kB", "300 kB"))
    return rows


if __name__ == "__main__":
    load = os.getloadavg()[0]
    REPORT.write_text(report(measure(), load), encoding="utf-8")
    print(REPORT.read_text(encoding="utf-8"))
