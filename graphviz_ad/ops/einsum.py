"""Sums of products in Einstein's notation."""

from __future__ import annotations

import functools
import math
import string

import numpy as np

from graphviz_ad.engine.op import Failure, Op, Sample
from graphviz_ad.engine.traced import call
from graphviz_ad.errors import ArgumentError, ShapeError

_SMALL = 2000
"""Below this many multiplications NumPy's loop is faster than a matrix product."""


class Einsum(Op):
    """Multiply arrays and sum the products over indices, in Einstein's notation.

    Parameters
    ----------
    subscripts : str
        The indices of each operand, and of the result after ``->``: ``"ij,jk->ik"``.
        Without ``->`` the result has the indices that occur once, in alphabetical order.
        An ellipsis stands for the axes that broadcast. NumPy's other form, an array and
        a list of its indices by turns, works too.
    *operands : array_like
    optimize : bool
        Whether three or more operands are multiplied in an order that saves work.

    Raises
    ------
    ArgumentError
        When the subscripts are malformed.
    ShapeError
        When the operands do not have the axes that the subscripts say.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.einsum("ij,j->i", [[1.0, 2.0], [3.0, 4.0]], [1.0, 10.0])
    tensor([21., 43.], shape=(2,), dtype=float64)
    """

    name, label, order = "einsum", "Σ", ("subscripts", "*operands", "optimize")
    weak = False
    tex = r"$y = \operatorname{einsum}(\texttt{$subscripts};\, $all)"
    vjp_tex = (r"\operatorname{einsum}($g,\, \text{the other operands})",)

    def prepare(*operands, subscripts, optimize=True):
        if not isinstance(subscripts, str):
            operands, subscripts = _from_lists((subscripts, *operands))
        return operands, {"subscripts": subscripts.replace(" ", ""), "optimize": optimize}

    def check(*operands, subscripts, optimize=True):
        ndims = axes_of(operands)
        sizes = {}
        for slot, term in enumerate(expand(subscripts, ndims)[0]):
            for letter, n in zip(term, operands[slot].shape, strict=True):
                if n != 1 and sizes.setdefault(letter, n) != n:
                    got = f"{sizes[letter]} and {n} in {subscripts!r}"
                    raise ShapeError("einsum", f"one length of index {letter}", got)

    def forward(xp, *operands, subscripts, optimize=True):
        if len(operands) == 2:
            terms, result = expand(subscripts, axes_of(operands))
            plan = plan_product(terms, result, *[x.shape for x in operands])
            if plan is not None:
                return product(*operands, *plan)
        return xp.einsum(subscripts, *operands, optimize=optimize and len(operands) > 2)

    def vjp(xp, g, out, *operands, subscripts, optimize=True):
        terms, result = expand(subscripts, axes_of(operands))

        def pull(slot):
            others = [x for i, x in enumerate(operands) if i != slot]
            rest = [t for i, t in enumerate(terms) if i != slot]
            target, extra = _repeated(xp, terms[slot], operands[slot], "".join(terms))
            known = set(result).union(*rest, *[letters for letters, _ in extra])
            for letter, n in zip(target, operands[slot].shape, strict=True):
                if letter not in known:
                    extra.append((letter, xp.ones(n, dtype=g.dtype)))
            inputs = ",".join([result, *rest, *[letters for letters, _ in extra]])
            arrays = (g, *others, *[array for _, array in extra])
            sent = call(Einsum, xp, *arrays, subscripts=f"{inputs}->{target}", optimize=optimize)
            # an index may have length 1 in one operand and n in another
            like = operands[slot].shape
            shape = tuple([max(n, m) for n, m in zip(sent.shape, like, strict=True)])
            return sent if shape == sent.shape else xp.broadcast_to(sent, shape)

        return tuple([(lambda slot=slot: pull(slot)) for slot in range(len(operands))])

    def reference(*operands, subscripts, optimize=True):
        return np.einsum(subscripts, *operands)

    def samples(rng):
        def draw(*shape):
            return rng.normal(size=shape)

        a = draw(3, 3)
        big = draw(20, 15), draw(15, 12)
        return [
            Sample(draw(2, 3), draw(3, 4), subscripts="ij,jk->ik"),
            Sample(a, a, subscripts="ij,jk"),
            Sample(a, a, subscripts="ij,ij->"),
            Sample(a, subscripts="ii"),
            Sample(a, subscripts="ii->i"),
            Sample(a, subscripts="ij->ji"),
            Sample(draw(2, 3, 4), subscripts="ijk->j"),
            Sample(draw(2, 3), draw(3), subscripts="ij,j->i"),
            Sample(draw(2), draw(3), subscripts="i,j->ij"),
            Sample(draw(5, 2, 3), draw(5, 3, 4), subscripts="...ij,...jk->...ik"),
            Sample(draw(5, 2, 3), draw(3, 4), subscripts="...ij,jk->i...k"),
            Sample(draw(1, 2, 3), draw(5, 3, 4), subscripts="...ij,...jk"),
            Sample(draw(4, 2, 3), draw(2, 3), subscripts="...i,...i->...i"),
            Sample(draw(4, 2, 3), draw(3), subscripts="...ij,j"),
            Sample(draw(2, 1), draw(3, 2), subscripts="ij,jk->ik"),
            Sample(draw(2, 3), draw(3, 4), draw(4, 2), subscripts="ij,jk,kl->il"),
            Sample(draw(2, 3), draw(3, 4), draw(4, 2), subscripts="ij,jk,ki->", optimize=False),
            Sample(draw(3, 3, 2), draw(3), subscripts="iij,i->j"),
            Sample(draw(2, 3), draw(4), subscripts="ij,k->i"),
            Sample(*big, subscripts="ij,jk->ki"),
            Sample(draw(4, 8, 9), draw(4, 9, 10), subscripts="bij,bjk->ibk"),
            Sample(draw(4, 8, 9, 2), draw(4, 9, 10), subscripts="bijx,bjk->bik"),
            Sample(draw(0, 3), draw(3, 4), subscripts="ij,jk->ik"),
            Sample(2.0, 3.0, subscripts=","),
        ]

    fails = Failure(
        ShapeError,
        "einsum: expected one length of index j",
        [[1.0, 2.0]],
        [1.0, 2.0, 3.0],
        subscripts="ij,j",
    )


