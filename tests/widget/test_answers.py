"""What the kernel answers when a page asks."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad.widget.answers import Answers

ARRAY = np.arange(24.0).reshape(2, 3, 4)


def ask(**message: Any) -> tuple[dict[str, Any], Any]:
    """Ask about `ARRAY` and a small graph; return the reply and the array of its buffer."""
    x = ad.parameter([3.0, 4.0], name="x")
    trace = ad.show_graph((x * x).sum()).trace
    answer = Answers(trace, [ARRAY]).answer({"request": 7, **message})
    assert answer is not None
    reply, buffers = answer
    assert reply["request"] == 7
    return reply, np.frombuffer(buffers[0]) if buffers else None


def tile(**changes: Any) -> tuple[dict[str, Any], Any]:
    question: dict[str, Any] = {
        "array": 0, "row": 1, "col": 2, "at": [1, 0, 0], "rows": [0, 3], "cols": [0, 4],
        "size": [100, 100],
    }  # fmt: skip
    return ask(type="tile", **(question | changes))


def test_a_small_tile_holds_the_elements() -> None:
    reply, cells = tile(rows=[1, 3], cols=[2, 4])
    assert (reply["rows"], reply["cols"], reply["exact"]) == (2, 2, True)
    np.testing.assert_array_equal(cells.reshape(2, 2), ARRAY[1, 1:3, 2:4])


def test_a_tile_is_of_any_two_axes() -> None:
    reply, cells = tile(row=2, col=0, at=[0, 1, 0], rows=[0, 4], cols=[0, 2])
    np.testing.assert_array_equal(cells.reshape(reply["rows"], reply["cols"]), ARRAY[:, 1].T)
    _, row = tile(row=None, col=1, at=[1, 0, 3], rows=[0, 1], cols=[0, 3])
    np.testing.assert_array_equal(row, ARRAY[1, :, 3])


def test_a_large_tile_keeps_the_largest_of_each_block() -> None:
    reply, cells = tile(size=[1, 2])
    assert (reply["rows"], reply["cols"], reply["exact"]) == (1, 2, False)
    np.testing.assert_array_equal(cells, [ARRAY[1, :, :2].max(), ARRAY[1, :, 2:].max()])


def test_an_element_is_derived() -> None:
    reply, _ = ask(type="explain", about="element", of=[0, 1])
    found = reply["found"]
    assert found["total"] == found["gradient"] == 8.0
    assert [term["value"] for term in found["terms"]] == [4.0, 4.0]


def test_jacobians_checks_paths_and_histograms_are_told() -> None:
    found = ask(type="explain", about="jacobian", of=[0, 0, 0])[0]["found"]
    assert found["structure"] == "diagonal"
    assert found["picture"]["cells"] == [3.0, 0.0, 0.0, 4.0]
    assert found["product"]["cells"] == [3.0, 4.0]
    found = ask(type="explain", about="check", of=[0, 1])[0]["found"]
    assert found["ok"]
    assert [e["label"] for e in found["elements"]] == ["x∇[1]"]
    assert ask(type="explain", about="op check", of=[0])[0]["found"]["checked"] == 2
    assert ask(type="explain", about="paths", of=[0])[0]["found"]["told"] == "2 paths to the loss"
    assert sum(ask(type="explain", about="spread", of=[0])[0]["found"]["counts"]) == ARRAY.size


def test_the_backward_graph_is_sent_and_questions_about_it_are_answered() -> None:
    x = ad.parameter([3.0, 4.0], name="x")
    answers = Answers(ad.show_graph((x * x).sum()).trace, [])

    def found(**message: Any) -> Any:
        answer = answers.answer({"type": "explain", "request": 0, **message})
        assert answer is not None
        return answer[0]["found"]

    sent = found(about="backward", of=[2])
    document = json.loads(gzip.decompress(base64.b64decode(sent["document"])))
    names = [value["label"] for value in document["values"]]
    assert "x∇" in names
    multiply = next(i for i, op in enumerate(document["ops"]) if op["name"] == "multiply")
    jacobian = found(graph="backward", about="jacobian", of=[multiply, 0, 0])
    assert jacobian["structure"] == "diagonal"
    assert jacobian["vector"] is None, "the backward pass has no gradients of its own"


@pytest.mark.parametrize(
    "message",
    [
        {"type": "fetch", "array": 9},
        {"type": "fetch", "array": "0"},
        {"type": "explain", "about": "element", "of": [99]},
        {"type": "explain", "about": "element", "of": [0, 5]},
        {"type": "explain", "about": "element", "of": "0"},
        {"type": "explain", "about": "jacobian", "of": [0, 7]},
        {"type": "explain", "about": "jacobian", "of": [-1]},
        {"type": "explain", "about": "paths", "of": []},
        {"type": "explain", "about": "spread", "of": [9]},
        {"type": "explain", "about": ["check"], "of": [0]},
        {"type": "explain", "about": "secrets", "of": [0]},
        {"type": "tile", "array": 0},
    ],
)
def test_what_there_is_not_is_said(message: dict[str, Any]) -> None:
    reply, cells = ask(**message)
    assert reply["type"] == "error"
    assert reply["message"]
    assert cells is None


@pytest.mark.parametrize(
    "changes",
    [{"row": 5}, {"row": 2}, {"at": [9, 0, 0]}, {"rows": [3, 3]}, {"size": [0, 1]}, {"cols": [0]}],
)
def test_a_tile_outside_the_array_is_refused(changes: dict[str, Any]) -> None:
    assert tile(**changes)[0]["type"] == "error"


def test_other_messages_are_no_questions() -> None:
    answers = Answers(None, [])
    for message in (None, [], {}, {"type": "other"}):
        assert answers.answer(message) is None


def test_a_diagnosis_is_made_when_the_page_asks():
    asked = []
    answers = Answers(None, [], lambda: asked.append(True))
    reply, buffers = answers.answer({"type": "diagnose", "request": 3})
    assert (reply, buffers, asked) == ({"type": "diagnosis", "request": 3}, [], [True])
    reply, _ = Answers(None, []).answer({"type": "diagnose", "request": 4})
    assert reply["type"] == "error"
