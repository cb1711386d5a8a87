"""What is differentiated in the tests of transforms and of recorded backward passes."""

from __future__ import annotations

from typing import Any

import numpy as np

import graphviz_ad as ad

RNG = np.random.default_rng(0)
A, B = RNG.normal(size=(2, 3)), RNG.normal(size=3)
# exact: dyadic numbers, so that no rounding hides in a comparison
X = np.array([0.5, -1.25, 2.0])


def cubic(x: Any) -> ad.Tensor:
    return (x * x * x).sum()


def close(got: ad.Tensor, expected: Any) -> None:
    np.testing.assert_allclose(got.detach().numpy(), expected, rtol=1e-10, atol=1e-12)
