"""What may go wrong at the other end, each on a stand-in site on loopback."""

import email.utils
import time

import pytest

from albumnet.errors import SourceError
from planted_site import Answer, serving
from planted_stand_in import crawl


def in_turn(*answers):
    """Gives one answer after the other, the last for ever."""
    left = list(answers)
    return lambda: left.pop(0) if len(left) > 1 else left[0]


def reasons(crawled):
    return {failure.item.split("/", 3)[3]: failure.reason for failure in crawled.result.failures}


@pytest.mark.parametrize("status", [401, 403, 407, 451])
def test_a_refusal_stops_the_crawl_at_once_and_without_another_try(site, tmp_path, status):
    page = site.page(4)
    site.faults[page] = lambda: Answer(status, b"no")
    with pytest.raises(SourceError, match=rf"{page} refuses \({status}\): the site does not want this crawl"):
        crawl(site, tmp_path / "set")
    assert site.asked[page] == 1
    assert site.page(6) not in site.asked
    assert not (tmp_path / "set" / "albums.parquet").exists()
    # Once the site allows it, the crawl goes on where it stopped.
    del site.faults[page]
    assert crawl(site, tmp_path / "set").counts.reviewed == 11
    assert {path: n for path, n in site.asked.items() if n > 1} == {page: 2}


def test_a_refused_cover_stops_it_too(site, tmp_path):
    site.faults["/covers/2.jpg"] = lambda: Answer(403)
    with pytest.raises(SourceError, match=r"covers/2\.jpg refuses \(403\)"):
        crawl(site, tmp_path / "set")


@pytest.mark.parametrize("status", [404, 410])
def test_an_album_that_is_gone_is_listed_and_not_asked_for_again(site, tmp_path, status):
    site.faults[site.page(2)] = lambda: Answer(status)
    crawled = crawl(site, tmp_path / "set")
    assert reasons(crawled) == {site.page(2)[1:]: f"there is nothing ({status})"}
    assert crawled.counts.reviewed == 10
    crawl(site, tmp_path / "set")
    assert site.asked[site.page(2)] == 1


def test_parts_that_are_missing_are_lacking_and_no_failure(site, tmp_path):
    site.faults[f"{site.page(1)}/moodsThemesAjax"] = lambda: Answer(404)
    site.faults[f"{site.page(3)}/reviewAjax"] = lambda: Answer(404)
    crawled = crawl(site, tmp_path / "set")
    assert crawled.result.failures == ()
    assert (crawled.counts.reviewed, crawled.lacking["moods"], crawled.lacking["themes"]) == (10, 1, 1)


def test_a_missing_cover_is_listed_and_the_album_kept(site, tmp_path):
    site.faults["/covers/2.jpg"] = lambda: Answer(404)
    crawled = crawl(site, tmp_path / "set")
    assert reasons(crawled) == {"covers/2.jpg": "there is nothing (404)"}
    assert len(crawled.result.album_set.albums) == 11


def test_a_page_without_a_cover_lacks_it(site, tmp_path):
    page = site.planted.answer(site.page(2)).body.replace(b'src="/covers/2.jpg"', b"")
    site.faults[site.page(2)] = lambda: Answer(body=page)
    crawled = crawl(site, tmp_path / "set")
    assert crawled.lacking["cover_address"] == 1
    assert crawled.result.failures == ()


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("is_date", [False, True])
def test_a_busy_site_is_given_the_time_that_it_asks_for(site, tmp_path, status, is_date):
    at = []

    def busy_once():
        at.append(time.time())
        if len(at) > 1:
            return site.planted.answer(site.page(2))
        # A date has whole seconds: 2 of them are between 1 and 2.
        wait = email.utils.formatdate(time.time() + 2, usegmt=True) if is_date else "1"
        return Answer(status, headers={"Retry-After": wait})

    site.faults[site.page(2)] = busy_once
    notes = []
    assert crawl(site, tmp_path / "set", note=notes.append).result.failures == ()
    assert at[1] - at[0] >= 0.99
    assert f"is busy ({status}); waiting " in notes[0]


def test_nothing_else_is_asked_for_while_a_site_is_busy(site, tmp_path):
    heard = []
    answer = site.planted.answer
    site.planted.answer = lambda path: (heard.append(path), answer(path))[1]
    site.faults[site.page(2)] = in_turn(Answer(429, headers={"Retry-After": "1"}), answer(site.page(2)))
    begun = time.monotonic()
    crawl(site, tmp_path / "set", start=[site.page(2), site.page(4)])
    assert time.monotonic() - begun > 1
    assert heard[:2] == ["/robots.txt", "/covers/2.jpg"]


