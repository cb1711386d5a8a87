"""Padding with PyTorch's arguments, as a function and as modules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from graphviz_ad.engine.tensor import Tensor, tensor
from graphviz_ad.errors import ArgumentError, ShapeError
from graphviz_ad.nn.module import Module
from graphviz_ad.ops import FUNCTIONS

__all__ = [
    "CircularPad1d", "CircularPad2d", "CircularPad3d", "ConstantPad1d", "ConstantPad2d",
    "ConstantPad3d", "ReflectionPad1d", "ReflectionPad2d", "ReflectionPad3d", "ReplicationPad1d",
    "ReplicationPad2d", "ReplicationPad3d", "ZeroPad1d", "ZeroPad2d", "ZeroPad3d", "pad",
]  # fmt: skip

_pad = FUNCTIONS["pad"]
_MODES = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def pad(input: Any, pad: Sequence[int], mode: str = "constant", value: float = 0.0) -> Tensor:
    """Pad the last axes; PyTorch's ``functional.pad``, made of `graphviz_ad.pad`.

    Parameters
    ----------
    input : array_like
    pad : sequence of int
        Before and after the last axis, before and after the one in front of it, and so on.
        Negative widths crop.
    mode : {"constant", "reflect", "replicate", "circular"}
    value : float
        Of the constant.

    Raises
    ------
    ArgumentError
        For an odd number of widths, or another mode.
    ShapeError
        For more widths than axes.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.nn.functional.pad([[1.0, 2.0]], (1, 0)).numpy().tolist()
    [[0.0, 1.0, 2.0]]
    """
    x = input if isinstance(input, Tensor) else tensor(input, name="input")
    widths = [int(width) for width in pad]
    if len(widths) % 2 or mode not in _MODES:
        expected = f"widths in pairs and a mode of {', '.join(_MODES)}"
        raise ArgumentError("functional.pad", expected, f"{tuple(widths)} and {mode!r}")
    if len(widths) > 2 * x.ndim:
        raise ShapeError("functional.pad", f"widths of {x.ndim} axes", str(tuple(widths)))
    ends = list(zip(widths[::2], widths[1::2], strict=True))[::-1]
    ends = [(0, 0)] * (x.ndim - len(ends)) + ends
    if min(widths, default=0) < 0:
        x = x[
            tuple(
                slice(max(-b, 0), n - max(-a, 0)) for (b, a), n in zip(ends, x.shape, strict=True)
            )
        ]
        ends = [(max(b, 0), max(a, 0)) for b, a in ends]
    padded: Tensor = _pad(x, ends, _MODES[mode], value)
    return padded


class _Pad(Module):
    axes: ClassVar[int]
    mode: ClassVar[str] = "constant"
    value: float = 0.0

    def __init__(self, padding: int | Sequence[int]) -> None:
        super().__init__()
        count = 2 * self.axes
        widths = (padding,) * count if isinstance(padding, int) else tuple(padding)
        if len(widths) != count:
            raise ArgumentError(type(self).__name__, f"padding: {count} widths", repr(padding))
        self.padding = widths

    def forward(self, input: Any) -> Any:
        """Pad the last axes of an input."""
        return pad(input, self.padding, self.mode, self.value)

    def extra_repr(self) -> str:
        """Return the widths."""
        return str(self.padding)


class _ConstantPad(_Pad):
    def __init__(self, padding: int | Sequence[int], value: float) -> None:
        super().__init__(padding)
        self.value = value

    def extra_repr(self) -> str:
        """Return the widths and the constant."""
        return f"padding={self.padding}, value={self.value}"


def _family(
    name: str, base: type[_Pad], what: str, mode: str = "constant"
) -> tuple[type[Any], type[Any], type[Any]]:
    """Return the classes for one, two and three axes."""
    made = []
    for axes in (1, 2, 3):
        constant = "\n    value : float" if base is _ConstantPad else ""
        doc = f"""Pad the last {"axis" if axes == 1 else f"{axes} axes"} with {what}.

    Parameters
    ----------
    padding : int or sequence of {2 * axes} int
        Before and after the last axis first; as in `graphviz_ad.nn.functional.pad`.{constant}

    Raises
    ------
    ArgumentError
        For another number of widths.
    """
        members = {"axes": axes, "mode": mode, "__doc__": doc, "__module__": "graphviz_ad.nn",
                   "__qualname__": f"{name}{axes}d"}  # fmt: skip
        made.append(type(f"{name}{axes}d", (base,), members))
    return made[0], made[1], made[2]


ZeroPad1d, ZeroPad2d, ZeroPad3d = _family("ZeroPad", _Pad, "zeros")
ConstantPad1d, ConstantPad2d, ConstantPad3d = _family("ConstantPad", _ConstantPad, "a constant")
ReflectionPad1d, ReflectionPad2d, ReflectionPad3d = _family(
    "ReflectionPad", _Pad, "the mirror image without the edge", "reflect"
)
ReplicationPad1d, ReplicationPad2d, ReplicationPad3d = _family(
    "ReplicationPad", _Pad, "the edge", "replicate"
)
CircularPad1d, CircularPad2d, CircularPad3d = _family(
    "CircularPad", _Pad, "the other end", "circular"
)
