"""What the pages of a family share: their samples on safe domains and the call that must fail."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from graphviz_ad.backend import protect
from graphviz_ad.engine.op import Failure, Op, Sample
from graphviz_ad.errors import AxisError, DTypeError, ShapeError

__all__ = ["AlongAxis", "Binary", "Predicate", "Unary", "quiet", "unit"]

_UNITS = {np.dtype(c): protect(np.ones((), c)) for c in "efd"}


class Unary(Op):
    """An element-wise function of one array.

    Attributes
    ----------
    domain : (float, float)
        Where its samples are drawn.
    kinks : tuple of float
        Points without a derivative, which the samples keep away from.
    """

    domain: ClassVar[tuple[float, float]] = (-2.0, 2.0)
    kinks: ClassVar[tuple[float, ...]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        match = f"{cls.name}: expected booleans, integers or real numbers"
        cls.fails = cls.__dict__.get("fails") or Failure(DTypeError, match, [1j])

    @classmethod
    def samples(cls, rng: np.random.Generator) -> list[Sample]:
        """Return arrays with 2, 1 and 0 axes, an empty, a strided and an integer one."""
        low, high = cls.domain
        a = rng.uniform(low, high, size=(3, 4))
        for kink in cls.kinks:
            near = np.abs(a - kink) < 0.1
            a[near] += np.where(a[near] < kink, -0.1, 0.1)
        integers = np.arange(np.ceil(low), np.floor(high) + 1).astype(int)
        return [
            Sample(a),
            Sample(a.T[::-2]),
            Sample(float(a[0, 0])),
            Sample(a[:0]),
            Sample(integers),
        ]


class Binary(Op):
    """An element-wise function of two arrays, with NumPy's broadcasting.

    Attributes
    ----------
    domain, domain_b : (float, float)
        Where the samples of the first and of the second operand are drawn.
    ties : bool
        Whether it has a derivative where the operands are equal.
    """

    domain: ClassVar[tuple[float, float]] = (-2.0, 2.0)
    domain_b: ClassVar[tuple[float, float] | None] = None
    ties: ClassVar[bool] = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        match = f"{cls.name}: expected shapes that fit"
        cls.fails = cls.__dict__.get("fails") or Failure(
            ShapeError, match, [1.0, 2.0], [1.0, 2.0, 3.0]
        )

    @classmethod
    def samples(cls, rng: np.random.Generator) -> list[Sample]:
        """Return equal, broadcast, repeated, scalar, empty and integer operands."""
        low, high = cls.domain
        low_b, high_b = cls.domain_b or cls.domain
        a = rng.uniform(low, high, size=(3, 4))
        b = rng.uniform(low_b, high_b, size=(3, 4))
        integers = np.arange(max(1, np.ceil(low)), np.floor(high) + 1).astype(int)
        samples = [
            Sample(a, b),
            Sample(a, b[0]),
            Sample(a[:, :1], b[:1]),
            Sample(a[0], b),
            Sample(a, float(b[0, 0])),
            Sample(float(a[0, 0]), b),
            Sample(float(a[0, 0]), float(b[0, 0])),
            Sample(a[:0], b[:0]),
            Sample(a[:0], float(b[0, 0])),
            Sample(integers, b[:1, : len(integers)]),
            Sample(integers, integers[::-1]),
        ]
        if cls.ties and (low_b, high_b) == (low, high):
            samples.append(Sample(a, a))
        return samples


class Predicate(Op):
    """A function of one or two arrays that answers with booleans: no gradient."""

    differentiable = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.name and len(cls.inputs) == 2:
            failure = Failure(
                ShapeError, f"{cls.name}: expected shapes that fit", [1, 2], [1, 2, 3]
            )
        else:
            failure = Failure(DTypeError, f"{cls.name}: expected booleans, integers", [1j])
        cls.fails = cls.__dict__.get("fails") or failure

    @classmethod
    def samples(cls, rng: np.random.Generator) -> list[Sample]:
        """Return numbers with ties, NaN and infinities, integers, booleans and empty arrays."""
        a = np.array([[0.0, -1.5, np.nan], [np.inf, -np.inf, 2.0]])
        b = np.array([[0.0, 2.0, np.nan], [np.inf, 3.0, -2.0]])
        whole = np.arange(3)
        if len(cls.inputs) == 1:
            return [Sample(a), Sample(whole), Sample(whole > 1), Sample(0.0), Sample(a[:0])]
        return [
            Sample(a, b),
            Sample(a, a),
            Sample(a, b[0]),
            Sample(a, 0.0),
            Sample(0.0, b),
            Sample(whole, whole[::-1]),
            Sample(whole > 1, whole),
            Sample(1.0, 2.0),
            Sample(a[:0], b[:0]),
        ]


class AlongAxis(Op):
    """A function of one array along an axis, which is a method of tensors, too."""

    method = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        match = f"{cls.name}: expected an axis that the array has"
        cls.fails = cls.__dict__.get("fails") or Failure(AxisError, match, [1.0, 2.0], axis=3)


def unit(array: Any) -> Any:
    """Return a 1 to compute with beside `array`, which takes NumPy less time than Python's."""
    return _UNITS.get(array.dtype, 1) if type(array) is np.ndarray else 1


def quiet() -> Any:
    """Return a context in which NumPy does not warn: infinities and NaN are the answer there."""
    return np.errstate(all="ignore")
