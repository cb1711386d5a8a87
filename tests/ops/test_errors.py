"""What every op refuses, and in which words: an error of ours that names the op."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad import errors, testing
from graphviz_ad.engine.op import REGISTRY, Op, Sample

OPS = [op for op in REGISTRY.values() if op.__module__.startswith("graphviz_ad.ops.")]
every_op = pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)


def call(op: type[Op], arrays: Any, params: Any) -> Any:
    return testing.call_sample(ad.ops.FUNCTIONS[op.name], op, arrays, params)


def first_sample(op: type[Op]) -> Sample:
    return testing.samples_of(op)[0]


@every_op
def test_unknown_argument(op: type[Op]) -> None:
    sample = first_sample(op)
    with pytest.raises(errors.ArgumentError, match=f"{op.name}: expected arguments .*got colour="):
        call(op, sample.arrays, {**sample.params, "colour": 1})
    with pytest.raises(errors.ArgumentError, match="recorded arrays never change"):
        call(op, sample.arrays, {**sample.params, "out": np.zeros(3)})


@every_op
@pytest.mark.parametrize("bad", ["abc", [[1.0], [1.0, 2.0]], [1j, 2j], [None]])
def test_what_is_no_real_array(op: type[Op], bad: object) -> None:
    sample = first_sample(op)
    slot = next(k for k, a in enumerate(sample.arrays) if a is not None)
    arrays = [bad if k == slot else a for k, a in enumerate(sample.arrays)]
    with pytest.raises(errors.GraphvizADError, match=rf"^{op.name}\b|^einsum|regular array"):
        call(op, arrays, sample.params)


@every_op
def test_none_in_place_of_an_array(op: type[Op]) -> None:
    sample = first_sample(op)
    for slot in range(len(sample.arrays) if op.variadic else op.required):
        arrays = [None if k == slot else a for k, a in enumerate(sample.arrays)]
        match = rf"^{op.name}: expected an array as {re.escape(op.input_name(slot))}, got None"
        with pytest.raises(errors.DTypeError, match=match):
            call(op, arrays, sample.params)


DTYPES = [op for op in OPS if "dtype" in op.params]


@pytest.mark.parametrize("op", DTYPES, ids=lambda op: op.name)
@pytest.mark.parametrize("dtype", ["complex128", object, "U5", "nonsense"])
def test_dtype_that_is_not_real(op: type[Op], dtype: Any) -> None:
    sample = first_sample(op)
    with pytest.raises(errors.DTypeError, match=rf"^{op.name}: expected a dtype of"):
        call(op, sample.arrays, {**sample.params, "dtype": dtype})


@every_op
def test_a_refused_call_leaves_the_graph_as_it_was(op: type[Op]) -> None:
    sample = first_sample(op)
    leaves = [
        ad.parameter(a) if isinstance(a, np.ndarray) and a.dtype.kind == "f" else a
        for a in sample.arrays
    ]
    sources = [leaf for leaf in leaves if isinstance(leaf, ad.Tensor)]
    operands = [leaf * 2.0 if isinstance(leaf, ad.Tensor) else leaf for leaf in leaves]
    loss = sum((x * x).sum() for x in operands if isinstance(x, ad.Tensor)) + ad.parameter(0.0)
    for wrong in (None, "abc", np.zeros((2, 3, 1, 5, 7, 2)) * 1j):
        with pytest.raises(errors.GraphvizADError):
            call(op, [wrong, *operands[1:]], sample.params)
        with pytest.raises(errors.GraphvizADError):
            call(op, operands, {**sample.params, "colour": wrong})
    loss.backward()
    for leaf in sources:
        np.testing.assert_array_equal(leaf.grad.data, 8 * leaf.data)
    assert (ad.parameter(1.0) * 2.0).requires_grad


AXES = [op for op in OPS if "axis" in op.params]


@pytest.mark.parametrize("op", AXES, ids=lambda op: op.name)
@pytest.mark.parametrize("axis", [7, -8, "x", 1.5])
def test_axis_that_is_not_there(op: type[Op], axis: object) -> None:
    for sample in testing.samples_of(op):
        if isinstance(sample.params.get("axis"), int):
            break
    else:
        sample = first_sample(op)
    if op.name == "norm" and axis == 1.5:
        return  # NumPy rounds it
    with pytest.raises(errors.GraphvizADError, match=rf"\b{op.name}: ") as caught:
        call(op, sample.arrays, {**sample.params, "axis": axis})
    if isinstance(axis, int):
        assert isinstance(caught.value, (errors.AxisError, errors.ShapeError, errors.IndexingError))


BROADCASTING = [op for op in OPS if isinstance(getattr(np, op.name, None), np.ufunc)]
BROADCASTING = [op for op in BROADCASTING if len(op.inputs) == 2 and op.name != "matmul"]


@pytest.mark.parametrize("op", BROADCASTING, ids=lambda op: op.name)
def test_shapes_that_do_not_broadcast(op: type[Op]) -> None:
    left, right = np.ones((2, 3), dtype=int), np.ones(4, dtype=int)
    with pytest.raises(errors.ShapeError, match=rf"^{op.name}: .*left \(2, 3\).*right \(4,\)"):
        ad.ops.FUNCTIONS[op.name](left, right)


X = np.arange(6.0).reshape(2, 3)
CASES: list[tuple[Callable[[Any], object], type[Exception], str]] = [
    (lambda x: x.reshape(-1, -1), errors.GraphvizADError, "reshape"),
    (lambda x: x.reshape(2.5, 2), errors.DTypeError, r"reshape: .* x \(2, 3\)"),
    (lambda x: x.reshape("a"), errors.DTypeError, "reshape"),
    (lambda x: x.reshape(6, order="K"), errors.ArgumentError, "order 'C' or 'F'"),
    (lambda x: x.reshape(6, size=3), errors.ArgumentError, "reshape: expected arguments"),
    (lambda x: x.transpose(0, 0), errors.ShapeError, "transpose"),
    (lambda x: x.transpose(0), errors.ShapeError, "transpose"),
    (lambda x: x[0].mT, errors.AxisError, "swapaxes"),
    (lambda x: ad.squeeze(x, 0), errors.ShapeError, r"squeeze: .* x \(2, 3\) float64, axis=0"),
    (lambda x: ad.expand_dims(x, (0, 0)), errors.GraphvizADError, "expand_dims"),
    (lambda x: ad.broadcast_to(x, (3, 3)), errors.ShapeError, r"x \(2, 3\)"),
    (lambda x: ad.broadcast_arrays(x, [1.0, 2.0]), errors.ShapeError, "broadcast_arrays"),
    (lambda x: ad.moveaxis(x, (0, 1), 0), errors.GraphvizADError, "moveaxis"),
    (lambda x: ad.roll(x, (1, 2, 3), (0, 1)), errors.GraphvizADError, "roll"),
    (lambda x: ad.repeat(x, -1), errors.GraphvizADError, "repeat"),
    (lambda x: ad.unflatten(x, 0, (3, -1)), errors.ShapeError, "unflatten"),
    (lambda x: ad.unflatten(x, dim=0), errors.ArgumentError, "argument sizes"),
    (lambda x: ad.squeeze(x, axis=0, dim=0), errors.ArgumentError, "axis or dim"),
    (lambda x: ad.concatenate([1.0, 2.0]), errors.ShapeError, "concatenate: .*zero-dimensional"),
    (lambda x: ad.stack([]), errors.ArgumentError, "stack: .*got no arrays, axis=0"),
    (lambda x: ad.argmin(x[:0]), errors.ShapeError, r"argmin: .*\(0, 3\) float64"),
    (lambda x: ad.stack([x, x[0]]), errors.ShapeError, r"arrays\[1\] \(3,\)"),
    (lambda x: ad.split(x, 0), errors.GraphvizADError, "split"),
    (lambda x: ad.split(x, [0.5]), errors.GraphvizADError, "split"),
    (lambda x: ad.chunk(x, 2.5), errors.DTypeError, "chunk"),
    (lambda x: ad.chunk(x, 2, dim=5), errors.AxisError, "chunk"),
    (lambda x: ad.pad(x, 1.5), errors.DTypeError, "pad"),
    (lambda x: ad.rot90(x, 1.5), errors.DTypeError, "rot90"),
    (lambda x: ad.pad(x, -1), errors.ArgumentError, "widths of at least 0"),
    (lambda x: ad.pad(x, (1, 2, 3)), errors.GraphvizADError, "pad"),
    (lambda x: ad.pad(x[:0], 1, mode="edge"), errors.GraphvizADError, "pad"),
    (lambda x: ad.sliding_window_view(x, (3, 1)), errors.ShapeError, "sliding_window_view"),
    (lambda x: ad.sliding_window_view(x, 2), errors.ShapeError, "one length for each axis"),
    (lambda x: ad.unfold(x, 1, 2, 0), errors.GraphvizADError, "step"),
    (lambda x: ad.diag(x[None]), errors.ShapeError, "one or two axes"),
    (lambda x: ad.tril(x[0]), errors.ShapeError, "two axes"),
    (lambda x: ad.meshgrid(x), errors.ShapeError, r"xi\[0\] \(2, 3\)"),
    (lambda x: x[x], errors.IndexingError, "integer"),
    (lambda x: x["a"], errors.GraphvizADError, "getitem"),
    (lambda x: x[[[0], [1, 2]]], errors.GraphvizADError, "getitem"),
    (lambda x: x[[0, 1], [0, 1, 2]], errors.GraphvizADError, "getitem"),
    (lambda x: ad.take(x, [6]), errors.IndexingError, "take"),
    (lambda x: ad.take(x, [0], axis=2), errors.AxisError, "take"),
    (lambda x: ad.take(x, [0.5]), errors.GraphvizADError, "take"),
    (lambda x: ad.take(x, [0], mode="no"), errors.ArgumentError, "mode"),
    (lambda x: ad.take_along_axis(x, [0], 0), errors.ShapeError, "take_along_axis"),
    (lambda x: ad.set_at(x, [1.0, 2.0], 0), errors.ShapeError, "set_at"),
    (lambda x: ad.add_at(x, 1.0, 9), errors.IndexingError, "add_at"),
    (lambda x: ad.index_add(x, 0, [0], x), errors.ShapeError, "source of shape"),
    (lambda x: ad.scatter(x, 0, [[5]], [[1.0]]), errors.IndexingError, "scatter"),
    (lambda x: ad.scatter(x, 5, [[0]], [[1.0]]), errors.AxisError, "scatter"),
    (lambda x: ad.scatter_add(x, 0, [[0] * 4], [[1.0] * 4]), errors.ShapeError, "scatter_add"),
    (lambda x: ad.masked_fill(x, [True] * 3, [1.0, 2.0]), errors.ShapeError, "without axes"),
    (lambda x: ad.masked_fill(x, [0.5] * 3, 1.0), errors.GraphvizADError, "masked_fill"),
    (lambda x: ad.topk(x, 4), errors.ArgumentError, "k from 0 to 3"),
    (lambda x: ad.topk(x, -1), errors.ArgumentError, "k from 0 to 3"),
    (lambda x: ad.one_hot(x), errors.DTypeError, "integer labels"),
    (lambda x: ad.one_hot([0], 2.5), errors.DTypeError, "one_hot"),
    (lambda x: ad.one_hot([0], -3), errors.ArgumentError, "num_classes from 1 up, or -1"),
    (lambda x: ad.one_hot([-1, 0]), errors.IndexingError, "one_hot"),
    (lambda x: ad.avg_pool1d(x, 2, divisor_override=0), errors.ArgumentError, "other than 0"),
    (lambda x: ad.triplet_margin_loss(x, x, x, 0.0), errors.ArgumentError, "a margin above 0"),
    (lambda x: ad.pixel_shuffle(x[None], 0), errors.ArgumentError, "positive integer"),
    (lambda x: ad.pixel_shuffle(x[None], 1.5), errors.ArgumentError, "positive integer"),
    (lambda x: ad.searchsorted(x, 1.0), errors.ShapeError, "searchsorted"),
]


@pytest.mark.parametrize("number", range(len(CASES)))
def test_bad_calls_of_shape_and_index(number: int) -> None:
    bad, error, words = CASES[number]
    x = ad.parameter(X)
    with pytest.raises(error, match=words) as caught:
        bad(x)
    assert isinstance(caught.value, errors.GraphvizADError)
