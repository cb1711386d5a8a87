"""Recurrent layers: one step as a cell, and unrolled over time with a scope per step."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

from graphviz_ad.engine.tape import module_scope
from graphviz_ad.engine.tensor import Tensor, tensor
from graphviz_ad.errors import ArgumentError, ShapeError
from graphviz_ad.nn.init import Seed, default_rng, new_parameter
from graphviz_ad.nn.linear import draw_uniform, positive
from graphviz_ad.nn.module import Module
from graphviz_ad.nn.recurrent_step import (
    STEPS,
    State,
    Step,
    recurrence,
    recurrence_over_time,
    zero_state,
)
from graphviz_ad.ops import FUNCTIONS

__all__ = ["GRU", "LSTM", "RNN", "GRUCell", "LSTMCell", "RNNCell"]

_linear, _dropout = FUNCTIONS["linear"], FUNCTIONS["dropout"]
_concatenate, _stack = FUNCTIONS["concatenate"], FUNCTIONS["stack"]
_swapaxes, _unbind = FUNCTIONS["swapaxes"], FUNCTIONS["unbind"]


class _Stepping(Module):
    """What cells and layers share: the step, which is looked up so that modules pickle."""

    _kind: str

    @property
    def _step(self) -> Step:
        return STEPS[self._kind]


class _Cell(_Stepping):
    def __init__(
        self, input_size: int, hidden_size: int, bias: bool, kind: str, dtype: Any, rng: Seed
    ) -> None:
        super().__init__()
        positive(type(self).__name__, input_size=input_size, hidden_size=hidden_size)
        self.input_size, self.hidden_size = input_size, hidden_size
        self._kind = kind
        rows = self._step.gates * hidden_size
        self.weight_ih = new_parameter((rows, input_size), dtype)
        self.weight_hh = new_parameter((rows, hidden_size), dtype)
        self.bias_ih = new_parameter((rows,), dtype) if bias else None
        self.bias_hh = new_parameter((rows,), dtype) if bias else None
        self.reset_parameters(rng)

    def reset_parameters(self, rng: Seed = None) -> None:
        """Draw the parameters anew."""
        draw_uniform(self, 1 / math.sqrt(self.hidden_size), rng)

    def forward(self, input: Any, state: Any = None) -> Any:
        """Take one step: input (N, input_size) or (input_size,), state of `hidden_size`."""
        part = _linear(input, self.weight_ih, self.bias_ih)
        if state is None:
            state = zero_state(part, self._step, self.hidden_size)
        state = state if isinstance(state, tuple) else (state,)
        _check_state(type(self).__name__, state, (*part.shape[:-1], self.hidden_size), self._step)
        state = self._step.run(part, state, recurrence(self.weight_hh, self.bias_hh))
        return state if len(state) > 1 else state[0]

    def extra_repr(self) -> str:
        """Return the sizes."""
        return f"{self.input_size}, {self.hidden_size}"


class RNNCell(_Cell):
    """One step of an Elman network: ``h = tanh(W_ih x + b_ih + W_hh h + b_hh)``.

    All parameters of the cells are drawn from U(−1/√hidden_size, 1/√hidden_size).

    Parameters
    ----------
    input_size, hidden_size : int
    bias : bool
    nonlinearity : {"tanh", "relu"}
    dtype : dtype, optional
    rng : numpy.random.Generator or int, optional

    Attributes
    ----------
    weight_ih : Tensor, shape (hidden_size, input_size)
    weight_hh : Tensor, shape (hidden_size, hidden_size)
    bias_ih, bias_hh : Tensor, shape (hidden_size,), or None

    Raises
    ------
    ArgumentError
        For sizes below 1 or another nonlinearity.

    Notes
    -----
    Elman, "Finding structure in time", Cognitive Science 14, 1990.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.nn.RNNCell(3, 4)([[1.0, 2.0, 3.0]]).shape
    (1, 4)
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, nonlinearity: str = "tanh",
        dtype: Any = None, rng: Seed = None,
    ) -> None:  # fmt: skip
        kind = _nonlinearity("RNNCell", nonlinearity)
        super().__init__(input_size, hidden_size, bias, kind, dtype, rng)


