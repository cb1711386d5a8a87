"""Functions that are made of several ops: NumPy's values, gradients, and one place in the graph."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad.testing import check_grads

RNG = np.random.default_rng(0)
ROW, MATRIX, CUBE = RNG.normal(size=3), RNG.normal(size=(2, 3)), RNG.normal(size=(2, 3, 4))

# name -> calls: the arrays, and the keyword arguments
CALLS: dict[str, list[tuple[list[Any], dict[str, Any]]]] = {
    "atleast_1d": [([2.5], {}), ([ROW], {}), ([2.5, MATRIX], {})],
    "atleast_2d": [([2.5], {}), ([ROW], {}), ([MATRIX, ROW], {}), ([CUBE], {})],
    "atleast_3d": [([2.5], {}), ([ROW], {}), ([MATRIX], {}), ([CUBE, ROW], {})],
    "broadcast_arrays": [([ROW, MATRIX], {}), ([2.5, CUBE[:, :1]], {}), ([ROW, ROW], {})],
    "meshgrid": [
        ([ROW], {}),
        ([ROW, MATRIX[:, 0]], {}),
        ([ROW, MATRIX[:, 0]], {"indexing": "ij"}),
        ([ROW, MATRIX[:, 0], CUBE[0, 0]], {}),
        ([ROW, MATRIX[:, 0], CUBE[0, 0]], {"sparse": True}),
        ([2.5, ROW], {}),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_as_numpy(name: str) -> None:
    function = ad.ops.FUNCTIONS[name]
    for arrays, params in CALLS[name]:
        got, expected = function(*arrays, **params), getattr(np, name)(*arrays, **params)
        several = isinstance(expected, (tuple, list))
        assert isinstance(got, tuple) == several
        for y, e in zip(
            got if several else [got], expected if several else [expected], strict=True
        ):
            assert y.shape == np.shape(e)
            np.testing.assert_array_equal(y.data, e)
        check_grads(lambda *xs, f=function, p=params: f(*xs, **p), arrays)


@pytest.mark.parametrize(("axis", "size", "step"), [(0, 2, 1), (1, 2, 2), (-1, 3, 1), (2, 4, 3)])
def test_unfold(axis: int, size: int, step: int) -> None:
    got = ad.unfold(CUBE, axis, size, step)
    slid = np.lib.stride_tricks.sliding_window_view(CUBE, size, axis)
    index = [slice(None)] * 4
    index[axis % 3] = slice(None, None, step)
    np.testing.assert_array_equal(got.data, slid[tuple(index)])
    check_grads(lambda x: ad.unfold(x, axis, size, step), [CUBE])


def test_they_are_placed_at_their_caller() -> None:
    x, y = ad.parameter(ROW), ad.parameter(MATRIX)
    first, second = ad.broadcast_arrays(x, y)
    for out in (first, second, ad.unfold(y, 1, 2)):
        scope = out._record.scope
        assert scope.hidden
        assert scope.site.code.co_name == "test_they_are_placed_at_their_caller"
