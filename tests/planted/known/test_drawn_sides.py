"""Drawn test sides and the scores on all albums there could be: the second is where the first tends to."""

from dataclasses import replace

import numpy as np
import pytest

from albumnet.metrics import score_moods
from albumnet.planted.known import (
    KnownWorld,
    WorldOptions,
    draw_test_side,
    expected_scores,
    plant_in_features,
    score_without_end,
)
from albumnet.planted.known.drawn_sides import area_without_end, precision_without_end

ROWS = np.arange(300, 600)
METRICS = ("macro_ap", "micro_ap", "macro_roc_auc", "micro_roc_auc")


@pytest.fixture(scope="module")
def world() -> KnownWorld:
    rng = np.random.default_rng(1)
    return plant_in_features(rng.normal(size=(600, 20)), rng=rng, options=WorldOptions(artist_spread=2.0))


def test_scores_without_end_of_sure_albums_are_those_of_the_albums():
    rng = np.random.default_rng(0)
    target, scores = (rng.random((60, 4)) < 0.3).astype(np.uint8), rng.integers(20, size=(60, 4)).astype(float)
    found, expected = score_without_end(target.astype(float), scores), score_moods(target, scores)
    for metric in METRICS:
        assert getattr(found, metric) == pytest.approx(getattr(expected, metric))


def test_scores_without_end_of_two_albums_are_those_worked_by_hand():
    probability, scores = np.array([0.2, 0.8]), np.array([1.0, 2.0])
    # Of all positives 0.8 lie at precision 0.8 and 0.2 at 0.5; of all pairs .8 x .8 are won and .8 x .2 tied, twice.
    assert precision_without_end(probability, scores) == pytest.approx(0.8 * 0.8 + 0.2 * 0.5)
    assert area_without_end(probability, scores) == pytest.approx(0.64 + 0.32 / 2)


def test_scores_without_end_of_equal_scores_are_those_of_chance():
    probability = np.random.default_rng(0).random(50)
    assert precision_without_end(probability, np.zeros(50)) == pytest.approx(probability.mean())
    assert area_without_end(probability, np.zeros(50)) == 0.5


def test_scores_of_a_large_side_come_to_those_without_end(world):
    rng = np.random.default_rng(0)
    best = world.truth.probability_of_new_artist
    scores = best + rng.normal(scale=0.1, size=best.shape)
    side = draw_test_side(world.truth, rows=ROWS, n_artists=40_000, rng=rng)
    found, expected = score_moods(side.target, scores[side.rows]), score_without_end(best[ROWS], scores[ROWS])
    for metric in METRICS:
        assert getattr(found, metric) == pytest.approx(getattr(expected, metric), abs=0.004)


def test_mean_roc_auc_of_small_sides_is_that_without_end_and_mean_ap_is_above_it(world):
    best, rng = world.truth.probability_of_new_artist, np.random.default_rng(0)
    sides = [draw_test_side(world.truth, rows=ROWS, n_artists=60, rng=rng) for _ in range(100)]
    scored = [score_moods(side.target, best[side.rows]) for side in sides]
    expected = score_without_end(best[ROWS], best[ROWS])
    assert np.mean([each.macro_roc_auc for each in scored]) == pytest.approx(expected.macro_roc_auc, abs=0.006)
    assert np.mean([each.macro_ap for each in scored]) > expected.macro_ap + 0.02


def test_true_probabilities_have_the_best_scores_without_end(world):
    best, rng = world.truth.probability_of_new_artist[ROWS], np.random.default_rng(0)
    ceiling = score_without_end(best, best)
    for noise in (0.02, 0.3):
        found = score_without_end(best, best + rng.normal(scale=noise, size=best.shape))
        assert all(getattr(found, metric) < getattr(ceiling, metric) for metric in METRICS)


def test_a_drawn_artist_brings_all_of_their_albums_among_those_given(world):
    artist = world.truth.artist
    side = draw_test_side(world.truth, rows=ROWS, n_artists=200, rng=np.random.default_rng(0))
    assert np.array_equal(np.unique(side.artist), np.arange(200))
    for a in range(200):
        rows = side.rows[side.artist == a]
        assert np.array_equal(np.sort(rows), ROWS[artist[ROWS] == artist[rows[0]]])


@pytest.mark.parametrize(("artist_spread", "least", "most"), [(0.0, 0.0, 0.04), (6.0, 0.25, 0.5)])
def test_albums_of_one_drawn_artist_share_an_effect_of_its_own(world, artist_spread, least, most):
    one_artist = replace(world.truth, artist=np.zeros(600, dtype=int), artist_spread=artist_spread)
    side = draw_test_side(one_artist, rows=ROWS, n_artists=50, rng=np.random.default_rng(0))
    # The same 300 albums come 50 times; only the effect can tell their shares of moods apart.
    spread = np.array([side.target[side.artist == a].mean(axis=0) for a in range(50)]).std(axis=0)
    assert least < spread.min()
    assert spread.max() < most


def test_one_state_of_the_generator_gives_one_side(world):
    first, second = (
        draw_test_side(world.truth, rows=ROWS, n_artists=20, rng=np.random.default_rng(3)) for _ in range(2)
    )
    assert np.array_equal(first.rows, second.rows)
    assert np.array_equal(first.target, second.target)


def test_expected_scores_over_draws_of_moods_are_near_those_without_end(world):
    best = world.truth.probability_of_new_artist[ROWS]
    drawn = expected_scores(world.truth, best, rows=ROWS, rng=np.random.default_rng(0), n_draws=100)
    assert drawn.macro_roc_auc == pytest.approx(score_without_end(best, best).macro_roc_auc, abs=0.01)
