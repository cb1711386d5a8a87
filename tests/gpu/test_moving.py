"""Moving tensors, modules and optimiser states between backends, and what is refused."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad.backend import move, name_of, to_numpy
from graphviz_ad.engine.op import REGISTRY
from graphviz_ad.errors import BackendError, IndexingError

pytestmark = pytest.mark.usefixtures("device")


def on_gpu(values: Any, **options: Any) -> ad.Tensor:
    return ad.tensor(move(np.asarray(values), "cupy"), **options)


def test_a_leaf_moves_and_comes_back() -> None:
    x = ad.tensor([[1.0, 2.0]], name="x")
    there = x.to("cupy")
    assert (there.backend, there.shape, there.is_leaf) == ("cupy", (1, 2), True)
    assert there.to("cupy") is there
    back = there.to("numpy")
    assert back.backend == "numpy"
    np.testing.assert_array_equal(back.data, x.data)
    assert not back.data.flags.writeable
    assert "1., 2." in repr(there)


def test_backend_and_dtype_at_once() -> None:
    there = ad.tensor([1.0]).to("cupy", "float32")
    assert (there.backend, there.dtype) == ("cupy", np.float32)
    like = ad.tensor([1]).to(there)
    assert (like.backend, like.dtype) == ("cupy", np.float32)


def test_the_gradient_moves_back_as_in_pytorch() -> None:
    w = ad.parameter([1.0, 2.0])
    y = w.to("cupy")
    assert not y.is_leaf
    (y * y).sum().backward()
    assert w.grad is not None
    assert w.grad.backend == "numpy"
    np.testing.assert_array_equal(w.grad.data, [2.0, 4.0])


def test_the_second_derivative_moves_back_too() -> None:
    w = ad.parameter([1.0, 2.0])
    (w.to("cupy") ** 3).sum().backward(create_graph=True)
    slope, w.grad = w.grad, None
    assert slope is not None
    assert slope.backend == "numpy"
    slope.sum().backward()
    assert w.grad is not None
    np.testing.assert_allclose(w.grad.data, [6.0, 12.0])


def test_what_has_no_backend_follows() -> None:
    x = on_gpu([1.0, 2.0, 3.0], requires_grad=True)
    for y in (x + 1, 2.0 * x, x + np.float64(1), np.float64(2) * x, ad.add([1.0, 1.0, 1.0], x)):
        assert y.backend == "cupy"
    rows = x[[0, 0, 2]]
    assert rows.backend == "cupy"
    rows.sum().backward()
    assert x.grad is not None
    np.testing.assert_array_equal(to_numpy(x.grad.data), [2.0, 0.0, 1.0])
    rows.backward([1.0, 1.0, 1.0])


@pytest.mark.parametrize(
    "call",
    [
        lambda x: x[[0, 3]],
        lambda x: x[np.array([-4]), 0],
        lambda x: x[..., [[0, 2]]],
        lambda x: ad.take(x, [0, 6]),
        lambda x: ad.take(x, [2], axis=-1),
        lambda x: x.take([-4], 0),
    ],
)
def test_indices_of_the_host_are_checked_there(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """CuPy would wrap them."""
    x = on_gpu(np.arange(6.0).reshape(3, 2), requires_grad=True)

    def reached(*_: object, **__: object) -> None:
        raise AssertionError("the index went to the device")

    for name in ("getitem", "take"):
        monkeypatch.setattr(REGISTRY[name], "forward", staticmethod(reached))
    with pytest.raises(IndexingError, match=r"getitem|take"):
        call(x)


@pytest.mark.parametrize("swapped", [False, True])
def test_mixing_names_the_operands(swapped: bool) -> None:
    here = ad.parameter(np.ones((2, 3)), name="W")
    there = on_gpu(np.ones(3))
    a, b = (there, here) if swapped else (here, there)
    with pytest.raises(BackendError, match=r"W \(2, 3\) float64 on numpy") as caught:
        a * b
    assert "there (3,) float64 on cupy" in str(caught.value)
    with pytest.raises(BackendError, match="where: expected operands of one backend"):
        ad.where(here > 0, a, b)
    with pytest.raises(BackendError, match="on cupy"):
        ad.add(a, to_numpy(b.data) if b is there and swapped else (there if a is here else here))


def test_an_array_of_the_host_is_not_copied_without_a_word() -> None:
    x = on_gpu([1.0, 2.0])
    with pytest.raises(BackendError, match="numpy"):
        x + np.ones(2)
    with pytest.raises(BackendError, match="numpy"):
        ad.stack([x, np.ones(2)])
    host = ad.tensor([1.0, 2.0])
    with pytest.raises(BackendError, match="an argument"):
        host[move(np.array([0, 1]), "cupy")]


def test_data_and_grad_stay_on_their_backend() -> None:
    w = on_gpu([1.0, 2.0], requires_grad=True, name="w")
    with pytest.raises(BackendError, match=r"w.data: expected an array on cupy"):
        w.data = np.zeros(2)
    with pytest.raises(BackendError, match=r"w.grad: expected an array on cupy"):
        w.grad = ad.tensor([1.0, 2.0])
    with pytest.raises(BackendError, match=r"backward: expected an array on cupy"):
        (w * w).backward(np.ones(2))
    assert w.grad is None


def test_a_leaf_is_a_copy_of_its_own() -> None:
    array = move(np.array([1.0, 2.0]), "cupy")
    x = ad.tensor(array)
    array[0] = 9.0
    assert to_numpy(x.data).tolist() == [1.0, 2.0]


def test_a_graph_of_the_device_is_freed_with_its_loss() -> None:
    w = on_gpu([1.0, 2.0], requires_grad=True)
    gc.disable()
    try:
        middle = w * w
        freed = weakref.ref(middle)
        loss = middle.sum()
        del middle
        assert freed() is not None
        del loss
        assert freed() is None
    finally:
        gc.enable()


class Net(ad.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = ad.nn.Linear(4, 8, rng=0)
        self.norm = ad.nn.BatchNorm1d(8)
        self.last = ad.nn.Linear(8, 3, rng=1)

    def forward(self, x: Any) -> Any:
        return self.last(ad.tanh(self.norm(self.first(x))))


OPTIMISERS = [
    lambda p: ad.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
    lambda p: ad.optim.Adagrad(p, lr=0.1),
    lambda p: ad.optim.RMSprop(p, lr=0.01, momentum=0.5, centered=True),
    lambda p: ad.optim.Adam(p, lr=0.01, amsgrad=True),
    lambda p: ad.optim.AdamW(p, lr=0.01, l1=0.01),
]


def train(net: Net, optimizer: Any, backend: str, steps: int) -> None:
    rng = np.random.default_rng(0)
    x = ad.tensor(rng.normal(size=(6, 4))).to(backend)
    labels = ad.tensor(np.array([0, 1, 2, 0, 1, 2])).to(backend)
    for _ in range(steps):
        optimizer.zero_grad()
        ad.cross_entropy(net(x), labels).backward()
        ad.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()


@pytest.mark.parametrize("make", OPTIMISERS)
def test_training_moves_in_the_middle(make: Any) -> None:
    """Steps on the host, on the device and on the host again are those of the host alone."""
    host, moved = Net(), Net()
    alone, following = make(host.parameters()), make(moved.parameters())
    for backend in ("numpy", "cupy", "numpy"):
        train(host, alone, "numpy", 2)
        moved.to(backend)
        train(moved, following, backend, 2)
        for leaf in moved.parameters():
            assert leaf.backend == backend
            arrays = [v for v in following.state[leaf.id].values() if hasattr(v, "dtype")]
            assert {name_of(v) for v in arrays} == {backend}
    for (path, a), (_, b) in zip(
        host.state_dict().items(), moved.state_dict().items(), strict=True
    ):
        # the gradient of a bias before batch normalisation is rounding, which Adam scales up
        np.testing.assert_allclose(a, b, 1e-8, 1e-6, err_msg=path)


def test_a_module_moves_whole() -> None:
    net = Net()
    train(net, ad.optim.SGD(net.parameters(), lr=0.1), "numpy", 1)
    before = {path: leaf.id for path, leaf in net.named_parameters()}
    assert net.to("cupy", "float32") is net
    assert {path: leaf.id for path, leaf in net.named_parameters()} == before
    for leaf in [*net.parameters(), *net.buffers()]:
        assert leaf.backend == "cupy"
        assert leaf.dtype in (np.float32, np.int64)
    assert all(p.grad.backend == "cupy" and p.grad.dtype == np.float32 for p in net.parameters())
    saved = net.state_dict()
    assert all(isinstance(array, np.ndarray) for array in saved.values())
    net.load_state_dict(saved)
    assert net.first.weight.backend == "cupy"
    net.norm.reset_parameters()
    assert net.norm.num_batches_tracked.backend == "cupy"


def test_a_graph_that_was_recorded_keeps_its_arrays() -> None:
    net = ad.nn.Linear(2, 1, rng=0)
    loss = net(ad.tensor([[1.0, 2.0]])).sum()
    net.to("cupy")
    with pytest.raises(BackendError):
        net(ad.tensor([[1.0, 2.0]]))
    assert loss.backend == "numpy"
