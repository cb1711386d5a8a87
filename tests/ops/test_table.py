"""One table drives every op of the registry through its samples."""

from __future__ import annotations

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad.engine.op import REGISTRY, Op


@pytest.mark.parametrize("op", REGISTRY.values(), ids=list(REGISTRY))
def test_values(op: type[Op]) -> None:
    samples = list(op.samples(np.random.default_rng(0)))
    assert samples
    for sample in samples:
        function = ad.ops.FUNCTIONS[op.name]
        arrays = (sample.arrays,) if op.variadic else sample.arrays
        got = function(*arrays, **sample.params)
        reference = op.reference or getattr(np, op.name)
        given = sample.arrays if op.reference or not op.variadic else (sample.arrays,)
        expected = reference(*given, **sample.params)
        if not isinstance(got, tuple):
            got, expected = (got,), (expected,)
        for g, e in zip(got, expected, strict=True):
            np.testing.assert_allclose(g.data, e, err_msg=repr(sample))


@pytest.mark.parametrize("op", REGISTRY.values(), ids=list(REGISTRY))
def test_failure(op: type[Op]) -> None:
    assert op.fails is not None
    arrays = (op.fails.arrays,) if op.variadic else op.fails.arrays
    with pytest.raises(op.fails.error, match=op.fails.match):
        ad.ops.FUNCTIONS[op.name](*arrays, **op.fails.params)