class LSTMCell(_Cell):
    """One step of long short-term memory, ``(h, c) = cell(x, (h, c))``.

    Gates are stacked in the order i, f, g, o: ``c = f c + i g`` and ``h = o tanh(c)``.

    Parameters
    ----------
    input_size, hidden_size, bias, dtype, rng
        As in `RNNCell`; the weights have ``4 · hidden_size`` rows.

    Notes
    -----
    Hochreiter and Schmidhuber, Neural Computation 9, 1997; the forget gate is by Gers,
    Schmidhuber and Cummins, Neural Computation 12, 2000.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> h, c = ad.nn.LSTMCell(3, 4)([[1.0, 2.0, 3.0]])
    >>> h.shape, c.shape
    ((1, 4), (1, 4))
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, dtype: Any = None,
        rng: Seed = None,
    ) -> None:  # fmt: skip
        super().__init__(input_size, hidden_size, bias, "lstm", dtype, rng)


class GRUCell(_Cell):
    """One step of a gated recurrent unit.

    Gates are stacked in the order r, z, n: ``n = tanh(x_n + r h_n)`` and
    ``h = (1 − z) n + z h``.

    Parameters
    ----------
    input_size, hidden_size, bias, dtype, rng
        As in `RNNCell`; the weights have ``3 · hidden_size`` rows.

    Notes
    -----
    Cho et al., "Learning phrase representations using RNN encoder-decoder for statistical
    machine translation", EMNLP 2014, in PyTorch's form.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.nn.GRUCell(3, 4)([[1.0, 2.0, 3.0]]).shape
    (1, 4)
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, dtype: Any = None,
        rng: Seed = None,
    ) -> None:  # fmt: skip
        super().__init__(input_size, hidden_size, bias, "gru", dtype, rng)


class _Recurrent(_Stepping):
    """The unrolled layers: the input's part of all steps at once, then step after step."""

    def __init__(
        self, kind: str, input_size: int, hidden_size: int, num_layers: int, bias: bool,
        batch_first: bool, dropout: float, bidirectional: bool, dtype: Any, rng: Seed,
    ) -> None:  # fmt: skip
        super().__init__()
        name = type(self).__name__
        sizes = {"input_size": input_size, "hidden_size": hidden_size, "num_layers": num_layers}
        positive(name, **sizes)
        if not 0 <= dropout < 1:
            raise ArgumentError(name, "a dropout probability in [0, 1)", repr(dropout))
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout = bias, batch_first, dropout
        self.bidirectional = bidirectional
        self._kind = kind
        self.rng = None if rng is None else default_rng(rng)
        rows = self._step.gates * hidden_size
        for layer, suffix in self._passes():
            width = input_size if layer == 0 else hidden_size * (1 + bidirectional)
            setattr(self, f"weight_ih_{suffix}", new_parameter((rows, width), dtype))
            setattr(self, f"weight_hh_{suffix}", new_parameter((rows, hidden_size), dtype))
            if bias:
                setattr(self, f"bias_ih_{suffix}", new_parameter((rows,), dtype))
                setattr(self, f"bias_hh_{suffix}", new_parameter((rows,), dtype))
        self.reset_parameters(self.rng)

    def reset_parameters(self, rng: Seed = None) -> None:
        """Draw the parameters anew."""
        draw_uniform(self, 1 / math.sqrt(self.hidden_size), rng)

    def _passes(self) -> Iterator[tuple[int, str]]:
        """Yield each layer and direction with the end of its parameters' names."""
        for layer in range(self.num_layers):
            yield layer, f"l{layer}"
            if self.bidirectional:
                yield layer, f"l{layer}_reverse"

    def forward(self, input: Any, state: Any = None) -> Any:
        """Run over an input (L, N, input_size), (N, L, input_size) or (L, input_size).

        Parameters
        ----------
        input : array_like
            With the batch first where the module was made so; or without a batch.
        state : Tensor, or for an LSTM a pair (h, c), shape (layers · directions, N, hidden)
            Zeros where it is left out.

        Returns
        -------
        output : Tensor
            Every step's h of the last layer, both directions beside each other.
        state : Tensor or pair of Tensors
            What the last step of each layer and direction left.
        """
        x = input if isinstance(input, Tensor) else tensor(input, name="input")
        if x.ndim not in (2, 3) or x.shape[-1] != self.input_size or 0 in x.shape:
            expected = f"an input (L, N, {self.input_size}) or (L, {self.input_size})"
            raise ShapeError(type(self).__name__, expected, str(x.shape))
        flip = self.batch_first and x.ndim == 3
        if flip:
            x = _swapaxes(x, 0, 1)
        parts = self._starts(state, x)
        ends: list[State] = []
        for layer in range(self.num_layers):
            runs = []
            for suffix in [s for number, s in self._passes() if number == layer]:
                start = None if parts is None else tuple(p[len(ends)] for p in parts)
                outputs, end = self._run(x, start, suffix)
                runs.append(outputs)
                ends.append(end)
            x = runs[0] if len(runs) == 1 else _concatenate(runs, -1)
            if self.dropout and self.training and layer + 1 < self.num_layers:
                x = _dropout(x, self.dropout, True, self.rng)
        if flip:
            x = _swapaxes(x, 0, 1)
        last = tuple(_stack(each) for each in zip(*ends, strict=True))
        return x, last if len(last) > 1 else last[0]

    def _run(self, x: Tensor, state: State | None, suffix: str) -> tuple[Tensor, State]:
        """Run one layer in one direction and return its outputs, and the state at its end."""
        fields = self.__dict__
        weight_hh, bias_hh = fields[f"weight_hh_{suffix}"], fields.get(f"bias_hh_{suffix}")
        bias_ih = fields.get(f"bias_ih_{suffix}")
        outputs: list[Any] = [None] * len(x)
        with ExitStack() as scopes:
            if self.num_layers > 1 or self.bidirectional:
                scopes.enter_context(module_scope(suffix))
            if bias_ih is not None and bias_hh is not None and self._step.biases_add:
                bias_ih, bias_hh = bias_ih + bias_hh, None
            parts = _linear(x, fields[f"weight_ih_{suffix}"], bias_ih)
            if state is None:
                state = zero_state(parts[0], self._step, self.hidden_size)
            batched = x.ndim == 3
            recur = (recurrence_over_time if batched else recurrence)(weight_hh, bias_hh)
            steps = list(enumerate(_unbind(parts)))
            for t, part in reversed(steps) if suffix.endswith("reverse") else steps:
                with module_scope(f"t={t}"):
                    state = self._step.run(part, state, recur)
                outputs[t] = state[0]
            return _stack(outputs), state

    def _starts(self, state: Any, x: Tensor) -> tuple[Tensor, ...] | None:
        if state is None:
            return None
        given = state if isinstance(state, tuple) else (state,)
        count = self.num_layers * (1 + self.bidirectional)
        shape = (count, *x.shape[1:-1], self.hidden_size)
        _check_state(type(self).__name__, given, shape, self._step)
        return tuple(s if isinstance(s, Tensor) else tensor(s) for s in given)

    def extra_repr(self) -> str:
        """Return the sizes and what differs from the defaults."""
        text = f"{self.input_size}, {self.hidden_size}, num_layers={self.num_layers}"
        for option in ("batch_first", "dropout", "bidirectional"):
            value = getattr(self, option)
            text += f", {option}={value}" if value else ""
        return text


