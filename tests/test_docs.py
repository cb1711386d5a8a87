"""What is generated in docs/ is what the code says now."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"


def test_the_op_table_is_current():
    table = runpy.run_path(str(DOCS / "op_table.py"))["table"]
    assert (DOCS / "ops.md").read_text(encoding="utf-8") == table(), "run python docs/op_table.py"


TUTORIALS = runpy.run_path(str(DOCS / "tutorials.py"))
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


@pytest.mark.parametrize("path", TUTORIALS["tutorials"](), ids=lambda path: path.stem)
def test_a_tutorial_prints_what_it_says(path: Path):
    written = path.read_text(encoding="utf-8")
    text, _ = TUTORIALS["run"](path)
    # The last digits depend on the machine.
    assert NUMBER.sub("0", text) == NUMBER.sub("0", written), "run python docs/tutorials.py"
    numbers = [float(number) for number in NUMBER.findall(text)]
    assert numbers == pytest.approx([float(n) for n in NUMBER.findall(written)], rel=0.02, abs=1e-7)
    for picture in re.findall(r"!\[.+?\]\((.+?)\)", written):
        assert (path.parent / picture).exists()
