"""Leaky worlds: the leak is as large as stated and hidden from names; artists look as alike as measured."""

import numpy as np
import pytest

from albumnet.planted.known.hidden_artists import draw_covers_of_artists, draw_leaky_world
from albumnet.planted.world import draw_artist_of_albums


def test_no_credited_artist_is_on_two_sides():
    leaky = draw_leaky_world(n_albums=600, rng=np.random.default_rng(0), leak_share=0.4)
    assert not set(leaky.credited[leaky.side == "test"]) & set(leaky.credited[leaky.side == "train"])


@pytest.mark.parametrize("leak_share", [0.0, 0.1, 0.5, 1.0])
def test_the_stated_share_of_test_albums_is_by_artists_of_the_train_side(leak_share):
    leaky = draw_leaky_world(n_albums=1500, rng=np.random.default_rng(0), leak_share=leak_share)
    artist, is_test = leaky.world.truth.artist, leaky.side == "test"
    by_train_artists = is_test & np.isin(artist, artist[~is_test])
    assert np.array_equal(by_train_artists, leaky.is_leaked)
    assert is_test.mean() == pytest.approx(0.15, abs=0.01)
    assert leaky.is_leaked.sum() / is_test.sum() == pytest.approx(leak_share, abs=0.02)


def test_copied_covers_are_as_near_to_train_covers_as_ones_saved_again():
    leaky = draw_leaky_world(n_albums=600, rng=np.random.default_rng(0), duplicate_share=0.1)
    unit = leaky.world.features / np.linalg.norm(leaky.world.features, axis=1, keepdims=True)
    copies, train = np.flatnonzero(leaky.is_leaked), leaky.side == "train"
    assert len(copies) == 9
    assert np.median((unit[copies] @ unit[train].T).max(axis=1)) == pytest.approx(0.92, abs=0.03)


def test_covers_by_one_artist_are_as_alike_as_real_ones():
    rng = np.random.default_rng(0)
    artist = draw_artist_of_albums(1500, rng)
    covers = draw_covers_of_artists(artist, rng=rng)
    centred = covers - covers.mean(axis=0)
    unit = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    is_same = (artist[:, None] == artist) & ~np.eye(len(artist), dtype=bool)
    cosine = unit @ unit.T
    assert cosine[is_same].mean() == pytest.approx(0.061, abs=0.02)
    assert np.quantile(cosine[is_same], 0.9) == pytest.approx(0.226, abs=0.05)
    assert abs(cosine[artist[:, None] != artist].mean()) < 0.005


def test_artists_without_a_look_make_covers_no_more_alike_than_others():
    rng = np.random.default_rng(0)
    artist = draw_artist_of_albums(1500, rng)
    covers = draw_covers_of_artists(artist, rng=rng, look_strength=0.0)
    unit = covers / np.linalg.norm(covers, axis=1, keepdims=True)
    is_same = (artist[:, None] == artist) & ~np.eye(len(artist), dtype=bool)
    assert abs((unit @ unit.T)[is_same].mean()) < 0.01
