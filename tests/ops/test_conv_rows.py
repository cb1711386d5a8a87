"""Small images are convolved by rows: the same numbers, with the windows saved within a limit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad.ops import conv
from graphviz_ad.ops.conv_rows import BLOCK, KEPT

CASES = [
    ((5, 4, 7), (3, 4, 3), {}),
    ((4, 7), (3, 4, 3), {"padding": 1}),
    ((2, 3, 8, 6), (4, 3, 3, 2), {"stride": (2, 1), "padding": (0, 1)}),
    ((2, 3, 9, 8), (4, 3, 3, 3), {"dilation": 2, "padding": "same"}),
    ((3, 5, 6), (2, 3, 1, 1), {"stride": 2}),
    ((2, 2, 4, 5, 3), (3, 2, 2, 3, 2), {"padding": 1, "stride": (1, 2, 1)}),
]


def passes(x: Any, w: Any, b: Any, **params: Any) -> list[Any]:
    leaves = [ad.parameter(a) for a in (x, w, b)]
    y = getattr(ad, f"conv{w.ndim - 2}d")(*leaves, **params)
    assert y._record is not None
    y.backward(np.random.default_rng(1).normal(size=y.shape))
    saved = y._record.saved
    return [saved, y.data, *(leaf.grad.data for leaf in leaves if leaf.grad is not None)]


@pytest.mark.parametrize(("image", "kernel", "params"), CASES)
@pytest.mark.parametrize("last", [False, True], ids=["plain", "channels last"])
def test_the_same_numbers(
    monkeypatch: pytest.MonkeyPatch, image: Any, kernel: Any, params: Any, last: bool
) -> None:
    rng = np.random.default_rng(0)
    x, w, b = rng.normal(size=image), rng.normal(size=kernel), rng.normal(size=kernel[0])
    if last:
        x = np.moveaxis(np.moveaxis(x, -1, 1).copy(), 1, -1)
    saved, *by_rows = passes(x, w, b, **params)
    assert saved is not None
    monkeypatch.setattr(conv, "pays", lambda *_: False)
    nothing, *plain = passes(x, w, b, **params)
    assert nothing is None
    for got, expected in zip(by_rows, plain, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-12)


def test_the_output_has_no_memory_that_can_be_written_to() -> None:
    y = ad.conv2d(np.ones((2, 1, 4, 4)), np.ones((3, 1, 2, 2)))
    assert not y.data.flags.writeable
    assert y.data.base is None or not y.data.base.flags.writeable


def test_only_small_windows_are_saved() -> None:
    w = ad.parameter(np.ones((1, 4, 3, 3)))
    for shape in ((2, 4, 40, 40), (KEPT // (8 * 4 * 9 * 16) + 1, 4, 6, 6)):
        assert ad.conv2d(np.ones(shape), w)._record.saved is None
    half = ad.parameter(np.ones((1, 4, 3, 3), np.float16))
    assert ad.conv2d(np.ones((2, 4, 6, 6), np.float16), half)._record.saved is None
    within = ad.conv2d(np.ones((KEPT // (8 * 4 * 9 * 16), 4, 6, 6)), w)._record.saved
    assert within is not None
    assert within.nbytes <= KEPT


@pytest.mark.parametrize("count", [1, BLOCK // 16, BLOCK // 16 + 3])
def test_any_number_of_blocks_goes_back(count: int) -> None:
    x = ad.parameter(np.random.default_rng(0).normal(size=(count, 4, 6, 6)))
    y = ad.conv2d(x, np.ones((1, 4, 3, 3)))
    assert y._record.saved is not None
    y.sum().backward()
    seen = np.convolve(np.ones(4), np.ones(3))
    np.testing.assert_allclose(x.grad.data, np.broadcast_to(np.outer(seen, seen), x.shape))


def test_the_gradients_lie_in_memory_as_the_images() -> None:
    """Element-wise operations of two orders take five times as long."""
    x = ad.parameter(np.random.default_rng(0).normal(size=(4, 3, 6, 6)))
    y = ad.conv2d(x, np.ones((2, 3, 3, 3)), padding=1)
    y.retain_grad()
    normal = ad.batch_norm(y, training=True)[0]
    normal.retain_grad()
    ad.max_pool2d(ad.relu(normal), 2).sum().backward()
    for tensor in (y, normal):
        assert tensor.grad.data.strides == tensor.data.strides
