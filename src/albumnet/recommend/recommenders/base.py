"""What every recommender does: learn from who liked what, list albums for a user, list albums like an album.

Notation: U users, N albums; `user_items` (U, N) is a sparse matrix, a positive weight where a user likes an album, as
in implicit. Users and albums are row and column numbers throughout.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from albumnet.metrics.recommendation import top_columns

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int

# scipy.sparse.csr_array; scipy has no types, and importing it would slow every command.
UserItems = Any


class Recommender(ABC):
    """Learns from likes; gives scores that grow with belief, comparable within one user only."""

    name: ClassVar[str]

    @abstractmethod
    def fit(self, user_items: UserItems) -> Self:
        """Learn from who liked what; returns itself."""

    @abstractmethod
    def scores(self, users: Int[np.ndarray, " B"]) -> Float[np.ndarray, "B N"]:
        """Score of every album for some users, finite; albums they know are scored too."""

    @abstractmethod
    def similarities(self, albums: Int[np.ndarray, " B"]) -> Float[np.ndarray, "B N"]:
        """How like each of some albums every album is, finite; itself counts too."""

    def recommend(
        self, users: Int[np.ndarray, " B"], k: int, *, seen: UserItems | None = None
    ) -> tuple[Int[np.ndarray, "B k"], Float[np.ndarray, "B k"]]:
        """The k best albums of some users and their scores, without those `seen`; -1 and nan where fewer are left."""
        scores = self.scores(users)
        if seen is not None:
            scores = np.where(dense_rows(seen, users) > 0, -np.inf, scores)
        return _listed(scores, k)

    def similar(self, albums: Int[np.ndarray, " B"], k: int) -> tuple[Int[np.ndarray, "B k"], Float[np.ndarray, "B k"]]:
        """The k albums most like each of some albums, the album itself left out, and how like they are."""
        likeness = self.similarities(albums).copy()
        likeness[np.arange(len(albums)), albums] = -np.inf
        return _listed(likeness, k)


def dense_rows(matrix: UserItems, rows: Int[np.ndarray, " B"]) -> Float[np.ndarray, "B N"]:
    """Some rows of a sparse matrix, written out."""
    dense: np.ndarray = matrix[rows].toarray()
    return dense


def unit_rows(vectors: Float[np.ndarray, "N D"]) -> Float[np.ndarray, "N D"]:
    """Rows at unit length; a row of zeros stays one."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: np.ndarray = vectors / np.where(lengths > 0, lengths, 1)
    return unit


def row_lengths(vectors: Float[np.ndarray, "N D"]) -> Float[np.ndarray, " N"]:
    """Length of each row; 1 for a row of zeros, which can then be divided by it."""
    lengths: np.ndarray = np.sqrt(np.einsum("nd,nd->n", vectors, vectors))
    return np.where(lengths > 0, lengths, 1)


def cosines_of_rows(
    vectors: Float[np.ndarray, "N D"], rows: Int[np.ndarray, " B"], *, lengths: Float[np.ndarray, " N"]
) -> Float[np.ndarray, "B N"]:
    """Cosines between some rows and all; a copy of all at unit length would take longer to write than the product."""
    cosines: np.ndarray = (vectors[rows] / lengths[rows, None]) @ vectors.T
    cosines /= lengths
    return cosines


def count_listeners(user_items: UserItems) -> Int[np.ndarray, " N"]:
    """How many users like each album."""
    return np.bincount(user_items.indices, minlength=user_items.shape[1])


def has_listeners(user_items: UserItems) -> Bool[np.ndarray, " N"]:
    """Whether anyone likes each album."""
    found: np.ndarray = count_listeners(user_items) > 0
    return found


def _listed(scores: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    found = top_columns(scores, k=k)
    values = np.take_along_axis(scores, np.maximum(found, 0), axis=1)
    return found, np.where(found >= 0, values, np.nan)
