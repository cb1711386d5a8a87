"""PNG and PDF."""

from __future__ import annotations

import io
import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest

from graphviz_ad.errors import RenderError
from graphviz_ad.render.figures import to_figure
from graphviz_ad.render.picture import build_scene
from tests.render.graphs import Builder, chain, network, product, trace_of


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_png_has_the_size_and_the_paper_of_the_scene(theme: str) -> None:
    trace = trace_of(network())
    scene = build_scene(trace)
    pixels = plt.imread(io.BytesIO(to_figure(trace, "png", theme=theme, scale=2)))  # type: ignore[arg-type]
    assert pixels.shape[0] == pytest.approx(scene.height * 2, abs=2)
    assert pixels.shape[1] == pytest.approx(scene.width * 2, abs=2)
    corner = pixels[2, 2, :3]
    assert (corner > 0.99).all() if theme == "light" else (corner < 0.2).all()
    assert len(np.unique(pixels.reshape(-1, pixels.shape[2]), axis=0)) > 50


def test_pdf() -> None:
    trace = trace_of(product())
    data = to_figure(trace, "pdf")
    assert data.startswith(b"%PDF-")
    assert b"CreationDate" not in data
    assert data == to_figure(trace, "pdf")


def test_long_pictures_are_scaled_down() -> None:
    data = to_figure(trace_of(chain(60)), "png", scale=4)
    height = int.from_bytes(data[20:24], "big")
    assert height <= 16_001


def test_names_are_no_mathematics_and_need_no_font() -> None:
    b = Builder()
    b.op("f", [b.leaf("$x", (2,)), b.leaf("𓀀\\frac", (2,)), b.leaf("$^{$", (2,))], [(2,)])
    assert to_figure(trace_of(b.build()), "png").startswith(b"\x89PNG")


def test_the_readers_style_changes_nothing() -> None:
    trace = trace_of(product())
    plain = to_figure(trace, "png")
    with plt.style.context({"font.size": 30, "text.color": "red", "savefig.facecolor": "blue"}):
        assert to_figure(trace, "png") == plain
        assert plt.rcParams["font.size"] == 30


def test_unknown_kind() -> None:
    with pytest.raises(RenderError, match=r"to_figure: expected kind .* got 'gif'"):
        to_figure(trace_of(product()), "gif")  # type: ignore[arg-type]


def test_importing_costs_nothing() -> None:
    code = (
        "import sys, graphviz_ad.render.figures, graphviz_ad.render.dot, graphviz_ad.render.html;"
        "heavy = {'matplotlib', 'networkx', 'graphviz', 'pygraphviz'} & set(sys.modules);"
        "sys.exit(', '.join(heavy) or 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
