"""Bad input is a named error with shapes and names in it, and leaves the graph as it was."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad import errors


def test_the_loss_must_be_scalar() -> None:
    x = ad.parameter([1.0, 2.0], name="x")
    y = x * 2
    y.name = "hidden"
    expected = r"backward: expected a scalar loss, got hidden \(2,\); reduce it"
    with pytest.raises(errors.GradientError, match=expected):
        y.backward()
    assert x.grad is None
    y.backward([1.0, 10.0])
    assert x.grad.data.tolist() == [2.0, 20.0]


def test_one_element_is_a_scalar_loss() -> None:
    x = ad.parameter([[2.0]])
    (x * x).backward()
    assert x.grad.data.tolist() == [[4.0]]


def test_the_loss_must_require_a_gradient() -> None:
    with pytest.raises(errors.GradientError, match="a tensor that requires a gradient"):
        ad.tensor(1.0).backward()
    with pytest.raises(errors.GradientError, match=r"no_grad\(\) and detach\(\)"):
        (ad.parameter(1.0).detach() * 2).backward()


@pytest.mark.parametrize(
    ("gradient", "error", "words"),
    [
        ([1.0], errors.ShapeError, r"gradient \(1,\) for y \(2,\)"),
        (1.0, errors.ShapeError, r"gradient \(\) for y \(2,\)"),
        ([1j, 1j], errors.DTypeError, "complex"),
    ],
)
def test_a_gradient_that_does_not_fit(gradient: object, error: type[Exception], words: str) -> None:
    x = ad.parameter([1.0, 2.0])
    y = x * 2
    y.name = "y"
    with pytest.raises(error, match=words):
        y.backward(gradient)
    assert x.grad is None


W = ad.parameter(np.zeros((64, 50)), name="W")
BAD: dict[str, tuple[Callable[[ad.Tensor], object], type[Exception], str]] = {
    "shapes": (lambda x: x + W, errors.ShapeError, r"add: .* x \(2, 3\) float64 and W \(64, 50\)"),
    "matmul": (lambda x: x @ W, errors.ShapeError, r"matmul: .* x \(2, 3\) .* W \(64, 50\)"),
    "a reflected operand": (lambda x: np.zeros(5) * x, errors.ShapeError, r"multiply: .*\(5,\)"),
    "reshape": (lambda x: x.reshape(4, 2), errors.ShapeError, r"reshape: .* shape=\(4, 2\)"),
    "axis": (lambda x: x.sum(axis=2), errors.AxisError, r"sum: .* axis=2"),
    "index": (lambda x: x[5], errors.IndexingError, r"getitem: .* x \(2, 3\) float64, index=5"),
    "float index": (lambda x: x[1.5], errors.IndexingError, "getitem"),
    "too many indices": (lambda x: x[0, 0, 0], errors.IndexingError, "too many indices"),
    "mask": (lambda x: x[[True, False, True]], errors.IndexingError, "boolean index"),
    "split": (lambda x: ad.split(x, 2, axis=1), errors.ShapeError, "equal division"),
    "concatenate": (
        lambda x: ad.concatenate([x, x.T]), errors.ShapeError, r"arrays\[1\] \(3, 2\) float64",
    ),
    "nothing to join": (lambda x: ad.concatenate([]), errors.GraphvizADError, "concatenate"),
    "label": (lambda x: ad.cross_entropy(x, [0, 3]), errors.GraphvizADError, "cross_entropy"),
    "keyword": (
        lambda x: ad.sum(x, axes=1), errors.ArgumentError, r"sum: expected arguments .*, got axes=",
    ),
    "out": (
        lambda x: ad.exp(x, out=np.zeros((2, 3))), errors.ArgumentError, "recorded arrays never",
    ),
    "complex": (lambda x: x * 1j, errors.DTypeError, "multiply: .* complex"),
    "a list": (lambda x: ad.add(x, [[1.0], [1.0, 2.0]]), errors.DTypeError, "regular array"),
    "text": (lambda x: ad.add(x, "abc"), errors.DTypeError, "add"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_named_and_records_nothing(name: str) -> None:
    call, error, words = BAD[name]
    x = ad.parameter(np.arange(6.0).reshape(2, 3), name="x")
    before = x * 2
    with pytest.raises(error, match=words) as caught:
        call(x)
    assert isinstance(caught.value, errors.GraphvizADError)
    loss = (before * x).sum()
    loss.backward()
    assert x.grad.data.tolist() == (4 * x.data).tolist()


def test_unnamed_tensors_are_called_by_the_callers_variable() -> None:
    images, weights = ad.parameter(np.zeros((2, 3))), ad.parameter(np.zeros((2, 3)))
    with pytest.raises(errors.ShapeError, match=r"images \(2, 3\) .* weights \(2, 3\)"):
        images @ weights


def test_operators_refuse_what_is_no_number() -> None:
    x = ad.parameter([1.0])
    for bad in (None, "a", {}, object()):
        with pytest.raises((TypeError, errors.DTypeError)):
            x + bad


def test_errors_are_pythons_kinds_too() -> None:
    for name in errors.__all__:
        kind = getattr(errors, name)
        error = kind("function", "this", "that", "do so")
        assert str(error) == "function: expected this, got that; do so"
        assert issubclass(kind, errors.GraphvizADError)
    assert issubclass(errors.ShapeError, ValueError)
    assert issubclass(errors.IndexingError, IndexError)
    assert issubclass(errors.DTypeError, TypeError)
