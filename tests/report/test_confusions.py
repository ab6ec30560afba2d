"""Confusions: who is counted, with whom, and how often chance does it."""

import numpy as np
import pytest

from albumnet.report import confusions
from albumnet.report.confusions import find_confusions

MOODS = ("Calm", "Soothing", "Angry")
# Calm and Soothing are near, Angry is far from both.
VECTORS = np.array([[1.0, 0.0], [0.8, 0.6], [-1.0, 0.0]])


def find(target, probabilities, moods=MOODS, vectors=VECTORS):
    return find_confusions(
        moods,
        target=np.array(target),
        probabilities=np.array(probabilities, dtype=float),
        label_vectors=vectors,
        rng=np.random.default_rng(0),
    )


@pytest.fixture
def one_listed(monkeypatch):
    monkeypatch.setattr(confusions, "K", 1)


def test_a_wrong_mood_is_matched_with_the_nearest_missed_one(one_listed):
    found = find([[1, 0, 1]], [[0.1, 0.9, 0.2]])
    (pair,) = found.commonest
    assert (pair.predicted, pair.instead_of, pair.times) == ("Soothing", "Calm", 1)
    assert pair.closeness == pytest.approx(0.8)
    assert found.n_wrong == 1


def test_right_moods_and_albums_without_moods_are_not_counted(one_listed):
    found = find([[0, 1, 0], [0, 0, 0]], [[0.1, 0.9, 0.2], [0.1, 0.9, 0.2]])
    assert found.commonest == ()
    assert found.n_wrong == 0
    assert np.isnan(found.mean_closeness)


def test_a_true_mood_that_is_listed_too_is_no_match():
    # All three are listed: Soothing is wrong, but nothing is missed that it could stand for.
    assert find([[1, 0, 0]], [[0.9, 0.8, 0.1]]).n_wrong == 0


def test_expected_times_are_those_of_lists_dealt_at_random(one_listed):
    # Half the albums are Calm, half Angry; the lists say Soothing for the first and Calm for the second half.
    n = 40
    found = find([[1, 0, 0]] * n + [[0, 0, 1]] * n, [[0, 1, 0]] * n + [[1, 0, 0]] * n)
    expected = {(pair.predicted, pair.instead_of): (pair.times, pair.expected) for pair in found.commonest}
    assert expected["Soothing", "Calm"][0] == n
    # By chance a Soothing list meets a Calm album half the time.
    assert expected["Soothing", "Calm"][1] == pytest.approx(n / 2, rel=0.1)
    assert expected["Calm", "Angry"][1] == pytest.approx(n / 2, rel=0.1)


def test_blocks_do_not_change_the_counts(monkeypatch, one_listed):
    rng = np.random.default_rng(3)
    target, probabilities = rng.integers(0, 2, (50, 3)), rng.random((50, 3))
    whole = find(target, probabilities)
    monkeypatch.setattr(confusions, "_BLOCK", 7)
    assert find(target, probabilities) == whole
