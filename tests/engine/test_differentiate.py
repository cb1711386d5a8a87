"""Transforms of functions, and recorded backward passes."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad.errors import ArgumentError, DTypeError, GradientError, ShapeError
from tests.engine.functions import RNG, A, B, X, close, cubic

# --- gradients -----------------------------------------------------------------------------


def test_grad_of_one_argument() -> None:
    close(ad.grad(cubic)(X), 3 * X**2)


def test_grad_of_several_arguments() -> None:
    def f(a: Any, b: Any, c: Any) -> Any:
        return (a * b + c).sum()

    to_b, to_a = ad.grad(f, argnums=(1, -3))(A, B, 2.0)
    close(to_a, np.broadcast_to(B, A.shape))
    close(to_b, A.sum(axis=0))
    only = ad.grad(f, argnums=(2,))(A, B, 2.0)
    assert isinstance(only, tuple)
    close(only[0], 6.0)


def test_arguments_may_be_nests_of_arrays() -> None:
    def f(layers: Any, x: Any) -> Any:
        for weight, bias in layers:
            x = weight @ x + bias
        return x.sum()

    layers = [(A, np.ones(2)), (np.ones((1, 2)), ad.tensor([0.5]))]
    to_layers = ad.grad(f)(layers, B)
    assert isinstance(to_layers, list)
    assert isinstance(to_layers[0], tuple)
    close(to_layers[0][0], np.stack([B, B]))
    close(to_layers[1][1], [1.0])


def test_a_list_of_numbers_is_an_array() -> None:
    close(ad.grad(cubic)([1.0, 2.0]), [3.0, 12.0])


def test_the_identity() -> None:
    close(ad.grad(lambda x: x)(2.0), 1.0)
    close(ad.jacobian(lambda x: x)(X), np.eye(3))
    close(ad.hessian(lambda x: x)(2.0), 0.0)
    close(ad.jvp(lambda x: x, (X,), (X,))[1], X)


def test_keyword_arguments_are_passed_on() -> None:
    close(ad.grad(lambda x, *, power: (x**power).sum())(X, power=2), 2 * X)


def test_an_argument_without_influence_has_zeros() -> None:
    to_x, to_y = ad.grad(lambda x, y: (x * x).sum(), argnums=(0, 1))(X, A)
    close(to_x, 2 * X)
    close(to_y, np.zeros_like(A))
    close(ad.grad(lambda x: ad.tensor(3.0))(X), np.zeros(3))
    close(ad.jacobian(lambda x: ad.tensor([1.0, 2.0]))(X), np.zeros((2, 3)))
    close(ad.jvp(lambda x: ad.tensor([1.0, 2.0]), (X,), (X,))[1], np.zeros(2))


def test_value_and_grad_gives_both_and_keeps_no_graph() -> None:
    value, slope = ad.value_and_grad(cubic)(X)
    close(value, (X**3).sum())
    close(slope, 3 * X**2)
    assert value.is_leaf
    assert not value.requires_grad
    assert slope.is_leaf


def test_float32_stays_float32() -> None:
    x = X.astype(np.float32)
    assert ad.grad(cubic)(x).dtype == np.float32
    assert ad.hessian(cubic)(x).dtype == np.float32
    assert ad.jvp(lambda v: v * v, (x,), (X,))[1].dtype == np.float32


def test_mixed_precision_is_recorded() -> None:
    def f(x: Any, y: Any) -> Any:
        return (x * y * y).sum()

    second = ad.hessian(f, argnums=(0, 1))(X.astype(np.float32), X)
    assert second[0][1].dtype == np.float64  # rows have the dtype of the argument
    assert second[1][0].dtype == np.float32
    close(second[0][1], np.diag(2 * X))
    close(second[1][0], np.diag(2 * X))


# --- products with the Jacobian --------------------------------------------------------------


def test_vjp_pulls_back_many_times() -> None:
    value, pull_back = ad.vjp(lambda a, b: a @ b, A, B)
    close(value, A @ B)
    for g in np.eye(2):
        to_a, to_b = pull_back(g)
        close(to_a, np.outer(g, B))
        close(to_b, A.T @ g)


def test_vjp_of_several_outputs() -> None:
    value, pull_back = ad.vjp(lambda a: (a * a, [a[0]]), X)
    assert isinstance(value[1], list)
    (to_x,) = pull_back((np.ones(3), [2.0]))
    close(to_x, 2 * X + [2.0, 0.0, 0.0])


def test_an_output_given_twice_counts_twice() -> None:
    def f(x: Any) -> Any:
        y = x * x
        return y, y

    (to_x,) = ad.vjp(f, X)[1]((np.ones(3), np.ones(3)))
    close(to_x, 4 * X)


def test_jvp_against_the_jacobian() -> None:
    def f(a: Any, b: Any) -> Any:
        return ad.tanh(a @ b)

    va, vb = RNG.normal(size=A.shape), RNG.normal(size=B.shape)
    value, tangent = ad.jvp(f, (A, B), (va, vb))
    close(value, np.tanh(A @ B))
    to_a, to_b = ad.jacobian(f, argnums=(0, 1))(A, B)
    close(tangent, np.tensordot(to_a.numpy(), va, 2) + to_b.numpy() @ vb)


def test_jvp_of_several_outputs_one_of_them_constant() -> None:
    _, (first, second) = ad.jvp(lambda x: (x * x, ad.tensor([1.0])), (X,), (np.ones(3),))
    close(first, 2 * X)
    close(second, [0.0])


def test_transforms_of_an_op_that_returns_indices_too() -> None:
    def largest(x: Any) -> Any:
        return ad.topk(x, 2)

    x = np.array([0.5, 3.0, -1.0])
    picked = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    (_, indices), (tangent, still) = ad.jvp(largest, (x,), (np.array([10.0, 20.0, 30.0]),))
    assert indices.data.tolist() == [1, 0]
    close(tangent, [20.0, 10.0])
    close(still, [0, 0])
    close(ad.vjp(largest, x)[1](([1.0, 2.0], [0, 0]))[0], [2.0, 1.0, 0.0])
    of_values, of_indices = ad.jacobian(largest)(x)
    close(of_values, picked)
    close(of_indices, np.zeros((2, 3)))


def test_jvp_of_an_unused_output_of_an_op() -> None:
    _, tangent = ad.jvp(lambda x: ad.split(x, 3)[1] ** 2, (X,), (np.ones(3),))
    close(tangent, [2 * X[1]])


# --- Jacobians and Hessians ------------------------------------------------------------------


def test_jacobian_has_the_shape_of_output_and_argument() -> None:
    found = ad.jacobian(lambda x: x[:, None] * A.T)(B)
    assert found.shape == (3, 2, 3)
    expected = np.zeros((3, 2, 3))
    for i in range(3):
        expected[i, :, i] = A[:, i]
    close(found, expected)


def test_jacobian_of_nests() -> None:
    def f(pair: Any) -> Any:
        return pair[0] + pair[1], pair[0][0]

    (to_first, to_second), (one, none) = ad.jacobian(f)((X, X))
    close(to_first, np.eye(3))
    close(to_second, np.eye(3))
    close(one, [1.0, 0.0, 0.0])
    close(none, np.zeros(3))


def test_jacobian_of_an_empty_output() -> None:
    assert ad.jacobian(lambda x: x[:0])(X).shape == (0, 3)


def test_hessian_is_symmetric_and_right() -> None:
    def f(x: Any) -> Any:
        return (ad.exp(x[0] * x[1]) + x[2] ** 3).sum()

    x0, x1, x2 = X
    e = np.exp(x0 * x1)
    expected = np.zeros((3, 3))
    expected[:2, :2] = e * np.array([[x1 * x1, 1 + x0 * x1], [1 + x0 * x1, x0 * x0]])
    expected[2, 2] = 6 * x2
    close(ad.hessian(f)(X), expected)


def test_hessian_of_several_arguments() -> None:
    (aa, ab), (ba, bb) = ad.hessian(lambda a, b: (a * a * b).sum(), argnums=(0, 1))(X, X)
    close(aa, np.diag(2 * X))
    close(ab, np.diag(2 * X))
    close(ba, np.diag(2 * X))
    close(bb, np.zeros((3, 3)))


# --- nesting ---------------------------------------------------------------------------------


def test_derivatives_of_derivatives() -> None:
    f: Callable[..., Any] = lambda x: x**5  # noqa: E731
    for expected in (5 * 2.0**4, 20 * 2.0**3, 60 * 2.0**2, 120 * 2.0):
        f = ad.grad(f)
        close(f(2.0), expected)


def test_perturbations_are_not_confused() -> None:
    # d/dx [x · d/dy (x + y)] = 1: the known failure of naive nesting gives 2.
    close(ad.grad(lambda x: x * ad.grad(lambda y: x + y)(1.0))(1.0), 1.0)
    close(ad.grad(lambda x: x * ad.grad(lambda y: x * y)(1.0))(3.0), 6.0)


def test_jvp_of_grad_is_a_hessian_vector_product() -> None:
    v = RNG.normal(size=3)
    _, product = ad.jvp(ad.grad(cubic), (X,), (v,))
    close(product, 6 * X * v)


def test_grad_through_jvp_and_vjp() -> None:
    close(ad.grad(lambda x: ad.jvp(cubic, (x,), (np.ones(3),))[1])(X), 6 * X)
    close(ad.grad(lambda x: ad.vjp(cubic, x)[1](1.0)[0].sum())(X), 6 * X)
    close(ad.grad(lambda v: ad.jvp(cubic, (X,), (v,))[1])(X), 3 * X**2)
    close(ad.grad(lambda g: ad.vjp(cubic, X)[1](g)[0].sum())(1.0), (3 * X**2).sum())


def test_jacobian_of_a_jacobian() -> None:
    found = ad.jacobian(ad.jacobian(lambda x: x**3))(X)
    assert found.shape == (3, 3, 3)
    close(found, np.einsum("ij,jk,k->ijk", np.eye(3), np.eye(3), 6 * X))


def test_results_are_recorded_for_what_is_outside() -> None:
    w = ad.parameter(3.0)
    slope = ad.grad(lambda x: w * x * x)(2.0)
    slope.backward()
    assert w.grad is not None
    close(w.grad, 4.0)
    x = ad.parameter(X)
    value, slope = ad.value_and_grad(cubic)(x)
    assert value.requires_grad
    slope.sum().backward()
    assert x.grad is not None
    close(x.grad, 6 * X)


def test_no_grad_leaves_the_result_unrecorded() -> None:
    w = ad.parameter(3.0)
    with ad.no_grad():
        slope = ad.grad(lambda x: w * x * x)(w)
        curve = ad.hessian(lambda x: w * x * x)(2.0)
    close(slope, 18.0)
    close(curve, 6.0)
    assert not slope.requires_grad
    assert not curve.requires_grad
    assert w.grad is None


def test_grad_of_no_argument_is_touched() -> None:
    w, x = ad.parameter(2.0), ad.parameter(X)
    ad.grad(lambda v: (w * v * v).sum())(x)
    ad.hessian(lambda v: (w * v * v).sum())(x)
    ad.jvp(lambda v: w * v, (x,), (x,))
    assert w.grad is None
    assert x.grad is None


def test_an_argument_that_is_also_closed_over_counts_as_constant_there() -> None:
    x = ad.parameter(3.0)
    close(ad.grad(lambda v: v * x)(x), 3.0)


@pytest.mark.parametrize(
    "transform",
    [
        lambda x: ad.hessian(cubic)(x),
        lambda x: ad.jvp(cubic, (x,), (x,))[1],
        lambda x: ad.vjp(cubic, x)[1](1.0)[0],
        lambda x: ad.jacobian(lambda v: v * v)(x),
    ],
)
def test_results_are_freed_without_the_collector(transform: Callable[[Any], ad.Tensor]) -> None:
    x = ad.parameter(X)
    gc.collect()
    gc.disable()
    try:
        result = transform(x)
        assert result.requires_grad
        alive = weakref.ref(result)
        del result
        assert alive() is None
    finally:
        gc.enable()


def test_threads_do_not_share_a_pass() -> None:
    found: dict[int, Any] = {}

    def work(n: int) -> None:
        for _ in range(20):
            found[n] = ad.hessian(lambda x: (x**3).sum())(X * n)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for n, second in found.items():
        close(second, np.diag(6 * X * n))


# --- errors ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: ad.grad(lambda x: x * x)(X), GradientError, r"grad\(<lambda>\): .* got \(3,\)"),
        (lambda: ad.grad(lambda x: (x, x))(1.0), GradientError, "scalar .* got a tuple of 2"),
        (lambda: ad.grad(lambda x: x > 1)(1.0), GradientError, "floating-point .* got bool"),
        (lambda: ad.grad(lambda x: float(x))(1.0), GradientError, "a Tensor .* got float"),
        (lambda: ad.jacobian(lambda x: None)(1.0), GradientError, "a Tensor .* got NoneType"),
        (lambda: ad.hessian(lambda x: x * x)(X), GradientError, r"hessian\(<lambda>\): .*\(3,\)"),
        (lambda: ad.grad(cubic)(3), DTypeError, r"grad\(cubic\): .* as x, got int64 \(\)"),
        (lambda: ad.grad(cubic)("3"), DTypeError, "as x, got str"),
        (lambda: ad.grad(cubic)(None), DTypeError, "as x, got NoneType"),
        (lambda: ad.grad(cubic)([X, "a"]), DTypeError, r"as x\[1\], got str"),
        (lambda: ad.grad(cubic, 1)(X), ArgumentError, "argnums=1 with 1"),
        (lambda: ad.grad(cubic, -2)(X), ArgumentError, "argnums=-2 with 1"),
        (lambda: ad.grad(cubic)(x=X), ArgumentError, "with 0; arguments by keyword"),
        (lambda: ad.grad(cubic, 0.5)(X), ArgumentError, "an integer or a tuple of them, got 0.5"),
        (lambda: ad.grad(cubic, (0, -1))(X), ArgumentError, "each argument once"),
        (lambda: ad.grad(cubic, ())(X), ArgumentError, "an argument to differentiate, got none"),
        (lambda: ad.vjp(cubic), ArgumentError, "an argument to differentiate, got none"),
        (lambda: ad.vjp(cubic, X)[1](X), ShapeError, r"gradient of shape \(\), got \(3,\)"),
        (lambda: ad.vjp(lambda x: (x, x), X)[1](X), ArgumentError, "tuple of 2 gradients, got nd"),
        (lambda: ad.jvp(cubic, X, X), ArgumentError, "primals, a tuple .* got ndarray"),
        (lambda: ad.jvp(cubic, (X,), (X, X)), ArgumentError, "tuple of 1 tangents, got 2"),
        (lambda: ad.jvp(cubic, (X,), (1.0,)), ShapeError, r"tangent of shape \(3,\), got \(\)"),
    ],
)
def test_named_errors(call: Callable[[], Any], error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        call()


def test_a_mistake_in_the_function_is_the_users_own() -> None:
    with pytest.raises(ZeroDivisionError):
        ad.grad(lambda x: x * (1 // 0))(1.0)
