"""Crawls of a stand-in site on loopback: what is found, and how it is asked for."""

import gzip
import io
import itertools
import time

import pyarrow.parquet as pq
import pytest
from PIL import Image

from albumnet.dataset.export import export_set
from albumnet.errors import AlbumSetError, InputTableError, SourceError
from albumnet.sources.allmusic import plan_crawl
from planted_site import Answer, serving
from planted_stand_in import crawl


def test_albums_with_a_review_become_a_set(site, tmp_path):
    crawled = crawl(site, tmp_path / "set")
    album_set, planted = crawled.result.album_set, site.planted.world.albums
    assert (crawled.counts.found, crawled.counts.read, crawled.counts.reviewed) == (12, 12, 11)
    assert crawled.result.failures == ()
    assert [album.album_id for album in album_set.albums] == [f"mw{n:010d}" for n in (*range(9), 10, 11)]
    for album in album_set.albums:
        n = int(album.album_id[2:])
        assert (album.artist, album.title, album.year) == (planted[n].artist, planted[n].title, planted[n].year)
        assert (album.genres, album.moods, album.styles) == (planted[n].genres, planted[n].moods, ("Planted",))
        assert album_set.read_cover(album.cover) == site.planted.answer(f"/covers/{n}.jpg").body


def test_the_funnel_and_the_terms_are_on_the_card(site, tmp_path):
    card = (crawl(site, tmp_path / "set").result.album_set.path / "card.md").read_text("utf-8")
    assert "| albums found | 12 |" in card
    assert "| with an official review | 11 |" in card
    assert "| and a usable cover | 11 |" in card
    assert "terms of use restrict automated access" in card


def test_every_address_is_asked_for_once_and_none_that_nobody_needs(site, tmp_path):
    crawl(site, tmp_path / "set")
    assert set(site.asked.values()) == {1}
    # Album 9 is of the newer generation and has no review: neither its moods nor its cover are asked for.
    assert f"{site.page(9)}/reviewAjax" in site.asked
    assert f"{site.page(9)}/moodsThemesAjax" not in site.asked
    assert "/covers/9.jpg" not in site.asked
    n_asked = site.served.asked.total()
    assert crawl(site, tmp_path / "set").result.was_there_already
    assert site.served.asked.total() == n_asked


def test_it_says_who_asks_and_the_parts_say_from_where(site, tmp_path):
    crawl(site, tmp_path / "set")
    headers = site.served.headers[f"{site.page(1)}/moodsThemesAjax"][0]
    assert headers["Referer"] == site.address + site.page(1)
    assert headers["X-Requested-With"] == "XMLHttpRequest"
    assert headers["User-Agent"].startswith("albumnet/")
    assert "Cookie" not in headers


def test_listings_are_read_page_by_page(site, tmp_path, monkeypatch):
    monkeypatch.setattr("planted_site.ALBUMS_PER_LISTING", 5)
    assert crawl(site, tmp_path / "set", start="/newreleases").counts.found == 12
    assert {"/newreleases", "/newreleases/2", "/newreleases/3"} <= set(site.asked)


def test_a_file_of_addresses_and_single_albums_are_starts_too(site, tmp_path):
    file = tmp_path / "albums.txt"
    file.write_text(f"# some\n{site.address}{site.page(2)}\n\n{site.address}{site.page(3)}/credits\n", "utf-8")
    starts, _ = plan_crawl((str(file),), out=tmp_path / "set", delay_s=0)
    assert len(starts) == 2
    assert crawl(site, tmp_path / "set", start=[*starts, site.page(4)]).counts.found == 3


