"""Average precision of all albums: against rows written out, by hand, at the edges, and whether size matters to it."""

import math

import numpy as np
import pytest

from albumnet.metrics import average_precision, average_precision_of_all_albums, average_precisions_of_all_albums


def _written_out(target, scores, artists):
    """Row by row, where every positive has another artist's album as high."""
    shares = []
    for n in np.flatnonzero(target):
        others = (artists != artists[n]) & (scores >= scores[n])
        if others.any():
            shares.append(target[others].mean())
    return np.mean(shares)


@pytest.mark.parametrize("n_values", [5, 1000])
def test_it_is_the_share_among_other_artists_albums_as_high(n_values):
    rng = np.random.default_rng(0)
    target, artists = (rng.random(200) < 0.3).astype(np.uint8), rng.integers(60, size=200)
    scores = rng.integers(n_values, size=200).astype(float)
    # The highest of all are nobody's mood, so that every positive has others above it.
    scores[:2], target[:2], artists[:2] = n_values + 1, 0, (60, 61)
    found = average_precision_of_all_albums(target, scores, artists=artists)
    assert found == pytest.approx(_written_out(target, scores, artists))


def test_it_is_what_is_worked_by_hand():
    #       score  4  3  2  1
    target = np.array([1, 0, 1, 1])
    artists = np.array([0, 1, 1, 2])
    scores = np.array([4.0, 3.0, 2.0, 1.0])
    # At the third album the only other artist's one as high is the first: 1. At the last, the three above it: 2/3. The
    # first has none above it and takes the third's.
    assert average_precision_of_all_albums(target, scores, artists=artists) == pytest.approx((1 + 1 + 2 / 3) / 3)


def test_equal_scores_get_each_artist_s_share_among_the_others():
    target, artists = np.array([1, 0, 1, 0, 0, 0]), np.arange(6)
    assert average_precision_of_all_albums(target, np.zeros(6), artists=artists) == pytest.approx(1 / 5)


def test_the_order_of_rows_does_not_matter():
    rng = np.random.default_rng(0)
    target, artists = (rng.random(100) < 0.3).astype(np.uint8), rng.integers(30, size=100)
    scores, order = rng.integers(8, size=100).astype(float), rng.permutation(100)
    assert average_precision_of_all_albums(target, scores, artists=artists) == pytest.approx(
        average_precision_of_all_albums(target[order], scores[order], artists=artists[order])
    )


@pytest.mark.parametrize("target", [[0, 0, 0], [1, 1, 1]])
def test_it_is_nan_without_a_positive_or_a_negative(target):
    found = average_precision_of_all_albums(np.array(target), np.arange(3.0), artists=np.arange(3))
    assert math.isnan(found)


def test_it_is_nan_where_no_positive_has_another_artist_s_album_as_high():
    found = average_precision_of_all_albums(np.array([0, 1, 1]), np.array([1.0, 2, 3]), artists=np.array([0, 1, 1]))
    assert math.isnan(found)


def test_each_mood_is_scored_by_itself():
    rng = np.random.default_rng(0)
    target, scores = (rng.random((80, 3)) < 0.3).astype(np.uint8), rng.random((80, 3))
    artists = rng.integers(20, size=80)
    found = average_precisions_of_all_albums(target, scores, artists=artists)
    assert found == pytest.approx(
        [average_precision_of_all_albums(target[:, m], scores[:, m], artists=artists) for m in range(3)]
    )


def test_it_does_not_depend_on_the_number_of_albums_as_plain_average_precision_does():
    rng = np.random.default_rng(0)
    plain, of_all = [], []
    for n_artists in (30, 3000):
        scored = []
        for _ in range(6000 // n_artists):
            effect = rng.normal(size=n_artists)
            artists = np.repeat(np.arange(n_artists), 3)
            shown = rng.normal(size=len(artists))
            target = (effect[artists] + shown + rng.normal(size=len(artists)) > 2).astype(np.uint8)
            scored.append(
                (
                    average_precision(target, shown),
                    average_precision_of_all_albums(target, shown, artists=artists),
                )
            )
        plain.append(np.nanmean([first for first, _ in scored]))
        of_all.append(np.nanmean([second for _, second in scored]))
    assert plain[0] > plain[1] + 0.05
    assert of_all[0] == pytest.approx(of_all[1], abs=0.02)
