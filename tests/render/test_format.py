"""Numbers: what JavaScript writes, Python writes."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal, localcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphviz_ad.render.format import format_number, format_shape

# The digits are what Number.prototype.toPrecision(4) and toExponential(3) give.
CASES = [
    (0.0, "0"),
    (-0.0, "0"),
    (0.00012345, "0.0001234"),
    (2.5, "2.5"),
    (-2.5, "−2.5"),
    (1.0005, "1"),
    (2.0005, "2.001"),
    (10.005, "10.01"),
    (0.1 + 0.2, "0.3"),
    (12345.5, "12350"),
    (99999.9, "100000"),
    (1e5, "1e5"),
    (1e-4, "0.0001"),
    (9.9999e-5, "1e−4"),
    (1.234e-7, "1.234e−7"),
    (-123456789.0, "−1.235e8"),
    (5e-324, "4.941e−324"),
    (1.7976931348623157e308, "1.798e308"),
    # ties of the binary value: JavaScript rounds up, Python's own formatting to even
    (2048.5, "2049"),
    (2049.5, "2050"),
    (1024.5, "1025"),
    (4.0625, "4.063"),
    (1.03125, "1.031"),
    (16.0625, "16.06"),
    (100.25, "100.3"),
    (-1024.5, "−1025"),
    (math.nan, "NaN"),
    (math.inf, "∞"),
    (-math.inf, "−∞"),
    (True, "1"),
    (np.bool_(False), "0"),
    (123456, "123456"),
    (-7, "−7"),
    (np.int8(-7), "−7"),
    (np.uint64(2**64 - 1), "18446744073709551615"),
    (np.float32(0.1), "0.1"),
    (np.float16(6e-8), "5.96e−8"),
    (np.array(2.5), "2.5"),
]


@pytest.mark.parametrize(("x", "text"), CASES, ids=[f"{i}" for i in range(len(CASES))])
def test_numbers(x: float, text: str) -> None:
    assert format_number(x) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_four_digits_rounded_half_away_from_zero(x: float) -> None:
    text = format_number(x).replace("−", "-")
    with localcontext(prec=1200):
        exact = Decimal(x)
        if x:
            exact = exact.quantize(Decimal(1).scaleb(exact.adjusted() - 3), ROUND_HALF_UP)
        assert Decimal(text) == exact
    assert len(text.lstrip("-")) <= 10


@given(st.integers())
def test_integers_in_full(x: int) -> None:
    assert int(format_number(x).replace("−", "-")) == x


def test_shapes() -> None:
    assert format_shape(()) == "()"
    assert format_shape((np.int64(3),)) == "(3,)"
    assert format_shape((32, 64)) == "(32, 64)"
