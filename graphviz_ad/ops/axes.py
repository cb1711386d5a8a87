"""Operations that move axes, or the elements along them."""

from __future__ import annotations

import operator

import numpy as np

from graphviz_ad.engine.op import Failure, Op, Sample
from graphviz_ad.errors import AxisError, ShapeError
from graphviz_ad.ops.shape import as_shape


def inverse(order: tuple[int, ...]) -> tuple[int, ...]:
    """Return the permutation that undoes `order`; its axes may be negative."""
    found = [axis % len(order) for axis in order]
    return tuple(sorted(range(len(order)), key=found.__getitem__))


class Transpose(Op):
    """Permute the axes; reverse them where no order is given.

    Parameters
    ----------
    a : array_like
    axes : tuple of int, optional
        Axis ``i`` of the result is axis ``axes[i]`` of `a`. As a method, also as
        separate arguments: ``x.transpose(1, 0)``. ``x.T`` reverses the axes.

    Raises
    ------
    AxisError
        For an axis that the array does not have.
    ShapeError
        For axes that are repeated or left out.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.tensor([[1.0, 2.0, 3.0]]).T.shape
    (3, 1)
    """

    name, label, method, spread = "transpose", "ᵀ", True, "axes"
    attributes = {"T": {"axes": None}}
    tex = r"$y = $a^{\mathsf T}"
    vjp_tex = (r"{$g}^{\mathsf T}",)

    def prepare(a, *, axes=None):
        return (a,), {"axes": None if axes is None else as_shape(axes)}

    def forward(xp, a, *, axes=None):
        return a.transpose(axes)

    def vjp(xp, g, out, a, *, axes=None):
        if axes is None:
            return g.transpose()
        return g.transpose(inverse(axes))

    def samples(rng):
        a = rng.normal(size=(2, 3, 4))
        return [
            Sample(a),
            Sample(a, axes=(1, 2, 0)),
            Sample(a, axes=(-1, 0, -2)),
            Sample(a[0]),
            Sample(a[0, 0]),
            Sample(rng.normal(size=(0, 2))),
            Sample(1.5),
        ]

    fails = Failure(AxisError, r"transpose: .* axes=\(0, 2\)", [[1.0, 2.0]], axes=(0, 2))


class Permute(Op):
    """Permute the axes, as `torch.permute` does.

    Parameters
    ----------
    a : array_like
    dims : tuple of int
        Axis ``i`` of the result is axis ``dims[i]`` of `a`. As a method, also as
        separate arguments: ``x.permute(2, 0, 1)``.

    Raises
    ------
    ShapeError
        For axes that are repeated or left out.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.tensor([[1.0, 2.0, 3.0]]).permute(1, 0).shape
    (3, 1)
    """

    name, label, method, spread = "permute", "permute", True, "dims"
    tex = r"$y = \operatorname{permute}($a)"
    vjp_tex = (r"\operatorname{permute}^{-1}($g)",)

    def prepare(a, *, dims):
        return (a,), {"dims": as_shape(dims)}

    def forward(xp, a, *, dims):
        return a.transpose(dims)

    def vjp(xp, g, out, a, *, dims):
        return g.transpose(inverse(dims))

    def reference(a, *, dims):
        return np.transpose(a, dims)

    def samples(rng):
        a = rng.normal(size=(2, 3, 4))
        return [Sample(a, dims=(2, 0, 1)), Sample(a, dims=(-1, 0, 1)), Sample(a[0, 0], dims=0)]

    fails = Failure(ShapeError, r"permute: .* dims=\(0, 0\)", [[1.0]], dims=(0, 0))


class SwapAxes(Op):
    """Exchange two axes. ``x.mT`` exchanges the last two.

    Parameters
    ----------
    a : array_like
    axis1, axis2 : int

    Raises
    ------
    AxisError
        For an axis that the array does not have.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.tensor([[[1.0, 2.0, 3.0]]]).mT.shape
    (1, 3, 1)
    """

    name, label, method = "swapaxes", "swap", True
    attributes = {"mT": {"axis1": -2, "axis2": -1}}
    tex = r"$y = \operatorname{swapaxes}($a)"
    vjp_tex = (r"\operatorname{swapaxes}($g)",)

    def forward(xp, a, *, axis1, axis2):
        return a.swapaxes(axis1, axis2)

    def vjp(xp, g, out, a, *, axis1, axis2):
        return g.swapaxes(axis1, axis2)

    def samples(rng):
        a = rng.normal(size=(2, 3, 4))
        return [
            Sample(a, axis1=0, axis2=2),
            Sample(a, axis1=-1, axis2=1),
            Sample(a[:0], axis1=0, axis2=0),
        ]

    fails = Failure(AxisError, r"swapaxes: .* axis2=2", [[1.0]], axis1=0, axis2=2)


