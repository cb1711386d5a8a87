"""The wheel and the sdist, each installed in an empty environment far from the checkout.

No node is on the PATH there: the front-end comes ready-made in both.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
STATIC = "graphviz_ad/widget/static/"
NEEDED = ("stepper.js", "stepper.css", "third-party-licenses.txt")

PROGRAM = """
import pathlib, sys
import numpy as np
import graphviz_ad as ad

where = pathlib.Path(ad.__file__).resolve()
assert pathlib.Path(sys.prefix).resolve() in where.parents, where

x = ad.tensor(np.ones((3, 2)))
W = ad.parameter(np.ones((2, 4)), name="W")
loss = ad.sigmoid(x @ W).sum()
loss.backward()
assert W.grad.shape == (2, 4)

page = pathlib.Path("page.html")
ad.show_graph(loss).save(page)
html = page.read_text(encoding="utf-8")
bundle = (where.parent / "widget" / "static" / "stepper.js").read_text(encoding="utf-8")
assert len(html) > len(bundle) > 100_000, (len(html), len(bundle))
print("it works")
"""


def run(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Build the sdist, and the wheel from the sdist."""
    out = tmp_path_factory.mktemp("dist")
    # The environment of the tests holds hatchling, so that nothing is fetched for the build.
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, ROOT, cwd=out)
    (wheel,) = out.glob("*.whl")
    (sdist,) = out.glob("*.tar.gz")
    return {"wheel": wheel, "sdist": sdist}


@pytest.fixture
def bare_path(tmp_path: Path) -> dict[str, str]:
    """An environment whose PATH holds no node and no npm, and which sees no checkout."""
    (tmp_path / "bin").mkdir()
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return env | {"PATH": str(tmp_path / "bin")}


def files_in(distribution: Path) -> set[str]:
    if distribution.suffix == ".whl":
        return set(zipfile.ZipFile(distribution).namelist())
    with tarfile.open(distribution) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


@pytest.mark.slow
def test_what_the_distributions_hold(distributions: dict[str, Path]) -> None:
    wheel, sdist = files_in(distributions["wheel"]), files_in(distributions["sdist"])
    for name in NEEDED:
        assert STATIC + name in wheel
        assert STATIC + name in sdist
    assert "widgets/src/payload.ts" in sdist
    assert "tests/test_package.py" in sdist
    assert "LICENSE" in sdist
    assert any(name.endswith("licenses/LICENSE") for name in wheel)
    assert not [name for name in wheel if not name.startswith("graphviz_ad")]
    assert not [name for name in wheel | sdist if "node_modules" in name or "__pycache__" in name]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_it_installs_and_works_in_an_empty_environment(
    kind: str, distributions: dict[str, Path], tmp_path: Path, bare_path: dict[str, str]
) -> None:
    environment = tmp_path / "env"
    python = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    uv = [sys.executable, "-m", "uv"]
    run(*uv, "venv", "--quiet", "--python", sys.executable, environment, cwd=tmp_path)
    run(
        *uv, "pip", "install", "--quiet", "--python", python,
        "--constraint", ROOT / "requirements.lock", distributions[kind],
        cwd=tmp_path, env=bare_path,
    )  # fmt: skip
    assert "it works" in run(python, "-c", PROGRAM, cwd=tmp_path, env=bare_path)
