"""Values and gradients at kinks, ties, zeros and infinities; the gradients are PyTorch's."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad.ops import scan

INF, NAN = math.inf, math.nan

ONE_INPUT = [
    ("abs", {}, [0.0, -2.0], [0.0, 2.0], [0.0, -1.0]),
    ("sqrt", {}, [0.0, 4.0], [0.0, 2.0], [INF, 0.25]),
    ("relu", {}, [0.0, -1.0, NAN, INF], [0.0, 0.0, NAN, INF], [0.0, 0.0, 1.0, 1.0]),
    ("softshrink", {}, [NAN, 0.5, -0.5, 1.0], [NAN, 0.0, 0.0, 0.5], [1.0, 0.0, 0.0, 1.0]),
    ("hardshrink", {}, [NAN, 0.5, -0.6], [NAN, 0.0, -0.6], [1.0, 0.0, 1.0]),
    ("hardtanh", {"min_val": 1.0, "max_val": 1.0}, [0.0, 2.0], [1.0, 1.0], [0.0, 0.0]),
    ("sigmoid", {}, [1000.0, -1000.0], [1.0, 0.0], [0.0, 0.0]),
    ("log", {}, [1.0], [0.0], [1.0]),
    ("sinc", {}, [0.0], [1.0], [0.0]),
    ("nan_to_num", {}, [NAN, 1.0], [0.0, 1.0], [0.0, 1.0]),
    ("clip", {"a_min": -1.0, "a_max": 1.0}, [-2.0, -1.0, 1.0], [-1.0, -1.0, 1.0], [0.0, 1.0, 1.0]),
    ("max", {}, [2.0, 2.0, 1.0], 2.0, [0.5, 0.5, 0.0]),
    ("min", {}, [1.0, 2.0, 1.0], 1.0, [0.5, 0.0, 0.5]),
    ("prod", {}, [0.0, 2.0, 3.0], 0.0, [6.0, 0.0, 0.0]),
    ("prod", {}, [0.0, 0.0, 3.0], 0.0, [0.0, 0.0, 0.0]),
    ("cumprod", {}, [2.0, 0.0, 3.0], [2.0, 0.0, 0.0], [1.0, 8.0, 0.0]),
    ("nansum", {}, [1.0, NAN, 3.0], 4.0, [1.0, 0.0, 1.0]),
    ("nanmean", {}, [1.0, NAN, 3.0], 2.0, [0.5, 0.0, 0.5]),
    ("nanmean", {"axis": 0}, [[1.0, NAN], [3.0, 5.0]], [2.0, 5.0], [[0.5, 0.0], [0.5, 1.0]]),
    ("var", {}, [3.0], 0.0, [0.0]),
    ("std", {}, [3.0, 3.0], 0.0, [0.0, 0.0]),
    ("median", {}, [1.0, 2.0, 2.0, 9.0], 2.0, [0.0, 0.5, 0.5, 0.0]),
    ("prod", {"axis": 0}, 3.0, 3.0, 1.0),
    ("cumprod", {"axis": -1}, 3.0, [3.0], 1.0),
    ("softshrink", {}, [NAN, 0.5, 2.0], [NAN, 0.0, 1.5], [1.0, 0.0, 1.0]),
    ("threshold", {"threshold": 1.0, "value": 7.0}, [NAN, 1.0, 2.0], [NAN, 7.0, 2.0], [1, 0, 1]),
    ("hardtanh", {}, [NAN, 1.0, 0.5], [NAN, 1.0, 0.5], [1.0, 0.0, 1.0]),
    ("relu6", {}, [NAN, 6.0, 0.5], [NAN, 6.0, 0.5], [1.0, 0.0, 1.0]),
    ("clip", {"a_min": 0.0, "a_max": 1.0}, [NAN, 0.5], [NAN, 0.5], [0.0, 1.0]),
    ("clip", {"a_min": 0.0}, [NAN, 0.5], [NAN, 0.5], [0.0, 1.0]),
    ("clip", {"a_max": 1.0}, [NAN, 0.5], [NAN, 0.5], [0.0, 1.0]),
    ("logsumexp", {}, [1000.0, 1000.0], 1000 + math.log(2), [0.5, 0.5]),
    ("logsumexp", {}, [-INF, 0.0], 0.0, [0.0, 1.0]),
    ("logsumexp", {}, [-INF, -INF], -INF, [0.0, 0.0]),
    ("logcumsumexp", {"axis": 0}, [-INF, 0.0], [-INF, 0.0], [0.0, 1.0]),
    ("norm", {}, [0.0, 0.0], 0.0, [0.0, 0.0]),
    ("norm", {"ord": 1}, [0.0, -2.0], 2.0, [0.0, -1.0]),
    ("norm", {"ord": 3}, [0.0, 2.0], 2.0, [0.0, 1.0]),
    ("norm", {"ord": INF}, [2.0, -2.0], 2.0, [0.5, -0.5]),
    ("norm", {"ord": "nuc"}, [[0.0, 0.0], [0.0, 2.0]], 2.0, [[1.0, 0.0], [0.0, 1.0]]),
    ("det", {}, [[1.0, 2.0], [2.0, 4.0]], 0.0, [[4.0, -2.0], [-2.0, 1.0]]),
    ("eigvalsh", {}, [[1.0, 0.0], [0.0, 1.0]], [1.0, 1.0], [[1.0, 0.0], [0.0, 1.0]]),
]

TWO_INPUTS = [
    ("maximum", 2.0, 2.0, 2.0, 0.5, 0.5),
    ("minimum", 2.0, 2.0, 2.0, 0.5, 0.5),
    ("maximum", NAN, 1.0, NAN, 1.0, 1.0),
    ("fmax", 2.0, 2.0, 2.0, 1.0, 0.0),
    ("fmax", NAN, 1.0, 1.0, 0.0, 1.0),
    ("fmin", 1.0, NAN, 1.0, 1.0, 0.0),
    ("power", 0.0, 0.0, 1.0, 0.0, 0.0),
    ("power", 0.0, 2.0, 0.0, 0.0, 0.0),
    ("power", 0.0, 0.5, 0.0, INF, 0.0),
    ("xlogy", 0.0, 0.0, 0.0, 0.0, NAN),
    ("hypot", 0.0, 0.0, 0.0, 0.0, 0.0),
    ("arctan2", 0.0, 0.0, 0.0, 0.0, 0.0),
    ("logaddexp", 1000.0, 1000.0, 1000 + math.log(2), 0.5, 0.5),
    ("logaddexp", -INF, 0.0, 0.0, 0.0, 1.0),
    ("logaddexp", INF, 0.0, INF, 1.0, 0.0),
    ("logaddexp2", 0.0, INF, INF, 0.0, 1.0),
    ("copysign", 0.0, -1.0, -0.0, 0.0, 0.0),
]


@pytest.mark.parametrize(("name", "params", "a", "value", "gradient"), ONE_INPUT)
def test_one_input(name: str, params: dict[str, Any], a: Any, value: Any, gradient: Any) -> None:
    x = ad.parameter(a)
    y = ad.ops.FUNCTIONS[name](x, **params)
    y.backward(np.ones(y.shape))
    np.testing.assert_allclose(y.data, value, atol=1e-12)
    np.testing.assert_allclose(x.grad.data, gradient, atol=1e-12)


@pytest.mark.parametrize(("name", "a", "b", "value", "of_a", "of_b"), TWO_INPUTS)
def test_two_inputs(name: str, a: float, b: float, value: float, of_a: float, of_b: float) -> None:
    x, z = ad.parameter([a]), ad.parameter([b])
    y = ad.ops.FUNCTIONS[name](x, z)
    y.backward(np.ones(1))
    np.testing.assert_allclose(y.data, [value])
    np.testing.assert_allclose(x.grad.data, [of_a])
    np.testing.assert_allclose(z.grad.data, [of_b])


def test_running_indices_are_the_latest() -> None:
    values, indices = ad.cummax([1.0, 1.0, 0.0, NAN, 2.0, NAN])
    np.testing.assert_array_equal(values.data, [1.0, 1.0, 1.0, NAN, NAN, NAN])
    np.testing.assert_array_equal(indices.data, [0, 1, 1, 3, 3, 5])


@pytest.mark.parametrize("n", [1, 2, 5, 8])
@pytest.mark.parametrize("axis", [0, 1])
def test_scan_by_doubling_equals_numpys(n: int, axis: int) -> None:
    class WithoutAccumulate:
        moveaxis, concatenate = staticmethod(np.moveaxis), staticmethod(np.concatenate)

    a = np.random.default_rng(n).normal(size=(n, n))
    got = scan.accumulate(WithoutAccumulate, np.logaddexp, a, axis)
    np.testing.assert_allclose(got, np.logaddexp.accumulate(a, axis=axis))


def test_elements_equal_to_an_extremum_share_along_axes() -> None:
    x = ad.parameter([[1.0, 3.0], [3.0, 3.0]])
    ad.max(x, axis=(0, 1)).backward()
    np.testing.assert_allclose(x.grad.data, [[0, 1 / 3], [1 / 3, 1 / 3]])


def test_gradient_of_a_sum_is_a_view() -> None:
    sent = ad.engine.op.REGISTRY["sum"].vjp(np, np.float64(1), None, np.zeros((100, 100)))
    assert sent.shape == (100, 100)
    assert sent.strides == (0, 0)


def test_matmul_sends_two_products_of_matrices() -> None:
    a, b = np.ones((2, 3, 4)), np.ones((4, 5))
    of_a, of_b = ad.engine.op.REGISTRY["matmul"].vjp(np, np.ones((2, 3, 5)), None, a, b)
    assert of_a().shape == (2, 3, 4)
    assert of_b().shape == (4, 5), "summed over the stack by the product itself"


def test_einsum_from_lists_of_indices() -> None:
    a, b = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(3, 4)
    got = ad.einsum(a, [0, 1], b, [1, 2], [2, 0])
    np.testing.assert_allclose(got.data, np.einsum(a, [0, 1], b, [1, 2], [2, 0]))


@pytest.mark.parametrize("subscripts", ["ij,jk->iq", "ij,jk->ii", "i-j,jk", "ij", "ij,jk,kl"])
def test_einsum_refuses_malformed_subscripts(subscripts: str) -> None:
    with pytest.raises(ad.errors.ArgumentError, match="einsum: expected"):
        ad.einsum(subscripts, np.ones((2, 2)), np.ones((2, 2)))


def test_comparisons_are_not_recorded() -> None:
    x = ad.parameter([1.0, 3.0])
    assert (x > 2).data.tolist() == [False, True]
    assert (x <= 2).data.tolist() == [True, False]
    assert not (x == x).requires_grad
    assert (x != None).__class__ is bool  # noqa: E711


@pytest.mark.parametrize("shape", [(), (3,), (40, 50)])
def test_relu_stops_gradients_that_are_not_finite(shape: tuple[int, ...]) -> None:
    for bad in (np.inf, -np.inf, np.nan):
        x = ad.parameter(np.full(shape, -1.0))
        ad.relu(x).backward(np.full(shape, bad))
        assert not np.any(x.grad.data), "0, as in PyTorch, and not 0 · ∞"


def test_linalg_is_a_namespace_as_in_numpy() -> None:
    x = ad.parameter([[2.0, 1.0], [0.0, 4.0]])
    assert ad.linalg.det(x).item() == pytest.approx(8.0)
    assert ad.linalg.trace(x).item() == 6.0
    assert ad.linalg.norm(x).item() == pytest.approx(np.linalg.norm(x.data))
    import graphviz_ad.trace

    assert graphviz_ad.trace.__name__ == "graphviz_ad.trace"


def test_sort_sends_the_gradient_of_equal_elements_in_their_order() -> None:
    a = np.repeat([2.0, 1.0, 0.0, 1.0], 50)
    x, w = ad.parameter(a), np.arange(200.0)
    ad.sort(x, kind="stable").backward(w)
    expected = np.empty(200)
    expected[np.argsort(a, kind="stable")] = w
    np.testing.assert_array_equal(x.grad.data, expected)


def test_topk_takes_nan_first_and_counts_unsigned_integers_from_zero() -> None:
    values, places = ad.topk([1.0, NAN, 3.0, 3.0], 3)
    np.testing.assert_array_equal(values.data, [NAN, 3.0, 3.0])
    np.testing.assert_array_equal(places.data, [1, 2, 3])
    assert ad.topk(np.array([0, 7, 2], np.uint8), 2)[0].tolist() == [7, 2]
    assert ad.topk(np.array([False, True]), 1)[1].tolist() == [1]


def test_cosine_similarity_counts_a_broadcast_axis_as_often_as_it_is_repeated() -> None:
    x, row = np.arange(1.0, 7.0).reshape(3, 2), np.array([[2.0, 1.0]])
    got = ad.cosine_similarity(x, row, axis=0)
    np.testing.assert_allclose(got.data, ad.cosine_similarity(x, np.tile(row, (3, 1)), axis=0).data)


def test_a_number_as_variance_keeps_single_precision() -> None:
    a = np.ones(3, np.float32)
    assert ad.gaussian_nll_loss(ad.parameter(a), a, 2.0).dtype == np.float32


def test_power_mean_pooling_refuses_infinity() -> None:
    with pytest.raises(ad.errors.ArgumentError, match=r"lp_pool1d: .* max_pool1d"):
        ad.lp_pool1d(np.ones((1, 4)), INF, 2)


def test_equal_distances_of_a_swapped_triplet_share_the_gradient() -> None:
    negative = ad.parameter([3.0, 1.0])
    anchor, positive = [0.0, 0.0], [0.0, 2.0]
    ad.triplet_margin_loss(anchor, positive, negative, 9.0, eps=0.0, swap=True).backward()
    np.testing.assert_allclose(negative.grad.data, [-3 / math.sqrt(10), 0.0], atol=1e-15)
