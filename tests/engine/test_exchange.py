"""Copies, pickles and DLPack."""

from __future__ import annotations

import contextlib
import copy
import pickle

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad.errors import GradientError


def test_a_shallow_copy_is_rebound_by_itself() -> None:
    w = ad.parameter([1.0, 2.0], name="w")
    (w * 3).sum().backward()
    twin = copy.copy(w)
    assert (twin.name, twin.requires_grad) == ("w", True)
    assert twin.grad is w.grad
    assert twin.data is w.data
    twin.data = np.zeros(2)
    assert w.data.tolist() == [1.0, 2.0]
    y = w * 2
    assert copy.copy(y) is y


@pytest.mark.parametrize("twin_of", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_recorded_gradient_is_copied_without_its_graph(twin_of) -> None:
    x = ad.parameter([1.0, 2.0])
    (x * x * x).sum().backward(create_graph=True)
    twin = twin_of(x)
    assert twin.grad is not x.grad
    assert twin.grad.is_leaf
    assert twin.grad.data.tolist() == [3.0, 12.0]


@pytest.mark.parametrize("value", [1.5, [1, 2], [True], np.zeros((0, 2), np.float32)])
def test_pickles_keep_values_shapes_and_dtypes(value) -> None:
    x = ad.tensor(value)
    twin = pickle.loads(pickle.dumps(x))
    assert (twin.shape, twin.dtype) == (x.shape, x.dtype)
    np.testing.assert_array_equal(twin.data, x.data)
    with pytest.raises((ValueError, TypeError)):  # read-only, or a scalar
        twin.data[...] = 0


@pytest.mark.parametrize("value", [1.5, [1.0, 2.0], [[1, 2], [3, 4]]])
def test_dlpack_gives_the_values_and_no_way_to_change_them(value) -> None:
    x = ad.tensor(value)
    array = np.from_dlpack(x)
    np.testing.assert_array_equal(array, value)
    with contextlib.suppress(ValueError):  # shared, and read-only
        array[...] = 7
    np.testing.assert_array_equal(x.data, value)
    assert x.__dlpack_device__() == np.zeros(1).__dlpack_device__()


def test_dlpack_copies_for_a_consumer_that_knows_no_read_only_arrays() -> None:
    class Old:
        """Asks as consumers did before DLPack 1.0."""

        def __init__(self, x: ad.Tensor) -> None:
            self.x = x

        def __dlpack__(self, **_: object) -> object:
            return self.x.__dlpack__()

        def __dlpack_device__(self) -> tuple[int, int]:
            return self.x.__dlpack_device__()

    x = ad.tensor([1.0, 2.0])
    array = np.from_dlpack(Old(x))
    assert array.tolist() == [1.0, 2.0]
    assert not np.shares_memory(array, x.data)


def test_dlpack_refuses_to_drop_a_gradient_in_silence() -> None:
    with pytest.raises(GradientError, match=r"__dlpack__: .* x\.detach\(\)"):
        np.from_dlpack(ad.parameter([1.0]))
    assert np.from_dlpack(ad.parameter([1.0]).detach()).tolist() == [1.0]


def test_numpys_interface_is_there_where_nothing_is_lost() -> None:
    x = ad.tensor([[1.0, 2.0]])
    interface = x.__array_interface__
    assert interface["shape"] == (1, 2)
    assert not interface["data"].flags.writeable
    for lost in (ad.parameter([1.0]), ad.tensor(1.0)):
        assert not hasattr(lost, "__array_interface__")
    assert np.asarray(x).base is not None
    assert np.asarray(ad.parameter([1.0])).tolist() == [1.0]


@pytest.mark.parametrize("order", ["C", "F"])
def test_what_was_read_from_a_tensor_outlives_its_array(order: str) -> None:
    values = np.array(np.arange(600.0).reshape(20, 30), order=order)
    x = ad.tensor(values)
    seen = np.asarray(x)
    x.data = np.zeros_like(values)
    # they would lie where the first array was, had it been freed
    others = [np.full(values.shape, 7.0) for _ in range(20)]
    np.testing.assert_array_equal(seen, values)
    assert not seen.flags.writeable
    assert len(others) == 20


@pytest.mark.parametrize("name", [*ad.ops.FUNCTIONS, *ad.ops.ALIASES])
def test_public_functions_are_pickled_by_name(name) -> None:
    function = (ad.ops.FUNCTIONS | ad.ops.ALIASES)[name]
    assert b"graphviz_ad.ops" not in pickle.dumps(function)
    assert pickle.loads(pickle.dumps(function)) is function
