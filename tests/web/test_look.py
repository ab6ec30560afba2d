"""Which covers look alike."""

import numpy as np

from albumnet.web.look import LookIndex, fit_look_space, pool


def test_neighbours_are_nearly_those_of_all_features():
    rng = np.random.default_rng(0)
    features = (rng.normal(size=(900, 60)) @ rng.normal(size=(60, 400)) + 5).astype(np.float32)
    space = fit_look_space(features[:500])
    vectors = space.vectors(features)
    index = LookIndex(space, vectors, np.ones(900, dtype=bool), "x")
    standard = (features - features[:500].mean(axis=0)) / features[:500].std(axis=0)
    standard /= np.linalg.norm(standard, axis=1, keepdims=True)
    exact = np.argsort(-(standard[:50] @ standard.T), axis=1)[:, :10]
    found, cosines = index.nearest(vectors[:50], 10)
    assert np.mean([len(set(a) & set(b)) / 10 for a, b in zip(exact, found, strict=True)]) > 0.95
    assert (np.diff(cosines, axis=1) <= 0).all()


def test_albums_without_features_are_near_to_nothing():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(20, 8)).astype(np.float32)
    space = fit_look_space(features)
    has_features = np.arange(20) != 3
    index = LookIndex(space, space.vectors(features), has_features, "x")
    rows, _ = index.nearest(space.vectors(features), 30)
    assert rows.shape == (20, 19)
    assert not (rows == 3).any()
    assert index.near_row(3, 5) is None
    assert index.near_row(4, 5)[0][0] == 4


def test_features_over_a_grid_are_pooled():
    features = np.arange(24, dtype=np.float16).reshape(2, 3, 2, 2)
    assert np.array_equal(pool(features), features.astype(np.float32).mean(axis=(2, 3)))
