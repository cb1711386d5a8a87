"""The widget's Python side: what it syncs, and how it answers the page."""

from __future__ import annotations

import numpy as np
import pytest

import graphviz_ad as ad


@pytest.fixture
def stepper(monkeypatch):
    x = ad.parameter(np.arange(30_000.0).reshape(150, 200))
    loss = (x * 2.0).sum()
    widget = ad.show_graph(loss).stepper
    widget.sent = []
    monkeypatch.setattr(
        widget, "send", lambda content, buffers=None: widget.sent.append((content, buffers))
    )
    return widget


def test_it_starts_after_the_forward_pass(stepper):
    assert stepper.step == 2
    assert stepper.selected == ""


def test_a_large_array_is_sent_when_the_page_asks(stepper):
    stepper._handle_custom_msg({"type": "fetch", "request": 7, "array": 0}, [])
    [(reply, [data])] = stepper.sent
    assert reply["type"] == "array"
    assert reply["request"] == 7
    sent = np.frombuffer(data, "<f8").reshape(150, 200)
    np.testing.assert_array_equal(sent, np.arange(30_000.0).reshape(150, 200))


@pytest.mark.parametrize("index", [-1, 99, "0", None])
def test_an_array_that_is_not_there_is_an_error(stepper, index):
    stepper._handle_custom_msg({"type": "fetch", "request": 1, "array": index}, [])
    [(reply, _)] = stepper.sent
    assert reply["type"] == "error"
    assert "no array" in reply["message"]


def test_other_messages_are_left_alone(stepper):
    stepper._handle_custom_msg({"type": "other"}, [])
    stepper._handle_custom_msg("text", [])
    assert stepper.sent == []


def test_a_view_in_a_notebook_is_the_widget():
    a = ad.parameter(2.0)
    bundle, _ = ad.show_graph(a * a)._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert "multiply" in bundle["text/plain"]


def test_an_embedded_view_is_a_page_in_a_frame():
    a = ad.parameter(2.0)
    bundle = ad.show_graph(a * a, embed=True)._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    assert bundle["text/html"].lstrip().startswith("<iframe")
