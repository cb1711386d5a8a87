"""The module: parameters, buffers and submodules under names that reach the trace."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, NamedTuple, TypeVar

import numpy as np

from graphviz_ad.backend import Array, move, namespace, own, protect, require, to_numpy
from graphviz_ad.engine.exchange import parse_target
from graphviz_ad.engine.tape import ScopeEntry, Site, enter, put_back, tape
from graphviz_ad.engine.tensor import Tensor, parameter, tensor
from graphviz_ad.errors import DTypeError, GraphvizADError, ModuleError, StateDictError
from graphviz_ad.nn.hooks import Hookable
from graphviz_ad.nn.tree import Tree

__all__ = ["REPLACED", "Module", "Parameter", "clear_gradients"]

REPLACED: dict[int, str] = {}
"""Where parameters that are still alive used to be, by id: an optimiser may hold them."""

Parameter = parameter
"""PyTorch's name for `graphviz_ad.parameter`; any leaf with a gradient registers itself."""

_M = TypeVar("_M", bound="Module")


class LoadedKeys(NamedTuple):
    """What ``load_state_dict`` did not find in a state dict, and what it did not look for."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not any(self):
            return "<All keys matched successfully>"
        return f"LoadedKeys(missing_keys={self[0]}, unexpected_keys={self[1]})"


class Module(Tree, Hookable):
    """Base class of the parts of a network. A subclass defines ``forward``.

    A leaf that requires a gradient becomes a parameter when it is assigned to an
    attribute, a module a submodule. Calling a module runs ``forward`` inside a module
    scope of its name, so that the trace draws it as a box, with its parameters
    called by their attributes. Its name is the attribute that holds it; a module that
    no other holds is called by the variable it was called by (``encoder(x)``), and
    else by its class.

    Attributes
    ----------
    training : bool
        What dropout and batch normalisation go by; see `train` and `eval`.

    Raises
    ------
    ModuleError
        When ``super().__init__()`` was not called first.

    Examples
    --------
    >>> import numpy as np
    >>> import graphviz_ad as ad
    >>> class Scale(ad.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.factor = ad.parameter(2.0)
    ...     def forward(self, x):
    ...         return x * self.factor
    >>> scale = Scale()
    >>> scale(3.0).item()
    6.0
    >>> [name for name, _ in scale.named_parameters()]
    ['factor']
    """

    training: bool
    forward: Callable[..., Any]

    _single: ClassVar[bool] = False
    """Whether ``forward`` is one op, whose output the caller's variable then names."""

    def __init__(self) -> None:
        fields = self.__dict__
        fields["_parameters"] = {}
        fields["_buffers"] = {}
        fields["_modules"] = {}
        fields["_transient"] = set()
        fields["_scope_name"] = None
        fields["training"] = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run ``forward`` inside a module scope of this module's name."""
        fields = self.__dict__
        if "_parameters" not in fields:
            raise self._not_initialised("be called")
        frame = sys._getframe(1)
        site = Site(frame.f_code, frame.f_lasti)
        name = fields["_scope_name"]
        scope = ScopeEntry(
            name or type(self).__name__, tape.scope, site, single=self._single, unnamed=name is None
        )
        hooks = fields.get("_hooks")
        before = enter(scope)
        try:
            if hooks is not None:
                return hooks.run(self, args, kwargs)
            return self.forward(*args, **kwargs)
        except GraphvizADError as error:
            error.place(_path_of(scope))
            raise
        finally:
            put_back(before)

    def __setattr__(self, name: str, value: Any) -> None:
        fields = self.__dict__
        if isinstance(value, Module):
            self._register("_modules", name, value)
            value._take_name(name)
        elif isinstance(value, Tensor) and (
            value.requires_grad or name in fields.get("_parameters", ())
        ):
            if not value.is_leaf:
                got = f"{name} = the output of an operation"
                raise ModuleError(self.path, "a leaf for a parameter", got, "use detach()")
            self._register("_parameters", name, value)
            REPLACED.pop(value.id, None)
            value.name = value.name or name
        elif name in fields.get("_buffers", ()) and value is not None:
            self._register("_buffers", name, self._buffer(name, value))
        else:
            if "_parameters" in fields:
                if value is not None:
                    self._refuse_to_lose(name, value)
                self._forget(name)
            object.__setattr__(self, name, value)

    def _refuse_to_lose(self, name: str, value: Any) -> None:
        """Raise `ModuleError` where a value would take the place of a parameter or a module."""
        for kind, expected in (("_parameters", "ad.parameter"), ("_modules", "a Module")):
            if name in self.__dict__[kind]:
                got = f"{name} = {type(value).__name__}"
                hint = f"del module.{name} first, if it is to be lost"
                raise ModuleError(self.path, f"{expected} or None for {name}", got, hint)

    def __getattr__(self, name: str) -> Any:
        if "_parameters" not in self.__dict__ and not name.startswith("__"):
            raise self._not_initialised(f"be asked for {name!r}")
        if name == "forward":
            raise ModuleError(self.path, "a method forward", "none", "define forward(self, ...)")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __delattr__(self, name: str) -> None:
        if not self._forget(name):
            object.__delattr__(self, name)

    @property
    def path(self) -> str:
        """What the module is called: the attribute that holds it, or its class."""
        return self.__dict__.get("_scope_name") or type(self).__name__

    def register_parameter(self, name: str, value: Tensor | None) -> None:
        """Register a parameter, or None for one that is left out (``bias=None``)."""
        self._check_name(name, "_parameters")
        setattr(self, name, value)

    def register_module(self, name: str, module: Module | None) -> None:
        """Register a submodule under a name that need not be an identifier."""
        self._check_name(name, "_modules")
        setattr(self, name, module)

    def add_module(self, name: str, module: Module | None) -> None:
        """Do as `register_module`."""
        self.register_module(name, module)

    def register_buffer(self, name: str, value: Any, persistent: bool = True) -> None:
        """Register an array that goes with the module but takes no gradient.

        Parameters
        ----------
        name : str
        value : array_like or None
        persistent : bool
            Whether ``state_dict`` has it.

        Raises
        ------
        ModuleError
            For a name with a dot, or one that something else has.
        """
        self._check_name(name, "_buffers")
        self._register("_buffers", name, None if value is None else self._buffer(name, value))
        if not persistent:
            self._transient.add(name)

    def train(self: _M, mode: bool = True) -> _M:
        """Put this module and all below it in training mode (or not), and return it."""
        for module in self.modules():
            module.__dict__["training"] = bool(mode)
        return self

    def eval(self: _M) -> _M:
        """Put this module and all below it in evaluation mode, and return it."""
        return self.train(False)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Clear the gradient of every parameter, or set those that there are to zeros."""
        clear_gradients(self.parameters(), set_to_none)

    def requires_grad_(self: _M, requires_grad: bool = True) -> _M:
        """Freeze the parameters, or let them learn again, and return the module."""
        for leaf in self.parameters():
            leaf.requires_grad_(requires_grad)
        return self

    def apply(self: _M, function: Callable[[Module], object]) -> _M:
        """Call `function` with every module below this one and with this one, and return it."""
        for module in reversed(list(self.modules())):
            function(module)
        return self

    def to(self: _M, *targets: Any) -> _M:
        """Move parameters, buffers and gradients, and return the module.

        They stay the tensors that they were, so an optimiser keeps them, and its state
        follows at its next step. Recorded graphs keep the arrays that they saw.

        Parameters
        ----------
        *targets : str, dtype or Tensor
            A backend (``"numpy"``, ``"cupy"``), a dtype for those that are
            floating-point, both, or a tensor to be like.

        Raises
        ------
        DTypeError
            For a dtype that is not floating-point.
        BackendError
            For what is neither, and for CuPy where it is not installed or finds no GPU.

        Examples
        --------
        >>> import graphviz_ad as ad
        >>> layer = ad.nn.Linear(3, 2).to("numpy", "float32")
        >>> layer.weight.dtype, layer.weight.backend
        (dtype('float32'), 'numpy')
        """
        function = f"{self.path}.to"
        backend, dtype = parse_target(function, *targets)
        if dtype is not None and dtype.kind != "f":
            raise DTypeError(function, "a floating-point dtype", str(dtype))
        if backend is not None:
            require(backend, function)
        for _, value in [*self._named("_parameters"), *self._named("_buffers")]:
            grad = value.grad
            value._data = _moved(value._data, backend, dtype)
            value._grad = None if grad is None else tensor(_moved(grad._data, backend, dtype))
        return self

    def float(self: _M) -> _M:
        """Convert to float32; see `to`."""
        return self.to(np.float32)

    def double(self: _M) -> _M:
        """Convert to float64; see `to`."""
        return self.to(np.float64)

    def half(self: _M) -> _M:
        """Convert to float16; see `to`."""
        return self.to(np.float16)

    def cpu(self: _M) -> _M:
        """Move to NumPy; see `to`."""
        return self.to("numpy")

    def cuda(self: _M) -> _M:
        """Move to CuPy, the GPU; see `to`."""
        return self.to("cupy")

    def state_dict(self) -> dict[str, np.ndarray[Any, Any]]:
        """Return the parameters and buffers by path, as read-only NumPy arrays."""
        return {path: np.asarray(to_numpy(value._data)) for path, value in self._saved().items()}

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True) -> LoadedKeys:
        """Take parameters and buffers; nothing changes when anything does not fit.

        Parameters
        ----------
        state_dict : mapping of str to array_like
            PyTorch's ``state_dict()`` of the same module fits, too.
        strict : bool
            Whether every key must be there, and no other.

        Returns
        -------
        LoadedKeys
            ``missing_keys`` and ``unexpected_keys``, which are empty where `strict`.

        Raises
        ------
        StateDictError
            With the missing, unexpected and misshaped keys, or when the keys of a shared
            parameter hold different values.
        DTypeError
            For values that are no real numbers.
        """
        if not hasattr(state_dict, "items"):
            got = type(state_dict).__name__
            raise StateDictError("load_state_dict", f"a mapping for {self.path}", got)
        wanted = self._saved()
        keys = LoadedKeys(
            [key for key in wanted if key not in state_dict],
            [key for key in state_dict if key not in wanted],
        )
        complaints = []
        if strict:
            complaints += [f"missing {key}" for key in keys.missing_keys]
            complaints += [f"unexpected {key}" for key in keys.unexpected_keys]
        loaded: dict[int, tuple[str, Any]] = {}
        for key, target in wanted.items():
            if key not in state_dict:
                continue
            given = state_dict[key]
            label = f"load_state_dict[{key}]"
            array = own(given._data if isinstance(given, Tensor) else given, label)
            if array.shape != target.shape:
                complaints.append(f"{key} of shape {array.shape}, not {target.shape}")
            other, same = loaded.setdefault(target.id, (key, array))
            if same is not array and not np.array_equal(to_numpy(same), to_numpy(array)):
                complaints.append(f"{key} that differs from {other}, which it is shared with")
        if complaints:
            expected = f"the {len(wanted)} keys and shapes of {self.path}"
            raise StateDictError("load_state_dict", expected, "; ".join(complaints))
        for target in wanted.values():
            if target.id in loaded:
                array = namespace(target._data).asarray(loaded[target.id][1])
                target._data = protect(array.astype(target.dtype))
        return keys

    def extra_repr(self) -> str:
        """Return what the module's line in ``repr`` says; a subclass may override it."""
        return ""

    def __repr__(self) -> str:
        below = [f"  ({n}): " + repr(m).replace("\n", "\n  ") for n, m in self._modules.items()]
        head = f"{type(self).__name__}({self.extra_repr()}"
        return "\n".join([head, *below, ")"]) if below else f"{head})"

    def _saved(self) -> dict[str, Tensor]:
        """Return what ``state_dict`` has, by path."""
        saved = {}
        for path, module in self.named_modules():
            for name, value in [*module._parameters.items(), *module._buffers.items()]:
                if value is not None and name not in module._transient:
                    saved[f"{path}.{name}" if path else name] = value
        return saved

    def _register(self, kind: str, name: str, value: Any) -> None:
        """Hold `value` under its kind and, to be found fast, as a plain attribute."""
        fields = self.__dict__
        if "_parameters" not in fields:
            raise self._not_initialised(f"have {name!r} assigned")
        if fields[kind].get(name) is value and value is not None:
            return
        if name in fields[kind]:
            self._note_replaced(name)
        else:
            self._forget(name)
        fields[kind][name] = fields[name] = value

    def _forget(self, name: str) -> bool:
        fields = self.__dict__
        self._note_replaced(name)
        found = False
        for kind in ("_parameters", "_buffers", "_modules"):
            found = fields[kind].pop(name, self) is not self or found
        self._transient.discard(name)
        if found:
            fields.pop(name, None)
        return found

    def _note_replaced(self, name: str) -> None:
        old = self.__dict__["_parameters"].get(name)
        if old is not None:
            REPLACED[old.id] = f"{self.path}.{name}"
            weakref.finalize(old, REPLACED.pop, old.id, None).atexit = False

    def _check_name(self, name: str, kind: str) -> None:
        fields = self.__dict__
        taken = name in fields and name not in fields.get(kind, ()) and fields[name] is not None
        if not name or "." in name or taken or hasattr(type(self), name):
            hint = "it is an attribute of the module" if name and "." not in name else ""
            raise ModuleError(self.path, "a name of its own without a dot", repr(name), hint)

    def _take_name(self, name: str) -> None:
        """Be called `name` in traces and messages from now on."""
        self.__dict__["_scope_name"] = name

    def _buffer(self, name: str, value: Any) -> Tensor:
        return tensor(value, name=name)

    def _not_initialised(self, what: str) -> ModuleError:
        hint = "call super().__init__() first in its __init__"
        return ModuleError(type(self).__name__, f"to {what} after __init__", "it before", hint)


def clear_gradients(leaves: Iterable[Tensor], set_to_none: bool) -> None:
    """Let tensors have no gradient, or where they have one, zeros."""
    for leaf in leaves:
        if set_to_none:
            leaf.grad = None
        elif leaf.grad is not None:
            leaf.grad = tensor(namespace(leaf._data).zeros_like(leaf._data))


def _path_of(scope: ScopeEntry | None) -> str:
    """Return the names of the module scopes that are open, outermost first."""
    names: list[str] = []
    while scope is not None:
        if not scope.hidden:
            names.append(scope.name)
        scope = scope.parent
    return ".".join(reversed(names))


def _moved(array: Array, backend: str | None, dtype: np.dtype[Any] | None) -> Array:
    """Return `array` on `backend` and, if it is floating-point, of `dtype`; None keeps either."""
    if dtype is not None and array.dtype.kind == "f":
        array = array.astype(dtype)
    return protect(array if backend is None else move(array, backend))
