"""Known worlds: the truth lies where it is planted, and every switch does what it says."""

import numpy as np
import pytest

from albumnet.errors import InputTableError
from albumnet.planted import draw_cover, draw_world
from albumnet.planted.drawing import read_dials
from albumnet.planted.known import WorldOptions, plant_in_dials, plant_in_features
from albumnet.planted.known.world import principal_components
from albumnet.planted.rule import DIALS, MOODS


def _plant(n_albums: int = 1500, *, seed: int = 0, **options: object):
    rng = np.random.default_rng(seed)
    return plant_in_features(rng.normal(size=(n_albums, 30)), rng=rng, options=WorldOptions(**options))


@pytest.fixture(scope="module")
def world():
    return _plant()


def test_same_seed_gives_the_same_world(world):
    again = _plant()
    assert again.albums == world.albums
    assert np.array_equal(again.truth.probability, world.truth.probability)


def test_the_cover_s_part_is_linear_in_the_first_principal_components(world):
    components = principal_components(world.features, n_components=16)
    part = world.truth.cover @ world.truth.cover_effect
    residual = part - components @ np.linalg.lstsq(components, part, rcond=None)[0]
    assert np.abs(residual).max() < 1e-8


@pytest.mark.parametrize("n_components", [1, 5, 16])
def test_as_many_components_matter_as_asked_for(n_components):
    truth = _plant(300, n_components=n_components).truth
    assert np.linalg.matrix_rank(truth.cover @ truth.cover_effect) == n_components


def test_each_part_of_the_logit_spreads_as_asked_for():
    truth = _plant(cover_spread=1.3, metadata_spread=0.4, artist_spread=0.9).truth
    assert (truth.cover @ truth.cover_effect).std(axis=0) == pytest.approx(1.3)
    assert (truth.metadata @ truth.metadata_effect).std(axis=0) == pytest.approx(0.4)
    assert truth.artist_effect.std() == pytest.approx(0.9, abs=0.02)


def test_moods_are_as_common_as_the_planted_rule_says(world):
    wanted = [mood.frequency for mood in MOODS]
    assert world.truth.probability_of_new_artist.mean(axis=0) == pytest.approx(wanted, abs=1e-3)


def test_no_artist_effect_makes_the_artist_say_nothing():
    truth = _plant(300, artist_spread=0.0).truth
    assert not truth.artist_effect.any()
    assert np.array_equal(truth.probability, truth.probability_of_new_artist)


def test_genres_years_and_artists_of_the_table_are_those_of_the_truth(world):
    assert all(album.year is not None and album.genres for album in world.albums)
    assert [len(album.genres) for album in world.albums] == world.truth.metadata[:, :-1].sum(axis=1).tolist()
    names = {}
    for album, artist in zip(world.albums, world.truth.artist, strict=True):
        assert names.setdefault(artist, album.artist) == album.artist
    assert len(set(names.values())) == len(names)


def _mean_probability_by_place(world) -> np.ndarray:
    column = {name: m for m, name in enumerate(world.truth.mood_names)}
    rows = [
        [world.truth.probability[n, column[mood]] for mood in album.moods[:3]]
        for n, album in enumerate(world.albums)
        if len(album.moods) >= 3
    ]
    return np.mean(rows, axis=0)


def test_graded_order_puts_likelier_moods_first():
    first, second, third = _mean_probability_by_place(_plant(order="graded"))
    assert first > second + 0.05 > third + 0.1


def test_random_order_says_nothing():
    places = _mean_probability_by_place(_plant(order="random"))
    assert np.ptp(places) < 0.04


def test_every_album_tells_all_its_moods_unless_some_are_missing(world):
    for album, target in zip(world.albums, world.target, strict=True):
        assert {world.truth.mood_names[m] for m in np.flatnonzero(target)} == set(album.moods)


def test_missing_moods_are_kept_in_the_truth_and_dropped_from_the_table():
    world = _plant(missing_mood_share=0.3)
    names = world.truth.mood_names
    for album, target in zip(world.albums, world.target, strict=True):
        assert set(album.moods) <= {names[m] for m in np.flatnonzero(target)}
    told = sum(len(album.moods) for album in world.albums)
    assert told / world.target.sum() == pytest.approx(0.7, abs=0.03)


