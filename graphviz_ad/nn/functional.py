"""The functions of ``torch.nn.functional``, which are in `graphviz_ad`, too, under their names.

Only `pad` differs from `graphviz_ad.pad`, which has NumPy's arguments.
"""

from __future__ import annotations

from typing import Any

from graphviz_ad.nn.padding import pad
from graphviz_ad.ops import FUNCTIONS

_NAMES = [
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_max_pool2d", "avg_pool1d",
    "avg_pool2d", "avg_pool3d", "batch_norm", "bilinear", "binary_cross_entropy",
    "binary_cross_entropy_with_logits", "celu", "conv1d", "conv2d", "conv3d", "conv_transpose1d",
    "conv_transpose2d", "conv_transpose3d", "cosine_embedding_loss", "cosine_similarity",
    "cross_entropy", "dropout", "elu", "embedding", "gaussian_nll_loss", "gelu", "glu",
    "group_norm", "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "hinge_embedding_loss",
    "huber_loss", "instance_norm", "interpolate", "kl_div", "l1_loss", "layer_norm", "leaky_relu",
    "linear", "log_softmax", "logsigmoid", "lp_pool1d", "lp_pool2d", "margin_ranking_loss",
    "max_pool1d", "max_pool1d_with_indices", "max_pool2d", "max_pool2d_with_indices", "max_pool3d",
    "mish", "mse_loss", "multi_margin_loss", "multilabel_margin_loss", "nll_loss", "normalize",
    "one_hot",
    "pairwise_distance", "pixel_shuffle", "poisson_nll_loss", "prelu", "relu", "relu6",
    "rms_norm", "scaled_dot_product_attention", "selu", "sigmoid", "silu", "smooth_l1_loss",
    "soft_margin_loss", "softmax", "softmin", "softplus", "softshrink", "softsign", "tanh",
    "tanhshrink", "threshold", "triplet_margin_loss", "unfold",
]  # fmt: skip

globals().update({name: FUNCTIONS[name] for name in _NAMES})

__all__ = ["pad"]
__all__ += _NAMES


def __getattr__(name: str) -> Any:
    raise AttributeError(f"module 'graphviz_ad.nn.functional' has no attribute {name!r}")
