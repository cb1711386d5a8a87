"""Draw the pictures of the README and the tutorials: ``python docs/pictures.py``.

It needs Chromium and playwright.
"""

from __future__ import annotations

import runpy
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
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
    """Draw every picture."""
    tutorials = runpy.run_path(str(Path(__file__).parent / "tutorials.py"))
    folder = tutorials["FOLDER"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        shoot = partial(shoot_page, browser)
        shoot("stepper", two_layer_network(), fit)

        _, names = tutorials["run"](folder / "learning.md", stop="One step earlier")
        view = names["s"]
        view.selected = names["h"]
        shoot("learning-contributions", view, fit)
        view.last()
        view.selected = names["W"]
        view.watch(names["W"], (20, 3))
        shoot("learning-element", view, type_index)

        _, names = tutorials["run"](folder / "nan.md", stop="The NaN comes out")
        view = names["s"]
        view.selected = view.here.inputs[0].node
        shoot("nan-break", view)
        browser.close()


def two_layer_network() -> ad.GraphView:
    """Return the graph of the README, at the step where the hidden layer's gradient is whole."""
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
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "network.py"
        script.write_text(CODE, encoding="utf-8")
        exec(compile(CODE, str(script), "exec"), names)
        view = names["view"]
        assert view.payload  # which reads the source while it is there
    view.run_to("h")
    view.selected = "h"
    return view


def shoot_page(
    browser: Browser, name: str, view: ad.GraphView, prepare: Callable[[Page], None] | None = None
) -> None:
    """Keep the picture of a view as a page."""
    with tempfile.TemporaryDirectory() as folder:
        path = view.save(Path(folder) / "page.html")
        page = browser.new_page(viewport={"width": 1360, "height": 860}, device_scale_factor=2)
        page.goto(path.as_uri())
        page.wait_for_selector('.gad-stepper[data-ready="true"]')
        if prepare is not None:
            prepare(page)
        page.wait_for_timeout(500)
        IMAGES.mkdir(exist_ok=True)
        shot = Image.open(BytesIO(page.screenshot())).convert("RGB")
        # 256 colours look the same and take a third of the room
        shot.quantize(256, dither=Image.Dither.NONE).save(IMAGES / f"{name}.png", optimize=True)
        page.close()


def fit(page: Page) -> None:
    """Show the whole diagram."""
    page.keyboard.press("f")


def type_index(page: Page) -> None:
    """Ask for the derivation of W∇[20, 3]."""
    fit(page)
    field = page.locator("[data-inspect] .gad-index").first
    field.fill("20, 3")
    field.press("Enter")
    page.locator("[data-inspect] .gad-derivation").first.evaluate("e => e.scrollIntoView()")


if __name__ == "__main__":
    main()
