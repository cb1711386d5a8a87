"""The op table on the device: values and gradients are those of the host."""

from __future__ import annotations

import numpy as np
import pytest
from on_device import OPS, check

from graphviz_ad import testing
from graphviz_ad.engine.op import Op


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)
def test_table(device: str, op: type[Op]) -> None:
    for sample in testing.samples_of(op):
        check(op, sample, np.float64, 1e-12 if device == "stand-in" else 1e-9)


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)
def test_table_in_float32(device: str, op: type[Op]) -> None:
    for sample in testing.samples_of(op):
        check(op, sample, np.float32, 2e-5 if device == "stand-in" else 2e-4)
