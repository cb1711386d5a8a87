"""The pages of the documentation: each cell shows the kind of finding that its page is about."""

from __future__ import annotations

import importlib.util
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad.diagnose.rules import RULES
from graphviz_ad.engine.op import REGISTRY

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
    assert len(KINDS) == 18
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    assert [kind for kind in KINDS if f"({kind}.md)" not in index] == []


@pytest.fixture(autouse=True)
def _same_operations() -> Iterator[None]:
    """Forget the operations that a page defines."""
    before = dict(REGISTRY)
    yield
    REGISTRY.clear()
    REGISTRY.update(before)


@pytest.mark.parametrize("kind", KINDS)
def test_the_cell_shows_the_kind(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report = pictures().run_cell(DOCS / f"{kind}.md")["report"]
    found = report.findings if kind == "small-branch" else report.alarms  # only ever info
    assert found
    assert found[0].kind == kind, str(report)
    assert kind in capsys.readouterr().out


def test_the_cells_of_the_index_run(capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    ad.manual_seed(0)
    model = ad.nn.Sequential(ad.nn.Linear(3, 8), ad.nn.ReLU(), ad.nn.Linear(8, 1))
    x, y = rng.normal(size=(16, 3)), rng.normal(size=(16, 1))
    names: dict[str, Any] = {
        "ad": ad, "np": np, "model": model, "loss": ad.mse_loss(model(x), y),
        "optimiser": ad.optim.SGD(model.parameters(), lr=0.1), "batches": [(x, y)] * 20,
    }  # fmt: skip
    cells = re.findall(r"```python\n(.*?)```", (DOCS / "index.md").read_text(), re.DOTALL)
    assert len(cells) >= 5
    try:
        for cell in cells:
            exec(compile(cell, "<index>", "exec"), names)
    finally:
        RULES.pop("HugeActivation", None)
    assert names["monitor"].steps == 150
    assert names["figure"].axes
    assert "20/20" in capsys.readouterr().err
