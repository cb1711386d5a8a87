"""Sums of rows by products: NumPy's values, whatever the dtype, length and axis."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphviz_ad.ops.row_sums import SHORT, row_means, row_sums


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.int64])
@pytest.mark.parametrize("shape", [(3, 4), (4,), (0, 4), (3, 0), (2, 3, SHORT + 1), (5, 2, 1)])
@pytest.mark.parametrize("axis", [-1, 0, (-1,), "last"])
def test_sums_are_numpys(dtype: Any, shape: tuple[int, ...], axis: Any) -> None:
    x = np.random.default_rng(0).integers(-3, 4, size=shape).astype(dtype)
    axis = x.ndim - 1 if axis == "last" else axis
    got, expected = row_sums(np, x, axis), x.sum(axis=axis, keepdims=True)
    assert got.dtype == expected.dtype
    np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("axes", [(-1,), (1, 2), (-3,)])
def test_means_are_numpys(axes: tuple[int, ...]) -> None:
    for dtype in (np.float64, np.float32):
        x = np.random.default_rng(0).normal(size=(2, 3, 4)).astype(dtype)
        got = row_means(np, x, axes)
        assert got.dtype == dtype
        np.testing.assert_allclose(got, x.mean(axis=axes, keepdims=True), rtol=1e-5, atol=1e-6)


@pytest.mark.filterwarnings("ignore:invalid value")
def test_what_is_not_finite_stays_in_its_row() -> None:
    x = np.array([[1.0, np.inf], [np.nan, 1.0], [np.inf, -np.inf], [2.0, 3.0]])
    np.testing.assert_array_equal(row_sums(np, x, -1)[:, 0], [np.inf, np.nan, np.nan, 5.0])
