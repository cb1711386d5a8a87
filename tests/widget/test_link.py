"""Python and the page are one debugger: what one sets, the other has, and nothing goes round."""

from __future__ import annotations

import pytest

import graphviz_ad as ad
from graphviz_ad.errors import TraceError
from graphviz_ad.widget.view import GraphView


@pytest.fixture
def s() -> GraphView:
    W = ad.parameter([[1.0, 2.0], [3.0, 4.0]], name="W")
    return ad.show_graph((W * W).sum(), step=0)


def say(s: GraphView, **state: object) -> None:
    """Be the page that sends a state."""
    s.stepper.set_state(state)


def test_a_new_page_begins_where_python_is(s: GraphView) -> None:
    s.break_if("isnan")
    s.watch("W", (0, 1))
    s.select("W")
    s.granularity = "edge"
    s.goto(4, sent=0)
    page = s.stepper
    assert (page.step, page.selected, page.granularity) == (4, "v0", "edge")
    assert page.breakpoints == [{"kind": "condition", "what": "isnan", "at": "", "enabled": True}]
    assert page.watches == [{"value": 0, "index": [0, 1]}]


def test_the_page_follows_python(s: GraphView) -> None:
    page = s.stepper
    set_ = s.break_at(op="sum")
    s.run_to("sum")
    assert page.step == 2
    assert [one["what"] for one in page.breakpoints] == ["sum"]
    set_.enabled = False
    assert [one["enabled"] for one in page.breakpoints] == [False]
    s.breakpoints.toggle(1)
    assert [one["enabled"] for one in page.breakpoints] == [True]
    s.breakpoints.remove(1)
    assert page.breakpoints == []
    watched = s.watch("W")
    assert page.watches == [{"value": 0, "index": None}]
    s.unwatch(watched)
    assert page.watches == []
    s.select("sum")
    assert page.selected == s.trace.op("sum").key
    s.select()
    assert page.selected == ""
    s.goto(4)
    s.step(granularity="edge")
    assert page.step == 4.5


def test_python_follows_the_page(s: GraphView) -> None:
    seen = []
    s.observe(seen.append)
    say(s, step=4.5, selected="v0")
    assert s.position == 4
    assert s.session["step"] == 4.5
    assert [found.node.name for found in seen] == ["W"]
    assert s.selected.node is s.trace.value("W")
    say(s, breakpoints=[{"kind": "op", "what": "sum", "at": "", "enabled": True}])
    first = s.breakpoints[0]
    assert repr(first) == "1  on   every sum"
    say(s, breakpoints=[
        {"kind": "op", "what": "sum", "at": "", "enabled": False},
        {"kind": "condition", "what": "isnan", "at": "", "enabled": True},
    ])  # fmt: skip
    assert s.breakpoints[0] is first, "an object that Python holds stays the breakpoint"
    assert [found.enabled for found in s.breakpoints] == [False, True]
    say(s, watches=[{"value": 0, "index": [-1, 0]}], granularity="module")
    assert s.watches[0].label == "W∇[1, 0]"
    assert s.granularity == "module"
    say(s, selected="")
    assert s.selected is None


def test_what_the_page_sent_is_not_sent_back(s: GraphView, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = []
    monkeypatch.setattr(s.stepper, "send_state", lambda key=None: sent.extend(key or ()))
    say(s, step=3.0)
    say(s, selected="v0", breakpoints=[{"kind": "op", "what": "sum", "at": "", "enabled": True}])
    say(s, watches=[{"value": 0, "index": None}])
    assert sent == []


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("selected", "v99"),
        ("selected", "<b>"),
        ("breakpoints", [{"kind": "op", "what": "conv", "at": "", "enabled": True}]),
        ("breakpoints", [{"kind": "module"}]),
        ("watches", [{"value": 7, "index": None}]),
        ("watches", [{"value": 0, "index": [5, 5]}]),
        ("watches", [{"value": "0", "index": {}}]),
    ],
)
def test_what_does_not_fit_the_trace_is_answered_with_what_holds(
    s: GraphView, name: str, value: object
) -> None:
    s.break_if("isnan")
    s.watch("W")
    before = s.session
    say(s, **{name: value})
    assert s.session == before
    assert getattr(s.stepper, name) == before[name]


def test_a_step_outside_is_the_nearest(s: GraphView) -> None:
    for asked, found in ((99.0, 5), (-1.0, 0), (float("nan"), 0), (4.4, 4.5)):
        say(s, step=asked)
        assert s.session["step"] == found
    with pytest.raises(TraceError, match="sent="):
        s.goto(0, sent=1)
    with pytest.raises(TraceError, match="granularity"):
        s.granularity = "line"  # type: ignore[assignment]


def test_saved_with_the_trace_and_with_the_page(s: GraphView, tmp_path) -> None:
    s.break_if("norm > 3").enabled = False
    s.watch("W", (1, 1))
    s.watch("W")
    loaded = ad.GraphView.load(s.save(tmp_path / "run.trace"))
    assert loaded.breakpoints.to_list() == s.breakpoints.to_list()
    assert repr(loaded.watches[0]).split()[1] == "W∇[1,"
    assert loaded.watches.to_list() == s.watches.to_list()
    assert "norm &gt; 3" in s.to_html()
