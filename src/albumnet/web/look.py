"""Which covers look alike: features made narrow once, as for a map of them, then one matrix product per question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from albumnet.moodmap.basis import Basis

if TYPE_CHECKING:
    from jaxtyping import Float, Int


@dataclass(frozen=True)
class LookIndex:
    """The covers of a set, by how they look.

    Attributes:
        basis: Standardises features and keeps their principal components, whose neighbours are as alike as those of all
            features at a twentieth of the reading (docs/results.md).
        vectors: (N, E) float32 unit vectors, by row; zeros where there are no features.
        has_features: (N,) whether there are.
        made_by: The manifest's digest: features of other weights do not compare.
    """

    basis: Basis
    vectors: Float[np.ndarray, "N E"]
    has_features: np.ndarray
    made_by: str

    def near_row(self, row: int, k: int) -> tuple[Int[np.ndarray, " k"], Float[np.ndarray, " k"]] | None:
        """The k rows that look most like a row, itself among them; None if it has no features."""
        if not self.has_features[row]:
            return None
        rows, cosines = self.nearest(self.vectors[row : row + 1], k)
        return rows[0], cosines[0]

    def nearest(self, vectors: Float[np.ndarray, "K E"], k: int) -> tuple[np.ndarray, np.ndarray]:
        """Rows (K, k) and cosines (K, k), the closest first."""
        cosines = vectors @ self.vectors.T
        cosines[:, ~self.has_features] = -np.inf
        k = min(k, int(self.has_features.sum()))
        top = np.argpartition(-cosines, k - 1, axis=1)[:, :k] if k else np.empty((len(vectors), 0), np.int64)
        found = np.take_along_axis(cosines, top, axis=1)
        order = np.lexsort((top, -found), axis=1)
        return np.take_along_axis(top, order, axis=1), np.take_along_axis(found, order, axis=1)
