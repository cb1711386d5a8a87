"""The traps of a backward pass: each test fails when the engine falls into one."""

from __future__ import annotations

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad.testing import check_grads


def values(tensor: ad.Tensor) -> list[float]:
    assert tensor.grad is not None
    return tensor.grad.data.tolist()


def test_repeated_operands() -> None:
    x = ad.parameter([2.0, 3.0])
    (x * x).sum().backward()
    assert values(x) == [4.0, 6.0]


def test_repeated_in_a_sequence() -> None:
    x = ad.parameter([2.0, 3.0])
    joined = ad.concatenate([x, x, x])
    joined.backward(np.arange(6.0))
    assert values(x) == [0 + 2 + 4, 1 + 3 + 5]


def test_diamond() -> None:
    x = ad.parameter(3.0)
    a = x * 2
    b, c = a * a, a + 1
    (b * c).backward()
    # (2x)^2 (2x + 1) has the derivative 24 x^2 + 8 x
    assert x.grad.item() == 24 * 9 + 8 * 3


def test_contributions_of_very_different_depth() -> None:
    x = ad.parameter(1.5)
    deep = x
    for _ in range(50):
        deep = deep + 1
    (deep * x + x).backward()
    assert x.grad.item() == (1.5 + 50) + 1.5 + 1


def test_intermediate_that_also_feeds_something_off_the_loss_path() -> None:
    x = ad.parameter([1.0, 2.0])
    hidden = x * 3
    aside = hidden * 1000  # alive, recorded, and no part of the loss
    more = aside + hidden
    loss = (hidden * hidden).sum()
    loss.backward()
    assert values(x) == [18.0, 36.0]
    assert aside.grad is None
    assert more.requires_grad


def test_unused_branch_and_unused_leaf() -> None:
    x, unused = ad.parameter(2.0), ad.parameter(5.0)
    _ = unused * x
    (x * 3).backward()
    assert x.grad.item() == 3
    assert unused.grad is None


def test_first_contribution_is_not_written_into() -> None:
    # add sends the same array to both of its inputs: accumulating in place would
    # change the gradient of the other.
    x, y = ad.parameter([1.0, 1.0]), ad.parameter([1.0, 1.0])
    z = x + y
    (z.sum() + (x * 5).sum() + (x * 7).sum()).backward()
    assert values(x) == [13.0, 13.0]
    assert values(y) == [1.0, 1.0]


def test_seed_is_not_written_into() -> None:
    x = ad.parameter([1.0, 2.0])
    seed = np.array([1.0, 1.0])
    (x + x + x).backward(seed)
    assert seed.tolist() == [1.0, 1.0]
    assert values(x) == [3.0, 3.0]


def test_gradient_is_not_the_users_array() -> None:
    x = ad.parameter([1.0, 2.0])
    seed = np.array([1.0, 1.0])
    (x + 0).backward(seed)
    seed[:] = 9
    assert values(x) == [1.0, 1.0]


def test_loss_that_is_a_leaf() -> None:
    x = ad.parameter(2.0)
    x.backward()
    assert x.grad.item() == 1


def test_second_backward_accumulates() -> None:
    x = ad.parameter(3.0)
    loss = x * x
    loss.backward()
    kept = x.grad
    loss.backward()
    assert x.grad.item() == 12
    assert kept.item() == 6  # a gradient that was given out does not change
    x.grad = None
    loss.backward()
    assert x.grad.item() == 6


def test_two_losses_share_a_graph() -> None:
    x = ad.parameter(3.0)
    hidden = x * x
    first, second = hidden * 2, hidden * 5
    first.backward()
    second.backward()
    assert x.grad.item() == 6 * 7


def test_several_outputs_of_which_one_is_unused() -> None:
    x = ad.parameter([1.0, 2.0, 3.0, 4.0])
    first, second = ad.split(x, 2)
    (second * second).sum().backward()
    assert values(x) == [0.0, 0.0, 6.0, 8.0]
    assert first.grad is None


