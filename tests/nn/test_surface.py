"""What a PyTorch user reaches for: hooks, containers, paths, copies."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref
from typing import Any

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad.errors import ArgumentError, GraphvizADError, ModuleError, ShapeError

nn = ad.nn
X = np.ones((2, 3))


def net() -> Any:
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 1))


def test_hooks_see_and_change_what_goes_through() -> None:
    layer, seen = nn.Linear(3, 3), []
    handles = [
        layer.register_forward_pre_hook(lambda m, args: seen.append("pre") or args[0] * 2),
        layer.register_forward_pre_hook(lambda m, args: seen.append("first"), prepend=True),
        layer.register_forward_hook(lambda m, args, y: (seen.append("post"), y + 1)[1]),
    ]
    plain = X * 2 @ layer.weight.data.T + layer.bias.data + 1
    np.testing.assert_allclose(layer(ad.tensor(X)).data, plain)
    assert seen == ["first", "pre", "post"]
    for handle in handles:
        handle.remove()
        handle.remove()
    np.testing.assert_allclose(layer(X).data, X @ layer.weight.data.T + layer.bias.data)
    assert len(seen) == 3


def test_hooks_with_keyword_arguments() -> None:
    class Scaled(nn.Module):
        def forward(self, x: Any, factor: float = 1.0) -> Any:
            return x * factor

    module = Scaled()
    with (
        module.register_forward_pre_hook(
            lambda m, args, kwargs: (args, {"factor": kwargs["factor"] + 1}), with_kwargs=True
        ),
        module.register_forward_hook(
            lambda m, args, kwargs, y: y + kwargs["factor"], with_kwargs=True
        ),
    ):
        assert module(ad.tensor(2.0), factor=2.0).item() == 9.0
    assert module(ad.tensor(2.0), factor=2.0).item() == 4.0


def test_a_backward_hook_of_a_module_that_is_first() -> None:
    layer, seen = nn.Linear(3, 1), []
    layer.register_full_backward_hook(lambda m, into, out: seen.append((m, into, out)))
    layer(X).sum().backward()
    ((module, into, out),) = seen
    assert module is layer
    assert into == (None,)
    np.testing.assert_array_equal(out[0].data, np.ones((2, 1)))
    with ad.no_grad():
        layer(X)
    assert len(seen) == 1


def test_a_backward_hook_cannot_change_several_gradients() -> None:
    layer = nn.Bilinear(2, 2, 1)
    layer.register_full_backward_hook(lambda m, into, out: into)
    loss = layer(ad.parameter(np.ones((1, 2))), ad.parameter(np.ones((1, 2)))).sum()
    with pytest.raises(ModuleError, match="a gradient of one input, got a new one of 2 inputs"):
        loss.backward()
    assert layer.weight.grad is None


def test_hooks_keep_no_graph_alive() -> None:
    gc.collect()
    gc.disable()
    try:
        layer = nn.Linear(3, 1)
        layer.register_full_backward_hook(lambda m, into, out: None)
        layer.register_forward_hook(lambda m, args, y: None)
        loss = layer(ad.parameter(X)).sum()
        loss.backward()
        alive = weakref.ref(loss)
        del loss
        assert alive() is None
        alive = weakref.ref(layer)
        del layer
        assert alive() is None
    finally:
        gc.enable()


def count(module: Any, args: Any, output: Any) -> None:
    module.calls = getattr(module, "calls", 0) + 1


@pytest.mark.parametrize("again", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_have_hooks_and_parameters_of_their_own(again: Any) -> None:
    first = net()
    first.register_forward_hook(count)
    second = again(first)
    second(X)
    assert (getattr(first, "calls", 0), second.calls) == (0, 1)
    second[0].weight.data = np.zeros((4, 3))
    assert (first[0].weight.data != 0).any()
    assert [name for name, _ in second.named_parameters()] == [
        name for name, _ in first.named_parameters()
    ]


def test_paths_lead_to_what_they_name() -> None:
    module = net()
    assert module.get_parameter("3.bias") is module[3].bias
    assert module.get_buffer("1.running_mean") is module[1].running_mean
    for call in (lambda: module.get_parameter("3.scale"), lambda: module.get_buffer("0.weight")):
        with pytest.raises(ModuleError, match=r"the path of a (parameter|buffer), got .*; it has"):
            call()
    assert [n for n, _ in module.named_parameters(prefix="net")][:1] == ["net.0.weight"]
    assert list(module.parameters(recurse=False)) == []
    assert len(list(module[0].parameters(recurse=False))) == 2
    assert len(list(module[1].named_buffers(recurse=False))) == 3
    module[3] = module[0]
    assert len(list(module.named_parameters(remove_duplicate=False))) == 6
    assert len(list(module.named_modules())) == len(list(module.named_modules(
        remove_duplicate=False))) - 1  # fmt: skip


def test_chains_are_edited_like_lists() -> None:
    chain = nn.Sequential(nn.Linear(3, 3), nn.Tanh())
    first = chain[0]
    chain.insert(0, nn.ReLU())
    chain.extend([nn.Linear(3, 2)])
    chain[1] = nn.Identity()
    assert list(chain.state_dict()) == ["3.weight", "3.bias"]
    assert chain.pop() is not first
    del chain[0]
    assert [type(m).__name__ for m in chain] == ["Identity", "Tanh"]
    joined = chain + nn.Sequential(first)
    assert list(joined.state_dict()) == ["2.weight", "2.bias"]
    layers = nn.ModuleList([nn.Linear(1, 1) for _ in range(4)])
    kept = layers[2]
    del layers[:2]
    assert layers[0] is kept
    layers.insert(0, nn.Tanh())
    assert [name for name, _ in layers.named_children()] == ["0", "1", "2"]
    assert layers.pop(0)(0.0).item() == 0.0
    assert len(layers[:1] + layers) == 3
    heads = nn.ModuleDict({"a": nn.Tanh()})
    heads.update({"b": nn.ReLU()})
    assert isinstance(heads.pop("a"), nn.Tanh)
    heads.clear()
    assert len(heads) == 0


def test_parameters_in_lists_and_dicts() -> None:
    class Mixture(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weights = nn.ParameterList([ad.parameter(1.0), 2.0])
            self.scales = nn.ParameterDict({"a": [1.0, 2.0]})

        def forward(self, x: Any) -> Any:
            return sum(w * x for w in self.weights) * self.scales["a"].sum()

    module = Mixture()
    names = ["weights.0", "weights.1", "scales.a"]
    assert [name for name, _ in module.named_parameters()] == names
    module(2.0).backward()
    assert [w.grad.item() for w in module.weights] == [6.0, 6.0]
    module.weights[0] = ad.parameter(5.0)
    assert module.state_dict()["weights.0"] == 5.0
    assert module.scales.pop("a").shape == (2,)
    assert "a" not in module.scales
    with pytest.raises(ModuleError, match="leaves that require a gradient"):
        module.weights.append(ad.tensor(1.0))
    with pytest.raises(ModuleError, match="another name, got 'keys'"):
        module.scales["keys"] = 1.0
    assert repr(module.weights) == "ParameterList((), ())"


def test_what_pytorch_users_write() -> None:
    module = net()
    assert repr(module.load_state_dict(module.state_dict())) == "<All keys matched successfully>"
    state = module.state_dict()
    del state["0.bias"]
    missing, unexpected = module.load_state_dict({**state, "x": 1.0}, strict=False)
    assert (missing, unexpected) == (["0.bias"], ["x"])
    module(X).sum().backward()
    module.zero_grad(set_to_none=False)
    assert (module[0].weight.grad.data == 0).all()
    module.zero_grad()
    assert module[0].weight.grad is None
    assert module.half()[0].weight.dtype == np.float16
    assert module.cpu().float()[0].weight.dtype == np.float32
    module.add_module("4", nn.ReLU(inplace=False))
    assert isinstance(module[4], nn.ReLU)
    with pytest.raises(ArgumentError, match=r"ReLU: expected inplace=False.*never change"):
        nn.ReLU(inplace=True)
    optimizer = ad.optim.SGD([{"params": module[0].parameters()}], lr=0.1)
    optimizer.add_param_group({"params": module[3].parameters(), "lr": 0.5})
    assert [len(g["params"]) for g in optimizer.param_groups] == [2, 2]
    with pytest.raises(ArgumentError, match="every parameter once"):
        optimizer.add_param_group({"params": module[0].weight})
    w = ad.parameter(3.0)
    optimizer = ad.optim.SGD([w], lr=0.5)

    def closure() -> Any:
        optimizer.zero_grad()
        loss = w * w
        loss.backward()
        return loss

    with ad.no_grad():
        assert optimizer.step(closure).item() == 9.0
    assert w.item() == 0.0


def test_a_table_that_is_given() -> None:
    table = np.arange(6.0).reshape(3, 2)
    embedding = nn.Embedding.from_pretrained(table, padding_idx=0)
    np.testing.assert_array_equal(embedding([2, 0]).data, table[[2, 0]])
    assert not embedding.weight.requires_grad
    assert nn.Embedding.from_pretrained(table, freeze=False).weight.requires_grad
    with pytest.raises(ShapeError, match="a table of 2 axes"):
        nn.Embedding.from_pretrained([1.0])


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_channels_are_dropped_whole(axes: int) -> None:
    drop = getattr(nn, f"Dropout{axes}d")(0.25, rng=3)
    x = ad.parameter(np.ones((20, 30, *(2,) * axes)))
    y = drop(x)
    channels = y.data.reshape(20, 30, -1)
    assert (channels == channels[:, :, :1]).all()
    assert set(np.unique(channels)) == {0.0, 4 / 3}
    assert (channels == 0).mean() == pytest.approx(0.25, abs=0.05)
    assert drop.eval()(x) is x
    with pytest.raises(ShapeError, match=f"Dropout{axes}d: expected an input of {axes + 2} axes"):
        drop(np.ones((2, 3)))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.Conv2d(1, 1, 3, padding_mode="mirror"), "a padding_mode of zeros, reflect"),
        (lambda: nn.ZeroPad2d((1, 2, 3)), "ZeroPad2d: expected padding: 4 widths"),
        (lambda: nn.functional.pad([1.0], (1,)), "widths in pairs"),
        (lambda: nn.functional.pad([1.0], (1, 1), "edge"), "a mode of constant, reflect"),
        (lambda: nn.functional.pad([1.0], (1, 1, 1, 1)), "widths of 1 axes"),
        (lambda: nn.InstanceNorm2d(3)(np.ones((2, 4, 3, 3))), r"\(\[N,\] 3, …\) of 2 spatial axes"),
        (lambda: nn.init.eye_(ad.parameter([1.0])), "a tensor of 2 axes"),
        (lambda: nn.init.dirac_(ad.parameter([[1.0]])), "a weight of 3 to 5 axes"),
    ],
)
def test_what_does_not_fit(make: Any, message: str) -> None:
    with pytest.raises((ArgumentError, ShapeError), match=message):
        make()


class Unready(nn.Module):
    def __init__(self) -> None:
        """Forgets the base class."""


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: ad.optim.SGD(m, lr=0.1), r"SGD: expected parameters, got Linear; give mod"),
        (lambda m: ad.optim.Adam(m.parameters(), betas=0.9), "two betas, got 0.9"),
        (lambda m: ad.optim.SGD(m.parameters(), momentum="0.9"), r"momentum in \[0, 1\)"),
        (lambda m: m.load_state_dict(None), "a mapping for Sequential, got NoneType"),
        (lambda m: list(Unready().parameters()), "asked what it holds after __init__"),
        (lambda m: Unready().register_forward_hook(print), "given a hook after __init__"),
        (lambda m: nn.Linear(2.5, 1), "in_features of 1 or more, got 2.5"),
        (lambda m: nn.Dropout("a"), r"a probability p in \[0, 1\), got 'a'"),
        (lambda m: nn.init.zeros_(np.ones(2)), "nn.init: expected a Tensor, got ndarray"),
        (lambda m: setattr(m[0], "weight", np.ones((4, 3))), "0: expected ad.parameter or None"),
        (lambda m: setattr(m, "1", 5), "a Module or None for 1, got 1 = int; del module.1"),
        (lambda m: m[0].register_buffer("weight", [1.0]), "a name of its own .* got 'weight'"),
        (lambda m: m.register_parameter("a.b", ad.parameter(1.0)), "without a dot, got 'a.b'"),
        (lambda m: m.add_module("", nn.ReLU()), "without a dot, got ''"),
        (lambda m: m.register_buffer("forward", [1.0]), "got 'forward'; it is an attribute"),
    ],
)
def test_refusals_leave_the_module_as_it_was(call: Any, message: str) -> None:
    module = net()
    before, names = module.state_dict(), [name for name, _ in module.named_modules()]
    with pytest.raises(GraphvizADError, match=message):
        call(module)
    after = module.state_dict()
    assert list(after) == list(before)
    for key, value in before.items():
        np.testing.assert_array_equal(after[key], value)
    assert [name for name, _ in module.named_modules()] == names


def test_a_parameter_is_lost_where_that_is_meant() -> None:
    layer = nn.Linear(3, 1)
    layer.bias = None
    assert list(layer.state_dict()) == ["weight"]
    del layer.weight
    layer.weight = np.ones((1, 3))
    assert list(layer.state_dict()) == []


@pytest.mark.parametrize("again", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_a_copied_run_goes_on_like_the_first(again: Any) -> None:
    def go_on(module: Any, optimizer: Any, schedule: Any) -> list[Any]:
        losses = []
        for _ in range(3):
            optimizer.zero_grad()
            loss = (module(np.arange(6.0).reshape(2, 3)) ** 2).sum()
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        return losses

    module = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    optimizer = ad.optim.Adam(module.parameters(), lr=0.1)
    schedule = ad.optim.lr_scheduler.StepLR(optimizer, 2)
    go_on(module, optimizer, schedule)
    copied = again((module, optimizer, schedule))
    assert copied[1].param_groups[0]["params"][0] is copied[0][0].weight
    assert go_on(*copied) == go_on(module, optimizer, schedule)
