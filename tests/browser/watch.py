"""What a page must not do: complain on its console, fail, or speak to another machine."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Route

LOCAL_HOSTS = {"127.0.0.1", "localhost"}
LOCAL_SCHEMES = {"about", "blob", "data"}


class Watch:
    """Collects the errors of a page and every request for something outside this machine."""

    def __init__(self, context: BrowserContext, files_only: bool) -> None:
        self.files_only = files_only
        self.errors: list[str] = []
        self.requests_away: list[str] = []
        context.on("page", self._follow)
        context.on("request", self._note)
        context.route("**/*", self._let_through)

    def is_local(self, url: str) -> bool:
        """Tell whether an address stays on this machine (on this page, for a standalone one)."""
        parts = urlsplit(url)
        if parts.scheme in LOCAL_SCHEMES or parts.scheme == "file":
            return True
        return not self.files_only and parts.hostname in LOCAL_HOSTS

    def check(self) -> None:
        """Fail if there was anything."""
        assert not self.requests_away, f"requests left the machine: {self.requests_away}"
        assert not self.errors, "\n".join(self.errors)

    def _follow(self, page: Page) -> None:
        page.on("console", self._listen)
        page.on("pageerror", lambda error: self.errors.append(f"uncaught: {error}"))

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(f"{message.text} ({message.location.get('url', '')})")

    def _note(self, request: Request) -> None:
        if not self.is_local(request.url):
            self.requests_away.append(request.url)

    def _let_through(self, route: Route) -> None:
        if self.is_local(route.request.url):
            route.continue_()
        else:
            route.abort()
