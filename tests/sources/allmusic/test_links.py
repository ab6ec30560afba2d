"""Sitemaps, listings and addresses."""

import gzip

import pytest

from albumnet.sources.allmusic import addresses
from albumnet.sources.allmusic.pages import Links, PageError, find_links, links

SITE = "https://site.example"
ALBUMS = (f"{SITE}/album/a-mw0000000001", f"{SITE}/album/b-mw0000000002")


def urlset(*locations):
    rows = "".join(f"<url><loc> {location} </loc><lastmod>2020-01-01</lastmod></url>" for location in locations)
    return f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</urlset>'.encode()


def find(data, address=f"{SITE}/sitemap.xml"):
    return find_links(data, address=address)


def test_a_sitemap_names_albums_each_once_and_only_of_its_own_site():
    data = urlset(ALBUMS[0], f"{SITE}/artist/x-mn0000000001", f"{ALBUMS[0]}/credits", ALBUMS[1],
                  f"{SITE}/album/another-slug-mw0000000002", "https://other.example/album/c-mw0000000003")  # fmt: skip
    assert find(data) == Links(ALBUMS)


@pytest.mark.parametrize("pack", [lambda data: data, gzip.compress])
def test_a_sitemap_may_be_packed(pack):
    assert find(pack(urlset(*ALBUMS))).albums == ALBUMS


def test_an_index_leads_to_sitemaps_of_its_own_site():
    rows = "".join(f"<sitemap><loc>{at}/sitemap-1.xml.gz</loc></sitemap>" for at in (SITE, "https://other.example"))
    assert find(f"<sitemapindex>{rows}</sitemapindex>".encode()) == Links((), (f"{SITE}/sitemap-1.xml.gz",))


def test_a_sitemap_that_breaks_off_gives_what_it_has():
    assert find(urlset(*ALBUMS)[:-40]).albums == ALBUMS


def test_entities_do_not_multiply():
    bomb = (
        b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa">'
        + b"".join(b'<!ENTITY %c "%s">' % (ord("b") + k, b"&%c;" % (ord("a") + k) * 10) for k in range(8))
        + b"]><urlset><url><loc>https://site.example/album/&i;-mw0000000001</loc></url></urlset>"
    )
    assert len(repr(find(bomb))) < 1_000


@pytest.mark.parametrize("data", [b"", b"<?xml", b"\x1f\x8bbroken"])
def test_what_is_no_sitemap_is_told(data):
    with pytest.raises(PageError):
        find(data)


def test_a_packed_sitemap_does_not_fill_the_memory(monkeypatch):
    monkeypatch.setattr(links, "MAX_SITEMAP_BYTES", 1_000)
    with pytest.raises(PageError, match="unpacks to more than 1,000"):
        find(gzip.compress(b" " * 100_000))


def test_a_listing_leads_to_albums_and_its_further_pages():
    data = f"""<html><a href="{ALBUMS[0]}">A</a> <a href="/album/b-mw0000000002#reviews">B</a>
    <a href="/mood/sad-xa0000000001/albums/2">2</a> <a href="/mood/sad-xa0000000001/albums/3?x=1">not</a>
    <a href="/mood/glad-xa0000000002/albums/2">not</a> <a rel="nofollow next" href="/further">next</a>
    <a href="https://other.example/mood/sad-xa0000000001/albums/4">not</a> <a href="mailto:x@y.z">not</a></html>"""
    found = find(data.encode(), f"{SITE}/mood/sad-xa0000000001/albums")
    assert found == Links(ALBUMS, (f"{SITE}/mood/sad-xa0000000001/albums/2", f"{SITE}/further"))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("/list", "/list/2", True),
        ("/list/2", "/list/13", True),
        ("/list?page=1&by=x", "/list?by=x&page=2", True),
        ("/list?by=x", "/list?by=y", False),
        ("/list", "/list/20230105", False),
        ("/list", "/list", False),
    ],
)
def test_pages_of_one_listing_differ_in_their_number(one, other, same):
    assert addresses.is_page_of_same_listing(SITE + one, SITE + other) == same


@pytest.mark.parametrize(
    ("address", "album_id"),
    [
        (f"{SITE}/album/x-mw0001888339", "mw0001888339"),
        (f"{SITE}/album/MW0001888339/reviewAjax", "mw0001888339"),
        (f"{SITE}/album/x-mw0001888339x", None),
        (f"{SITE}/artist/x-mw0001888339", None),
        ("", None),
    ],
)
def test_the_id_of_an_album_is_in_its_address(address, album_id):
    assert addresses.album_id_of(address) == album_id


@pytest.mark.parametrize(
    "address", ["", "x", "ftp://a/b", "http://[::1", "http://a:b/", "https://" + "a" * 3000, "http:///x"]
)
def test_what_is_no_web_address_has_no_site(address):
    assert addresses.site_of(address) == ""
    assert addresses.absolute(address or None, base="mailto:x") is None
