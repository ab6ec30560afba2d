"""Whatever the bytes: an answer, or the parser's own error, and in time that grows with their number only."""

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from albumnet.sources.allmusic.pages import PageError, find_links, parse_album_page, parse_moods_themes, parse_review
from allmusic_pages import ADDRESS, MOODS, NEWER, OLDER, REVIEW

PARSERS = {
    "album": lambda data, content_type="": parse_album_page(data, address=ADDRESS, content_type=content_type),
    "moods": lambda data, content_type="": parse_moods_themes(data, content_type=content_type),
    "review": lambda data, content_type="": parse_review(data, content_type=content_type),
    "links": lambda data, content_type="": find_links(data, address=ADDRESS, content_type=content_type),
}
PIECES = """<div|>|</div>| class="|" |moods|review|itemprop="name"|itemscope |<h4>Genre</h4>|<a href='|/mood/x-xa01
/album/x-mw0000000001|(10)|<p>|<![CDATA[|<?xml version='1.0'?>|<!DOCTYPE x [|&#0;|&#xD800;|<urlset>|<loc>|http://[|<br>
<script type='application/ld+json'>|{"@type": "MusicAlbum", "byArtist": [1, {"name": 3}], "image": [], "name": {}}
<meta charset=utf-16>|rating-allmusic-|[[[[[[[[|\0|\ufeff|\u00df|\ud800""".replace("\n", "|").split("|")

mutated = st.builds(
    lambda text, start, length, piece: text[:start] + piece + text[start + length :],
    st.sampled_from([OLDER, NEWER, REVIEW, MOODS]),
    st.integers(0, 4_000),
    st.integers(0, 1_000),
    st.sampled_from(PIECES),
).map(lambda text: text.encode("utf-8", "surrogatepass"))
assembled = st.lists(st.sampled_from(PIECES), max_size=40).map(
    lambda parts: "".join(parts).encode("utf-8", "surrogatepass")
)


@pytest.mark.parametrize("name", PARSERS)
@given(data=st.one_of(st.binary(max_size=2_000), mutated, assembled), content_type=st.text(max_size=30))
def test_nothing_but_a_page_error_is_raised(name, data, content_type):
    with contextlib.suppress(PageError):
        PARSERS[name](data, content_type)


@pytest.mark.parametrize("charset", ["hex", "rot13", "zlib", "unicode_escape", "idna", "utf-7", "undefined", "mbcs"])
def test_codecs_that_are_no_charsets_do_no_harm(charset):
    page = parse_album_page(OLDER.encode() + b"\xff", address=ADDRESS, content_type=f"text/html; charset={charset}")
    assert page.album_id == "mw0001234567"


@pytest.mark.parametrize("name", PARSERS)
@pytest.mark.parametrize(
    "piece",
    [
        "<div class='review moods genre release-date' itemprop='review' itemscope>",
        "<div class='moods genre'></div>",
        "<div><h4>Moods</h4><h4>Genre</h4>",
        "<h4>Moods</h4>",
        "<p itemprop='name'>",
        "<span class='user-review'><p>x",
        "<a href='/mood/x-xa01'>x (1)</a>",
        "<table><tr><td>",
        "<loc>/album/x-mw0000000001</loc>",
    ],
)
def test_a_page_of_a_megabyte_takes_seconds_at_most(name, piece):
    data = ("<html><body><section class='review'>" + piece * (1_000_000 // len(piece))).encode()
    start = time.process_time()
    with contextlib.suppress(PageError):
        PARSERS[name](data)
    assert time.process_time() - start < 10
