"""Leaves, switches, dtypes, and what a tensor refuses."""

from __future__ import annotations

import copy
import pickle
import threading

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad import errors


def test_data_is_a_read_only_copy() -> None:
    array = np.array([1.0, 2.0])
    x = ad.tensor(array)
    array[0] = 9
    assert x.data.tolist() == [1.0, 2.0]
    with pytest.raises(ValueError, match="read-only"):
        x.data[0] = 9
    out = x * 2
    with pytest.raises(ValueError, match="read-only"):
        out.data[0] = 9
    with pytest.raises(ValueError, match="read-only"):
        x.reshape(2, 1).data[0] = 9


def test_outputs_with_several_parts_are_read_only() -> None:
    for part in ad.split(ad.tensor([1.0, 2.0]), 2):
        with pytest.raises(ValueError, match="read-only"):
            part.data[0] = 9


def test_gradient_is_read_only() -> None:
    x = ad.parameter([1.0, 2.0])
    (x * 3).sum().backward()
    with pytest.raises(ValueError, match="read-only"):
        x.grad.data[0] = 9


def test_writes_in_place_are_named_errors() -> None:
    x = ad.parameter([1.0, 2.0])
    with pytest.raises(errors.InPlaceError, match=r"x\[\.\.\.\] = v: .*ad\.set_at\(x, v"):
        x[0] = 3.0
    y = x * 2
    with pytest.raises(errors.InPlaceError, match="the output of an operation"):
        y.data = np.array([0.0, 0.0])
    y.name = "hidden"
    with pytest.raises(errors.InPlaceError, match=r"hidden\.data"):
        y.data = np.array([0.0, 0.0])


def test_augmented_assignment_rebinds() -> None:
    x = ad.parameter([1.0, 2.0])
    before, y = x, x
    y += 1.0
    y *= 2.0
    assert x is before
    assert x.data.tolist() == [1.0, 2.0]
    assert y.data.tolist() == [4.0, 6.0]
    y.sum().backward()
    assert x.grad.data.tolist() == [2.0, 2.0]


def test_rebinding_keeps_shape_and_dtype() -> None:
    W = ad.parameter(np.zeros((2, 3)), name="W")
    with pytest.raises(errors.ShapeError, match=r"W\.data: expected shape \(2, 3\), got \(3,\)"):
        W.data = np.zeros(3)
    with pytest.raises(errors.DTypeError, match=r"W\.data: expected float64, got float32"):
        W.data = np.zeros((2, 3), dtype=np.float32)
    W.data = np.ones((2, 3))
    assert W.data.sum() == 6


@pytest.mark.parametrize("data", [[1, 2], [True], np.arange(3)])
def test_parameter_of_integers(data: object) -> None:
    with pytest.raises(errors.DTypeError, match="W: "):
        ad.parameter(data, name="W")
    with pytest.raises(errors.DTypeError, match="floating-point"):
        ad.tensor(data, requires_grad=True)
    assert ad.parameter(data, dtype=float).dtype == np.float64


@pytest.mark.parametrize("data", [[1j], ["a"], [[1.0], [1.0, 2.0]], [None], {"a": 1}])
def test_data_that_is_no_array_of_real_numbers(data: object) -> None:
    with pytest.raises(errors.DTypeError):
        ad.tensor(data)


def test_grad_can_only_be_a_tensor_of_the_shape() -> None:
    x = ad.parameter([1.0, 2.0], name="x")
    with pytest.raises(errors.ArgumentError, match=r"x\.grad: expected a Tensor or None"):
        x.grad = np.zeros(2)
    with pytest.raises(errors.ShapeError, match=r"x\.grad: expected shape \(2,\)"):
        x.grad = ad.tensor([1.0])
    x.grad = ad.tensor([1.0, 1.0])
    (x * 2).sum().backward()
    assert x.grad.data.tolist() == [3.0, 3.0]


def test_detach_and_requires_grad() -> None:
    x = ad.parameter([1.0, 2.0])
    y = x * 2
    cut = y.detach()
    assert cut.is_leaf
    assert not cut.requires_grad
    (cut * x).sum().backward()
    assert x.grad.data.tolist() == [2.0, 4.0]
    with pytest.raises(errors.GradientError, match="the output of multiply"):
        y.requires_grad_(False)
    x.requires_grad_(False)
    assert not (x * 2).requires_grad


