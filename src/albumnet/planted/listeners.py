"""Planted listeners: people whose taste is known, by mood, by artist or by popularity, in known shares.

Notation: U listeners, N albums, M moods. Everyone likes albums in proportion to exp(utility); the utility is known, so
the best possible list is: albums by utility. What a recommender makes of covers can be held against that, and where
taste does not go by mood, no cover may help.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float, Int

DRIVERS = ("mood", "artist", "popularity")
# Utility of an album one standard deviation nearer in mood, of one by a favourite artist, and of one known to e times
# as many people as another.
_MOOD, _ARTIST, _POPULARITY = 2.5, 5.0, 1.0
_N_FAVOURITES = 3
# Popularity that every listener is moved by a little.
_COMMON_POPULARITY = 0.3


@dataclass(frozen=True, eq=False)
class PlantedListeners:
    """Listeners and what they like.

    Attributes:
        driver: What moves each listener's taste, one of `DRIVERS`.
        user: Row of each like.
        album: Column of each like.
        utility: (U, N) of every album for every listener; the higher, the likelier to be liked.
    """

    driver: tuple[str, ...]
    user: Int[np.ndarray, " I"]
    album: Int[np.ndarray, " I"]
    utility: Float[np.ndarray, "U N"]


def draw_listeners(
    moods: Float[np.ndarray, "N M"],
    artists: Int[np.ndarray, " N"],
    *,
    shares: Mapping[str, float],
    n_users: int,
    n_likes: int,
    rng: np.random.Generator,
) -> PlantedListeners:
    """Draw listeners who each like `n_likes` albums.

    Args:
        moods: How strongly each mood is felt on each album.
        artists: Who made each album, numbers from 0.
        shares: Driver -> share of the listeners; they sum to 1.
        n_users: U.
        n_likes: Per listener, at most N.
        rng: Where chance comes from.
    """
    n_albums = len(moods)
    counts = np.diff(np.round(np.cumsum([0.0, *(shares.get(driver, 0.0) for driver in DRIVERS)]) * n_users)).astype(int)
    driver = tuple(rng.permutation(np.repeat(DRIVERS, counts)).tolist())
    popularity = rng.normal(size=n_albums)
    spread = moods.std(axis=0)
    standard = (moods - moods.mean(axis=0)) / np.where(spread > 0, spread, 1)
    n_artists = int(artists.max()) + 1
    utility = np.empty((len(driver), n_albums))
    for u, moved_by in enumerate(driver):
        if moved_by == "mood":
            closeness = standard @ rng.normal(size=moods.shape[1])
            utility[u] = _MOOD * closeness / max(float(closeness.std()), 1e-9) + _COMMON_POPULARITY * popularity
        elif moved_by == "artist":
            favourites = rng.choice(n_artists, min(_N_FAVOURITES, n_artists), replace=False)
            utility[u] = _ARTIST * np.isin(artists, favourites) + _COMMON_POPULARITY * popularity
        else:
            utility[u] = _POPULARITY * popularity
    # The highest of utility plus Gumbel noise: drawn without replacement in proportion to exp(utility).
    liked = np.argsort(-(utility + rng.gumbel(size=utility.shape)), axis=1)[:, :n_likes]
    return PlantedListeners(
        driver, np.repeat(np.arange(len(driver)), liked.shape[1]), liked.ravel().astype(np.int64), utility
    )
