"""The op page: everything about one operation, and the registry of all of them."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from graphviz_ad.errors import OpDefinitionError

__all__ = ["REGISTRY", "Failure", "Op", "Sample"]

REGISTRY: dict[str, type[Op]] = {}
"""Every op by name, in the order of definition."""


class Sample:
    """One call of an op on a safe domain: its array arguments and its parameters.

    Parameters
    ----------
    *arrays : array_like or None
        Floating-point arguments are differentiated, others are passed as they are.
    **params
        Parameters of the op.
    """

    def __init__(self, *arrays: Any, **params: Any) -> None:
        self.arrays = arrays
        self.params = params

    def __repr__(self) -> str:
        shapes = ", ".join(str(getattr(a, "shape", a)) for a in self.arrays)
        params = "".join(f", {k}={v!r}" for k, v in self.params.items())
        return f"{shapes}{params}"


class Failure(Sample):
    """One call that an op must refuse: the error's class and a part of its message."""

    def __init__(self, error: type[Exception], match: str, *arrays: Any, **params: Any) -> None:
        super().__init__(*arrays, **params)
        self.error = error
        self.match = match


class Op:
    """Base class of an operation. A subclass is its page; it is never instantiated.

    Attributes
    ----------
    name : str
        Name in the registry and of the public function.
    label : str
        The glyph in the diamond of the diagram.
    tex : str
        The forward rule in LaTeX: a `string.Template` over ``$a``, ``$b``, ``$c``, …
        for the inputs and ``$y`` for the output (``$y0``, ``$y1``, … for several).
    vjp_tex : tuple of str
        One per input: what the op sends back to it, ``$g`` being the output's gradient
        (``$g0``, ``$g1``, … for several). An op over a sequence of arrays gives one for all.
    operator : str
        ``"mul"`` to be ``__mul__`` and ``__rmul__`` of Tensor; empty for none.
    numpy : tuple of str
        NumPy functions (``"multiply"``, ``"linalg.norm"``) that dispatch here when
        called on tensors; the op's own name where NumPy has it.
    method : bool
        Whether Tensor has it as a method of the same name.
    spread : str
        The parameter that the method also takes as separate arguments:
        ``"shape"`` for ``x.reshape(2, 3)``; empty for none.
    attributes : dict
        Attributes of Tensor that apply it, with their parameters: ``{"T": {}}``.
    order : tuple of str
        The order of the arguments, where arrays and then parameters is not the usual one;
        ``"*operands"`` for a sequence whose arrays are given one by one.
    variant : tuple
        ``("return_indices", False, "max_pool2d_with_indices")``: a flag of the function, its
        default, and the op that is applied where it is given the other value; empty for none.
    aliases : dict
        Other names of keyword arguments: ``{"dim": "axis"}``.
    weak : bool
        Whether Python numbers stay numbers, so that they take the dtype of the other
        operands; where not, the rules are given arrays only.
    saves : bool
        Whether the forward rule is written to return ``(out, saved)``, where its VJP would
        otherwise compute something again. The record keeps `saved` as long as it lives, and
        the VJP is given it as ``saved=``; it may not change it. Where the VJP is recorded,
        or runs from a trace, `saved` is None and the VJP computes it.
    samples : callable
        ``samples(rng)`` gives the `Sample` list; at least one has a repeated or a
        broadcast operand where the op takes two arrays.
    fails : Failure
        A call that must fail with its message.
    reference : callable or None
        ``reference(*arrays, **params)`` in plain NumPy, for ops that NumPy lacks;
        the tests compare with NumPy's function of the same name otherwise.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.engine.op.REGISTRY["multiply"].label
    '×'
    """

    name: ClassVar[str] = ""
    label: ClassVar[str] = ""
    tex: ClassVar[str] = ""
    vjp_tex: ClassVar[tuple[str, ...]] = ()
    operator: ClassVar[str] = ""
    numpy: ClassVar[tuple[str, ...]] = ()
    method: ClassVar[bool] = False
    spread: ClassVar[str] = ""
    attributes: ClassVar[dict[str, dict[str, Any]]] = {}
    order: ClassVar[tuple[str, ...]] = ()
    variant: ClassVar[tuple[str, bool, str] | tuple[()]] = ()
    aliases: ClassVar[dict[str, str]] = {}
    samples: ClassVar[Callable[..., Iterable[Sample]]]
    fails: ClassVar[Failure | None] = None
    reference: ClassVar[Callable[..., Any] | None] = None
    differentiable: ClassVar[bool] = True
    weak: ClassVar[bool] = True
    saves: ClassVar[bool] = False

    forward: ClassVar[Callable[..., Any]]
    """The rule of the page, without what it saves."""
    forward_saving: ClassVar[Callable[..., Any]]
    """The rule of a page that saves, as it is written."""
    vjp: ClassVar[Callable[..., Any]]
    prepare: ClassVar[Callable[..., Any] | None] = None
    check: ClassVar[Callable[..., None] | None] = None

    inputs: ClassVar[tuple[str, ...]]
    required: ClassVar[int]
    """How many of the inputs may not be left out; they come first."""
    variadic: ClassVar[bool]
    params: ClassVar[dict[str, inspect.Parameter]]

    def __new__(cls, *_: object, **__: object) -> Any:
        """Refuse a call of the page itself.

        Raises
        ------
        OpDefinitionError
        """
        name = cls.name or cls.__name__
        raise OpDefinitionError(name, "its function called", "its page", "write @ad.op above it")

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not cls.name:
            return
        for required in ("forward", "vjp") if cls.differentiable else ("forward",):
            rule = inspect.getattr_static(cls, required, None)
            if rule is None:
                hint = "see graphviz_ad.engine.op.Op"
                raise OpDefinitionError(cls.name, f"a rule named {required}", "none", hint)
            if not isinstance(rule, staticmethod):
                setattr(cls, required, staticmethod(rule))
        if cls.saves:
            cls._split_saved()
        for optional in ("samples", "reference", "prepare", "check"):
            rule = cls.__dict__.get(optional)
            if inspect.isfunction(rule):
                setattr(cls, optional, staticmethod(rule))
        cls._read_signature()
        if cls.name in REGISTRY and REGISTRY[cls.name].__module__ != cls.__module__:
            hint = "choose another name"
            raise OpDefinitionError(cls.name, "a name of its own", "one in use", hint)
        REGISTRY[cls.name] = cls

    @classmethod
    def _split_saved(cls) -> None:
        """Make of a forward rule that saves two: one as it is written, one without `saved`.

        Raises
        ------
        OpDefinitionError
            For a VJP that does not take it, or an operator, which has no room for it.
        """
        if not cls.differentiable or "saved" not in inspect.signature(cls.vjp).parameters:
            hint = "def vjp(xp, g, out, a, *, saved=None)"
            raise OpDefinitionError(f"{cls.name}.vjp", "an argument saved=", "none", hint)
        if cls.operator:
            raise OpDefinitionError(cls.name, "no operator on a page that saves", cls.operator)
        if not hasattr(cls.forward, "saving"):
            cls.forward_saving = staticmethod(cls.forward)
            cls.forward = staticmethod(_outputs_only(cls.forward))

    @classmethod
    def _read_signature(cls) -> None:
        """Tell array arguments (positional) from parameters (keyword-only) in ``forward``."""
        parameters = list(inspect.signature(cls.forward).parameters.values())
        if not parameters or parameters[0].name != "xp":
            got = ", ".join(p.name for p in parameters) or "none"
            hint = "def forward(xp, a, b, *, axis=None)"
            raise OpDefinitionError(f"{cls.name}.forward", "xp as first argument", got, hint)
        kinds = inspect.Parameter
        cls.inputs = tuple(
            p.name
            for p in parameters[1:]
            if p.kind in (kinds.POSITIONAL_OR_KEYWORD, kinds.POSITIONAL_ONLY, kinds.VAR_POSITIONAL)
        )
        cls.required = sum(
            p.kind is kinds.VAR_POSITIONAL or p.default is p.empty
            for p in parameters[1:]
            if p.name in cls.inputs
        )
        cls.variadic = any(p.kind is kinds.VAR_POSITIONAL for p in parameters)
        cls.params = {p.name: p for p in parameters if p.kind is kinds.KEYWORD_ONLY}

    @classmethod
    def input_name(cls, slot: int) -> str:
        """Return the name of the argument at `slot`."""
        return f"{cls.inputs[0]}[{slot}]" if cls.variadic else cls.inputs[slot]

    @classmethod
    def summary(cls) -> str:
        """Return the first line of the page's docstring."""
        return (inspect.getdoc(cls) or "").partition("\n")[0]


def _outputs_only(rule: Callable[..., Any]) -> Callable[..., Any]:
    """Return a forward rule that saves without what it saves."""

    @functools.wraps(rule)
    def forward(xp: Any, *arrays: Any, **params: Any) -> Any:
        return rule(xp, *arrays, **params)[0]

    forward.saving = rule  # type: ignore[attr-defined]
    return forward
