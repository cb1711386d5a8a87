"""A text in the public domain, shipped with the package."""

from __future__ import annotations

from pathlib import Path

__all__ = ["text"]


def text() -> str:
    """Return the first ten of William Shakespeare's Sonnets (London, 1609), spelling modernised.

    For models of characters: about six thousand of them. The work is in the public domain.
    Spelling and punctuation follow the editions of the nineteenth century, such as the Globe
    edition (Clark and Wright, 1864), but *-ed* is written out where they have *-'d*. Word for
    word it was compared with Project Gutenberg's text of the edition of 1609 (eBook 100).

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.datasets.text().splitlines()[0]
    'From fairest creatures we desire increase,'
    """
    return Path(__file__).with_name("sonnets.txt").read_text(encoding="utf-8")
