"""Average precision and ROC-AUC against scikit-learn, by hand, and at the edges."""

import math
import warnings
from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import average_precision_score, roc_auc_score

from albumnet.metrics import (
    MoodScores,
    average_precision,
    average_precisions,
    lifts_over_prior,
    roc_auc,
    roc_aucs,
    score_moods,
    thirds_of_frequency,
)


@st.composite
def targets_with_scores(draw):
    """One mood with at least one album of each kind; scores of few values, so that many are equal."""
    target = draw(arrays(np.uint8, st.integers(2, 40), elements=st.integers(0, 1)))
    target[:2] = [0, 1]
    values = st.sampled_from([0.0, 0.25, 0.5, 1.0]) | st.floats(-1e6, 1e6, width=32)
    return target, draw(arrays(np.float32, len(target), elements=values))


@given(targets_with_scores())
def test_average_precision_is_scikit_learn_s(target_with_scores):
    target, scores = target_with_scores
    assert average_precision(target, scores) == pytest.approx(average_precision_score(target, scores), abs=1e-12)


@given(targets_with_scores())
def test_roc_auc_is_scikit_learn_s(target_with_scores):
    target, scores = target_with_scores
    assert roc_auc(target, scores) == pytest.approx(roc_auc_score(target, scores), abs=1e-12)


@pytest.mark.parametrize("shape", [(40, 5), (300, 20)])
def test_macro_and_micro_scores_are_scikit_learn_s(shape):
    rng = np.random.default_rng(0)
    target = (rng.random(shape) < 0.2).astype(np.uint8)
    scores = np.round(rng.random(shape) + 0.3 * target, 1).astype(np.float32)
    ours = score_moods(target, scores)
    expected = (
        average_precision_score(target, scores, average="macro"),
        average_precision_score(target, scores, average="micro"),
        roc_auc_score(target, scores, average="macro"),
        roc_auc_score(target, scores, average="micro"),
        shape[1],
        0,
    )
    assert astuple(ours) == pytest.approx(expected, abs=1e-12)


def test_average_precision_by_hand():
    # Ranked: hit, miss, hit, miss. Precision 1 at the first hit, 2/3 at the second.
    assert average_precision(np.array([0, 1, 0, 1]), np.array([0.1, 0.9, 0.8, 0.5])) == pytest.approx((1 + 2 / 3) / 2)


def test_average_precision_takes_equal_scores_as_one_step():
    # One hit at the top, then three tied of which one is a hit: precision 2/4 there.
    target, scores = np.array([1, 0, 1, 0]), np.array([0.9, 0.5, 0.5, 0.5])
    assert average_precision(target, scores) == pytest.approx((1 + 2 / 4) / 2)


def test_roc_auc_by_hand():
    # Of the 2 x 2 pairs, three are in order and one is tied.
    assert roc_auc(np.array([1, 0, 1, 0]), np.array([0.9, 0.5, 0.5, 0.1])) == pytest.approx(3.5 / 4)


def test_a_perfect_ranking_scores_exactly_one_and_its_reverse_exactly_zero_roc_auc():
    target = np.repeat([0, 1], 50)
    assert roc_auc(target, np.arange(100.0)) == 1.0
    assert average_precision(target, np.arange(100.0)) == 1.0
    assert roc_auc(target, -np.arange(100.0)) == 0.0


def test_equal_scores_say_nothing():
    target = np.array([1, 0, 0, 0])
    assert roc_auc(target, np.full(4, 0.3)) == 0.5
    assert average_precision(target, np.full(4, 0.3)) == 0.25


@given(targets_with_scores(), st.randoms(use_true_random=False))
def test_the_order_of_albums_does_not_matter(target_with_scores, random):
    target, scores = target_with_scores
    order = list(range(len(target)))
    random.shuffle(order)
    assert average_precision(target[order], scores[order]) == pytest.approx(average_precision(target, scores))
    assert roc_auc(target[order], scores[order]) == pytest.approx(roc_auc(target, scores))


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float16, np.float64])
def test_scores_may_be_of_any_type_that_has_an_order(dtype):
    target, scores = np.array([1, 0, 1, 0]), np.array([3, 2, 1, 0], dtype=dtype)
    assert average_precision(target, scores) == pytest.approx((1 + 2 / 3) / 2)
    assert roc_auc(target, scores) == 0.75


def test_infinite_scores_can_be_tied():
    target, scores = np.array([1, 0, 1, 0]), np.array([np.inf, np.inf, -np.inf, -np.inf])
    assert average_precision(target, scores) == pytest.approx(0.5)
    assert roc_auc(target, scores) == 0.5


