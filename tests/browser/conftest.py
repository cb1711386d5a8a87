"""One Chromium and one JupyterLab for all browser tests, and a fresh page for each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

from graphviz_ad.widget.view import GraphView
from tests.browser.lab import LabServer
from tests.browser.stepper_page import StepperPage
from tests.browser.watch import Watch
from tests.conftest import find_chromium

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
WINDOW: ViewportSize = {"width": 1360, "height": 900}

PageMaker = Callable[..., Page]
Opener = Callable[..., StepperPage]
Keep = Callable[..., None]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    server = LabServer(tmp_path_factory.mktemp("lab"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def new_page(browser: Browser) -> Iterator[PageMaker]:
    """Make pages that are watched; the test fails if one complained or spoke to the outside."""
    opened: list[tuple[BrowserContext, Watch]] = []

    def make(
        *,
        files_only: bool = False,
        window: ViewportSize = WINDOW,
        dark: bool = False,
        touch: bool = False,
    ) -> Page:
        context = browser.new_context(
            viewport=window, color_scheme="dark" if dark else "light", reduced_motion="reduce",
            has_touch=touch,
        )  # fmt: skip
        context.set_default_timeout(30_000)
        if files_only:
            context.set_offline(True)
        opened.append((context, Watch(context, files_only)))
        return context.new_page()

    yield make
    for context, _ in opened:
        context.close()
    for _, watch in opened:
        watch.check()


@pytest.fixture
def open_view(new_page: PageMaker, tmp_path: Path) -> Opener:
    """Save a view as a page and open it from its file with the network blocked."""

    def open_page(view: GraphView, **options: object) -> StepperPage:
        page = new_page(files_only=True, **options)
        page.goto(view.save(tmp_path / "graph.html").as_uri())
        return StepperPage(page).wait()

    return open_page


@pytest.fixture
def open_at_end(open_view: Opener) -> Opener:
    """Open a view as a page and go to the end, where everything has been computed."""

    def open_page(view: GraphView, **options: object) -> StepperPage:
        stepper = open_view(view, **options)
        stepper.go_to(stepper.steps)
        return stepper

    return open_page


@pytest.fixture
def run_notebook(lab: LabServer, new_page: PageMaker, request: pytest.FixtureRequest) -> PageMaker:
    """Write a notebook, open it, run all its cells, and return its page."""

    def run(cells: list[str], theme: str = "JupyterLab Light", **options: object) -> Page:
        name = f"{request.node.name.replace('[', '-').strip(']').replace(' ', '')}.ipynb"
        lab.write_notebook(name, cells)
        page = new_page(**options)
        lab.open(page, name)
        lab.set_theme(page, theme)
        lab.run_all(page)
        return page

    return run


@pytest.fixture
def screenshot(request: pytest.FixtureRequest, root: Path) -> Keep:
    """Keep a picture of the first Stepper on a page under ``test-results/``."""

    def keep(page: Page, name: str = "") -> None:
        stem = re.sub(r"[^\w-]+", "-", f"{request.node.name}-{name}").strip("-")
        directory = root / "test-results"
        directory.mkdir(exist_ok=True)
        page.locator(".gad-stepper").first.screenshot(path=directory / f"{stem}.png")

    return keep
