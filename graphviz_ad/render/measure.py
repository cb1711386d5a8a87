"""How large things are drawn: text widths by estimate, node sizes in CSS pixels."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Literal

Shape = Literal["circle", "rect", "diamond"]

ELLIPSIS = "…"

# Advance widths in em, on the safe side: the reader's fonts are not known.
_EM = {"mono": 0.61, "serif": 0.66, "sans": 0.60}
_NARROW, _WIDE = frozenset("fijlrtI .,:;|!'()[]"), frozenset("mwMWQ@%−+=<>~…∇Σ")

NAME_SIZE, SHAPE_SIZE, GLYPH_SIZE, BOX_SIZE = 14.0, 10.0, 13.0, 12.0
NAME_LIMIT, GLYPH_LIMIT, COPY_LIMIT, BOX_LIMIT = 12, 14, 10, 30

_CIRCLE, _CIRCLE_COPY = 74.0, 38.0
_RECT_WIDTH, _RECT_WIDEST = 104.0, 190.0
_RECT_HIGH, _RECT_LOW, _RECT_COPY = 66.0, 40.0, 26.0
_DIAMOND_WIDTH, _DIAMOND_HEIGHT = 62.0, 42.0


def cells(text: str) -> int:
    r"""Count the columns of a text in a monospaced face: wide characters two, marks none.

    Examples
    --------
    >>> cells("abc"), cells("日本"), cells("e\u0301")
    (3, 4, 1)
    """
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


@lru_cache(maxsize=4096)  # a graph repeats few labels many times
def shorten(text: str, limit: int) -> str:
    """Cut a text to `limit` columns, the last of them an ellipsis; control characters go.

    Examples
    --------
    >>> shorten("encoder_weight", 8), shorten("W", 8)
    ('encoder…', 'W')
    """
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    if cells(text) <= limit:
        return text
    while cells(text) > limit - 1:
        text = text[:-1]
    return text.rstrip() + ELLIPSIS


def text_width(text: str, size: float, face: Literal["mono", "serif", "sans"]) -> float:
    """Estimate the width of a text in pixels."""
    if face == "mono":
        return cells(text) * size * _EM[face]
    # of a proportional face three classes of letters are told apart
    extra = sum(c in _WIDE for c in text) * 0.36 - sum(c in _NARROW for c in text) * 0.2
    return (cells(text) * _EM[face] + extra) * size


@lru_cache(maxsize=4096)
def value_size(
    shape: tuple[int, ...], label: str, sublabel: str, copy: bool
) -> tuple[Shape, float, float]:
    """Return form, width and height of a value: a circle for a scalar, else a rectangle."""
    if not shape:
        side = max(_CIRCLE_COPY, round(text_width(label, NAME_SIZE, "serif") + 14))
        side = side if copy else _CIRCLE
        return "circle", side, side
    text = text_width(label, NAME_SIZE, "serif") + text_width(sublabel, SHAPE_SIZE, "mono")
    if copy:
        return "rect", round(text + 24), _RECT_COPY
    low = len(shape) == 1 or shape[-2] == 1 or 0 in shape or shape == (1,) * len(shape)
    width = min(max(_RECT_WIDTH, round(text + 28)), _RECT_WIDEST)
    return "rect", width, _RECT_LOW if low else _RECT_HIGH


@lru_cache(maxsize=4096)
def op_size(label: str) -> tuple[float, float]:
    """Return width and height of the diamond whose middle line holds the label."""
    room = 1 - GLYPH_SIZE / _DIAMOND_HEIGHT
    width = (text_width(label, GLYPH_SIZE, "sans") + 6) / room
    return max(_DIAMOND_WIDTH, round(width)), _DIAMOND_HEIGHT


def box_size(label: str, summary: str) -> tuple[float, float]:
    """Return width and height of a closed group: its title above a line that says what it holds."""
    title = text_width(label, BOX_SIZE, "sans") + 14
    return max(132.0, round(max(title, text_width(summary, SHAPE_SIZE, "sans")) + 24)), 46.0
