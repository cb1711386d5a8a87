"""The scale of gradient sizes: symmetric, in decades, readable."""

from __future__ import annotations

import math
from typing import Any

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


# Machado, Oliveira and Fernandes, "A physiologically-based model for simulation of color vision
# deficiency", IEEE TVCG 2009: full severity, on linear RGB.
BLINDNESS = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}  # fmt: skip


def lab(colour: str, seen: Any) -> Any:
    """Return a colour in CIELAB as someone with a colour blindness sees it."""
    parts = np.array([int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = to_xyz @ np.clip(np.asarray(seen) @ linear, 0, 1) / [0.9505, 1.0, 1.089]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("kind", BLINDNESS)
@pytest.mark.parametrize("sizes", [SIZE_LIGHT, SIZE_DARK])
@pytest.mark.parametrize("role", ["size", "flow"])
def test_the_ends_and_the_middle_differ_for_the_colour_blind(
    sizes: dict[str, str], role: str, kind: str
) -> None:
    low, middle, high = (
        lab(sizes[f"{role}{level:+d}"], BLINDNESS[kind]) for level in (-LEVELS, 0, LEVELS)
    )
    for a, b in ((low, high), (low, middle), (middle, high)):
        assert np.linalg.norm(a - b) > 12


@pytest.mark.parametrize(("sizes", "theme"), [(SIZE_LIGHT, LIGHT), (SIZE_DARK, DARK)])
def test_ink_reads_on_every_fill_and_every_edge_is_seen(
    sizes: dict[str, str], theme: dict[str, str]
) -> None:
    for level in range(-LEVELS, LEVELS + 1):
        assert contrast(sizes[f"size{level:+d}"], theme["ink"]) >= 4.5
        assert contrast(sizes[f"flow{level:+d}"], theme["paper"]) >= 2.7
