"""Planted listeners: shares as asked, and taste as said."""

import numpy as np
import pytest

from albumnet.planted import draw_listeners


def draw(shares, *, n_users=200, seed=0):
    rng = np.random.default_rng(seed)
    moods, artists = rng.normal(size=(120, 4)), np.arange(120) // 3
    found = draw_listeners(moods, artists, shares=shares, n_users=n_users, n_likes=15, rng=rng)
    return found, artists


def test_shares_are_as_asked():
    found, _ = draw({"mood": 0.5, "artist": 0.3, "popularity": 0.2})
    assert [found.driver.count(each) for each in ("mood", "artist", "popularity")] == [100, 60, 40]


def test_everyone_likes_as_many_different_albums():
    found, _ = draw({"mood": 1.0})
    assert (np.bincount(found.user) == 15).all()
    assert len({*zip(found.user.tolist(), found.album.tolist(), strict=True)}) == 200 * 15


@pytest.mark.parametrize("driver", ["mood", "artist", "popularity"])
def test_liked_albums_have_a_high_utility(driver):
    found, _ = draw({driver: 1.0})
    liked = found.utility[found.user, found.album].reshape(200, 15).mean(axis=1)
    assert (liked > found.utility.mean(axis=1)).mean() > 0.95


def test_listeners_moved_by_artists_like_most_of_a_few_artists():
    found, artists = draw({"artist": 1.0})
    of_three = [np.sort(np.bincount(artists[found.album[found.user == u]]))[-3:].sum() for u in range(200)]
    assert np.mean(of_three) > 7


def test_one_seed_gives_the_same_listeners():
    assert (draw({"mood": 1.0})[0].album == draw({"mood": 1.0})[0].album).all()
