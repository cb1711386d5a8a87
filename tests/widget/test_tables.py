"""What Python writes for the page's tests is what it would write now."""

from __future__ import annotations

import json

from tests.widget import architectures, verbs


def test_the_pages_table_of_verbs_is_pythons() -> None:
    written = verbs.PATH.read_text(encoding="utf-8")
    assert written == verbs.table(), "run `python -m tests.widget.verbs`, then `npm test`"


def test_the_architectures_are_still_what_the_page_draws() -> None:
    written = json.loads(architectures.PATH.read_text(encoding="utf-8"))
    now = architectures.drawn()
    assert [shape_of(row) for row in written] == [shape_of(row) for row in now], (
        "run `python -m tests.widget.architectures`, then `npm test`"
    )


def shape_of(row: dict[str, object]) -> tuple[object, ...]:
    """Return the name of a graph and how much of what it has."""
    counts = [len(found) for found in row.values() if isinstance(found, list)]
    return (row["name"], *counts)
