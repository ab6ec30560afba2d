"""Answers of MusicBrainz, in the form in which they come."""

import pytest

from albumnet.errors import SourceError
from albumnet.sources.musicbrainz.release_groups import ReleaseGroup, parse_release_group

MBID = "48140466-cff6-3222-bd55-63c27e43190d"
ROW = {
    "id": MBID,
    "title": "Invented Record",
    "first-release-date": "1972-11-29",
    "primary-type": "Album",
    "secondary-types": [],
    "disambiguation": "",
    "artist-credit": [
        {"name": "One", "joinphrase": " & ", "artist": {"id": "a", "name": "One", "sort-name": "One"}},
        {"name": "Two", "joinphrase": "", "artist": {"id": "b", "name": "Two", "sort-name": "Two"}},
    ],
    "genres": [{"id": "g", "name": "krautrock", "count": 9, "disambiguation": ""}, {"name": "funk", "count": 12}],
    "tags": [{"name": "hypnotic", "count": 3}, {"name": "funk", "count": 12}, {"name": "bad", "count": -1}],
}


def test_a_release_group_is_read():
    assert parse_release_group(ROW) == ReleaseGroup(
        MBID, "Invented Record", "One & Two", 1972, ("funk", "krautrock"), ("funk", "hypnotic")
    )


@pytest.mark.parametrize(
    ("date", "year"), [("1972", 1972), ("1972-11", 1972), ("", None), (None, None), ("????-11", None)]
)
def test_dates_may_be_partial(date, year):
    assert parse_release_group({**ROW, "first-release-date": date}).year == year


def test_what_a_search_leaves_out_is_empty():
    group = parse_release_group({"id": MBID, "title": "x"})
    assert (group.artist, group.year, group.genres, group.tags) == ("", None, (), ())


@pytest.mark.parametrize("row", [{}, {"id": MBID}, {**ROW, "tags": [1]}, {**ROW, "artist-credit": [{"x": 1}]}, []])
def test_another_form_is_a_source_error(row):
    with pytest.raises(SourceError, match="unknown form"):
        parse_release_group(row)
