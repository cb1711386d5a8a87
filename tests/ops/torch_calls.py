"""What PyTorch calls each of our ops: our name, and the same call on its tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.nn import functional

Call = Callable[..., Any]

RENAMED = {"axis": "dim", "keepdims": "keepdim"}
DTYPES = {
    np.dtype(np.float64): torch.float64,
    np.dtype(np.float32): torch.float32,
    np.dtype(np.int64): torch.int64,
}

# Ours alone: PyTorch has no such function, or none that takes what ours is given.
NO_PEER = {
    "cbrt": "PyTorch has none",
    "scatter_at": "the transpose of indexing, which PyTorch keeps to itself",
    "dropout": "random",
    "to_backend": "a move, not a computation",
    "conv_weight_gradient": "a part of the convolutions",
    "window_sum": "a part of the poolings",
    "window_spread": "a part of the poolings",
    "window_pick": "a part of the poolings",
    "window_place": "a part of the poolings",
    "window_argmax": "a part of the poolings",
    "adaptive_argmax2d": "a part of the poolings",
    "eigh": "eigenvectors have a free sign; eigvalsh is compared",
    "svd": "singular vectors have a free sign; svdvals is compared",
}


class UnsupportedError(Exception):
    """PyTorch has the function, but not for this sample."""


def renamed(params: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters under PyTorch's names, without those that are None."""
    if params.get("axis", 0) == ():
        raise UnsupportedError  # no axes are all axes there
    out = {RENAMED.get(name, name): value for name, value in params.items() if value is not None}
    if "dtype" in out:
        out["dtype"] = DTYPES[np.dtype(out["dtype"])]
    return out


def same(function: Call) -> Call:
    return lambda *arrays, **params: function(*arrays, **renamed(params))


def listed(function: Call) -> Call:
    return lambda *arrays, **params: function(list(arrays), **renamed(params))


def all_axes(function: Call) -> Call:
    """PyTorch asks for the axes where NumPy takes all by default."""

    def call(a: Any, axis: Any = None, **params: Any) -> Any:
        axis = tuple(range(a.ndim)) if axis is None else axis
        return function(a, dim=axis, **renamed(params))

    return call


def flattened(function: Call) -> Call:
    """NumPy flattens the array where no axis is given, and one without axes in any case."""

    def call(a: Any, axis: Any = None, **params: Any) -> Any:
        if axis is None or not a.ndim:
            return function(a.reshape(-1), dim=0, **renamed(params))
        return function(a, dim=axis, **renamed(params))

    return call


def soft(function: Call) -> Call:
    """Give the axis that PyTorch guesses where it is left out."""
    return lambda input, axis=-1, dtype=None: function(
        input, **renamed({"axis": axis, "dtype": dtype})
    )


def _det(a: Any) -> Any:
    if (torch.linalg.matrix_rank(a) < a.shape[-1]).any():
        raise UnsupportedError  # PyTorch's gradient is not the cofactor matrix there
    return torch.linalg.det(a)


def _layer_norm(
    input: Any, weight: Any = None, bias: Any = None, *, normalized_shape: Any, eps: float = 1e-5
) -> Any:
    return functional.layer_norm(input, np.atleast_1d(normalized_shape).tolist(), weight, bias, eps)


def _rms_norm(
    input: Any, weight: Any = None, *, normalized_shape: Any, eps: float | None = None
) -> Any:
    return functional.rms_norm(input, np.atleast_1d(normalized_shape).tolist(), weight, eps)


def _copies(*statistics: Any) -> list[Any]:
    """PyTorch writes into the running statistics: give it copies."""
    return [None if a is None else a.detach().clone() for a in statistics]


def _instance_norm(
    input: Any, mean: Any = None, var: Any = None, *others: Any, **params: Any
) -> Any:
    return functional.instance_norm(input, *_copies(mean, var), *others, **params)


def _batch_norm(
    input: Any,
    mean: Any = None,
    var: Any = None,
    *others: Any,
    training: bool = False,
    momentum: float = 0.1,
    **params: Any,
) -> Any:
    """Return the new statistics, too: those that PyTorch writes cannot be differentiated."""
    if not training:
        raise UnsupportedError  # its statistics have no gradient there
    out = functional.batch_norm(input, *_copies(mean, var), *others, training=True, **params)
    axes = [0, *range(2, input.ndim)]
    batch = input.mean(axes), input.var(axes)
    if mean is None:
        return out, *batch
    old = mean, var
    return out, *[(1 - momentum) * r + momentum * b for r, b in zip(old, batch, strict=True)]


