from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest

import graphviz_ad as ad


@pytest.fixture
def torch() -> Any:
    """PyTorch, for tests marked `peers`, which the top conftest skips where it is missing."""
    return importlib.import_module("torch")


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture(autouse=True)
def seeded() -> None:
    ad.manual_seed(0)
