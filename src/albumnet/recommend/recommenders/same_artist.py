"""Same artist: more albums by those whom a user likes. It explains much of what looks like taste in moods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from albumnet.recommend.recommenders.base import Recommender, UserItems, count_listeners, dense_rows

if TYPE_CHECKING:
    from jaxtyping import Float, Int


class SameArtist(Recommender):
    """Scores an album by how much of its artist a user likes; within that, and for all others, by popularity.

    Args:
        artists: Number in [0, A) of each album's artist; -1 where nobody in particular is named.
    """

    name = "same artist"

    def __init__(self, artists: Int[np.ndarray, " N"]) -> None:
        from scipy.sparse import csr_array

        named = np.flatnonzero(artists >= 0)
        n_artists = int(artists.max(initial=-1)) + 1
        ones = np.ones(len(named), dtype=np.float32)
        self._of_artist = csr_array((ones, (named, artists[named])), shape=(len(artists), max(n_artists, 1)))

    def fit(self, user_items: UserItems) -> Self:
        """Add up each user's likes by artist."""
        self._liked = (user_items @ self._of_artist).tocsr()
        n_listeners = count_listeners(user_items).astype(np.float32)
        # Below any like of an artist, so that it only decides where those are equal.
        smallest = float(self._liked.data.min()) if self._liked.nnz else 1.0
        self._popularity = 0.5 * smallest * n_listeners / max(float(n_listeners.max(initial=0)), 1.0)
        return self

    def scores(self, users: Int[np.ndarray, " B"]) -> Float[np.ndarray, "B N"]:
        """Likes of the artist, then popularity."""
        by_artist: np.ndarray = self._of_artist @ dense_rows(self._liked, users).T
        scores: np.ndarray = by_artist.T + self._popularity
        return scores

    def similarities(self, albums: Int[np.ndarray, " B"]) -> Float[np.ndarray, "B N"]:
        """1 for albums of the same artist, and below that popularity."""
        same: np.ndarray = self._of_artist @ dense_rows(self._of_artist, albums).T
        likeness: np.ndarray = same.T + self._popularity
        return likeness
