"""NumPy's functions called on tensors: traced, answered, or refused by name."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad import errors

TRACED: dict[str, Callable[[ad.Tensor], ad.Tensor]] = {
    "ufunc": lambda x: np.tanh(x),
    "ufunc of two": lambda x: np.add(x, x),
    "array first": lambda x: np.arange(6.0).reshape(2, 3) * x,
    "array minus": lambda x: np.ones((2, 3)) - x,
    "array power": lambda x: np.full((2, 3), 2.0) ** x,
    "array matmul": lambda x: np.ones((4, 2)) @ x,
    "NumPy scalar first": lambda x: np.float64(2.0) * x,
    "function": lambda x: np.sum(x, axis=1),
    "list of tensors": lambda x: np.concatenate([x, x], axis=1),
    "tuple and array": lambda x: np.stack((x, np.ones((2, 3)))),
    "method form": lambda x: np.reshape(x, (3, 2)),
    "transpose": lambda x: np.transpose(x, (1, 0)),
    "where": lambda x: np.where(np.arange(3) > 0, x, 0.0),
    "maximum": lambda x: np.maximum(x, 1.5),
    "mean": lambda x: np.mean(x, axis=0, keepdims=True),
    "exp": lambda x: np.exp(x),
    "expand_dims": lambda x: np.expand_dims(x, 0),
    "squeeze": lambda x: np.squeeze(x[:, :1]),
    "split": lambda x: np.split(x, 3, axis=1)[1],
    "atleast": lambda x: np.atleast_3d(x),
    "broadcast_arrays": lambda x: np.broadcast_arrays(x, np.zeros((4, 1, 1)))[0],
    "meshgrid": lambda x: np.meshgrid(x[0], x[1])[0],
    "pad": lambda x: np.pad(x, 1),
    "roll": lambda x: np.roll(x, 1, axis=0),
    "sort": lambda x: np.sort(x),
    "take": lambda x: np.take(x, [0, 0], axis=1),
    "linalg.matmul": lambda x: np.linalg.matmul(x, np.ones((3, 2))),
    "linalg.tensordot": lambda x: np.linalg.tensordot(x, np.ones((3, 2)), axes=1),
}


@pytest.mark.parametrize("name", TRACED)
def test_numpy_on_tensors_is_traced(name: str) -> None:
    data = np.random.default_rng(0).uniform(1, 2, size=(2, 3))
    x = ad.parameter(data)
    y = TRACED[name](x)
    assert isinstance(y, ad.Tensor)
    assert y.requires_grad
    np.testing.assert_allclose(y.data, TRACED[name](data))
    y.backward(np.ones(y.shape))
    assert x.grad.shape == (2, 3)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda x: np.fft.fft(x), r"np\.fft\.fft"),
        (lambda x: np.add.reduce(x), r"np\.add\.reduce"),
        (lambda x: np.multiply.outer(x, x), r"np\.multiply\.outer"),
        (lambda x: np.linalg.matrix_rank(x), r"np\.linalg\.matrix_rank"),
        (lambda x: np.put_along_axis(x, np.array([[0]]), 0.0, 1), r"np\.put_along_axis"),
        (lambda x: np.copyto(x, 0.0), r"np\.copyto"),
        (lambda x: np.spacing(x), r"np\.spacing"),
    ],
)
def test_a_function_without_a_rule_is_refused_by_name(
    call: Callable[[ad.Tensor], object], words: str
) -> None:
    x = ad.parameter([[1.0, 2.0]])
    with pytest.raises(errors.DTypeError, match=words):
        call(x)


@pytest.mark.parametrize(
    "call",
    [
        lambda x, out: np.add(x, x, out=out),
        lambda x, out: np.add(x.data, x, out),
        lambda x, out: np.concatenate([x], out=out),
        lambda x, out: np.sum(x, out=out),
    ],
)
def test_out_is_refused(call: Callable[..., object]) -> None:
    out = np.zeros((1, 2))
    with pytest.raises(errors.ArgumentError, match="out="):
        call(ad.parameter([[1.0, 2.0]]), out)
    assert out.tolist() == [[0.0, 0.0]]


def test_out_none_is_no_out() -> None:
    assert np.sum(ad.parameter([1.0, 2.0]), out=None).item() == 3


def test_writing_into_an_array_in_place_is_refused() -> None:
    array = np.ones(2)
    with pytest.raises(errors.ArgumentError, match=r"np\.add: expected no out="):
        array += ad.parameter([1.0, 2.0])


def test_questions_about_an_array() -> None:
    x = ad.parameter([[1.0, 2.0]])
    assert np.shape(x) == (1, 2)
    assert np.ndim(x) == 2
    assert np.size(x) == 2
    assert np.result_type(x, np.float32) == np.float64
    assert np.allclose(x, [[1.0, 2.0]])
    assert np.array_equal(x, x)
    zeros = np.zeros_like(x)
    assert isinstance(zeros, ad.Tensor)
    assert not zeros.requires_grad
    np.testing.assert_allclose(x, [[1.0, 2.0]])


def test_no_array_of_objects_is_ever_made() -> None:
    x = ad.parameter([1.0, 2.0])
    for made in (np.asarray(x), np.array([x, x]), np.array([x[0], x[1]])):
        assert made.dtype == np.float64


def test_calls_through_numpy_are_placed_at_the_caller() -> None:
    from graphviz_ad.engine.tape import tape

    x = ad.parameter([1.0, 2.0])
    assert tape.scope is None
    y = np.tanh(x)
    record = y._record
    scope = record.scope
    assert scope.hidden
    assert scope.site.code.co_name == "test_calls_through_numpy_are_placed_at_the_caller"
    assert tape.scope is None


def test_calls_are_placed_at_the_caller() -> None:
    x = ad.parameter(np.ones((2, 3)))
    for y in (x * 2, 2 * x, ad.exp(x), x.sum(), x.reshape(3, 2), x.T, x[0], ad.stack([x, x])):
        assert y._record.code.co_name == "test_calls_are_placed_at_the_caller"


AS_NUMPY = {
    "sum": lambda x: np.sum(x, 0, None, None, True),
    "mean": lambda x: np.mean(x, 1, None, None, True),
    "max": lambda x: np.max(x, 0, None, True),
    "var": lambda x: np.var(x, 0, None, None, 1, True),
    "clip": lambda x: np.clip(x, 0.5, 1.5, None),
    "round": lambda x: np.round(x, 1, None),
    "take": lambda x: np.take(x, [0, 9], 1, None, "clip"),
    "median": lambda x: np.median(x, 0, None, False, True),
    "dot": lambda x: np.dot(x, x.T, None),
    "concatenate": lambda x: np.concatenate([x, x], 0, None),
    "concatenate's casting": lambda x: np.concatenate([x, x], dtype=None, casting="same_kind"),
    "trace": lambda x: np.trace(x, 0, 0, 1, None, None),
    "sort": lambda x: np.sort(x, -1, "stable"),
    "nan_to_num": lambda x: np.nan_to_num(x, copy=True),
    "broadcast_to": lambda x: np.broadcast_to(x, (2, 2, 3), subok=False),
    "no value": lambda x: np.sum(x, keepdims=np._NoValue),
    "ufunc": lambda x: np.add(x, 1, where=True, casting="same_kind", order="K", dtype=None),
}


@pytest.mark.parametrize("name", AS_NUMPY)
def test_arguments_by_position_and_numpys_defaults_are_numpys(name: str) -> None:
    data = np.random.default_rng(0).normal(size=(2, 3))
    x = ad.parameter(data)
    y = AS_NUMPY[name](x)
    assert isinstance(y, ad.Tensor)
    assert y.requires_grad
    np.testing.assert_allclose(y.data, AS_NUMPY[name](data))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda x: np.sum(x, 0, None, np.zeros(3)), r"np\.sum: expected no out="),
        (lambda x: np.add(x, 1, dtype="f4"), r"got dtype=; convert first"),
        (lambda x: np.nan_to_num(x, copy=False), "got copy="),
        (lambda x: np.median(x, 0, None, True), "got overwrite_input="),
        (lambda x: np.sum(x, where=np.ones((2, 3), bool)), "got where="),
    ],
)
def test_arguments_that_say_something_else_are_refused(
    call: Callable[[ad.Tensor], object], words: str
) -> None:
    with pytest.raises(errors.ArgumentError, match=words):
        call(ad.parameter(np.ones((2, 3))))


def test_full_like_does_not_lose_a_gradient() -> None:
    x, value = ad.parameter([1.0, 2.0]), ad.parameter(3.0)
    with pytest.raises(errors.GradientError, match=r"np\.full_like: .* ad\.broadcast_to"):
        np.full_like(x, value)
    assert np.full_like(x, value.detach()).tolist() == [3.0, 3.0]


def test_pythons_protocols() -> None:
    x = ad.parameter([5.5, 2.0])
    quotient, rest = divmod(x, 2)
    np.testing.assert_array_equal(quotient.data, [2.0, 1.0])
    np.testing.assert_array_equal(rest.data, [1.5, 0.0])
    assert rest.requires_grad
    np.testing.assert_array_equal(divmod(11, x)[1].data, [0.0, 1.0])
    assert 2.0 in x
    assert 3.0 not in x
    for several in (x, x[:0]):
        with pytest.raises(errors.ShapeError, match=r"bool: .* \.any\(\) or \.all\(\)"):
            bool(several)
    with pytest.raises(TypeError, match="integer"):
        [1, 2][ad.tensor(1.0)]
