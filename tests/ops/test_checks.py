"""The checks that users have find what is wrong, and say which input and which element."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad import errors, testing
from graphviz_ad.engine.op import REGISTRY, Failure, Op, Sample


@pytest.fixture(autouse=True)
def registry() -> Iterator[None]:
    """Forget the ops that a test defines."""
    before = dict(REGISTRY)
    yield
    REGISTRY.clear()
    REGISTRY.update(before)


def define(**page: Any) -> type[Op]:
    """Make ``a * b + a``, with the parts of its page that are given in place of the right ones."""

    def forward(xp, a, b):
        return a * b + a

    def vjp(xp, g, out, a, b):
        return g * (b + 1), g * a

    def samples(rng):
        a = rng.normal(size=(2, 3))
        return [Sample(a, a), Sample(a, rng.normal(size=3)), Sample(a, 2.0)]

    right = {
        "name": "probe", "label": "p",
        "tex": "$y = $a $b + $a", "vjp_tex": ("$g ($b + 1)", "$g $a"),
        "forward": forward, "vjp": vjp, "samples": samples,
        "reference": lambda a, b: np.multiply(a, b) + a,
        "fails": Failure(errors.ShapeError, "probe: .* shapes that fit", [1.0, 2.0], [1.0] * 3),
    }  # fmt: skip
    return type("Probe", (Op,), right | page)


def test_a_right_page_passes() -> None:
    testing.check_op(define())


def wrong_vjp(change: Callable[..., Any]) -> Callable[..., Any]:
    def vjp(xp, g, out, a, b):
        return change(xp, g, a, b)

    return vjp


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "first input": (
        {"vjp": wrong_vjp(lambda xp, g, a, b: (g * b, g * a))},
        r"probe\.vjp: expected a∇\[\d, \d\] = .* by central differences, got .*6 of 6 elements",
    ),
    "second input": (
        {"vjp": wrong_vjp(lambda xp, g, a, b: (g * (b + 1), -g * a))},
        r"probe\.vjp: expected b∇\[\d, \d\]",
    ),
    "one element": (
        {"vjp": wrong_vjp(lambda xp, g, a, b: (
            g * (b + 1), xp.where(xp.arange(3) == 1, g * a * 1.01, g * a)))},
        r"probe\.vjp: expected b∇\[\d, 1\] = .*[12] of 6 elements differ",
    ),
    "no gradient": (
        {"vjp": wrong_vjp(lambda xp, g, a, b: (g * (b + 1), None))},
        r"probe\.vjp: expected a gradient of b, got none",
    ),
    "shape": (
        {"vjp": wrong_vjp(lambda xp, g, a, b: (g * (b + 1), (g * a)[:1]))},
        r"probe\.vjp: expected a contribution of shape \(2, 3\) to b",
    ),
    "number of results": (
        {"vjp": wrong_vjp(lambda xp, g, a, b: (g,))},
        r"probe\.vjp: expected one result per input \(2\), got 1",
    ),
    "a rule that raises": (
        {"vjp": wrong_vjp(lambda xp, g, a, b: g.nonsense)},
        r"probe\.vjp: expected a rule that runs, got AttributeError",
    ),
    "second derivative": (
        # right as a number, yet it hides its dependence on b from a recording
        {"vjp": wrong_vjp(lambda xp, g, a, b: (g * (np.asarray(b) + 1), g * a))},
        r"probe\.vjp recorded: expected derivative by b\[\d, \d\]",
    ),
    "values": (
        {"reference": lambda a, b: np.multiply(a, b) + 2 * a},
        r"probe: expected output 0\[\d, \d\] = .* by the reference, got .*sample \(2, 3\)",
    ),
    "shape of the values": (
        {"reference": lambda a, b: np.sum(a)},
        r"probe: expected shape \(\) of output 0, got \(2, 3\)",
    ),
    "float32": (
        {"forward": lambda xp, a, b: a * b + a * np.float64(1)},
        r"probe: expected dtype float32 of output 0, got float64",
    ),
    "a write in place": (
        {"forward": lambda xp, a, b: xp.multiply(a, b, out=a) + a}, "read-only",
    ),
    "no error": (
        {"fails": Failure(errors.ShapeError, "probe", [1.0], [1.0])},
        "probe: expected a ShapeError, got no error",
    ),
    "another message": (
        {"fails": Failure(errors.ShapeError, "something else", [1.0, 2.0], [1.0, 2.0, 3.0])},
        "probe: expected a message with 'something else', got probe: expected shapes that fit",
    ),
    "no samples": ({"samples": lambda rng: []}, "probe: expected samples, got none"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_page_is_found(name: str) -> None:
    page, words = WRONG[name]
    with pytest.raises(errors.GraphvizADError, match=words):
        testing.check_op(define(**page))


def test_a_failure_is_an_assertion() -> None:
    page, _ = WRONG["first input"]
    with pytest.raises(AssertionError):
        testing.check_op(define(**page))


def test_an_op_over_a_sequence_with_several_outputs() -> None:
    class SwapPairs(Op):
        """Exchange."""

        name, label = "swap_pairs", "swap"
        tex, vjp_tex = "$y0, $y1 = $b, $a", ("$g0",)

        def forward(xp, *arrays):
            return tuple(a * 2.0 for a in reversed(arrays))

        def vjp(xp, g, out, *arrays):
            return tuple(part * 2.0 for part in reversed(g))

        def reference(*arrays):
            return [np.asarray(a) * 2.0 for a in reversed(arrays)]

        def samples(rng):
            a = rng.normal(size=3)
            return [Sample(a, a), Sample(a, rng.normal(size=2), a)]

    testing.check_op(SwapPairs)


def test_an_error_in_the_forward_rule_names_the_op() -> None:
    def forward(xp, a, b):
        raise ValueError("shape of things to come")

    with pytest.raises(errors.ShapeError, match=r"probe: .*shape of things to come"):
        testing.check_op(define(forward=forward))


def test_check_grads_of_a_function() -> None:
    testing.check_grads(lambda a, b: (ad.tanh(a) @ b).sum(), [np.eye(2), np.ones((2, 3))])
    testing.check_grads(lambda a: ad.split(a * a, 2), [[1.0, 2.0, 3.0, 4.0]])
    testing.check_grads(lambda a, k: a[k] * 2, [[1.0, 2.0], [1, 1, 0]])

    def forgets(a: ad.Tensor) -> ad.Tensor:
        return a * a.detach()

    with pytest.raises(
        errors.CheckError, match=r"forgets: expected argument 0\[\d\] = .* by central"
    ):
        testing.check_grads(forgets, [[1.0, 2.0]])


def test_check_grads_of_higher_order() -> None:
    testing.check_grads(lambda a, b: ad.tanh(a) @ b, [np.eye(2), np.ones((2, 3))], order=2)
    testing.check_grads(lambda a, k: a[k] ** 4, [[1.0, 2.0], [1, 1, 0]], order=4)
    testing.check_grads(lambda a: ad.split(a * a, 2), [[1.0, 2.0, 3.0, 4.0]], order=2)
    testing.check_grads(lambda a: 3 * a, [2.0], order=3)
    testing.check_grads(lambda k: k + 1, [[1, 2]], order=2)
    testing.check_grads(ad.argmax, [[1.0, 2.0]], order=2)

    # its VJP is right, but holds a part of itself for constant
    @ad.op(vjp=lambda xp, g, out, a: 3 * g * a * (a.detach() if isinstance(a, ad.Tensor) else a))
    def forgetful(xp: Any, a: Any) -> Any:
        return a**3

    testing.check_grads(forgetful, [[1.0, 2.0]])
    message = r"forgetful, derivative 2: expected argument 0 = 12 by central differences, got 6"
    with pytest.raises(errors.CheckError, match=message):
        testing.check_grads(forgetful, [2.0], order=2)
    for wrong in (0, 1.5, "2"):
        with pytest.raises(errors.ArgumentError, match="check_grads: expected an order from 1"):
            testing.check_grads(forgetful, [1.0], order=wrong)


def test_checks_leave_their_arguments_alone() -> None:
    a = np.array([1.0, 2.0])
    testing.check_grads(lambda x: x * x, [a])
    assert a.tolist() == [1.0, 2.0]
    assert a.flags.writeable


def test_central_difference() -> None:
    got = testing.central_difference(
        lambda a, b: float(a @ b), [np.array([1.0, 2.0]), [3.0, 4.0]], 0
    )
    np.testing.assert_allclose(got, [3.0, 4.0], rtol=1e-8)
