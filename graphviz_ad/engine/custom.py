"""A person's own operation: from a page, or from two functions, to something to call."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from graphviz_ad.backend import is_array
from graphviz_ad.engine.op import Op
from graphviz_ad.engine.register import public_function
from graphviz_ad.errors import OpDefinitionError

__all__ = ["op"]


def op(definition: Any = None, /, *, vjp: Callable[..., Any] | None = None, **page: Any) -> Any:
    """Make a traced function of an op page, or of a forward rule and its VJP.

    Parameters
    ----------
    definition : type of Op or callable
        A page (see `graphviz_ad.engine.op.Op`), or a forward rule
        ``forward(xp, a, b, *, axis=None)``: `xp` is the array module, positional
        arguments are arrays, keyword-only ones parameters. Left out, `op` is a decorator.
    vjp : callable, optional
        ``vjp(xp, g, out, a, b, *, axis=None)`` gives one result per input: an array,
        None where no gradient flows, or a function of no arguments that makes it.
        Without it the operation sends no gradient.
    **page
        Other attributes of a page: ``label``, ``tex``, ``vjp_tex``, ``samples``, ``reference``.

    Returns
    -------
    callable
        The function, with the rule's signature. Its page is its attribute ``op``, which
        `graphviz_ad.testing.check_op` checks.

    Raises
    ------
    OpDefinitionError
        For a page without a name, a rule that does not begin with ``xp``, or a name
        that another module's operation has.

    Examples
    --------
    As two functions:

    >>> import graphviz_ad as ad
    >>> @ad.op(vjp=lambda xp, g, out, a: g * 3 * a**2, label="³")
    ... def cube(xp, a):
    ...     '''Return the third power of each element.'''
    ...     return a**3
    >>> x = ad.parameter(2.0)
    >>> cube(x).backward()
    >>> x.grad.item()
    12.0

    As a page of its own:

    >>> @ad.op
    ... class Swish(ad.Op):
    ...     '''Return a times its sigmoid.'''
    ...     name, label = "swish", "swish"
    ...     def forward(xp, a):
    ...         return a / (1 + xp.exp(-a))
    ...     def vjp(xp, g, out, a):
    ...         s = 1 / (1 + xp.exp(-a))
    ...         return g * (s + a * s * (1 - s))
    >>> Swish(0.0).item()
    0.0
    """
    if definition is None:
        return lambda rule: op(rule, vjp=vjp, **page)
    if inspect.isclass(definition) and issubclass(definition, Op):
        if not definition.name:
            hint = 'write name = "..." on the page'
            raise OpDefinitionError(definition.__name__, "a page with a name", "none", hint)
        return _function(definition)
    if not callable(definition):
        raise OpDefinitionError("op", "an Op or a forward rule", type(definition).__name__)
    name = definition.__name__
    if not name.isidentifier():
        raise OpDefinitionError("op", "a rule with a name", name, "write it with def")
    fields = {
        "name": name,
        "label": name,
        "forward": definition,
        "differentiable": vjp is not None,
        "__doc__": definition.__doc__,
        "__module__": definition.__module__,
        **page,
    }
    if vjp is not None:
        fields["vjp"] = vjp
    return _function(type(name, (Op,), fields))


def _function(page: type[Op]) -> Callable[..., Any]:
    """Make the function of `page`, whose forward rule then says so where it gives no arrays."""
    rule, name = page.forward, page.name

    @functools.wraps(rule)
    def forward(xp: Any, *arrays: Any, **params: Any) -> Any:
        out = rule(xp, *arrays, **params)
        for part in out if type(out) is tuple else (out,):
            if not is_array(part) or part.dtype.kind not in "fiub":
                expected = "an array of real numbers, or a tuple of them"
                got = f"an array of {part.dtype}" if is_array(part) else type(part).__name__
                raise OpDefinitionError(f"{name}.forward", expected, got)
        return out

    page.forward = staticmethod(forward)
    return public_function(page)