class RNN(_Recurrent):
    """An Elman network over time; see `RNNCell` for the step.

    Every step is a scope ``t=0``, ``t=1``, … of its own in the trace.

    Parameters
    ----------
    input_size, hidden_size : int
    num_layers : int
    nonlinearity : {"tanh", "relu"}
    bias : bool
    batch_first : bool
        Whether the batch comes before time in inputs and outputs.
    dropout : float, in [0, 1)
        Between layers, in training.
    bidirectional : bool
    dtype : dtype, optional
    rng : numpy.random.Generator or int, optional
        What draws the parameters and the dropout.

    Attributes
    ----------
    weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0 : Tensor
        And so on for ``l1``, …; ``l0_reverse`` for the other direction.

    Raises
    ------
    ArgumentError
        For sizes below 1, another nonlinearity or probability.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> import numpy as np
    >>> output, h = ad.nn.RNN(3, 4)(np.ones((5, 2, 3)))
    >>> output.shape, h.shape
    ((5, 2, 4), (1, 2, 4))
    """

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, nonlinearity: str = "tanh",
        bias: bool = True, batch_first: bool = False, dropout: float = 0.0,
        bidirectional: bool = False, dtype: Any = None, rng: Seed = None,
    ) -> None:  # fmt: skip
        super().__init__(
            _nonlinearity("RNN", nonlinearity), input_size, hidden_size, num_layers, bias,
            batch_first, dropout, bidirectional, dtype, rng,
        )  # fmt: skip


class LSTM(_Recurrent):
    """Long short-term memory over time; see `LSTMCell` for the step and `RNN` for the rest.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> import numpy as np
    >>> output, (h, c) = ad.nn.LSTM(3, 4, bidirectional=True)(np.ones((5, 2, 3)))
    >>> output.shape, h.shape, c.shape
    ((5, 2, 8), (2, 2, 4), (2, 2, 4))
    """

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True,
        batch_first: bool = False, dropout: float = 0.0, bidirectional: bool = False,
        dtype: Any = None, rng: Seed = None,
    ) -> None:  # fmt: skip
        super().__init__(
            "lstm", input_size, hidden_size, num_layers, bias, batch_first, dropout,
            bidirectional, dtype, rng,
        )  # fmt: skip


class GRU(_Recurrent):
    """A gated recurrent unit over time; see `GRUCell` for the step and `RNN` for the rest.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> import numpy as np
    >>> output, h = ad.nn.GRU(3, 4, batch_first=True)(np.ones((2, 5, 3)))
    >>> output.shape, h.shape
    ((2, 5, 4), (1, 2, 4))
    """

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True,
        batch_first: bool = False, dropout: float = 0.0, bidirectional: bool = False,
        dtype: Any = None, rng: Seed = None,
    ) -> None:  # fmt: skip
        super().__init__(
            "gru", input_size, hidden_size, num_layers, bias, batch_first, dropout,
            bidirectional, dtype, rng,
        )  # fmt: skip


def _nonlinearity(function: str, name: str) -> str:
    if name not in ("tanh", "relu"):
        raise ArgumentError(function, "nonlinearity 'tanh' or 'relu'", repr(name))
    return name


def _check_state(function: str, state: tuple[Any, ...], shape: tuple[int, ...], step: Any) -> None:
    got = [getattr(s, "shape", "no array") for s in state]
    if got != [shape] * step.states:
        expected = f"a state of {step.states} × {shape}"
        raise ShapeError(function, expected, ", ".join(map(str, got)))
