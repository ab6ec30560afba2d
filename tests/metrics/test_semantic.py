"""Semantic precision and mood-set distance by hand, against brute force, and at the edges."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from albumnet.metrics import mood_set_distance, semantic_precision_at_k

# Moods 0 and 1 are near each other (cosine 0.8), 2 is at a right angle to 0 and 3 its opposite.
PLANE = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0], [-1.0, 0.0]])


def _world(seed, *, n_albums=6, n_moods=7):
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(n_moods, 4))
    target = (rng.random((n_albums, n_moods)) < 0.3).astype(np.uint8)
    target[:, 0] = 1
    return target, rng.normal(size=target.shape), vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_semantic_precision_by_hand():
    # True: mood 0. Credits 1, 0.8, 0, -1, so 0.2 by chance; the near mood alone is worth (0.8 - 0.2) / 0.8.
    target, scores = np.array([[1, 0, 0, 0]]), np.array([[0.1, 0.9, 0.2, 0.0]])
    assert semantic_precision_at_k(target, scores, label_vectors=PLANE, k=1) == pytest.approx([0.75])
    assert semantic_precision_at_k(target, scores, label_vectors=PLANE, k=2) == pytest.approx([(0.4 - 0.2) / 0.8])


def test_the_nearest_of_several_true_moods_gives_the_credit():
    # True: moods 0 and 2. Mood 1 is 0.8 from the first, 0.6 from the second; credits 1, 0.8, 1, 0.
    target, scores = np.array([[1, 0, 1, 0]]), np.array([[0.0, 1.0, 0.0, 0.0]])
    assert semantic_precision_at_k(target, scores, label_vectors=PLANE, k=1) == pytest.approx([(0.8 - 0.7) / 0.3])


@given(st.integers(0, 10_000))
def test_a_list_of_true_moods_is_worth_one_and_a_random_one_nothing_on_average(seed):
    target, scores, vectors = _world(seed, n_moods=5)
    true_first = semantic_precision_at_k(target, target.astype(np.float32), label_vectors=vectors, k=1)
    assert true_first[target.sum(axis=1) < 5] == pytest.approx(1)
    orders = [scores[:1, list(order)] for order in itertools.permutations(range(5))]
    values = [semantic_precision_at_k(target[:1], order, label_vectors=vectors, k=2) for order in orders]
    assert np.mean(values) == pytest.approx(0, abs=1e-12)


def test_equal_scores_are_worth_exactly_a_random_list():
    target, _, vectors = _world(1)
    values = semantic_precision_at_k(target, np.zeros(target.shape), label_vectors=vectors, k=3)
    assert values == pytest.approx(0, abs=1e-12)


def test_moods_at_right_angles_leave_precision_corrected_for_chance():
    target, scores = np.array([[1, 0, 0, 0, 1]]), np.array([[0.9, 0.8, 0.1, 0.0, 0.2]])
    value = semantic_precision_at_k(target, scores, label_vectors=np.eye(5), k=2)
    assert value == pytest.approx([(1 / 2 - 2 / 5) / (1 - 2 / 5)])


def test_semantic_precision_is_nan_where_every_list_or_none_is_right():
    target = np.array([[0, 0, 0, 0], [1, 1, 1, 1], [1, 0, 0, 0]])
    values = semantic_precision_at_k(target, np.zeros((3, 4)), label_vectors=PLANE, k=2)
    assert np.isnan(values).tolist() == [True, True, False]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_semantic_precision_is_nan_where_all_moods_share_one_vector(dtype):
    vector = np.random.default_rng(0).normal(size=50)
    vectors = np.repeat([vector / np.linalg.norm(vector)], 4, axis=0).astype(dtype)
    vectors *= 1 + np.arange(4)[:, None] * np.finfo(dtype).eps
    target = np.array([[1, 0, 0, 0]])
    assert np.isnan(semantic_precision_at_k(target, np.zeros((1, 4)), label_vectors=vectors, k=2)).all()


def test_mood_set_distance_by_hand():
    # True 0 and 2, listed 1 and 3: 0-1 (0.2) and 2-3 (1) together are nearer than 0-3 (2) and 2-1 (0.4).
    target, scores = np.array([[1, 0, 1, 0]]), np.array([[0.0, 0.9, 0.1, 0.8]])
    assert mood_set_distance(target, scores, label_vectors=PLANE) == pytest.approx([(0.2 + 1) / 2])


@given(st.integers(0, 10_000))
def test_mood_set_distance_is_the_least_over_all_matchings(seed):
    target, scores, vectors = _world(seed)
    expected = []
    for is_true, row in zip(target.astype(bool), scores, strict=True):
        true, listed = np.flatnonzero(is_true), np.argsort(-row)[: is_true.sum()]
        expected.append(
            min(
                np.mean(1 - (vectors[true] * vectors[list(order)]).sum(axis=1))
                for order in itertools.permutations(listed)
            )
        )
    assert mood_set_distance(target, scores, label_vectors=vectors) == pytest.approx(expected, abs=1e-12)


def test_the_same_set_is_at_distance_zero_and_an_album_without_moods_at_none():
    target = np.array([[1, 0, 1, 0], [0, 0, 0, 0]], dtype=np.uint8)
    distance = mood_set_distance(target, target, label_vectors=PLANE)
    assert distance[0] == 0
    assert np.isnan(distance[1])


def test_of_moods_tied_for_the_last_place_the_first_in_the_vocabulary_is_listed():
    target, scores = np.array([[1, 0, 0, 0]]), np.array([[0.0, 0.5, 0.5, 0.5]])
    assert mood_set_distance(target, scores, label_vectors=PLANE) == pytest.approx([0.2])


def test_no_albums_give_no_values():
    target, scores = np.zeros((0, 4), dtype=np.uint8), np.zeros((0, 4))
    assert semantic_precision_at_k(target, scores, label_vectors=PLANE, k=2).shape == (0,)
    assert mood_set_distance(target, scores, label_vectors=PLANE).shape == (0,)
