"""Numbers as the diagram writes them; the page's TypeScript follows the same rules."""

from __future__ import annotations

import math
from typing import SupportsFloat

_MINUS = "\u2212"
_INFINITY = "\u221e"


def format_number(x: SupportsFloat) -> str:
    """Return a number in at most four significant digits.

    Parameters
    ----------
    x : bool, int, float or a NumPy scalar

    Returns
    -------
    str
        Integers and booleans in full (booleans as ``0`` and ``1``); NaN as ``"NaN"``,
        infinities as ``"∞"`` and ``"−∞"``; plain decimals for magnitudes
        between 1e-4 and 1e5, exponents outside; trailing zeros are left out. The
        minus sign is U+2212, also in the exponent.

    Examples
    --------
    >>> format_number(0.12345), format_number(1234567.0), format_number(-2.50)
    ('0.1235', '1.235e6', '−2.5')
    >>> format_number(1.234e-7), format_number(float("-inf")), format_number(True)
    ('1.234e−7', '−∞', '1')
    """
    value = x.item() if hasattr(x, "item") else x  # NumPy scalars and 0-d arrays
    if isinstance(value, int):
        return str(int(value)).replace("-", _MINUS)
    number = float(value)
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return _INFINITY if number > 0 else _MINUS + _INFINITY
    if number == 0:
        return "0"
    sign = _MINUS if number < 0 else ""
    # Rounded once, to four significant digits, half up on the exact binary value:
    # the digits that JavaScript's toExponential(3) gives.
    digits, exponent = _four_digits(abs(number))
    if 1e-4 <= abs(number) < 1e5:
        text = _plain(digits, exponent)
    else:
        mantissa = f"{digits[0]}.{digits[1:]}".rstrip("0").rstrip(".")
        text = f"{mantissa}e{exponent}".replace("-", _MINUS)
    return sign + text


def format_shape(shape: tuple[int, ...]) -> str:
    """Return a shape as Python writes it: ``"(32, 64)"``, ``"(50,)"``, ``"()"``."""
    return str(tuple(int(n) for n in shape))


def _four_digits(x: float) -> tuple[str, int]:
    """Return the four significant digits of a positive number, and its decimal exponent.

    ECMAScript's toExponential takes the larger of two equally near candidates,
    Python's formatting the even one; they differ only where the binary value is an
    exact tie, which the exact integer ratio shows.
    """
    exponent = int(f"{x:.17e}".split("e")[1])
    top, bottom = x.as_integer_ratio()
    shift = 3 - exponent
    top, bottom = (top * 10**shift, bottom) if shift >= 0 else (top, bottom * 10**-shift)
    digits = (2 * top + bottom) // (2 * bottom)
    if digits >= 10_000:
        digits, exponent = digits // 10, exponent + 1
    return str(digits), exponent


def _plain(digits: str, exponent: int) -> str:
    """Digits with the point after the place given by the exponent."""
    if exponent < 0:
        return ("0." + "0" * (-exponent - 1) + digits).rstrip("0")
    padded = digits.ljust(exponent + 1, "0")
    whole, fraction = padded[: exponent + 1], padded[exponent + 1 :].rstrip("0")
    return f"{whole}.{fraction}" if fraction else whole
