"""A text in the public domain, shipped with the package."""

from __future__ import annotations

from pathlib import Path

__all__ = ["text"]


def text() -> str:
    """Return the first ten of William Shakespeare's Sonnets (London, 1609), spelling modernised.

    For models of characters: about six thousand of them. The work is in the public domain.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.datasets.text().splitlines()[0]
    'From fairest creatures we desire increase,'
    """
    return Path(__file__).with_name("sonnets.txt").read_text(encoding="utf-8")
