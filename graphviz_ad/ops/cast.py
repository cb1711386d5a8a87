"""Conversion to another dtype, and the move to another backend."""

from __future__ import annotations

import numpy as np

from graphviz_ad.backend import move, name_of, require
from graphviz_ad.engine.op import Failure, Op, Sample
from graphviz_ad.engine.tensor import Tensor
from graphviz_ad.errors import BackendError, DTypeError


class Astype(Op):
    """Convert to another dtype; the gradient is converted back.

    Integers and booleans carry no gradient.

    Parameters
    ----------
    x : array_like
    dtype : dtype

    Raises
    ------
    DTypeError
        For complex numbers, strings, objects, or what is no dtype.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.tensor([1.7, -1.7]).astype(int)
    tensor([ 1, -1], shape=(2,), dtype=int64)
    """

    name, label, method = "astype", "dtype", True
    tex = r"$y = \operatorname{astype}($a)"
    vjp_tex = (r"\operatorname{astype}($g)",)

    def prepare(x, *, dtype):
        wanted = np.dtype(dtype)
        if wanted.kind not in "biuf":
            raise DTypeError("astype", "a dtype of booleans, integers or real numbers", str(wanted))
        return (x,), {"dtype": wanted}

    def forward(xp, x, *, dtype):
        return x.astype(dtype)

    def vjp(xp, g, out, x, *, dtype):
        return g.astype(x.dtype)

    def reference(x, *, dtype):
        return np.asarray(x).astype(dtype)

    def samples(rng):
        x = rng.normal(size=(2, 3))
        return [
            # a list: as an array it would also be tried in float32, which this converts
            Sample(x.tolist(), dtype=np.float64),
            Sample(1.5, dtype=np.float64),
            Sample([], dtype=float),
            Sample(np.arange(3), dtype=float),
            Sample(x > 0, dtype="float32"),
            Sample(x, dtype=int),
        ]

    fails = Failure(DTypeError, r"astype: .*complex", [1.0], dtype=complex)


class ToBackend(Op):
    """Move to another backend; the gradient is moved back.

    Parameters
    ----------
    x : array_like
    backend : str
        ``"numpy"`` or ``"cupy"``.

    Raises
    ------
    BackendError
        For another name, and for CuPy where it is not installed or finds no GPU.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.to_backend(ad.tensor([1.0, 2.0]), "numpy").backend
    'numpy'
    """

    name, label = "to_backend", "to"
    tex = r"$y = \operatorname{to}_{\mathrm{$backend}}($a)"
    vjp_tex = (r"$g \text{ on the backend of } $a",)

    def prepare(x, *, backend):
        require(backend, "to_backend")
        return (x,), {"backend": backend}

    def forward(xp, x, *, backend):
        return move(x, backend, "to_backend")

    def vjp(xp, g, out, x, *, backend):
        if isinstance(g, Tensor):
            return g.to(x.backend if isinstance(x, Tensor) else name_of(x))
        return move(g, name_of(x), "to_backend")

    def reference(x, *, backend):
        return np.asarray(x)

    def samples(rng):
        return [Sample(rng.normal(size=(2, 3)), backend="numpy"), Sample(2.0, backend="numpy")]

    fails = Failure(BackendError, r"to_backend: .* 'cuda'; a GPU is \"cupy\"", [1.0],
                    backend="cuda")  # fmt: skip
