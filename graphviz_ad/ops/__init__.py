"""The op pages. Importing this package fills the registry and makes the public functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graphviz_ad.engine.op import REGISTRY
from graphviz_ad.engine.register import COMPOSITES, install_methods, public_function
from graphviz_ad.engine.tensor import Tensor
from graphviz_ad.engine.traced import TRACED
from graphviz_ad.ops import activation as activation
from graphviz_ad.ops import activation_hard as activation_hard
from graphviz_ad.ops import arithmetic as arithmetic
from graphviz_ad.ops import attention as attention
from graphviz_ad.ops import axes as axes
from graphviz_ad.ops import batch_norm as batch_norm
from graphviz_ad.ops import broadcast as broadcast
from graphviz_ad.ops import cast as cast
from graphviz_ad.ops import compare as compare
from graphviz_ad.ops import conv_pages as conv_pages
from graphviz_ad.ops import decompose as decompose
from graphviz_ad.ops import diagonal as diagonal
from graphviz_ad.ops import einsum as einsum
from graphviz_ad.ops import elementwise as elementwise
from graphviz_ad.ops import exponential as exponential
from graphviz_ad.ops import extremum as extremum
from graphviz_ad.ops import fused as fused
from graphviz_ad.ops import index as index
from graphviz_ad.ops import join as join
from graphviz_ad.ops import linalg as linalg
from graphviz_ad.ops import linear as linear
from graphviz_ad.ops import logarithm as logarithm
from graphviz_ad.ops import loss as loss
from graphviz_ad.ops import loss_binary as loss_binary
from graphviz_ad.ops import loss_class as loss_class
from graphviz_ad.ops import loss_likelihood as loss_likelihood
from graphviz_ad.ops import loss_metric as loss_metric
from graphviz_ad.ops import loss_ranking as loss_ranking
from graphviz_ad.ops import matmul as matmul
from graphviz_ad.ops import norm as norm
from graphviz_ad.ops import normalize as normalize
from graphviz_ad.ops import normalize_channels as normalize_channels
from graphviz_ad.ops import pad as pad
from graphviz_ad.ops import pool as pool
from graphviz_ad.ops import pool_adaptive as pool_adaptive
from graphviz_ad.ops import pool_volume as pool_volume
from graphviz_ad.ops import pool_windows as pool_windows
from graphviz_ad.ops import pytorch_names as pytorch_names
from graphviz_ad.ops import reduce as reduce
from graphviz_ad.ops import resample as resample
from graphviz_ad.ops import rounding as rounding
from graphviz_ad.ops import scan as scan
from graphviz_ad.ops import scatter as scatter
from graphviz_ad.ops import select as select
from graphviz_ad.ops import shape as shape
from graphviz_ad.ops import similarity as similarity
from graphviz_ad.ops import softmax as softmax
from graphviz_ad.ops import solve as solve
from graphviz_ad.ops import sort as sort
from graphviz_ad.ops import split as split
from graphviz_ad.ops import statistic as statistic
from graphviz_ad.ops import trigonometric as trigonometric

FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: public_function(op) for name, op in REGISTRY.items()},
    **COMPOSITES,
}
"""Every public function, by name: one per op, and those made of several."""

install_methods(FUNCTIONS)
# methods that no page gives: their array comes second, or they are made of several ops
Tensor.compress = select.compress_method  # type: ignore[attr-defined]
Tensor.unfold = FUNCTIONS["unfold"]  # type: ignore[attr-defined]
ALIASES = pytorch_names.install(FUNCTIONS)
"""Some of them under PyTorch's names."""

TRACED.functions.update(FUNCTIONS)