def test_rare_moods_are_as_rare_as_asked_for():
    world = _plant(4000, n_rare_moods=5, rare_frequency=0.01)
    assert world.truth.probability_of_new_artist.mean(axis=0)[-5:] == pytest.approx(0.01, abs=1e-3)
    assert world.target[:, -5:].mean() == pytest.approx(0.01, abs=0.005)
    assert world.target[:, :-5].mean() > 0.1


def test_duplicates_show_the_cover_of_an_album_by_someone_else():
    world = _plant(duplicate_share=0.2)
    assert world.is_duplicate.mean() == pytest.approx(0.2, abs=0.001)
    copies = np.flatnonzero(world.is_duplicate)
    originals = world.cover_from[copies]
    assert np.array_equal(world.features[copies], world.features[originals])
    assert np.array_equal(world.truth.cover[copies], world.truth.cover[originals])
    assert (world.truth.artist[copies] != world.truth.artist[originals]).all()
    assert len({album.cover for album in world.albums}) == len(world.albums)


def test_without_duplicates_every_album_shows_its_own_cover(world):
    assert not world.is_duplicate.any()


def test_artists_may_be_given():
    artist = np.repeat(np.arange(20), 5)
    rng = np.random.default_rng(0)
    world = plant_in_features(rng.normal(size=(100, 20)), rng=rng, artist=artist)
    assert np.array_equal(world.truth.artist, artist)


def test_features_that_vary_in_too_few_directions_are_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(InputTableError, match="fewer than 16 directions"):
        plant_in_features(rng.normal(size=(50, 10)), rng=rng)


@pytest.mark.parametrize("wrong", [{"n_components": 17}, {"duplicate_share": 1.0}, {"artist_spread": -0.1}])
def test_options_that_describe_no_world_are_refused(wrong):
    with pytest.raises(InputTableError, match="describes no world"):
        WorldOptions(**wrong)


def test_dials_are_those_that_covers_are_drawn_with():
    world = draw_world(n_albums=40, rng=np.random.default_rng(2), cover_size=64)
    dials = read_dials(world)
    assert dials.shape == (40, len(DIALS))
    assert 0 < dials.min() < dials.max() < 1
    assert np.array_equal(dials, read_dials(world))


def test_moods_of_a_drawn_world_follow_its_dials():
    drawn = draw_world(n_albums=300, rng=np.random.default_rng(2), cover_size=64)
    known, _ = plant_in_dials(drawn, rng=np.random.default_rng(0))
    dials = read_dials(drawn)
    assert np.array_equal(known.features, dials)
    part = known.truth.cover @ known.truth.cover_effect
    inputs = np.column_stack([dials, np.ones(300)])
    assert np.abs(part - inputs @ np.linalg.lstsq(inputs, part, rcond=None)[0]).max() < 1e-8


def test_a_drawn_world_keeps_its_pictures_and_takes_the_known_albums():
    drawn = draw_world(n_albums=30, rng=np.random.default_rng(2), cover_size=64)
    known, redrawn = plant_in_dials(drawn, rng=np.random.default_rng(0))
    assert redrawn.albums == known.albums
    assert np.array_equal(read_dials(redrawn), read_dials(drawn))
    assert [album.year for album in redrawn.albums] == drawn.truth.year.tolist()


def test_duplicates_of_a_drawn_world_are_drawn_with_the_other_album_s_dials():
    drawn = draw_world(n_albums=30, rng=np.random.default_rng(2), cover_size=64)
    options = WorldOptions(n_components=8, duplicate_share=0.3)
    known, redrawn = plant_in_dials(drawn, rng=np.random.default_rng(0), options=options)
    assert np.array_equal(read_dials(redrawn), read_dials(drawn)[known.cover_from])
    copy = int(np.flatnonzero(known.is_duplicate)[0])
    assert draw_cover(redrawn, copy) != draw_cover(redrawn, int(known.cover_from[copy]))
