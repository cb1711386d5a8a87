"""The named exceptions: each says the function, what was expected, what came and what to do."""

from __future__ import annotations

from typing import Any

__all__ = [
    "ArgumentError",
    "AxisError",
    "BackendError",
    "CheckError",
    "DTypeError",
    "DatasetError",
    "DiagnosisError",
    "GradientError",
    "GraphvizADError",
    "InPlaceError",
    "IndexingError",
    "ModuleError",
    "NothingRecordedError",
    "OpDefinitionError",
    "RenderError",
    "ShapeError",
    "StateDictError",
    "ThreadError",
    "TraceError",
    "VJPError",
]


class GraphvizADError(Exception):
    """Base of every error that the package raises on purpose.

    Parameters
    ----------
    function : str
        The public function or operation that refused.
    expected : str
        What it takes.
    got : str
        What came: names, shapes, dtypes.
    hint : str, optional
        What to do about it.

    Attributes
    ----------
    path : str
        The module in which it was raised, ``"Net.encoder.0"``; empty outside of modules.

    Examples
    --------
    >>> from graphviz_ad.errors import ShapeError
    >>> print(ShapeError("matmul", "inner axes of equal length", "x (32, 64) and W (63, 50)"))
    matmul: expected inner axes of equal length, got x (32, 64) and W (63, 50)
    """

    def __init__(self, function: str, expected: str, got: str, hint: str = "") -> None:
        self.function = function
        self.expected = expected
        self.got = got
        self.hint = hint
        self.path = ""
        super().__init__(self._message())

    def place(self, path: str) -> None:
        """Say in which module it was raised; the first, innermost path stays."""
        if not self.path:
            self.path = path
            self.args = (self._message(),)

    def _message(self) -> str:
        # "Net.lstm: LSTM" says more than "LSTM: LSTM"
        place = f"{self.path}: " if self.path not in ("", self.function) else ""
        message = f"{place}{self.function}: expected {self.expected}, got {self.got}"
        return f"{message}; {self.hint}" if self.hint else message

    def __reduce__(self) -> tuple[type, tuple[str, str, str, str], dict[str, str]]:
        state = {"path": self.path}
        return type(self), (self.function, self.expected, self.got, self.hint), state

    def __setstate__(self, state: dict[str, Any] | None) -> None:
        self.place((state or {}).get("path", ""))


class ShapeError(GraphvizADError, ValueError):
    """Shapes that do not fit an operation or each other."""


class DTypeError(GraphvizADError, TypeError):
    """A dtype that an operation, a parameter or a gradient cannot have."""


class AxisError(GraphvizADError, ValueError, IndexError):
    """An axis that the array does not have."""


class IndexingError(GraphvizADError, IndexError):
    """An index that the array does not have, or a label out of range."""


class ArgumentError(GraphvizADError, ValueError):
    """An argument whose value an operation does not take."""


class BackendError(GraphvizADError, RuntimeError):
    """Arrays of two backends in one operation, or a backend that is not there."""


class GradientError(GraphvizADError, RuntimeError):
    """A backward pass that cannot start, or a gradient that cannot exist."""


class InPlaceError(GraphvizADError, RuntimeError):
    """A write into an array that a recorded graph has seen."""


class ThreadError(GraphvizADError, RuntimeError):
    """A tensor that one thread recorded, where another thread would record what follows."""


class NothingRecordedError(GraphvizADError, ValueError):
    """A tensor with no recorded operations where a graph was asked for."""


class OpDefinitionError(GraphvizADError, TypeError):
    """An `Op` whose definition is incomplete or contradicts itself."""


class VJPError(GraphvizADError, RuntimeError):
    """An op's VJP that failed, or returned what does not fit its inputs."""


class CheckError(GraphvizADError, AssertionError):
    """A value or a gradient that differs from what `graphviz_ad.testing` compared it with."""


class TraceError(GraphvizADError, ValueError):
    """A node, step or option that a trace does not have."""


class RenderError(GraphvizADError, ValueError):
    """A drawing that cannot be made as asked."""


class ModuleError(GraphvizADError, RuntimeError):
    """A module that is used before its ``__init__``, put together wrongly, or was replaced."""


class StateDictError(GraphvizADError, ValueError):
    """Saved parameters that are missing, unexpected, misshaped or cut short."""


class DatasetError(GraphvizADError, ValueError):
    """A data set whose library or file is missing, or whose file is cut short."""


class DiagnosisError(GraphvizADError, AssertionError):
    """A finding where `Report.raise_if` or `assert_healthy` was told that there is none."""
