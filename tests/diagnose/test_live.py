"""The live view: what a notebook and a terminal are shown, how often, and its markup."""

from __future__ import annotations

import io
import sys
import xml.etree.ElementTree as ET
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad.diagnose import live
from graphviz_ad.diagnose.finding import Finding
from graphviz_ad.diagnose.history import History, Sample
from graphviz_ad.diagnose.panel import Moment, panel, totals
from graphviz_ad.errors import ArgumentError


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Notebook:
    """Stands in for IPython: keeps what is displayed, cell by cell."""

    def __init__(self) -> None:
        self.shell = SimpleNamespace(kernel=object(), execution_count=1)
        self.shown: list[list[dict[str, str]]] = []

    def get_ipython(self) -> Any:
        return self.shell

    def display(self, data: dict[str, str], raw: bool, display_id: bool) -> Any:
        assert raw
        assert display_id
        cell = [data]
        self.shown.append(cell)
        return SimpleNamespace(update=lambda data, raw: cell.append(data))


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Notebook:
    made = Notebook()
    display = SimpleNamespace(display=made.display)
    package = SimpleNamespace(get_ipython=made.get_ipython, display=display)
    monkeypatch.setitem(sys.modules, "IPython", package)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    return made


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A clock that stands still until it is moved on: drawing takes no time."""
    made = SimpleNamespace(now=0.0)
    monkeypatch.setattr(live.time, "perf_counter", lambda: made.now)
    return made


def train(monitor: ad.Monitor, w: Any, batches: Any, after: Any = lambda: None) -> None:
    for factor in batches:
        w.grad = None
        loss = (w * w).sum() * factor
        loss.backward()
        w.data = w.data - 0.01 * w.grad.data
        monitor.step(loss)
        after()


def parameter() -> Any:
    return ad.parameter(np.ones((2, 2)), name="w")


def well_formed(html: str) -> ET.Element:
    return ET.fromstring(html)


def test_a_notebook_has_one_panel_that_is_updated_a_few_times_a_second(
    notebook: Notebook, clock: SimpleNamespace
) -> None:
    w = parameter()
    monitor = ad.Monitor([w], every=1, live=True)

    def tick() -> None:
        clock.now += 0.01

    train(monitor, w, monitor.track([1.0] * 100), tick)
    (cell,) = notebook.shown
    assert 4 <= len(cell) <= 6  # one second at four a second, and the end
    last = cell[-1]
    assert "step 100 of 100" in last["text/html"]
    assert len(well_formed(last["text/html"]).findall(".//svg")) == 3
    assert last["text/plain"].startswith("████████████████████ 100/100")
    assert "‖∇‖" in last["text/plain"]
    notebook.shell.execution_count = 2
    train(monitor, w, monitor.track([1.0]))
    assert len(notebook.shown) == 2


def test_a_bar_alone_needs_no_live_view(notebook: Notebook) -> None:
    w = parameter()
    monitor = ad.Monitor([w])
    train(monitor, w, monitor.track([1.0, 1.0, 1.0]))
    html = notebook.shown[0][-1]["text/html"]
    assert "step 3 of 3" in html
    assert "<svg" not in html
    train(monitor, w, [1.0])
    assert len(notebook.shown) == 1


def test_a_terminal_has_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    w = parameter()
    monitor = ad.Monitor([w], every=1, live=True, total=20)
    train(monitor, w, [1.0] * 20)
    text = terminal.getvalue()
    assert text.count("\n") == 1
    assert text.endswith("\n")
    assert "20/20" in text.rsplit("\r", 1)[1]
    assert "loss 1.856" in text.rsplit("\r", 1)[1]


def test_a_file_has_one_line_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", file := io.StringIO())
    w = parameter()
    monitor = ad.Monitor([w], live=True)
    train(monitor, w, monitor.track(iter([1.0] * 5), total=5))
    assert file.getvalue().count("\n") == 1
    assert "5/5" in file.getvalue()
    train(ad.Monitor([w]), w, [1.0] * 5)
    assert file.getvalue().count("\n") == 1


def test_what_broke_is_in_the_panel(notebook: Notebook) -> None:
    w = parameter()
    monitor = ad.Monitor([w], every=1, live=True, total=20)
    with np.errstate(all="ignore"):
        train(monitor, w, [1.0] * 10 + [np.nan] * 10)
    html = notebook.shown[0][-1]["text/html"]
    assert "Frozen: the gradient of w is not finite at step 10" in html
    assert "<b" in html
    assert "diverging" in html
    assert html.count("<path") >= 10  # a cross for each loss that is no number
    assert "frozen" in notebook.shown[0][-1]["text/plain"]


def test_panels_are_well_formed_whatever_they_show() -> None:
    history = History(100)
    rude = Finding("not-decreasing", "warning", "a < b & c", "", "")
    for moment in (Moment(0, None, 0.0), Moment(3, 2, 1.0, "<b>", (rude,))):
        well_formed(panel(history, moment))
    for value in (1.0, np.nan, np.inf, 0.0, -1.0, 1e300, 1e-300):
        history.losses.append((len(history.losses), value))
        history.add("w", Sample(len(history.losses), 1.0, value, value, 1.0))
        tree = well_formed(panel(history, Moment(3, 9, 1.0)))
        places = " ".join(line.get("points", "") for line in tree.iter("polyline"))
        assert "nan" not in places
        assert "inf" not in places


def test_totals_are_norms_over_all_parameters() -> None:
    history = History(100)
    history.add("a", Sample(0, 3.0, 3.0, 0.3, 1.0))
    history.add("b", Sample(0, 4.0, 4.0, 0.4, 1.0))
    history.add("b", Sample(5, 4.0, np.nan, 0.4, 1.0))
    gradient, update = totals(history)
    assert gradient[0] == (0, pytest.approx(5.0))
    assert np.isnan(gradient[1][1])
    assert update[0] == (0, pytest.approx(0.1))


def test_bad_input_is_refused() -> None:
    with pytest.raises(ArgumentError, match="total of 1 or more"):
        ad.Monitor([parameter()], total=0)
    with pytest.raises(ArgumentError, match="path of 0 or more"):
        ad.Monitor([parameter()], path=-1)
