"""What the rules ask of the array library is there in CuPy, which imports without a GPU."""

from __future__ import annotations

import ast
import importlib
import inspect
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fake_cupy
import numpy as np
import pytest

import graphviz_ad
from graphviz_ad.errors import BackendError

PACKAGE = Path(graphviz_ad.__file__).parent
CALLS = sorted(PACKAGE.rglob("*.py"))


@pytest.fixture(scope="module")
def cupy() -> Any:
    if os.environ.get("GRAPHVIZ_AD_REQUIRE_CUPY", "0") not in ("", "0"):
        return importlib.import_module("cupy")
    return pytest.importorskip("cupy", reason="CuPy is not installed")


def called(path: Path) -> Iterator[tuple[int, str, ast.Call | None]]:
    """Yield the line, the dotted name and the call of everything that is read from ``xp``."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = {id(n.func): n for n in ast.walk(tree) if isinstance(n, ast.Call)}
    for node in ast.walk(tree):
        parts, inner = [], node
        while isinstance(inner, ast.Attribute):
            parts.append(inner.attr)
            inner = inner.value
        if parts and isinstance(inner, ast.Name) and inner.id == "xp":
            yield node.lineno, ".".join(reversed(parts)), calls.get(id(node))


def test_names_and_keywords(cupy: Any) -> None:
    wrong, seen = [], 0
    for path in CALLS:
        for line, name, call in called(path):
            seen += 1
            found = cupy
            for part in name.split("."):
                found = getattr(found, part, None)
            if found is None:
                wrong.append(f"{path.name}:{line} cupy.{name} is missing")
                continue
            try:
                parameters = inspect.signature(found).parameters
            except (TypeError, ValueError):
                continue
            if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
                continue
            given = {k.arg for k in call.keywords if k.arg} if call else set()
            wrong += [f"{path.name}:{line} cupy.{name}({k}=)" for k in given - set(parameters)]
    assert seen > 500
    assert not wrong, "\n".join(wrong)


def test_the_stand_in_lacks_what_cupy_lacks(cupy: Any) -> None:
    assert not [name for name in fake_cupy.LACKING if hasattr(cupy, name)]
    assert all(hasattr(np, name) for name in fake_cupy.LACKING)
    for name, parameters in fake_cupy.METHODS.items():
        signature = getattr(cupy.ndarray, name).__doc__.splitlines()[0]
        assert set(parameters.split()) == set(re.findall(r"\b([a-z]\w*)(?:=|,|\))", signature)) - {
            "self"
        }, name  # fmt: skip


def test_choosing_it_without_a_gpu_says_so(cupy: Any) -> None:
    """CuPy itself, not the stand-in: it imports without a GPU."""
    if cupy.is_available():
        pytest.skip("this machine has a GPU")
    assert not graphviz_ad.backend.is_available("cupy")
    net, x = graphviz_ad.nn.Linear(2, 1), graphviz_ad.tensor([1.0])
    for move in (net.to, x.to):
        with pytest.raises(BackendError, match=r"expected CuPy and an NVIDIA GPU, got no usable"):
            move("cupy")
    assert net.weight.backend == x.backend == "numpy"