class MoveAxis(Op):
    """Move axes to new positions; the others keep their order.

    Parameters
    ----------
    a : array_like
    source, destination : int or tuple of int

    Raises
    ------
    AxisError
        For an axis that the array does not have.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.moveaxis([[[1.0, 2.0]]], -1, 0).shape
    (2, 1, 1)
    """

    name, label, method = "moveaxis", "move", True
    tex = r"$y = \operatorname{moveaxis}($a)"
    vjp_tex = (r"\operatorname{moveaxis}^{-1}($g)",)

    def forward(xp, a, *, source, destination):
        return xp.moveaxis(a, source, destination)

    def vjp(xp, g, out, a, *, source, destination):
        return xp.moveaxis(g, destination, source)

    def samples(rng):
        a = rng.normal(size=(2, 3, 4))
        return [
            Sample(a, source=0, destination=-1),
            Sample(a, source=(0, 1), destination=(-1, 0)),
        ]

    fails = Failure(AxisError, r"moveaxis: .* source=2", [[1.0]], source=2, destination=0)


class Flip(Op):
    """Reverse the elements along axes.

    Parameters
    ----------
    m : array_like
    axis : int or tuple of int, optional
        All of them by default.

    Raises
    ------
    AxisError
        For an axis that the array does not have.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.flip([1.0, 2.0, 3.0])
    tensor([3., 2., 1.], shape=(3,), dtype=float64)
    """

    name, label, method, spread, aliases = "flip", "flip", True, "axis", {"dims": "axis"}
    tex = r"$y = \operatorname{flip}($a)"
    vjp_tex = (r"\operatorname{flip}($g)",)

    def prepare(m, *, axis=None):
        return (m,), {"axis": axis if axis is None else as_shape(axis)}

    def forward(xp, m, *, axis=None):
        return xp.flip(m, axis)

    def vjp(xp, g, out, m, *, axis=None):
        return xp.flip(g, axis)

    def samples(rng):
        a = rng.normal(size=(2, 3))
        return [Sample(a), Sample(a, axis=0), Sample(a, axis=(-1, 0)), Sample(2.5), Sample(a[:0])]

    fails = Failure(AxisError, r"flip: .* axis=\(1,\)", [1.0, 2.0], axis=1)


class Roll(Op):
    """Shift the elements along axes; those that leave at one end come back at the other.

    Parameters
    ----------
    a : array_like
    shift : int or tuple of int
    axis : int or tuple of int, optional
        The flattened array is shifted where it is left out.

    Raises
    ------
    AxisError
        For an axis that the array does not have.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.roll([1.0, 2.0, 3.0], 1)
    tensor([3., 1., 2.], shape=(3,), dtype=float64)
    """

    name, label, method, aliases = "roll", "roll", True, {"shifts": "shift", "dims": "axis"}
    tex = r"$y = \operatorname{roll}($a)"
    vjp_tex = (r"\operatorname{roll}^{-1}($g)",)

    def prepare(a, *, shift, axis=None):
        return (a,), {"shift": as_shape(shift), "axis": axis if axis is None else as_shape(axis)}

    def forward(xp, a, *, shift, axis=None):
        return xp.roll(a, sum(shift) if axis is None else shift, axis)

    def vjp(xp, g, out, a, *, shift, axis=None):
        return xp.roll(g, tuple([-n for n in shift]), axis)

    def samples(rng):
        a = rng.normal(size=(3, 4))
        return [
            Sample(a, shift=2),
            Sample(a, shift=-1, axis=0),
            Sample(a, shift=(5, 1), axis=(-1, 0)),
            Sample(a, shift=1, axis=(0, 1)),
            Sample(a[:0], shift=1),
        ]

    fails = Failure(AxisError, r"roll: .* axis=\(1,\)", [1.0, 2.0], shift=1, axis=1)


class Rot90(Op):
    """Rotate by 90 degrees in the plane of two axes, from the first towards the second.

    Parameters
    ----------
    m : array_like
    k : int
        How many times.
    axes : tuple of two int

    Raises
    ------
    ShapeError
        For fewer than two axes, or the same one twice.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.rot90([[1.0, 2.0]]).shape
    (2, 1)
    """

    name, label, method, aliases = "rot90", "rot90", True, {"dims": "axes"}
    tex = r"$y = \operatorname{rot90}($a)"
    vjp_tex = (r"\operatorname{rot90}^{-1}($g)",)

    def check(m, *, k=1, axes=(0, 1)):
        if len(axes) != 2 or m.ndim < 2 or axes[0] % m.ndim == axes[1] % m.ndim:
            got = f"m {m.shape}, axes={axes}"
            raise ShapeError("rot90", "an array of two axes or more, and two of them", got)
        operator.index(k)

    def forward(xp, m, *, k=1, axes=(0, 1)):
        return xp.rot90(m, k, axes)

    def vjp(xp, g, out, m, *, k=1, axes=(0, 1)):
        return xp.rot90(g, -k, axes)

    def samples(rng):
        a = rng.normal(size=(2, 3, 2))
        return [
            Sample(a),
            Sample(a[0]),
            Sample(a, k=2),
            Sample(a, k=-1, axes=(2, 0)),
            Sample(a, k=4),
        ]

    fails = Failure(ShapeError, r"rot90: .* m \(2,\), axes=\(0, 1\)", [1.0, 2.0])
