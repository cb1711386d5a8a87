"""The pages of the documentation: each cell shows the kind of finding that its page is about."""

from __future__ import annotations

import importlib.util
import warnings
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).parent.parent.parent / "docs" / "diagnosis"
KINDS = sorted(p.stem for p in DOCS.glob("*.md") if p.stem not in ("index", "bench"))


def pictures() -> Any:
    spec = importlib.util.spec_from_file_location("pictures", DOCS / "pictures.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_kind_has_a_page_that_the_index_names() -> None:
    assert len(KINDS) == 15
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    assert [kind for kind in KINDS if f"({kind}.md)" not in index] == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_cell_shows_the_kind(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report = pictures().run_cell(DOCS / f"{kind}.md")["report"]
    assert report.alarms
    assert report.alarms[0].kind == kind, str(report)
    assert kind in capsys.readouterr().out
