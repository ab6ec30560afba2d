"""Features made narrow enough to be laid out: standardised, then their principal components.

Notation: N albums, D features, E components kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from albumnet.moodmap.neighbours import one_blas_thread

if TYPE_CHECKING:
    from jaxtyping import Float

# About as wide as mood vectors, so that a map of features takes no longer and no more memory.
MAX_COMPONENTS = 128


@dataclass(frozen=True)
class Basis:
    """The components that features are laid out by, so that a new cover's can be made the same.

    Attributes:
        mean: (D,) float32.
        components: (D, E) float32; features are divided by their spread in it already.
    """

    mean: Float[np.ndarray, " D"]
    components: Float[np.ndarray, "D E"]

    def project(self, features: Float[np.ndarray, "K ..."]) -> Float[np.ndarray, "K E"]:
        """Unit vectors (K, E) of features as the backbone gives them, (K, D) or (K, C, h, w)."""
        with one_blas_thread():
            vectors = (flatten_features(features) - self.mean) @ self.components
        unit: np.ndarray = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return unit.astype(np.float32)


def fit_basis(read_batches: Callable[[], Iterable[Float[np.ndarray, "B ..."]]], *, n_albums: int) -> Basis:
    """Find the principal components of standardised features, two passes over batches of them.

    Args:
        read_batches: Gives the features batch by batch, the same each time it is called.
        n_albums: N.
    """
    with one_blas_thread():
        return _fit(read_batches, n_albums=n_albums)


def _fit(read_batches: Callable[[], Iterable[np.ndarray]], *, n_albums: int) -> Basis:
    total = sum(flatten_features(batch).sum(axis=0, dtype=np.float64) for batch in read_batches())
    mean = np.asarray(total) / n_albums
    covariance = np.zeros((len(mean), len(mean)))
    for batch in read_batches():
        centred = flatten_features(batch) - mean
        covariance += centred.T @ centred
    spread = np.sqrt(np.maximum(np.diag(covariance) / n_albums, 0))
    # A feature that hardly varies would be all noise at unit spread.
    inverse = np.where(spread > 1e-6 * max(spread.max(), 1e-30), 1 / np.maximum(spread, 1e-30), 0)
    axes = np.linalg.eigh(covariance * inverse[:, None] * inverse[None])[1][:, ::-1]
    axes = axes[:, : min(MAX_COMPONENTS, n_albums - 1, len(mean))]
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    return Basis(mean.astype(np.float32), (inverse[:, None] * axes).astype(np.float32))


def flatten_features(features: Float[np.ndarray, "B ..."]) -> Float[np.ndarray, "B D"]:
    """Features (B, D) as they are, or mean and maximum over the grid; then the root with its sign, which tames the few
    very large ones.
    """
    wide = features.astype(np.float32)
    if wide.ndim == 4:
        wide = np.concatenate([wide.mean(axis=(2, 3)), wide.max(axis=(2, 3))], axis=1)
    return np.sign(wide) * np.sqrt(np.abs(wide))
