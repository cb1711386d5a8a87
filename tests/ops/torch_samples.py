"""What we call each operation of PyTorch's own test suite: its name there, and the same call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import graphviz_ad as ad

Call = Callable[..., Any]

RENAMED = {"dim": "axis", "keepdim": "keepdims"}


class UnlikeError(Exception):
    """A sample of what PyTorch alone has."""


def renamed(params: dict[str, Any]) -> dict[str, Any]:
    """Return PyTorch's parameters under NumPy's names."""
    if params.get("dtype") is not None:
        raise UnlikeError  # dtypes have tests of their own
    found = {RENAMED.get(name, name): value for name, value in params.items() if name != "dtype"}
    if isinstance(found.get("axis"), list):
        found["axis"] = tuple(found["axis"])
    return found


def plain(name: str) -> Call:
    def call(*operands: Any, **params: Any) -> Any:
        function = ad
        for part in name.split("."):
            function = getattr(function, part)
        return function(*operands, **renamed(params))

    return call


def as_is(name: str) -> Call:
    return lambda *operands, **params: getattr(ad, name)(*operands, **params)


def reduction(name: str) -> Call:
    def call(x: Any, dim: Any = None, keepdim: bool = False, **params: Any) -> Any:
        axis = tuple(dim) if isinstance(dim, (tuple, list)) else dim
        # no axes are all axes there
        axis = None if axis == () else axis
        return getattr(ad, name)(x, axis=axis, keepdims=keepdim, **renamed(params))

    return call


def scan(name: str) -> Call:
    return lambda x, dim, **params: getattr(ad, name)(x, axis=dim, **renamed(params))


def spread(name: str) -> Call:
    """Take a shape that PyTorch also takes as separate arguments."""

    def call(x: Any, *shape: Any, **params: Any) -> Any:
        whole = len(shape) == 1 and isinstance(shape[0], (tuple, list))
        return getattr(ad, name)(x, tuple(shape[0]) if whole else shape, **params)

    return call


def deviation(name: str) -> Call:
    def call(x: Any, *operands: Any, **params: Any) -> Any:
        if operands or params.get("dim") == ():
            raise UnlikeError
        ddof = params.pop("correction", None)
        ddof = int(params.pop("unbiased", True)) if ddof is None else ddof
        return getattr(ad, name)(x, ddof=ddof, **renamed(params))

    return call


def with_multiple(name: str) -> Call:
    def call(x: Any, y: Any, alpha: Any = 1) -> Any:
        return getattr(ad, name)(x, y if alpha == 1 else ad.multiply(y, alpha))

    return call


def padded(mode: str) -> Call:
    def call(x: Any, pad: Any, _mode: Any = None, value: Any = None, **params: Any) -> Any:
        if any(n < 0 for n in pad):
            raise UnlikeError
        widths = [(0, 0)] * x.ndim
        for k in range(len(pad) // 2):
            widths[x.ndim - 1 - k] = (pad[2 * k], pad[2 * k + 1])
        constant = {"constant_values": value or 0} if mode == "constant" else {}
        return ad.pad(x, widths, mode=mode, **constant)

    return call


def split(x: Any, sizes: Any, dim: int = 0) -> Any:
    if isinstance(sizes, int):
        return ad.split(x, list(range(sizes, x.shape[dim], sizes)), axis=dim)
    return ad.split(x, list(np.cumsum(sizes)[:-1]), axis=dim)


def interpolate(x: Any, size: Any = None, scale_factor: Any = None, **params: Any) -> Any:
    if params.pop("recompute_scale_factor", None):
        raise UnlikeError
    return ad.interpolate(x, size, scale_factor, **params)


def normalised(name: str) -> Call:
    """Return the output without the new statistics."""

    def call(x: Any, *operands: Any, **params: Any) -> Any:
        if name == "instance_norm":
            params.pop("momentum", None)
        out = getattr(ad, name)(x, *operands, **params)
        return out[0] if isinstance(out, tuple) else out

    return call


def attention(query: Any, key: Any, value: Any, attn_mask: Any = None, **params: Any) -> Any:
    if params.pop("dropout_p", 0) or params.pop("enable_gqa", False):
        raise UnlikeError
    return ad.scaled_dot_product_attention(query, key, value, attn_mask, **params)


def scatter(x: Any, dim: int, index: Any, src: Any = None, value: Any = None, **params: Any) -> Any:
    if params:
        raise UnlikeError
    return ad.scatter(x, dim, index, value if src is None else src)


def solve(a: Any, b: Any, left: bool = True) -> Any:
    if not left or (b.ndim > 1 and b.shape == a.shape[:-1]):
        raise UnlikeError  # NumPy takes vectors with one axis only
    return ad.linalg.solve(a, b)


def embedding(weight: Any, indices: Any, padding_idx: Any = None, **params: Any) -> Any:
    if any(params.values()):
        raise UnlikeError
    return ad.embedding(indices, weight, padding_idx)


def pooled(name: str) -> Call:
    def call(x: Any, *operands: Any, **params: Any) -> Any:
        suffix = "_with_indices" if params.pop("return_indices", False) else ""
        if not hasattr(ad, name + suffix):
            raise UnlikeError
        return getattr(ad, name + suffix)(x, *operands, **params)

    return call


SAME = [
    "abs", "acos", "acosh", "addcdiv", "addcmul", "addmm", "asin", "asinh", "atan", "atan2",
    "atanh", "baddbmm", "bmm", "ceil", "copysign", "cos", "cosh", "deg2rad", "dot", "eq", "erf",
    "exp", "exp2", "expm1", "float_power", "floor", "floor_divide", "fmax", "fmin", "fmod", "ge",
    "gt", "hypot", "inner", "isclose", "isfinite", "isinf", "isnan", "kron", "le", "lerp",
    "linalg.cholesky", "linalg.det", "linalg.inv", "linalg.slogdet", "linalg.svdvals", "log",
    "log10", "log1p", "log2", "logaddexp", "logaddexp2", "logical_and", "logical_not",
    "logical_or", "logical_xor", "logit", "lt", "masked_fill", "matmul", "maximum", "minimum",
    "mm", "movedim", "mul", "nan_to_num", "ne", "neg", "outer", "positive", "pow", "rad2deg",
    "ravel", "reciprocal", "remainder", "round", "rsqrt", "rot90", "sigmoid", "sin", "sinc",
    "sinh", "sqrt", "square", "tan", "tanh", "trunc", "unsqueeze", "vdot", "xlogy",
    "stack", "hstack", "vstack", "dstack", "column_stack", "diag", "meshgrid.variadic_tensors",
]  # fmt: skip
FUNCTIONAL = [
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "avg_pool1d", "avg_pool2d", "avg_pool3d",
    "bilinear", "binary_cross_entropy", "binary_cross_entropy_with_logits", "celu", "conv1d",
    "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
    "cosine_embedding_loss", "cosine_similarity", "cross_entropy", "elu", "gaussian_nll_loss",
    "gelu", "glu", "group_norm", "hardshrink", "hardsigmoid", "hardswish", "hardtanh",
    "hinge_embedding_loss", "huber_loss", "kl_div", "l1_loss", "layer_norm", "leaky_relu",
    "linear", "logsigmoid", "margin_ranking_loss", "mish", "mse_loss", "multi_margin_loss",
    "multilabel_margin_loss", "nll_loss", "normalize", "pairwise_distance", "pixel_shuffle",
    "poisson_nll_loss", "prelu", "relu", "relu6", "rms_norm", "selu", "silu", "smooth_l1_loss",
    "soft_margin_loss", "softplus", "softshrink", "softsign", "tanhshrink", "threshold",
    "triplet_margin_loss",
]  # fmt: skip

CALLS: dict[str, Call] = {
    **{name: plain(name) for name in SAME},
    **{f"nn.functional.{name}": as_is(name) for name in FUNCTIONAL},
    **{f"nn.functional.max_pool{rank}d": pooled(f"max_pool{rank}d") for rank in (1, 2, 3)},
    **{
        name: reduction(name)
        for name in ("sum", "nansum", "nanmean", "mean", "prod", "amax", "amin", "any", "all")
    },
    **{name: reduction(name) for name in ("argmax", "argmin", "logsumexp")},
    **{name: scan(name) for name in ("cumsum", "cumprod", "logcumsumexp", "cummax", "cummin")},
    **{name: spread(name) for name in ("reshape", "tile", "permute")},
    **{name: scan(name) for name in ("softmax", "log_softmax")},
    **{f"nn.functional.{name}": normalised(name) for name in ("batch_norm", "instance_norm")},
    "add": with_multiple("add"),
    "sub": with_multiple("subtract"),
    "meshgrid.variadic_tensors": as_is("meshgrid"),
    "clamp": lambda x, min=None, max=None: ad.clip(x, min, max),
    "true_divide": as_is("divide"),
    "div.no_rounding_mode": lambda x, y, rounding_mode=None: x / y,
    "var": deviation("var"),
    "std": deviation("std"),
    "nn.functional.softmin": scan("softmin"),
    "max.reduction_no_dim": as_is("max"),
    "min.reduction_no_dim": as_is("min"),
    "diff": lambda x, n=1, dim=-1, prepend=None, append=None: ad.diff(x, n, dim, prepend, append),
    "cat": lambda tensors, dim=0: ad.concatenate(tensors, dim),
    "split": split,
    "split_with_sizes": split,
    "tensor_split": lambda x, at, dim=0: ad.array_split(x, at, axis=dim),
    "chunk": lambda x, chunks, dim=0: ad.chunk(x, chunks, axis=dim),
    "unbind": lambda x, dim=0: ad.unbind(x, axis=dim),
    "flatten": as_is("flatten"),
    "unflatten": lambda x, dim, sizes: ad.unflatten(x, dim, tuple(sizes)),
    "transpose": lambda x, dim0, dim1: ad.swapaxes(x, dim0, dim1),
    "broadcast_to": as_is("broadcast_to"),
    "flip": lambda x, dims: ad.flip(x, tuple(dims)),
    "roll": lambda x, shifts, dims=None: ad.roll(x, shifts, axis=None if dims == () else dims),
    "repeat_interleave": lambda x, repeats, dim=None, **_: ad.repeat(x, repeats, axis=dim),
    "diagflat": lambda x, offset=0: ad.diagflat(x, offset),
    "diagonal": lambda x, offset=0, dim1=0, dim2=1: ad.diagonal(x, offset, dim1, dim2),
    "tril": as_is("tril"),
    "triu": as_is("triu"),
    "trace": lambda x: ad.linalg.trace(x),
    "unfold": as_is("unfold"),
    "take": as_is("take"),
    "gather": lambda x, dim, index: ad.take_along_axis(x, index, dim),
    "index_select": lambda x, dim, index: ad.take(x, index, axis=dim),
    "index_add": as_is("index_add"),
    "scatter": scatter,
    "scatter_add": as_is("scatter_add"),
    "where": lambda x, condition, y: ad.where(condition, x, y),
    "__getitem__": lambda x, index: x[index],
    "topk": lambda x, k, dim=-1, largest=True, sorted=True: ad.topk(x, k, dim, largest, sorted),
    "sort": lambda x, dim=-1, descending=False, **_: (
        ad.topk(x, x.shape[dim], dim, True)[0] if descending else ad.sort(x, dim)
    ),
    "einsum": lambda operands, subscripts: ad.einsum(subscripts, *operands),
    "tensordot": lambda x, y, dims=2: ad.tensordot(x, y, dims),
    "linalg.solve": solve,
    "linalg.matrix_norm": lambda x, ord="fro", dim=(-2, -1), keepdim=False, **params: (
        ad.linalg.norm(x, ord, tuple(dim), keepdims=keepdim, **renamed(params))
    ),
    "linalg.norm": lambda x, ord=None, dim=None, keepdim=False, **params: ad.linalg.norm(
        x, ord, tuple(dim) if isinstance(dim, list) else dim, keepdims=keepdim, **renamed(params)
    ),
    "nn.functional.pad.constant": padded("constant"),
    "nn.functional.pad.reflect": padded("reflect"),
    "nn.functional.pad.replicate": padded("edge"),
    "nn.functional.pad.circular": padded("wrap"),
    "nn.functional.embedding": embedding,
    "nn.functional.interpolate.nearest": interpolate,
    "nn.functional.interpolate.bilinear": interpolate,
    "nn.functional.scaled_dot_product_attention": attention,
}

REFUSED = {
    "cat": "an empty vector joins matrices there, for the sake of old programs",
    "einsum": "an ellipsis that the result leaves out is an error in NumPy",
    "gather": "the index may be shorter there: NumPy's take_along_axis broadcasts it",
    "nn.functional.avg_pool2d": "an empty sequence is no stride",
    "nn.functional.batch_norm": "without an axis of channels",
    "nn.functional.gaussian_nll_loss": "a target with fewer axes would be broadcast",
    "nn.functional.hardshrink": "a negative bound",
    "nn.functional.multi_margin_loss": "one label in a vector for one row",
    "nn.functional.normalize": "a negative order",
    "nn.functional.pairwise_distance": "a negative order",
    "tensordot": "NumPy does not broadcast the axes that are summed over",
}
"""Samples of these may be refused with an error of ours, and why."""
