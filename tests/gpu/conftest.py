"""The device that a test runs on: a GPU, and a stand-in for CuPy where there need be none."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from graphviz_ad import backend

# Test files are imported by path here, so what they share has to be found first.
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put the stand-in in CuPy's place."""
    import fake_cupy

    for name, module in fake_cupy.fake().items():
        monkeypatch.setitem(sys.modules, name, module)
    before = list(backend.DEVICES)
    backend.DEVICES.clear()
    yield
    backend.DEVICES[:] = before


@pytest.fixture(params=["stand-in", pytest.param("GPU", marks=pytest.mark.gpu)])
def device(request: pytest.FixtureRequest) -> str:
    """Run a test on the stand-in, and once more on CuPy where there is a GPU."""
    if request.param == "stand-in":
        request.getfixturevalue("stand_in")
    return str(request.param)
