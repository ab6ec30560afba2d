"""Collapse and hubness: what a healthy mood space looks like, and a collapsed one."""

import numpy as np
import pytest

from albumnet.evaluation import measure_collapse


@pytest.fixture
def world():
    """Thirty moods in sixteen dimensions, 500 albums with three of them each."""
    rng = np.random.default_rng(0)
    labels = rng.normal(size=(30, 16))
    labels /= np.linalg.norm(labels, axis=1, keepdims=True)
    relevance = np.zeros((500, 30))
    for row in relevance:
        row[rng.choice(30, 3, replace=False)] = [1, 2 / 3, 1 / 3]
    return labels, relevance, rng


def measure(vectors, labels, relevance):
    counts = (relevance > 0).sum(axis=0)
    return measure_collapse(vectors, labels=labels, relevance=relevance, train_counts=counts)


def test_perfect_vectors_have_the_spread_and_hubness_of_the_truth(world):
    labels, relevance, _ = world
    found = measure((relevance > 0) @ labels, labels, relevance)
    assert found.spread_ratio == pytest.approx(1)
    assert found.hubness == pytest.approx(found.true_hubness)


def test_vectors_drawn_to_their_mean_are_collapsed_onto_hubs(world):
    labels, relevance, _ = world
    true = (relevance > 0) @ labels
    found = measure(true.mean(axis=0) + 0.1 * true / np.linalg.norm(true, axis=1).mean(), labels, relevance)
    assert found.spread_ratio < 0.5
    assert found.hubness > found.true_hubness
    assert found.commonest_share > found.true_commonest_share


def test_one_point_for_all_albums_is_no_spread_at_all(world):
    labels, relevance, _ = world
    assert measure(np.tile(labels[0], (500, 1)), labels, relevance).spread_ratio == pytest.approx(0, abs=1e-12)


def test_the_share_of_the_commonest_is_by_training_counts(world):
    labels, relevance, _ = world
    counts = np.zeros(30, dtype=np.int64)
    counts[:10] = 5
    vectors = np.concatenate([labels[:10], labels[20:30]])
    found = measure_collapse(vectors, labels=labels, relevance=relevance[:20], train_counts=counts)
    assert found.commonest_share == 0.5


def test_length_does_not_matter(world):
    labels, relevance, rng = world
    vectors = rng.normal(size=(500, 16))
    first, second = measure(vectors, labels, relevance), measure(7 * vectors, labels, relevance)
    assert first.spread == pytest.approx(second.spread)
    assert first.commonest_share == second.commonest_share
