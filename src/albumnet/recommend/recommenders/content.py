"""Content: albums like those a user likes, by what is known of the albums themselves."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Self

import numpy as np

from albumnet.recommend.recommenders.base import Recommender, UserItems, cosines_of_rows, row_lengths, unit_rows

if TYPE_CHECKING:
    from jaxtyping import Float, Int


class Content(Recommender):
    """Scores an album by how far it lies, from the albums' mean, in the direction of what a user likes.

    How far counts, and not the angle alone: an album of strong moods is more to someone's taste than a middling one in
    the same direction (planted listeners: nDCG@10 of .52 by angle).

    Args:
        vectors: What is known of each album: its moods, its look, its genre and year.
        title: Of what that is.

    Attributes:
        vectors: (N, D) about their mean.
    """

    name = "content"

    def __init__(self, vectors: Float[np.ndarray, "N D"], *, title: str = "") -> None:
        self.title = title
        self.vectors = np.asarray(vectors - vectors.mean(axis=0), dtype=np.float32)

    def fit(self, user_items: UserItems) -> Self:
        """Take the weighted mean of each user's albums."""
        self._profiles = unit_rows(np.asarray(user_items @ self.vectors))
        return self

    def scores(self, users: Int[np.ndarray, " B"]) -> Float[np.ndarray, "B N"]:
        """Extent in the direction of the user's mean."""
        extents: np.ndarray = self._profiles[users] @ self.vectors.T
        return extents

    def similarities(self, albums: Int[np.ndarray, " B"]) -> Float[np.ndarray, "B N"]:
        """Cosine between albums."""
        return cosines_of_rows(self.vectors, albums, lengths=self._lengths)

    @cached_property
    def _lengths(self) -> Float[np.ndarray, " N"]:
        return row_lengths(self.vectors)
