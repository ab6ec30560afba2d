"""The watch over pages itself: what it must see, and what it must let pass."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest


@pytest.fixture
def on_disk(tmp_path):
    """Write a page and give its address."""

    def write(body: str) -> str:
        path = tmp_path / "page.html"
        path.write_text(f"<!DOCTYPE html><title>t</title><link rel=icon href='data:,'>{body}", "utf-8")
        return path.as_uri()

    return write


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def host(tmp_path) -> Iterator[str]:
    """A server of what is in tmp_path."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=tmp_path)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("<script>console.error('ouch')</script>", "console error: ouch"),
        ("<script>throw new Error('ouch')</script>", "page error: "),
        ("<script>Promise.reject(new Error('ouch'))</script>", "page error: "),
        ("<img src='http://example.org/a.png'>", "a page of this disk asked for http://example.org/a.png"),
        ("<link rel=stylesheet href='https://example.org/a.css'>", "a page of this disk asked for https://example.org"),
        ("<script>new WebSocket('ws://example.org/')</script>", "a page of this disk asked for ws://example.org/"),
    ],
)
def test_what_a_page_does_wrong_is_seen(browser, on_disk, body, complaint):
    page = browser.new_page()
    page.goto(on_disk(body))
    page.wait_for_timeout(100)
    assert [said for said in browser.complaints if said.startswith(complaint)], browser.complaints
    browser.complaints.clear()


def test_a_page_may_ask_its_own_host_and_hold_data(browser, host, on_disk):
    on_disk("<img src='data:image/gif;base64,R0lGODlhAQABAAAAACw='><iframe src='/page.html?2'>")
    browser.new_page().goto(f"{host}/page.html")
    assert f"{host}/page.html?2" in browser.requests
    assert not browser.complaints, browser.requests


def test_a_page_may_not_ask_another_host(browser, host, on_disk):
    on_disk("<script>fetch('http://localhost:9/').catch(() => 0)</script>")
    page = browser.new_page()
    page.goto(f"{host}/page.html")
    page.wait_for_timeout(100)
    assert f"a page of {host.removeprefix('http://')} asked for http://localhost:9/" in browser.complaints
    browser.complaints.clear()


def test_complaints_of_one_test_are_not_held_against_the_next(browser):
    assert (browser.complaints, browser.requests) == ([], [])
