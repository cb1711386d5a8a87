"""show_graph's view: text, pictures, pages, and what it refuses."""

from __future__ import annotations

import graphviz
import pytest

import graphviz_ad as ad


@pytest.fixture
def view():
    a, b = ad.parameter(3.0), ad.parameter(2.0)
    c = a * b
    return ad.show_graph(c)


@pytest.mark.parametrize(
    ("suffix", "starts"),
    [
        ("svg", b"<svg"),
        ("png", b"\x89PNG"),
        ("pdf", b"%PDF"),
        ("html", b"<!doctype html>"),
        ("dot", b"digraph"),
        ("txt", b"leaves"),
    ],
)
def test_save(view, tmp_path, suffix, starts):
    path = view.save(tmp_path / f"graph.{suffix}")
    assert path.read_bytes().lower().startswith(starts.lower())


def test_an_unknown_suffix_is_refused_and_nothing_written(view, tmp_path):
    with pytest.raises(ad.errors.RenderError, match=r"a path ending in \.svg"):
        view.save(tmp_path / "graph.docx")
    assert list(tmp_path.iterdir()) == []


def test_dot_is_a_graphviz_source(view):
    source = view.to_dot()
    assert isinstance(source, graphviz.Source)
    assert "v0" in source.source


def test_text_names_every_value(view):
    text = repr(view)
    assert all(name in text for name in ("a", "b", "c"))
    assert "6" in text


def test_bad_options_are_named():
    a = ad.parameter(3.0)
    b = a * a
    with pytest.raises(ad.errors.TraceError, match="theme"):
        ad.show_graph(b, theme="pink")
    with pytest.raises(ad.errors.TraceError, match="a step from 0 to 3"):
        ad.show_graph(b, step=-1)
