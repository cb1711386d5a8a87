"""What a network refuses: a named error with the place, and everything as it was."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad.errors import (
    ArgumentError,
    DTypeError,
    GradientError,
    ModuleError,
    ShapeError,
    StateDictError,
)
from graphviz_ad.nn.module import REPLACED

W = ad.parameter([1.0, 2.0], name="w")


class Forgetful(ad.nn.Module):
    def __init__(self) -> None:
        self.size = 3

    def forward(self, x: Any) -> Any:
        return x


class Hasty(ad.nn.Module):
    def __init__(self) -> None:
        self.weight = ad.parameter(1.0)


class Idle(ad.nn.Module):
    pass


class Net(ad.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = ad.nn.Sequential(ad.nn.Linear(2, 3), ad.nn.BatchNorm1d(3))
        self.head = ad.nn.Linear(3, 1)

    def forward(self, x: Any) -> Any:
        return self.head(self.body(x))


def generator_of(*things: Any) -> Iterator[Any]:
    yield from things


CASES: list[tuple[str, Callable[[], Any], type[Exception], str]] = [
    ("no parameters", lambda: ad.optim.SGD([]), ArgumentError, "SGD: .* at least one .* none"),
    (
        "no parameters left",
        lambda: ad.optim.Adam(generator_of()),
        ArgumentError,
        "Adam: .* at least one",
    ),
    ("a number", lambda: ad.optim.SGD([W, 3.0]), ArgumentError, "parameters, got float"),
    ("an array", lambda: ad.optim.SGD([np.ones(2)]), ArgumentError, "got ndarray"),
    ("one tensor", lambda: ad.optim.SGD(W), ArgumentError, "list"),
    ("an output", lambda: ad.optim.SGD([W * 2]), ArgumentError, "leaves"),
    ("integers", lambda: ad.optim.SGD([ad.tensor([1])]), ArgumentError, "floats"),
    ("twice", lambda: ad.optim.SGD([W, W]), ArgumentError, "every parameter once, got w twice"),
    (
        "in two groups",
        lambda: ad.optim.SGD([{"params": [W]}, {"params": [W]}]),
        ArgumentError,
        "once",
    ),
    (
        "unknown option",
        lambda: ad.optim.SGD([{"params": [W], "speed": 1}]),
        ArgumentError,
        "options .* speed",
    ),
    ("rate 0", lambda: ad.optim.SGD([W], lr=0), ArgumentError, "positive learning rate .* 0"),
    ("negative rate", lambda: ad.optim.Adam([W], lr=-1e-3), ArgumentError, "-0.001"),
    ("NaN rate", lambda: ad.optim.RMSprop([W], lr=math.nan), ArgumentError, "nan"),
    ("infinite rate", lambda: ad.optim.Adagrad([W], lr=math.inf), ArgumentError, "inf"),
    ("text rate", lambda: ad.optim.SGD([W], lr="fast"), ArgumentError, "'fast'"),
    ("momentum 1", lambda: ad.optim.SGD([W], momentum=1.0), ArgumentError, r"momentum in \[0, 1\)"),
    ("nesterov", lambda: ad.optim.SGD([W], nesterov=True), ArgumentError, "nesterov"),
    ("betas", lambda: ad.optim.Adam([W], betas=(0.9, 1.0)), ArgumentError, "betas"),
    ("decay", lambda: ad.optim.SGD([W], weight_decay=-1), ArgumentError, "weight_decay"),
    ("l1", lambda: ad.optim.SGD([W], l1=math.nan), ArgumentError, "l1"),
    ("schedule of none", lambda: ad.optim.StepLR(W, 3), ArgumentError, "StepLR: .* Optimizer"),
    (
        "before init",
        lambda: Forgetful()(1.0),
        ModuleError,
        r"Forgetful: .* called after __init__.*super\(\)",
    ),
    ("parameter before init", Hasty, ModuleError, "Hasty: .* 'weight'"),
    ("no forward", lambda: Idle()(1.0), ModuleError, "Idle: expected a method forward"),
    ("a function in a chain", lambda: ad.nn.Sequential(ad.tanh), ModuleError, "Sequential: .* mod"),
    ("a class in a list", lambda: ad.nn.ModuleList([ad.nn.ReLU]), ModuleError, "ModuleList"),
    ("a taken name", lambda: ad.nn.ModuleDict({"keys": Idle()}), ModuleError, "'keys'"),
    ("dropout 1", lambda: ad.nn.Dropout(1.0), ArgumentError, r"Dropout: .* \[0, 1\), got 1.0"),
    ("dropout -0.1", lambda: ad.nn.Dropout(-0.1), ArgumentError, "-0.1"),
    ("dropout NaN", lambda: ad.nn.Dropout(math.nan), ArgumentError, "nan"),
    ("LSTM's dropout", lambda: ad.nn.LSTM(2, 2, dropout=1.0), ArgumentError, "LSTM"),
    ("sizes", lambda: ad.nn.Linear(0, 2), ArgumentError, "Linear: .* in_features .* got 0"),
    ("groups", lambda: ad.nn.Conv2d(3, 4, 2, groups=2), ArgumentError, "Conv2d: .* divide"),
    ("kernel", lambda: ad.nn.Conv2d(3, 4, (2, 2, 2)), ArgumentError, "2 axes"),
    ("heads", lambda: ad.nn.MultiheadAttention(5, 2), ArgumentError, "5 in 2 heads"),
    ("activation", lambda: ad.nn.TransformerEncoderLayer(4, 2, activation="sin"), ArgumentError,
     "'sin'"),
    ("nonlinearity", lambda: ad.nn.RNN(2, 2, nonlinearity="sin"), ArgumentError, "'sin'"),
    ("padding row", lambda: ad.nn.Embedding(3, 2, padding_idx=3), ArgumentError, "got 3"),
    ("group norm", lambda: ad.nn.GroupNorm(2, 3), ArgumentError, "3 in 2"),
    ("unknown option of a loss", lambda: ad.nn.MSELoss(size=3), TypeError, "MSELoss.*'size'"),
    ("dtype", lambda: Net().to(np.int64), DTypeError, "int64"),
    ("seed", lambda: ad.manual_seed(-1), ArgumentError, "manual_seed"),
    ("fans", lambda: ad.nn.init.xavier_uniform_(W), ShapeError, r"w \(2,\)"),
    ("gain", lambda: ad.nn.init.calculate_gain("sin"), ArgumentError, "'sin'"),
    ("max_norm", lambda: ad.nn.utils.clip_grad_norm_([W], -1), ArgumentError, "max_norm"),
    ("clip_value", lambda: ad.nn.utils.clip_grad_value_([W], math.nan), ArgumentError, "clip"),
    ("vector", lambda: ad.nn.utils.vector_to_parameters([1.0], [W]), ShapeError, "vector of 2"),
    ("path", lambda: Net().get_submodule("body.7"), ModuleError, "'7' of 'body.7'"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "call", "error", "message"), CASES, ids=[c[0] for c in CASES])
def test_refused(name: str, call: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
    assert W.data.tolist() == [1.0, 2.0]


def test_a_batch_of_one_names_the_module_and_changes_nothing() -> None:
    net = Net()
    before = net.state_dict()
    with pytest.raises(ShapeError, match=r"^Net\.body\.1: batch_norm: .*one element per channel"):
        net(np.ones((1, 2)))
    for key, value in net.state_dict().items():
        np.testing.assert_array_equal(value, before[key])
    assert net.eval()(np.ones((1, 2))).shape == (1, 1)


def test_the_wrong_shape_names_the_module() -> None:
    with pytest.raises(ShapeError, match=r"^Net\.body\.0: linear: expected input") as caught:
        Net()(np.ones((4, 5)))
    assert caught.value.path == "Net.body.0"
    with pytest.raises(ShapeError, match=r"^BatchNorm2d: .*\(N, C, H, W\)"):
        ad.nn.BatchNorm2d(3)(np.ones((2, 3)))
    with pytest.raises(ShapeError, match="LSTM"):
        ad.nn.LSTM(2, 3)(np.ones((4, 1, 5)))
    with pytest.raises(ShapeError, match=r"a state of 2 × \(1, 1, 3\)"):
        ad.nn.LSTM(2, 3)(np.ones((4, 1, 2)), np.zeros((1, 1, 3)))


def spoiled(change: Callable[[dict[str, Any]], object]) -> tuple[Net, dict[str, Any]]:
    net = Net()
    state = dict(Net().state_dict())
    change(state)
    return net, state


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda s: s.pop("head.weight"), StateDictError, "missing head.weight"),
        (lambda s: s.update(tail=np.ones(1)), StateDictError, "unexpected tail"),
        (
            lambda s: s.update({"body.0.weight": np.ones((3, 3))}),
            StateDictError,
            r"body.0.weight of shape \(3, 3\), not \(3, 2\)",
        ),
        (lambda s: s.update({"head.bias": ["x"]}), DTypeError, r"load_state_dict\[head.bias\]"),
        (lambda s: s.clear(), StateDictError, "missing body.0.weight; missing"),
    ],
)
def test_a_state_dict_that_does_not_fit_changes_nothing(
    change: Any, error: type[Exception], message: str
) -> None:
    net, state = spoiled(change)
    before = net.state_dict()
    with pytest.raises(error, match=message):
        net.load_state_dict(state)
    for key, value in net.state_dict().items():
        np.testing.assert_array_equal(value, before[key])


def test_a_loose_load_takes_what_fits() -> None:
    net, state = spoiled(lambda s: (s.pop("head.weight"), s.update(tail=np.ones(1))))
    net.load_state_dict(state, strict=False)
    np.testing.assert_array_equal(net.head.bias.data, state["head.bias"])


def test_a_shared_parameter_cannot_take_two_values() -> None:
    net = ad.nn.Sequential(ad.nn.Linear(2, 2, bias=False), ad.nn.Linear(2, 2, bias=False))
    net[1].weight = net[0].weight
    before = net[0].weight.data
    state = {"0.weight": np.ones((2, 2)), "1.weight": np.zeros((2, 2))}
    with pytest.raises(StateDictError, match=r"1\.weight that differs from 0\.weight"):
        net.load_state_dict(state)
    assert net[0].weight.data is before


def test_a_replaced_parameter_is_noticed_at_the_next_step() -> None:
    net = Net()
    optimizer = ad.optim.SGD(net.parameters(), lr=0.1)
    net.head.weight = ad.parameter(np.ones((1, 3)))
    net(np.ones((4, 2))).sum().backward()
    before = net.state_dict()
    with pytest.raises(ModuleError, match=r"SGD.step: .*head.weight that was replaced"):
        optimizer.step()
    for key, value in net.state_dict().items():
        np.testing.assert_array_equal(value, before[key])


def test_a_parameter_that_moved_within_the_network_is_not_called_replaced() -> None:
    net = Net()
    old = net.head.weight
    net.head.weight = ad.parameter(np.ones((1, 3)))
    net.head.weight = old
    optimizer = ad.optim.SGD(net.parameters(), lr=0.1)
    optimizer.step()


def test_what_was_replaced_is_forgotten_when_nobody_holds_it() -> None:
    before = len(REPLACED)
    net = Net()
    optimizer = ad.optim.SGD(net.parameters(), lr=0.1)
    net.head.weight = ad.parameter(np.ones((1, 3)))
    assert len(REPLACED) == before + 1
    del optimizer
    assert len(REPLACED) == before


def test_a_parameter_must_be_a_leaf() -> None:
    net = Net()
    with pytest.raises(ModuleError, match=r"head: expected a leaf .* weight = the output"):
        net.head.weight = net.head.weight * 2
    assert net.head.weight.is_leaf


@pytest.mark.parametrize("rate", [-0.1, math.nan, math.inf])
def test_a_rate_that_went_wrong_takes_no_step(rate: float) -> None:
    w = ad.parameter(1.0)
    optimizer = ad.optim.SGD([w], lr=0.1)
    (w * w).backward()
    optimizer.param_groups[0]["lr"] = rate
    with pytest.raises(ArgumentError, match=r"SGD\.step: .*learning rate"):
        optimizer.step()
    assert w.item() == 1.0


def test_a_norm_that_is_not_finite() -> None:
    w = ad.parameter([1.0, 0.0], name="w")
    (2 * ad.sqrt(w)).sum().backward()
    with pytest.raises(GradientError, match=r"inf \(from w\)"):
        ad.nn.utils.clip_grad_norm_([w], 1.0, error_if_nonfinite=True)
    assert w.grad.data[0] == 1.0


def test_optimiser_state_that_does_not_fit() -> None:
    w = ad.parameter([1.0, 2.0])
    optimizer = ad.optim.Adam([w])
    (w * w).sum().backward()
    optimizer.step()
    state = optimizer.state_dict()
    other = ad.optim.Adam([ad.parameter([1.0, 2.0, 3.0], name="v")])
    with pytest.raises(StateDictError, match=r"exp_avg of shape \(3,\) for v, got \(2,\)"):
        other.load_state_dict(state)
    assert other.state == {}
    two = ad.optim.Adam([ad.parameter(1.0), ad.parameter(1.0)])
    with pytest.raises(StateDictError, match=r"groups of \[2\] parameters, got \[1\]"):
        two.load_state_dict(state)


def test_errors_with_a_place_survive_pickling() -> None:
    import pickle

    with pytest.raises(ShapeError) as caught:
        Net()(np.ones((4, 5)))
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value)
    assert again.path == "Net.body.0"
