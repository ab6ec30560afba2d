"""All albums on a plane: t-SNE over exact neighbours, started from principal components, the same every time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from albumnet.errors import MapError, MissingExtraError
from albumnet.moodmap.neighbours import n_cpus, nearest_neighbours, one_blas_thread
from albumnet.progress import Progress, ProgressCallback, ignore_progress

if TYPE_CHECKING:
    from jaxtyping import Float

MIN_ALBUMS = 5
DEFAULT_PERPLEXITY = 30.0
N_EARLY, N_LATE = 250, 500
# Below, a quadtree is faster than interpolation on a grid (ms a step by two threads: 6 and 11 for 4,000, 8.5 and 11 for
# 5,000, by one 13 and 12).
_MIN_INTERPOLATED = 5000


@dataclass(frozen=True)
class Layout:
    """Where N vectors lie.

    Attributes:
        xy: (N, 2) float32, all in [0, 1], centred, both axes to the same scale.
        unit: The length on the map that was 1 in t-SNE.
        perplexity: What was used: less than asked for where there are few vectors.
    """

    xy: Float[np.ndarray, "N 2"]
    unit: float
    perplexity: float


def lay_out(
    vectors: Float[np.ndarray, "N E"],
    *,
    rng: np.random.Generator,
    perplexity: float = DEFAULT_PERPLEXITY,
    progress: ProgressCallback = ignore_progress,
) -> Layout:
    """Lay unit vectors out on a plane, so that near ones lie near each other.

    Args:
        vectors: Of unit length, float32.
        rng: Breaks ties between equal vectors.
        perplexity: About how many neighbours count; fewer where there are few vectors (a third of the others at most).
        progress: Called during the search for neighbours and during the layout.

    Raises:
        MapError: If there are fewer than 5 vectors, they hold nan, or all are equal.
        MissingExtraError: If openTSNE is not installed.

    Source:
        Poličar, Stražar & Zupan (2024), "openTSNE: A Modular Python Library for t-SNE Dimensionality Reduction and
        Embedding", JSS 109(3). Kobak & Linderman (2021), "Initialization is critical for preserving global data
        structure in both t-SNE and UMAP", Nature Biotechnology 39, 156-157 (the start).
    """
    check_vectors(vectors)
    perplexity = min(perplexity, (len(vectors) - 1) / 3)
    k = min(len(vectors) - 1, int(np.ceil(3 * perplexity)))
    rows, cosines = nearest_neighbours(
        vectors, k=k, on_progress=lambda done, total: progress(Progress("neighbours", done, total))
    )
    distances = np.sqrt(np.maximum(2 - 2 * cosines, 0, dtype=np.float64))
    with one_blas_thread():
        start = _principal_plane(vectors, rng=rng)
    plane = _optimise(
        rows,
        distances,
        start=start,
        perplexity=perplexity,
        on_step=lambda done: progress(Progress("layout", done, N_EARLY + N_LATE)),
    )
    return _scale_to_unit_square(plane, perplexity=perplexity)


def check_vectors(vectors: np.ndarray) -> None:
    """Check that vectors can be laid out.

    Raises:
        MapError: If not.
    """
    if len(vectors) < MIN_ALBUMS:
        raise MapError(f"{len(vectors)} albums are too few for a map; it takes {MIN_ALBUMS} with usable covers")
    if n_bad := int((~np.isfinite(vectors).all(axis=1)).sum()):
        raise MapError(f"{n_bad:,} of {len(vectors):,} vectors hold nan or infinity; train the model again")
    if np.ptp(vectors, axis=0).max() < 1e-6:
        raise MapError(
            f"all {len(vectors):,} albums have one and the same vector, so there is nothing to lay out; the model says "
            "the same of every album"
        )


def _optimise(
    rows: np.ndarray, distances: np.ndarray, *, start: np.ndarray, perplexity: float, on_step: Callable[[int], None]
) -> np.ndarray:
    try:
        with _sleeping_threads():
            from openTSNE import TSNEEmbedding
            from openTSNE.affinity import PerplexityBasedNN
            from openTSNE.nearest_neighbors import PrecomputedNeighbors
    except ImportError as error:
        raise MissingExtraError(
            "maps need openTSNE, which the base install leaves out; pip install 'albumnet[map]'"
        ) from error

    affinities = PerplexityBasedNN(knn_index=PrecomputedNeighbors(rows, distances), perplexity=perplexity)
    embedding = TSNEEmbedding(
        start,
        affinities,
        negative_gradient_method="fft" if len(start) >= _MIN_INTERPOLATED else "bh",
        n_jobs=n_cpus(),  # changes no bit: every thread sums for vectors of its own
        learning_rate="auto",
    )
    for exaggeration, n_before, n_steps in ((12, 0, N_EARLY), (1, N_EARLY, N_LATE)):
        embedding.optimize(
            n_steps,
            exaggeration=exaggeration,
            momentum=0.8,
            inplace=True,
            callbacks=_Listener(on_step, n_before),
            callbacks_every_iters=25,
        )
    return np.asarray(embedding, dtype=np.float64)


@contextmanager
def _sleeping_threads() -> Iterator[None]:
    """OpenMP that is loaded within lets its threads sleep until there is work for them.

    They would keep a core busy waiting, and openTSNE's wait twice a step: two of them beside another process that needs
    one of two cores took four times as long as one; asleep they take as long.
    """
    before = os.environ.get("OMP_WAIT_POLICY")
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        yield
    finally:
        if before is None:
            del os.environ["OMP_WAIT_POLICY"]


@dataclass(frozen=True)
class _Listener:
    """What openTSNE calls now and then."""

    on_step: Callable[[int], None]
    n_before: int

    def __call__(self, n_steps: int, _error: float, _embedding: np.ndarray) -> bool:
        self.on_step(self.n_before + n_steps)
        return False


def _principal_plane(vectors: np.ndarray, *, rng: np.random.Generator) -> np.ndarray:
    """(N, 2): the two principal components, tiny as t-SNE wants its start, equal vectors set apart a little."""
    mean = vectors.mean(axis=0, dtype=np.float64)
    covariance = np.zeros((vectors.shape[1],) * 2)
    for start in range(0, len(vectors), 8192):
        centred = vectors[start : start + 8192] - mean
        covariance += centred.T @ centred
    axes = np.linalg.eigh(covariance)[1][:, -1:-3:-1]
    # An eigenvector's sign is arbitrary and differs between libraries.
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    plane = np.zeros((len(vectors), 2))
    plane[:, : axes.shape[1]] = vectors @ axes - mean @ axes
    plane *= 1e-4 / max(plane[:, 0].std(), 1e-12)
    return plane + rng.normal(scale=1e-6, size=plane.shape)


def _scale_to_unit_square(plane: np.ndarray, *, perplexity: float) -> Layout:
    low, high = plane.min(axis=0), plane.max(axis=0)
    unit = float(1 / max((high - low).max(), 1e-12))
    xy = np.clip((plane - (low + high) / 2) * unit + 0.5, 0, 1).astype(np.float32)
    return Layout(xy, unit, perplexity)
