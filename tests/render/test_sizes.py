"""The scale of gradient sizes: symmetric, in decades, readable."""

from __future__ import annotations

import math

import numpy as np
import pytest

from graphviz_ad.render.scene import DARK, LIGHT
from graphviz_ad.render.sizes import (
    LEVELS,
    SIZE_DARK,
    SIZE_LIGHT,
    Scale,
    decades_text,
    scale_of,
    size_of,
)


def luminance(colour: str) -> float:
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


def contrast(a: str, b: str) -> float:
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def test_the_centre_is_the_median_and_both_ends_are_as_far() -> None:
    scale = scale_of([1e-7, 1e-3, 1e-2, 0.0, math.nan, math.inf])
    assert scale == Scale(1e-3, 4)
    assert scale.level(1e-7) == -LEVELS
    assert scale.level(10.0) == LEVELS
    assert scale.level(1e9) == LEVELS
    assert scale.level(1e-3) == 0
    assert scale.level(1e-5) == -scale.level(1e-1)
    assert scale.width(1e-7) < scale.width(1e-3) < scale.width(10.0)


def test_a_scale_is_never_narrower_than_three_decades() -> None:
    scale = scale_of([1.0, 2.0])
    assert scale is not None
    assert scale.centre == pytest.approx(math.sqrt(2))
    assert scale.span == 3
    assert abs(scale.level(2.0) or 0) <= 1


def test_scaling_the_loss_changes_no_colour() -> None:
    sizes = [3e-5, 1e-3, 0.2, 4.0]
    levels = []
    for factor in (1e-6, 1.0, 1e6):
        scale = scale_of(size * factor for size in sizes)
        assert scale is not None
        levels.append([scale.level(size * factor) for size in sizes])
    assert levels[0] == levels[1] == levels[2]


def test_zero_and_nan_have_no_colour_but_a_text() -> None:
    scale = Scale(1.0, 3)
    assert scale.level(0.0) is None
    assert scale.level(math.nan) is None
    texts = [decades_text(scale.decades(x)) for x in (0.0, math.nan, 1e-2, 1.0, 2.0)]
    assert texts == ["= 0", "NaN", "−2.0", "0.0", "+0.3"]
    assert scale_of([0.0, math.nan]) is None


def test_a_size_is_per_element() -> None:
    assert size_of(np.full((3, 5), -2.0)) == 2.0
    assert math.isnan(size_of(np.array([1.0, np.inf])))


@pytest.mark.parametrize(("sizes", "theme"), [(SIZE_LIGHT, LIGHT), (SIZE_DARK, DARK)])
def test_ink_reads_on_every_fill_and_every_edge_is_seen(
    sizes: dict[str, str], theme: dict[str, str]
) -> None:
    for level in range(-LEVELS, LEVELS + 1):
        assert contrast(sizes[f"size{level:+d}"], theme["ink"]) >= 4.5
        assert contrast(sizes[f"flow{level:+d}"], theme["paper"]) >= 2.7
