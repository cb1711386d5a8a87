"""Activations as modules, made from the ops."""

from __future__ import annotations

from typing import Any

from graphviz_ad.errors import ArgumentError
from graphviz_ad.nn.from_ops import from_op
from graphviz_ad.nn.init import constant_, new_parameter
from graphviz_ad.nn.module import Module
from graphviz_ad.ops import FUNCTIONS

ReLU = from_op("ReLU", "relu")
LeakyReLU = from_op("LeakyReLU", "leaky_relu")
ReLU6 = from_op("ReLU6", "relu6")
ELU = from_op("ELU", "elu")
SELU = from_op("SELU", "selu")
CELU = from_op("CELU", "celu")
GELU = from_op("GELU", "gelu")
SiLU = from_op("SiLU", "silu")
Mish = from_op("Mish", "mish")
Sigmoid = from_op("Sigmoid", "sigmoid")
LogSigmoid = from_op("LogSigmoid", "logsigmoid")
Tanh = from_op("Tanh", "tanh")
Tanhshrink = from_op("Tanhshrink", "tanhshrink")
Softplus = from_op("Softplus", "softplus")
Softsign = from_op("Softsign", "softsign")
Softshrink = from_op("Softshrink", "softshrink")
Hardshrink = from_op("Hardshrink", "hardshrink")
Hardtanh = from_op("Hardtanh", "hardtanh")
Hardsigmoid = from_op("Hardsigmoid", "hardsigmoid")
Hardswish = from_op("Hardswish", "hardswish")
Threshold = from_op("Threshold", "threshold")
GLU = from_op("GLU", "glu")
Softmax = from_op("Softmax", "softmax")
Softmin = from_op("Softmin", "softmin")
LogSoftmax = from_op("LogSoftmax", "log_softmax")

_prelu = FUNCTIONS["prelu"]


class PReLU(Module):
    """Leaky ReLU with learned slopes; module form of `graphviz_ad.prelu`.

    Parameters
    ----------
    num_parameters : int
        1, or the number of channels.
    init : float
        The first slope.
    dtype : dtype, optional

    Raises
    ------
    ArgumentError
        When there is no parameter.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.nn.PReLU(init=0.5)([-2.0]).item()
    -1.0
    """

    _single = True

    def __init__(self, num_parameters: int = 1, init: float = 0.25, dtype: Any = None) -> None:
        super().__init__()
        if num_parameters < 1:
            raise ArgumentError("PReLU", "num_parameters of 1 or more", repr(num_parameters))
        self.num_parameters = num_parameters
        self.init = init
        self.weight = new_parameter((num_parameters,), dtype)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set every slope to `init`."""
        constant_(self.weight, self.init)

    def forward(self, input: Any) -> Any:
        """Apply it to an input of shape (N, C, …) or (C,)."""
        return _prelu(input, self.weight)

    def extra_repr(self) -> str:
        """Return the number of slopes."""
        return f"num_parameters={self.num_parameters}"
