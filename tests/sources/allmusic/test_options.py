"""What a crawl is told, checked before anything is asked for."""

import pytest

from albumnet.errors import SourceError
from albumnet.sources.allmusic import CrawlOptions, plan_crawl
from albumnet.sources.allmusic.options import is_on_this_machine, user_agent

SITE = "https://site.example"


@pytest.mark.parametrize("contact", ["me@example.org", "https://example.org/me"])
def test_the_user_agent_has_a_contact(contact):
    assert user_agent(contact, site="site.example") == f"albumnet/0.1.0 (+{contact})"


@pytest.mark.parametrize("contact", ["", "me", "me@", "@example.org", "me@example", "a@b.c (x)", "ftp://example.org"])
def test_a_contact_that_reaches_nobody_is_told(contact):
    with pytest.raises(SourceError, match="--contact takes a mail address or a web address"):
        user_agent(contact, site="site.example")


@pytest.mark.parametrize(
    ("site", "is_here"),
    [
        ("127.0.0.1:8000", True),
        ("localhost", True),
        ("[::1]:80", True),
        ("10.0.0.1", False),
        ("localhost.example", 0),
    ],
)
def test_a_site_on_this_machine_needs_no_contact(site, is_here):
    assert is_on_this_machine(site) == is_here
    if is_here:
        assert user_agent("", site=site) == "albumnet/0.1.0"


@pytest.mark.parametrize(
    ("starts", "message"),
    [
        ((), "no address to start from"),
        (("no-such-file",), "is no web address"),
        (("ftp://site.example/x",), "is no web address; expected http"),
        ((f"{SITE}/a", "https://other.example/b"), "of site.example and other.example"),
    ],
)
def test_wrong_starts_are_one_line(tmp_path, starts, message):
    with pytest.raises(SourceError, match=message) as caught:
        plan_crawl(starts, out=tmp_path, contact="me@example.org")
    assert "\n" not in str(caught.value)


def test_the_pause_is_a_second_unless_said_otherwise(tmp_path):
    starts, options = plan_crawl((f"{SITE}/a#b", f"{SITE}/a"), out=tmp_path, contact="me@example.org")
    assert starts == (f"{SITE}/a",)
    assert (options.delay_s, options.site, options.cover_sites) == (1.0, "site.example", ())
    assert CrawlOptions.from_json(options.to_json()) == options