def test_no_grad_and_enable_grad() -> None:
    x = ad.parameter(2.0)
    with ad.no_grad():
        silent = x * 2
        with ad.enable_grad():
            loud = x * 3
        again = x * 4
    assert not silent.requires_grad
    assert silent.is_leaf
    assert loud.requires_grad
    assert not again.requires_grad
    assert (x * 2).requires_grad

    @ad.no_grad()
    def function() -> ad.Tensor:
        return x * 2

    assert not function().requires_grad
    with pytest.raises(ZeroDivisionError), ad.no_grad():
        raise ZeroDivisionError
    assert (x * 2).requires_grad


def test_no_record_without_a_parameter() -> None:
    x = ad.tensor([1.0, 2.0])
    y = x * 2
    assert y.is_leaf
    assert not y.requires_grad


def test_module_scope_is_left_after_an_error() -> None:
    from graphviz_ad.engine.tape import tape

    with pytest.raises(ZeroDivisionError), ad.module_scope("broken"):
        raise ZeroDivisionError
    assert tape.scope is None
    with ad.module_scope("outer"), ad.module_scope("inner"):
        assert tape.scope.name == "inner"
        assert tape.scope.parent.name == "outer"
    assert tape.scope is None


def test_threads_have_their_own_switches_and_gradients() -> None:
    barrier = threading.Barrier(4, timeout=30)
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            x = ad.parameter(float(number))
            barrier.wait()
            if number == 0:
                with ad.no_grad():
                    barrier.wait()
                    assert not (x * x).requires_grad
                    barrier.wait()
                return
            barrier.wait()
            y = x
            for _ in range(300):
                y = y + x
            barrier.wait()
            y.backward()
            assert x.grad.item() == 301
        except BaseException as error:
            barrier.abort()
            failures.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_gradient_has_the_dtype_and_shape_of_its_tensor(dtype: type) -> None:
    x = ad.parameter(np.ones((2, 3)), dtype=dtype)
    wide = ad.parameter(np.ones(3))
    (x * wide).sum().backward()
    assert x.grad.dtype == dtype
    assert x.grad.shape == (2, 3)
    assert wide.grad.dtype == np.float64
    assert wide.grad.shape == (3,)


def test_a_gradient_that_is_given_takes_the_dtype() -> None:
    x = ad.parameter([1.0, 2.0], dtype=np.float32)
    x.backward(np.array([1.0, 1.0]))
    assert x.grad.dtype == np.float32
    (x * 1).backward(np.array([1, 1]))
    assert x.grad.dtype == np.float32


def test_scalars_follow_nep_50() -> None:
    x = ad.parameter([1.0, 2.0], dtype=np.float32)
    for y in (x * 2.0, 2.0 * x, x + 1, x - 1.5, 1 / x, x**2, ad.multiply(x, 3)):
        assert y.dtype == np.float32
    assert (x * np.float64(2)).dtype == np.float64
    assert (x * np.arange(2)).dtype == np.float64
    assert (x * np.array(2.0)).dtype == np.float64
    (x * 2.0).sum().backward()
    assert x.grad.dtype == np.float32
    scalar = ad.parameter(2.0, dtype=np.float32)
    assert (scalar * 2.0).dtype == np.float32
    assert (scalar * scalar).dtype == np.float32
    assert (ad.tensor([1, 2]) * 2).dtype == np.arange(2).dtype
    assert (ad.tensor([1, 2]) / 2).dtype == np.float64


def test_zero_rank_results_are_scalars() -> None:
    x = ad.parameter([1.0, 2.0])
    for y in (x.sum(), x[0], x[:1].reshape(()), ad.concatenate([x, x])[-1], ad.unbind(x)[0]):
        assert isinstance(y.data, np.float64)
        y.backward()
    assert x.grad.shape == (2,)


def test_copies_and_pickles_of_leaves() -> None:
    W = ad.parameter([1.0, 2.0], name="W")
    (W * 3).sum().backward()
    for twin in (copy.deepcopy(W), pickle.loads(pickle.dumps(W))):
        assert twin is not W
        assert twin.name == "W"
        assert twin.requires_grad
        assert twin.data.tolist() == [1.0, 2.0]
        assert twin.grad.data.tolist() == [3.0, 3.0]
        assert twin.id != W.id
        twin.data = np.zeros(2)
        assert W.data.tolist() == [1.0, 2.0]
    shared = copy.deepcopy([W, W])
    assert shared[0] is shared[1]
    y = W * 2
    with pytest.raises(errors.GradientError, match="leaf"):
        copy.deepcopy(y)
    with pytest.raises(errors.GradientError, match="leaf"):
        pickle.dumps(y)