def test_several_outputs_used_out_of_order_and_twice() -> None:
    x = ad.parameter([1.0, 2.0, 3.0])
    a, b, c = ad.split(x, 3)
    (c * a + a * 10 + c).sum().backward()
    assert values(x) == [13.0, 0.0, 2.0]
    assert b.requires_grad


def test_output_without_gradient_of_an_op_with_several() -> None:
    x = ad.parameter([3.0, 1.0, 2.0])
    largest, places = ad.topk(x, 2)
    assert largest.requires_grad
    assert not places.requires_grad
    (largest * np.array([10.0, 1.0])).sum().backward()
    assert values(x) == [10.0, 0.0, 1.0]


def test_retain_grad_of_an_intermediate() -> None:
    x = ad.parameter(3.0)
    hidden = (x * 2).retain_grad()
    other = x * 7
    (hidden * hidden + other).backward()
    assert hidden.grad.item() == 12
    assert other.grad is None
    assert x.grad.item() == 31


def test_retain_grad_of_one_of_several_outputs() -> None:
    x = ad.parameter([1.0, 2.0, 3.0, 4.0])
    first, second = ad.split(x, 2)
    second.retain_grad()
    (first.sum() + (second * second).sum()).backward()
    assert values(second) == [6.0, 8.0]
    assert first.grad is None
    assert values(x) == [1.0, 1.0, 6.0, 8.0]


def test_retain_grad_of_the_loss_and_accumulation_into_it() -> None:
    x = ad.parameter(3.0)
    loss = (x * x).retain_grad()
    loss.backward()
    assert loss.grad.item() == 1
    loss.backward()
    assert loss.grad.item() == 2


def test_rebinding_a_leaf_after_the_loss_was_computed() -> None:
    W = ad.parameter([1.0, 2.0])
    loss = (W * W).sum()
    W.data = np.array([100.0, 200.0])
    loss.backward()
    assert values(W) == [2.0, 4.0]


def test_changing_the_array_a_tensor_was_made_of() -> None:
    array = np.array([1.0, 2.0])
    x, c = ad.parameter(array), np.array([5.0, 6.0])
    loss = (x * c).sum()
    array[:] = 0
    c[:] = 0
    loss.backward()
    assert x.data.tolist() == [1.0, 2.0]
    assert values(x) == [5.0, 6.0]


def test_index_arrays_are_copied() -> None:
    x = ad.parameter([1.0, 2.0, 3.0])
    where = np.array([0, 2])
    picked = x[where]
    where[:] = 1
    picked.sum().backward()
    assert values(x) == [1.0, 0.0, 1.0]


@pytest.mark.parametrize(
    ("shape", "other"),
    [
        ((3, 4), (4,)),
        ((3, 1), (1, 4)),
        ((), (2, 3)),
        ((1,), (2, 3)),
        ((2, 1, 3), (4, 1)),
        ((0,), ()),
    ],
)
def test_broadcast_axes_are_summed(shape: tuple[int, ...], other: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    check_grads(lambda a, b: a * b + a - b, [rng.normal(size=shape), rng.normal(size=other)])
    check_grads(lambda a, b: a * b + a - b, [rng.normal(size=other), rng.normal(size=shape)])


def test_a_network_against_central_differences() -> None:
    rng = np.random.default_rng(1)
    shapes = [(5, 4), (4, 3), (3,), (3, 2), (2,)]
    labels = rng.integers(0, 2, size=5)

    def network(x, W, b, V, c):
        hidden = ad.sigmoid(x @ W + b)
        return ad.cross_entropy(hidden @ V + c, labels) + (W * W).sum() * 0.01

    check_grads(network, [rng.normal(size=shape) for shape in shapes])


def test_ids_order_what_was_created() -> None:
    x = ad.parameter([1.0, 2.0])
    a, b = ad.split(x, 2)
    c = a * b
    assert x.id < a.id < b.id < c.id
