"""Reading an optimiser's saved state, this package's or PyTorch's, before anything changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphviz_ad.backend import namespace, own
from graphviz_ad.errors import StateDictError

__all__ = ["NOTES", "read"]

NOTES = ("initial_lr",)
"""What schedules note in a group, beside its options."""

_PYTORCH_ONLY = frozenset(
    {"foreach", "fused", "capturable", "differentiable", "decoupled_weight_decay", "param_names"}
)
"""Options of PyTorch's that change how a step is computed, not what it is."""


def read(
    optimizer: Any, state_dict: Mapping[str, Any]
) -> tuple[list[dict[str, Any]], dict[int, dict[str, Any]]]:
    """Return the options of each group, and the state by the parameters' ids.

    Raises
    ------
    StateDictError
        When something does not fit the optimiser.
    """
    name = f"{type(optimizer).__name__}.load_state_dict"
    if not isinstance(state_dict, Mapping) or not {"state", "param_groups"} <= set(state_dict):
        got = sorted(state_dict) if isinstance(state_dict, Mapping) else type(state_dict).__name__
        raise StateDictError(name, "the keys param_groups and state", str(got))
    sizes = [len(group["params"]) for group in optimizer.param_groups]
    got_sizes = [len(group["params"]) for group in state_dict["param_groups"]]
    if sizes != got_sizes:
        raise StateDictError(name, f"groups of {sizes} parameters", str(got_sizes))
    groups = [_options(optimizer, name, group) for group in state_dict["param_groups"]]
    tensors = [tensor for group in optimizer.param_groups for tensor in group["params"]]
    positions = [p for group in state_dict["param_groups"] for p in group["params"]]
    places = dict(zip(map(str, positions), tensors, strict=True))
    state = {}
    for position, saved in state_dict["state"].items():
        if str(position) not in places:
            raise StateDictError(name, f"states of {len(tensors)} parameters", f"one of {position}")
        tensor = places[str(position)]
        state[tensor.id] = _buffers(optimizer, name, tensor, saved)
    return groups, state


def _options(optimizer: Any, name: str, saved: Mapping[str, Any]) -> dict[str, Any]:
    options = dict(optimizer.defaults)
    for key, value in saved.items():
        if key == "params" or (key in _PYTORCH_ONLY and key not in options):
            continue
        if key not in options and key not in NOTES:
            raise StateDictError(name, f"options {sorted(options)}", key)
        options[key] = tuple(value) if isinstance(options.get(key), tuple) else value
    # a schedule may have brought the rate to 0, which no optimiser begins with
    optimizer._check({**options, "lr": options["lr"] or optimizer.defaults["lr"]})
    return options


def _buffers(optimizer: Any, name: str, tensor: Any, saved: Mapping[str, Any]) -> dict[str, Any]:
    label = tensor.name or "a parameter"
    loaded: dict[str, Any] = {}
    for key, value in saved.items():
        if value is None:
            continue
        if key not in optimizer.buffers:
            expected = f"{', '.join(optimizer.buffers) or 'nothing'} in the state of {label}"
            raise StateDictError(name, expected, key, "is it another optimiser's?")
        if key == "step":
            loaded[key] = int(value)
            continue
        array = own(value.detach() if hasattr(value, "detach") else value, name, tensor.dtype)
        if array.shape != tensor.shape:
            raise StateDictError(
                name, f"{key} of shape {tensor.shape} for {label}", str(array.shape)
            )
        # Updates write into the state: a copy of its own, on the tensor's device.
        loaded[key] = namespace(tensor.data).array(array)
    if loaded and "step" in optimizer.buffers and "step" not in loaded:
        raise StateDictError(name, f"step in the state of {label}", ", ".join(loaded))
    return loaded
