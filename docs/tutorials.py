"""Run the tutorials, and write what they print below each cell: ``python docs/tutorials.py``."""

from __future__ import annotations

import contextlib
import io
import linecache
import re
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "tutorials"
_CELL = re.compile(r"```python\n(.*?)```\n(?:\n```text\n.*?```\n)?", re.DOTALL)


def tutorials() -> list[Path]:
    """Return the tutorials, in the order in which they are listed."""
    return sorted(FOLDER.glob("*.md"))


def run(path: Path, stop: str = "") -> tuple[str, dict[str, Any]]:
    """Run a tutorial's cells one after another.

    Parameters
    ----------
    path : Path
    stop : str
        Leave out everything from this text on.

    Returns
    -------
    text : str
        The tutorial, with the output of every cell below it.
    names : dict
        The variables of the cells.
    """
    text = path.read_text(encoding="utf-8")
    if stop:
        text = text[: text.index(stop)]
    names: dict[str, Any] = {"__name__": path.stem}
    count = 0

    def cell(match: re.Match[str]) -> str:
        nonlocal count
        count += 1
        code = match[1]
        # Known to linecache as a cell of a notebook is, so that the graph finds its source.
        filename = f"cell {count} of {path.stem}"
        lines = code.splitlines(keepends=True)
        linecache.cache[filename] = (len(code), None, lines, filename)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, filename, "exec"), names)
        shown = printed.getvalue()
        return f"```python\n{code}```\n" + (f"\n```text\n{shown}```\n" if shown else "")

    return _CELL.sub(cell, text), names


if __name__ == "__main__":
    for tutorial in tutorials():
        tutorial.write_text(run(tutorial)[0], encoding="utf-8")
