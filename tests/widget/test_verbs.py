"""The table that the page's verbs are tested against is what Python's verbs do."""

from __future__ import annotations

from tests.widget import verbs


def test_the_pages_table_of_verbs_is_pythons() -> None:
    written = verbs.PATH.read_text(encoding="utf-8")
    assert written == verbs.table(), "run `python -m tests.widget.verbs`, then `npm test`"
