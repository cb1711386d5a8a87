"""Draw the pictures of these pages anew: ``python docs/diagnosis/pictures.py``.

Each is the figure that the page's own cell makes; that of the live view is taken in Chromium.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

from graphviz_ad.diagnose.panel import Moment, panel

HERE = Path(__file__).parent


def run_cell(page: Path) -> dict[str, Any]:
    """Run the last Python cell of a page and return its names."""
    cell = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)[-1]
    names: dict[str, Any] = {}
    exec(compile(cell, f"<{page.stem}>", "exec"), names)
    return names


def live_view(monitor: Any, total: int) -> None:
    """Take a picture of the live view of a run that is half way."""
    from playwright.sync_api import sync_playwright

    html = panel(monitor.history, Moment(monitor.steps, total, 4.2))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 884, "height": 100}, device_scale_factor=1.5)
        page.set_content(f'<body style="margin:12px;color:#222">{html}')
        page.screenshot(path=HERE / "images" / "live.png", full_page=True)
        browser.close()


def main() -> None:
    """Write a picture for every page that shows one."""
    for page in sorted(HERE.glob("*.md")):
        picture = HERE / "images" / f"{page.stem}.png"
        if f"images/{picture.name}" in page.read_text(encoding="utf-8"):
            picture.parent.mkdir(exist_ok=True)
            names = run_cell(page)
            names["figure"].savefig(picture, dpi=100)
            if page.stem == "index":
                live_view(names["monitor"], 2 * names["monitor"].steps)


if __name__ == "__main__":
    main()
