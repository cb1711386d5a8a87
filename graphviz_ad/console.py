"""Progress in plain text: a bar of blocks, and one line that is written over."""

from __future__ import annotations

import sys
from typing import TextIO

__all__ = ["Line", "bar"]


def bar(done: int, total: int, width: int = 20) -> str:
    """Return how much is done as blocks and as numbers.

    Examples
    --------
    >>> from graphviz_ad.console import bar
    >>> bar(3, 4, width=8)
    '██████░░ 3/4'
    """
    full = min(done, total) * width // max(total, 1)
    return f"{'█' * full}{'░' * (width - full)} {done}/{total}"


class Line:
    """A line that changes in a terminal or a notebook's output; elsewhere a line for each text.

    Parameters
    ----------
    file : file, optional
        Where to write: standard error where it is left out.
    """

    def __init__(self, file: TextIO | None = None) -> None:
        self._file = file
        self._width = 0

    @property
    def changes(self) -> bool:
        """Whether a later text takes the place of an earlier one."""
        file = self._file or sys.stderr
        return bool(file.isatty()) or type(file).__module__.startswith("ipykernel")

    def write(self, text: str) -> None:
        """Write a text, over the last one where that can be."""
        if self.changes:
            # spaces cover what is left of a longer line
            self._put("\r" + text.ljust(self._width))
            self._width = len(text)
        else:
            self._put(text + "\n")

    def end(self) -> None:
        """Leave the line as it is: the next text begins another."""
        if self._width:
            self._put("\n")
            self._width = 0

    def _put(self, text: str) -> None:
        file = self._file or sys.stderr
        file.write(text)
        file.flush()
