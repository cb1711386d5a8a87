"""PyTorch's answers where the samples of the pages do not go: kinks, ties, edges, ceil_mode."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import graphviz_ad as ad

pytestmark = [
    pytest.mark.peers,
    pytest.mark.filterwarnings("ignore:Using padding='same':UserWarning"),
]
KINKS = np.array([-6.0, -3.0, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 3.0, 6.0])
FAR = np.array([-800.0, -50.0, -20.0, 20.0, 25.0, 50.0, 800.0])


@pytest.fixture(scope="module")
def torch() -> Any:
    return pytest.importorskip("torch")


def same(torch: Any, name: str, arrays: list[Any], only: int | None = None, **params: Any) -> None:
    """Compare the values and the gradients of one call: of all float arguments, or of one."""
    from torch.nn import functional

    ours = [ad.parameter(a) if a.dtype.kind == "f" else a for a in arrays]
    theirs = [
        torch.tensor(a, requires_grad=True) if a.dtype.kind == "f" else torch.tensor(a)
        for a in arrays
    ]
    y = getattr(ad, name)(*ours, **params)
    function = getattr(functional, name, None) or getattr(torch, name)
    t = function(*theirs, **params)
    np.testing.assert_allclose(y.data, t.detach().numpy(), rtol=1e-9, atol=1e-12)
    w = np.random.default_rng(0).uniform(1, 2, size=y.shape)
    y.backward(w)
    t.backward(torch.tensor(w))
    for slot, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        if isinstance(a, ad.Tensor) and b.grad is not None and only in (None, slot):
            assert a.grad is not None
            np.testing.assert_allclose(a.grad.data, b.grad.numpy(), rtol=1e-7, atol=1e-12)


ACTIVATIONS = [
    ("leaky_relu", {}), ("elu", {"alpha": 2.0}), ("selu", {}), ("celu", {"alpha": 2.0}),
    ("gelu", {}), ("gelu", {"approximate": "tanh"}), ("silu", {}), ("mish", {}),
    ("softplus", {}), ("softsign", {}), ("hardtanh", {}), ("relu6", {}), ("hardsigmoid", {}),
    ("hardswish", {}), ("logsigmoid", {}), ("threshold", {"threshold": 0.5, "value": 9.0}),
    ("tanhshrink", {}), ("softshrink", {}), ("hardshrink", {}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "params"), ACTIVATIONS)
def test_activations_at_kinks_and_far_out(torch: Any, name: str, params: dict[str, Any]) -> None:
    same(torch, name, [KINKS], **params)
    same(torch, name, [FAR], **params)


def test_prelu_at_its_kink(torch: Any) -> None:
    same(torch, "prelu", [KINKS.reshape(2, 5), np.full(5, 0.3)])


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_losses_at_kinks(torch: Any, reduction: str) -> None:
    ones = np.ones_like(KINKS)
    same(torch, "l1_loss", [KINKS, 0 * KINKS], reduction=reduction)
    same(torch, "smooth_l1_loss", [KINKS, 0 * KINKS], reduction=reduction)
    same(torch, "huber_loss", [KINKS, 0 * KINKS], delta=0.5, reduction=reduction)
    for sign in (1, -1):
        target = (sign * ones).astype(int)
        same(torch, "hinge_embedding_loss", [KINKS, target], margin=0.5, reduction=reduction)
        same(torch, "margin_ranking_loss", [KINKS, 0 * KINKS, target], margin=0.5,
             reduction=reduction)  # fmt: skip
        same(torch, "soft_margin_loss", [FAR / 2, np.full(7, sign)], reduction=reduction)
    rows = np.array([[1.0, 1.0, 2.0], [0.0, 1.0, 1.0]])
    same(torch, "multi_margin_loss", [rows, np.array([2, 1])], reduction=reduction)
    same(torch, "multi_margin_loss", [rows, np.array([2, 1])], p=2, reduction=reduction)
    labels = np.array([[2, -1, 0], [1, 2, -1]])
    same(torch, "multilabel_margin_loss", [rows, labels], reduction=reduction)


def test_binary_cross_entropy_at_its_ends(torch: Any) -> None:
    p = np.array([0.0, 1e-300, 1e-20, 0.5, 1 - 1e-12, 1.0])
    for target in (0.0, 0.3, 1.0):
        # PyTorch clamps the loss but not the target's gradient, which it makes infinite
        same(torch, "binary_cross_entropy", [p, np.full_like(p, target)], only=0, reduction="none")
        same(torch, "binary_cross_entropy_with_logits", [FAR, np.full(7, target)])


def test_probabilities_and_labels_with_zeros(torch: Any) -> None:
    scores = np.array([[700.0, -700.0, 0.0], [1e3, 1e3, 1e3]])
    same(torch, "cross_entropy", [scores, np.array([1, 2])])
    same(torch, "cross_entropy", [scores, np.array([[0.0, 1.0, 0.0], [0.5, 0.5, 0.0]])])
    same(torch, "cross_entropy", [scores, np.array([1, -100])], reduction="none")
    same(torch, "cross_entropy", [scores, np.array([1, -100])], label_smoothing=0.2)
    # PyTorch sends NaN to a target of 0
    same(torch, "kl_div", [scores, np.abs(scores) / 1e3], only=0, reduction="sum")


def test_mean_over_nothing_is_nan(torch: Any) -> None:
    scores, ignored = np.zeros((2, 3)), np.array([-100, -100])
    same(torch, "cross_entropy", [scores, ignored])
    same(torch, "nll_loss", [scores, ignored])
    same(torch, "mse_loss", [np.zeros((0, 3)), np.zeros((0, 3))])


@pytest.mark.parametrize("p", [1.0, 2.0, 3.0, float("inf")])
def test_norms_at_zero_and_ties(torch: Any, p: float) -> None:
    rows = np.array([[0.0, 0.0, 0.0], [1.0, -1.0, 1.0], [0.0, 2.0, -3.0]])
    same(torch, "pairwise_distance", [rows, 0 * rows], p=p, eps=0.0)
    same(torch, "pairwise_distance", [rows, rows[::-1].copy()], p=p)
    same(torch, "normalize", [rows], p=p)


def test_cosine_of_a_zero_vector(torch: Any) -> None:
    rows = np.array([[0.0, 0.0], [1.0, 2.0], [1e-12, 0.0]])
    same(torch, "cosine_similarity", [rows, rows[::-1].copy()], eps=1e-3)
    same(torch, "cosine_embedding_loss", [rows, rows[::-1].copy(), np.array([1, -1, 1])])


@pytest.mark.parametrize("swap", [False, True])
def test_triplets_with_equal_distances(torch: Any, swap: bool) -> None:
    a = np.array([[0.0, 0.0], [0.0, 0.0]])
    b = np.array([[1.0, 0.0], [2.0, 1.0]])
    c = np.array([[0.0, 1.0], [0.0, 3.0]])
    same(torch, "triplet_margin_loss", [a, b, c], swap=swap, eps=0.0, margin=1e-300)
    same(torch, "triplet_margin_loss", [a, b, c], swap=swap)


POOLS = [
    {"kernel_size": 2}, {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True},
    {"kernel_size": (2, 3), "stride": (3, 2), "ceil_mode": True},
    {"kernel_size": 2, "stride": 3, "padding": 1, "ceil_mode": True},
    {"kernel_size": 3, "stride": 1},
]  # fmt: skip


@pytest.mark.parametrize("params", POOLS)
def test_pools_of_two_axes(torch: Any, params: dict[str, Any]) -> None:
    x = np.random.default_rng(0).integers(0, 4, size=(2, 3, 7, 8)).astype(float)  # with ties
    same(torch, "max_pool2d", [x], **params)
    same(torch, "avg_pool2d", [x], **params)
    same(torch, "avg_pool2d", [x], **params, count_include_pad=False)
    same(torch, "avg_pool2d", [x], **params, divisor_override=3)
    unpadded = {k: v for k, v in params.items() if k != "padding"}
    same(torch, "lp_pool2d", [x + 1], **unpadded, norm_type=2)
    same(torch, "max_pool2d", [x], **params, dilation=2) if "ceil_mode" not in params else None


@pytest.mark.parametrize("params", [p for p in POOLS if isinstance(p["kernel_size"], int)])
def test_pools_of_one_axis(torch: Any, params: dict[str, Any]) -> None:
    x = np.random.default_rng(0).integers(0, 4, size=(2, 3, 8)).astype(float)
    same(torch, "max_pool1d", [x], **params)
    same(torch, "avg_pool1d", [x], **params)


def test_indices_of_maxima(torch: Any) -> None:
    x = np.random.default_rng(0).integers(0, 4, size=(2, 3, 7, 8)).astype(float)
    for params in POOLS:
        theirs = torch.nn.functional.max_pool2d(torch.tensor(x), **params, return_indices=True)
        ours = ad.max_pool2d_with_indices(x, **params)
        np.testing.assert_array_equal(ours[0].data, theirs[0].numpy())
        np.testing.assert_array_equal(ours[1].data, theirs[1].numpy())


@pytest.mark.parametrize("size", [1, 3, (5, 2), (7, 8), (9, 11)])
def test_adaptive_pools(torch: Any, size: Any) -> None:
    x = np.random.default_rng(0).integers(0, 4, size=(2, 3, 7, 8)).astype(float)
    same(torch, "adaptive_max_pool2d", [x], output_size=size)
    same(torch, "adaptive_avg_pool2d", [x], output_size=size)


def test_maximum_of_nan(torch: Any) -> None:
    x = np.array([[[1.0, np.nan, 2.0, 3.0, 4.0, np.nan]]])
    theirs = torch.tensor(x, requires_grad=True)
    torch.nn.functional.max_pool1d(theirs, 3).sum().backward()
    ours = ad.parameter(x)
    ad.max_pool1d(ours, 3).sum().backward()
    assert ours.grad is not None
    np.testing.assert_array_equal(ours.grad.data, theirs.grad.numpy())


@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("padding", [0, 1, 2])
def test_convolutions(torch: Any, groups: int, stride: int, dilation: int, padding: int) -> None:
    rng = np.random.default_rng(0)
    x, b = rng.normal(size=(2, 4, 8, 7)), rng.normal(size=8)
    w = rng.normal(size=(8, 4 // groups, 3, 2))
    params = {"stride": stride, "dilation": dilation, "padding": padding, "groups": groups}
    same(torch, "conv2d", [x, w, b], **params)
    w = rng.normal(size=(4, 8 // groups, 3, 2))
    extra = max(stride, dilation) - 1
    same(torch, "conv_transpose2d", [x, w, b], **params, output_padding=extra)


@pytest.mark.parametrize("kernel", [(1, 1), (2, 3), (4, 5)])
def test_same_padding(torch: Any, kernel: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(2, 3, 6, 7)), rng.normal(size=(2, 3, *kernel))
    same(torch, "conv2d", [x, w], padding="same")
    same(torch, "conv2d", [x, w], padding="same", dilation=(1, 2) if kernel[1] < 5 else 1)


@pytest.mark.parametrize("mode", ["nearest", "bilinear"])
@pytest.mark.parametrize(
    "size", [{"size": (3, 9)}, {"scale_factor": 1.5}, {"scale_factor": (0.4, 2.7)}, {"size": 1}]
)
def test_interpolation(torch: Any, mode: str, size: dict[str, Any]) -> None:
    x = np.random.default_rng(0).normal(size=(2, 3, 6, 5))
    same(torch, "interpolate", [x], mode=mode, **size)
    if mode == "bilinear":
        same(torch, "interpolate", [x], mode=mode, align_corners=True, **size)


def test_attention_with_masks(torch: Any) -> None:
    rng = np.random.default_rng(0)
    q, k, v = (rng.normal(size=(2, 3, n, 4)) for n in (5, 6, 6))
    blind = rng.random((5, 6)) < 0.5
    blind[2] = False
    same(torch, "scaled_dot_product_attention", [q, k, v, blind])
    same(torch, "scaled_dot_product_attention", [q, k, v, np.where(blind, 0.5, -np.inf)])
    same(torch, "scaled_dot_product_attention", [q, k, v], is_causal=True)


def test_softmax_of_infinities(torch: Any) -> None:
    x = np.array([[-np.inf, 0.0, 1.0], [-np.inf, -np.inf, 5.0]])
    for name in ("softmax", "log_softmax"):
        same(torch, name, [x], dim=1)
