"""What must hold of the files that are kept: no outputs, no machine's paths, no registries."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LONGEST = 600
OURS = {".css", ".js", ".mjs", ".py", ".ts"}
TEXT = OURS | {".cfg", ".html", ".ipynb", ".json", ".lock", ".md", ".svg", ".toml", ".yml", ""}

# Written in pieces, so that this file does not hold what it looks for.
MACHINE_PATHS = re.compile(
    r"(?<![\w.$-])/(?:home|Users|root|" + r"work|opt/wheels)/[\w.-]+|[A-Z]:\\" + r"Users\\"
)
REGISTRIES = re.compile(
    r"(?:https?|file)://[^\s\"']*(?:registry|" + r"pypi|pythonhosted|npm" + r"js|yarnpkg|simple/)",
    re.IGNORECASE,
)
INDEX_OPTIONS = re.compile(r"^\s*(?:--(?:extra-)?index-url|--find-links|-i|-f)\b", re.MULTILINE)


def tracked_files() -> list[Path]:
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached"], cwd=ROOT, capture_output=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    names = listed.stdout.decode().split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def tracked_text() -> list[tuple[str, str]]:
    return [
        (path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
        for path in tracked_files()
        if path.suffix in TEXT
    ]


def test_notebooks_are_stored_without_outputs() -> None:
    for name, text in tracked_text():
        if not name.endswith(".ipynb"):
            continue
        for number, cell in enumerate(json.loads(text)["cells"]):
            if cell["cell_type"] == "code":
                assert not cell["outputs"], f"{name}: cell {number} is stored with its output"
                assert cell["execution_count"] is None, f"{name}: cell {number} has a count"


def test_no_path_of_a_machine() -> None:
    found = [
        f"{name}: {match[0]}" for name, text in tracked_text()
        for match in MACHINE_PATHS.finditer(text)
    ]  # fmt: skip
    assert not found, "\n".join(found)


def test_no_address_of_a_package_registry() -> None:
    found = [
        f"{name}: {match[0]}" for name, text in tracked_text()
        for match in REGISTRIES.finditer(text)
    ]  # fmt: skip
    assert not found, "\n".join(found)
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert not INDEX_OPTIONS.search(lock)
    assert "@ file:" not in lock


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (MACHINE_PATHS, "open('/home/" + "someone/data.npz')"),
        (REGISTRIES, '"resolved": "https://' + 'registry.npmjs.org/katex"'),
        (REGISTRIES, "https://" + "pypi.org/simple"),
        (INDEX_OPTIONS, "numpy==2.0\n--extra-index-url x"),
    ],
)
def test_the_patterns_find_what_they_look_for(pattern: re.Pattern[str], text: str) -> None:
    assert pattern.search(text)


def test_no_file_of_ours_is_long() -> None:
    long = [
        f"{name}: {text.count(chr(10))} lines" for name, text in tracked_text()
        if Path(name).suffix in OURS and text.count("\n") > LONGEST
    ]  # fmt: skip
    assert not long, "\n".join(long)


def test_the_changelog_has_an_unreleased_section() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    section = re.search(r"^## \[Unreleased\]\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert section is not None
    assert re.search(r"^- \S", section[1], re.MULTILINE)


def test_nothing_that_is_built_is_tracked() -> None:
    built = ("graphviz_ad/widget/static/", "widgets/node_modules/", "widgets/dist/", "build/")
    tracked = [path.relative_to(ROOT).as_posix() for path in tracked_files()]
    assert tracked
    assert not [name for name in tracked if name.startswith(built)]