def _variance(function: Call) -> Call:
    def call(a: Any, ddof: float = 0, **params: Any) -> Any:
        return function(a, correction=ddof, **renamed(params | {"dtype": None}))

    return call


def as_index(index: Any) -> Any:
    if isinstance(index, tuple):
        return tuple([as_index(part) for part in index])
    if isinstance(index, (list, np.ndarray)):
        array = np.asarray(index)
        return torch.as_tensor(array.astype(np.int64) if not array.size else array)
    return index


def _set_at(a: Any, values: Any, index: Any) -> Any:
    out = a.clone()
    out[as_index(index)] = values
    return out


def _add_at(a: Any, values: Any, index: Any) -> Any:
    if not isinstance(index, (list, np.ndarray)):
        raise UnsupportedError
    return a.index_put((as_index(index),), values, accumulate=True)


def _take(a: Any, indices: Any, axis: Any = None, mode: str = "raise") -> Any:
    if mode != "raise":
        raise UnsupportedError
    indices = torch.as_tensor(indices)
    if axis is None:
        return torch.take(a, indices)
    picked = a.index_select(axis, indices.reshape(-1) % a.shape[axis])
    k = axis % a.ndim
    return picked.reshape((*a.shape[:k], *indices.shape, *a.shape[k + 1 :]))


def _compress(condition: Any, a: Any, axis: Any = None) -> Any:
    kept = torch.nonzero(condition).reshape(-1)
    return a.reshape(-1)[kept] if axis is None else a.index_select(axis, kept)


def _pad(array: Any, pad_width: Any, mode: str = "constant", constant_values: float = 0) -> Any:
    names = {"constant": "constant", "reflect": "reflect", "edge": "replicate", "wrap": "circular"}
    if mode not in names or array.ndim != 2:
        raise UnsupportedError
    widths = np.broadcast_to(pad_width, (2, 2))[::-1].reshape(-1).tolist()
    if mode == "constant":
        return functional.pad(array, widths, value=constant_values)
    return functional.pad(array[None, None], widths, mode=names[mode])[0, 0]


def _windows(x: Any, window_shape: Any, axis: Any = None) -> Any:
    lengths = np.atleast_1d(window_shape).tolist()
    axes = range(x.ndim) if axis is None else np.atleast_1d(axis).tolist()
    ndim = x.ndim
    for k, n in zip(axes, lengths, strict=True):
        x = x.unfold(k % ndim, n, 1)
    return x


def _clip(a: Any, a_min: Any = None, a_max: Any = None) -> Any:
    tensors = [None if b is None else torch.as_tensor(b, dtype=a.dtype) for b in (a_min, a_max)]
    return torch.clamp(a, *tensors)


def _where(condition: Any, x: Any, y: Any) -> Any:
    return torch.where(condition.bool(), x, y)


def _attention(
    query: Any, key: Any, value: Any, attn_mask: Any = None, mask: Any = None, **params: Any
) -> Any:
    if params.pop("dropout_p", 0) or mask is not None:
        raise UnsupportedError
    params.pop("rng", None)
    return functional.scaled_dot_product_attention(query, key, value, attn_mask, **params)


def _repeat(a: Any, repeats: Any, axis: Any = None) -> Any:
    return torch.repeat_interleave(a, torch.as_tensor(repeats), dim=axis)


def _put(arr: Any, indices: Any, values: Any, axis: int = -1) -> Any:
    return torch.scatter(arr, axis, indices, torch.broadcast_to(values, indices.shape))


def _trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None) -> Any:
    return torch.diagonal(a, offset, axis1, axis2).sum(-1)


