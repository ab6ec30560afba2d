"""A real Chromium for tests of pages; what a page complains of, or asks of another host, fails the test that saw it."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    WebError,
    WebSocket,
    sync_playwright,
)

# Chromium itself asks nobody: no name is resolved but this machine's own, and nothing is fetched behind a test's back.
ARGUMENTS = [
    "--no-sandbox",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
    "--disable-background-networking",
]


class WatchedBrowser:
    """Chromium whose every context is watched and closed after the test that opened it.

    A context belongs to the first host that is opened in it: asking any other, or any at all from a page on disk, is a
    complaint, as are console errors and errors that no script caught. Use another context for another host.

    Attributes:
        complaints: Of the test that runs. A test that means to provoke one takes it out: `complaints.clear()`.
        requests: Every address that was asked for in the test that runs, in order.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._host_of: dict[BrowserContext, str] = {}
        self.complaints: list[str] = []
        self.requests: list[str] = []

    def new_page(self, **options) -> Page:
        """A page in a context of its own; the options are those of Playwright's `new_context`."""
        return self.new_context(**options).new_page()

    def new_context(self, **options) -> BrowserContext:
        """A context; its options are Playwright's."""
        context = self._browser.new_context(**options)
        context.on("request", lambda request: self._see_request(context, request))
        context.on("page", lambda page: page.on("websocket", lambda socket: self._see_socket(context, socket)))
        context.on("console", self._see_message)
        context.on("weberror", self._see_error)
        self._host_of[context] = ""
        return context

    def end_test(self) -> list[str]:
        """Close what the test opened, and forget it; what was complained of comes back."""
        for context in self._host_of:
            context.close()
        found = list(self.complaints)
        for seen in (self._host_of, self.complaints, self.requests):
            seen.clear()
        return found

    def _see_request(self, context: BrowserContext, request: Request) -> None:
        self.requests.append(request.url)
        self._host_of[context] = self._host_of[context] or _host(request.url)
        self._compare_host(context, request.url)

    def _see_socket(self, context: BrowserContext, socket: WebSocket) -> None:
        self.requests.append(socket.url)
        self._compare_host(context, socket.url)

    def _compare_host(self, context: BrowserContext, url: str) -> None:
        host, own = _host(url), self._host_of[context]
        if host and host != own:
            self.complaints.append(f"a page of {own} asked for {url}")

    def _see_message(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"console error: {message.text} ({message.location['url']})")

    def _see_error(self, error: WebError) -> None:
        self.complaints.append(f"page error: {error.error}")


def _host(url: str) -> str:
    """Host and port, or "this disk"; "" where nobody is asked."""
    parts = urlsplit(url)
    if parts.scheme in ("about", "blob", "data"):
        return ""
    return "this disk" if parts.scheme == "file" else parts.netloc


@pytest.fixture(scope="session")
def browser() -> Iterator[WatchedBrowser]:
    """Debian's Chromium, one for all tests of pages."""
    path = shutil.which("chromium")
    if path is None and os.environ.get("CI"):
        pytest.fail("no chromium, which CI must have: apt-get install chromium")
    if path is None:
        pytest.skip("no chromium on this machine; apt-get install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield WatchedBrowser(chromium)
        chromium.close()


@pytest.fixture(autouse=True)
def no_complaints(request) -> Iterator[None]:
    """Fail a test whose pages complained."""
    yield
    if "browser" in request.fixturenames:
        complaints = request.getfixturevalue("browser").end_test()
        assert not complaints, complaints


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of pages come last: while Chromium is open an event loop runs in this thread, which bars `asyncio.run`."""
    here = Path(__file__).parent
    items.sort(key=lambda item: here in item.path.parents)
