"""A set cleaned: nothing dropped silently, safe to run again, the original left alone."""

import os
import shutil
from dataclasses import replace

import pytest

from albumnet.cleaning import CleaningOptions, clean_set, explain_album, read_flags
from albumnet.dataset import AlbumSet, Provenance, Step, Terms
from albumnet.errors import AlbumSetError
from albumnet.records import Album, MoodAliases

OPTIONS = CleaningOptions(min_albums_per_mood=2, last_year=2030)


@pytest.fixture
def dirty(make_set, draw, encode):
    """Two albums in order, and one of everything that is wrong."""
    picture = encode(draw(0))
    rows = [
        (Album("fine", artist="Low", title="Secret Name", moods=("Warm", "Sad"), year=1999), encode(draw(1))),
        (Album("twin", artist="Low", title="Secret Name", moods=("Warm",)), encode(draw(1).resize((90, 90)))),
        (Album("again", artist="Can", title="Ege", moods=("Warm", "Sad"), year=1066), picture),
        (Album("reissue", artist="Can", title="Ege (Deluxe)", moods=("Sad",)), encode(draw(0), "JPEG", quality=60)),
        (Album("bare", artist="A", moods=("Warm",), cover_file="gone.jpg"), None),
        (Album("broken", artist="B", moods=("Warm",)), encode(draw(2), "JPEG")[:600]),
        (Album("tiny", artist="C", moods=("Warm",)), encode(draw(3, side=20))),
        (Album("rare", artist="D", moods=("Plain",)), encode(draw(4))),
        (Album("box", artist="Various Artists", title="The Box Set", moods=("Sad",)), encode(draw(5))),
        *((Album(f"p{n}", artist=f"P{n}", moods=("Sad",)), encode(draw(6, side=100 + n))) for n in range(4)),
    ]
    return make_set(rows, provenance=Provenance((Terms("test", "ours"),), (Step("found", 20), Step("reviewed", 13))))


def clean(dirty, tmp_path, **options):
    return clean_set(dirty, out=tmp_path / "clean", options=replace(OPTIONS, **options)).album_set


def test_what_is_left_and_what_was_said(dirty, tmp_path):
    cleaned = clean(dirty, tmp_path)
    assert [album.album_id for album in cleaned.albums] == ["fine", "again", "reissue", "box"]
    said = {(flag.album_id, flag.rule): flag.action for flag in read_flags(cleaned.path)}
    assert said == {
        ("bare", "no-cover"): "left out",
        ("broken", "undecodable"): "left out",
        ("tiny", "too-small"): "left out",
        **{(f"p{n}", "placeholder"): "left out" for n in range(4)},
        ("twin", "near-duplicates"): "merged",
        ("again", "near-duplicates"): "changed",
        ("reissue", "near-duplicates"): "changed",
        ("box", "various-artists"): "kept",
        ("box", "boxed-sets"): "kept",
        ("again", "years"): "changed",
        ("rare", "rare-moods"): "changed",
        ("rare", "few-moods"): "left out",
    }


def test_no_album_is_dropped_silently(dirty, tmp_path):
    cleaned = clean(dirty, tmp_path)
    kept = {album.album_id: album for album in cleaned.albums}
    flagged = {flag.album_id: flag for flag in read_flags(cleaned.path) if flag.action in ("left out", "merged")}
    changed = {flag.album_id for flag in read_flags(cleaned.path) if flag.action == "changed"}
    for album in dirty.albums:
        assert (album.album_id in kept) != (album.album_id in flagged)
        assert kept.get(album.album_id, album) == album or album.album_id in changed
    assert all(flag.reason for flag in flagged.values())


def test_albums_with_one_picture_are_on_one_side_and_keep_their_own_cover(dirty, tmp_path):
    cleaned = clean(dirty, tmp_path)
    albums = {album.album_id: album for album in AlbumSet(cleaned.path).albums}
    assert albums["again"].picture == albums["reissue"].picture is not None
    assert albums["again"].cover != albums["reissue"].cover
    assert cleaned.splits["again"] == cleaned.splits["reissue"]


def test_the_card_shows_the_funnel_and_the_terms(dirty, tmp_path):
    card = (clean(dirty, tmp_path).path / "card.md").read_text("utf-8")
    funnel = [line for line in card.partition("## Funnel")[2].partition("##")[0].splitlines() if line.startswith("|")][
        2:
    ]
    assert funnel == [
        "| found | 20 |", "| reviewed | 13 |", "| with a cover | 12 |", "| that can be decoded | 11 |",
        "| large enough | 10 |", "| with a picture of their own | 6 |", "| each album once | 5 |",
        "| with moods enough | 4 |",
    ]  # fmt: skip
    assert "| test | ours |" in card


def test_the_report_has_the_curve_and_every_rule_that_said_something(dirty, tmp_path):
    report = (clean(dirty, tmp_path).path / "cleaning.md").read_text("utf-8")
    for rule in ("no-cover", "undecodable", "too-small", "placeholder", "near-duplicates", "few-moods"):
        assert f"| {rule} |" in report
    assert "| 1 | 3 | 5 |" in report


