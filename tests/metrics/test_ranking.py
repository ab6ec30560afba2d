"""Ranking metrics per album against scikit-learn, by hand, and at the edges."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import coverage_error as sklearn_coverage_error
from sklearn.metrics import label_ranking_average_precision_score, ndcg_score

from albumnet.metrics import coverage_error, label_ranking_average_precision, ndcg, precision_at_k, recall_at_k

BY_TARGET = {
    "label_ranking_average_precision": label_ranking_average_precision,
    "precision_at_k": lambda target, scores: precision_at_k(target, scores, k=2),
    "recall_at_k": lambda target, scores: recall_at_k(target, scores, k=2),
    "coverage_error": coverage_error,
    "ndcg": lambda target, scores: ndcg(target, scores, k=2),
}


@st.composite
def albums_with_scores(draw):
    """Relevance in steps, at least one mood per album; scores of few values, so that many are equal."""
    n_moods = draw(st.integers(2, 9))
    shape = (draw(st.integers(1, 6)), n_moods)
    relevance = draw(arrays(np.float64, shape, elements=st.sampled_from([0.0, 0.0, 0.2, 0.5, 1.0])))
    relevance[np.arange(len(relevance)), draw(st.integers(0, n_moods - 1))] = 1.0
    values = st.sampled_from([0.0, 0.25, 0.5, 1.0]) | st.floats(-1e3, 1e3, width=32)
    return relevance, draw(arrays(np.float64, shape, elements=values))


@given(albums_with_scores())
def test_label_ranking_average_precision_is_scikit_learn_s(albums):
    relevance, scores = albums
    target = (relevance > 0).astype(np.uint8)
    expected = label_ranking_average_precision_score(target, scores)
    assert label_ranking_average_precision(target, scores).mean() == pytest.approx(expected, abs=1e-12)


@given(albums_with_scores(), st.integers(1, 10))
def test_ndcg_is_scikit_learn_s(albums, k):
    relevance, scores = albums
    assert ndcg(relevance, scores, k=k).mean() == pytest.approx(ndcg_score(relevance, scores, k=k), abs=1e-12)


@given(albums_with_scores())
def test_coverage_error_is_scikit_learn_s(albums):
    relevance, scores = albums
    target = (relevance > 0).astype(np.uint8)
    assert coverage_error(target, scores).mean() == pytest.approx(sklearn_coverage_error(target, scores), abs=1e-12)


@given(albums_with_scores(), st.integers(1, 10))
def test_precision_and_recall_at_k_are_means_over_all_orders_of_equal_scores(albums, k):
    relevance, scores = albums[0][:1, :5], albums[1][:1, :5]
    target = (relevance > 0).astype(np.uint8)
    target[0, 0] = 1
    n_listed = min(k, scores.shape[1])
    hits = [
        target[0, list(order[:k])].sum()
        for order in itertools.permutations(range(scores.shape[1]))
        if (np.diff(scores[0, list(order)]) <= 0).all()
    ]
    assert precision_at_k(target, scores, k=k) == pytest.approx([np.mean(hits) / n_listed], abs=1e-12)
    assert recall_at_k(target, scores, k=k) == pytest.approx([np.mean(hits) / target.sum()], abs=1e-12)


def test_ranking_metrics_by_hand():
    # Ranked: true, false, true, false.
    target, scores = np.array([[0, 1, 0, 1]]), np.array([[0.1, 0.9, 0.8, 0.5]])
    assert label_ranking_average_precision(target, scores) == pytest.approx([(1 + 2 / 3) / 2])
    assert precision_at_k(target, scores, k=3) == pytest.approx([2 / 3])
    assert recall_at_k(target, scores, k=1) == pytest.approx([1 / 2])
    assert coverage_error(target, scores) == pytest.approx([3])


def test_ndcg_by_hand():
    # The weaker mood stands first, the stronger third: discounts 1 and 1/2 against 1 and 1/log2(3).
    relevance, scores = np.array([[1.0, 0.0, 0.5]]), np.array([[0.1, 0.2, 0.3]])
    assert ndcg(relevance, scores, k=3) == pytest.approx([(0.5 + 1 / 2) / (1 + 0.5 / np.log2(3))])
    assert ndcg(relevance, scores, k=1) == pytest.approx([0.5])


def test_a_scorer_that_says_nothing_gets_what_chance_gets():
    target, scores = np.array([[1, 1, 0, 0, 0, 0, 0, 0]]), np.zeros((1, 8))
    assert precision_at_k(target, scores, k=3) == pytest.approx([2 / 8])
    assert recall_at_k(target, scores, k=3) == pytest.approx([3 / 8])
    assert label_ranking_average_precision(target, scores) == pytest.approx([2 / 8])
    assert coverage_error(target, scores) == [8]


@pytest.mark.parametrize("name", BY_TARGET)
def test_a_perfect_ranking_is_perfect(name):
    target = np.array([[1, 0, 1, 0, 0]])
    expected = 2 if name == "coverage_error" else 1
    assert BY_TARGET[name](target, target.astype(np.float32)) == pytest.approx([expected], abs=1e-15)


@pytest.mark.parametrize("name", BY_TARGET)
def test_an_album_without_moods_is_nan_and_changes_no_other(name):
    target, scores = np.array([[0, 0, 0], [1, 0, 0]]), np.array([[0.3, 0.2, 0.1], [0.3, 0.2, 0.1]])
    values = BY_TARGET[name](target, scores)
    assert np.isnan(values[0])
    assert values[1] == BY_TARGET[name](target[1:], scores[1:])[0]


@pytest.mark.parametrize("name", BY_TARGET)
@pytest.mark.parametrize("shape", [(0, 3), (2, 0)])
def test_nothing_to_rank_is_nan_per_album_without_a_warning(name, shape):
    values = BY_TARGET[name](np.zeros(shape, dtype=np.uint8), np.zeros(shape))
    assert values.shape == shape[:1]
    assert np.isnan(values).all()


@pytest.mark.parametrize("name", BY_TARGET)
@given(albums_with_scores(), st.randoms(use_true_random=False))
def test_the_order_of_moods_does_not_matter(name, albums, random):
    target, scores = (albums[0] > 0).astype(np.uint8), albums[1]
    order = list(range(target.shape[1]))
    random.shuffle(order)
    shuffled = BY_TARGET[name](target[:, order], scores[:, order])
    assert shuffled == pytest.approx(BY_TARGET[name](target, scores), abs=1e-12)


@pytest.mark.parametrize("name", BY_TARGET)
def test_infinite_scores_and_truth_values_will_do(name):
    target, scores = np.array([[True, False, True]]), np.array([[np.inf, -np.inf, np.inf]])
    expected = 2 if name == "coverage_error" else 1
    assert BY_TARGET[name](target, scores) == pytest.approx([expected])


def test_a_k_above_the_number_of_moods_lists_them_all():
    target, scores = np.array([[1, 0, 0]]), np.array([[0.1, 0.3, 0.2]])
    assert precision_at_k(target, scores, k=9) == pytest.approx([1 / 3])
    assert recall_at_k(target, scores, k=9) == pytest.approx([1])