def test_what_pages_said_is_kept_at_home_and_never_exported(site, tmp_path):
    album_set = crawl(site, tmp_path / "set").result.album_set
    rows = pq.read_table(album_set.path / "allmusic" / "records.parquet").to_pylist()
    first = rows[1]
    assert first["review"].endswith("this review of it was planted with its cover.")
    assert first["review_author"] == "Planted Pen"
    assert first["moods"][0]["weight"] == 10
    assert [theme["name"] for theme in first["themes"]] == ["Rain"]
    assert (first["rating"], first["address"]) == (2, site.address + site.page(1))
    assert first["cover_address"] == f"{site.address}/covers/1.jpg"
    assert first["retrieved_at"].endswith("+00:00")
    assert set(first["lacking"]) <= {"genres", "date"}
    for kind in ("huggingface", "csv", "parquet"):
        for covers in ("addresses", "files", "none"):
            out = tmp_path / f"{kind}-{covers}"
            export_set(album_set, out=out, kind=kind, covers=covers)
            for path in (path for path in out.rglob("*") if path.is_file()):
                table = pq.read_table(path) if path.suffix == ".parquet" else None
                content = str(table.to_pylist()).encode() if table is not None else path.read_bytes()
                assert b"planted with its cover" not in content
                assert b"Planted Pen" not in content


def test_covers_may_lie_on_one_other_host(site, tmp_path):
    with serving(site.planted.answer) as pictures:
        site.planted.cover_address = f"{pictures.address}/covers/"
        crawled = crawl(site, tmp_path / "set")
    assert sum(album.cover is not None for album in crawled.result.album_set.albums) == 11
    assert pictures.asked["/robots.txt"] == 1


def test_covers_of_a_third_host_are_not_fetched_before_it_is_named(site, tmp_path):
    with serving(site.planted.answer) as second, serving(site.planted.answer) as third:
        hosts = second.address.removeprefix("http://"), third.address.removeprefix("http://")
        site.planted.cover_address = f"{second.address}/covers/"
        page = site.planted.answer(site.page(2)).body.replace(hosts[0].encode(), hosts[1].encode())
        site.faults[site.page(2)] = lambda: Answer(body=page)
        [failure] = crawl(site, tmp_path / "set").result.failures
        assert failure.item == f"{third.address}/covers/2.jpg"
        assert failure.reason == f"lies on {hosts[1]}, covers are taken from {hosts[0]} only: see --cover-host"
        assert not third.asked
        assert crawl(site, tmp_path / "set", cover_sites=hosts).result.failures == ()
        assert third.asked["/covers/2.jpg"] == 1


def test_robots_txt_is_obeyed(site, tmp_path):
    site.planted.robots = f"User-agent: *\nDisallow: {site.page(2)}\n\nUser-agent: albumnet\nDisallow: {site.page(4)}\n"
    crawled = crawl(site, tmp_path / "set")
    assert site.page(4) not in site.asked
    assert site.page(2) in site.asked  # the rules for albumnet by name stand in for those for all
    assert [(f.item, f.reason) for f in crawled.result.failures] == [
        (site.address + site.page(4), "robots.txt asks not to fetch this")
    ]


def test_a_site_that_forbids_all_gives_no_set(site, tmp_path):
    site.planted.robots = "User-agent: *\nDisallow: /\n"
    with pytest.raises(InputTableError, match=r"none of the 0 albums.*robots\.txt asks not to"):
        crawl(site, tmp_path / "set")
    assert site.asked == {}


@pytest.mark.parametrize("delay_s", [0.4, 0.0])
def test_pauses_are_kept_and_robots_txt_may_lengthen_them(site, tmp_path, delay_s):
    at = []
    answer = site.planted.answer
    site.planted.answer = lambda path: (at.append(time.monotonic()), answer(path))[1]
    if not delay_s:
        site.planted.robots = "User-agent: *\nCrawl-delay: 0.4\n"
    crawl(site, tmp_path / "set", start=[site.page(0), site.page(1)], delay_s=delay_s)
    assert len(at) >= 6
    # A busy machine may hear one request late and the next in time; that makes up for itself in the sum.
    assert min(later - earlier for earlier, later in itertools.pairwise(at)) > 0.3
    assert at[-1] - at[0] > 0.4 * (len(at) - 1) - 0.1


