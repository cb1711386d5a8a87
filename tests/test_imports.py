"""The direction of imports, held by reading every file, and what importing the package costs.

An import under ``if TYPE_CHECKING:`` is for annotations: it ties no code to
another room at run time, so it may look "up" (a trace may be annotated with
what draws it). It may still not name an array library. Everything else counts,
at the top of a file or inside a function.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

import graphviz_ad

PACKAGE = Path(graphviz_ad.__file__).parent

# room -> the rooms that it may import, besides itself. A room is a file or a directory of the
# package; `trace.recorder`, `trace.replay` and `trace.backward_pass` are the doors from the trace
# to the engine. `errors`, `backend` and `console` are the floor: a trace may hold arrays of either
# backend, and who reads one asks there.
ALLOWED: dict[str, set[str]] = {
    "errors": set(),
    "console": set(),
    "backend": {"errors"},
    "engine": {"errors", "backend"},
    "ops": {"errors", "backend", "engine"},
    "nn": {"errors", "backend", "console", "engine", "ops"},
    "datasets": {"errors"},
    "optim": {"errors", "backend", "engine", "ops", "nn"},
    "trace.model": {"errors"},
    "trace.backward_pass": {"errors", "engine", "trace.recorder", "trace.replay", "trace"},
    "trace.recorder": {"errors", "backend", "engine", "trace.model", "trace.replay", "trace"},
    "trace.replay": {"errors", "backend", "engine", "trace.model", "trace"},
    "trace": {"errors", "backend", "trace.model"},
    "capture": {"errors", "backend", "trace", "trace.model"},
    "diagnose.record": {"errors", "backend", "diagnose", "trace", "trace.recorder"},
    "diagnose": {"errors", "backend", "console", "trace", "trace.model", "diagnose.record"},
    "render": {"errors", "backend", "trace", "trace.model"},
    "widget": {
        "errors",
        "backend",
        "trace",
        "trace.model",
        "trace.backward_pass",
        "trace.recorder",
        "render",
        "diagnose",
        "diagnose.record",
    },
}
# Files of the package that may see every room: the public names, the function that leads from a
# tensor to its view, and the gradient checks for users.
ABOVE_ALL = {"__init__", "linalg", "testing"}
SLOW_TO_IMPORT = {
    "IPython", "anywidget", "cupy", "graphviz", "ipywidgets", "matplotlib", "networkx",
    "pygraphviz", "safetensors", "scipy", "sklearn", "torch", "traitlets",
}  # fmt: skip


@dataclass(frozen=True)
class Import:
    """One import statement: who imports what, and where."""

    importer: str
    imported: str
    line: int
    typing_only: bool

    def __str__(self) -> str:
        return f"{self.importer}:{self.line} imports {self.imported}"


def module_name(path: Path, package: Path = PACKAGE) -> str:
    parts = path.relative_to(package).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and (
        (isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING")
        or (isinstance(node.test, ast.Attribute) and node.test.attr == "TYPE_CHECKING")
    )


def read_imports(path: Path, package: Path = PACKAGE) -> list[Import]:
    """Return every import of a file, with absolute names."""
    importer = module_name(path, package)
    here = ["graphviz_ad", *path.relative_to(package).parent.parts]
    found = []

    def visit(node: ast.AST, typing_only: bool) -> None:
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = here[: len(here) - node.level + 1] if node.level else []
            stem = ".".join([*base, *([node.module] if node.module else [])])
            # `from graphviz_ad.trace import recorder` may name a module: keep the longer name.
            names = [f"{stem}.{alias.name}" for alias in node.names]
        else:
            names = []
        found.extend(Import(importer, name, node.lineno, typing_only) for name in names)
        if is_type_checking(node):
            for child in node.body:
                visit(child, True)
            for child in node.orelse:
                visit(child, typing_only)
        else:
            for child in ast.iter_child_nodes(node):
                visit(child, typing_only)

    tree = ast.parse(path.read_text(encoding="utf-8"))
    visit(tree, False)
    if only_asks_where_it_is(tree):
        found = [statement for statement in found if statement.imported != "graphviz_ad"]
    return found


def only_asks_where_it_is(tree: ast.Module) -> bool:
    """Tell whether ``graphviz_ad`` is used for facts such as ``__file__`` and nothing else."""
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    used = [
        node.attr for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name) and node.value.id == "graphviz_ad"
    ]  # fmt: skip
    uses = sum(name.id == "graphviz_ad" for name in names)
    return uses == len(used) > 0 and all(attribute.startswith("__") for attribute in used)


def room_of(name: str) -> str:
    """Return the room of a module of the package, named without ``graphviz_ad.``."""
    parts = name.split(".")
    longest = ".".join(parts[:2])
    return longest if longest in ALLOWED else parts[0]


def forbidden(statement: Import) -> bool:
    """Tell whether an import goes against the table."""
    package, _, module = statement.imported.partition(".")
    if statement.typing_only or package != "graphviz_ad":
        return False
    importer, imported = room_of(statement.importer), room_of(module or "__init__")
    if importer in ABOVE_ALL or importer == imported:
        return False
    return imported not in ALLOWED[importer]


def package_files() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", package_files(), ids=module_name)
def test_imports_follow_the_table(path: Path) -> None:
    importer = room_of(module_name(path))
    assert importer in ABOVE_ALL or importer in ALLOWED, (
        f"{importer} is a new room: give it a row in ALLOWED and in the design"
    )
    wrong = [str(statement) for statement in read_imports(path) if forbidden(statement)]
    assert not wrong, "; ".join(wrong)


@pytest.mark.parametrize("path", package_files(), ids=module_name)
def test_only_the_backend_names_cupy(path: Path) -> None:
    if path.name == "backend.py":
        return
    names = [s for s in read_imports(path) if s.imported.split(".")[0] == "cupy"]
    assert not names, "; ".join(map(str, names))


@pytest.mark.parametrize("room", ["engine", "ops", "trace", "errors", "backend"])
def test_lower_rooms_name_no_drawing_library(room: str) -> None:
    drawing = {"anywidget", "graphviz", "ipywidgets", "matplotlib", "pygraphviz"}
    files = [path for path in package_files() if module_name(path).split(".")[0] == room]
    assert files
    wrong = [s for path in files for s in read_imports(path) if s.imported.split(".")[0] in drawing]
    assert not wrong, "; ".join(map(str, wrong))


@pytest.mark.parametrize(
    ("file", "text", "wrong"),
    [
        ("engine/tensor.py", "import graphviz_ad.trace.model", True),
        ("engine/tensor.py", "from graphviz_ad.ops import add", True),
        ("engine/tensor.py", "from .. import errors", False),
        ("engine/tensor.py", "def f():\n    from ..widget import stepper", True),
        ("trace/file.py", "from ..engine.tape import Record", True),
        ("trace/file.py", "from .recorder import record", True),
        ("trace/recorder.py", "from ..engine.tape import Record", False),
        ("trace/file.py", "from .model import Trace", False),
        ("render/dot.py", "from ..widget import stepper", True),
        ("render/dot.py", "if TYPE_CHECKING:\n    from ..widget import stepper", False),
        ("render/dot.py", "if TYPE_CHECKING:\n    x = 1\nelse:\n    from ..widget import y", True),
        ("trace/file.py", "import graphviz_ad as ad\nad.tensor(1)", True),
        ("trace/file.py", "import graphviz_ad\ngraphviz_ad.tensor(1)", True),
        ("trace/file.py", "import graphviz_ad\nwhere = graphviz_ad.__file__", False),
        ("widget/stepper.py", "from ..engine.tensor import Tensor", True),
        ("widget/stepper.py", "from ..render import svg\nfrom ..diagnose import rules", False),
    ],
)  # fmt: skip
def test_the_reader_sees_what_is_wrong(tmp_path: Path, file: str, text: str, wrong: bool) -> None:
    path = tmp_path / file
    path.parent.mkdir()
    path.write_text(text)
    assert any(forbidden(statement) for statement in read_imports(path, tmp_path)) is wrong


def test_importing_costs_what_numpy_costs() -> None:
    program = (
        "import sys, graphviz_ad; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "numpy" in loaded
    assert not SLOW_TO_IMPORT & set(loaded)
