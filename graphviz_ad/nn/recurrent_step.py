"""One step of each recurrent network, given the input's part of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from graphviz_ad.backend import namespace
from graphviz_ad.engine.tensor import Tensor, tensor
from graphviz_ad.ops import FUNCTIONS

__all__ = ["STEPS", "State", "Step", "zero_state"]

State = tuple[Tensor, ...]

_linear, _split = FUNCTIONS["linear"], FUNCTIONS["split"]
_sigmoid, _tanh, _relu = FUNCTIONS["sigmoid"], FUNCTIONS["tanh"], FUNCTIONS["relu"]


class Step(NamedTuple):
    """How many gates and states there are, and the function from one state to the next.

    Where the biases of the input and of the state only ever occur as a sum, a layer adds
    them to the input's part once instead of at every step.
    """

    gates: int
    states: int
    run: Callable[[Tensor, State, Tensor, Tensor | None], State]
    biases_add: bool


def zero_state(part: Tensor, step: Step, hidden_size: int) -> State:
    """Return the state before the first step, for inputs like `part`."""
    data = part.data
    zeros = namespace(data).zeros((*data.shape[:-1], hidden_size), data.dtype)
    return tuple(tensor(zeros, name=f"{name}0") for name in ("h", "c")[: step.states])


def _elman(activation: Callable[[Any], Tensor]) -> Callable[..., State]:
    def run(part: Tensor, state: State, weight: Tensor, bias: Tensor | None) -> State:
        h = activation(part + _linear(state[0], weight, bias))
        h.name = "h"
        return (h,)

    return run


def _lstm(part: Tensor, state: State, weight: Tensor, bias: Tensor | None) -> State:
    h, c = state
    gates = _split(part + _linear(h, weight, bias), 4, -1)
    i, f, g, o = _sigmoid(gates[0]), _sigmoid(gates[1]), _tanh(gates[2]), _sigmoid(gates[3])
    c = f * c + i * g
    h = o * _tanh(c)
    i.name, f.name, g.name, o.name, c.name, h.name = "i", "f", "g", "o", "c", "h"
    return h, c


def _gru(part: Tensor, state: State, weight: Tensor, bias: Tensor | None) -> State:
    h = state[0]
    x_r, x_z, x_n = _split(part, 3, -1)
    h_r, h_z, h_n = _split(_linear(h, weight, bias), 3, -1)
    r, z = _sigmoid(x_r + h_r), _sigmoid(x_z + h_z)
    n = _tanh(x_n + r * h_n)
    h = n + z * (h - n)
    r.name, z.name, n.name, h.name = "r", "z", "n", "h"
    return (h,)


STEPS = {
    "tanh": Step(1, 1, _elman(_tanh), True),
    "relu": Step(1, 1, _elman(_relu), True),
    "lstm": Step(4, 2, _lstm, True),
    "gru": Step(3, 1, _gru, False),
}
"""The step of each kind of network, by name."""
