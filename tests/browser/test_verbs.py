"""Every verb of the debugger by its buttons and keys, in JupyterLab and on a saved page.

Where each must lead is asked of Python's debugger on the same graph. One notebook and one saved
page serve all tests; each begins where nothing is done, set or selected.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

import graphviz_ad as ad
from graphviz_ad.widget.view import GraphView
from tests.browser.conftest import WINDOW
from tests.browser.expected import agrees
from tests.browser.lab import LabServer
from tests.browser.stepper_page import StepperPage
from tests.browser.watch import Watch

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CELL = """\
import graphviz_ad as ad

x = ad.parameter([1.0, 2.0, 3.0])
k = ad.tensor(0.5)
h = x * 0.5
for _ in range(2):
    with ad.module_scope("cell"):
        with ad.module_scope("gate"):
            g = ad.tanh(h * x)
        h = g + h * k
loss = h.sum()
s = ad.show_graph(loss, step=0)
s"""
SOURCE = CELL.splitlines()


@dataclass
class Place:
    """A Stepper somewhere, and Python's debugger on an equal graph."""

    stepper: StepperPage
    python: GraphView
    run: Callable[[str], str] | None

    @property
    def page(self) -> Page:
        """The page of it."""
        return self.stepper.page

    def choose(self, granularity: str) -> None:
        """Choose what a step is."""
        self.stepper.root.get_by_label("what a step is").select_option(granularity)

    def focus(self) -> None:
        """Put the focus on a node, so that keys are the Stepper's."""
        self.stepper.node("o0").focus()

    def press_on(self, key: str, node: str) -> None:
        """Press a key on a node, or on the first of its small copies."""
        found = self.stepper.root.locator(f'[data-node="{node}"], [data-node^="{node}."]')
        found.first.dispatch_event("click")
        expect(self.stepper.root).to_have_attribute("data-selected", node)
        self.stepper.slider().focus()
        self.page.keyboard.press(key)

    def at(self) -> float:
        """Return the position, a fraction between contributions."""
        root = self.stepper.root
        step, part = int(root.get_attribute("data-step") or -1), root.get_attribute("data-part")
        of = len(self.python.trace.steps[step].contributions) if part else 1
        return step + int(part or 0) / of

    def expect_python(self) -> None:
        """Wait until the page is where Python is."""
        at = self.python.session["step"]
        self.stepper.expect_position(int(at))
        assert self.at() == pytest.approx(at)

    def stop_at(self, text: str) -> None:
        """Set a breakpoint by typing it."""
        field = self.stepper.root.get_by_label("break if")
        field.fill(text)
        field.press("Enter")
        expect(field).to_have_value("")


def saved_view(folder: Path) -> GraphView:
    """Return the view of the cell's graph, made in a file, so that its source is known."""
    path = folder / "cell.py"
    path.write_text(CELL)
    names: dict[str, Any] = {}
    exec(compile(CELL, str(path), "exec"), names)
    view = names["s"]
    assert isinstance(view, GraphView)
    return view


