"""What is drawn of an array on the device: the host's numbers, without the array's copy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad.backend import move
from graphviz_ad.render.heatmap import statistics, summarize
from graphviz_ad.widget.arrays import FULL_SIZE
from graphviz_ad.widget.payload import build_payload

pytestmark = pytest.mark.usefixtures("device")

RNG = np.random.default_rng(0)
ARRAYS = {
    "matrix": RNG.normal(size=(70, 33)),
    "float32": RNG.normal(size=(5, 6, 7)).astype(np.float32),
    "vector": RNG.normal(size=100),
    "number": np.array(3.0),
    "one of each": np.array([[math.nan, math.inf, -math.inf], [0.0, 5e-324, -2.0]]),
    "nothing but NaN": np.full((3, 3), math.nan),
    "infinite": np.array([math.inf, math.inf]),
    "huge": np.array([1e300, -1e308, 1e308]),
    "minute": np.array([1e-300, -2e-300]),
    "zeros": np.zeros((30, 30)),
    "integers": np.arange(-5, 50),
    "booleans": np.array([True, False, True]),
    "empty": np.zeros((0, 3)),
}


@pytest.mark.parametrize("name", list(ARRAYS))
def test_statistics_are_the_hosts(name: str) -> None:
    host = ARRAYS[name]
    expected, got = statistics(host), statistics(move(host, "cupy"))
    for field in expected.__slots__:
        a, b = getattr(expected, field), getattr(got, field)
        assert type(a) is type(b), field
        assert a == pytest.approx(b, rel=1e-12, nan_ok=True), field


@pytest.mark.parametrize("name", list(ARRAYS))
@pytest.mark.parametrize("grid", [(1, 1), (3, 4), (24, 24)])
def test_pictures_are_the_hosts(name: str, grid: tuple[int, int]) -> None:
    host = ARRAYS[name]
    picture = summarize(move(host, "cupy"), *grid)
    assert isinstance(picture, np.ndarray)
    np.testing.assert_array_equal(picture, summarize(host, *grid))


@pytest.fixture
def copied(device: str, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of the arrays that have been copied to the host."""
    if device != "stand-in":
        pytest.skip("only the stand-in's copies can be counted")
    import fake_cupy

    sizes: list[int] = []
    get = fake_cupy.ndarray.get

    def counted(self: Any) -> Any:
        sizes.append(self.size)
        return get(self)

    monkeypatch.setattr(fake_cupy.ndarray, "get", counted)
    return sizes


def test_only_summaries_are_copied(copied: list[int]) -> None:
    array = move(RNG.normal(size=(500, 500)), "cupy")
    statistics(array)
    summarize(array, 24, 24)
    assert copied == [11, 576]


def test_a_view_copies_no_large_array(copied: list[int]) -> None:
    layer = ad.nn.Linear(300, 200, rng=0).to("cupy")
    x = ad.tensor(RNG.normal(size=(150, 300)), name="x").to("cupy")
    view = ad.show_graph((layer(x) ** 2).mean())
    assert "weight" in view.to_text()
    assert "<svg" in view.to_svg()
    build_payload(view.trace)
    assert max(copied) <= FULL_SIZE
