"""What a tensor does about its gradient: the backward pass, hooks, and the switch."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from graphviz_ad.engine.hooks import HookHandle, Watch
from graphviz_ad.engine.tape import caller
from graphviz_ad.errors import ArgumentError, DTypeError, GradientError

if TYPE_CHECKING:
    from graphviz_ad.engine.tensor import Tensor

__all__ = ["Gradients", "require_float"]


class Gradients:
    """The part of `Tensor` that a backward pass reads and writes."""

    __slots__ = ()

    _watch: Watch | None

    def backward(self: Any, gradient: Any = None, create_graph: bool = False) -> None:
        """Add the gradient of this tensor to ``.grad`` of every leaf that led to it.

        The graph is kept: a second call accumulates.

        Each thread has a tape of its own: an operation takes what its own thread recorded,
        and leaves, which belong to all. The pass may run in another thread than the one that
        recorded, so that a worker can hand over its finished loss; ``create_graph=True``,
        which records, may not.

        Parameters
        ----------
        gradient : array_like, optional
            The gradient of this tensor, of its shape; 1 for a scalar.
        create_graph : bool
            Record the pass itself: ``.grad`` can then be differentiated, and shown as a
            graph. A leaf and such a gradient hold each other alive until ``.grad`` is
            set to None, as in PyTorch; `graphviz_ad.grad` has no such cycle.

        Raises
        ------
        GradientError
            For a tensor that requires no gradient, or a non-scalar without `gradient`.
        ShapeError
            When `gradient` has another shape.
        ThreadError
            When `create_graph` is asked for what another thread recorded.

        Examples
        --------
        >>> import graphviz_ad as ad
        >>> x = ad.parameter(3.0)
        >>> (x * x * x).backward(create_graph=True)
        >>> slope, x.grad = x.grad, None
        >>> slope.backward()
        >>> slope.item(), x.grad.item()
        (27.0, 18.0)
        """
        if create_graph:
            from graphviz_ad.engine.traced_backward import traced_backward

            traced_backward(self, gradient, caller(1))
            return
        self._send_back(gradient)

    def retain_grad(self: Any) -> Tensor:
        """Keep the gradient of this intermediate in ``.grad`` at the next `backward`, too.

        Raises
        ------
        GradientError
            For a tensor that requires no gradient.
        """
        if not self.requires_grad:
            raise GradientError("retain_grad", "a tensor that requires a gradient", repr(self))
        self._watched().keeps = True
        tensor: Tensor = self
        return tensor

    def register_hook(self: Any, hook: Callable[[Tensor], Tensor | None]) -> HookHandle:
        """Call `hook` with the gradient of this tensor in every backward pass.

        It is called once a pass, when every consumer has sent its contribution and
        before the gradient goes on or is added to ``.grad``. A tensor that it returns
        takes the gradient's place. Hooks run in the order in which they were registered,
        each on what the one before it returned. What they compute is recorded only
        where the pass is (``create_graph=True``). Semantics: PyTorch's
        ``Tensor.register_hook``.

        Parameters
        ----------
        hook : callable
            Takes the gradient, a Tensor, and returns one of the same shape, or None.

        Returns
        -------
        HookHandle
            Its ``remove()`` takes the hook off; it is a context manager, too.

        Raises
        ------
        GradientError
            For a tensor that requires no gradient.
        ArgumentError
            For a hook that cannot be called.

        Examples
        --------
        >>> import graphviz_ad as ad
        >>> a = ad.parameter([3.0, -4.0])
        >>> handle = a.register_hook(lambda g: ad.clip(g, -1, 1))
        >>> (a * a).sum().backward()
        >>> a.grad
        tensor([ 1., -1.], shape=(2,), dtype=float64)
        >>> handle.remove()
        """
        if not self.requires_grad:
            raise GradientError("register_hook", "a tensor that requires a gradient", repr(self))
        if not callable(hook):
            raise ArgumentError("register_hook", "a function of the gradient", repr(hook))
        handle: HookHandle = self._watched().add(hook)
        return handle

    def _watched(self: Any) -> Any:
        if self._watch is None:
            self._watch = Watch()
        return self._watch

    def requires_grad_(self: Any, requires_grad: bool = True) -> Tensor:
        """Switch the gradient of a leaf on or off, and return the leaf.

        Raises
        ------
        GradientError
            For the output of an operation: use `detach`.
        DTypeError
            For a dtype that is not floating-point.
        """
        if self._op is not None:
            got = f"the output of {self._op.name}"
            raise GradientError("requires_grad_", "a leaf", got, "use detach()")
        if requires_grad:
            require_float("requires_grad_", self._data.dtype)
        self.requires_grad = bool(requires_grad)
        tensor: Tensor = self
        return tensor


def require_float(function: str, dtype: Any, name: str | None = None) -> None:
    """Refuse a gradient for anything but floating-point numbers.

    Raises
    ------
    DTypeError
    """
    if dtype.kind != "f":
        got = f"{name}: {dtype}" if name else str(dtype)
        hint = "give floats, or dtype=float"
        raise DTypeError(function, "floating-point numbers for a gradient", got, hint)
