"""Each rule: what it flags, what it says, and what it leaves alone."""

from dataclasses import replace

import numpy as np
import pytest

from albumnet.cleaning import CleaningOptions, list_rules
from albumnet.cleaning.material import Material
from albumnet.cleaning.rules import RULES
from albumnet.cleaning.sketching import SketchedCovers
from albumnet.records import Album, MoodAliases
from albumnet.vision.sketches import stack_sketches

OPTIONS = CleaningOptions(last_year=2030, min_albums_per_mood=2)


def material(*albums, sizes=None, errors=None, copies=None, pictures=None, failures=None, options=OPTIONS):
    """What rules look at; `sizes` and `errors` by cover."""
    covers = list(dict.fromkeys(album.cover for album in albums if album.cover))
    sides = [(sizes or {}).get(cover, (300, 300)) for cover in covers]
    return Material(
        albums=albums,
        failures=failures or {},
        covers=SketchedCovers(
            row_of={cover: n for n, cover in enumerate(covers)},
            sizes=np.array(sides).reshape(-1, 2),
            errors=tuple((errors or {}).get(cover) for cover in covers),
            sketches=stack_sketches([]),
        ),
        copies=copies or {},
        pictures=pictures or {},
        options=options,
    )


def findings(rule, *albums, **about):
    return {finding.album.album_id: finding for finding in RULES[rule].find(material(*albums, **about))}


def reasons(rule, *albums, **about):
    return {album_id: finding.reason for album_id, finding in findings(rule, *albums, **about).items()}


def test_no_cover_says_why_the_import_could_not_take_it():
    albums = Album("1", cover="c"), Album("2", cover_file="x.jpg"), Album("3")
    said = reasons("no-cover", *albums, failures={"x.jpg": "the file is empty"})
    assert said == {"2": "x.jpg: the file is empty", "3": "no cover is named"}


def test_undecodable_gives_the_decoders_reason():
    albums = Album("1", cover="c"), Album("2", cover="d"), Album("3")
    assert reasons("undecodable", *albums, errors={"d": "truncated JPEG"}) == {"2": "truncated JPEG"}


def test_too_small_goes_by_the_shorter_side():
    sizes = {"c": (64, 64), "d": (63, 500), "e": (0, 0)}
    said = reasons("too-small", *(Album(cover, cover=cover) for cover in sizes), Album("none"), sizes=sizes)
    assert said == {"d": "63 x 500 pixels; at least 64 a side are asked for"}


def test_a_picture_of_many_artists_is_a_placeholder_whatever_its_bytes():
    albums = [Album(f"{n}", artist=f"Artist {n}", cover=f"c{n}") for n in range(4)]
    others = Album("x", artist="Low", cover="own"), Album("y", artist="Various Artists", cover="c0")
    said = reasons("placeholder", *albums, *others, copies={f"c{n}": "c0" for n in range(4)})
    assert set(said) == {"0", "1", "2", "3", "y"}
    assert said["0"].startswith("4 artists have this picture")


def test_one_artist_may_use_a_picture_as_often_as_they_like():
    albums = [Album(f"{n}", artist="Low", cover="c") for n in range(9)]
    assert reasons("placeholder", *albums, Album("v", artist="Various", cover="c")) == {}


def test_the_same_album_is_merged_into_the_one_with_most_moods_and_its_moods_are_kept():
    one = Album("1", artist="Can", title="Tago Mago", moods=("Warm",), cover="c")
    two = Album("2", artist="CAN", title="Tago  Mago", moods=("Eerie", "Tense"), cover="d")
    found = findings("near-duplicates", one, two, pictures={"c": "d", "d": "d"})
    assert (found["1"].is_merged, found["1"].other) == (True, "2")
    assert found["2"].changed == replace(two, moods=("Eerie", "Tense", "Warm"))
    assert found["2"].reason == "takes Warm from the same album"


