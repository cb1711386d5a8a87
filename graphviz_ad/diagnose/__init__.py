"""Diagnosis: which op lost the gradient, by how much, and why.

The package is callable: ``ad.diagnose(loss)`` is `graphviz_ad.diagnose.record.diagnose`, whose
documentation says what it takes and returns.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graphviz_ad.diagnose.report import Report


class _CallablePackage(ModuleType):
    """Lets the function and the package have one name, so that both can be imported by it."""

    @property
    def __call__(self) -> Callable[..., Report]:
        # looked up, and not called in between: the function reads the names in its caller's frame
        from graphviz_ad.diagnose.record import diagnose

        return diagnose

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self.__call__)


sys.modules[__name__].__class__ = _CallablePackage