def axes_of(operands):
    """Return how many axes each operand has."""
    return tuple([x.ndim for x in operands])


@functools.lru_cache(maxsize=1024)
def expand(subscripts, ndims):
    """Return the terms and the result of `subscripts`, ellipses replaced by letters.

    Raises
    ------
    ArgumentError, ShapeError
        As `Einsum` says.
    """
    left, arrow, result = subscripts.partition("->")
    terms = left.split(",")
    plain = [term.replace("...", "") for term in (*terms, result)]
    if not all(letter in string.ascii_letters for term in plain for letter in term):
        expected = "letters, commas, ellipses and one arrow"
        raise ArgumentError("einsum", expected, repr(subscripts))
    if len(terms) != len(ndims):
        expected = f"as many operands as {subscripts!r} has terms ({len(terms)})"
        raise ArgumentError("einsum", expected, str(len(ndims)))
    free = [c for c in reversed(string.ascii_letters) if c not in left]
    widths = []
    for term, letters, ndim in zip(terms, plain, ndims, strict=False):
        width = ndim - len(letters)
        if width < 0 or (width and "..." not in term):
            raise ShapeError(
                "einsum", f"an operand with {len(letters)} axes for {term!r}", str(ndim)
            )
        widths.append(width)
    dots = "".join(free[: max(widths)])
    terms = [
        term.replace("...", dots[len(dots) - width :])
        for term, width in zip(terms, widths, strict=True)
    ]
    if not arrow:
        every = "".join(plain[:-1])
        result = "..." + "".join(sorted(c for c in set(every) if every.count(c) == 1))
    result = result.replace("...", dots)
    if len(set(result)) != len(result) or not set(result) <= set("".join(terms)):
        expected = "a result whose indices differ and occur in an operand"
        raise ArgumentError("einsum", expected, repr(subscripts))
    return tuple(terms), result


@functools.lru_cache(maxsize=1024)
def plan_product(terms, result, shape_a, shape_b):
    """Return how two operands become one matrix product, or None where that does not pay.

    Returns
    -------
    order_a, order_b : tuple of int
        Their axes as (batch, rows, summed) and (batch, summed, columns).
    lengths : tuple of int
        Batch, rows, summed, columns.
    shape, order : tuple of int
        The lengths of the axes of the product, and their order in the result.
    """
    a, b = terms
    sizes = dict(zip(a + b, shape_a + shape_b, strict=True))
    shared = set(a) & set(b)
    fits = all(sizes[c] == n for c, n in zip(a + b, shape_a + shape_b, strict=True))
    summed = [c for c in a if c in shared and c not in result]
    if (
        not fits or not summed or math.prod(sizes.values()) < _SMALL
        or len(set(a)) != len(a) or len(set(b)) != len(b)
        or not (set(a) ^ set(b)) <= set(result)
    ):  # fmt: skip
        return None
    batch = [c for c in a if c in shared and c in result]
    rows = [c for c in a if c not in shared]
    columns = [c for c in b if c not in shared]
    made = [*batch, *rows, *columns]
    return (
        tuple([a.index(c) for c in (*batch, *rows, *summed)]),
        tuple([b.index(c) for c in (*batch, *summed, *columns)]),
        tuple([math.prod([sizes[c] for c in group]) for group in (batch, rows, summed, columns)]),
        tuple([sizes[c] for c in made]),
        tuple([made.index(c) for c in result]),
    )


def product(a, b, order_a, order_b, lengths, shape, order):
    """Return the einsum of two arrays as a stack of matrix products, as `plan_product` says."""
    batch, rows, summed, columns = lengths
    a = a.transpose(order_a).reshape((batch, rows, summed))
    b = b.transpose(order_b).reshape((batch, summed, columns))
    return (a @ b).reshape(shape).transpose(order)


def _repeated(xp, term, like, used):
    """Return `term` with every index once, and the identity matrices that join the new ones."""
    target, extra = "", []
    free = iter([c for c in string.ascii_letters if c not in used])
    for letter, n in zip(term, like.shape, strict=True):
        if letter in target:
            twin = next(free)
            extra.append((letter + twin, xp.eye(n, dtype=like.dtype)))
            letter = twin
        target += letter
    return target, extra


def _from_lists(arguments):
    """Return the operands and the subscripts of ``einsum(a, [0, 1], b, [1, 2], [0, 2])``."""
    pairs = len(arguments) // 2
    terms = [_term(arguments[2 * i + 1]) for i in range(pairs)]
    result = f"->{_term(arguments[-1])}" if len(arguments) % 2 else ""
    return tuple(arguments[: 2 * pairs : 2]), ",".join(terms) + result


def _term(indices):
    if not isinstance(indices, (list, tuple)):
        raise ArgumentError("einsum", "subscripts, or a list of indices", type(indices).__name__)
    return "".join("..." if i is Ellipsis else string.ascii_letters[i] for i in indices)
