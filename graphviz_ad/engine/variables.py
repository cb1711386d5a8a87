"""What the function transforms share: one recorded call with variables of its own, and checks."""

from __future__ import annotations

import inspect
import operator
import os
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from graphviz_ad.backend import is_array, namespace, own
from graphviz_ad.engine.refuse import require_own
from graphviz_ad.engine.sweep import Reached, alias, as_constant, sweep, traced_sweep
from graphviz_ad.engine.switch import enable_grad
from graphviz_ad.engine.tape import ScopeEntry, Site, enter, put_back, tape
from graphviz_ad.engine.tensor import Tensor, constant, constant_leaf
from graphviz_ad.errors import ArgumentError, DTypeError, GradientError, ShapeError

__all__ = ["Run", "fitted", "flatten", "placed", "positions", "rebuild", "user_site"]

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


class Run:
    """One recorded call of a function, with variables of its own in place of some arguments.

    A tensor that the function also reaches by another way, as in a closure, counts as
    constant there. A variable made of a tensor that requires a gradient passes on to that
    tensor what later passes send, which is what lets transforms nest.

    Attributes
    ----------
    label : str
        ``"grad(loss)"``: the transform and the function, for messages.
    value
        What the function returned: a tensor, or a tuple or list of them.
    outputs : list of Tensor
        The tensors in it.
    chosen : list
        The arguments with variables in place of their arrays, as chosen by `argnums`.
    variables : list of Tensor
        The variables in it.
    recorded : bool
        Whether what comes out of the transform is to be recorded: the caller records, and
        something outside of the call requires a gradient.
    """

    def __init__(
        self,
        transform: str,
        function: Callable[..., Any],
        args: Sequence[Any],
        argnums: Sequence[int],
        kwargs: dict[str, Any],
    ) -> None:
        self.label = f"{transform}({getattr(function, '__name__', type(function).__name__)})"
        if not argnums:
            raise ArgumentError(self.label, "an argument to differentiate", "none")
        self.site = user_site()
        self.recording = tape.recording
        self.variables: list[Tensor] = []
        self.chosen: list[Any] = []
        names = _argument_names(function)
        call = list(args)
        for number in argnums:
            name = names[number] if number < len(names) else f"args[{number}]"
            if is_structure(args[number]):
                made = [
                    self._variable(leaf, f"{name}[{k}]")
                    for k, leaf in enumerate(flatten(args[number]))
                ]
            else:
                made = [self._variable(args[number], name)]
            self.variables += made
            call[number] = rebuild(args[number], made)
            self.chosen.append(call[number])
        with enable_grad():
            self.value = function(*call, **kwargs)
        returned = flatten(self.value)
        for output in returned:
            if not isinstance(output, Tensor):
                hint = "compute with tensors from the arguments to the result"
                got = f"{type(output).__name__}, which carries no gradient"
                raise GradientError(self.label, "a Tensor from the function", got, hint)
        self.outputs: list[Tensor] = returned
        self.reached = Reached(self.outputs)
        private = {variable.id for variable in self.variables}
        outside = any(leaf.id not in private for leaf in self.reached.leaves())
        self.recorded = self.recording and outside

    def scalar(self) -> Tensor:
        """Return the value of the function, which must be one floating-point number."""
        value = self.value
        if not isinstance(value, Tensor):
            got = f"a {type(value).__name__} of {len(self.outputs)}"
            raise GradientError(self.label, "a scalar from the function", got, "see ad.jacobian")
        if value.size != 1:
            hint = "reduce it with .sum() or .mean(), or see ad.jacobian and ad.vjp"
            raise GradientError(self.label, "a scalar from the function", f"{value.shape}", hint)
        if value.dtype.kind != "f":
            got = f"{value.dtype}, which has no gradient"
            raise GradientError(self.label, "a floating-point scalar", got)
        return value

    def result(self) -> Any:
        """Return the value of the function, detached unless the transform is recorded."""
        if self.recorded:
            return self.value
        return rebuild(self.value, [as_constant(output._data) for output in self.outputs])

    def pull_back(self, gradients: Sequence[Tensor]) -> list[Tensor]:
        """Return the gradients of the variables, given those of the outputs.

        They are zeros for a variable that no output depends on.
        """
        recorded = self.recorded or (self.recording and any(g.requires_grad for g in gradients))
        seeds = zip(self.outputs, gradients, strict=True)
        return gradients_of(self.variables, seeds, self.reached, self.site if recorded else None)

    def _variable(self, value: Any, name: str) -> Tensor:
        if value is None or isinstance(value, (str, dict)):
            expected = f"an array, or a tuple or list of arrays, as {name}"
            raise DTypeError(self.label, expected, type(value).__name__)
        is_tensor = isinstance(value, Tensor)
        array = value._data if is_tensor else constant(value, self.label, False)
        if array.dtype.kind != "f":
            hint = "give floats, or leave it out of argnums"
            got = f"{array.dtype} {tuple(array.shape)}"
            raise DTypeError(self.label, f"floating-point numbers as {name}", got, hint)
        if is_tensor and value.requires_grad and self.recording:
            require_own(self.label, [value])
            variable = alias(value, array, self.site, tape.scope)
        else:
            variable = constant_leaf(array)
            variable.requires_grad = True
            variable._site = self.site
        variable.name = name
        return variable