@pytest.fixture(scope="module", params=["lab", "page"])
def opened(
    request: pytest.FixtureRequest, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("verbs")
    view = saved_view(folder)
    context = browser.new_context(viewport=WINDOW, reduced_motion="reduce")
    context.set_default_timeout(10_000)
    watch = Watch(context, files_only=request.param == "page")
    page = context.new_page()
    run = None
    if request.param == "lab":
        lab: LabServer = request.getfixturevalue("lab")
        lab.write_notebook("verbs.ipynb", [CELL])
        lab.open(page, "verbs.ipynb")
        lab.run_all(page)

        def run(code: str) -> str:
            return lab.run_code(page, code)

    else:
        page.goto(view.save(folder / "graph.html").as_uri())
    yield Place(StepperPage(page).wait(), view, run)
    context.close()
    watch.check()


@pytest.fixture
def place(opened: Place) -> Place:
    """Return to the beginning; in the notebook it is Python that takes the page there."""
    s = opened.python
    reset(s)
    if opened.run is None:
        opened.page.reload()
        opened.stepper.wait()
    else:
        opened.run(
            "s.first(); s.select(); s.breakpoints.clear(); s.watches.restore([])\n"
            "s.granularity = 'op'"
        )
    root = opened.stepper.root
    opened.stepper.expect_position(0)
    expect(root).to_have_attribute("data-selected", "")
    expect(root.get_by_label("what a step is")).to_have_value("op")
    expect(root.locator("[data-breakpoint]")).to_have_count(0)
    return opened


def reset(s: GraphView) -> None:
    """Put a debugger back to its beginning."""
    s.first()
    s.select()
    s.breakpoints.clear()
    s.watches.restore([])
    s.granularity = "op"


BUTTONS: dict[str, tuple[str, Callable[[GraphView], object]]] = {
    "over": ("step over a module", lambda s: s.step_over()),
    "into": ("step into a module", lambda s: s.step_into()),
    "out": ("step out of a module", lambda s: s.step_out()),
    "back over": ("back over a module", lambda s: s.back_over()),
    "back into": ("back into a module", lambda s: s.back_into()),
    "back out": ("back out of a module", lambda s: s.back_out()),
}


@pytest.mark.parametrize("granularity", ["op", "edge", "module"])
def test_step_and_back(place: Place, granularity: Any) -> None:
    place.choose(granularity)
    place.python.granularity = granularity
    last = len(place.python.trace.steps)
    while place.python.position < last:
        place.python.step()
        place.stepper.button("one step forward").click()
        place.expect_python()
    while place.python.session["step"] > 0:
        place.python.back()
        place.stepper.button("one step back").click()
        place.expect_python()


@pytest.mark.parametrize("verb", list(BUTTONS))
def test_over_into_and_out_of_modules_from_everywhere(place: Place, verb: str) -> None:
    label, act = BUTTONS[verb]
    for position in range(len(place.python.trace.steps) + 1):
        place.stepper.go_to(position)
        place.python.goto(position)
        act(place.python)
        if not place.stepper.button(label).is_visible():
            place.stepper.button("more").click()
        place.stepper.button(label).click()
        place.expect_python()


def test_run_to_here(place: Place) -> None:
    trace = place.python.trace
    nodes = [*trace.graph.ops, *(v for v in trace.graph.values if v.requires_grad)]
    for start in (0, len(trace.steps)):
        for node in nodes:
            place.stepper.go_to(start)
            place.python.goto(start)
            place.python.run_to(node)
            place.press_on("r", node.key)
            place.expect_python()
    op = trace.op("sum")
    place.stepper.go_to(0)
    place.python.goto(0)
    place.stepper.node(op.key).click(button="right")
    place.stepper.root.get_by_role("menuitem", name="run to here").click()
    place.python.run_to(op)
    place.expect_python()


def test_first_last_and_the_slider(place: Place) -> None:
    last = len(place.python.trace.steps)
    place.stepper.button("last position").click()
    place.stepper.expect_position(last)
    place.stepper.button("first position").click()
    place.stepper.expect_position(0)
    place.stepper.go_to(last // 2)
    place.stepper.slider().press("ArrowRight")
    place.stepper.expect_position(last // 2 + 1)
    place.focus()
    for key, position in (("End", last), ("Home", 0)):
        place.page.keyboard.press(key)
        place.stepper.expect_position(position)


def test_play_with_a_speed_pause_and_breakpoint(place: Place) -> None:
    root = place.stepper.root
    speed = root.get_by_label("speed of play")
    speed.select_option("4")
    place.stepper.button("play").click()
    place.stepper.expect_position(2)
    place.stepper.button("pause").click()
    expect(place.stepper.button("play")).to_be_visible()
    held = place.stepper.position
    place.stop_at("op sum")
    place.focus()
    place.page.keyboard.press("Space")
    place.python.goto(held)
    place.python.break_at(op="sum")
    place.python.continue_()
    place.expect_python()
    expect(place.stepper.button("play")).to_be_visible()
    place.page.keyboard.press("Space")
    place.python.continue_()
    place.stepper.expect_position(place.python.position, seconds=15)
    speed.select_option("1")


def runs(place: Place) -> None:
    """Run to the end and back, and compare every stop."""
    for label, run, end in (
        ("run to a breakpoint", place.python.continue_, len(place.python.trace.steps)),
        ("run back to a breakpoint", place.python.reverse_continue, 0),
    ):
        while place.python.position != end:
            run()
            place.stepper.button(label).click()
            place.expect_python()


@pytest.mark.parametrize(
    ("typed", "set_"),
    [
        ("op multiply", lambda s: s.break_at(op="multiply")),
        ("module cell", lambda s: s.break_at(module="cell")),
        ("module cell.gate", lambda s: s.break_at(module="cell.gate")),
        ("isnan", lambda s: s.break_if("isnan")),
        ("norm > 2", lambda s: s.break_if("norm > 2")),
        ("norm < 1e-6", lambda s: s.break_if("norm < 1e-6")),
        ("gain < -0.3 decades", lambda s: s.break_if("gain < -0.3 decades")),
    ],
)
def test_breakpoints_that_are_typed(
    place: Place, typed: str, set_: Callable[[GraphView], object]
) -> None:
    place.stop_at(typed)
    set_(place.python)
    runs(place)


def test_a_breakpoint_on_a_node_is_listed_switched_off_and_removed(place: Place) -> None:
    root, s = place.stepper.root, place.python
    node = s.trace.value("g")
    place.stepper.node(node.key).click(button="right")
    root.get_by_role("menuitemcheckbox", name="break here").click()
    expect(place.stepper.node(node.key).locator(".gad-dot")).to_have_count(1)
    row = root.locator("[data-breakpoint]")
    expect(row).to_have_count(1)
    s.break_at(node)
    runs(place)
    row.get_by_role("checkbox").uncheck()
    s.breakpoints.toggle(s.breakpoints[0])
    runs(place)
    row.get_by_role("checkbox").check()
    s.breakpoints.toggle(s.breakpoints[0])
    place.stepper.button("run to a breakpoint").click()
    s.continue_()
    place.expect_python()
    expect(row).to_have_class(re.compile("gad-list-here"))
    root.get_by_role("button", name="remove the breakpoint").click()
    expect(row).to_have_count(0)


def test_a_breakpoint_on_a_source_line(place: Place) -> None:
    line = 1 + next(i for i, text in enumerate(SOURCE) if "tanh" in text)
    gutter = place.stepper.root.get_by_role("button", name=f"break at line {line}", exact=True)
    gutter.click()
    expect(gutter).to_have_attribute("aria-pressed", "true")
    place.python.break_at(line=line)
    runs(place)
    gutter.click()
    expect(gutter).to_have_attribute("aria-pressed", "false")


def test_the_source_follows_the_step_and_the_step_the_source(place: Place) -> None:
    root, trace = place.stepper.root, place.python.trace
    for position in range(1, len(trace.steps) + 1):
        place.stepper.go_to(position)
        step = trace.steps[position - 1]
        marked = root.locator(".gad-code-now")
        if step.op is None:
            expect(marked).to_have_count(0)
            continue
        expect(marked).to_have_attribute("data-line", str(trace.graph.ops[step.op].location.line))
    place.stepper.go_to(0)
    line = 1 + next(i for i, text in enumerate(SOURCE) if "tanh" in text)
    on_line = [op.key for op in trace.graph.ops if op.location.line == line]
    assert len(on_line) == 4
    text = root.locator(f'[data-line="{line}"] .gad-code-text')
    seen = []
    for _ in on_line:
        text.click()
        seen.append(root.get_attribute("data-selected"))
    assert sorted(seen) == sorted(on_line), "each click goes on to the line's next operation"


def test_what_is_watched_has_its_number_and_its_course(place: Place) -> None:
    root, s = place.stepper.root, place.python
    x = s.trace.value("x")
    place.press_on("w", x.key)
    root.get_by_label("watch one element").fill("1")
    root.get_by_label("watch one element").press("Enter")
    rows = root.get_by_role("region", name="watched").get_by_role("listitem")
    expect(rows).to_have_count(2)
    watches = [s.watch("x"), s.watch("x", 1)]
    for position in range(len(s.trace.steps) + 1):
        place.stepper.go_to(position)
        s.goto(position)
        for row, watch in zip(rows.all(), watches, strict=True):
            shown = row.locator(".gad-watch-number").inner_text()
            if watch.value is None:
                assert shown == "not yet"
            else:
                assert agrees(shown, watch.value)
    marks = rows.nth(0).locator(".gad-spark-now")
    here = marks.get_attribute("transform")
    place.stepper.go_to(0)
    assert marks.get_attribute("transform") != here
    changes = len({value for value in watches[0].history if value is not None})
    course = rows.nth(0).locator(".gad-spark > path").last.get_attribute("d") or ""
    assert course.count("H") == changes > 2


def test_python_and_the_page_are_one_debugger(place: Place) -> None:
    if place.run is None:
        pytest.skip("a saved page has no Python")
    run, root = place.run, place.stepper.root
    run("seen = []\nforget = s.observe(seen.append)")
    # What is done in Python is seen on the page.
    run("s.goto(3); s.break_at(op='sum'); s.watch('x', 0); s.select('g'); s.granularity = 'edge'")
    place.stepper.expect_position(3)
    expect(root.locator("[data-breakpoint]")).to_have_text("every sum")
    expect(root.get_by_role("region", name="watched")).to_contain_text("x∇[0]")
    expect(root).to_have_attribute("data-selected", place.python.trace.value("g").key)
    expect(root.get_by_label("what a step is")).to_have_value("edge")
    # What is done on the page is known in Python.
    place.stop_at("isnan")
    root.get_by_role("checkbox", name="every sum").uncheck()
    root.get_by_role("button", name="watch x∇[0] no longer").click()
    place.stepper.select(place.python.trace.op("sum").key)
    place.stepper.button("run to a breakpoint").click()
    place.stepper.expect_position(place.stepper.steps)
    place.stepper.button("one step back").click()
    told = "print([(b.what, b.enabled) for b in s.breakpoints], len(s.watches), s.selected.node.op)"
    assert settled(run, told, "[('sum', False), ('isnan', True)] 0 sum")
    assert settled(run, "print(s.session['step'])", str(place.at()))
    assert run("print([found.node.key for found in seen])") == str(
        [place.python.trace.value("g").key, place.python.trace.op("sum").key]
    )
    # And the kernel's wish holds at once, also for where the page has just been.
    run("forget(); s.first()")
    place.stepper.expect_position(0)


def settled(run: Callable[[str], str], code: str, expected: str) -> bool:
    """Whether code comes to print something: the page's messages travel."""
    return any(run(code) == expected for _ in range(50))


def test_breakpoints_and_watches_are_saved_with_the_page(browser: Browser, tmp_path: Path) -> None:
    s = saved_view(tmp_path)
    s.break_at(op="sum")
    s.break_if("isnan").enabled = False
    s.watch("x", 2)
    s.select("g")
    s.goto(len(s.trace.steps) - 1)
    s.step(granularity="edge")
    page = browser.new_page()
    page.goto(s.save(tmp_path / "graph.html").as_uri())
    stepper = StepperPage(page).wait()
    place = Place(stepper, s, None)
    place.expect_python()
    expect(stepper.root.locator("[data-breakpoint]")).to_have_text(["every sum", "isnan"])
    expect(stepper.root.get_by_role("checkbox", name="isnan")).not_to_be_checked()
    expect(stepper.root.get_by_role("region", name="watched")).to_contain_text("x∇[2]")
    expect(stepper.root).to_have_attribute("data-selected", s.trace.value("g").key)
    page.close()


def test_source_that_is_gone_says_so(browser: Browser, tmp_path: Path) -> None:
    names: dict[str, Any] = {"ad": ad}
    exec("a = ad.parameter([2.0, 1.0], name='a')\nview = ad.show_graph((a * a).sum())", names)
    page = browser.new_page()
    page.goto(names["view"].save(tmp_path / "gone.html").as_uri())
    stepper = StepperPage(page).wait()
    if stepper.root.get_attribute("data-source") == "closed":
        stepper.button("source").click()
    expect(stepper.root.get_by_role("complementary", name="source")).to_contain_text("are gone")
    page.close()
