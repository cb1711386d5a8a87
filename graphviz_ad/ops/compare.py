"""Comparisons and logic, element by element. Their answers have no gradient."""

from __future__ import annotations

from graphviz_ad.engine.op import Sample
from graphviz_ad.ops.families import Predicate


class Greater(Predicate):
    """Whether ``a > b``, element-wise.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.greater([1.0, 3.0], 2.0)
    tensor([False,  True], shape=(2,), dtype=bool)
    """

    name, label, operator = "greater", ">", "gt"
    tex = r"$y = [$a > $b]"

    def forward(xp, a, b):
        return a > b


class GreaterEqual(Predicate):
    """Whether ``a >= b``, element-wise.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.greater_equal([1.0, 2.0], 2.0)
    tensor([False,  True], shape=(2,), dtype=bool)
    """

    name, label, operator = "greater_equal", "≥", "ge"
    tex = r"$y = [$a \ge $b]"

    def forward(xp, a, b):
        return a >= b


class Less(Predicate):
    """Whether ``a < b``, element-wise.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.less([1.0, 3.0], 2.0)
    tensor([ True, False], shape=(2,), dtype=bool)
    """

    name, label, operator = "less", "<", "lt"
    tex = r"$y = [$a < $b]"

    def forward(xp, a, b):
        return a < b


class LessEqual(Predicate):
    """Whether ``a <= b``, element-wise.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.less_equal([2.0, 3.0], 2.0)
    tensor([ True, False], shape=(2,), dtype=bool)
    """

    name, label, operator = "less_equal", "≤", "le"
    tex = r"$y = [$a \le $b]"

    def forward(xp, a, b):
        return a <= b


class Equal(Predicate):
    """Whether ``a == b``, element-wise. NaN equals nothing.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.equal([1.0, 2.0], 2.0)
    tensor([False,  True], shape=(2,), dtype=bool)
    """

    name, label, operator = "equal", "=", "eq"
    tex = r"$y = [$a = $b]"

    def forward(xp, a, b):
        return xp.equal(a, b)


class NotEqual(Predicate):
    """Whether ``a != b``, element-wise. NaN differs from everything, itself too.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.not_equal([1.0, 2.0], 2.0)
    tensor([ True, False], shape=(2,), dtype=bool)
    """

    name, label, operator = "not_equal", "≠", "ne"
    tex = r"$y = [$a \ne $b]"

    def forward(xp, a, b):
        return xp.not_equal(a, b)


class LogicalAnd(Predicate):
    """Whether both are true (not 0), element-wise.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.logical_and([1.0, 0.0], True)
    tensor([ True, False], shape=(2,), dtype=bool)
    """

    name, label, method = "logical_and", "∧", True
    tex = r"$y = $a \land $b"

    def forward(xp, a, b):
        return xp.logical_and(a, b)


class LogicalOr(Predicate):
    """Whether one or both are true (not 0), element-wise.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.logical_or([1.0, 0.0], False)
    tensor([ True, False], shape=(2,), dtype=bool)
    """

    name, label, method = "logical_or", "∨", True
    tex = r"$y = $a \lor $b"

    def forward(xp, a, b):
        return xp.logical_or(a, b)


class LogicalXor(Predicate):
    """Whether exactly one is true (not 0), element-wise.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.logical_xor([1.0, 0.0], True)
    tensor([False,  True], shape=(2,), dtype=bool)
    """

    name, label, method = "logical_xor", "⊻", True
    tex = r"$y = $a \veebar $b"

    def forward(xp, a, b):
        return xp.logical_xor(a, b)


class LogicalNot(Predicate):
    """Whether each is false (0).

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.logical_not([1.0, 0.0])
    tensor([False,  True], shape=(2,), dtype=bool)
    """

    name, label, method = "logical_not", "¬", True
    tex = r"$y = \lnot $a"

    def forward(xp, a):
        return xp.logical_not(a)


def _whole_samples(rng):
    bits = rng.integers(0, 8, size=(2, 3))
    return [Sample(bits, bits[::-1]), Sample(bits, 3), Sample(bits > 3, bits[0] > 2)]


