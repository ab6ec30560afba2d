"""Chance: scores drawn at random. What a list is worth that knows nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from albumnet.recommend.recommenders.base import Recommender, UserItems

if TYPE_CHECKING:
    from jaxtyping import Float, Int


class Chance(Recommender):
    """Draws scores anew whenever asked.

    Args:
        rng: Where they come from.
    """

    name = "chance"

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng

    def fit(self, user_items: UserItems) -> Self:
        """Remember how many albums there are."""
        self._n_albums = int(user_items.shape[1])
        return self

    def scores(self, users: Int[np.ndarray, " B"]) -> Float[np.ndarray, "B N"]:
        """Uniform in [0, 1)."""
        return self._rng.random((len(users), self._n_albums), dtype=np.float32)

    def similarities(self, albums: Int[np.ndarray, " B"]) -> Float[np.ndarray, "B N"]:
        """Uniform in [0, 1)."""
        return self._rng.random((len(albums), self._n_albums), dtype=np.float32)
