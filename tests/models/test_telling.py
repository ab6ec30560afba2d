"""When a mood is told: by hand, and where nothing can be."""

import numpy as np
import pytest

from albumnet.models.telling import Telling, fit_telling


def test_a_mood_is_told_at_the_threshold_and_not_below():
    rule = Telling(precision=0.5, lift=1.0, threshold=0.4)
    assert rule.tells(np.array([0.4, 0.39]), np.array([0.1, 0.1])).tolist() == [True, False]


def test_a_common_mood_must_be_likelier_than_usual():
    rule = Telling(precision=0.5, lift=1.5, threshold=0.4)
    assert rule.tells(np.array([0.5, 0.5]), np.array([0.1, 0.4])).tolist() == [True, False]


def calibrated(rng, n_albums, n_moods):
    probabilities = rng.uniform(size=(n_albums, n_moods))
    return probabilities, (rng.uniform(size=probabilities.shape) < probabilities).astype(np.int64)


@pytest.mark.parametrize("precision", [0.7, 0.9])
def test_told_moods_are_right_as_often_as_wanted_on_other_albums(precision):
    rng = np.random.default_rng(0)
    (probabilities, target), (others, of_others) = (calibrated(rng, 20_000, 5) for _ in range(2))
    rule = fit_telling(probabilities, target, base_rates=np.full(5, 0.01), precision=precision, lift=1.0)
    told = rule.tells(others, np.full(5, 0.01))
    assert of_others[told].mean() == pytest.approx(precision, abs=0.02)
    # Above t a uniform calibrated probability is right (1 + t) / 2 of the time.
    assert rule.threshold == pytest.approx(2 * precision - 1, abs=0.05)


@pytest.mark.parametrize("n_albums", [0, 1000])
def test_nothing_is_told_where_nothing_is_right_often_enough(n_albums):
    rng = np.random.default_rng(0)
    probabilities = rng.uniform(size=(n_albums, 3))
    rule = fit_telling(probabilities, np.zeros((n_albums, 3), int), base_rates=np.full(3, 0.1), precision=0.5, lift=1.0)
    assert not rule.tells(np.ones((1, 3)), np.full(3, 0.1)).any()


def test_a_few_lucky_moods_are_not_enough():
    probabilities = np.linspace(0, 1, 500)[:, None]
    target = (np.arange(500) >= 450).astype(np.int64)[:, None]  # right above .9, 50 times only
    rule = fit_telling(probabilities, target, base_rates=np.zeros(1), precision=0.6, lift=1.0)
    assert rule.threshold > 1