@pytest.mark.parametrize("dtype", [np.uint8, bool, np.int64])
def test_targets_may_be_numbers_or_truth_values(dtype):
    target = np.array([[1, 0], [0, 1], [1, 0], [0, 1]], dtype=dtype)
    assert score_moods(target, target.astype(np.float32)).macro_roc_auc == 1.0


def test_without_a_positive_both_are_nan_and_without_a_negative_roc_auc_is():
    scores = np.array([0.1, 0.2])
    assert math.isnan(average_precision(np.array([0, 0]), scores))
    assert math.isnan(roc_auc(np.array([0, 0]), scores))
    assert math.isnan(roc_auc(np.array([1, 1]), scores))
    assert average_precision(np.array([1, 1]), scores) == 1.0


def test_no_albums_at_all_are_nan():
    empty = np.array([])
    assert math.isnan(average_precision(empty.astype(int), empty))
    assert math.isnan(roc_auc(empty.astype(int), empty))


def test_moods_without_an_album_with_or_without_them_are_left_out_and_counted():
    target = np.array([[1, 0, 1], [0, 0, 1], [1, 0, 1]])
    scores = np.array([[0.9, 0.9, 0.1], [0.1, 0.5, 0.2], [0.8, 0.1, 0.3]])
    assert score_moods(target, scores) == MoodScores(1.0, 1.0, 1.0, 1.0, n_moods=1, n_left_out=2)


@pytest.mark.parametrize("shape", [(0, 3), (4, 0), (0, 0), (4, 3)])
def test_with_no_mood_left_all_scores_are_nan_without_a_warning(shape):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        *scores, n_moods, n_left_out = astuple(score_moods(np.zeros(shape, dtype=np.uint8), np.zeros(shape)))
    assert all(math.isnan(score) for score in scores)
    assert (n_moods, n_left_out) == (0, shape[1])


def test_values_per_mood_are_those_of_each_column_and_their_mean_the_macro_score():
    rng = np.random.default_rng(0)
    target = (rng.random((50, 4)) < 0.3).astype(np.uint8)
    target[:, 1], target[:, 2] = 0, 1
    scores = rng.random((50, 4))
    precisions, areas, macro = average_precisions(target, scores), roc_aucs(target, scores), score_moods(target, scores)
    assert np.isnan(precisions).tolist() == np.isnan(areas).tolist() == [False, True, True, False]
    assert precisions[3] == average_precision(target[:, 3], scores[:, 3])
    assert areas[3] == roc_auc(target[:, 3], scores[:, 3])
    assert (np.nanmean(precisions), np.nanmean(areas)) == (macro.macro_ap, macro.macro_roc_auc)


def test_lift_over_the_prior_is_one_for_equal_scores_and_one_over_the_share_at_best():
    target = np.array([[1, 1], [0, 1], [0, 0], [0, 0]])
    assert lifts_over_prior(target, np.zeros((4, 2))).tolist() == [1.0, 1.0]
    assert lifts_over_prior(target, target.astype(np.float32)).tolist() == [4.0, 2.0]


def test_lift_over_the_prior_is_nan_for_moods_that_are_left_out():
    target = np.array([[1, 0, 1], [1, 0, 0]])
    assert np.isnan(lifts_over_prior(target, np.zeros((2, 3)))).tolist() == [True, True, False]


@pytest.mark.parametrize("shape", [(0, 3), (4, 0)])
def test_of_nothing_values_per_mood_are_nan_without_a_warning(shape):
    for metric in (average_precisions, roc_aucs, lifts_over_prior):
        values = metric(np.zeros(shape, dtype=np.uint8), np.zeros(shape))
        assert values.shape == shape[1:]
        assert np.isnan(values).all()


def test_thirds_of_frequency_by_hand():
    assert thirds_of_frequency(np.array([90, 5, 40, 1, 300, 41])).tolist() == [2, 0, 1, 0, 2, 1]


def test_of_moods_with_one_frequency_the_first_are_the_rarer():
    assert thirds_of_frequency(np.array([7, 7, 7, 7, 7, 7])).tolist() == [0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize(("n_moods", "sizes"), [(0, [0, 0, 0]), (1, [1, 0, 0]), (4, [2, 1, 1]), (5, [2, 2, 1])])
def test_thirds_are_as_even_as_can_be_and_the_rarer_are_the_larger(n_moods, sizes):
    assert np.bincount(thirds_of_frequency(np.arange(n_moods)), minlength=3).tolist() == sizes
