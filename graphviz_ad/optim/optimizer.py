"""The base of the optimisers: checked parameters, groups, state, and steps that rebind."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

import numpy as np

from graphviz_ad.backend import Array, move, name_of, namespace, protect, to_numpy
from graphviz_ad.engine.switch import enable_grad
from graphviz_ad.engine.tensor import Tensor
from graphviz_ad.errors import ArgumentError, ModuleError
from graphviz_ad.nn.module import REPLACED, clear_gradients
from graphviz_ad.optim.state import NOTES, read

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
    maximize : bool
        Go up along the gradient instead of down.
    **options
        Of the subclass.

    Attributes
    ----------
    param_groups : list of dict
        The parameters (``"params"``) and options of each group; ``"lr"`` may be changed.
    defaults : dict
        The options of groups that do not give their own.
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

    buffers: ClassVar[tuple[str, ...]] = ()
    """What a subclass may have in a parameter's state; ``"step"`` counts steps."""

    def __init__(
        self, params: Iterable[Any], lr: float, weight_decay: float, l1: float, maximize: bool,
        **options: Any,
    ) -> None:  # fmt: skip
        self.defaults: dict[str, Any] = {
            "lr": lr, "weight_decay": weight_decay, "l1": l1, "maximize": maximize, **options,
        }  # fmt: skip
        if isinstance(params, Tensor):
            hint = "give a list of them, or module.parameters()"
            raise ArgumentError(type(self).__name__, "parameters", "one Tensor", hint)
        try:
            given = list(params)
        except TypeError:
            hint = "give module.parameters()" if hasattr(params, "parameters") else ""
            got = type(params).__name__
            raise ArgumentError(type(self).__name__, "parameters", got, hint) from None
        grouped = bool(given) and isinstance(given[0], dict)
        groups: list[Any] = given if grouped else [{"params": given}]
        self.param_groups: list[dict[str, Any]] = []
        self.state: dict[int, dict[str, Any]] = {}
        for group in groups:
            self.add_param_group(group)

    def add_param_group(self, param_group: Mapping[str, Any]) -> None:
        """Add a group of parameters, such as a layer that is to learn from now on.

        Parameters
        ----------
        param_group : mapping
            ``{"params": [...]}``, and options where they differ from ``defaults``.

        Raises
        ------
        ArgumentError
            As at the start; no group is added then.
        """
        name, group = type(self).__name__, param_group
        if not isinstance(group, Mapping) or "params" not in group:
            raise ArgumentError(name, 'groups {"params": [...]}', repr(group))
        given = group["params"]
        listed = [given] if isinstance(given, Tensor) else list(given)
        tensors = [item[1] if isinstance(item, tuple) else item for item in listed]
        if not tensors:
            hint = "are the parameters assigned to the module's attributes?"
            raise ArgumentError(name, "at least one parameter", "none", hint)
        known = {t.id for other in self.param_groups for t in other["params"]}
        for tensor in tensors:
            if not isinstance(tensor, Tensor):
                hint = "give module.parameters()" if hasattr(tensor, "parameters") else ""
                raise ArgumentError(name, "parameters", type(tensor).__name__, hint)
            if not tensor.is_leaf or tensor.dtype.kind != "f":
                raise ArgumentError(name, "leaves of floats", repr(tensor))
            if tensor.id in known:
                raise ArgumentError(name, "every parameter once", f"{tensor.name} twice")
            known.add(tensor.id)
        options = {**self.defaults, **{k: v for k, v in group.items() if k != "params"}}
        unknown = sorted(set(options) - {*self.defaults, *NOTES})
        if unknown:
            raise ArgumentError(name, f"options {sorted(self.defaults)}", ", ".join(unknown))
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
                if not (isinstance(value, (int, float, np.number)) and low <= value < high):
                    raise ArgumentError(name, f"{option} in [{low:g}, {high:g})", repr(values))

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take one step with the gradients as they are; a parameter without one stays put.

        Parameters
        ----------
        closure : callable, optional
            Computes the loss and its gradients first, and returns the loss.

        Returns
        -------
        Tensor or None
            What `closure` returned.

        Raises
        ------
        ArgumentError
            For a learning rate that was set to something negative or not finite.
        ModuleError
            For a parameter without a gradient that its module has replaced: the
            optimiser holds the old one.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        for group in self.param_groups:
            self._prepare(group)
        for group in self.param_groups:
            for tensor in group["params"]:
                if tensor.grad is None or not tensor.requires_grad:
                    continue
                w, g = tensor.data, tensor.grad.data
                xp = namespace(w)
                if group["maximize"]:
                    g = -g
                if group["weight_decay"] and not self._decouples:
                    g = g + group["weight_decay"] * w
                if group["l1"]:
                    g = g + group["l1"] * xp.sign(w)
                state = self.state.setdefault(tensor.id, {})
                if "step" in self.buffers:
                    state["step"] = state.get("step", 0) + 1
                _follow(state, w)
                # The array is ours alone, so no copy is needed as in `Tensor.data`.
                tensor._data = protect(self._update(xp, w, g, state, group))
        return loss

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

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Clear the gradient of every parameter, or set those that there are to zeros.

        Parameters
        ----------
        set_to_none : bool
        """
        for group in self.param_groups:
            clear_gradients(group["params"], set_to_none)

    def state_dict(self) -> dict[str, Any]:
        """Return the options and the state by the parameters' positions, in PyTorch's structure.

        ``graphviz_ad.nn.save`` writes it, on its own or in a dict beside the module's.
        """
        state: dict[int, dict[str, Any]] = {}
        groups = []
        position = 0
        for group in self.param_groups:
            members = []
            for tensor in group["params"]:
                if self.state.get(tensor.id):
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

        Parameters
        ----------
        state_dict : mapping
            PyTorch's of the same optimiser fits, too.

        Raises
        ------
        StateDictError
            When the numbers of groups and parameters or the shapes differ, or the state is
            another optimiser's.
        ArgumentError
            For an option out of its range.
        """
        groups, state = read(self, state_dict)
        for group, options in zip(self.param_groups, groups, strict=True):
            group.update(options)
        self.state = state

    def __getstate__(self) -> dict[str, Any]:
        """Copy and pickle the state with the parameters that it belongs to: a copy has new ids."""
        tensors = [tensor for group in self.param_groups for tensor in group["params"]]
        pairs = [(tensor, self.state.get(tensor.id, {})) for tensor in tensors]
        return {**vars(self), "state": pairs}

    def __setstate__(self, fields: dict[str, Any]) -> None:
        state = {tensor.id: saved for tensor, saved in fields["state"] if saved}
        self.__dict__.update(fields, state=state)

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
