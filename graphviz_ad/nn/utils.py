"""Gradient clipping, and all parameters as one vector."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from graphviz_ad.backend import namespace, protect
from graphviz_ad.engine.tensor import Tensor, tensor
from graphviz_ad.errors import ArgumentError, GradientError, ShapeError
from graphviz_ad.ops import FUNCTIONS

__all__ = [
    "clip_grad_norm_", "clip_grad_value_", "parameters_to_vector", "vector_to_parameters",
]  # fmt: skip


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor], max_norm: float, norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
) -> np.float64:  # fmt: skip
    """Scale all gradients together so that their norm is at most `max_norm`.

    Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural
    networks", ICML 2013. As in PyTorch 1e-6 is added to the norm that is divided by.

    Parameters
    ----------
    parameters : Tensor or iterable of Tensor
        Those without a gradient are passed over.
    max_norm : float
        0 or more.
    norm_type : float
        The p of the norm; ``inf`` for the largest magnitude.
    error_if_nonfinite : bool
        Whether a norm that is NaN or infinite is an error.

    Returns
    -------
    numpy.float64
        The norm before: a float that has ``item()``, too.

    Raises
    ------
    ArgumentError
        For a negative or NaN `max_norm`, or a `norm_type` that is not positive.
    GradientError
        Where asked for, when the norm is not finite; no gradient is changed then.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> w = ad.parameter([3.0, 4.0])
    >>> (w * w / 2).sum().backward()
    >>> ad.nn.utils.clip_grad_norm_([w], 1.0).item()
    5.0
    >>> w.grad.data.round(4).tolist()
    [0.6, 0.8]
    """
    if not max_norm >= 0:
        raise ArgumentError("clip_grad_norm_", "a max_norm of 0 or more", repr(max_norm))
    if not norm_type > 0:
        raise ArgumentError("clip_grad_norm_", "a positive norm_type", repr(norm_type))
    reached = _with_gradient(parameters)
    total = _norm([t.grad.data for t in reached if t.grad is not None], norm_type)
    if error_if_nonfinite and not math.isfinite(total):
        names = [t.name or "?" for t in reached if t.grad is not None and not _finite(t.grad.data)]
        got = f"{total} (from {', '.join(names)})"
        raise GradientError("clip_grad_norm_", "a finite norm of the gradients", got)
    factor = max_norm / (total + 1e-6)
    if not factor >= 1:
        for leaf in reached:
            _rebind(leaf, lambda g: g * factor)
    return np.float64(total)


def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float) -> None:
    """Clip every element of every gradient to ``[-clip_value, clip_value]``.

    Parameters
    ----------
    parameters : Tensor or iterable of Tensor
    clip_value : float
        0 or more.

    Raises
    ------
    ArgumentError
        For a negative or NaN `clip_value`.
    """
    if not clip_value >= 0:
        raise ArgumentError("clip_grad_value_", "a clip_value of 0 or more", repr(clip_value))
    for leaf in _with_gradient(parameters):
        _rebind(leaf, lambda g: namespace(g).clip(g, -clip_value, clip_value))


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """Return all parameters as one vector, through which gradients flow.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.nn.utils.parameters_to_vector(ad.nn.Linear(3, 2).parameters()).shape
    (8,)
    """
    flat: Tensor = FUNCTIONS["concatenate"]([p.reshape(-1) for p in _listed(parameters)])
    return flat


def vector_to_parameters(vec: Any, parameters: Iterable[Tensor]) -> None:
    """Take the values of the parameters from one vector; each is rebound.

    Parameters
    ----------
    vec : array_like, shape (total,)
    parameters : iterable of Tensor

    Raises
    ------
    ShapeError
        When the vector has another length; no parameter is changed then.
    """
    array = vec.data if isinstance(vec, Tensor) else tensor(vec).data
    leaves = _listed(parameters)
    total = sum(leaf.size for leaf in leaves)
    if array.shape != (total,):
        raise ShapeError("vector_to_parameters", f"a vector of {total}", f"{array.shape}")
    start = 0
    for leaf in leaves:
        leaf.data = array[start : start + leaf.size].reshape(leaf.shape).astype(leaf.dtype)
        start += leaf.size


def _listed(parameters: Tensor | Iterable[Tensor]) -> list[Tensor]:
    return [parameters] if isinstance(parameters, Tensor) else list(parameters)


def _with_gradient(parameters: Tensor | Iterable[Tensor]) -> list[Tensor]:
    return [leaf for leaf in _listed(parameters) if leaf.grad is not None]


def _rebind(leaf: Tensor, function: Any) -> None:
    assert leaf.grad is not None
    array = function(leaf.grad.data)
    if array.dtype != leaf.dtype:
        array = array.astype(leaf.dtype)
    leaf.grad = tensor(protect(array))


def _norm(arrays: list[Any], p: float) -> float:
    """Return the p-norm of all elements of several arrays."""
    if p == math.inf:
        return max((float(abs(a).max()) for a in arrays if a.size), default=0.0)
    if p == 2:
        return math.sqrt(sum(float((a * a).sum()) for a in arrays))
    return float(sum(float((abs(a) ** p).sum()) for a in arrays) ** (1 / p))


def _finite(array: Any) -> bool:
    return bool(namespace(array).isfinite(array).all())
