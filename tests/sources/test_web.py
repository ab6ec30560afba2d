"""Asking politely, against a stand-in on loopback and a clock that does not wait."""

import email.utils
import time

import pytest

from albumnet.errors import SourceError
from albumnet.sources.web import PoliteClient
from stand_in import Answer, serving


class Clock:
    """Time passes only by sleeping."""

    def __init__(self):
        self.now, self.slept = 0.0, []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def site(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    with serving() as stand_in:
        yield stand_in


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def client(tmp_path, clock):
    return PoliteClient(tmp_path / "cache", "albumnet/test ( me@example.org )", clock=clock, sleep=clock.sleep)


def answers(site, *them):
    """Answer these one after the other, the last for ever."""
    left = list(them)
    site.respond = lambda _path: left.pop(0) if len(left) > 1 else left[0]


def test_it_says_who_asks_and_gives_the_bytes(site, client):
    answers(site, Answer(body=b"\xff\x00"))
    assert client.get(f"{site.address}/a") == b"\xff\x00"
    assert site.asked[0].headers["User-Agent"] == "albumnet/test ( me@example.org )"


def test_one_request_a_second(site, client, clock):
    answers(site, Answer(body=b"x"))
    for n in range(3):
        client.get(f"{site.address}/{n}")
    assert clock.slept == [1, 1]
    clock.now += 5
    client.get(f"{site.address}/later")
    assert clock.slept == [1, 1]


def test_nothing_is_asked_twice_even_what_is_missing(site, client, tmp_path):
    site.respond = lambda path: Answer(body=b"x") if path == "/there" else Answer(404)
    for _ in range(2):
        again = PoliteClient(tmp_path / "cache", "me", delay_s=0)
        assert again.get(f"{site.address}/there") == b"x"
        assert again.get(f"{site.address}/gone") is None
    assert site.paths == ["/there", "/gone"]


def test_a_redirect_is_followed_and_counts_as_a_request(site, client, clock):
    site.respond = lambda path: Answer(307, headers={"Location": "/to"}) if path == "/from" else Answer(body=b"x")
    assert client.get(f"{site.address}/from") == b"x"
    assert (site.paths, clock.slept, client.n_requests) == (["/from", "/to"], [1], 2)


@pytest.mark.parametrize("to", ["/from", "/on"])
def test_redirects_in_a_circle_or_without_end_are_refused(site, client, to):
    site.respond = lambda path: Answer(302, headers={"Location": to if to == "/from" else path + "n"})
    with pytest.raises(SourceError, match="redirects in a circle or too often"):
        client.get(f"{site.address}/from")
    assert len(site.paths) <= 4


def test_a_redirect_to_something_else_than_the_web_is_refused(site, client):
    answers(site, Answer(302, headers={"Location": "file:///etc/passwd"}))
    with pytest.raises(SourceError, match="is no web address"):
        client.get(f"{site.address}/a")


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honoured(site, client, clock, status):
    answers(site, Answer(status, headers={"Retry-After": "7"}), Answer(body=b"x"))
    assert client.get(f"{site.address}/a") == b"x"
    assert clock.slept == [7]


def test_retry_after_may_be_a_date(site, client, clock):
    answers(site, Answer(503, headers={"Retry-After": email.utils.formatdate(time.time() + 20)}), Answer(body=b"x"))
    assert client.get(f"{site.address}/a") == b"x"
    assert 17 < clock.slept[0] <= 20


def test_being_told_to_wait_for_long_ends_with_what_to_do(site, client, clock):
    answers(site, Answer(503, headers={"Retry-After": "3600"}))
    with pytest.raises(SourceError, match=r"asks to wait 3,600 s; run the same command again then"):
        client.get(f"{site.address}/a")
    assert clock.slept == []


@pytest.mark.parametrize("status", [500, 502, 503])
def test_trouble_is_waited_out_longer_each_time_and_then_given_up(site, client, clock, status):
    answers(site, Answer(status, headers={"Retry-After": "soon"}))
    with pytest.raises(SourceError, match=rf"\({status}\), 5 times; run the same command again later"):
        client.get(f"{site.address}/a")
    assert clock.slept == [2, 4, 8, 16]
    answers(site, Answer(body=b"x"))
    assert client.get(f"{site.address}/a") == b"x"


def test_a_refusal_is_not_repeated_and_quotes_the_service(site, client):
    answers(site, Answer(403, b"Your requests are\nblocked"))
    with pytest.raises(SourceError, match=r"refuses \(403 Forbidden\): Your requests are blocked"):
        client.get(f"{site.address}/a")
    assert len(site.paths) == 1


def test_nobody_there_is_given_up_after_some_tries(site, client, clock):
    with serving() as gone:
        address = gone.address
    with pytest.raises(SourceError, match=r"cannot be reached \(.*\), 5 times"):
        client.get(f"{address}/a")
    assert len(clock.slept) == 4


def test_a_body_cut_off_is_asked_for_again(site, client):
    answers(site, Answer(body=b"ha", headers={"Content-Length": "4"}), Answer(body=b"half"))
    assert client.get(f"{site.address}/a") == b"half"


def test_a_body_without_end_is_refused(site, client, monkeypatch):
    monkeypatch.setattr("albumnet.sources.web.MAX_BYTES", 10)
    answers(site, Answer(body=bytes(11)))
    with pytest.raises(SourceError, match="more than 10 bytes"):
        client.get(f"{site.address}/a")
