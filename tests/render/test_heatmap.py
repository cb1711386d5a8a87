"""Summaries, statistics and colours of arrays."""

from __future__ import annotations

import struct
import time
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from graphviz_ad.errors import RenderError
from graphviz_ad.render.heatmap import NAN_COLOUR, colours, limit, png, statistics, summarize

REAL = st.sampled_from([np.float64, np.float32, np.float16, np.int64, np.uint8, np.bool_])


@given(st.data(), REAL)
def test_summary_holds_the_largest_of_each_block(data: st.DataObject, dtype: type) -> None:
    a = data.draw(hnp.arrays(dtype, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9)))
    rows, cols = data.draw(st.tuples(st.integers(1, 5), st.integers(1, 5)))
    picture = summarize(a, rows, cols)
    r, c = min(rows, a.shape[0]), min(cols, a.shape[1])
    assert picture.shape == (r, c)
    for i in range(r):
        for j in range(c):
            block = a[
                i * a.shape[0] // r : (i + 1) * a.shape[0] // r,
                j * a.shape[1] // c : (j + 1) * a.shape[1] // c,
            ].astype(float)
            cell = picture[i, j]
            if np.isnan(block).any():
                assert np.isnan(cell)
            else:
                assert abs(cell) == np.abs(block).max()
                assert cell in block


def test_nan_wins_then_infinity() -> None:
    assert np.isnan(summarize([np.inf, np.nan], 1, 1)[0, 0])
    assert summarize([1e300, -np.inf], 1, 1)[0, 0] == -np.inf
    assert summarize([np.inf, -np.inf], 1, 1)[0, 0] == np.inf


@pytest.mark.parametrize(
    ("shape", "picture"),
    [((), (1, 1)), ((5,), (1, 5)), ((50,), (1, 8)), ((3, 2, 4), (6, 4)), ((0, 3), (0, 0))],
)
def test_summary_shapes(shape: tuple[int, ...], picture: tuple[int, int]) -> None:
    assert summarize(np.ones(shape), 6, 8).shape == picture


def test_statistics_of_everything_at_once() -> None:
    s = statistics(np.array([[3.0, -4.0, np.nan], [0.0, np.inf, 5e-324]]))
    assert (s.min, s.max, s.norm) == (-4.0, np.inf, 5.0)
    assert s.mean == -0.25
    assert (s.nan, s.posinf, s.neginf, s.zero, s.underflow) == (1, 1, 0, 1, 1)


@pytest.mark.parametrize("scale", [1e308, 1e200, 1e-200, 5e-324])
def test_no_overflow_on_the_way(scale: float) -> None:
    s = statistics(np.full(3, scale))
    assert s.mean == pytest.approx(scale)
    assert s.norm == pytest.approx(np.hypot(np.hypot(scale, scale), scale))


def test_statistics_where_there_is_nothing() -> None:
    empty, nan = statistics(np.zeros((0, 4))), statistics(np.full(3, np.nan))
    for s in (empty, nan):
        assert np.isnan([s.min, s.max, s.mean]).all()
        assert s.norm == 0
    assert nan.nan == 3


def test_underflow_depends_on_the_dtype() -> None:
    assert statistics(np.array([1e-5], np.float16)).underflow == 1
    assert statistics(np.array([1e-5], np.float32)).underflow == 0
    assert statistics(np.array([0, 3, 0])).zero == 2


@given(hnp.arrays(np.float64, st.integers(1, 50), elements=st.floats(-1e6, 1e6)))
def test_statistics_agree_with_numpy(a: np.ndarray) -> None:
    s = statistics(a)
    assert (s.min, s.max, s.zero) == (a.min(), a.max(), (a == 0).sum())
    assert s.mean == pytest.approx(a.mean(), abs=1e-9)
    assert s.norm == pytest.approx(np.linalg.norm(a))


def test_complex_and_objects_are_refused_by_name() -> None:
    with pytest.raises(RenderError, match=r"statistics: expected a real .* complex128"):
        statistics(np.ones(2, complex))
    with pytest.raises(RenderError, match="summarize"):
        summarize(np.array([object()]), 1, 1)


def test_colours_are_centred_on_zero() -> None:
    picture = np.array([[-2.0, 0.0, 2.0], [np.nan, np.inf, -np.inf]])
    for side in ("data", "gradient"):
        rgb = colours(picture, side, limit(picture)).astype(int)
        assert rgb[0, 1].min() > 240  # zero is near white
        assert tuple(rgb[1, 0]) == NAN_COLOUR
        np.testing.assert_array_equal(rgb[1, 1], rgb[0, 2])
        np.testing.assert_array_equal(rgb[1, 2], rgb[0, 0])
    blue, red = colours(picture, "data", 2.0)[0, [0, 2]].astype(int)
    assert blue[2] > blue[0]
    assert red[0] > red[2]


def test_all_zero_has_the_colour_of_zero() -> None:
    assert (colours(np.zeros((2, 2)), "data", 0.0) > 240).all()


def test_png_decodes_to_its_pixels() -> None:
    rgb = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    data = png(rgb)
    chunks, at = {}, 8
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length : at + 12 + length])[0] == zlib.crc32(
            kind + body
        )
        chunks[kind] = body
        at += 12 + length
    assert struct.unpack(">IIBB", chunks[b"IHDR"][:10]) == (4, 2, 8, 2)
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(2, 13)
    np.testing.assert_array_equal(rows[:, 1:].reshape(2, 4, 3), rgb)


def test_large_arrays_are_fast() -> None:
    a = np.zeros((4096, 4096))
    start = time.perf_counter()
    statistics(a)
    summarize(a, 6, 8)
    assert time.perf_counter() - start < 3  # 0.06 s on an idle machine
