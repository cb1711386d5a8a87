"""The diagnosis as an assertion, for a test suite of your own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graphviz_ad.diagnose.rules import Rule

__all__ = ["assert_healthy"]


def assert_healthy(
    loss: Any,
    parameters: Any = None,
    *,
    rules: Iterable[Rule] = (),
    ignore: Iterable[str] = (),
    check: Any = (),
) -> None:
    """Raise when `graphviz_ad.diagnose` has an error or a warning about a loss.

    Parameters
    ----------
    loss, parameters, rules, ignore, check
        As of `graphviz_ad.diagnose`.

    Raises
    ------
    DiagnosisError
        With what was found; it is an AssertionError.

    Examples
    --------
    >>> import numpy as np
    >>> import graphviz_ad as ad
    >>> w = ad.parameter(np.ones((3, 2)), name="w")
    >>> ad.testing.assert_healthy(((np.eye(3) @ w) ** 2).mean(), ignore="symmetry")
    """
    from graphviz_ad.diagnose.record import diagnose

    diagnose(loss, parameters, rules=rules, ignore=ignore, check=check).raise_if()
