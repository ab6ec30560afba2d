"""Item-kNN: albums that the same people like, by cosine between albums' listeners, each album's nearest only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from albumnet.recommend.recommenders.base import Recommender, UserItems, dense_rows

if TYPE_CHECKING:
    from jaxtyping import Float, Int

_BLOCK = 1024


class ItemKnn(Recommender):
    """Scores an album by how near the albums a user likes are to it.

    Args:
        n_neighbours: Albums kept as near to each.
        shrinkage: Added to the product of lengths, so that albums of few listeners are near to nothing by chance.

    Source:
        Deshpande & Karypis (2004), "Item-based top-N recommendation algorithms", ACM TOIS 22(1), 143-177.
    """

    name = "item-kNN"

    def __init__(self, *, n_neighbours: int = 100, shrinkage: float = 10.0) -> None:
        self._n_neighbours, self._shrinkage = n_neighbours, shrinkage

    def fit(self, user_items: UserItems) -> Self:
        """Find each album's nearest by common listeners."""
        from scipy.sparse import csr_array, vstack

        self._user_items = user_items
        by_album = user_items.T.tocsr()
        lengths = np.sqrt(np.asarray(by_album.multiply(by_album).sum(axis=1)).ravel())
        blocks = []
        for start in range(0, by_album.shape[0], _BLOCK):
            near = (by_album[start : start + _BLOCK] @ user_items).tocoo()
            is_other = near.coords[0] + start != near.coords[1]
            row, column = near.coords[0][is_other], near.coords[1][is_other]
            cosine = near.data[is_other] / (lengths[row + start] * lengths[column] + self._shrinkage)
            kept = _nearest(row, cosine, k=self._n_neighbours)
            blocks.append(csr_array((cosine[kept], (row[kept], column[kept])), shape=near.shape))
        self._nearest = vstack(blocks, format="csr").astype(np.float32)
        return self

    def scores(self, users: Int[np.ndarray, " B"]) -> Float[np.ndarray, "B N"]:
        """Sum of likes times nearness."""
        return (
            dense_rows(self._user_items @ self._nearest.T.tocsr(), users)
            if len(users) > _BLOCK
            else _dense(self._user_items[users] @ self._nearest.T)
        )

    def similarities(self, albums: Int[np.ndarray, " B"]) -> Float[np.ndarray, "B N"]:
        """Cosine of the nearest, 0 for others."""
        return dense_rows(self._nearest, albums)


def _dense(matrix: UserItems) -> np.ndarray:
    dense: np.ndarray = matrix.toarray()
    return dense


def _nearest(row: np.ndarray, value: np.ndarray, *, k: int) -> np.ndarray:
    """Positions of the k highest values of each row."""
    order = np.lexsort((-value, row))
    starts = np.searchsorted(row[order], row[order], side="left")
    return order[np.arange(len(order)) - starts < k]
