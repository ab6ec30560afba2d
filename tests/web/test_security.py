"""Whose names are answered to, and who may ask."""

import pytest

from albumnet.web.security import is_own_name, is_same_origin


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8700", "127.0.0.1:1", "[::1]:8700", "localhost."])
def test_loopback_answers_to_its_names(host):
    assert is_own_name(host, bound_to="127.0.0.1")


@pytest.mark.parametrize("host", ["", "example.org", "192.168.0.7", "localhost.example.org", "127.0.0.1.nip", "[::2]"])
def test_loopback_answers_to_no_other(host):
    assert not is_own_name(host, bound_to="127.0.0.1")


def test_beyond_loopback_any_address_and_the_machine_s_name_are_answered_to_but_no_other_name(monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "Shelf")
    for host in ("192.168.0.7:8700", "[fe80::1]:8700", "shelf", "localhost"):
        assert is_own_name(host, bound_to="0.0.0.0"), host
    assert not is_own_name("evil.example", bound_to="0.0.0.0")
    assert is_own_name("music.home:80", bound_to="music.home")


@pytest.mark.parametrize(
    ("headers", "is_own"),
    [
        ({}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "same-origin", "origin": "http://localhost:8700"}, True),
        ({"origin": "http://localhost:8701"}, False),
        ({"origin": "http://evil.example"}, False),
        ({"origin": "null"}, False),
        ({"sec-fetch-site": "cross-site"}, False),
    ],
    ids=str,
)
def test_only_the_app_s_own_pages_and_programs_may_ask(headers, is_own):
    assert is_same_origin(headers, host="localhost:8700") is is_own
