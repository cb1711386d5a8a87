"""What is generated in docs/ is what the code says now."""

from __future__ import annotations

import runpy
from pathlib import Path

DOCS = Path(__file__).parent.parent / "docs"


def test_the_op_table_is_current():
    table = runpy.run_path(str(DOCS / "op_table.py"))["table"]
    assert (DOCS / "ops.md").read_text(encoding="utf-8") == table(), "run python docs/op_table.py"
