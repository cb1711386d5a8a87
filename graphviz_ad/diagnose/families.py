"""What the operations of a graph are to a diagnosis, by their names in the registry."""

from __future__ import annotations

__all__ = [
    "ACTIVATIONS", "BOUNDED", "COMPARISONS", "CONVOLUTIONS", "DROPOUTS", "NORMALISATIONS", "RANGES",
    "RECTIFIERS", "SATURATING", "SHAPES", "SOFTMAXES", "STEPS", "WEIGHTED",
]  # fmt: skip

CONVOLUTIONS = {
    "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
}  # fmt: skip
WEIGHTED = CONVOLUTIONS | {
    "linear", "matmul", "dot", "addmm", "baddbmm", "einsum", "tensordot", "bilinear", "inner",
}  # fmt: skip
"""Operations that are linear in the data and have weights among their operands."""

RECTIFIERS = {"relu", "relu6", "threshold"}

SATURATING = {"tanh": 2.18, "sigmoid": 4.36, "hardtanh": 1.0, "hardsigmoid": 3.0, "softsign": 3.47}
"""Beyond which |input| the derivative is under 5% of its largest value.

tanh′(x) = 1 − tanh² x and σ′(x) = σ(x)(1 − σ(x)) ≤ 1/4 fall under 5% of their maxima 1 and 1/4
at these inputs, softsign′ = 1/(1 + |x|)² too; the hard ones are flat.
"""

RANGES = {
    "sigmoid": (0.0, 1.0), "hardsigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0), "hardtanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0), "softmax": (0.0, 1.0), "relu": (0.0, float("inf")),
    "softplus": (0.0, float("inf")), "exp": (0.0, float("inf")),
}  # fmt: skip
"""The values that an output activation can reach."""

BOUNDED = {name for name, (_, high) in RANGES.items() if high == 1.0}

ACTIVATIONS = {
    *SATURATING, *RECTIFIERS, "celu", "elu", "exp", "gelu", "hardshrink", "hardswish",
    "leaky_relu", "mish", "prelu", "selu", "silu", "sin", "softplus", "softshrink", "square",
    "tanhshrink",
}  # fmt: skip

SOFTMAXES = {"softmax", "log_softmax", "softmin"}
NORMALISATIONS = {"batch_norm", "layer_norm", "group_norm", "instance_norm", "rms_norm"}
DROPOUTS = {"dropout"}

SHAPES = {
    "reshape", "ravel", "flatten", "unflatten", "squeeze", "expand_dims", "transpose", "permute",
    "swapaxes", "moveaxis", "astype", "broadcast_to", "getitem", "positive",
}  # fmt: skip
"""Operations that move elements and change none."""

STEPS = {"ceil", "floor", "rint", "round", "sign", "trunc"}
"""Operations that are constant between jumps: their derivative is 0 everywhere."""

COMPARISONS = {
    "subtract", "mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "binary_cross_entropy",
    "binary_cross_entropy_with_logits", "cross_entropy", "nll_loss", "kl_div",
}  # fmt: skip
"""Where a prediction meets its target."""