def test_a_site_that_stays_busy_stops_the_crawl(site, tmp_path):
    site.faults[site.page(2)] = lambda: Answer(503)
    with pytest.raises(SourceError, match=r"is busy \(503\), 3 times; run the same command again later"):
        crawl(site, tmp_path / "set")
    assert site.asked[site.page(2)] == 3


def test_a_wait_that_is_too_long_is_left_to_the_user(site, tmp_path):
    site.faults[site.page(2)] = lambda: Answer(429, headers={"Retry-After": "86400"})
    with pytest.raises(SourceError, match=r"asks to wait 86,400 s; run the same command again then"):
        crawl(site, tmp_path / "set")
    assert site.asked[site.page(2)] == 1


@pytest.mark.parametrize("status", [500, 502, 504])
def test_trouble_is_tried_again_and_may_pass(site, tmp_path, status):
    site.faults[site.page(2)] = in_turn(Answer(status), site.planted.answer(site.page(2)))
    crawled = crawl(site, tmp_path / "set")
    assert crawled.result.failures == ()
    assert site.asked[site.page(2)] == 2


def test_trouble_that_stays_is_listed_and_tried_again_by_the_next_run(site, tmp_path):
    site.faults[site.page(2)] = lambda: Answer(500)
    crawled = crawl(site, tmp_path / "set")
    assert reasons(crawled) == {site.page(2)[1:]: "answers 500"}
    assert (site.asked[site.page(2)], crawled.counts.reviewed) == (3, 10)
    del site.faults[site.page(2)]
    again = crawl(site, tmp_path / "set")
    assert again.result.failures == ()
    assert len(again.result.album_set.albums) == 11
    assert {path for path, n in site.asked.items() if n > 1} == {site.page(2)}


def test_a_site_where_nothing_works_any_more_is_not_asked_for_everything(site, tmp_path):
    for n in range(12):
        site.faults[site.page(n)] = lambda: Answer(500)
    with pytest.raises(SourceError, match="the last 4 addresses failed"):
        crawl(site, tmp_path / "set", max_failures=4)
    assert sum(path.startswith("/album/") for path in site.asked) == 4


def test_many_pages_that_never_work_do_not_keep_the_rest_from_being_crawled(site, tmp_path):
    for n in range(0, 12, 2):
        site.faults[site.page(n)] = lambda: Answer(body=b"")
    assert (
        len(crawl(site, tmp_path / "set", start=[site.page(n) for n in range(9)], max_failures=4).result.failures) == 5
    )
    again = crawl(site, tmp_path / "set", start=[site.page(n) for n in range(12)], max_failures=4)
    assert len(again.result.failures) == 6
    assert again.counts.reviewed == 5


@pytest.mark.parametrize("n_hops", [1, 2, 3])
def test_redirects_in_a_circle_end(site, tmp_path, n_hops):
    hops = [f"{site.page(2)}?hop={k}" for k in range(n_hops)]
    site.faults[site.page(2)] = lambda: Answer(302, headers={"Location": hops[0]})
    for hop, to in zip(hops, [*hops[1:], site.page(2)], strict=True):
        site.faults[hop] = lambda to=to: Answer(302, headers={"Location": to})
    crawled = crawl(site, tmp_path / "set")
    assert reasons(crawled) == {site.page(2)[1:]: "redirects in a circle, or too often"}
    assert set(site.asked.values()) == {1}


def test_a_redirect_to_itself_costs_one_request(site, tmp_path):
    site.faults[site.page(2)] = lambda: Answer(301, headers={"Location": site.page(2)})
    assert reasons(crawl(site, tmp_path / "set")) == {site.page(2)[1:]: "redirects in a circle, or too often"}
    assert site.asked[site.page(2)] == 1


def test_a_redirect_to_another_site_is_not_followed(site, tmp_path):
    site.faults[site.page(2)] = lambda: Answer(301, headers={"Location": "http://other.example/album/x-mw0000000002"})
    [reason] = reasons(crawl(site, tmp_path / "set")).values()
    assert reason == f"leads to another site, other.example; this crawl keeps to {site.address[7:]}"


@pytest.mark.parametrize("n_slow", [1, 99])
def test_a_slow_body_is_given_up_and_tried_again(site, tmp_path, n_slow):
    good = site.planted.answer(site.page(2))
    slow = Answer(body=good.body, headers=good.headers, before_body=lambda: time.sleep(1.5))
    site.faults[site.page(2)] = in_turn(*[slow] * n_slow, good)
    crawled = crawl(site, tmp_path / "set", timeout_s=0.7)
    assert len(crawled.result.failures) == (n_slow > 1)
    assert site.asked[site.page(2)] == (2 if n_slow == 1 else 3)


