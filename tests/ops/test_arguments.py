"""Arguments that NumPy's and PyTorch's functions take, beyond those that every op has."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad.errors import ArgumentError


@pytest.mark.parametrize("rank", [1, 2])
def test_a_max_pool_returns_indices_when_asked(rank: int) -> None:
    data = np.random.default_rng(0).permutation(6**rank) / 1.0
    x = ad.parameter(data.reshape(1, 1, *(6,) * rank))
    pool = getattr(ad, f"max_pool{rank}d")
    values, places = pool(x, 2, return_indices=True)
    np.testing.assert_array_equal(values.data, pool(x, 2).data)
    np.testing.assert_array_equal(x.data.ravel()[places.data.ravel()], values.data.ravel())
    assert pool(x, 2, None, 0, 1, False, True)[1].tolist() == places.tolist()
    assert list(inspect.signature(pool).parameters)[-1] == "return_indices"
    assert values._record.code.co_name == "test_a_max_pool_returns_indices_when_asked"


def test_svd_without_vectors_is_the_singular_values() -> None:
    a = np.random.default_rng(0).normal(size=(3, 4))
    for got in (ad.svd(a, compute_uv=False), np.linalg.svd(ad.parameter(a), compute_uv=False)):
        np.testing.assert_allclose(got.data, np.linalg.svd(a, compute_uv=False))


def test_where_without_choices_gives_the_indices() -> None:
    condition = np.array([[True, False], [True, True]])
    for got in (ad.where(condition), np.where(ad.tensor(condition))):
        for found, expected in zip(got, np.where(condition), strict=True):
            assert not found.requires_grad
            np.testing.assert_array_equal(found.data, expected)
    with pytest.raises(ArgumentError, match="where: expected x and y, or none of them, got one"):
        ad.where(condition, 1.0)


def test_compress_and_unfold_are_methods() -> None:
    x = ad.parameter(np.arange(6.0).reshape(2, 3))
    kept = x.compress([False, True], axis=0)
    assert kept.tolist() == [[3.0, 4.0, 5.0]]
    kept.sum().backward()
    assert x.grad.tolist() == [[0, 0, 0], [1, 1, 1]]
    assert x.compress([True, False, True]).tolist() == [0.0, 2.0]
    assert x.unfold(1, 2, 1).tolist() == [[[0, 1], [1, 2]], [[3, 4], [4, 5]]]
    for y in (kept, x.unfold(1, 2, 1)):
        assert y._op.name in ("compress", "getitem")


@pytest.mark.parametrize("call", [lambda x: x.ravel("F"), lambda x: np.ravel(x, order="F")])
def test_ravel_takes_the_columns_first(call: Any) -> None:
    x = ad.parameter(np.arange(6.0).reshape(2, 3))
    y = call(x)
    assert y.tolist() == [0, 3, 1, 4, 2, 5]
    y.backward(y.data)
    assert x.grad.tolist() == x.tolist()
    with pytest.raises(ArgumentError, match="ravel: expected order 'C' or 'F', got 'K'"):
        x.ravel("K")


def test_scatter_takes_a_value() -> None:
    assert ad.scatter(np.zeros(3), 0, [0, 2], value=1.5).tolist() == [1.5, 0.0, 1.5]


def test_weighted_losses_divide_by_the_sum_of_the_weights_and_huber_by_their_number() -> None:
    x, w = ad.parameter([1.0, 3.0]), np.array([3.0, 1.0])
    assert ad.mse_loss(x, [0.0, 0.0], weight=w).item() == 12 / 4
    assert ad.l1_loss(x, [0.0, 0.0], weight=w).item() == 6 / 4
    assert ad.huber_loss(x, [0.0, 0.0], weight=w).item() == (3 * 0.5 + 2.5) / 2
    assert ad.mse_loss(x, [0.0, 0.0], "none", w).tolist() == [3.0, 9.0]
    for loss in (ad.mse_loss, ad.l1_loss, ad.huber_loss):
        with pytest.raises(ad.errors.ShapeError, match=r"weight \(1,\) for input \(2,\)"):
            loss(x, [0.0, 0.0], weight=w[:1])
