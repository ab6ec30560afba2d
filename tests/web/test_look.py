"""Which covers look alike."""

import numpy as np

from albumnet.moodmap.basis import fit_basis
from albumnet.web.look import LookIndex


def make_index(n, has_features=None):
    features = np.random.default_rng(0).normal(size=(n, 8)).astype(np.float32)
    basis = fit_basis(lambda: [features], n_albums=n)
    has_features = np.ones(n, dtype=bool) if has_features is None else has_features
    return LookIndex(basis, basis.project(features), has_features, "x")


def test_the_nearest_come_first_and_an_album_is_nearest_to_itself():
    index = make_index(50)
    rows, cosines = index.nearest(index.vectors, 10)
    assert rows.shape == cosines.shape == (50, 10)
    assert rows[:, 0].tolist() == list(range(50))
    assert (np.diff(cosines, axis=1) <= 0).all()
    exact = np.sort(index.vectors @ index.vectors.T, axis=1)[:, ::-1][:, :10]
    assert np.allclose(cosines, exact, atol=1e-6)


def test_albums_without_features_are_near_to_nothing():
    index = make_index(20, np.arange(20) != 3)
    rows, _ = index.nearest(index.vectors, 30)
    assert rows.shape == (20, 19)
    assert not (rows == 3).any()
    assert index.near_row(3, 5) is None
    assert index.near_row(4, 5)[0][0] == 4
