"""How well a layout keeps neighbours: against scikit-learn, by hand, and at the edges."""

import numpy as np
import pytest
from sklearn.manifold import trustworthiness

from albumnet.metrics import neighbour_scores


def draw(n=80, seed=0):
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(n, 6)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors, vectors[:, :2] + 0.2 * rng.normal(size=(n, 2)).astype(np.float32)


@pytest.mark.parametrize("k", [1, 5, 12])
def test_trustworthiness_is_scikit_learns(k):
    vectors, layout = draw()
    found, _ = neighbour_scores(vectors, layout, k=k, rows=np.arange(80))
    assert found == pytest.approx(trustworthiness(vectors, layout, n_neighbors=k), abs=1e-9)


def test_a_layout_that_is_the_vectors_keeps_every_neighbour():
    angles = np.sort(np.random.default_rng(0).uniform(0, 1, size=50)).astype(np.float32)
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    assert neighbour_scores(vectors, vectors, k=5, rows=np.arange(50)) == (1.0, 1.0)


def test_kept_neighbours_by_hand():
    angles = np.array([0.0, 0.1, 0.3, 0.7, 1.5], np.float32)
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    layout = np.array([[0, 0], [5, 0], [0.1, 0], [5.1, 0], [9, 0]], np.float32)
    # Nearest by angle: 1, 0, 1, 2, 3; on the plane: 2, 3, 0, 1, 3.
    assert neighbour_scores(vectors, layout, k=1, rows=np.arange(5))[1] == pytest.approx(1 / 5)


def test_a_sample_comes_near_the_whole():
    vectors, layout = draw(400)
    whole = neighbour_scores(vectors, layout, k=10, rows=np.arange(400))
    sampled = neighbour_scores(vectors, layout, k=10, rows=np.arange(0, 400, 2))
    assert sampled == pytest.approx(whole, abs=0.03)


def test_scores_are_nan_without_rows_or_with_too_many_neighbours():
    vectors, layout = draw(10)
    assert np.isnan(neighbour_scores(vectors, layout, k=3, rows=np.empty(0, int))).all()
    assert np.isnan(neighbour_scores(vectors, layout, k=5, rows=np.arange(10))).all()
