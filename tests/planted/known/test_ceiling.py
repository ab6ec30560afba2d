"""The ceiling: no other ranking beats the true probabilities, and shares are stated against it."""

import math

import numpy as np
import pytest

from albumnet.metrics import score_moods
from albumnet.planted.known import (
    KnownWorld,
    bayes_scores,
    expected_scores,
    plant_in_features,
    prior_scores,
    share_of_ceiling,
)

ROWS = np.arange(700, 1000)
METRICS = ("macro_ap", "micro_ap", "macro_roc_auc", "micro_roc_auc")


@pytest.fixture(scope="module")
def world() -> KnownWorld:
    rng = np.random.default_rng(1)
    return plant_in_features(rng.normal(size=(1000, 20)), rng=rng)


def _moods() -> np.random.Generator:
    return np.random.default_rng(9)


@pytest.mark.parametrize("metric", METRICS)
def test_true_probabilities_beat_every_other_ranking_in_expectation(world, metric):
    truth = world.truth
    best = getattr(bayes_scores(truth, rows=ROWS, rng=_moods()), metric)
    noise = np.random.default_rng(0).normal(size=truth.shared_logit.shape)
    others = {
        "noisy": truth.shared_logit + 0.3 * noise,
        "cover only": truth.offset + truth.cover @ truth.cover_effect,
        "metadata only": truth.offset + truth.metadata @ truth.metadata_effect,
        "with the artists of training": truth.probability,
        "chance": noise,
    }
    for scores in others.values():
        assert getattr(expected_scores(truth, scores[ROWS], rows=ROWS, rng=_moods()), metric) < best


def test_the_prior_scores_each_mood_s_frequency(world):
    found = prior_scores(world.truth, rows=ROWS, rng=_moods())
    assert found.macro_roc_auc == 0.5
    frequency = world.truth.probability_of_new_artist[ROWS].mean()
    assert found.macro_ap == pytest.approx(frequency, abs=0.005)


def test_expected_scores_are_the_mean_over_draws_of_the_moods(world):
    scores, rng = world.truth.shared_logit[ROWS], _moods()
    draws = [score_moods(world.truth.draw_target_of_new_artists(ROWS, rng=rng), scores) for _ in range(3)]
    found = expected_scores(world.truth, scores, rows=ROWS, rng=_moods(), n_draws=3)
    assert found.macro_ap == pytest.approx(np.mean([draw.macro_ap for draw in draws]))
    assert found.n_moods == draws[-1].n_moods


def test_shares_are_of_the_score_and_of_the_gain_over_the_prior():
    share = share_of_ceiling(model=0.35, prior=0.1, bayes=0.4)
    assert share.of_score == pytest.approx(0.875)
    assert share.of_gain == pytest.approx(0.25 / 0.3)


def test_share_of_a_gain_is_nan_when_there_is_nothing_to_gain():
    assert math.isnan(share_of_ceiling(model=0.2, prior=0.2, bayes=0.2).of_gain)
    assert math.isnan(share_of_ceiling(model=float("nan"), prior=0.1, bayes=0.2).of_score)
