"""Initialisers, seeded by `numpy.random.Generator`. They rebind: arrays never change in place.

Every initialiser takes ``rng=``, a generator or a seed. Where it is left out, the
package's generator draws, the same one that dropout uses; `manual_seed` seeds it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from graphviz_ad.backend import namespace, special
from graphviz_ad.engine.tensor import Tensor, parameter
from graphviz_ad.engine.variables import user_site
from graphviz_ad.errors import ArgumentError, ShapeError
from graphviz_ad.ops.linear import GENERATOR

__all__ = [
    "calculate_gain", "constant_", "default_rng", "dirac_", "eye_",
    "kaiming_normal_", "kaiming_uniform_", "lecun_normal_", "manual_seed", "normal_", "ones_",
    "orthogonal_", "sparse_",
    "trunc_normal_", "uniform_", "xavier_normal_", "xavier_uniform_", "zeros_",
]  # fmt: skip

Seed = np.random.Generator | int | None


def default_rng(rng: Seed = None) -> np.random.Generator:
    """Return the generator that ``rng=`` stands for: the package's own where it is None.

    Parameters
    ----------
    rng : numpy.random.Generator or int, optional

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.nn.init.default_rng() is ad.nn.init.default_rng()
    True
    """
    return GENERATOR if rng is None else np.random.default_rng(rng)


def manual_seed(seed: int) -> np.random.Generator:
    """Seed the package's generator, which initialises modules and draws dropout, and return it.

    Parameters
    ----------
    seed : int
        0 or more.

    Raises
    ------
    ArgumentError
        For anything else.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> rng = ad.manual_seed(0)
    >>> first = ad.nn.Linear(2, 2).weight
    >>> rng = ad.manual_seed(0)
    >>> bool((ad.nn.Linear(2, 2).weight.data == first.data).all())
    True
    """
    try:
        state = np.random.PCG64(seed).state
    except (TypeError, ValueError) as error:
        raise ArgumentError("manual_seed", "an integer of 0 or more", repr(seed)) from error
    # In place, so that everybody who holds the generator sees it.
    GENERATOR.bit_generator.state = state
    return GENERATOR


def new_parameter(shape: tuple[int, ...], dtype: Any = None) -> Tensor:
    """Return a parameter of zeros that counts as made where the user calls the package."""
    leaf = parameter(np.zeros(shape, dtype or np.float64))
    leaf._site = user_site()
    return leaf


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """Return the factor that keeps the variance through a nonlinearity.

    Parameters
    ----------
    nonlinearity : str
        linear, conv1d … conv_transpose3d, sigmoid (1), tanh (5/3), relu (√2),
        leaky_relu (√(2 / (1 + slope²))) or selu (3/4): PyTorch's table.
    param : float, optional
        The slope of leaky_relu, 0.01 where it is left out.

    Raises
    ------
    ArgumentError
        For another name.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> round(ad.nn.init.calculate_gain("relu"), 4)
    1.4142
    """
    if nonlinearity == "leaky_relu":
        return math.sqrt(2 / (1 + (0.01 if param is None else param) ** 2))
    gains = {"linear": 1.0, "sigmoid": 1.0, "tanh": 5 / 3, "relu": math.sqrt(2), "selu": 0.75}
    if nonlinearity.startswith("conv"):
        return 1.0
    if nonlinearity not in gains:
        expected = f"one of {', '.join(gains)}, leaky_relu"
        raise ArgumentError("calculate_gain", expected, repr(nonlinearity))
    return gains[nonlinearity]


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fill with `val`, and return the tensor."""
    return _fill(tensor, np.full(tensor.shape, val))


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with 0, and return the tensor."""
    return constant_(tensor, 0.0)


def ones_(tensor: Tensor) -> Tensor:
    """Fill with 1, and return the tensor."""
    return constant_(tensor, 1.0)


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, rng: Seed = None) -> Tensor:
    """Draw from the uniform distribution on [a, b), and return the tensor."""
    return _fill(tensor, default_rng(rng).uniform(a, b, tensor.shape))


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, rng: Seed = None) -> Tensor:
    """Draw from the normal distribution, and return the tensor."""
    return _fill(tensor, default_rng(rng).normal(mean, std, tensor.shape))


def trunc_normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0,
    rng: Seed = None,
) -> Tensor:  # fmt: skip
    """Draw from the normal distribution cut off at `a` and `b`, and return the tensor.

    By the inverse of the distribution function; the cuts are values, not multiples of `std`.
    """
    if not (a < b and std > 0):
        raise ArgumentError("trunc_normal_", "a < b and a positive std", f"{a=}, {b=}, {std=}")
    functions = special(np)
    low, high = functions.ndtr([(a - mean) / std, (b - mean) / std])
    drawn = functions.ndtri(default_rng(rng).uniform(low, high, tensor.shape))
    return _fill(tensor, np.clip(mean + std * drawn, a, b))


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, rng: Seed = None) -> Tensor:
    """Draw from U(−b, b) with ``b = gain · √(6 / (fan_in + fan_out))``, and return the tensor.

    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
    networks", AISTATS 2010.

    Parameters
    ----------
    tensor : Tensor, shape (out, in, …)
    gain : float
        See `calculate_gain`.
    rng : numpy.random.Generator or int, optional

    Raises
    ------
    ShapeError
        With fewer than two axes: the fans are not defined.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> w = ad.nn.init.xavier_uniform_(ad.parameter([[0.0, 0.0, 0.0]]), rng=0)
    >>> bool((abs(w.data) < 6**0.5 / 2).all())
    True
    """
    bound = gain * math.sqrt(6 / sum(_fans(tensor, "xavier_uniform_")))
    return uniform_(tensor, -bound, bound, rng)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, rng: Seed = None) -> Tensor:
    """Draw from N(0, σ²) with ``σ = gain · √(2 / (fan_in + fan_out))``, and return the tensor.

    Glorot and Bengio, AISTATS 2010; parameters and errors as in `xavier_uniform_`.
    """
    std = gain * math.sqrt(2 / sum(_fans(tensor, "xavier_normal_")))
    return normal_(tensor, 0.0, std, rng)


def kaiming_uniform_(
    tensor: Tensor, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu",
    rng: Seed = None,
) -> Tensor:  # fmt: skip
    """Draw from U(−b, b) with ``b = gain · √(3 / fan)``, and return the tensor.

    He et al., "Delving deep into rectifiers: surpassing human-level performance on
    ImageNet classification", ICCV 2015.

    Parameters
    ----------
    tensor : Tensor, shape (out, in, …)
    a : float
        The negative slope, for leaky_relu.
    mode : {"fan_in", "fan_out"}
        Whether the variance is kept in the forward or in the backward pass.
    nonlinearity : str
        See `calculate_gain`.
    rng : numpy.random.Generator or int, optional

    Raises
    ------
    ShapeError
        With fewer than two axes.
    ArgumentError
        For another mode or nonlinearity.
    """
    std = _kaiming_std(tensor, "kaiming_uniform_", a, mode, nonlinearity)
    return uniform_(tensor, -math.sqrt(3) * std, math.sqrt(3) * std, rng)


def kaiming_normal_(
    tensor: Tensor, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu",
    rng: Seed = None,
) -> Tensor:  # fmt: skip
    """Draw from N(0, σ²) with ``σ = gain / √fan``, and return the tensor.

    He et al., ICCV 2015; parameters and errors as in `kaiming_uniform_`.
    """
    return normal_(tensor, 0.0, _kaiming_std(tensor, "kaiming_normal_", a, mode, nonlinearity), rng)


def lecun_normal_(tensor: Tensor, rng: Seed = None) -> Tensor:
    """Draw from N(0, 1 / fan_in), and return the tensor.

    LeCun, Bottou, Orr and Müller, "Efficient BackProp", 1998; what SELU networks need
    (Klambauer et al., "Self-normalizing neural networks", NeurIPS 2017).

    Raises
    ------
    ShapeError
        With fewer than two axes.
    """
    return normal_(tensor, 0.0, 1 / math.sqrt(_fans(tensor, "lecun_normal_")[0]), rng)


def orthogonal_(tensor: Tensor, gain: float = 1.0, rng: Seed = None) -> Tensor:
    """Fill with a random (semi-)orthogonal matrix times `gain`, and return the tensor.

    Saxe, McClelland and Ganguli, "Exact solutions to the nonlinear dynamics of learning in
    deep linear neural networks", ICLR 2014. Axes after the first count as one.

    Raises
    ------
    ShapeError
        With fewer than two axes.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> import numpy as np
    >>> w = ad.nn.init.orthogonal_(ad.parameter(np.zeros((2, 5))), rng=0)
    >>> bool(np.allclose(w.data @ w.data.T, np.eye(2)))
    True
    """
    _fans(tensor, "orthogonal_")
    rows, columns = tensor.shape[0], tensor.size // tensor.shape[0]
    drawn = default_rng(rng).normal(size=(max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(drawn)
    q *= np.sign(np.diag(r))  # makes the distribution uniform
    return _fill(tensor, gain * (q.T if rows < columns else q).reshape(tensor.shape))


def eye_(tensor: Tensor) -> Tensor:
    """Fill with the identity matrix, and return the tensor.

    Raises
    ------
    ShapeError
        For other than two axes.
    """
    if tensor.ndim != 2:
        raise ShapeError("eye_", "a tensor of 2 axes", str(tensor.shape))
    rows, columns = tensor.shape
    return _fill(tensor, np.eye(rows, columns))


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """Fill the weight of a convolution so that channels pass as they are, and return it.

    Zagoruyko and Komodakis, "DiracNets", arXiv:1706.00388.

    Parameters
    ----------
    tensor : Tensor, shape (out, in / groups, …)
    groups : int

    Raises
    ------
    ShapeError
        For fewer than three or more than five axes, or filters that do not divide.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> layer = ad.nn.Conv1d(2, 2, 3, padding=1, bias=False)
    >>> w = ad.nn.init.dirac_(layer.weight)
    >>> layer([[[1.0, 2.0], [3.0, 4.0]]]).data.tolist()
    [[[1.0, 2.0], [3.0, 4.0]]]
    """
    shape = tensor.shape
    if not 3 <= len(shape) <= 5 or shape[0] % groups:
        raise ShapeError("dirac_", f"a weight of 3 to 5 axes in {groups} groups", str(shape))
    values = np.zeros(shape)
    middle = tuple(n // 2 for n in shape[2:])
    filters = shape[0] // groups
    for group in range(groups):
        for k in range(min(filters, shape[1])):
            values[(group * filters + k, k, *middle)] = 1
    return _fill(tensor, values)


def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, rng: Seed = None) -> Tensor:
    """Draw from N(0, std²), set a share of every column to 0, and return the tensor.

    Martens, "Deep learning via Hessian-free optimization", ICML 2010.

    Parameters
    ----------
    tensor : Tensor, shape (rows, columns)
    sparsity : float, in [0, 1]
        The share of zeros, rounded up to whole elements.
    std : float
    rng : numpy.random.Generator or int, optional

    Raises
    ------
    ShapeError
        Unless there are two axes.
    ArgumentError
        For a share outside [0, 1].
    """
    if tensor.ndim != 2:
        raise ShapeError("sparse_", "two axes", f"{tensor.name or 'tensor'} {tensor.shape}")
    if not 0 <= sparsity <= 1:
        raise ArgumentError("sparse_", "a sparsity in [0, 1]", repr(sparsity))
    generator = default_rng(rng)
    drawn = generator.normal(0.0, std, tensor.shape)
    order = generator.permuted(
        np.tile(np.arange(tensor.shape[0])[:, None], tensor.shape[1]), axis=0
    )
    drawn[order < math.ceil(sparsity * tensor.shape[0])] = 0.0
    return _fill(tensor, drawn)


def _fans(tensor: Tensor, function: str) -> tuple[int, int]:
    """Return how many inputs reach an output, and how many outputs an input reaches."""
    if tensor.ndim < 2:
        hint = "only a matrix or a kernel has fans"
        got = f"{tensor.name or 'tensor'} {tensor.shape}"
        raise ShapeError(function, "at least two axes (out, in, …)", got, hint)
    field = math.prod(tensor.shape[2:])
    return tensor.shape[1] * field, tensor.shape[0] * field


def _kaiming_std(tensor: Tensor, function: str, a: float, mode: str, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ArgumentError(function, "mode 'fan_in' or 'fan_out'", repr(mode))
    fan = _fans(tensor, function)[mode == "fan_out"]
    return calculate_gain(nonlinearity, a) / math.sqrt(fan)


def _fill(tensor: Tensor, values: Any) -> Tensor:
    if not isinstance(tensor, Tensor):
        raise ArgumentError("nn.init", "a Tensor", type(tensor).__name__, "use ad.parameter(array)")
    tensor.data = namespace(tensor.data).asarray(values.astype(tensor.dtype))
    return tensor