def _median(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return torch.quantile(a, 0.5, dim=axis, keepdim=keepdims)


def _reshape(a: Any, shape: Any, order: str = "C") -> Any:
    if order != "C":
        raise UnsupportedError
    return a.reshape(shape)


def _concatenate(*arrays: Any, axis: Any = 0) -> Any:
    return torch.cat([a.reshape(-1) for a in arrays] if axis is None else arrays, axis or 0)


def _embedding(input: Any, weight: Any, padding_idx: int | None = None) -> Any:
    return functional.embedding(input, weight, padding_idx)


def _pool(function: Call) -> Call:
    return lambda input, **params: function(input, return_indices=True, **params)


SAME_NAME = [
    "abs", "add", "addcdiv", "addcmul", "addmm", "arccos", "arccosh", "arcsin", "arcsinh",
    "arctan", "arctan2", "arctanh", "argmax", "argmin", "baddbmm", "bitwise_and", "bitwise_not",
    "bitwise_or", "bitwise_xor", "ceil", "chunk", "copysign", "cos", "cosh", "cosine_similarity",
    "deg2rad", "diagflat", "divide", "erf", "exp", "exp2", "expm1", "flatten", "float_power",
    "floor", "floor_divide", "fmax", "fmin", "fmod", "greater", "greater_equal", "hypot",
    "index_add", "inner", "isclose", "isfinite", "isinf", "isnan", "kron", "lerp", "less",
    "less_equal", "log", "log10", "log1p", "log2", "logaddexp", "logaddexp2",
    "logical_and", "logical_not", "logical_or", "logical_xor", "logit", "masked_fill", "matmul",
    "maximum", "minimum", "moveaxis", "multiply", "nan_to_num", "nansum", "negative",
    "not_equal", "outer", "positive", "prelu", "rad2deg", "reciprocal", "relu", "remainder",
    "round", "rsqrt", "selu", "sigmoid", "sign", "sin", "sinc", "sinh", "sqrt",
    "square", "squeeze", "subtract", "tan", "tanh", "topk", "trunc", "unbind",
    "xlogy",
]  # fmt: skip
FUNCTIONAL = [
    "avg_pool1d", "avg_pool2d", "avg_pool3d", "bilinear", "binary_cross_entropy", "celu", "conv1d",
    "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
    "cosine_embedding_loss", "cross_entropy", "elu", "gaussian_nll_loss", "gelu", "glu",
    "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "hinge_embedding_loss", "huber_loss",
    "kl_div", "l1_loss", "leaky_relu", "linear", "logsigmoid", "lp_pool1d", "lp_pool2d",
    "margin_ranking_loss", "max_pool1d", "max_pool2d", "max_pool3d", "mish", "mse_loss", "nll_loss",
    "normalize", "one_hot", "pairwise_distance", "poisson_nll_loss", "relu6", "silu",
    "smooth_l1_loss", "soft_margin_loss", "softplus", "softshrink", "softsign",
    "tanhshrink", "threshold", "triplet_margin_loss",
]  # fmt: skip
LINALG = ["cholesky", "eigvalsh", "inv", "norm", "slogdet", "solve", "svdvals"]

CALLS: dict[str, Call] = {
    **{name: same(getattr(torch, name)) for name in SAME_NAME if hasattr(torch, name)},
    **{name: same(getattr(functional, name)) for name in FUNCTIONAL},
    **{name: same(getattr(torch.linalg, name)) for name in LINALG},
    "softmax": soft(functional.softmax),
    "log_softmax": soft(functional.log_softmax),
    "softmin": soft(functional.softmin),
    "swapaxes": lambda a, axis1, axis2: torch.swapaxes(a, axis1, axis2),
    "det": _det,
    "layer_norm": _layer_norm,
    "rms_norm": _rms_norm,
    "group_norm": lambda input, weight=None, bias=None, **params: functional.group_norm(
        input, weight=weight, bias=bias, **params
    ),
    "instance_norm": _instance_norm,
    "batch_norm": _batch_norm,
    "interpolate": functional.interpolate,
    "pixel_shuffle": functional.pixel_shuffle,
    "adaptive_avg_pool1d": functional.adaptive_avg_pool1d,
    "adaptive_avg_pool2d": functional.adaptive_avg_pool2d,
    "adaptive_max_pool2d": functional.adaptive_max_pool2d,
    "logsigmoid": functional.logsigmoid,
    "power": torch.pow,
    "equal": torch.eq,
    "allclose": lambda a, b, **params: torch.tensor(torch.allclose(a, b, **params)),
    "binary_cross_entropy_with_logits": lambda input, target, weight=None, pos=None, **params: (
        functional.binary_cross_entropy_with_logits(input, target, weight, pos_weight=pos, **params)
    ),
    "multi_margin_loss": lambda input, target, weight=None, **params: functional.multi_margin_loss(
        input, target, weight=weight, **params
    ),
    "multilabel_margin_loss": functional.multilabel_margin_loss,
    "embedding": _embedding,
    "scaled_dot_product_attention": _attention,
    "getitem": lambda a, index: a[as_index(index)],
    "reshape": _reshape,
    "ravel": torch.ravel,
    "unflatten": lambda a, axis, sizes: torch.unflatten(a, axis, np.atleast_1d(sizes).tolist()),
    "expand_dims": lambda a, axis: torch.unsqueeze(a, axis),
    "transpose": lambda a, axes=None: a.permute(
        tuple(range(a.ndim))[::-1] if axes is None else axes
    ),
    "permute": lambda a, dims: torch.permute(a, tuple(np.atleast_1d(dims))),
    "flip": lambda m, axis=None: torch.flip(
        m, tuple(range(m.ndim)) if axis is None else tuple(np.atleast_1d(axis))
    ),
    "roll": lambda a, shift, axis=None: torch.roll(a, shift, axis),
    "rot90": lambda m, k=1, axes=(0, 1): torch.rot90(m, k, axes),
    "broadcast_to": lambda array, shape: torch.broadcast_to(array, tuple(np.atleast_1d(shape))),
    "repeat": _repeat,
    "tile": lambda A, reps: torch.tile(A, tuple(np.atleast_1d(reps).astype(int).tolist())),
    "astype": lambda x, dtype: x.to(DTYPES[np.dtype(dtype)]),
    "diag": lambda v, k=0: torch.diag(v, k),
    "diagflat": lambda v, k=0: torch.diagflat(v, k),
    "tril": lambda m, k=0: torch.tril(m, k),
    "triu": lambda m, k=0: torch.triu(m, k),
    "einsum": lambda *operands, subscripts, optimize=True: torch.einsum(subscripts, *operands),
    "clip": _clip,
    "contiguous": lambda a: a.contiguous(),
    "sum": same(torch.sum),
    "mean": same(torch.mean),
    "nanmean": same(torch.nanmean),
    "prod": same(torch.prod),
    "max": same(torch.amax),
    "min": same(torch.amin),
    "amax": same(torch.amax),
    "amin": same(torch.amin),
    "median": _median,
    "any": same(torch.any),
    "all": same(torch.all),
    "concatenate": _concatenate,
    "stack": listed(torch.stack),
    "hstack": listed(torch.hstack),
    "vstack": listed(torch.vstack),
    "dstack": listed(torch.dstack),
    "column_stack": listed(torch.column_stack),
    "dot": torch.dot,
    "vdot": torch.vdot,
    "tensordot": lambda a, b, axes=2: torch.tensordot(a, b, axes),
    "diagonal": lambda a, offset=0, axis1=0, axis2=1: torch.diagonal(a, offset, axis1, axis2),
    "trace": _trace,
    "pad": _pad,
    "sliding_window_view": _windows,
    "max_pool1d_with_indices": _pool(functional.max_pool1d),
    "max_pool2d_with_indices": _pool(functional.max_pool2d),
    "rint": torch.round,
    "cumsum": flattened(torch.cumsum),
    "cumprod": flattened(torch.cumprod),
    "logcumsumexp": flattened(torch.logcumsumexp),
    "cummax": flattened(torch.cummax),
    "cummin": flattened(torch.cummin),
    "diff": lambda a, prepend=None, append=None, n=1, axis=-1: torch.diff(
        a, n, axis, prepend, append
    ),
    "add_at": _add_at,
    "set_at": _set_at,
    "index_add": lambda a, index, source, axis, alpha=1.0: torch.index_add(
        a, axis, index, source, alpha=alpha
    ),
    "scatter": lambda a, index, src, axis: torch.scatter(
        a, axis, index, src if src.ndim else src.expand(index.shape)
    ),
    "scatter_add": lambda a, index, src, axis: torch.scatter_add(a, axis, index, src),
    "put_along_axis": _put,
    "where": _where,
    "take": _take,
    "take_along_axis": lambda arr, indices, axis=-1: torch.take_along_dim(arr, indices, axis),
    "compress": _compress,
    "masked_fill": lambda a, mask, value: torch.broadcast_to(
        a, torch.broadcast_shapes(a.shape, mask.shape)
    ).masked_fill(mask, value),
    "sort": flattened(lambda a, dim: torch.sort(a, dim=dim, stable=True).values),
    "argsort": flattened(lambda a, dim: torch.argsort(a, dim=dim, stable=True)),
    "searchsorted": lambda a, v, side="left": torch.searchsorted(a, v, side=side),
    "split": lambda ary, indices_or_sections, axis=0: torch.tensor_split(
        ary, indices_or_sections, axis
    ),
    "array_split": lambda ary, indices_or_sections, axis=0: torch.tensor_split(
        ary, indices_or_sections, axis
    ),
    "var": _variance(torch.var),
    "std": _variance(torch.std),
    "logsumexp": all_axes(torch.logsumexp),
}
# sort and argsort work on the last axis, unlike the others that flatten.
for _name in ("sort", "argsort"):
    CALLS[_name] = (lambda call: lambda a, axis=-1: call(a, axis=axis))(CALLS[_name])
