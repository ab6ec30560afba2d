"""Playlists of an album set whose albums' moods are known."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from albumnet import pipeline
from albumnet.dataset.tracks import AlbumTrack, write_tracks
from albumnet.errors import AlbumSetError, InputTableError, MapError, PlaylistError, WordVectorError
from albumnet.playlists import Limits, Region
from small_world import MOODS, N_ALBUMS, make_albums, make_set, train


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A library, its runs, and what each album's features say of the moods."""
    base = tmp_path_factory.mktemp("playlisting")
    albums, features = make_albums(np.random.default_rng(0))
    album_set = make_set(base / "set", albums, features)
    tracks = {
        a.album_id: [AlbumTrack(f"{a.album_id}/{n}.flac", f"T{n}", a.artist, 240.0) for n in (1, 2)] for a in albums
    }
    write_tracks(album_set, tracks, music_dir=base / "music")
    for model in ("1", "4"):
        train(album_set, base / model, model)
    strengths = {a.album_id: row[: len(MOODS)] - 5 for a, row in zip(albums, features, strict=True)}
    return base, pipeline.open_library(base / "set"), strengths


def truth(made, strengths):
    return np.array([strengths[member.album.album_id] for member in made.albums])


@pytest.mark.parametrize("model", ["1", "4"])
def test_words_give_the_albums_that_find_gives(world, model):
    base, library, _ = world
    made = pipeline.playlist_by_words(library, base / model, "playful", limits=Limits(n_albums=15))
    found = pipeline.find_albums(library.album_set, base / model, text="playful", top=15)
    assert [m.album.album_id for m in made.albums] == [f.album.album_id for f in found.albums]
    assert (made.missing, made.n_left_out) == ((), 0)


def test_words_without_a_vector_are_told_and_none_at_all_refused(world):
    base, library, _ = world
    made = pipeline.playlist_by_words(library, base / "1", "playful xqzzy", limits=Limits())
    assert made.missing == ("xqzzy",)
    with pytest.raises(WordVectorError, match="no vector for"):
        pipeline.playlist_by_words(library, base / "1", "xqzzy", limits=Limits())


@pytest.mark.parametrize("model", ["1", "4"])
@pytest.mark.parametrize(("start", "end"), [("bleak", "playful"), ("warm", "bleak"), ("playful", "calm")])
def test_a_way_leads_from_one_true_mood_to_the_other(world, model, start, end):
    base, library, strengths = world
    made = pipeline.playlist_between(library, base / model, start, end, limits=Limits(n_albums=20))
    assert len({member.album.album_id for member in made.albums}) == 20
    true = truth(made, strengths)
    first, last = (true[:, MOODS.index(mood.title())] for mood in (start, end))
    # Features say exactly what moods are, but the models learned them from few albums.
    places = np.arange(20)
    assert spearmanr(places, first).statistic < -0.45
    assert spearmanr(places, last).statistic > 0.45
    assert first[:5].mean() > first[-5:].mean() + 0.8
    assert last[-5:].mean() > last[:5].mean() + 0.8


@pytest.mark.parametrize("model", ["1", "4"])
def test_midway_albums_are_of_both_moods(world, model):
    base, library, strengths = world
    midway = []
    for start, end in (("bleak", "playful"), ("warm", "bleak"), ("playful", "calm")):
        made = pipeline.playlist_between(library, base / model, start, end, limits=Limits(n_albums=20))
        columns = [MOODS.index(mood.title()) for mood in (start, end)]
        midway.append(truth(made, strengths)[7:13, columns].sum(axis=1).mean())
    # Of all albums it is about 0.
    assert np.mean(midway) > 0.4


def test_a_way_from_a_mood_to_itself_is_refused(world):
    base, library, _ = world
    with pytest.raises(PlaylistError, match="lie in one place"):
        pipeline.playlist_between(library, base / "1", "bleak", "Bleak", limits=Limits())


def test_minutes_shorten_a_way_but_not_its_ends(world):
    base, library, strengths = world
    made = pipeline.playlist_between(library, base / "1", "bleak", "playful", limits=Limits(n_albums=20, minutes=41))
    assert len(made.albums) == 5
    true = truth(made, strengths)
    assert true[0, MOODS.index("Bleak")] > true[-1, MOODS.index("Bleak")] + 0.5


def test_a_region_and_an_albums_neighbours_come_from_the_map(world, monkeypatch):
    from albumnet.moodmap import layout

    monkeypatch.setattr(layout, "N_EARLY", 30)
    monkeypatch.setattr(layout, "N_LATE", 30)
    base, library, _ = world
    mood_map = pipeline.make_map(library.album_set, base / "1", out=base / "map")
    some = mood_map.album_ids[7]
    made = pipeline.playlist_around(library, base / "map", some, limits=Limits(n_albums=5))
    assert made.albums[0].album.album_id == some
    x, y = mood_map.xy[7]
    region = Region(x - 0.1, y - 0.1, x + 0.1, y + 0.1)
    inside = {
        album_id
        for album_id, (u, v) in zip(mood_map.album_ids, mood_map.xy, strict=True)
        if abs(u - x) <= 0.1 and abs(v - y) <= 0.1
    }
    made = pipeline.playlist_of_region(library, base / "map", region, limits=Limits(n_albums=N_ALBUMS))
    assert {member.album.album_id for member in made.albums} == inside
    assert made.albums[0].album.album_id == some
    other = make_set(base / "other", *make_albums(np.random.default_rng(1)))
    write_tracks(other, {}, music_dir=base)
    with pytest.raises(MapError, match="the map was made of albums"):
        pipeline.playlist_around(pipeline.open_library(other.path), base / "map", some, limits=Limits())


def test_moods_that_words_mean_are_those_named_or_else_near(world):
    base, _, _ = world
    assert pipeline.moods_for_words(base / "1", "warm, playful") == ("Warm", "Playful")
    near = pipeline.moods_for_words(base / "1", "gloomy")
    assert near[0] == "Bleak"
    assert len(near) == 3


def test_what_is_no_library_is_told(world, tmp_path):
    base, _, _ = world
    with pytest.raises(InputTableError, match="neither a folder of music nor an album set"):
        pipeline.open_library(tmp_path / "nowhere")
    bare = make_set(tmp_path / "bare", *make_albums(np.random.default_rng(2)))
    with pytest.raises(AlbumSetError, match="knows no audio files"):
        pipeline.open_library(bare.path)
    write_tracks(bare, {}, music_dir=tmp_path)
    library = pipeline.open_library(bare.path)
    with pytest.raises(PlaylistError, match="takes two albums"):
        pipeline.playlist_between(library, base / "1", "warm", "bleak", limits=Limits())
