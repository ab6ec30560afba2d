"""Popularity: the same list for everyone, most listeners first. What every recommender has to beat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from albumnet.recommend.recommenders.base import Recommender, UserItems, count_listeners

if TYPE_CHECKING:
    from jaxtyping import Float, Int


class Popularity(Recommender):
    """Scores an album by how many like it."""

    name = "popularity"

    def fit(self, user_items: UserItems) -> Self:
        """Count listeners."""
        self._n_listeners = count_listeners(user_items).astype(np.float32)
        return self

    def scores(self, users: Int[np.ndarray, " B"]) -> Float[np.ndarray, "B N"]:
        """The same row for each user."""
        return np.tile(self._n_listeners, (len(users), 1))

    def similarities(self, albums: Int[np.ndarray, " B"]) -> Float[np.ndarray, "B N"]:
        """The same row for each album: nothing is known of likeness."""
        return np.tile(self._n_listeners, (len(albums), 1))
