"""The planted world: its moods follow its stated truth, and one seed gives one world."""

from collections import Counter, defaultdict

import numpy as np
import pytest

from albumnet.errors import InputTableError
from albumnet.planted import PlantedWorld, draw_world
from albumnet.planted.rule import DIALS, ERAS, MOODS, Look, era_of
from albumnet.records import build_vocabulary


@pytest.fixture(scope="module")
def world() -> PlantedWorld:
    return draw_world(n_albums=600, rng=np.random.default_rng(5))


def test_same_seed_gives_the_same_world(world):
    again = draw_world(n_albums=600, rng=np.random.default_rng(5))
    assert again.albums == world.albums
    assert again.digest == world.digest


def test_another_seed_gives_another_world(world):
    other = draw_world(n_albums=600, rng=np.random.default_rng(6))
    assert other.albums != world.albums
    assert other.digest != world.digest


def test_digest_tells_cover_sizes_apart():
    small, large = (draw_world(n_albums=3, rng=np.random.default_rng(0), cover_size=size) for size in (64, 128))
    assert small.albums == large.albums
    assert small.digest != large.digest


def test_moods_are_the_strongest_by_truth_in_order(world):
    names = world.truth.mood_names
    for album, strength in zip(world.albums, world.truth.strength, strict=True):
        of_album = [strength[names.index(mood)] for mood in album.moods]
        others = [strength[m] for m, name in enumerate(names) if name not in album.moods]
        assert of_album == sorted(of_album, reverse=True)
        assert of_album[-1] > max(others)


def test_albums_have_two_to_six_moods_and_only_those_above_zero_past_the_second(world):
    names = world.truth.mood_names
    for album, strength in zip(world.albums, world.truth.strength, strict=True):
        assert 2 <= len(album.moods) <= 6
        assert all(strength[names.index(mood)] > 0 for mood in album.moods[2:])
        assert len(album.moods) == 6 or (strength > 0).sum() <= len(album.moods)


@pytest.mark.parametrize("seed", range(4))
def test_every_mood_has_at_least_30_of_600_albums_and_the_commonest_a_third(seed):
    world = draw_world(n_albums=600, rng=np.random.default_rng(seed))
    counts = Counter(mood for album in world.albums for mood in album.moods)
    assert set(counts) == set(world.truth.mood_names)
    assert min(counts.values()) >= 30
    assert 0.33 <= max(counts.values()) / 600 <= 0.37


def test_columns_match_the_vocabulary_an_import_would_build(world):
    assert build_vocabulary(album.moods for album in world.albums).names == world.truth.mood_names


def test_strength_is_the_stated_sum_but_for_noise(world):
    truth = world.truth
    era_effect = truth.era_effect[[era_of(int(year)) for year in truth.year]]
    explained = truth.mood_offset + truth.artist_leaning[truth.artist] + truth.genre_weight @ truth.genre_effect
    noise = truth.strength - explained - era_effect - truth.feeling @ truth.mood_character.T
    assert noise.std() == pytest.approx(0.8, abs=0.02)
    assert np.abs(noise.mean(axis=0)).max() < 0.15


def test_at_least_three_moods_are_invisible_and_follow_no_feeling(world):
    invisible = world.truth.visibility == 0
    assert invisible.sum() >= 3
    assert not world.truth.mood_character[invisible].any()
    assert world.truth.visibility.max() == 1.0


def test_an_artist_name_means_one_artist_of_one_to_eight_albums(world):
    artists_of_name = defaultdict(set)
    for album, artist in zip(world.albums, world.truth.artist, strict=True):
        artists_of_name[album.artist].add(int(artist))
    assert all(len(artists) == 1 for artists in artists_of_name.values())
    assert len(artists_of_name) == world.truth.artist.max() + 1
    n_albums = Counter(album.artist for album in world.albums)
    assert set(n_albums.values()) >= {1, 2, 3}
    assert max(n_albums.values()) <= 8


def test_years_and_genres_are_true_or_missing(world):
    truth = world.truth
    for album, year, weight in zip(world.albums, truth.year, truth.genre_weight, strict=True):
        assert album.year in (None, year)
        assert 1955 <= year <= 2025
        assert album.genres == () or album.genres[0] == truth.genre_names[weight.argmax()]
        assert len(album.genres) <= 2
    assert 0.01 < np.mean([album.year is None for album in world.albums]) < 0.08
    assert 0.01 < np.mean([album.genres == () for album in world.albums]) < 0.07


def test_names_and_titles_say_no_mood(world):
    words = {word.casefold() for album in world.albums for word in f"{album.artist} {album.title}".split()}
    assert words.isdisjoint(name.casefold() for name in world.truth.mood_names)


def test_album_ids_are_unique_and_name_the_cover_file(world):
    assert len({album.album_id for album in world.albums}) == 600
    assert world.albums[0].cover_file == "pw0001.jpg"


@pytest.mark.parametrize("n_albums", [1, 2, 17])
def test_small_worlds_can_be_drawn(n_albums):
    world = draw_world(n_albums=n_albums, rng=np.random.default_rng(1))
    assert len(world.albums) == n_albums
    assert np.isfinite(world.truth.strength).all()


@pytest.mark.parametrize(("n_albums", "cover_size"), [(0, 256), (5, 32)])
def test_worlds_too_small_are_refused(n_albums, cover_size):
    with pytest.raises(InputTableError, match="at least 1 album and 64 px"):
        draw_world(n_albums=n_albums, rng=np.random.default_rng(1), cover_size=cover_size)


def test_rules_name_only_moods_that_exist_in_alphabetical_order(world):
    names = [mood.name for mood in MOODS]
    assert names == sorted(names)
    assert all(set(era.mood_effect) <= set(names) for era in ERAS)
    assert np.count_nonzero(world.truth.era_effect) == sum(len(era.mood_effect) for era in ERAS)


def test_a_hue_is_pushed_as_a_vector_so_that_opposite_hues_cancel():
    pushes = Look(30, 2.0, grain=1.0).pushes() + Look(210, 2.0).pushes()
    assert pushes == pytest.approx([float(dial == "grain") for dial in DIALS])


def test_eras_meet_at_their_first_years():
    assert [era_of(year) for year in (1900, 1955, 1967, 1968, 2005, 2006, 2030)] == [0, 0, 0, 1, 3, 4, 4]
