"""The examples in the docstrings of the room run and are right."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

ROOM = [
    module.name
    for module in pkgutil.iter_modules(importlib.import_module("graphviz_ad.diagnose").__path__)
]
NAMES = [f"graphviz_ad.diagnose.{name}" for name in ROOM if name != "rules"]


@pytest.mark.parametrize(
    "name", [*NAMES, "graphviz_ad.diagnose.rules", "graphviz_ad.diagnose.rules.base",
             "graphviz_ad.testing.health"],
)  # fmt: skip
def test_examples(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