def gradients_of(
    targets: Sequence[Tensor],
    seeds: Iterable[tuple[Tensor, Tensor]],
    reached: Reached,
    site: Site | None,
) -> list[Tensor]:
    """Return the gradients of `targets`, zeros where nothing reaches one; recorded given a site."""
    ids = {target.id for target in targets}
    found: dict[int, Any]
    if site is None:
        found = sweep(reached, [(output, g._data) for output, g in seeds], ids)
    else:
        found = traced_sweep(reached, seeds, ids, site)
    return [
        as_constant(found[t.id] if t.id in found else namespace(t._data).zeros_like(t._data))
        for t in targets
    ]


def fitted(label: str, given: Any, like: Tensor, kind: str) -> Tensor:
    """Return `given`, a gradient or a tangent, as a tensor of the shape and dtype of `like`.

    Raises
    ------
    ShapeError
        When it has another shape.
    """
    value = given if isinstance(given, Tensor) else as_constant(own(given, label))
    if value.shape != like.shape:
        raise ShapeError(label, f"a {kind} of shape {like.shape}", f"{value.shape}")
    same: Tensor = value if value.dtype == like.dtype else value.astype(like.dtype)
    return same


def positions(transform: str, argnums: int | Collection[int], count: int) -> tuple[int, ...]:
    """Return the chosen positions, counted from 0, among `count` arguments.

    Raises
    ------
    ArgumentError
        For a position that is no integer, is out of range, or is chosen twice.
    """
    given = tuple(argnums) if isinstance(argnums, (tuple, list)) else (argnums,)
    found: list[int] = []
    for number in given:
        try:
            position = operator.index(number)
        except TypeError:
            expected = "argnums, an integer or a tuple of them"
            raise ArgumentError(transform, expected, repr(argnums)) from None
        if not -count <= position < count:
            got = f"argnums={argnums!r} with {count}"
            hint = "arguments by keyword are not counted"
            raise ArgumentError(transform, "argnums of positional arguments", got, hint)
        if position % count in found:
            raise ArgumentError(transform, "each argument once", f"argnums={argnums!r}")
        found.append(position % count)
    return tuple(found)


def is_structure(value: Any) -> bool:
    """Whether `value` is a tuple or list that holds arrays or tensors, not one of numbers only."""
    return isinstance(value, (tuple, list)) and any(
        isinstance(part, Tensor) or (is_array(part) and part.ndim > 0) or is_structure(part)
        for part in value
    )


def flatten(structure: Any) -> list[Any]:
    """Return what a nest of tuples and lists holds, from left to right."""
    if not is_structure(structure):
        return [structure]
    return [leaf for part in structure for leaf in flatten(part)]


def rebuild(structure: Any, leaves: Iterable[Any]) -> Any:
    """Return a nest like `structure` that holds `leaves`, from left to right."""
    return _build(structure, iter(leaves))


def _build(part: Any, leaves: Iterator[Any]) -> Any:
    if not is_structure(part):
        return next(leaves)
    parts = [_build(inner, leaves) for inner in part]
    return type(part)(*parts) if hasattr(part, "_fields") else type(part)(parts)


@contextmanager
def placed(name: str, site: Site) -> Iterator[None]:
    """Place what the package computes inside at the user's call."""
    before = enter(ScopeEntry(name, tape.scope, site, hidden=True))
    try:
        yield
    finally:
        put_back(before)


def user_site() -> Site:
    """Return the innermost call in progress that the package did not make itself."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    return Site(frame.f_code, frame.f_lasti)


def _argument_names(function: Callable[..., Any]) -> tuple[str, ...]:
    function = inspect.unwrap(function)
    code = getattr(function, "__code__", None)
    if code is None:
        return ()
    names: tuple[str, ...] = code.co_varnames[: code.co_argcount]
    return names[1:] if inspect.ismethod(function) else names
