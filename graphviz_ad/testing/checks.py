"""The checks of one op on one sample."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from graphviz_ad.engine.contributions import fit
from graphviz_ad.engine.op import Op, Sample
from graphviz_ad.engine.register import public_function
from graphviz_ad.engine.tensor import Tensor, parameter, tensor
from graphviz_ad.engine.traced import TRACED
from graphviz_ad.errors import CheckError, OpDefinitionError
from graphviz_ad.testing.compare import (
    STEP,
    as_outputs,
    as_tuple,
    central_difference,
    compare,
    random_weights,
    weighted_sum,
)


def samples_of(op: type[Op], seed: int = 0) -> list[Sample]:
    """Return the samples of an op page.

    Raises
    ------
    OpDefinitionError
        When there are none.
    """
    found = list(op.samples(np.random.default_rng(seed))) if hasattr(op, "samples") else []
    if not found:
        raise OpDefinitionError(op.name, "samples", "none", "def samples(rng): return [Sample(a)]")
    return found


def call_sample(function: Callable[..., Any], op: type[Op], arrays: Any, params: Any) -> Any:
    """Call the public function of `op`, or what has its signature, as a user would."""
    if f"*{op.inputs[0]}" in op.order:
        first = op.order[: op.order.index(f"*{op.inputs[0]}")]
        rest = {name: value for name, value in params.items() if name not in first}
        return function(*(params[name] for name in first), *arrays, **rest)
    if op.variadic:
        return function(list(arrays), **params)
    if op.order:
        return function(**dict(zip(op.inputs, arrays, strict=False)), **params)
    return function(*arrays, **params)


def check_values(op: type[Op], sample: Sample) -> None:
    """Compare the values, shapes and dtypes of one call with the reference."""
    outputs = as_tuple(call_sample(public_function(op), op, sample.arrays, sample.params))
    found = _reference(op)
    if found is None:
        return
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        expected = as_outputs(found(sample.arrays, sample.params))
    if len(expected) != len(outputs):
        raise failed(op, sample, f"{len(expected)} outputs", str(len(outputs)))
    for k, (y, e) in enumerate(zip(outputs, expected, strict=True)):
        e = np.asarray(e)
        if y.shape != e.shape:
            raise failed(op, sample, f"shape {e.shape} of output {k}", f"{y.shape}")
        if (y.dtype.kind == "f") != (e.dtype.kind == "f") or (
            op.reference is None and y.dtype != e.dtype
        ):
            raise failed(op, sample, f"dtype {e.dtype} of output {k}", f"{y.dtype}")
        tolerance = 1e-10 if y.dtype.itemsize == 8 else 1e-5 if y.dtype.itemsize == 4 else 2e-3
        against = "the reference"
        compare(op.name, f"output {k}", y.data, e, against, tolerance, tolerance, repr(sample))


def check_vjp(op: type[Op], sample: Sample) -> None:
    """Compare the gradient of every input of one call with central differences."""
    _, outputs = _record(op, sample)
    if not any(y.requires_grad for y in outputs):
        return
    record = _record_of(outputs)
    weights = random_weights([y.data for y in outputs])
    for y, w in zip(outputs, weights, strict=True):
        if w is not None:
            y.backward(w)

    def evaluate(*arrays: Any) -> float:
        return weighted_sum(as_tuple(op.forward(np, *arrays, **record.params)), weights)

    for slot, leaf in enumerate(record.inputs):
        if leaf is None or not leaf.requires_grad:
            continue
        name = op.input_name(slot)
        expected = central_difference(evaluate, record.arrays, slot)
        if leaf.grad is None:
            # without formulas, None has to be right; with them, they say where it is meant
            stated = op.vjp_tex and op.vjp_tex[0 if op.variadic else slot]
            if stated or (not op.vjp_tex and not np.allclose(expected, 0, atol=1e-7)):
                got = "none; an input without gradient has an empty vjp_tex"
                raise failed(op, sample, f"a gradient of {name}", got, "vjp")
            continue
        got_shape = leaf.grad.shape, leaf.grad.dtype
        if got_shape != (leaf.shape, leaf.dtype):
            expected_shape = f"{leaf.shape} {leaf.dtype} for {name}∇"
            raise failed(op, sample, expected_shape, f"{got_shape}", "vjp")
        compare(
            f"{op.name}.vjp", f"{name}∇", leaf.grad.data, expected, "central differences",
            1e-5, 1e-7, repr(sample),
        )  # fmt: skip


def check_repeated(op: type[Op], sample: Sample) -> None:
    """Give an array that the sample repeats as one tensor: its gradient is the sum."""
    positions: dict[int, list[int]] = {}
    for slot, array in enumerate(sample.arrays):
        if isinstance(array, np.ndarray) and array.dtype.kind == "f":
            positions.setdefault(id(array), []).append(slot)
    repeated = [slots for slots in positions.values() if len(slots) > 1]
    if not repeated:
        return
    apart, outputs = _record(op, sample)
    together, outputs_together = _record(op, sample, shared=True)
    weights = random_weights([y.data for y in outputs])
    for ys in (outputs, outputs_together):
        for y, w in zip(ys, weights, strict=True):
            if w is not None and y.requires_grad:
                y.backward(w)
    for slots in repeated:
        parts = [apart[slot].grad for slot in slots]
        expected = sum(part.data for part in parts if part is not None)
        total = together[slots[0]].grad
        if total is not None:
            label = f"{op.input_name(slots[0])}∇ given {len(slots)} times"
            sums = "the sum over its uses"
            compare(op.name, label, total.data, expected, sums, 1e-9, 1e-12, repr(sample))


def check_second(op: type[Op], sample: Sample) -> None:
    """Record the VJP itself and compare its gradients with central differences of the VJP.

    Its gradient with respect to the output's gradient is the JVP.
    """
    _, outputs = _record(op, sample)
    if not any(y.requires_grad for y in outputs):
        return
    record = _record_of(outputs)
    grads = [None if w is None else parameter(w) for w in random_weights([y.data for y in outputs])]
    several = type(record.out) is tuple
    traced_g = tuple(
        tensor(y.data) if g is None else g for g, y in zip(grads, outputs, strict=True)
    )
    operands = [
        t if t is not None else a for t, a in zip(record.inputs, record.arrays, strict=True)
    ]
    sent = _call_vjp(
        op, TRACED, traced_g if several else traced_g[0], outputs if several else outputs[0],
        operands, record.params,
    )  # fmt: skip
    rng = np.random.default_rng(1)
    probes: dict[int, Any] = {}
    for slot, (leaf, value) in enumerate(zip(record.inputs, sent, strict=True)):
        if leaf is None or not leaf.requires_grad or value is None:
            continue
        probes[slot] = rng.normal(size=leaf.shape)
        if isinstance(value, Tensor):
            fitted = fit(value, leaf.data, op, slot)
            if fitted.requires_grad:
                fitted.backward(probes[slot])

    def evaluate(*values: Any) -> float:
        gs, arrays = values[: len(grads)], values[len(grads) :]
        out = op.forward(np, *arrays, **record.params)
        again = _call_vjp(op, np, gs if several else gs[0], out, arrays, record.params)
        return float(
            sum(np.vdot(p, fit(np.asarray(again[k]), np.asarray(arrays[k]), op, k))
                for k, p in probes.items())
        )  # fmt: skip

    values = [g.data for g in traced_g] + list(record.arrays)
    checked = [*(("the gradient of output", g) for g in grads), *(("", t) for t in record.inputs)]
    for position, (kind, leaf) in enumerate(checked):
        slot = position - len(grads)
        if leaf is None or not leaf.requires_grad or (not kind and slot not in probes):
            continue
        label = f"{kind} {position}" if kind else op.input_name(slot)
        got = np.zeros(leaf.shape) if leaf.grad is None else leaf.grad.data
        expected = central_difference(evaluate, values, position)
        if not np.allclose(got, expected, 1e-5, 1e-6):
            # Differences that depend on the step are those of a jump: a kink of the op.
            wide = central_difference(evaluate, values, position, 10 * STEP)
            smooth = np.isclose(wide, expected, 1e-3, 1e-3)
            got, expected = np.where(smooth, got, 0), np.where(smooth, expected, 0)
        compare(
            f"{op.name}.vjp recorded", f"derivative by {label}", got, expected,
            "central differences of the VJP", 1e-5, 1e-6, repr(sample),
        )  # fmt: skip


def check_float32(op: type[Op], sample: Sample) -> None:
    """Give float32 arrays: outputs and gradients are float32, near those of float64."""
    single = Sample(*[_as_float32(a) for a in sample.arrays], **sample.params)
    asked = sample.params.get("dtype") is not None
    if asked or not any(getattr(a, "dtype", None) == np.float32 for a in single.arrays):
        return
    leaves, outputs = _record(op, single, dtype=None)
    _, doubles = _record(op, sample)
    # Where NumPy has the function, or integers are mixed in, it says which dtype comes out.
    mixed = any(np.asarray(a).dtype.kind in "iu" for a in single.arrays if a is not None)
    found = _reference(op) if op.reference is None or mixed else None
    dtypes: list[Any] = [None] * len(outputs)
    if found is not None:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            results = as_outputs(found(single.arrays, single.params))
            dtypes = [np.asarray(r).dtype for r in results]
    for k, (y, d) in enumerate(zip(outputs, doubles, strict=True)):
        expected = np.dtype(np.float32) if d.dtype == np.float64 else d.dtype
        if dtypes[k] is not None and not (op.reference is not None and y.dtype == expected):
            expected = dtypes[k]
        if y.dtype != expected:
            got = f"{y.dtype} for float32 inputs"
            raise failed(op, sample, f"dtype {expected} of output {k}", got)
        random = "rng" in op.params or "generator" in op.params
        if not random:
            compare(op.name, f"output {k}", y.data, d.data, "float64", 2e-4, 2e-4, repr(sample))
    for y in outputs:
        if y.requires_grad:
            y.backward(np.ones(y.shape))
    for slot, leaf in enumerate(leaves):
        if isinstance(leaf, Tensor) and leaf.grad is not None and leaf.grad.dtype != leaf.dtype:
            name = op.input_name(slot)
            raise failed(op, sample, f"{name}∇ of dtype {leaf.dtype}", f"{leaf.grad.dtype}", "vjp")


def check_layout(op: type[Op], sample: Sample) -> None:
    """Run the bare rules on read-only arrays with gaps and negative strides."""
    _, outputs = _record(op, sample)
    record = _record_of(outputs) if any(y.requires_grad for y in outputs) else None
    if record is None:
        return
    arrays = [_strided(a) for a in record.arrays]
    out = op.forward(np, *arrays, **record.params)
    for k, (got, y) in enumerate(zip(as_tuple(out), outputs, strict=True)):
        label = f"output {k} of strided inputs"
        compare(op.name, label, got, y.data, "that of contiguous ones", 1e-9, 1e-12, repr(sample))
    weights = random_weights([y.data for y in outputs])
    pairs = zip(weights, outputs, strict=True)
    g = [np.zeros(y.shape) if w is None else w for w, y in pairs]
    several = type(record.out) is tuple
    plain = _call_vjp(
        op, np, tuple(g) if several else g[0], record.out, record.arrays, record.params
    )
    strided = tuple(map(_strided, g))
    sent = _call_vjp(op, np, strided if several else strided[0], out, arrays, record.params)
    for slot, (got, expected) in enumerate(zip(sent, plain, strict=True)):
        if expected is not None:
            kind = getattr(expected, "dtype", np.dtype(float))
            given = getattr(arrays[slot], "dtype", None)  # None for an operand left out
            if given == np.float64 and kind.kind == "f" and kind.itemsize < 8:
                wanted = f"{op.input_name(slot)}∇ of dtype float64"
                raise failed(op, sample, wanted, f"{kind}", "vjp")
            label = f"{op.input_name(slot)}∇ of strided inputs"
            against = "that of contiguous ones"
            compare(f"{op.name}.vjp", label, got, expected, against, 1e-9, 1e-12, repr(sample))


def check_saved(op: type[Op], sample: Sample) -> None:
    """Compare the VJP that is given what the forward rule saved with the one that is not.

    It runs twice: a rule that writes to what was saved is found out.
    """
    _, outputs = _record(op, sample)
    if not op.saves or not any(y.requires_grad for y in outputs):
        return
    record = _record_of(outputs)
    pairs = zip(random_weights([y.data for y in outputs]), outputs, strict=True)
    g = [np.zeros(y.shape) if w is None else w for w, y in pairs]
    arguments = (op, np, tuple(g) if type(record.out) is tuple else g[0], record.out)
    params = {**record.params, "saved": record.saved}
    alone = _call_vjp(*arguments, record.arrays, record.params)
    for _ in range(2):
        given = _call_vjp(*arguments, record.arrays, params)
        for slot, (got, expected) in enumerate(zip(given, alone, strict=True)):
            if expected is not None:
                label = f"{op.input_name(slot)}∇ with saved="
                against = "that without"
                compare(f"{op.name}.vjp", label, got, expected, against, 1e-9, 1e-12, repr(sample))


def check_failure(op: type[Op]) -> None:
    """Make the call that the page says must fail, and compare the error with the page."""
    fails = op.fails
    if fails is None:
        return
    try:
        call_sample(public_function(op), op, fails.arrays, fails.params)
    except fails.error as error:
        if re.search(fails.match, str(error)) is None:
            raise failed(op, fails, f"a message with {fails.match!r}", str(error)) from error
    else:
        raise failed(op, fails, f"a {fails.error.__name__}", "no error")


def _record(
    op: type[Op], sample: Sample, shared: bool = False, dtype: Any = np.float64
) -> tuple[list[Any], tuple[Any, ...]]:
    """Call the op with a leaf for every floating-point argument; return operands and outputs."""
    leaves: list[Any] = []
    made: dict[int, Tensor] = {}
    for array in sample.arrays:
        given = np.asarray(array) if array is not None else None
        weak = dtype is None and isinstance(array, float)
        if given is None or given.dtype.kind != "f" or weak:
            leaves.append(array)
        elif shared and id(array) in made:
            leaves.append(made[id(array)])
        else:
            leaf = tensor(given, dtype, requires_grad=op.differentiable)
            made[id(array)] = leaf
            leaves.append(leaf)
    return leaves, as_tuple(call_sample(public_function(op), op, leaves, sample.params))


def record_of_sample(op: type[Op], sample: Sample) -> tuple[list[Any], Any]:
    """Return the operands of one call, and its record: None where there is none."""
    leaves, outputs = _record(op, sample)
    return leaves, _record_of(outputs) if any(y.requires_grad for y in outputs) else None


def _record_of(outputs: tuple[Any, ...]) -> Any:
    return next(y._record for y in outputs if y._record is not None)


def _call_vjp(op: type[Op], xp: Any, g: Any, out: Any, arrays: Any, params: Any) -> list[Any]:
    sent = as_tuple(op.vjp(xp, g, out, *arrays, **params))
    return [value() if callable(value) else value for value in sent]


def _reference(op: type[Op]) -> Callable[[Any, Any], Any] | None:
    """Return what takes a sample's arrays and parameters to the expected values."""
    if op.reference is not None:
        reference = op.reference
        return lambda arrays, params: reference(*arrays, **params)
    found: Any = np
    for part in (op.numpy[0] if op.numpy else op.name).split("."):
        found = getattr(found, part, None)
    if found is None:
        return None
    return lambda arrays, params: call_sample(found, op, arrays, params)


def _as_float32(value: Any) -> Any:
    is_double = getattr(value, "dtype", None) == np.float64
    return np.asarray(value, dtype=np.float32) if is_double else value


def _strided(array: Any) -> Any:
    """Return a read-only view with gaps and a negative stride that has the values of `array`."""
    if not isinstance(array, np.ndarray) or not array.ndim:
        return array
    view = np.repeat(array, 2, axis=-1)[..., ::-2][..., ::-1]
    view.setflags(write=False)
    return view


def failed(op: type[Op], sample: Sample, expected: str, got: str, rule: str = "") -> CheckError:
    """Return the error of a check that failed on one sample."""
    return CheckError(f"{op.name}.{rule}" if rule else op.name, expected, got, f"sample {sample!r}")
