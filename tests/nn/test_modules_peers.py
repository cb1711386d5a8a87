"""Every module beside PyTorch's: same state dict, same batches, 50 steps in float64."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import graphviz_ad as ad

pytestmark = pytest.mark.peers

STEPS = 50
TOLERANCE = {"rtol": 1e-6, "atol": 1e-6}


def normal(*shape: int) -> Callable[[np.random.Generator], np.ndarray]:
    return lambda rng: rng.normal(size=shape)


def rows(high: int, *shape: int) -> Callable[[np.random.Generator], np.ndarray]:
    return lambda rng: rng.integers(0, high, size=shape)


# name, how both are made, and the inputs of a batch
PARTS: list[tuple[str, Callable[[Any], Any], list[Callable[..., np.ndarray]]]] = [
    ("Linear", lambda nn: nn.Linear(4, 3), [normal(5, 4)]),
    ("Linear without bias", lambda nn: nn.Linear(4, 3, bias=False), [normal(2, 5, 4)]),
    ("Bilinear", lambda nn: nn.Bilinear(3, 4, 2), [normal(5, 3), normal(5, 4)]),
    ("Embedding", lambda nn: nn.Embedding(7, 3), [rows(7, 4, 5)]),
    ("Embedding padding", lambda nn: nn.Embedding(7, 3, padding_idx=-1), [rows(7, 4, 5)]),
    ("Conv1d", lambda nn: nn.Conv1d(2, 4, 3, padding=1), [normal(3, 2, 7)]),
    ("Conv2d", lambda nn: nn.Conv2d(2, 4, 3, stride=2, padding=1), [normal(3, 2, 6, 5)]),
    (
        "Conv2d groups",
        lambda nn: nn.Conv2d(4, 6, (3, 2), dilation=2, groups=2, bias=False),
        [normal(2, 4, 6, 6)],
    ),
    ("Conv2d same", lambda nn: nn.Conv2d(1, 2, 3, padding="same"), [normal(2, 1, 5, 5)]),
    ("ConvTranspose1d", lambda nn: nn.ConvTranspose1d(3, 2, 3, stride=2), [normal(2, 3, 4)]),
    (
        "ConvTranspose2d",
        lambda nn: nn.ConvTranspose2d(4, 2, 3, 2, 1, 1, groups=2),
        [normal(2, 4, 4, 3)],
    ),
    ("Conv3d", lambda nn: nn.Conv3d(2, 3, 2, padding=1), [normal(2, 2, 4, 3, 3)]),
    ("ConvTranspose3d", lambda nn: nn.ConvTranspose3d(2, 3, 2, 2), [normal(2, 2, 2, 3, 2)]),
    *[
        (
            f"Conv2d {mode}",
            lambda nn, mode=mode: nn.Conv2d(2, 3, (3, 2), padding=(2, 1), padding_mode=mode),
            [normal(2, 2, 5, 4)],
        )
        for mode in ("reflect", "replicate", "circular")
    ],
    (
        "Conv1d circular same",
        lambda nn: nn.Conv1d(2, 3, 4, padding="same", dilation=2, padding_mode="circular"),
        [normal(2, 2, 9)],
    ),
    (
        "InstanceNorm2d",
        lambda nn: nn.InstanceNorm2d(3, affine=True, track_running_stats=True),
        [normal(4, 3, 5, 2)],
    ),
    ("InstanceNorm3d", lambda nn: nn.InstanceNorm3d(2, affine=True), [normal(2, 2, 3, 2, 3)]),
    ("RMSNorm", lambda nn: nn.RMSNorm(4), [normal(3, 5, 4)]),
    ("BatchNorm3d", lambda nn: nn.BatchNorm3d(2), [normal(3, 2, 2, 3, 2)]),
    ("BatchNorm1d", lambda nn: nn.BatchNorm1d(3), [normal(6, 3)]),
    ("BatchNorm1d of (N, C, L)", lambda nn: nn.BatchNorm1d(3, momentum=None), [normal(4, 3, 5)]),
    ("BatchNorm2d", lambda nn: nn.BatchNorm2d(3), [normal(4, 3, 2, 2)]),
    (
        "BatchNorm2d untracked",
        lambda nn: nn.BatchNorm2d(3, affine=True, track_running_stats=False),
        [normal(4, 3, 2, 2)],
    ),
    ("LayerNorm", lambda nn: nn.LayerNorm(4), [normal(3, 5, 4)]),
    ("LayerNorm without bias", lambda nn: nn.LayerNorm((5, 4), bias=False), [normal(3, 5, 4)]),
    ("GroupNorm", lambda nn: nn.GroupNorm(2, 4), [normal(3, 4, 5)]),
    ("PReLU", lambda nn: nn.PReLU(3), [normal(4, 3)]),
    ("RNNCell", lambda nn: nn.RNNCell(3, 4), [normal(5, 3), normal(5, 4)]),
    ("LSTMCell", lambda nn: nn.LSTMCell(3, 4), [normal(5, 3)]),
    ("GRUCell", lambda nn: nn.GRUCell(3, 4, bias=False), [normal(5, 3)]),
    ("RNN", lambda nn: nn.RNN(3, 4, nonlinearity="relu"), [normal(5, 2, 3)]),
    ("RNN state", lambda nn: nn.RNN(3, 4, 2), [normal(5, 2, 3), normal(2, 2, 4)]),
    ("LSTM", lambda nn: nn.LSTM(3, 4, 2, batch_first=True), [normal(2, 5, 3)]),
    ("LSTM both ways", lambda nn: nn.LSTM(3, 4, 2, bidirectional=True), [normal(5, 2, 3)]),
    ("LSTM without batch", lambda nn: nn.LSTM(3, 4, bias=False), [normal(5, 3)]),
    ("GRU", lambda nn: nn.GRU(3, 4, bidirectional=True), [normal(5, 2, 3)]),
    (
        "MultiheadAttention",
        lambda nn: nn.MultiheadAttention(8, 2),
        [normal(3, 2, 8), normal(4, 2, 8), normal(4, 2, 8)],
    ),
    (
        "MultiheadAttention of other widths",
        lambda nn: nn.MultiheadAttention(8, 2, kdim=5, vdim=3, batch_first=True, bias=False),
        [normal(2, 3, 8), normal(2, 4, 5), normal(2, 4, 3)],
    ),
    (
        "TransformerEncoderLayer",
        lambda nn: nn.TransformerEncoderLayer(8, 2, 16, 0.0),
        [normal(3, 2, 8)],
    ),
    (
        "TransformerEncoderLayer first",
        lambda nn: nn.TransformerEncoderLayer(
            8, 2, 16, 0.0, "gelu", batch_first=True, norm_first=True
        ),
        [normal(2, 3, 8)],
    ),
    (
        "Sequential",
        lambda nn: nn.Sequential(
            nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
            nn.Linear(12, 5), nn.Tanh(), nn.Linear(5, 2), nn.LogSoftmax(dim=1),
        ),
        [normal(4, 1, 6, 6)],
    ),
]  # fmt: skip


def floats(value: Any) -> list[Any]:
    """Return what a module returned as a flat list."""
    if value is None:
        return []
    if isinstance(value, tuple):
        return [leaf for part in value for leaf in floats(part)]
    return [value]


def weighted(outputs: list[Any], weights: list[Any]) -> Any:
    return sum((y * w).sum() for y, w in zip(outputs, weights, strict=True))


@pytest.mark.parametrize(("name", "make", "inputs"), PARTS, ids=[part[0] for part in PARTS])
def test_fifty_steps_agree(
    torch: Any,
    rng: np.random.Generator,
    name: str,
    make: Callable[[Any], Any],
    inputs: list[Callable[..., np.ndarray]],
) -> None:
    torch.manual_seed(0)
    theirs = make(torch.nn).double()
    ours = make(ad.nn)
    ours.load_state_dict(theirs.state_dict())
    assert list(ours.state_dict()) == list(theirs.state_dict())
    their_optimizer = torch.optim.SGD(theirs.parameters(), lr=0.01, momentum=0.9)
    our_optimizer = ad.optim.SGD(ours.parameters(), lr=0.01, momentum=0.9)
    for _ in range(STEPS):
        batch = [draw(rng) for draw in inputs]
        tensors = [torch.tensor(a) for a in batch]
        expected = floats(theirs(*tensors))
        weights = [rng.normal(size=tuple(y.shape)) for y in expected]
        their_optimizer.zero_grad()
        weighted(expected, [torch.tensor(w) for w in weights]).tanh().backward()
        their_optimizer.step()
        actual = floats(ours(*batch))
        our_optimizer.zero_grad()
        ad.tanh(weighted(actual, weights)).backward()
        our_optimizer.step()
        for y, expected_y in zip(actual, expected, strict=True):
            np.testing.assert_allclose(y.data, expected_y.detach().numpy(), **TOLERANCE)
    for key, value in theirs.state_dict().items():
        np.testing.assert_allclose(ours.state_dict()[key], value.numpy(), **TOLERANCE, err_msg=key)
    ours.eval()
    theirs.eval()
    batch = [draw(rng) for draw in inputs]
    for y, expected_y in zip(
        floats(ours(*batch)), floats(theirs(*[torch.tensor(a) for a in batch])), strict=True
    ):
        np.testing.assert_allclose(y.data, expected_y.detach().numpy(), **TOLERANCE)


X = normal(4, 3, 6)
UNIT = lambda rng: rng.uniform(0.05, 0.95, size=(4, 3))  # noqa: E731
SIGNS = lambda *shape: lambda rng: rng.choice([-1.0, 1.0], size=shape)  # noqa: E731
CLASSES = np.array([0.5, 1.0, 2.0])

FROM_OPS: list[tuple[str, dict[str, Any], list[Callable[..., np.ndarray]]]] = [
    *[
        (name, {}, [X])
        for name in (
            "ReLU", "ReLU6", "SELU", "SiLU", "Mish", "Sigmoid", "LogSigmoid", "Tanh",
            "Tanhshrink", "Softsign", "Hardsigmoid", "Hardswish", "GELU", "ELU", "CELU",
            "LeakyReLU", "Softplus", "Softshrink", "Hardshrink", "Hardtanh", "GLU", "Flatten",
        )
    ],
    ("LeakyReLU", {"negative_slope": 0.3}, [X]),
    ("ELU", {"alpha": 0.5}, [X]),
    ("GELU", {"approximate": "tanh"}, [X]),
    ("Softplus", {"beta": 2.0, "threshold": 1.0}, [X]),
    ("Threshold", {"threshold": 0.2, "value": -1.0}, [X]),
    ("Softmax", {"dim": 1}, [X]),
    ("Softmin", {"dim": 0}, [X]),
    ("LogSoftmax", {"dim": 2}, [X]),
    ("Flatten", {"start_dim": 0, "end_dim": 1}, [X]),
    ("MaxPool1d", {"kernel_size": 3, "stride": 2, "padding": 1}, [X]),
    ("AvgPool1d", {"kernel_size": 2}, [X]),
    ("LPPool1d", {"norm_type": 2, "kernel_size": 3}, [X]),
    ("MaxPool2d", {"kernel_size": 2, "ceil_mode": True}, [normal(2, 3, 5, 5)]),
    ("AvgPool2d", {"kernel_size": (2, 3), "count_include_pad": False, "padding": 1},
     [normal(2, 3, 5, 6)]),
    ("MaxPool3d", {"kernel_size": 2, "padding": 1}, [normal(2, 3, 4, 5, 3)]),
    ("AvgPool3d", {"kernel_size": (2, 3, 1)}, [normal(2, 3, 4, 5, 3)]),
    ("LPPool2d", {"norm_type": 3, "kernel_size": 2}, [lambda rng: rng.uniform(size=(2, 3, 4, 4))]),
    ("AdaptiveAvgPool1d", {"output_size": 4}, [X]),
    ("AdaptiveAvgPool2d", {"output_size": (2, 3)}, [normal(2, 3, 5, 7)]),
    ("AdaptiveMaxPool2d", {"output_size": 2}, [normal(2, 3, 5, 7)]),
    ("Upsample", {"scale_factor": 2}, [normal(2, 3, 4, 5)]),
    ("Upsample", {"size": (7, 5), "mode": "bilinear"}, [normal(2, 3, 4, 5)]),
    ("PixelShuffle", {"upscale_factor": 2}, [normal(2, 8, 3, 2)]),
    *[
        (f"{kind}Pad{axes}d", {"padding": (1, 2, 3, 4, 5, 6)[: 2 * axes]},
         [normal(2, 3, *[7] * axes)])
        for kind in ("Zero", "Reflection", "Replication", "Circular")
        for axes in (1, 2, 3)
    ],
    ("InstanceNorm1d", {"num_features": 3}, [X]),
    ("InstanceNorm2d", {"num_features": 3}, [normal(3, 4, 5)]),
    ("ConstantPad2d", {"padding": 2, "value": 1.5}, [normal(2, 3, 4, 5)]),
    ("ZeroPad2d", {"padding": (1, -1, -2, 0)}, [normal(2, 3, 4, 5)]),
    ("MSELoss", {}, [normal(4, 3), normal(4, 3)]),
    ("L1Loss", {"reduction": "sum"}, [normal(4, 3), normal(4, 3)]),
    ("SmoothL1Loss", {"beta": 0.5}, [normal(4, 3), normal(4, 3)]),
    ("HuberLoss", {"delta": 0.5, "reduction": "none"}, [normal(4, 3), normal(4, 3)]),
    ("CrossEntropyLoss", {"weight": CLASSES, "label_smoothing": 0.1}, [normal(4, 3), rows(3, 4)]),
    ("NLLLoss", {"weight": CLASSES, "ignore_index": 1}, [normal(4, 3), rows(3, 4)]),
    ("BCELoss", {"reduction": "sum"}, [UNIT, UNIT]),
    ("BCEWithLogitsLoss", {"pos_weight": CLASSES}, [normal(4, 3), UNIT]),
    ("KLDivLoss", {"reduction": "batchmean", "log_target": True}, [normal(4, 3), normal(4, 3)]),
    ("PoissonNLLLoss", {"full": True}, [normal(4, 3), UNIT]),
    ("GaussianNLLLoss", {}, [normal(4, 3), normal(4, 3), UNIT]),
    ("HingeEmbeddingLoss", {"margin": 0.5}, [normal(4, 3), SIGNS(4, 3)]),
    ("CosineEmbeddingLoss", {"margin": 0.1}, [normal(4, 3), normal(4, 3), SIGNS(4)]),
    ("MarginRankingLoss", {"margin": 0.2}, [normal(4), normal(4), SIGNS(4)]),
    ("TripletMarginLoss", {"swap": True}, [normal(4, 3), normal(4, 3), normal(4, 3)]),
    ("MultiMarginLoss", {"p": 2}, [normal(4, 3), rows(3, 4)]),
    ("MultiLabelMarginLoss", {}, [normal(2, 3), lambda rng: np.array([[0, 2, -1], [1, -1, 0]])]),
    ("SoftMarginLoss", {}, [normal(4, 3), SIGNS(4, 3)]),
    ("CosineSimilarity", {"dim": -1}, [normal(4, 3), normal(4, 3)]),
    ("PairwiseDistance", {"p": 1.0, "keepdim": True}, [normal(4, 3), normal(4, 3)]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "options", "inputs"), FROM_OPS, ids=[f"{n}-{sorted(o)}" for n, o, _ in FROM_OPS]
)
def test_modules_made_from_ops_agree(
    torch: Any,
    rng: np.random.Generator,
    name: str,
    options: dict[str, Any],
    inputs: list[Callable[..., np.ndarray]],
) -> None:
    arrays = [draw(rng) for draw in inputs]
    given = {k: torch.tensor(v) if isinstance(v, np.ndarray) else v for k, v in options.items()}
    theirs = getattr(torch.nn, name)(**given)
    ours = getattr(ad.nn, name)(**options)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    x, t = ad.parameter(arrays[0]), torch.tensor(arrays[0], requires_grad=True)
    y = ours(x, *arrays[1:])
    expected = theirs(t, *[torch.tensor(a) for a in arrays[1:]])
    np.testing.assert_allclose(y.data, expected.detach().numpy(), **TOLERANCE)
    w = rng.normal(size=y.shape)
    y.backward(w)
    expected.backward(torch.tensor(w))
    np.testing.assert_allclose(x.grad.data, t.grad.numpy(), **TOLERANCE)


def test_every_module_made_from_an_op_is_compared() -> None:
    from graphviz_ad.nn.from_ops import OpModule

    made = {n for n in ad.nn.__all__ if isinstance(getattr(ad.nn, n), type)}
    made = {n for n in made if issubclass(getattr(ad.nn, n), OpModule)}
    assert made - {name for name, _, _ in FROM_OPS} == {"Unflatten"}


@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize("kind", ["bool", "float"])
def test_masks_of_attention_agree(
    torch: Any, rng: np.random.Generator, need_weights: bool, kind: str
) -> None:
    theirs = torch.nn.MultiheadAttention(8, 2, batch_first=True).double()
    ours = ad.nn.MultiheadAttention(8, 2, batch_first=True)
    ours.load_state_dict(theirs.state_dict())
    x = rng.normal(size=(3, 4, 8))
    mask = np.triu(np.ones((4, 4), dtype=bool), 1)
    padding = np.zeros((3, 4), dtype=bool)
    padding[1, 3] = True
    if kind == "float":
        mask = np.where(mask, -np.inf, rng.normal(size=(4, 4)))
        padding = np.where(padding, -np.inf, 0.0)
    t = torch.tensor(x, requires_grad=True)
    expected, weights = theirs(
        t, t, t, torch.tensor(padding), need_weights, torch.tensor(mask), False
    )
    leaf = ad.parameter(x)
    y, shown = ours(leaf, leaf, leaf, padding, need_weights, mask, False)
    np.testing.assert_allclose(y.data, expected.detach().numpy(), **TOLERANCE)
    if need_weights:
        np.testing.assert_allclose(shown.data, weights.detach().numpy(), **TOLERANCE)
    else:
        assert shown is None
    w = rng.normal(size=y.shape)
    y.backward(w)
    expected.backward(torch.tensor(w))
    np.testing.assert_allclose(leaf.grad.data, t.grad.numpy(), **TOLERANCE)


def test_default_initialisation_has_the_ranges_of_pytorch(torch: Any) -> None:
    makers = [
        lambda nn: nn.Linear(50, 40),
        lambda nn: nn.Bilinear(20, 30, 10),
        lambda nn: nn.Conv2d(8, 16, 3, groups=2),
        lambda nn: nn.ConvTranspose2d(8, 16, 3),
        lambda nn: nn.Embedding(100, 30),
        lambda nn: nn.LSTM(20, 30),
        lambda nn: nn.MultiheadAttention(32, 4),
        lambda nn: nn.GroupNorm(2, 8),
    ]
    for make in makers:
        theirs, ours = make(torch.nn).state_dict(), make(ad.nn).state_dict()
        assert list(theirs) == list(ours)
        for key, value in theirs.items():
            a, b = ours[key], value.numpy()
            assert a.shape == b.shape
            spread = 0.25 if a.size > 100 else 0.6
            np.testing.assert_allclose(a.std(), b.std(), rtol=spread, atol=1e-12, err_msg=key)
            np.testing.assert_allclose(abs(a).max(), abs(b).max(), rtol=spread, err_msg=key)


def test_what_passes_the_backward_hooks_is_that_of_pytorch(
    torch: Any, rng: np.random.Generator
) -> None:
    def seen(library: Any, tensor: Any) -> list[Any]:
        torch.manual_seed(0)
        state = torch.nn.Bilinear(3, 4, 2).double().state_dict()
        net = library.nn.Bilinear(3, 4, 2)
        net = net.double() if library is torch else net
        net.load_state_dict(state)
        found: list[Any] = []
        net.register_full_backward_hook(lambda m, into, out: found.append((*into, *out)))
        head = library.nn.Linear(2, 1, bias=False)
        head = head.double() if library is torch else head
        head.load_state_dict({"weight": torch.tensor([[1.0, -2.0]], dtype=torch.float64)})
        head.register_full_backward_hook(lambda m, into, out: (into[0] * 10,))
        a, b = tensor(x[0]), tensor(x[1])
        y = head(net(a, b) + net(a, b).detach())
        (y * y + a.sum()).sum().backward()
        return [*found[0], a.grad, b.grad, net.weight.grad]

    x = rng.normal(size=(5, 3)), rng.normal(size=(5, 4))
    theirs = seen(torch, lambda array: torch.tensor(array, requires_grad=True))
    ours = seen(ad, ad.parameter)
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine.data, other.detach().numpy(), **TOLERANCE)


@pytest.mark.parametrize("groups", [1, 2])
def test_initialisers_without_chance_agree(torch: Any, groups: int) -> None:
    for shape in ((4, 3, 5), (6, 2, 3, 2), (2, 4, 2, 3, 3)):
        expected = torch.nn.init.dirac_(torch.empty(shape), groups).numpy()
        actual = ad.nn.init.dirac_(ad.parameter(np.ones(shape)), groups)
        np.testing.assert_array_equal(actual.data, expected)
    expected = torch.nn.init.eye_(torch.empty(3, 5)).numpy()
    np.testing.assert_array_equal(ad.nn.init.eye_(ad.parameter(np.ones((3, 5)))).data, expected)


def test_the_functions_are_those_of_pytorch(torch: Any) -> None:
    functional = ad.nn.functional
    assert {name for name in functional.__all__ if not hasattr(torch.nn.functional, name)} == set()
    theirs = dict(inspect.getmembers(torch.nn.functional, inspect.isroutine))
    assert set(ad.__all__) & set(theirs) <= set(functional.__all__)
    x = np.arange(24.0).reshape(2, 3, 4)
    for widths, mode in (((1, 2), "constant"), ((1, 0, 2, 1), "constant"), ((2, 1), "reflect"),
                         ((-1, 3), "circular"), ((1, 1), "replicate")):  # fmt: skip
        expected = torch.nn.functional.pad(torch.tensor(x), widths, mode).numpy()
        np.testing.assert_array_equal(functional.pad(x, widths, mode).data, expected)
