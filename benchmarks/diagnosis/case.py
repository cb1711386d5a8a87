"""A case of the catalogue: how to make one network, what is wrong with it and where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import graphviz_ad as ad

__all__ = ["Case", "Sample", "dense", "he_uniform", "linear", "normal"]


@dataclass
class Sample:
    """One network with its data.

    Attributes
    ----------
    loss : Tensor
    sick : bool
        What is true of this seed.
    places : tuple of tuple of Tensor
        For each planted fault the outputs of the ops that are right to blame.
    report : Report or None
        What a monitor said of a training run; without it the loss is diagnosed.
    """

    loss: Any
    sick: bool = True
    places: tuple[tuple[Any, ...], ...] = ()
    report: Any = None


@dataclass
class Case:
    """A kind of network.

    Attributes
    ----------
    group, name : str
    make : callable
        From a generator of random numbers to a `Sample`.
    kinds : set of str
        The findings that are right; empty for a healthy network.
    """

    group: str
    name: str
    make: Callable[[np.random.Generator], Sample]
    kinds: set[str] = field(default_factory=set)


def linear(rng: np.random.Generator, x: Any, width: int, std: float, name: str = "W") -> Any:
    """Return x @ W with W from N(0, std²)."""
    return x @ ad.parameter(rng.normal(0, std, (x.shape[-1], width)), name=name)


def he_uniform(rng: np.random.Generator, fan_in: int, fan_out: int) -> Any:
    """Return weights from U(±√(6 / fan_in))."""
    return rng.uniform(-1, 1, (fan_in, fan_out)) * np.sqrt(6 / fan_in)


def normal(rng: np.random.Generator, fan_in: int, fan_out: int) -> Any:
    """Return weights from N(0, 1 / fan_in)."""
    return rng.normal(0, 1, (fan_in, fan_out)) / np.sqrt(fan_in)


def dense(
    x: Any,
    widths: list[int],
    activation: Callable[[Any], Any],
    draw: Callable[[int, int], Any],
    weights: list[Any] | None = None,
) -> Any:
    """Return the output of a network with biases of 0; its parameters go to `weights`."""
    h = x
    for k, width in enumerate(widths):
        W = ad.parameter(draw(h.shape[-1], width), name=f"W{k}")
        b = ad.parameter(np.zeros(width), name=f"b{k}")
        if weights is not None:
            weights.extend((W, b))
        h = h @ W + b
        if k < len(widths) - 1:
            h = activation(h)
    return h
