"""graphviz_ad: a debugger for backpropagation.

The public names, and nothing else.
"""

from __future__ import annotations

from graphviz_ad import engine as engine
from graphviz_ad import errors as errors
from graphviz_ad.engine.tape import enable_grad, module_scope, no_grad
from graphviz_ad.engine.tensor import Tensor, parameter, tensor
from graphviz_ad.ops import FUNCTIONS

__version__ = "0.1.0"

globals().update(FUNCTIONS)

__all__ = ["Tensor", "enable_grad", "errors", "module_scope", "no_grad", "parameter", "tensor"]
__all__ += FUNCTIONS