def test_covers_and_features_are_linked_not_copied(dirty, tmp_path):
    shard = dirty.path / "features" / "vgg16" / "shard-0.safetensors"
    shard.parent.mkdir(parents=True)
    shard.write_bytes(b"features")
    cleaned = clean(dirty, tmp_path)
    assert shard.samefile(cleaned.path / "features" / "vgg16" / shard.name)
    for album in cleaned.albums:
        assert cleaned.read_cover(album.cover) == dirty.read_cover(album.cover)
    assert len([path for path in cleaned.covers_dir.rglob("*") if path.is_file()]) == 4


def test_where_links_cannot_be_made_bytes_are_copied(dirty, tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError("links are not supported")

    monkeypatch.setattr(os, "link", refuse)
    cleaned = clean(dirty, tmp_path)
    assert cleaned.read_cover(cleaned.albums[0].cover) == dirty.read_cover(cleaned.albums[0].cover)


def test_the_original_is_left_as_it_was(dirty, tmp_path):
    before = {path: path.read_bytes() for path in dirty.path.rglob("*") if path.is_file()}
    clean(dirty, tmp_path)
    assert {path: path.read_bytes() for path in dirty.path.rglob("*") if path.is_file()} == before
    with pytest.raises(AlbumSetError, match="is the set that is to be cleaned"):
        clean_set(dirty, out=dirty.path, options=OPTIONS)


def test_the_same_cleaning_again_changes_nothing_and_another_needs_force(dirty, tmp_path):
    clean(dirty, tmp_path)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "clean").rglob("*")}
    assert clean_set(dirty, out=tmp_path / "clean", options=OPTIONS).was_there_already
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "clean").rglob("*")} == before
    other = replace(OPTIONS, min_side=10)
    with pytest.raises(AlbumSetError, match="--force"):
        clean_set(dirty, out=tmp_path / "clean", options=other)
    again = clean_set(dirty, out=tmp_path / "clean", options=other, force=True)
    assert "tiny" in {album.album_id for album in again.album_set.albums}


def test_a_cleaned_set_has_nothing_left_to_clean_but_what_is_kept(dirty, tmp_path):
    once = clean(dirty, tmp_path)
    twice = clean_set(once, out=tmp_path / "twice", options=OPTIONS).album_set
    assert twice.albums == once.albums
    assert {flag.rule for flag in read_flags(twice.path)} == {"near-duplicates", "various-artists", "boxed-sets"}


def test_a_rule_can_be_kept_from_acting_and_another_made_to(dirty, tmp_path):
    cleaned = clean(dirty, tmp_path, keep=("too-small", "near-duplicates"), leave_out=("boxed-sets",))
    assert [album.album_id for album in cleaned.albums] == ["fine", "twin", "again", "reissue", "tiny"]
    actions = {(flag.album_id, flag.rule): flag.action for flag in read_flags(cleaned.path)}
    assert (actions["tiny", "too-small"], actions["twin", "near-duplicates"]) == ("kept", "kept")
    assert actions["box", "boxed-sets"] == "left out"
    assert all(album.picture is None for album in cleaned.albums)


def test_moods_are_merged_when_asked_for(dirty, tmp_path):
    cleaned = clean(dirty, tmp_path, aliases=MoodAliases({"plain": "Sad"}))
    assert cleaned.vocabulary.names == ("Sad", "Warm")
    assert "rare" in {album.album_id for album in cleaned.albums}


def test_explain_says_what_came_of_an_album_by_id_or_title(dirty, tmp_path):
    path = clean(dirty, tmp_path).path
    assert explain_album(path, "fine") == ["fine: Secret Name, Low", "  in the set; no rule flagged it"]
    assert explain_album(path, "tiny")[1:] == [
        "  too-small: left out; 20 x 20 pixels; at least 64 a side are asked for",
        "  not in the set",
    ]
    lines = explain_album(path, "secret name")
    assert [line for line in lines if not line.startswith(" ")] == ["twin: Secret Name, Low", "fine: Secret Name, Low"]
    with pytest.raises(AlbumSetError, match=r"no album of .* has the id or title 'nothing'"):
        explain_album(path, "nothing")


def test_explaining_a_set_that_was_not_cleaned_is_one_line(dirty):
    with pytest.raises(AlbumSetError, match=r"holds no flags\.parquet"):
        explain_album(dirty.path, "fine")


def test_nothing_left_is_an_error_that_names_the_rule(dirty, tmp_path):
    with pytest.raises(
        AlbumSetError, match=r"few-moods left out 5 albums .* lower its limit, or pass --keep few-moods"
    ):
        clean(dirty, tmp_path, min_albums_per_mood=50)
    assert not (tmp_path / "clean" / "albums.parquet").exists()


def test_a_cleaning_cut_off_before_its_end_is_finished_by_the_next(dirty, tmp_path):
    path = clean(dirty, tmp_path).path
    (path / "card.md").unlink()
    (path / "splits.parquet").unlink()
    clean(dirty, tmp_path)
    assert (path / "card.md").is_file()
    shutil.rmtree(path / "sketches")
    assert clean_set(dirty, out=path, options=OPTIONS).was_there_already
