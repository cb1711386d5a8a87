"""``backward(create_graph=True)``: the backward pass, recorded like any other computation."""

from __future__ import annotations

from typing import Any

from graphviz_ad.engine.backward import seed
from graphviz_ad.engine.refuse import require_own
from graphviz_ad.engine.sweep import Reached, as_constant, traced_sweep
from graphviz_ad.engine.tape import ScopeEntry, Site, tape
from graphviz_ad.engine.tensor import Tensor, constant_leaf, wrap

__all__ = ["traced_backward", "traced_seed"]


def traced_backward(output: Tensor, gradient: Any, site: Site) -> None:
    """Add the gradient of `output` to ``.grad`` of the leaves; see `Tensor.backward`."""
    require_own("backward(create_graph=True)", [output])
    start = traced_seed(output, gradient)
    if gradient is None and output.name:
        start.name = f"{output.name}∇"
    reached = Reached([output])
    keeping = [
        tensor
        for tensor in reached.tensors.values()
        if tensor._op is None or (tensor._watch is not None and tensor._watch.keeps)
    ]
    found = traced_sweep(reached, [(output, start)], {tensor.id for tensor in keeping}, site)
    arrived = [tensor for tensor in keeping if tensor.id in found]
    before = tape.recording, tape.scope
    tape.recording, tape.scope = True, ScopeEntry("backward", tape.scope, site)
    try:
        totals = [found[t.id] if t.grad is None else t.grad + found[t.id] for t in arrived]
    finally:
        tape.recording, tape.scope = before
    for tensor, total in zip(arrived, totals, strict=True):
        tensor._grad = _own(total, f"{tensor.name}∇" if tensor.name else None)


def _own(gradient: Tensor, name: str | None) -> Tensor:
    """Return an object of its own for ``.grad``: two leaves may have been sent the same tensor."""
    if gradient._op is not None:
        record = gradient._record
        assert record is not None
        own = wrap(gradient._data, record, gradient.id)
    elif gradient.requires_grad:
        return gradient
    else:
        own = constant_leaf(gradient._data)
    own.name = name
    return own


def traced_seed(output: Tensor, gradient: Any, function: str = "backward") -> Tensor:
    """Return the gradient with which a recorded pass starts; a tensor stays the one it is.

    Raises
    ------
    GradientError, ShapeError, DTypeError
        As `graphviz_ad.engine.backward.seed`.
    """
    start = seed(output, gradient, function)
    if not isinstance(gradient, Tensor):
        return as_constant(start)
    same: Tensor = gradient if gradient.dtype == output.dtype else gradient.astype(output.dtype)
    return same
