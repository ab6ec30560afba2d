"""Mood names: each among the albums likeliest to have it, commonest first."""

import numpy as np

from albumnet.moodmap import place_moods

XY = np.concatenate([np.full((40, 2), 0.2), np.full((60, 2), 0.8)]).astype(np.float32)
XY += np.random.default_rng(0).normal(scale=0.01, size=XY.shape).astype(np.float32)


def place(n_albums=(40, 60)):
    probabilities = np.full((100, 2), 0.05, dtype=np.float32)
    probabilities[:40, 0] = probabilities[40:, 1] = 0.9
    return place_moods(("Bleak", "Warm"), xy=XY, probabilities=probabilities, n_albums=np.array(n_albums))


def test_a_mood_lies_among_its_albums():
    found = {mood.name: mood for mood in place()}
    assert abs(found["Bleak"].x - 0.2) < 0.03
    assert abs(found["Warm"].y - 0.8) < 0.03


def test_the_commonest_mood_comes_first_with_its_albums_counted():
    assert [(mood.name, mood.n_albums) for mood in place()] == [("Warm", 60), ("Bleak", 40)]


def test_moods_that_nobody_tagged_are_ordered_by_what_the_model_expects():
    first, second = place((0, 0))
    assert (first.name, first.n_albums, second.name) == ("Warm", 0, "Bleak")
    assert first.weight > second.weight


def test_a_name_lies_in_one_group_of_its_albums_and_not_between_two():
    probabilities = np.full((100, 1), 0.9, dtype=np.float32)
    (mood,) = place_moods(("Warm",), xy=XY, probabilities=probabilities, n_albums=np.array([100]))
    assert min(abs(mood.x - 0.2), abs(mood.x - 0.8)) < 0.05
