"""Features made narrow: neighbours stay, scales do not matter, grids are pooled."""

import numpy as np

from albumnet.moodmap.basis import MAX_COMPONENTS, fit_basis, flatten_features

RNG = np.random.default_rng(0)
FEATURES = np.abs(RNG.normal(size=(50, 6))).astype(np.float16)


def batches(features):
    return lambda: (features[start : start + 16] for start in range(0, len(features), 16))


def test_all_components_keep_the_angles_of_standardised_features():
    basis = fit_basis(batches(FEATURES), n_albums=50)
    found = basis.project(FEATURES)
    wide = np.sqrt(FEATURES.astype(np.float64))
    wide = (wide - wide.mean(axis=0)) / wide.std(axis=0)
    wide /= np.linalg.norm(wide, axis=1, keepdims=True)
    np.testing.assert_allclose(found @ found.T, wide @ wide.T, atol=1e-3)


def test_a_feature_that_never_varies_says_nothing():
    constant = np.concatenate([FEATURES, np.full((50, 1), 7, np.float16)], axis=1)
    with_it = fit_basis(batches(constant), n_albums=50).project(constant)
    without = fit_basis(batches(FEATURES), n_albums=50).project(FEATURES)
    np.testing.assert_allclose(with_it @ with_it.T, without @ without.T, atol=1e-3)


def test_grids_are_pooled_to_mean_and_maximum():
    grid = np.arange(16, dtype=np.float32).reshape(1, 2, 2, 4)
    np.testing.assert_allclose(flatten_features(grid), np.sqrt([[3.5, 11.5, 7, 15]]))


def test_no_more_components_than_albums_or_the_limit():
    wide = RNG.normal(size=(20, 300))
    assert fit_basis(batches(wide), n_albums=20).components.shape == (300, 19)
    many = RNG.normal(size=(200, 300))
    assert fit_basis(batches(many), n_albums=200).components.shape == (300, MAX_COMPONENTS)
