"""Known probabilities: what is drawn follows them, and the mean over artists is what simulation gives."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from albumnet.planted.known import MoodTruth, WorldOptions, plant_in_features
from albumnet.planted.known.probability import mean_over_artists, offsets_for_frequencies


@pytest.fixture(scope="module")
def truth() -> MoodTruth:
    rng = np.random.default_rng(3)
    options = WorldOptions(n_components=4, artist_spread=1.5)
    return plant_in_features(rng.normal(size=(80, 6)), rng=rng, options=options).truth


def test_moods_are_as_frequent_as_their_probabilities_say(truth):
    rng = np.random.default_rng(0)
    frequency = np.mean([truth.draw_target(rng=rng) for _ in range(4000)], axis=0)
    assert np.abs(frequency - truth.probability).max() < 5 * 0.5 / np.sqrt(4000)


def test_moods_of_new_artists_are_as_frequent_as_their_probabilities_say(truth):
    rng, rows = np.random.default_rng(0), np.arange(20, 60)
    frequency = np.mean([truth.draw_target_of_new_artists(rows, rng=rng) for _ in range(4000)], axis=0)
    assert np.abs(frequency - truth.probability_of_new_artist[rows]).max() < 5 * 0.5 / np.sqrt(4000)


def test_a_new_artist_s_effect_is_shared_by_their_albums(truth):
    one_artist = replace(truth, artist=np.zeros(80, dtype=int), artist_spread=6.0)
    rng, rows = np.random.default_rng(0), np.arange(80)
    shares = [one_artist.draw_target_of_new_artists(rows, rng=rng).mean(axis=0) for _ in range(50)]
    assert np.std(shares) > 0.3


@pytest.mark.parametrize("artist_spread", [0.0, 0.7, 2.0, 3.0])
def test_mean_over_artists_is_the_mean_of_a_simulation(artist_spread):
    logit = np.array([[-4.0, -1.0, 0.0, 2.0]])
    effects = artist_spread * np.random.default_rng(0).normal(size=(400_000, 1))
    expected = expit(logit + effects).mean(axis=0)
    assert mean_over_artists(logit, artist_spread=artist_spread)[0] == pytest.approx(expected, abs=0.002)


def test_mean_over_artists_does_not_depend_on_the_number_of_nodes():
    logit = np.linspace(-6, 6, 25)[None]
    few, many = (mean_over_artists(logit, artist_spread=2.0, n_nodes=n) for n in (32, 200))
    assert np.abs(few - many).max() < 1e-5


def test_an_artist_effect_of_no_spread_leaves_one_probability(truth):
    alone = replace(truth, artist_spread=0.0, artist_effect=np.zeros_like(truth.artist_effect))
    assert np.array_equal(alone.probability, alone.probability_of_new_artist)


def test_offsets_bring_moods_to_their_wanted_frequency():
    rng = np.random.default_rng(0)
    logit, wanted = rng.normal(size=(500, 3)), np.array([0.01, 0.2, 0.6])
    offset = offsets_for_frequencies(logit, wanted=wanted, artist_spread=1.5)
    assert mean_over_artists(logit + offset, artist_spread=1.5).mean(axis=0) == pytest.approx(wanted, abs=5e-4)
