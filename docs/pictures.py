"""Draw the README's picture anew: ``python docs/pictures.py`` (needs Chromium and playwright)."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright
from sklearn.datasets import load_digits

import graphviz_ad as ad

sys.path.insert(0, str(Path(__file__).parent.parent))
from tests.browser.conftest import FLAGS
from tests.conftest import find_chromium

IMAGES = Path(__file__).parent / "images"
CODE = """\
x = ad.tensor(digits)
with ad.module_scope("hidden layer"):
    h = ad.sigmoid(x @ W + b)
o = h @ V
r = (h ** 2).sum()
e = ad.cross_entropy(o, t)
loss = e + 0.001 * r
view = ad.show_graph(loss)
"""


def main() -> None:
    """Step a two-layer network back to its hidden layer and keep the picture."""
    data = load_digits()
    rng = np.random.default_rng(0)
    names = {
        "ad": ad,
        "digits": data.data[:32] / 16,
        "t": data.target[:32],
        "W": ad.parameter(rng.normal(size=(64, 50)) / 8, name="W"),
        "b": ad.parameter(np.zeros(50), name="b"),
        "V": ad.parameter(rng.normal(size=(50, 10)) / 7, name="V"),
    }
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        script = Path(folder) / "network.py"
        script.write_text(CODE, encoding="utf-8")
        exec(compile(CODE, str(script), "exec"), names)
        path = names["view"].save(Path(folder) / "network.html")
        hidden = names["view"].trace.value("h").key
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        page = browser.new_page(viewport={"width": 1360, "height": 860}, device_scale_factor=2)
        page.goto(path.as_uri())
        page.wait_for_selector('.gad-stepper[data-ready="true"]')
        page.locator(f'[data-node="{hidden}"]').first.click(force=True)
        for _ in range(7):
            page.keyboard.press("ArrowRight")
        page.keyboard.press("f")
        page.wait_for_timeout(500)
        page.screenshot(path=IMAGES / "stepper.png")
        browser.close()


if __name__ == "__main__":
    main()
