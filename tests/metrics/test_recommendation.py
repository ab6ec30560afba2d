"""Lists of albums: against scikit-learn and a plain loop, by hand, and at the edges."""

import numpy as np
import pytest
from sklearn.metrics import ndcg_score

from albumnet.metrics.recommendation import catalogue_coverage, popularity_bias, score_lists, top_columns


def judge(scores, liked, is_candidate=True, **options):
    scores, liked = np.asarray(scores, dtype=float), np.asarray(liked, dtype=bool)
    is_candidate = np.broadcast_to(is_candidate, scores.shape)
    return score_lists(scores, liked, is_candidate=is_candidate, rng=np.random.default_rng(0), **options)


@pytest.fixture
def drawn():
    rng = np.random.default_rng(1)
    return rng.normal(size=(30, 80)), rng.random((30, 80)) < 0.15


def test_ndcg_is_scikit_learns(drawn):
    scores, liked = drawn
    expected = [ndcg_score(like[None].astype(float), row[None], k=10) for row, like in zip(scores, liked, strict=True)]
    np.testing.assert_allclose(judge(scores, liked).ndcg, expected)


def test_recall_and_reciprocal_rank_are_those_of_a_plain_loop(drawn):
    scores, liked = drawn
    found = judge(scores, liked)
    for u in range(len(scores)):
        order = sorted(range(80), key=lambda n: -scores[u, n])
        assert found.recall[u] == pytest.approx(sum(liked[u, n] for n in order[:20]) / liked[u].sum())
        assert found.reciprocal_rank[u] == pytest.approx(1 / (1 + [bool(liked[u, n]) for n in order].index(True)))
        assert found.listed[u].tolist() == order[:20]


def test_a_hand_worked_list():
    found = judge([[4, 3, 2, 1]], [[0, 1, 0, 1]], k_recall=2, k_ndcg=2)
    assert found.recall[0] == 0.5
    assert found.reciprocal_rank[0] == 0.5
    assert found.ndcg[0] == pytest.approx((1 / np.log2(3)) / (1 + 1 / np.log2(3)))


def test_what_is_no_candidate_is_neither_listed_nor_counted():
    found = judge([[9, 3, 2, 1]], [[1, 0, 1, 0]], [[False, True, True, True]], k_recall=2, k_ndcg=2)
    assert found.listed.tolist() == [[1, 2]]
    assert found.recall[0] == 1.0
    assert found.reciprocal_rank[0] == 0.5


def test_a_user_with_nothing_to_find_is_nan():
    found = judge([[1, 2]], [[0, 0]])
    assert np.isnan([found.ndcg[0], found.recall[0], found.reciprocal_rank[0]]).all()


def test_few_candidates_leave_the_list_short():
    found = judge([[1, 2, 3]], [[1, 0, 0]], [[True, False, True]])
    assert found.listed.tolist() == [[2, 0, -1]]


def test_equal_scores_get_what_chance_gets():
    liked = np.zeros((400, 50), dtype=bool)
    liked[np.arange(400), np.random.default_rng(2).integers(50, size=400)] = True
    recalls = [
        score_lists(
            np.zeros((400, 50)), liked, is_candidate=np.ones(50, dtype=bool), rng=np.random.default_rng(seed)
        ).recall.mean()
        for seed in range(20)
    ]
    assert np.mean(recalls) == pytest.approx(0.4, abs=0.02)


def test_top_columns_are_in_order_and_end_with_minus_one():
    assert top_columns(np.array([[1.0, 3.0, 3.0, -np.inf]]), k=4).tolist() == [[1, 2, 0, -1]]
    assert top_columns(np.empty((2, 0)), k=3).shape == (2, 0)


def test_coverage_and_popularity_bias_by_hand():
    listed = np.array([[0, 1], [0, -1]])
    assert catalogue_coverage(listed, n_candidates=4) == 0.5
    assert np.isnan(catalogue_coverage(listed, n_candidates=0))
    liked = np.array([[0, 0, 1], [0, 1, 1]], dtype=bool)
    # Shown: 15 and 20 listeners on average; their own: 5 and 7.5.
    assert popularity_bias(listed, liked, n_listeners=np.array([20, 10, 5])) == pytest.approx(17.5 / 6.25)
    assert np.isnan(popularity_bias(listed, np.zeros((2, 3), bool), n_listeners=np.array([20, 10, 5])))