def test_one_request_is_under_way_at_a_time(site, tmp_path):
    under_way, most = [0], [0]
    answer = site.planted.answer

    def slow(path):
        under_way[0] += 1
        most[0] = max(most[0], under_way[0])
        time.sleep(0.01)
        under_way[0] -= 1
        return answer(path)

    site.planted.answer = slow
    crawl(site, tmp_path / "set")
    assert most == [1]


def test_a_slow_site_is_asked_more_slowly(site, tmp_path):
    begun = []
    answer = site.planted.answer

    def slow(path):
        begun.append(time.monotonic())
        time.sleep(0.3)
        return answer(path)

    site.planted.answer = slow
    crawl(site, tmp_path / "set", start=[site.page(0), site.page(2)], delay_s=0.05)
    # As long as an answer takes, not the 0.05 s that were asked for.
    assert min(later - earlier for earlier, later in itertools.pairwise(begun[1:])) > 0.29


def test_albums_that_are_one_are_kept_once(site, tmp_path):
    rows = "".join(
        f"<url><loc>{site.address}/album/{slug}mw0000000002</loc></url>" for slug in ("a-", "b-", "", "c-d-")
    )
    site.faults["/sitemap.xml"] = lambda: Answer(body=f"<urlset>{rows}</urlset>".encode())
    crawled = crawl(site, tmp_path / "set")
    assert crawled.counts.found == 1
    assert sum(n for path, n in site.asked.items() if path.startswith("/album/")) == 1


def test_an_album_that_became_another_is_kept_once(site, tmp_path):
    gone = "/album/gone-mw0000000077"
    site.faults[gone] = lambda: Answer(301, headers={"Location": site.page(2)})
    crawled = crawl(site, tmp_path / "set", start=[gone, site.page(2)])
    assert [album.album_id for album in crawled.result.album_set.albums] == ["mw0000000002"]
    assert site.asked[site.page(2)] == 1


def test_a_packed_answer_is_read(site, tmp_path):
    page = site.planted.answer(site.page(2)).body
    site.faults[site.page(2)] = lambda: Answer(body=gzip.compress(page), headers={"Content-Encoding": "gzip"})
    assert crawl(site, tmp_path / "set", start=site.page(2)).counts.reviewed == 1


def test_a_later_call_with_more_to_start_from_adds_to_the_set(site, tmp_path):
    crawl(site, tmp_path / "set", start=site.page(2))
    crawled = crawl(site, tmp_path / "set", start=site.page(3))
    assert len(crawled.result.album_set.albums) == 2
    assert set(site.asked.values()) == {1}


def test_another_set_is_not_replaced(site, tmp_path, planted_table):
    from albumnet.sources import import_table

    import_table(planted_table, planted_table.parent / "covers", out=tmp_path / "set")
    with pytest.raises(AlbumSetError, match="--force"):
        crawl(site, tmp_path / "set", start=site.page(2))
    assert len(crawl(site, tmp_path / "set", start=site.page(2), force=True).result.album_set.albums) == 1


def test_the_crawl_of_another_site_is_not_gone_on_with(site, tmp_path):
    crawl(site, tmp_path / "set", start=site.page(2))
    with serving(site.answer) as other, pytest.raises(SourceError, match=r"is of a crawl of 127\.0\.0\.1"):
        crawl(site, tmp_path / "set", start=other.address + site.page(2))


def test_a_cover_that_is_no_picture_is_listed(site, tmp_path):
    site.faults["/covers/2.jpg"] = lambda: Answer(body=b"<html>Sorry</html>")
    picture = io.BytesIO()
    Image.new("RGB", (4, 4)).save(picture, "PNG")
    site.faults["/covers/4.jpg"] = lambda: Answer(body=picture.getvalue())
    crawled = crawl(site, tmp_path / "set")
    assert {f.item.rpartition("/")[2]: f.reason.split()[0] for f in crawled.result.failures} == {
        "2.jpg": "not", "4.jpg": "4"
    }  # fmt: skip
    assert sum(album.cover is None for album in crawled.result.album_set.albums) == 2
