"""The base of the optimisers: checked parameters, groups, state, and steps that rebind."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import numpy as np

from graphviz_ad.backend import Array, move, name_of, namespace, own, protect, to_numpy
from graphviz_ad.engine.tensor import Tensor
from graphviz_ad.errors import ArgumentError, ModuleError, StateDictError
from graphviz_ad.nn.module import REPLACED

__all__ = ["Optimizer"]


class Optimizer:
    """Base class: ``step`` rebinds each parameter's data; recorded graphs keep what they saw.

    Parameters
    ----------
    params : iterable of Tensor, of (name, Tensor), or of dict
        Parameters, or groups ``{"params": [...], "lr": ...}`` with options of their own.
    lr : float
        The learning rate, positive.
    weight_decay : float
        Adds ``weight_decay · w`` to the gradient (L2).
    l1 : float
        Adds ``l1 · sign(w)`` to the gradient (L1).
    **options
        Of the subclass.

    Attributes
    ----------
    param_groups : list of dict
        The parameters (``"params"``) and options of each group; ``"lr"`` may be changed.
    state : dict
        From a parameter's id to its arrays and step count.

    Raises
    ------
    ArgumentError
        For no parameters, something that is no parameter, a parameter given
        twice, or an option out of its range.
    """

    ranges: ClassVar[Mapping[str, tuple[float, float]]] = {}
    """Options of a subclass and the half-open range [low, high) that each must lie in."""

    def __init__(
        self, params: Iterable[Any], lr: float, weight_decay: float, l1: float, **options: Any
    ) -> None:
        defaults = {"lr": lr, "weight_decay": weight_decay, "l1": l1, **options}
        if isinstance(params, Tensor):
            hint = "give a list of them, or module.parameters()"
            raise ArgumentError(type(self).__name__, "parameters", "one Tensor", hint)
        given = list(params)
        grouped = bool(given) and isinstance(given[0], dict)
        groups: list[Any] = given if grouped else [{"params": given}]
        self.param_groups: list[dict[str, Any]] = []
        self.state: dict[int, dict[str, Any]] = {}
        for group in groups:
            self._add(group, defaults)

    def _add(self, group: Mapping[str, Any], defaults: Mapping[str, Any]) -> None:
        name = type(self).__name__
        tensors = [item[1] if isinstance(item, tuple) else item for item in group["params"]]
        if not tensors:
            hint = "are the parameters assigned to the module's attributes?"
            raise ArgumentError(name, "at least one parameter", "none", hint)
        known = {t.id for other in self.param_groups for t in other["params"]}
        for tensor in tensors:
            if not isinstance(tensor, Tensor):
                raise ArgumentError(name, "parameters", type(tensor).__name__)
            if not tensor.is_leaf or tensor.dtype.kind != "f":
                raise ArgumentError(name, "leaves of floats", repr(tensor))
            if tensor.id in known:
                raise ArgumentError(name, "every parameter once", f"{tensor.name} twice")
            known.add(tensor.id)
        options = {**defaults, **{k: v for k, v in group.items() if k != "params"}}
        unknown = sorted(set(options) - set(defaults))
        if unknown:
            raise ArgumentError(name, f"options {sorted(defaults)}", ", ".join(unknown))
        self._check(options)
        options["lr"] = float(options["lr"])
        self.param_groups.append({"params": tensors, **options})

    def _check(self, options: Mapping[str, Any]) -> None:
        name = type(self).__name__
        rate = options["lr"]
        if not (isinstance(rate, (int, float, np.number)) and 0 < rate < math.inf):
            raise ArgumentError(name, "a positive learning rate lr", repr(rate))
        for option, (low, high) in {**self.ranges, **_PENALTIES}.items():
            values = options[option]
            for value in values if isinstance(values, tuple) else (values,):
                if not low <= value < high:
                    raise ArgumentError(name, f"{option} in [{low:g}, {high:g})", repr(values))

    def step(self) -> None:
        """Take one step with the gradients as they are; a parameter without one stays put.

        Raises
        ------
        ArgumentError
            For a learning rate that was set to something negative or not finite.
        ModuleError
            For a parameter without a gradient that its module has replaced: the
            optimiser holds the old one.
        """
        for group in self.param_groups:
            self._prepare(group)
        for group in self.param_groups:
            for tensor in group["params"]:
                if tensor.grad is None or not tensor.requires_grad:
                    continue
                w, g = tensor.data, tensor.grad.data
                xp = namespace(w)
                if group["weight_decay"] and not self._decouples:
                    g = g + group["weight_decay"] * w
                if group["l1"]:
                    g = g + group["l1"] * xp.sign(w)
                state = self.state.setdefault(tensor.id, {"step": 0})
                state["step"] += 1
                _follow(state, w)
                # The array is ours alone, so no copy is needed as in `Tensor.data`.
                tensor._data = protect(self._update(xp, w, g, state, group))

    def _prepare(self, group: dict[str, Any]) -> None:
        """See that a step can be taken, before any parameter moves."""
        name = f"{type(self).__name__}.step"
        rate = group["lr"]
        if not 0 <= rate < math.inf:
            raise ArgumentError(name, "a learning rate lr of 0 or more", repr(rate))
        # A NumPy float64 would turn float32 parameters into float64.
        group["lr"] = float(rate)
        if REPLACED:
            for tensor in group["params"]:
                if tensor.grad is None and tensor.id in REPLACED:
                    raise _replaced(name, tensor)

    _decouples: ClassVar[bool] = False

    def _update(
        self, xp: Any, w: Array, g: Array, state: dict[str, Any], group: Mapping[str, Any]
    ) -> Array:
        """Return the parameter's new array."""
        raise NotImplementedError

    def zero_grad(self) -> None:
        """Clear the gradient of every parameter."""
        for group in self.param_groups:
            for tensor in group["params"]:
                tensor.grad = None

    def state_dict(self) -> dict[str, Any]:
        """Return the options and the state by the parameters' positions, to be saved."""
        state: dict[int, dict[str, Any]] = {}
        groups = []
        position = 0
        for group in self.param_groups:
            members = []
            for tensor in group["params"]:
                if tensor.id in self.state:
                    state[position] = {
                        k: np.array(to_numpy(v)) if hasattr(v, "dtype") else v
                        for k, v in self.state[tensor.id].items()
                    }
                members.append(position)
                position += 1
            groups.append({**group, "params": members})
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take options and state that `state_dict` gave; nothing changes when they do not fit.

        Raises
        ------
        StateDictError
            When the numbers of groups and parameters or the shapes differ.
        """
        name = f"{type(self).__name__}.load_state_dict"
        sizes = [len(group["params"]) for group in self.param_groups]
        got = [len(group["params"]) for group in state_dict["param_groups"]]
        if sizes != got:
            raise StateDictError(name, f"groups of {sizes} parameters", str(got))
        tensors = [tensor for group in self.param_groups for tensor in group["params"]]
        loaded: dict[int, dict[str, Any]] = {}
        for position, saved in state_dict["state"].items():
            tensor = tensors[int(position)]
            loaded[tensor.id] = {}
            for key, value in saved.items():
                if hasattr(value, "dtype"):
                    if tuple(value.shape) != tensor.shape:
                        expected = f"{key} of shape {tensor.shape} for {tensor.name}"
                        raise StateDictError(name, expected, str(tuple(value.shape)))
                    array = own(value, name, tensor.dtype)
                    # Updates write into the state: a copy of its own, on the tensor's device.
                    value = namespace(tensor.data).array(array)
                loaded[tensor.id][key] = value
        for group, saved in zip(self.param_groups, state_dict["param_groups"], strict=True):
            group.update({key: value for key, value in saved.items() if key != "params"})
        self.state = loaded

    def __repr__(self) -> str:
        groups = []
        for group in self.param_groups:
            options = ", ".join(f"{k}={v!r}" for k, v in group.items() if k != "params")
            groups.append(f"{len(group['params'])} parameters, {options}")
        return f"{type(self).__name__}({'; '.join(groups)})"


def _follow(state: dict[str, Any], w: Array) -> None:
    """Bring the arrays of a state to where its parameter has been moved since the last step."""
    for key, value in state.items():
        if type(value) is type(w):
            if value.dtype != w.dtype:
                state[key] = value.astype(w.dtype)
        elif hasattr(value, "dtype"):
            state[key] = move(value, name_of(w), "Optimizer.step").astype(w.dtype, copy=False)


def _replaced(function: str, tensor: Tensor) -> ModuleError:
    hint = "make the optimiser after the last change of the module"
    got = f"{REPLACED[tensor.id]} that was replaced"
    return ModuleError(function, "parameters that the module has", got, hint)


_PENALTIES = {"weight_decay": (0.0, math.inf), "l1": (0.0, math.inf)}
