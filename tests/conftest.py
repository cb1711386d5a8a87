"""What a machine must have for the marked tests, and what happens where it has it not.

A user's machine skips what it cannot run and says why. Where a variable such as
``GRAPHVIZ_AD_REQUIRE_BROWSER=1`` is set, a missing part is an error instead.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from functools import cache
from pathlib import Path

import pytest

from graphviz_ad import backend, errors

ROOT = Path(__file__).resolve().parent.parent


def find_chromium() -> Path | None:
    """Return a Chromium to test in: the one named in the environment, or an installed one."""
    if named := os.environ.get("GRAPHVIZ_AD_CHROMIUM"):
        return Path(named)
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        if found := shutil.which(name):
            return Path(found)
    return None


@cache
def missing_parts() -> dict[str, str]:
    """Return, for each mark that cannot run here, the reason."""
    missing = {}
    if find_chromium() is None:
        missing["browser"] = (
            "no Chromium found: install one (Debian: apt install chromium) or name it in "
            "GRAPHVIZ_AD_CHROMIUM"
        )
    elif importlib.util.find_spec("playwright") is None:
        missing["browser"] = "playwright is not installed: pip install 'graphviz_ad[test]'"
    # PyTorch's own samples cannot be imported without expecttest
    for name, package in (("expecttest", "expecttest"), ("PyTorch", "torch")):
        if importlib.util.find_spec(package) is None:
            missing["peers"] = f"{name} is not installed: pip install 'graphviz_ad[peers]'"
    try:
        backend.require("cupy", "gpu")
    except errors.BackendError as error:
        missing["gpu"] = f"{error.got}: {error.hint}"
    return missing


def required_by(mark: str) -> str:
    """Return the variable that makes a missing part an error."""
    return f"GRAPHVIZ_AD_REQUIRE_{mark.upper()}"


def required(mark: str) -> bool:
    """Whether the tests with a mark must not be skipped."""
    return os.environ.get(required_by(mark), "0") not in ("", "0")


def pytest_configure(config: pytest.Config) -> None:
    for mark, reason in missing_parts().items():
        if required(mark):
            raise pytest.UsageError(f"{required_by(mark)} is set, but {reason}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for mark, reason in missing_parts().items():
            if item.get_closest_marker(mark):
                item.add_marker(pytest.mark.skip(reason=reason))


def pytest_report_header() -> list[str]:
    return [f"{mark} tests are skipped: {reason}" for mark, reason in missing_parts().items()]


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the checkout."""
    return ROOT