def test_a_body_that_breaks_off_is_tried_again(site, tmp_path):
    good = site.planted.answer(site.page(2))
    half = Answer(body=good.body[:500], headers={"Content-Length": str(len(good.body)), "Connection": "close"})
    site.faults[site.page(2)] = in_turn(half, good)
    assert crawl(site, tmp_path / "set", timeout_s=2.0).result.failures == ()
    assert site.asked[site.page(2)] == 2


def test_a_page_that_is_none_is_listed_with_what_it_lacks(site, tmp_path):
    site.faults[site.page(2)] = lambda: Answer(body=b"<html><body>Just a moment...</body></html>")
    site.faults[site.page(4)] = lambda: Answer(body=b"")
    assert reasons(crawl(site, tmp_path / "set")) == {
        site.page(2)[1:]: "has neither title nor artist, so it is no page of an album",
        site.page(4)[1:]: "is empty",
    }
    crawl(site, tmp_path / "set")
    assert site.asked[site.page(2)] == 1  # it is read again, from the cache


def test_broken_html_is_read_as_far_as_it_goes(site, tmp_path):
    page = site.planted.answer(site.page(2)).body.replace(b"</h1>", b"").replace(b"</section>", b"")
    site.faults[site.page(2)] = lambda: Answer(body=page[: page.index(b"<footer")])
    crawled = crawl(site, tmp_path / "set")
    assert crawled.result.failures == ()
    assert crawled.counts.reviewed == 11


def test_a_wrong_charset_does_not_spoil_names(site, tmp_path):
    artist = site.planted.world.albums[2].artist
    page = site.planted.answer(site.page(2)).body.replace(artist.encode(), "Mötley Örchard".encode())
    site.faults[site.page(2)] = lambda: Answer(body=page, headers={"Content-Type": "text/html; charset=iso-8859-1"})
    albums = {album.album_id: album for album in crawl(site, tmp_path / "set").result.album_set.albums}
    assert albums["mw0000000002"].artist == "Mötley Örchard"


@pytest.mark.parametrize(
    ("status", "message"), [(403, r"refuses \(403\)"), (500, r"be read \(500\); without it"), (429, r"is busy \(429\)")]
)
def test_without_robots_txt_nothing_is_asked_for(site, tmp_path, status, message):
    site.faults["/robots.txt"] = lambda: Answer(status)
    with pytest.raises(SourceError, match=message):
        crawl(site, tmp_path / "set")
    assert site.asked == {}


def test_robots_txt_elsewhere_is_no_robots_txt_of_this_site(site, tmp_path):
    site.faults["/robots.txt"] = lambda: Answer(302, headers={"Location": "http://other.example/robots.txt"})
    with pytest.raises(SourceError, match=r"robots\.txt cannot be read \(leads to another site, other\.example"):
        crawl(site, tmp_path / "set")
    assert site.asked == {}
    assert site.served.asked["/robots.txt"] == 1


def test_a_host_of_covers_that_refuses_robots_txt_has_none(site, tmp_path):
    with serving(lambda path: Answer(403) if path == "/robots.txt" else site.planted.answer(path)) as pictures:
        site.planted.cover_address = f"{pictures.address}/covers/"
        crawled = crawl(site, tmp_path / "set")
    assert crawled.result.failures == ()
    assert pictures.asked["/robots.txt"] == 1


def test_robots_txt_of_the_host_of_covers_is_obeyed(site, tmp_path):
    forbid = Answer(body=b"User-agent: *\nDisallow: /covers/2.jpg\n")
    with serving(lambda path: forbid if path == "/robots.txt" else site.planted.answer(path)) as pictures:
        site.planted.cover_address = f"{pictures.address}/covers/"
        crawled = crawl(site, tmp_path / "set")
    assert [failure.reason for failure in crawled.result.failures] == ["robots.txt asks not to fetch this"]
    assert "/covers/2.jpg" not in pictures.asked


def test_no_robots_txt_forbids_nothing(site, tmp_path):
    site.faults["/robots.txt"] = lambda: Answer(404, b"User-agent: *\nDisallow: /")
    assert crawl(site, tmp_path / "set").counts.reviewed == 11


def test_a_site_that_cannot_be_reached_stops_the_crawl(site, tmp_path):
    with pytest.raises(SourceError, match=r"robots\.txt cannot be reached \(.*\), 3 times"):
        crawl(site, tmp_path / "set", start="http://127.0.0.1:9/sitemap.xml")


def test_a_sitemap_that_is_broken_is_listed(site, tmp_path):
    site.faults["/sitemap.xml"] = lambda: Answer(body=b"\x1f\x8bbroken")
    crawled = crawl(site, tmp_path / "set", start=["/sitemap.xml", site.page(2)])
    assert reasons(crawled)["sitemap.xml"].startswith("is broken gzip")
