"""The check of one op's Jacobian-vector product, which its VJP gives when it is recorded."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphviz_ad.engine.differentiate import jvp
from graphviz_ad.engine.op import Op, Sample
from graphviz_ad.engine.register import public_function
from graphviz_ad.testing.checks import call_sample, record_of_sample
from graphviz_ad.testing.compare import STEP, as_tuple, compare


def check_jvp(op: type[Op], sample: Sample) -> None:
    """Compare the JVP of one call along a random direction with central differences.

    An op that draws random numbers is left out: each call draws others.
    """
    leaves, record = record_of_sample(op, sample)
    if record is None or "rng" in op.params or "generator" in op.params:
        return
    slots = [
        slot
        for slot, tensor in enumerate(record.inputs)
        if tensor is not None
        and tensor.requires_grad
        and (not op.vjp_tex or op.vjp_tex[0 if op.variadic else slot])
    ]
    places = {id(leaf): k for k, leaf in enumerate(leaves)}
    places = {slot: places[id(record.inputs[slot])] for slot in slots}
    rng = np.random.default_rng(4)
    directions = {slot: rng.normal(size=record.arrays[slot].shape) for slot in slots}

    def call(*values: Any) -> Any:
        operands = list(leaves)
        for slot, value in zip(slots, values, strict=True):
            operands[places[slot]] = value
        return call_sample(public_function(op), op, operands, sample.params)

    primals = tuple(record.arrays[slot] for slot in slots)
    _, tangents = jvp(call, primals, tuple(directions.values()))
    ends = []
    for step in (STEP, -STEP):
        arrays = list(record.arrays)
        for slot in slots:
            arrays[slot] = arrays[slot] + step * directions[slot]
        ends.append(as_tuple(op.forward(np, *arrays, **record.params)))
    for k, (tangent, after, before) in enumerate(zip(as_tuple(tangents), *ends, strict=True)):
        if np.asarray(after).dtype.kind != "f":
            continue
        with np.errstate(invalid="ignore"):  # infinities have no difference
            expected = (after - before) / (2 * STEP)
        got = np.where(np.isnan(expected), np.nan, tangent.data)
        compare(
            f"{op.name}.jvp", f"tangent of output {k}", got, expected, "central differences",
            1e-5, 1e-6, repr(sample),
        )  # fmt: skip
