"""Draw the pictures of these pages anew: ``python docs/diagnosis/pictures.py``.

Each is the figure that the page's own cell makes.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def run_cell(page: Path) -> dict[str, Any]:
    """Run the last Python cell of a page and return its names."""
    cell = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)[-1]
    names: dict[str, Any] = {}
    exec(compile(cell, f"<{page.stem}>", "exec"), names)
    return names


def main() -> None:
    """Write a picture for every page that shows one."""
    for page in sorted(HERE.glob("*.md")):
        picture = HERE / "images" / f"{page.stem}.png"
        if f"images/{picture.name}" in page.read_text(encoding="utf-8"):
            picture.parent.mkdir(exist_ok=True)
            run_cell(page)["figure"].savefig(picture, dpi=100)


if __name__ == "__main__":
    main()
