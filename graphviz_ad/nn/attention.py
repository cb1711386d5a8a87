"""Multi-head attention and the transformer's encoder."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from graphviz_ad.backend import namespace
from graphviz_ad.engine.tensor import Tensor, tensor
from graphviz_ad.errors import ArgumentError, ShapeError
from graphviz_ad.nn.containers import ModuleList
from graphviz_ad.nn.dropout import Dropout
from graphviz_ad.nn.init import Seed, default_rng, new_parameter, xavier_uniform_, zeros_
from graphviz_ad.nn.linear import Linear, positive
from graphviz_ad.nn.module import Module
from graphviz_ad.nn.normalization import LayerNorm
from graphviz_ad.ops import FUNCTIONS

__all__ = ["MultiheadAttention", "TransformerEncoder", "TransformerEncoderLayer"]

_linear, _attend = FUNCTIONS["linear"], FUNCTIONS["scaled_dot_product_attention"]
_softmax, _dropout = FUNCTIONS["softmax"], FUNCTIONS["dropout"]
_activations = {"relu": FUNCTIONS["relu"], "gelu": FUNCTIONS["gelu"]}


class MultiheadAttention(Module):
    """Several scaled dot-product attentions beside each other, on parts of the features.

    Vaswani et al., "Attention is all you need", NeurIPS 2017.

    Parameters
    ----------
    embed_dim : int
        Divides by `num_heads`.
    num_heads : int
    dropout : float, in [0, 1)
        The probability with which an attention weight becomes 0 in training.
    bias : bool
    kdim, vdim : int, optional
        The features of key and value, where they are not `embed_dim`.
    batch_first : bool
        Whether the batch comes before time.
    dtype : dtype, optional
    rng : numpy.random.Generator or int, optional
        What draws the parameters and the dropout.

    Attributes
    ----------
    in_proj_weight : Tensor, shape (3 · embed_dim, embed_dim)
        Query, key and value; with `kdim` or `vdim` instead ``q_proj_weight``,
        ``k_proj_weight`` and ``v_proj_weight``.
    in_proj_bias : Tensor, shape (3 · embed_dim,), or None
    out_proj : Linear

    Raises
    ------
    ArgumentError
        For sizes that do not divide, or another probability.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> import numpy as np
    >>> x = ad.tensor(np.ones((2, 5, 8)))
    >>> output, weights = ad.nn.MultiheadAttention(8, 2, batch_first=True)(x, x, x)
    >>> output.shape, weights.shape
    ((2, 5, 8), (2, 5, 5))
    """

    def __init__(
        self, embed_dim: int, num_heads: int, dropout: float = 0.0, bias: bool = True, *,
        kdim: int | None = None, vdim: int | None = None, batch_first: bool = False,
        dtype: Any = None, rng: Seed = None,
    ) -> None:  # fmt: skip
        super().__init__()
        positive("MultiheadAttention", embed_dim=embed_dim, num_heads=num_heads)
        if embed_dim % num_heads:
            got = f"{embed_dim} in {num_heads} heads"
            raise ArgumentError("MultiheadAttention", "features that divide into the heads", got)
        if not 0 <= dropout < 1:
            raise ArgumentError("MultiheadAttention", "a dropout in [0, 1)", repr(dropout))
        generator = default_rng(rng)
        self.rng = None if rng is None else generator
        self.embed_dim, self.num_heads, self.dropout = embed_dim, num_heads, dropout
        self.kdim, self.vdim = kdim or embed_dim, vdim or embed_dim
        self.batch_first = batch_first
        self._packed = self.kdim == self.vdim == embed_dim
        if self._packed:
            self.in_proj_weight = new_parameter((3 * embed_dim, embed_dim), dtype)
        else:
            self.q_proj_weight = new_parameter((embed_dim, embed_dim), dtype)
            self.k_proj_weight = new_parameter((embed_dim, self.kdim), dtype)
            self.v_proj_weight = new_parameter((embed_dim, self.vdim), dtype)
        self.in_proj_bias = new_parameter((3 * embed_dim,), dtype) if bias else None
        self.out_proj = Linear(embed_dim, embed_dim, bias, dtype, generator)
        self.reset_parameters(generator)

    def reset_parameters(self, rng: Seed = None) -> None:
        """Draw the input's projections anew, and set the biases to 0."""
        generator = default_rng(rng)
        for name, parameter in self._parameters.items():
            if name.endswith("weight"):
                xavier_uniform_(parameter, rng=generator)
            else:
                zeros_(parameter)
        if self.out_proj.bias is not None:
            zeros_(self.out_proj.bias)

    def forward(
        self, query: Any, key: Any, value: Any, key_padding_mask: Any = None,
        need_weights: bool = True, attn_mask: Any = None, average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:  # fmt: skip
        """Attend.

        Parameters
        ----------
        query : array_like, shape (L, N, E), (N, L, E) with `batch_first`, or (L, E)
        key, value : array_like
            The same with length S.
        key_padding_mask : array_like, shape (N, S), optional
            Booleans that are True for keys to leave out, or numbers added to the scores.
        need_weights : bool
            Whether to return the weights; False is faster.
        attn_mask : array_like, shape (L, S) or (N · heads, L, S), optional
            Booleans that are True for what must not be seen, or numbers added to the scores.
        average_attn_weights : bool
            Whether the weights returned are the mean of the heads'.
        is_causal : bool
            Whether query i sees keys 0 … i only.

        Returns
        -------
        output : Tensor
            Of the shape of `query`.
        weights : Tensor, shape (N, L, S) or (N, heads, L, S), or None

        Raises
        ------
        ShapeError
            When the shapes do not fit.
        """
        named = (("query", query), ("key", key), ("value", value))
        given = [a if isinstance(a, Tensor) else tensor(a, name=name) for name, a in named]
        same = query is key is value
        ranks = {a.ndim for a in given}
        if ranks not in ({2}, {3}):
            got = ", ".join(str(a.shape) for a in given)
            raise ShapeError("MultiheadAttention", "query, key, value of 2 or 3 axes", got)
        single = ranks == {2}
        if single:
            given = [a[None] for a in given[:1] * 3] if same else [a[None] for a in given]
        elif not self.batch_first:
            moved = [a.swapaxes(0, 1) for a in (given[:1] if same else given)]
            given = moved * 3 if same else moved
        q, k, v = self._project(given, same)
        mask = _merged_mask(q, k, attn_mask, key_padding_mask, is_causal)
        causal = is_causal and mask is None
        p = self.dropout if self.training else 0.0
        if need_weights:
            mask = _causal_mask(q, k) if causal else mask
            scores = q * (q.shape[-1] ** -0.5) @ k.swapaxes(-1, -2)
            weights = _softmax(scores if mask is None else scores + mask)
            weights.name = "weights"
            out = (_dropout(weights, p, True, self.rng) if p else weights) @ v
        else:
            out = _attend(q, k, v, mask, p, causal, rng=self.rng)
        batch, _, length, _ = out.shape
        out = self.out_proj(out.swapaxes(1, 2).reshape(batch, length, self.embed_dim))
        if single:
            out = out[0]
        elif not self.batch_first:
            out = out.swapaxes(0, 1)
        if not need_weights:
            return out, None
        shown = weights.mean(axis=1) if average_attn_weights else weights
        return out, shown[0] if single else shown

    def _project(self, given: list[Tensor], same: bool) -> list[Tensor]:
        """Return query, key and value of every head, (N, heads, length, features)."""
        width, heads = self.embed_dim, self.num_heads
        split = (heads, width // heads)
        if same and self._packed:
            packed = _linear(given[0], self.in_proj_weight, self.in_proj_bias)
            packed = packed.reshape(*packed.shape[:-1], 3, *split).transpose(2, 0, 3, 1, 4)
            parts = list(packed.unbind(0))
        else:
            parts = []
            for slot, x in enumerate(given):
                rows = slice(slot * width, (slot + 1) * width)
                if self._packed:
                    weight = self.in_proj_weight[rows]
                else:
                    weight = (self.q_proj_weight, self.k_proj_weight, self.v_proj_weight)[slot]
                bias = None if self.in_proj_bias is None else self.in_proj_bias[rows]
                projected = _linear(x, weight, bias)
                parts.append(projected.reshape(*x.shape[:-1], *split).swapaxes(1, 2))
        for part, name in zip(parts, "qkv", strict=True):
            part.name = name
        return parts

    def extra_repr(self) -> str:
        """Return the sizes."""
        return f"{self.embed_dim}, {self.num_heads}"


class TransformerEncoderLayer(Module):
    """Self-attention and a two-layer network, each with dropout, a residual and a LayerNorm.

    Vaswani et al., NeurIPS 2017; with `norm_first` as in Xiong et al., "On layer
    normalization in the transformer architecture", ICML 2020.

    Parameters
    ----------
    d_model, nhead : int
    dim_feedforward : int
    dropout : float, in [0, 1)
    activation : {"relu", "gelu"} or callable
    layer_norm_eps : float
    batch_first : bool
    norm_first : bool
    bias : bool
    dtype : dtype, optional
    rng : numpy.random.Generator or int, optional

    Attributes
    ----------
    self_attn : MultiheadAttention
    linear1, linear2 : Linear
    norm1, norm2 : LayerNorm
    dropout, dropout1, dropout2 : Dropout

    Raises
    ------
    ArgumentError
        For another activation, or what the parts refuse.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> import numpy as np
    >>> layer = ad.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    >>> layer(np.ones((2, 5, 8))).shape
    (2, 5, 8)
    """

    def __init__(
        self, d_model: int, nhead: int, dim_feedforward: int = 2048, dropout: float = 0.1,
        activation: str | Callable[[Any], Any] = "relu", layer_norm_eps: float = 1e-5,
        batch_first: bool = False, norm_first: bool = False, bias: bool = True,
        dtype: Any = None, rng: Seed = None,
    ) -> None:  # fmt: skip
        super().__init__()
        if isinstance(activation, str) and activation not in _activations:
            expected = f"an activation {' or '.join(map(repr, _activations))}, or a function"
            raise ArgumentError("TransformerEncoderLayer", expected, repr(activation))
        generator = default_rng(rng)
        own = None if rng is None else generator
        self.self_attn = MultiheadAttention(
            d_model, nhead, dropout, bias, batch_first=batch_first, dtype=dtype, rng=own
        )
        self.linear1 = Linear(d_model, dim_feedforward, bias, dtype, generator)
        self.dropout = Dropout(dropout, own)
        self.linear2 = Linear(dim_feedforward, d_model, bias, dtype, generator)
        self.norm1 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.dropout1 = Dropout(dropout, own)
        self.dropout2 = Dropout(dropout, own)
        self.norm_first = norm_first
        self.activation = activation

    def forward(
        self, src: Any, src_mask: Any = None, src_key_padding_mask: Any = None,
        is_causal: bool = False,
    ) -> Tensor:  # fmt: skip
        """Apply it to (L, N, d_model), or (N, L, d_model) with `batch_first`.

        The masks are those of `MultiheadAttention`.
        """
        x = src if isinstance(src, Tensor) else tensor(src, name="src")
        masks = (src_key_padding_mask, False, src_mask, True, is_causal)
        if self.norm_first:
            normed = self.norm1(x)
            x = x + self.dropout1(self.self_attn(normed, normed, normed, *masks)[0])
            out: Tensor = x + self._feed_forward(self.norm2(x))
        else:
            x = self.norm1(x + self.dropout1(self.self_attn(x, x, x, *masks)[0]))
            out = self.norm2(x + self._feed_forward(x))
        return out

    def _feed_forward(self, x: Tensor) -> Any:
        # By name, so that the module pickles.
        given = self.activation
        activation = _activations[given] if isinstance(given, str) else given
        return self.dropout2(self.linear2(self.dropout(activation(self.linear1(x)))))


class TransformerEncoder(Module):
    """Copies of an encoder layer, one after another.

    Parameters
    ----------
    encoder_layer : Module
        Each copy begins with its values, as in PyTorch.
    num_layers : int
    norm : Module, optional
        Applied at the end.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> import numpy as np
    >>> encoder = ad.nn.TransformerEncoder(ad.nn.TransformerEncoderLayer(4, 2, 8), 2)
    >>> encoder(np.ones((3, 1, 4))).shape
    (3, 1, 4)
    """

    def __init__(self, encoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        super().__init__()
        positive("TransformerEncoder", num_layers=num_layers)
        self.layers = ModuleList(copy.deepcopy(encoder_layer) for _ in range(num_layers))
        self.num_layers = num_layers
        self.norm = norm

    def forward(
        self, src: Any, mask: Any = None, src_key_padding_mask: Any = None,
        is_causal: bool = False,
    ) -> Any:  # fmt: skip
        """Apply the layers; the arguments are those of `TransformerEncoderLayer`."""
        for layer in self.layers:
            src = layer(src, mask, src_key_padding_mask, is_causal)
        return src if self.norm is None else self.norm(src)


def _merged_mask(q: Tensor, k: Tensor, mask: Any, padding: Any, is_causal: bool) -> Any:
    """Return what is added to the scores (N, heads, L, S) for all masks together, or None."""
    added = _added(q, mask)
    if added is not None and added.ndim == 3:
        added = added.reshape(*q.shape[:2], q.shape[-2], k.shape[-2])
    if padding is not None:
        kept = _added(q, padding)[:, None, None, :]
        added = kept if added is None else added + kept
    if added is not None and is_causal and mask is None:
        added = added + _causal_mask(q, k)
    return added


def _added(q: Tensor, mask: Any) -> Any:
    """Return a mask as numbers to add: −∞ where a boolean one says True."""
    if mask is None:
        return None
    xp = namespace(q.data)
    array = mask.data if isinstance(mask, Tensor) else xp.asarray(mask)
    if array.dtype.kind == "b":
        return xp.where(array, -float("inf"), 0.0).astype(q.dtype)
    return mask if isinstance(mask, Tensor) else array.astype(q.dtype)


def _causal_mask(q: Tensor, k: Tensor) -> Any:
    xp = namespace(q.data)
    unseen = xp.arange(k.shape[-2]) > xp.arange(q.shape[-2])[:, None]
    return xp.where(unseen, -float("inf"), 0.0).astype(q.dtype)
