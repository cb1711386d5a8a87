"""Neural functions: what the table of samples cannot ask."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad import errors
from graphviz_ad.ops.windows import CACHE, batches, windows


def test_dropout_keeps_the_mean_and_repeats_itself() -> None:
    x = ad.parameter(np.ones(10_000))
    y = ad.dropout(x, 0.25, rng=np.random.default_rng(1))
    assert set(np.unique(y.data)) == {0.0, 1 / 0.75}
    assert y.data.mean() == pytest.approx(1, abs=0.03)
    again = ad.dropout(x, 0.25, rng=1)
    np.testing.assert_array_equal(again.data, y.data)
    y.sum().backward()
    assert x.grad is not None
    np.testing.assert_array_equal(x.grad.data, y.data)  # the same mask


def test_dropout_at_its_ends() -> None:
    x = np.array([1.0, 2.0])
    assert ad.dropout(x, 0.0).data.tolist() == [1.0, 2.0]
    assert ad.dropout(x, 1.0).data.tolist() == [0.0, 0.0]
    assert ad.dropout(x, 0.9, training=False).data.tolist() == [1.0, 2.0]
    assert ad.dropout(x.astype(np.float32), 0.5).dtype == np.float32


def test_dropout_records_its_mask_and_draws_once() -> None:
    x = ad.parameter(np.ones(8))
    y = ad.dropout(x, 0.5)
    record = y._record
    assert record is not None
    replayed = record.op.forward(np, *record.arrays, **record.params)
    np.testing.assert_array_equal(replayed, y.data)


def test_dropout_leaves_numpys_random_state_alone() -> None:
    before = np.random.get_state()[1].copy()
    ad.dropout(np.ones(5), 0.5)
    ad.scaled_dot_product_attention(*np.ones((3, 1, 2)), dropout_p=0.5)
    np.testing.assert_array_equal(np.random.get_state()[1], before)


def test_attention_drops_weights_as_its_mask_says() -> None:
    q, k, v = np.random.default_rng(0).normal(size=(3, 4, 2))
    kept = np.zeros((4, 4), dtype=bool)
    y = ad.scaled_dot_product_attention(q, k, v, dropout_p=0.5, dropout_mask=kept)
    assert not y.data.any()
    one = ad.scaled_dot_product_attention(q, k, v, dropout_p=0.5, rng=3)
    two = ad.scaled_dot_product_attention(q, k, v, dropout_p=0.5, rng=3)
    np.testing.assert_array_equal(one.data, two.data)


def test_a_blind_query_gets_zeros_and_sends_none() -> None:
    q, k, v = (ad.parameter(a) for a in np.random.default_rng(0).normal(size=(3, 2, 2)))
    seen = np.array([[True, True], [False, False]])
    y = ad.scaled_dot_product_attention(q, k, v, seen)
    y.sum().backward()
    assert y.data[1].tolist() == [0.0, 0.0]
    assert q.grad is not None
    assert q.grad.data[1].tolist() == [0.0, 0.0]


def test_batch_norm_returns_the_new_statistics() -> None:
    rng = np.random.default_rng(0)
    mean, var = np.zeros(3), np.ones(3)
    given = mean.copy()
    for _ in range(200):
        batch = rng.normal(5.0, 2.0, size=(64, 3))
        _, mean, var = ad.batch_norm(batch, mean, var, training=True)
    assert given.tolist() == [0.0, 0.0, 0.0]
    np.testing.assert_allclose(mean.data, 5.0, atol=0.5)
    np.testing.assert_allclose(var.data, 4.0, atol=1.0)
    y, same, _ = ad.batch_norm(batch, mean, var)
    np.testing.assert_array_equal(same.data, mean.data)
    np.testing.assert_allclose(y.data.mean(axis=0), 0, atol=0.6)


def test_statistics_carry_their_gradient() -> None:
    x = ad.parameter(np.random.default_rng(0).normal(size=(5, 2)))
    _, mean, _ = ad.batch_norm(x, np.zeros(2), np.ones(2), training=True, momentum=0.1)
    mean.sum().backward()
    assert x.grad is not None
    np.testing.assert_allclose(x.grad.data, 0.1 / 5)


def test_padding_row_of_an_embedding_learns_nothing() -> None:
    table = ad.parameter(np.ones((4, 2)))
    for padding in (3, -1):
        table.grad = None
        ad.embedding([3, 0, 3], table, padding_idx=padding).sum().backward()
        assert table.grad is not None
        assert table.grad.data.tolist() == [[1, 1], [0, 0], [0, 0], [0, 0]]


def test_small_integers_do_not_overflow_as_rows() -> None:
    table = ad.parameter(np.ones((200, 3)))
    ad.embedding(np.array([199], dtype=np.uint8), table).sum().backward()
    assert table.grad is not None
    assert table.grad.data[199].tolist() == [1, 1, 1]
    assert table.grad.data.sum() == 3


def test_one_maximum_of_equals_gets_the_gradient() -> None:
    x = ad.parameter(np.ones((1, 1, 4, 4)))
    ad.max_pool2d(x, 2).sum().backward()
    assert x.grad is not None
    assert x.grad.data[0, 0].tolist() == [[1, 0, 1, 0], [0, 0, 0, 0], [1, 0, 1, 0], [0, 0, 0, 0]]


def test_a_large_kernel_counts_its_places() -> None:
    x = ad.parameter(np.arange(400.0).reshape(1, 20, 20))
    ad.max_pool2d(x, 20).sum().backward()  # 400 places do not fit a byte
    assert x.grad is not None
    assert x.grad.data.ravel().nonzero()[0].tolist() == [399]


def test_convolution_in_parts_equals_the_whole() -> None:
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(40, 8, 20, 20)), rng.normal(size=(4, 8, 3, 3))
    win = windows("conv2d", (20, 20), (3, 3), 1, 0)
    assert len(batches(np, 40, 8 * 9 * 18 * 18 * 8)) > 1, CACHE
    whole = ad.conv2d(x, w)
    single = np.concatenate([ad.conv2d(x[n : n + 1], w).data for n in range(40)])
    np.testing.assert_allclose(whole.data, single, rtol=1e-12)
    assert whole.shape == (40, 4, *win.out)
    a, b = ad.parameter(x), ad.parameter(w)
    ad.conv2d(a, b).backward(np.ones(whole.shape))
    assert a.grad is not None
    assert b.grad is not None
    sums = np.lib.stride_tricks.sliding_window_view(x, (18, 18), axis=(2, 3)).sum(axis=(0, 4, 5))
    np.testing.assert_allclose(b.grad.data, np.broadcast_to(sums, w.shape), rtol=1e-10)
    np.testing.assert_allclose(a.grad.data[:, 0, 10, 10], w.sum(axis=0)[0].sum(), rtol=1e-10)


def test_lists_as_parameters_are_frozen() -> None:
    stride = [2, 1]
    y = ad.conv2d(ad.parameter(np.ones((1, 1, 4, 4))), np.ones((1, 1, 2, 2)), stride=stride)
    stride[0] = 1
    assert y._record is not None
    assert y._record.params["stride"] == (2, 1)
    assert y.shape == (1, 1, 2, 3)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_cross_entropy_of_huge_scores(dtype: Any) -> None:
    scores = ad.parameter(np.array([[1e4, -1e4, 0.0]], dtype=dtype))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loss = ad.cross_entropy(scores, [1])
        loss.backward()
    assert loss.dtype == dtype
    assert loss.item() == 2e4
    assert scores.grad is not None
    assert scores.grad.data.tolist() == [[1.0, -1.0, 0.0]]


def test_dim_is_axis() -> None:
    x = np.random.default_rng(0).normal(size=(2, 3))
    np.testing.assert_array_equal(ad.softmax(x, dim=0).data, ad.softmax(x, axis=0).data)
    with pytest.raises(errors.ArgumentError, match="axis or dim"):
        ad.softmax(x, dim=0, axis=0)


def test_a_column_against_a_row_is_refused() -> None:
    with pytest.raises(errors.ShapeError, match=r"input \(3, 1\) and target \(3,\)"):
        ad.mse_loss(np.zeros((3, 1)), np.zeros(3))


LABELS: list[tuple[Any, type[Exception], str]] = [
    ([0, 3], errors.IndexingError, "labels 0 to 2, got label 3"),
    ([0, -1], errors.IndexingError, "got label -1"),
    ([0.0, 1.0], errors.DTypeError, "integer class labels, got target .* float64"),
    ([0.0, np.nan], errors.DTypeError, "with NaN in it"),
    ([True, False], errors.DTypeError, "bool"),
    ([0, 1, 2], errors.ShapeError, r"shape \(2,\)"),
    ([[0.0, 1.0]], errors.ShapeError, "probabilities of the input's shape"),
    ([[0.0, 1.0, np.nan]] * 2, errors.ArgumentError, "NaN in target"),
]


@pytest.mark.parametrize(("target", "error", "message"), LABELS)
def test_bad_labels(target: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"cross_entropy: .*{message}"):
        ad.cross_entropy(np.zeros((2, 3)), target)


BAD_CALLS: list[tuple[str, list[Any], dict[str, Any], type[Exception], str]] = [
    ("cross_entropy", [np.zeros((1, 2)), [0]], {"reduction": "avg"}, errors.ArgumentError, "'avg'"),
    ("cross_entropy", [np.zeros((1, 2)), [0]], {"label_smoothing": 2}, errors.ArgumentError, "2"),
    ("cross_entropy", [np.zeros((1, 2)), [0], [1.0]], {}, errors.ShapeError, "weight per class"),
    ("conv2d", [np.zeros((1, 1, 4, 4)), np.zeros((1, 1, 3, 3))], {"stride": 0},
     errors.ArgumentError, "stride: an integer, or 2, from 1 up"),
    ("conv2d", [np.zeros((1, 1, 4, 4)), np.zeros((1, 1, 3, 3))], {"padding": "full"},
     errors.ArgumentError, "'same', 'valid'"),
    ("conv2d", [np.zeros((1, 1, 4, 4)), np.zeros((1, 1, 3, 3))],
     {"padding": "same", "stride": 2}, errors.ArgumentError, "stride 1"),
    ("conv2d", [np.zeros((1, 2, 4, 4)), np.zeros((3, 1, 3, 3))], {"groups": 2},
     errors.ArgumentError, "groups that divide"),
    ("conv2d", [np.zeros((1, 1, 4, 4)), np.zeros((2, 1, 3, 3)), np.zeros(3)], {},
     errors.ShapeError, r"bias \(2,\)"),
    ("conv2d", [np.zeros((1, 1, 4, 4)), np.zeros((2, 1, 3, 3))], {"dilation": 2},
     errors.ShapeError, "dilation"),
    ("conv_transpose1d", [np.zeros((1, 1, 4)), np.zeros((1, 1, 2))], {"output_padding": 1},
     errors.ArgumentError, "output_padding below"),
    ("max_pool2d", [np.zeros((1, 4, 4))], {"kernel_size": (2, 2, 2)},
     errors.ArgumentError, "kernel_size"),
    ("embedding", [[0.5], np.zeros((2, 2))], {}, errors.DTypeError, "integer dtype"),
    ("embedding", [[-1], np.zeros((2, 2))], {}, errors.IndexingError, "got -1"),
    ("batch_norm", [np.zeros((4, 2))], {}, errors.ArgumentError, "none, with training=False"),
    ("interpolate", [np.zeros((1, 1, 4))], {}, errors.ArgumentError, "neither"),
    ("scaled_dot_product_attention", [np.zeros((2, 2))] * 3 + [np.ones((2, 2), bool)],
     {"is_causal": True}, errors.ArgumentError, "both"),
    ("kl_div", [np.zeros(2), np.zeros(2)], {"reduction": "batch"}, errors.ArgumentError, "'batch'"),
    ("softmax", [np.zeros((2, 2))], {"axis": 2}, errors.AxisError, "axis=2"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "arrays", "params", "error", "message"), BAD_CALLS, ids=lambda v: str(v)[:30]
)
def test_bad_calls(
    name: str, arrays: list[Any], params: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=f"{name}: .*{message}"):
        getattr(ad, name)(*arrays, **params)


def test_a_convolutional_network_learns() -> None:
    rng = np.random.default_rng(0)
    images = rng.normal(size=(32, 1, 6, 6))
    labels = (images[:, 0, :3].sum(axis=(1, 2)) > images[:, 0, 3:].sum(axis=(1, 2))).astype(int)
    w, b = ad.parameter(0.3 * rng.normal(size=(4, 1, 3, 3))), ad.parameter(np.zeros(4))
    gamma, beta = ad.parameter(np.ones(4)), ad.parameter(np.zeros(4))
    v = ad.parameter(0.3 * rng.normal(size=(16, 2)))
    losses = []
    for _ in range(60):
        h, _, _ = ad.batch_norm(ad.conv2d(images, w, b), None, None, gamma, beta, training=True)
        h = ad.max_pool2d(ad.leaky_relu(h), 2)
        loss = ad.cross_entropy(h.reshape(32, 16) @ v, labels)
        loss.backward()
        for p in (w, b, gamma, beta, v):
            assert p.grad is not None
            p.data = p.data - 0.3 * p.grad.data
            p.grad = None
        losses.append(loss.item())
    assert losses[-1] < 0.25 * losses[0]


def test_second_derivative_of_a_convolutional_network() -> None:
    """The gradient of a squared gradient norm, which goes through every VJP twice."""
    rng = np.random.default_rng(0)
    x, w0 = rng.normal(size=(2, 2, 5, 5)), rng.normal(size=(3, 2, 3, 3))

    def penalty(w: Any) -> Any:
        h = ad.avg_pool2d(ad.silu(ad.conv2d(x, w, padding=1, stride=2)), 2, stride=1)
        h = ad.layer_norm(h.reshape(2, 12), 12)
        return ad.cross_entropy(h[:, :3] * h[:, 3:6], [0, 2], label_smoothing=0.1)

    def norm(w: Any) -> Any:
        return (ad.grad(penalty)(w) ** 2).sum()

    exact = ad.grad(norm)(ad.parameter(w0))
    place, step = (1, 0, 2, 1), 1e-5
    ends = []
    for sign in (1, -1):
        moved = w0.copy()
        moved[place] += sign * step
        ends.append(norm(ad.parameter(moved)).item())
    assert exact.data[place] == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-5)


@pytest.mark.parametrize("dtype", ["i1", "i4", "i8", ">i8", "u1", "u4", "u8"])
def test_cross_entropy_takes_labels_of_every_integer_dtype(dtype: str) -> None:
    scores = ad.parameter(np.arange(12.0).reshape(4, 3) % 5)
    expected = ad.cross_entropy(scores, [0, 1, 2, 1]).item()
    loss = ad.cross_entropy(scores, np.array([0, 1, 2, 1], dtype))
    loss.backward()
    assert loss.item() == pytest.approx(expected)
    for wrong in ([0, 1, 3, 1], [0, -1, 2, 1]):
        with pytest.raises(errors.IndexingError, match=r"cross_entropy: .* label"):
            ad.cross_entropy(scores, np.array(wrong).astype(dtype))
