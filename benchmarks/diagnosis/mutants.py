"""A regression net 9-64-64-1 and small classifiers, each with a slip that runs.

The mutants are TheDeepChecker's (Ben Braiek and Khomh, TOSEM 2023), the last ones questions on
Stack Overflow that DeepLocalize collected (Wardat et al., ICSE 2021); the data are ours.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import graphviz_ad as ad
from benchmarks.diagnosis.case import Case, Sample, dense

__all__ = ["CASES", "regression_data"]

_WIDTHS = [64, 64, 1]


def regression_data(rng: np.random.Generator, rows: int = 128) -> tuple[Any, Any]:
    """Return 9 standardised features and targets in [−1, 1]."""
    x = rng.normal(size=(rows, 9))
    return x, np.sin(x[:, :3].sum(axis=1, keepdims=True))


def _he(rng: np.random.Generator) -> Callable[[int, int], Any]:
    return lambda a, b: rng.normal(0, np.sqrt(2 / a), (a, b))


def clean(rng: np.random.Generator) -> Any:
    x, y = regression_data(rng)
    return ad.mse_loss(dense(ad.tensor(x), _WIDTHS, ad.relu, _he(rng)), ad.tensor(y))


def constant(rng: np.random.Generator) -> Any:
    x, y = regression_data(rng)
    out = dense(ad.tensor(x), _WIDTHS, ad.relu, lambda a, b: np.full((a, b), 0.01))
    return ad.mse_loss(out, ad.tensor(y))


def wide_normal(rng: np.random.Generator) -> Any:
    x, y = regression_data(rng)
    out = dense(ad.tensor(x), _WIDTHS, ad.relu, lambda a, b: rng.normal(0, np.sqrt(0.25), (a, b)))
    return ad.mse_loss(out, ad.tensor(y))


def one_unit_softmax(rng: np.random.Generator) -> Any:
    x, y = regression_data(rng)
    out = ad.softmax(dense(ad.tensor(x), _WIDTHS, ad.relu, _he(rng)), axis=-1)
    return ad.mse_loss(out, ad.tensor(y))


def sigmoid_output(rng: np.random.Generator) -> Any:
    x, y = regression_data(rng)
    return ad.mse_loss(
        ad.sigmoid(dense(ad.tensor(x), _WIDTHS, ad.relu, _he(rng))), ad.tensor(y)
    )  # fmt: skip


def unnormalised(rng: np.random.Generator) -> Any:
    x, y = regression_data(rng)
    raw = x * 10.0 ** np.linspace(-1, 3, 9) + 10.0 ** np.linspace(0, 3, 9)
    return ad.mse_loss(dense(ad.tensor(raw), _WIDTHS, ad.relu, _he(rng)), ad.tensor(y))


def broadcast(rng: np.random.Generator) -> Any:
    x, y = regression_data(rng)
    out = dense(ad.tensor(x), _WIDTHS, ad.relu, _he(rng))
    return ((out - ad.tensor(y[:, 0])) ** 2).mean()


def cross_entropy_on_regression(rng: np.random.Generator) -> Any:
    x, y = regression_data(rng)
    p = ad.sigmoid(dense(ad.tensor(x), _WIDTHS, ad.relu, _he(rng)))
    targets = ad.tensor(y)
    return -(targets * ad.log(p) + (1 - targets) * ad.log(1 - p)).mean()


def _xor() -> tuple[Any, Any]:
    x = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    return x, np.array([[0.0], [1], [1], [0]])


def xor_mae(rng: np.random.Generator) -> Any:
    x, y = _xor()
    out = ad.sigmoid(dense(ad.tensor(x), [8, 1], ad.relu, _he(rng)))
    return ad.l1_loss(out, ad.tensor(y))


def xor_softmax(rng: np.random.Generator) -> Any:
    x, y = _xor()
    out = ad.softmax(dense(ad.tensor(x), [8, 1], ad.tanh, _he(rng)), axis=-1)
    return ad.binary_cross_entropy(out, ad.tensor(y))


def multilabel(rng: np.random.Generator) -> Any:
    x = rng.normal(size=(64, 10))
    y = (x[:, :5] > 0).astype(float)
    out = ad.softmax(dense(ad.tensor(x), [32, 5], ad.relu, _he(rng)), axis=-1)
    return ad.mse_loss(out, ad.tensor(y))


def tanh_large_inputs(rng: np.random.Generator) -> Any:
    x = rng.uniform(0, 1e4, (128, 3))
    out = dense(ad.tensor(x), [20, 20, 1], ad.tanh, lambda a, b: rng.normal(0, a**-0.5, (a, b)))
    return ad.mse_loss(out, ad.tensor(np.sin(x[:, :1] / 1e3)))


def relu_into_log(rng: np.random.Generator) -> Any:
    x, _ = regression_data(rng)
    y = (x[:, :1] > 0).astype(float)
    out = ad.relu(dense(ad.tensor(x), _WIDTHS, ad.relu, _he(rng)))
    p = ad.clip(out, 1e-7, 1 - 1e-7)
    targets = ad.tensor(y)
    return -(targets * ad.log(p) + (1 - targets) * ad.log(1 - p)).mean()


def _cases() -> list[Case]:
    rows: list[tuple[str, Any, set[str]]] = [
        ("regression: clean", clean, set()),
        ("regression: constant 0.01", constant, {"symmetry"}),
        ("regression: N(0, .25)", wide_normal, {"initialisation", "exploding"}),
        ("regression: one-unit softmax", one_unit_softmax, {"shape-slip"}),
        ("regression: sigmoid output", sigmoid_output, {"shape-slip", "saturation"}),
        ("regression: unnormalised data", unnormalised, {"initialisation"}),
        ("regression: [N] against [N, 1]", broadcast, {"shape-slip"}),
        ("regression: cross-entropy", cross_entropy_on_regression, {"shape-slip"}),
        ("XOR: absolute error, sigmoid", xor_mae, {"shape-slip"}),
        ("XOR: softmax on one unit", xor_softmax, {"shape-slip", "nonfinite"}),
        ("several labels: softmax, squared error", multilabel, {"shape-slip"}),
        ("regression: tanh, inputs to 1e4", tanh_large_inputs, {"saturation", "initialisation"}),
        ("classes: ReLU into a log loss", relu_into_log, {"shape-slip", "nonfinite"}),
    ]

    def maker(function: Callable[[np.random.Generator], Any], sick: bool) -> Callable[..., Sample]:
        def make(rng: np.random.Generator) -> Sample:
            with np.errstate(all="ignore"):
                return Sample(function(rng), sick)

        return make

    return [Case("mutants", name, maker(make, bool(k)), k) for name, make, k in rows]


CASES = _cases()