@pytest.mark.parametrize(
    "title", ["Low (2017 Remaster)", "Low [Deluxe]", "Low - Deluxe Edition", "Low: 40th Anniversary"]
)
def test_an_edition_is_linked_as_one(title):
    albums = Album("1", artist="Bowie", title="Low", cover="c"), Album("2", artist="Bowie", title=title, cover="d")
    found = findings("near-duplicates", *albums, pictures={"c": "d", "d": "d"})
    assert "as 2, another edition" in found["1"].reason
    assert [found[n].changed.picture for n in "12"] == ["d", "d"]
    assert not any(finding.is_merged for finding in found.values())


def test_another_artists_album_with_the_same_picture_is_linked():
    albums = Album("1", artist="Jimi Hendrix", title="Axis", cover="c"), Album("2", artist="The Experience", cover="d")
    assert "another album" in reasons("near-duplicates", *albums, pictures={"c": "d", "d": "d"})["1"]


def test_albums_without_names_are_never_one_album():
    found = findings("near-duplicates", Album("1", cover="c"), Album("2", cover="c"))
    assert not any(finding.is_merged for finding in found.values())
    # The same bytes need no further link.
    assert found["1"].changed.picture is None


@pytest.mark.parametrize("artist", ["Various Artists", "various", "V.A.", "Verschiedene Interpreten"])
def test_various_artists_are_flagged(artist):
    assert list(reasons("various-artists", Album("1", artist=artist), Album("2", artist="Variations"))) == ["1"]


@pytest.mark.parametrize(
    "title",
    ["Live Box Set", "The Complete Studio Albums", "Anthology [Box]", "5 CD Set", "Original Album Series", "Black Box"],
)
def test_boxed_sets_are_flagged(title):
    assert list(reasons("boxed-sets", Album("1", title=title))) == ["1"]


@pytest.mark.parametrize("title", ["Boxer", "Complete", "A Complete Surprise", "Five Albums Later", "Jukebox"])
def test_other_titles_are_no_boxed_sets(title):
    assert reasons("boxed-sets", Album("1", title=title)) == {}


def test_a_year_out_of_range_counts_as_unknown():
    found = findings("years", Album("1", year=1066), Album("2", year=1900), Album("3"), Album("4", year=2031))
    assert set(found) == {"1", "4"}
    assert found["1"].changed == Album("1")
    assert "1066 is outside 1900 to 2030" in found["1"].reason


def test_moods_are_merged_on_request_only():
    album = Album("1", moods=("Sad", "Warm", "Sorrowful"))
    assert findings("merged-moods", album) == {}
    options = replace(OPTIONS, aliases=MoodAliases({"sorrowful": "Sad"}))
    found = findings("merged-moods", album, options=options)["1"]
    assert (found.changed.moods, found.reason) == (("Sad", "Warm"), "Sorrowful became Sad")


def test_rare_moods_are_cut_with_their_counts():
    albums = Album("1", moods=("Warm", "Plain")), Album("2", moods=("Warm",))
    found = findings("rare-moods", *albums)
    assert found["1"].changed.moods == ("Warm",)
    assert found["1"].reason == "cut Plain (1 albums); a mood has at least 2 albums"
    assert set(found) == {"1"}


def test_albums_with_few_moods_are_flagged():
    albums = Album("1"), Album("2", moods=("Warm",)), Album("3", moods=("Warm", "Sad"))
    assert list(reasons("few-moods", *albums, options=replace(OPTIONS, min_moods=2))) == ["1", "2"]


@pytest.mark.parametrize("name", list_rules())
def test_every_rule_flags_nothing_of_a_clean_album(name):
    albums = [
        Album(f"{n}", artist=f"Artist {n}", title=f"Title {n}", moods=("Warm",), year=1977, cover=f"c{n}")
        for n in (1, 2)
    ]
    assert findings(name, *albums) == {}


@pytest.mark.parametrize("name", list_rules())
def test_every_rule_takes_a_set_of_no_albums(name):
    assert findings(name) == {}