def test_python_protocols() -> None:
    x = ad.parameter([[1.0, 2.0], [3.0, 4.0]])
    assert len(x) == 2
    assert [row.data.tolist() for row in x] == [[1.0, 2.0], [3.0, 4.0]]
    sum(row.sum() for row in x).backward()
    assert x.grad.data.tolist() == [[1.0, 1.0], [1.0, 1.0]]
    assert float(x[0, 0]) == 1.0
    assert int(ad.tensor(3)) == 3
    assert [10, 20, 30][ad.tensor(1)] == 20
    assert bool(ad.tensor(1.0))
    assert f"{x[1, 1]:.2f}" == "4.00"
    assert x in {x}
    with pytest.raises(TypeError, match="without axes"):
        len(x[0, 0])
    with pytest.raises(TypeError, match="without axes"):
        iter(x[0, 0])
    with pytest.raises(ValueError, match="ambiguous"):
        bool(x)
    with pytest.raises(errors.ShapeError, match="item"):
        x.item()


def test_repr_says_what_it_is() -> None:
    assert repr(ad.parameter([1.0, 2.0], name="W")) == (
        "tensor([1., 2.], name='W', shape=(2,), dtype=float64, requires_grad=True)"
    )
    assert "op=multiply" in repr(ad.parameter(1.0) * 2)
    assert len(repr(ad.tensor(np.zeros((1000, 1000))))) < 1000


def test_leaving_the_trace() -> None:
    x = ad.parameter([1.0, 2.0])
    with pytest.raises(errors.GradientError, match=r"detach\(\)\.numpy\(\)"):
        x.numpy()
    assert x.detach().numpy().tolist() == [1.0, 2.0]
    assert np.asarray(x).tolist() == [1.0, 2.0]
    assert np.asarray(x, dtype=np.float32).dtype == np.float32


def test_operators_take_lists_as_numpy_does() -> None:
    values = np.array([[1.0, 2.0], [3.0, 5.0]])
    x = ad.parameter(values)
    for symbol in ("+", "-", "*", "/", "**", "//", "%", "@", "==", "<", ">=", "!="):
        for expression in (f"x {symbol} given", f"given {symbol} x"):
            for given in ([[2, 3], [4, 7]], ((2.0, 3.0), (4.0, 7.0)), [2.0, 3.0]):
                found = eval(expression, {"x": x, "given": given})
                expected = eval(expression, {"x": values, "given": np.array(given)})
                np.testing.assert_array_equal(found.data, expected, err_msg=expression)
                assert found.dtype == expected.dtype
    (x * [1, 2]).sum().backward()
    assert x.grad.numpy().tolist() == [[1, 2], [1, 2]]
    total = [1.0, 2.0]
    total += x
    assert total.shape == (2, 2)


def test_a_list_that_does_not_fit_is_a_named_error() -> None:
    x = ad.parameter([1.0, 2.0])
    with pytest.raises(errors.ShapeError, match=r"multiply: .* got x \(2,\) float64 and b \(3,\)"):
        x * [1, 2, 3]
    with pytest.raises(errors.DTypeError, match="multiply: expected numbers in a regular array"):
        [[1], [2, 3]] * x
    with pytest.raises(errors.DTypeError, match="subtract"):
        x - ["a", "b"]
    for wrong in (None, "text", {"a": 1}):
        with pytest.raises(TypeError):
            x + wrong
        assert (x == wrong) is False


def test_a_list_hides_no_gradient() -> None:
    x, y = ad.parameter([1.0, 2.0]), ad.parameter(3.0, name="y")
    for attempt in (lambda: x * [y, 1.0], lambda: [1.0, (y)] * x, lambda: ad.add(x, (1.0, [y]))):
        with pytest.raises(
            errors.GradientError, match=r"expected a tensor, or numbers, .*ad\.stack"
        ):
            attempt()
    assert (x * [y.detach(), 1.0]).data.tolist() == [3.0, 2.0]
