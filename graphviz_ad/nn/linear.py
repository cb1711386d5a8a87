"""Affine and bilinear layers, embeddings and changes of shape."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from graphviz_ad.engine.tensor import Tensor, tensor
from graphviz_ad.errors import ArgumentError, ShapeError
from graphviz_ad.nn.from_ops import from_op
from graphviz_ad.nn.init import Seed, default_rng, new_parameter, normal_, uniform_
from graphviz_ad.nn.module import Module
from graphviz_ad.ops import FUNCTIONS

__all__ = ["Bilinear", "Embedding", "Flatten", "Identity", "Linear", "Unflatten"]

_linear, _bilinear = FUNCTIONS["linear"], FUNCTIONS["bilinear"]
_embedding = FUNCTIONS["embedding"]

Flatten = from_op("Flatten", "flatten", start_dim=1)
Unflatten = from_op("Unflatten", "unflatten")


class Identity(Module):
    """Return the input. Arguments are taken and forgotten, as in PyTorch."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Any) -> Any:
        """Return the input."""
        return input


class Linear(Module):
    """An affine map of the last axis, ``x @ weight.T + bias``.

    Both are drawn from U(−1/√in, 1/√in), PyTorch's default.

    Parameters
    ----------
    in_features, out_features : int
    bias : bool
        Whether there is one.
    dtype : dtype, optional
        NumPy's default, float64, where it is left out.
    rng : numpy.random.Generator or int, optional
        What draws; see `graphviz_ad.nn.init.default_rng`.

    Attributes
    ----------
    weight : Tensor, shape (out_features, in_features)
    bias : Tensor, shape (out_features,), or None

    Raises
    ------
    ArgumentError
        For sizes below 1.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.nn.Linear(3, 2)([[1.0, 2.0, 3.0]]).shape
    (1, 2)
    """

    _single = True

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, dtype: Any = None,
        rng: Seed = None,
    ) -> None:  # fmt: skip
        super().__init__()
        positive("Linear", in_features=in_features, out_features=out_features)
        self.in_features, self.out_features = in_features, out_features
        self.weight = new_parameter((out_features, in_features), dtype)
        self.bias = new_parameter((out_features,), dtype) if bias else None
        self.reset_parameters(rng)

    def reset_parameters(self, rng: Seed = None) -> None:
        """Draw the parameters anew."""
        draw_uniform(self, 1 / math.sqrt(self.in_features), rng)

    def forward(self, input: Any) -> Any:
        """Apply it to an input of shape (…, in_features)."""
        return _linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        """Return the sizes."""
        return f"{self.in_features}, {self.out_features}, bias={self.bias is not None}"


class Bilinear(Module):
    """A bilinear form for every output, ``x1 @ weight[k] @ x2 + bias[k]``.

    Drawn from U(−1/√in1, 1/√in1), PyTorch's default.

    Parameters
    ----------
    in1_features, in2_features, out_features : int
    bias, dtype, rng
        As in `Linear`.

    Attributes
    ----------
    weight : Tensor, shape (out_features, in1_features, in2_features)
    bias : Tensor, shape (out_features,), or None

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.nn.Bilinear(2, 3, 4)([[1.0, 2.0]], [[1.0, 2.0, 3.0]]).shape
    (1, 4)
    """

    _single = True

    def __init__(
        self, in1_features: int, in2_features: int, out_features: int, bias: bool = True,
        dtype: Any = None, rng: Seed = None,
    ) -> None:  # fmt: skip
        super().__init__()
        sizes = {
            "in1_features": in1_features,
            "in2_features": in2_features,
            "out_features": out_features,
        }
        positive("Bilinear", **sizes)
        self.in1_features, self.in2_features = in1_features, in2_features
        self.out_features = out_features
        self.weight = new_parameter((out_features, in1_features, in2_features), dtype)
        self.bias = new_parameter((out_features,), dtype) if bias else None
        self.reset_parameters(rng)

    def reset_parameters(self, rng: Seed = None) -> None:
        """Draw the parameters anew."""
        draw_uniform(self, 1 / math.sqrt(self.in1_features), rng)

    def forward(self, input1: Any, input2: Any) -> Any:
        """Apply it to inputs of shape (…, in1_features) and (…, in2_features)."""
        return _bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        """Return the sizes."""
        return f"{self.in1_features}, {self.in2_features}, {self.out_features}"


class Embedding(Module):
    """A table of vectors that is looked up by row number. Drawn from N(0, 1).

    Parameters
    ----------
    num_embeddings, embedding_dim : int
    padding_idx : int, optional
        A row that begins at 0 and receives no gradient.
    dtype, rng
        As in `Linear`.

    Attributes
    ----------
    weight : Tensor, shape (num_embeddings, embedding_dim)

    Raises
    ------
    ArgumentError
        For sizes below 1 or a padding row outside of the table.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.nn.Embedding(10, 3)([[1, 2, 2]]).shape
    (1, 3, 3)
    """

    _single = True

    def __init__(
        self, num_embeddings: int, embedding_dim: int, padding_idx: int | None = None,
        dtype: Any = None, rng: Seed = None,
    ) -> None:  # fmt: skip
        super().__init__()
        positive("Embedding", num_embeddings=num_embeddings, embedding_dim=embedding_dim)
        if padding_idx is not None and not -num_embeddings <= padding_idx < num_embeddings:
            expected = f"a padding_idx within {num_embeddings} rows"
            raise ArgumentError("Embedding", expected, repr(padding_idx))
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.padding_idx = None if padding_idx is None else padding_idx % num_embeddings
        self.weight = new_parameter((num_embeddings, embedding_dim), dtype)
        self.reset_parameters(rng)

    @classmethod
    def from_pretrained(
        cls, embeddings: Any, freeze: bool = True, padding_idx: int | None = None
    ) -> Embedding:
        """Return a module with a table that is given.

        Parameters
        ----------
        embeddings : array_like, shape (rows, width)
        freeze : bool
            Whether the table does not learn.
        padding_idx : int, optional
            As for the class; the row stays as it is given.

        Raises
        ------
        ShapeError
            For another number of axes.
        """
        table = embeddings if isinstance(embeddings, Tensor) else tensor(embeddings)
        if table.ndim != 2:
            raise ShapeError("Embedding.from_pretrained", "a table of 2 axes", str(table.shape))
        rows, width = table.shape
        module = cls(rows, width, padding_idx, table.dtype)
        module.weight.data = table.data
        module.weight.requires_grad_(not freeze)
        return module

    def reset_parameters(self, rng: Seed = None) -> None:
        """Draw the table anew."""
        normal_(self.weight, rng=rng)
        if self.padding_idx is not None:
            table = self.weight.data.copy()
            table[self.padding_idx] = 0
            self.weight.data = table

    def forward(self, input: Any) -> Any:
        """Look up row numbers of any shape."""
        return _embedding(input, self.weight, self.padding_idx)

    def extra_repr(self) -> str:
        """Return the sizes."""
        return f"{self.num_embeddings}, {self.embedding_dim}"


def positive(function: str, **sizes: int) -> None:
    """Raise `ArgumentError` unless all sizes are whole numbers from 1 on."""
    for name, size in sizes.items():
        if not isinstance(size, (int, np.integer)) or size < 1:
            raise ArgumentError(function, f"{name} of 1 or more", repr(size))


def draw_uniform(module: Module, bound: float, rng: Seed) -> None:
    """Draw all parameters of a module itself from U(−bound, bound), in their order."""
    generator = default_rng(rng)
    for leaf in module._parameters.values():
        uniform_(leaf, -bound, bound, generator)
