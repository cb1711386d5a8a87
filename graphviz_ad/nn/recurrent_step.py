"""One step of each recurrent network, given the input's part of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from graphviz_ad.backend import namespace
from graphviz_ad.engine.tensor import Tensor, tensor
from graphviz_ad.ops import FUNCTIONS

__all__ = [
    "STEPS", "Recur", "State", "Step", "recurrence", "recurrence_over_time", "zero_state",
]  # fmt: skip

State = tuple[Tensor, ...]

Recur = Callable[[Tensor | None, Tensor], Tensor]
"""From the input's part (None for none) and the state h, the part plus what h adds to it."""

_split = FUNCTIONS["split"]
_linear, _matmul, _addmm = FUNCTIONS["linear"], FUNCTIONS["matmul"], FUNCTIONS["addmm"]
_sigmoid, _tanh, _relu = FUNCTIONS["sigmoid"], FUNCTIONS["tanh"], FUNCTIONS["relu"]


class Step(NamedTuple):
    """How many gates and states there are, and the function from one state to the next.

    Where the biases of the input and of the state only ever occur as a sum, a layer adds
    them to the input's part once instead of at every step.
    """

    gates: int
    states: int
    run: Callable[[Tensor, State, Recur], State]
    biases_add: bool


def zero_state(part: Tensor, step: Step, hidden_size: int) -> State:
    """Return the state before the first step, for inputs like `part`."""
    data = part.data
    zeros = namespace(data).zeros((*data.shape[:-1], hidden_size), data.dtype)
    return tuple(tensor(zeros, name=f"{name}0") for name in ("h", "c")[: step.states])


def recurrence(weight: Tensor, bias: Tensor | None) -> Recur:
    """Return what the state adds in one step: ``weight @ h + bias``."""

    def recur(part: Tensor | None, h: Tensor) -> Tensor:
        added: Tensor = _linear(h, weight, bias)
        return added if part is None else part + added

    return recur


def recurrence_over_time(weight: Tensor, bias: Tensor | None) -> Recur:
    """Return the same for many steps of a batch.

    The weight is transposed once and laid out row by row: a product of few rows is then twice
    as fast.
    """
    columns = weight.T.contiguous()

    def recur(part: Tensor | None, h: Tensor) -> Tensor:
        if part is None:
            part = bias
        product: Tensor = _matmul(h, columns) if part is None else _addmm(part, h, columns)
        return product

    return recur


def _elman(activation: Callable[[Any], Tensor]) -> Callable[..., State]:
    def run(part: Tensor, state: State, recur: Recur) -> State:
        h = activation(recur(part, state[0]))
        h.name = "h"
        return (h,)

    return run


def _lstm(part: Tensor, state: State, recur: Recur) -> State:
    h, c = state
    gates = _split(recur(part, h), 4, -1)
    i, f, g, o = _sigmoid(gates[0]), _sigmoid(gates[1]), _tanh(gates[2]), _sigmoid(gates[3])
    c = f * c + i * g
    h = o * _tanh(c)
    i.name, f.name, g.name, o.name, c.name, h.name = "i", "f", "g", "o", "c", "h"
    return h, c


def _gru(part: Tensor, state: State, recur: Recur) -> State:
    h = state[0]
    x_r, x_z, x_n = _split(part, 3, -1)
    h_r, h_z, h_n = _split(recur(None, h), 3, -1)
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