class BitwiseAnd(Predicate):
    """And of booleans, or of the bits of integers: ``a & b``.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.bitwise_and([True, False], True)
    tensor([ True, False], shape=(2,), dtype=bool)
    """

    name, label, operator, samples = "bitwise_and", "&", "and", _whole_samples
    tex = r"$y = $a \mathbin{\&} $b"

    def forward(xp, a, b):
        return a & b


class BitwiseOr(Predicate):
    """Or of booleans, or of the bits of integers: ``a | b``.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.bitwise_or([True, False], False)
    tensor([ True, False], shape=(2,), dtype=bool)
    """

    name, label, operator, samples = "bitwise_or", "|", "or", _whole_samples
    tex = r"$y = $a \mathbin{|} $b"

    def forward(xp, a, b):
        return a | b


class BitwiseXor(Predicate):
    """Exclusive or of booleans, or of the bits of integers: ``a ^ b``.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.bitwise_xor([True, False], True)
    tensor([False,  True], shape=(2,), dtype=bool)
    """

    name, label, operator, samples = "bitwise_xor", "^", "xor", _whole_samples
    tex = r"$y = $a \oplus $b"

    def forward(xp, a, b):
        return a ^ b


class BitwiseNot(Predicate):
    """Not of booleans, or of the bits of integers: ``~a``.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.bitwise_not([True, False])
    tensor([False,  True], shape=(2,), dtype=bool)
    """

    name, label, operator = "bitwise_not", "~", "invert"
    tex = r"$y = \mathord{\sim} $a"

    def forward(xp, a):
        return ~a

    def samples(rng):
        return [Sample(rng.integers(0, 8, size=(2, 3))), Sample([True, False])]


class IsNaN(Predicate):
    """Whether each element is NaN.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.isnan([1.0, float("nan")])
    tensor([False,  True], shape=(2,), dtype=bool)
    """

    name, label, method = "isnan", "NaN?", True
    tex = r"$y = [$a\ \text{is NaN}]"

    def forward(xp, a):
        return xp.isnan(a)


class IsInf(Predicate):
    """Whether each element is infinite.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.isinf([1.0, float("inf")])
    tensor([False,  True], shape=(2,), dtype=bool)
    """

    name, label, method = "isinf", "∞?", True
    tex = r"$y = [|$a| = \infty]"

    def forward(xp, a):
        return xp.isinf(a)


class IsFinite(Predicate):
    """Whether each element is neither infinite nor NaN.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.isfinite([1.0, float("inf"), float("nan")])
    tensor([ True, False, False], shape=(3,), dtype=bool)
    """

    name, label, method = "isfinite", "finite?", True
    tex = r"$y = [|$a| < \infty]"

    def forward(xp, a):
        return xp.isfinite(a)


class IsClose(Predicate):
    """Whether ``|a - b| <= atol + rtol |b|``, element-wise.

    Parameters
    ----------
    a, b : array_like
    rtol, atol : float
    equal_nan : bool
        Whether two NaN count as close.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.isclose([1.0, 2.0], [1.0 + 1e-9, 2.1])
    tensor([ True, False], shape=(2,), dtype=bool)
    """

    name, label, method = "isclose", "≈", True
    tex = r"$y = [$a \approx $b]"

    def forward(xp, a, b, *, rtol=1e-05, atol=1e-08, equal_nan=False):
        return xp.isclose(a, b, rtol=rtol, atol=atol, equal_nan=equal_nan)


class AllClose(Predicate):
    """Whether all elements of `a` and `b` are close, as `isclose` says.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> bool(ad.allclose([1.0, 2.0], [1.0, 2.1]))
    False
    """

    name, label, method = "allclose", "∀≈", True
    tex = r"$y = \forall [$a \approx $b]"

    def forward(xp, a, b, *, rtol=1e-05, atol=1e-08, equal_nan=False):
        return xp.all(xp.isclose(a, b, rtol=rtol, atol=atol, equal_nan=equal_nan))
