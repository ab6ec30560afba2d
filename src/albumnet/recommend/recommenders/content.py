"""Content: albums like those a user likes, by what is known of the albums themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from albumnet.recommend.recommenders.base import Recommender, UserItems, unit_rows

if TYPE_CHECKING:
    from jaxtyping import Float, Int


class Content(Recommender):
    """Scores an album by its cosine, around the albums' mean, with the mean of what a user likes.

    Args:
        vectors: What is known of each album: its moods, its look, its genre and year.
        title: Of what that is.
    """

    name = "content"

    def __init__(self, vectors: Float[np.ndarray, "N D"], *, title: str = "") -> None:
        self.title = title
        self._unit = unit_rows(np.asarray(vectors - vectors.mean(axis=0), dtype=np.float32))

    def fit(self, user_items: UserItems) -> Self:
        """Take the weighted mean of each user's albums."""
        self._profiles = unit_rows(np.asarray(user_items @ self._unit))
        return self

    def scores(self, users: Int[np.ndarray, " B"]) -> Float[np.ndarray, "B N"]:
        """Cosine with the user's mean."""
        cosines: np.ndarray = self._profiles[users] @ self._unit.T
        return cosines

    def similarities(self, albums: Int[np.ndarray, " B"]) -> Float[np.ndarray, "B N"]:
        """Cosine between albums."""
        cosines: np.ndarray = self._unit[albums] @ self._unit.T
        return cosines
