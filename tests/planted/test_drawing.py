"""Planted covers: visible moods, artists, genres and age change pixels; invisible moods do not."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from albumnet.planted import PlantedWorld, draw_cover, draw_world
from albumnet.planted.rule import GENRES, MOODS
from albumnet.records import MoodVocabulary

VISIBLE = [mood.name for mood in MOODS if mood.visibility > 0]
INVISIBLE = [mood.name for mood in MOODS if mood.visibility == 0]


@pytest.fixture(scope="module")
def world() -> PlantedWorld:
    return draw_world(n_albums=160, rng=np.random.default_rng(3), cover_size=64)


def pixels_of(cover: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(cover)).convert("RGB"), dtype=np.float32)


def with_strength(world: PlantedWorld, *, mood: str, strength: float) -> PlantedWorld:
    """The world in which album 0 has another strength of one mood, and all else is the same."""
    changed = world.truth.strength.copy()
    changed[0, world.truth.mood_names.index(mood)] = strength
    return replace(world, truth=replace(world.truth, strength=changed))


def test_same_seed_gives_the_same_bytes_in_any_order(world):
    again = draw_world(n_albums=160, rng=np.random.default_rng(3), cover_size=64)
    later_first = [draw_cover(again, n) for n in (7, 0)]
    assert later_first == [draw_cover(world, 7), draw_cover(world, 0)]


def test_drawing_leaves_global_random_state_alone(world):
    before = np.random.get_state()[1].tobytes()
    draw_cover(world, 1)
    assert np.random.get_state()[1].tobytes() == before


def test_another_seed_gives_other_covers(world):
    other = draw_world(n_albums=160, rng=np.random.default_rng(4), cover_size=64)
    assert draw_cover(other, 0) != draw_cover(world, 0)


def test_no_two_albums_share_a_cover(world):
    assert len({draw_cover(world, n) for n in range(60)}) == 60


@pytest.mark.parametrize("cover_size", [64, 200])
def test_a_cover_is_a_square_rgb_jpeg_of_the_wanted_size(cover_size):
    world = draw_world(n_albums=8, rng=np.random.default_rng(2), cover_size=cover_size)
    for n in range(8):
        picture = Image.open(io.BytesIO(draw_cover(world, n)))
        assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (cover_size, cover_size))


@pytest.mark.parametrize("mood", VISIBLE)
def test_a_visible_mood_changes_pixels(world, mood):
    without, having = (draw_cover(with_strength(world, mood=mood, strength=s), 0) for s in (-4.0, 4.0))
    assert np.abs(pixels_of(having) - pixels_of(without)).mean() > 2.0


@pytest.mark.parametrize("mood", INVISIBLE)
def test_an_invisible_mood_changes_nothing(world, mood):
    without, having = (draw_cover(with_strength(world, mood=mood, strength=s), 0) for s in (-4.0, 4.0))
    assert having == without


@pytest.mark.parametrize("mood", INVISIBLE)
def test_an_invisible_mood_shows_once_it_is_made_visible(world, mood):
    shown = replace(world, truth=replace(world.truth, visibility=np.ones(len(MOODS))))
    without, having = (draw_cover(with_strength(shown, mood=mood, strength=s), 0) for s in (-4.0, 4.0))
    assert having != without


def test_a_dark_mood_darkens_and_a_warm_one_reddens(world):
    def mean_rgb(mood: str, strength: float) -> np.ndarray:
        return pixels_of(draw_cover(with_strength(world, mood=mood, strength=strength), 0)).mean(axis=(0, 1))

    assert mean_rgb("Nocturnal", 4.0).mean() < mean_rgb("Nocturnal", -4.0).mean() - 10
    warm, not_warm = mean_rgb("Warm", 4.0), mean_rgb("Warm", -4.0)
    assert warm[0] - warm[2] > not_warm[0] - not_warm[2]


def test_a_linear_probe_reads_visible_moods_from_covers_of_new_artists_and_hardly_invisible_ones():
    world = draw_world(n_albums=500, rng=np.random.default_rng(11), cover_size=64)
    truth = world.truth
    target = MoodVocabulary(truth.mood_names).target([album.moods for album in world.albums])
    features = []
    for n in range(500):
        pixels = pixels_of(draw_cover(world, n))
        colours = pixels.reshape(4, 16, 4, 16, 3).mean(axis=(1, 3)).ravel()
        features.append([*colours, *pixels.std(axis=(0, 1)), np.abs(np.diff(pixels, axis=0)).mean()])
    is_train = truth.artist % 2 == 0
    probe = make_pipeline(StandardScaler(), Ridge(alpha=300.0)).fit(np.array(features)[is_train], target[is_train])
    auc = roc_auc_score(target[~is_train], probe.predict(np.array(features)[~is_train]), average=None)
    assert auc[truth.visibility >= 0.8].mean() > 0.7
    assert auc[truth.visibility == 0].mean() < 0.6


def test_covers_by_one_artist_look_more_alike_than_others_of_their_genre(world):
    truth = world.truth
    thumbnails = np.stack([pixels_of(draw_cover(world, n)) for n in range(160)]).reshape(160, 8, 8, 8, 8, 3)
    thumbnails = thumbnails.mean(axis=(2, 4)).reshape(160, -1)
    distance = np.linalg.norm(thumbnails[:, None] - thumbnails[None], axis=2)
    genre = truth.genre_weight.argmax(axis=1)
    is_same_artist = truth.artist[:, None] == truth.artist[None]
    is_same_genre = genre[:, None] == genre[None]
    same_artist = distance[is_same_artist & ~np.eye(160, dtype=bool)]
    same_genre = distance[is_same_genre & ~is_same_artist]
    assert same_artist.mean() < 0.9 * same_genre.mean()


def test_an_artist_shows_whatever_the_moods_are(world):
    other_artist = (world.truth.artist[0] + 1) % (world.truth.artist.max() + 1)
    artist = world.truth.artist.copy()
    artist[0] = other_artist
    assert draw_cover(replace(world, truth=replace(world.truth, artist=artist)), 0) != draw_cover(world, 0)


def test_every_genre_has_a_layout_of_its_own(world):
    assert len({genre.layout for genre in GENRES}) == len(GENRES)
    covers = set()
    for g in range(len(GENRES)):
        weight = np.zeros_like(world.truth.genre_weight)
        weight[:, g] = 1.0
        covers.add(draw_cover(replace(world, truth=replace(world.truth, genre_weight=weight)), 0))
    assert len(covers) == len(GENRES)


def test_old_sleeves_have_a_paper_border_and_new_ones_none(world):
    def edge_spread(year: int) -> float:
        dated = replace(world, truth=replace(world.truth, year=np.full_like(world.truth.year, year)))
        return float(np.mean([pixels_of(draw_cover(dated, n))[0].std(axis=0).mean() for n in range(12)]))

    assert edge_spread(1955) < 0.5 * edge_spread(2025)
