"""Draw the picture of a diagnosed diagram anew: ``python docs/diagnosis/diagram.py``.

It is what the first long cell of index.md makes (needs Chromium and playwright).
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.browser.conftest import FLAGS
from tests.conftest import find_chromium

HERE = Path(__file__).parent


def cell() -> str:
    """Return the cell of the section “On the diagram”."""
    text = (HERE / "index.md").read_text(encoding="utf-8")
    section = text[text.index("## On the diagram") :]
    return re.findall(r"```python\n(.*?)```", section, re.DOTALL)[0]


def main() -> None:
    """Open the page that the cell makes, explain its finding, and keep the picture."""
    names: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        script = Path(folder) / "network.py"
        script.write_text(cell(), encoding="utf-8")
        exec(compile(cell(), str(script), "exec"), names)
        path = names["s"].save(Path(folder) / "network.html")
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        page = browser.new_page(viewport={"width": 1360, "height": 860}, device_scale_factor=1.5)
        page.goto(path.as_uri())
        page.wait_for_selector('.gad-stepper[data-ready="true"]')
        page.keyboard.press("-")
        page.locator("[data-cause]").first.click()
        page.mouse.move(0, 0)
        page.wait_for_timeout(500)
        (HERE / "images").mkdir(exist_ok=True)
        page.screenshot(path=HERE / "images" / "diagram.png")
        browser.close()


if __name__ == "__main__":
    main()
