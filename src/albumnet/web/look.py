"""Which covers look alike: features turned into a narrower space once, then one matrix product per question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float, Int

LOOK_DIM = 128


@dataclass(frozen=True)
class LookSpace:
    """From a backbone's features to unit vectors whose cosine says how alike two covers look.

    Standardised features, projected on the principal components of a sample; the 128 first keep the neighbours
    (docs/results.md) at a twentieth of the reading.

    Attributes:
        mean: (D,) of the features.
        std: (D,) of the features.
        components: (D, L).
    """

    mean: Float[np.ndarray, " D"]
    std: Float[np.ndarray, " D"]
    components: Float[np.ndarray, "D L"]

    def vectors(self, features: np.ndarray) -> Float[np.ndarray, "N L"]:
        """Unit vectors of covers' features, pooled or not."""
        projected = ((pool(features) - self.mean) / self.std) @ self.components
        unit: np.ndarray = projected / np.maximum(np.linalg.norm(projected, axis=1, keepdims=True), 1e-12)
        return unit.astype(np.float32)


@dataclass(frozen=True)
class LookIndex:
    """The covers of a set in the look space.

    Attributes:
        space: How they came there.
        vectors: (N, L) float32 unit vectors, by row; zeros where there are no features.
        has_features: (N,) whether there are.
        made_by: The manifest's digest: features of other weights do not compare.
    """

    space: LookSpace
    vectors: Float[np.ndarray, "N L"]
    has_features: np.ndarray
    made_by: str

    def near_row(self, row: int, k: int) -> tuple[Int[np.ndarray, " k"], Float[np.ndarray, " k"]] | None:
        """The k rows that look most like a row, itself among them; None if it has no features."""
        if not self.has_features[row]:
            return None
        rows, cosines = self.nearest(self.vectors[row : row + 1], k)
        return rows[0], cosines[0]

    def nearest(self, vectors: Float[np.ndarray, "K L"], k: int) -> tuple[np.ndarray, np.ndarray]:
        """Rows (K, k) and cosines (K, k), the closest first."""
        cosines = vectors @ self.vectors.T
        cosines[:, ~self.has_features] = -np.inf
        k = min(k, int(self.has_features.sum()))
        top = np.argpartition(-cosines, k - 1, axis=1)[:, :k] if k else np.empty((len(vectors), 0), np.int64)
        found = np.take_along_axis(cosines, top, axis=1)
        order = np.lexsort((top, -found), axis=1)
        return np.take_along_axis(top, order, axis=1), np.take_along_axis(found, order, axis=1)


def fit_look_space(features: Float[np.ndarray, "N D"]) -> LookSpace:
    """The look space of a sample of pooled features."""
    mean, std = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-6)
    return LookSpace(mean, std, _principal_components((features - mean) / std))


def _principal_components(standard: Float[np.ndarray, "N D"]) -> Float[np.ndarray, "D L"]:
    """The first `LOOK_DIM`, by random projection and power iterations; a full decomposition takes 30 times longer.

    Source:
        Halko, Martinsson & Tropp (2011), "Finding structure with randomness", SIAM Review 53(2), algorithm 4.4.
    """
    n_wanted = min(LOOK_DIM, *standard.shape)
    n_drawn = min(n_wanted + 32, *standard.shape)
    basis = np.random.default_rng(0).normal(size=(standard.shape[1], n_drawn)).astype(np.float32)
    for _ in range(3):
        basis, _ = np.linalg.qr(standard.T @ (standard @ basis))
    _, _, rows = np.linalg.svd(standard @ basis, full_matrices=False)
    components: np.ndarray = np.ascontiguousarray(basis @ rows[:n_wanted].T, np.float32)
    return components


def pool(features: np.ndarray) -> Float[np.ndarray, "N D"]:
    """(N, D) as they are, (N, D, h, w) as means over the grid; float32."""
    wide: np.ndarray = features.astype(np.float32)
    pooled: np.ndarray = wide.reshape(*wide.shape[:2], -1).mean(axis=2)
    return pooled
