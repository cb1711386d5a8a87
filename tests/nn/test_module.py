"""The module: what registers, what reaches the trace, what is saved."""

from __future__ import annotations

import copy
import doctest
import gc
import importlib
import pickle
import pkgutil
from typing import Any

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad.engine.tape import tape
from graphviz_ad.trace.recorder import record_trace


class Net(ad.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = ad.nn.Linear(3, 4)
        self.rest = ad.nn.ModuleList([ad.nn.Linear(4, 4), ad.nn.Linear(4, 1)])
        self.scale = ad.parameter(2.0)
        self.register_buffer("shift", [1.0])
        self.register_buffer("scratch", [0.0], persistent=False)

    def forward(self, x: Any) -> Any:
        h = self.first(x)
        for layer in self.rest:
            h = layer(ad.tanh(h))
        return h * self.scale + self.shift


def test_what_is_registered_has_pytorch_s_paths() -> None:
    net = Net()
    paths = [
        "scale", "first.weight", "first.bias", "rest.0.weight", "rest.0.bias", "rest.1.weight",
        "rest.1.bias",
    ]  # fmt: skip
    assert [name for name, _ in net.named_parameters()] == paths
    assert [name for name, _ in net.named_buffers()] == ["shift", "scratch"]
    assert set(net.state_dict()) == {*paths, "shift"}
    assert [name for name, _ in net.named_modules()] == ["", "first", "rest", "rest.0", "rest.1"]
    assert net.get_submodule("rest.1") is net.rest[1]
    assert list(net.children()) == [net.first, net.rest]


def test_names_and_scopes_reach_the_trace() -> None:
    net = Net()
    x = np.ones((2, 3))
    loss = net(x).sum()
    graph = record_trace(loss).graph
    assert [scope.path for scope in graph.scopes] == [
        "net", "net.first", "net.rest.0", "net.rest.1",
    ]  # fmt: skip
    parameters = [value for value in graph.values if value.role == "parameter"]
    assert [value.name for value in parameters] == [*["weight", "bias"] * 3, "scale"]
    first = next(op for op in graph.ops if op.op == "linear")
    assert graph.values[first.outputs[0]].name == "h"  # the caller's variable
    source = graph.sources[first.location.source]
    assert source.lines[first.location.line - source.first_line].strip() == "h = self.first(x)"


def test_a_module_that_no_other_holds_is_called_by_its_variable() -> None:
    encoder, decoder = ad.nn.Sequential(ad.nn.Linear(3, 2)), ad.nn.Linear(2, 3)
    layers = [ad.nn.Linear(3, 3), ad.nn.Linear(3, 3)]
    x = ad.tensor(np.ones((1, 3)))
    for layer in layers:
        x = layer(x)
    loss = decoder(encoder(layers[1](x))).sum() + encoder[0](x).sum()
    paths = [scope.path for scope in record_trace(loss).graph.scopes]
    loop = ["Linear", "Linear"]  # the variable of a loop names no module
    assert paths == [*loop, "layers[1]", "encoder", "encoder.0", "decoder", "0"]


def test_a_chain_s_values_are_not_called_by_its_own_variables() -> None:
    net = ad.nn.Sequential(ad.nn.Linear(2, 2), ad.nn.Tanh())
    graph = record_trace(net([[1.0, 2.0]]).sum()).graph
    assert not {value.name for value in graph.values} & {"input", "module"}
    assert {op.location.source for op in graph.ops} == {0}  # this file


def test_every_step_of_a_recurrent_layer_is_a_scope() -> None:
    output, _ = ad.nn.LSTM(2, 3)(np.ones((3, 1, 2)))
    graph = record_trace(output.sum()).graph
    assert [scope.path for scope in graph.scopes] == [
        "LSTM", "LSTM.t=0", "LSTM.t=1", "LSTM.t=2",
    ]  # fmt: skip
    names = {value.name for value in graph.values}
    assert {"i", "f", "g", "o", "h", "c", "weight_ih_l0", "input"} <= names


def test_the_scope_is_left_when_forward_fails() -> None:
    with pytest.raises(ad.errors.ShapeError):
        Net()(np.ones((2, 5)))
    assert tape.scope is None


def test_training_mode_reaches_every_module() -> None:
    net = ad.nn.Sequential(ad.nn.Dropout(0.5), ad.nn.Sequential(ad.nn.Dropout(0.5)))
    assert not any(module.training for module in net.eval().modules())
    x = ad.tensor(np.ones(100))
    assert net(x) is x
    assert (net.train()(x).data == 0).any()


def test_freezing_keeps_a_parameter_a_parameter() -> None:
    net = Net().requires_grad_(False)
    assert len(list(net.parameters())) == 7
    assert not net(np.ones((1, 3))).requires_grad
    net.first.weight = net.first.weight.requires_grad_(True)
    assert net(np.ones((1, 3))).requires_grad


def test_attributes_come_and_go() -> None:
    net = Net()
    net.first = None
    assert net.first is None
    assert [name for name, _ in net.named_parameters()][1] == "rest.0.weight"
    del net.scale
    assert not hasattr(net, "scale")
    with pytest.raises(AttributeError, match="no attribute 'scale'"):
        _ = net.scale
    net.shift = [3.0]
    assert dict(net.named_buffers())["shift"].data.tolist() == [3.0]


@pytest.mark.parametrize("make", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_copies_are_independent(make: Any) -> None:
    net = ad.nn.Sequential(Net(), ad.nn.TransformerEncoderLayer(1, 1, 2), ad.nn.GRU(1, 2))
    twin = make(net)
    for (path, a), (other, b) in zip(net.named_parameters(), twin.named_parameters(), strict=True):
        assert path == other
        assert a is not b
        np.testing.assert_array_equal(a.data, b.data)
    twin[0].scale.data = 5.0
    assert net[0].scale.item() == 2.0
    assert twin[0]._parameters["scale"] is twin[0].scale


def test_another_dtype() -> None:
    net = Net().float()
    assert {p.dtype.name for p in net.parameters()} == {"float32"}
    assert net(np.ones((1, 3), np.float32)).dtype == np.float32
    optimizer = ad.optim.Adam(net.parameters(), lr=np.float64(0.1))
    net(np.ones((1, 3), np.float32)).sum().backward()
    optimizer.step()
    optimizer.param_groups[0]["lr"] = np.float64(0.1)  # as a schedule of one's own may set it
    optimizer.step()
    assert {p.dtype.name for p in net.parameters()} == {"float32"}
    assert {p.dtype.name for p in net.double().parameters()} == {"float64"}
    assert ad.nn.Linear(2, 2, dtype=np.float32).weight.dtype == np.float32


def test_a_shared_parameter_counts_once() -> None:
    net = ad.nn.Sequential(ad.nn.Linear(2, 2, bias=False), ad.nn.Linear(2, 2, bias=False))
    net[1].weight = net[0].weight
    assert len(list(net.parameters())) == 1
    state = net.state_dict()
    assert list(state) == ["0.weight", "1.weight"]
    net.load_state_dict(state)


def test_a_step_leaves_recorded_graphs_as_they_were() -> None:
    layer = ad.nn.BatchNorm1d(2)
    optimizer = ad.optim.SGD(layer.parameters(), lr=0.1)
    loss = (layer(np.array([[1.0, 2.0], [3.0, 5.0]])) ** 3).sum()
    seen = record_trace(loss)
    before = [np.array(seen.data(v.id)) for v in seen.graph.values]
    loss.backward()
    optimizer.step()
    again = record_trace(loss)
    for value in again.graph.values:
        np.testing.assert_array_equal(again.data(value.id), before[value.id])


def test_the_mapping_of_a_sequential_and_slices() -> None:
    net = ad.nn.Sequential({"in": ad.nn.Linear(2, 3), "out": ad.nn.Linear(3, 1)})
    assert next(iter(net.state_dict())) == "in.weight"
    assert len(net[1:]) == 1
    assert net[:1][0] is net[0]
    heads = ad.nn.ModuleDict({"a": ad.nn.Linear(1, 1)})
    assert "a" in heads
    del heads["a"]
    assert len(heads) == 0


def test_flattening_and_back() -> None:
    x = ad.tensor(np.arange(24.0).reshape(2, 3, 4))
    net = ad.nn.Sequential(ad.nn.Flatten(), ad.nn.Unflatten(1, (3, 4)), ad.nn.Identity())
    np.testing.assert_array_equal(net(x).data, x.data)
    assert repr(net[1]) == "Unflatten(dim=1, sizes=(3, 4))"


def test_apply_visits_the_innermost_first() -> None:
    seen: list[str] = []
    ad.nn.Sequential(ad.nn.Sequential(ad.nn.Tanh())).apply(
        lambda module: seen.append(type(module).__name__)
    )
    assert seen == ["Tanh", "Sequential", "Sequential"]


def test_a_seed_fixes_the_parameters_and_the_dropout() -> None:
    def run() -> Any:
        net = ad.nn.Sequential(ad.nn.Linear(4, 4), ad.nn.Dropout(0.5))
        return net(np.ones((3, 4))).data

    ad.manual_seed(7)
    first = run()
    ad.manual_seed(7)
    np.testing.assert_array_equal(run(), first)
    assert (run() != first).any()
    layers = [ad.nn.TransformerEncoderLayer(4, 2, 4, rng=5) for _ in range(2)]
    for a, b in zip(layers[0].parameters(), layers[1].parameters(), strict=True):
        np.testing.assert_array_equal(a.data, b.data)
    drawn = layers[0].linear1.weight.data, layers[0].linear2.weight.data
    assert (drawn[0] != drawn[1]).any()


def test_modules_are_freed_without_the_collector() -> None:
    import weakref

    gc.collect()
    gc.disable()
    try:
        net = Net()
        loss = net(np.ones((2, 3))).sum()
        loss.backward()
        alive = weakref.ref(net), weakref.ref(net.first.weight)
        del net, loss
        assert [ref() for ref in alive] == [None, None]
    finally:
        gc.enable()


def documented() -> list[str]:
    packages = [ad.nn, ad.optim, ad.datasets]
    return [
        f"{package.__name__}.{info.name}"
        for package in packages
        for info in pkgutil.iter_modules(package.__path__)
    ]


@pytest.mark.parametrize("name", documented())
def test_examples_run(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


@pytest.mark.parametrize("package", [ad.nn, ad.optim, ad.datasets], ids=lambda p: p.__name__)
def test_every_public_name_is_documented(package: Any) -> None:
    for name in package.__all__:
        text = getattr(package, name).__doc__ or ""
        assert len(text.splitlines()[0]) > 10, name
