"""Exact nearest neighbours of unit vectors by matrix products, in bounded memory."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import numpy as np

from albumnet.errors import MissingExtraError

if TYPE_CHECKING:
    from jaxtyping import Float, Int

# 16 MB of scores at a time: measured, larger blocks are slower because they leave the caches.
_ROWS = 512
_COLUMNS = 8192


def nearest_neighbours(
    vectors: Float[np.ndarray, "N E"], *, k: int, on_progress: Callable[[int, int], None] = lambda _done, _total: None
) -> tuple[Int[np.ndarray, "N k"], Float[np.ndarray, "N k"]]:
    """The k nearest other vectors of each, by cosine, nearest first.

    Args:
        vectors: Of unit length, float32.
        k: At most N - 1.
        on_progress: Called with vectors done and N.

    Returns:
        Rows (N, k) int32 and their cosines (N, k) float32. Exact but for ties, which go to the lower row.
    """
    n_albums = len(vectors)
    rows = np.empty((n_albums, k), dtype=np.int32)
    cosines = np.empty((n_albums, k), dtype=np.float32)

    def fill(start: int) -> None:
        block = slice(start, start + _ROWS)
        rows[block], cosines[block] = _search(vectors[block], vectors, k=k, first_excluded=start)

    # A thread per block of rows, and none in the matrix product: what surrounds the product runs side by side too, and
    # how many threads there are cannot change how sums are rounded.
    starts = range(0, n_albums, _ROWS)
    with one_blas_thread(), ThreadPoolExecutor(n_cpus()) as threads:
        for n_done, _ in enumerate(threads.map(fill, starts), start=1):
            on_progress(min(n_done * _ROWS, n_albums), n_albums)
    return rows, cosines


def search(
    queries: Float[np.ndarray, "K E"], vectors: Float[np.ndarray, "N E"], *, k: int
) -> tuple[Int[np.ndarray, "K k"], Float[np.ndarray, "K k"]]:
    """The k nearest of `vectors` to each query, by cosine, nearest first; all of unit length."""
    k = min(k, len(vectors))
    parts = [
        _search(queries[start : start + _ROWS], vectors, k=k, first_excluded=None)
        for start in range(0, len(queries), _ROWS)
    ]
    if not parts:
        return np.empty((0, k), np.int32), np.empty((0, k), np.float32)
    return np.concatenate([rows for rows, _ in parts]), np.concatenate([cosines for _, cosines in parts])


def _search(
    queries: np.ndarray, vectors: np.ndarray, *, k: int, first_excluded: int | None
) -> tuple[np.ndarray, np.ndarray]:
    """Block by block of `vectors`; the k-th best so far is what a later one must exceed, so few are ever sorted.

    Args:
        first_excluded: Query n is itself row `first_excluded + n`, and no neighbour of its own.
    """
    n_queries = len(queries)
    best = np.full((n_queries, k), -np.inf, dtype=np.float32)
    best_rows = np.full((n_queries, k), -1, dtype=np.int32)
    # One query is one product: for it, many small ones take eight times as long (300 against 40 ms, measured).
    n_columns = max(_COLUMNS, _ROWS * _COLUMNS // max(n_queries, 1))
    for start in range(0, len(vectors), n_columns):
        scores = queries @ vectors[start : start + n_columns].T
        if first_excluded is not None:
            own = np.arange(n_queries) + first_excluded - start
            is_here = (own >= 0) & (own < scores.shape[1])
            scores[is_here, own[is_here]] = -np.inf
        best, best_rows = _merge(best, best_rows, scores, first_row=start)
    order = np.lexsort((best_rows, -best), axis=1)
    return np.take_along_axis(best_rows, order, axis=1), np.take_along_axis(best, order, axis=1)


def _merge(
    best: np.ndarray, best_rows: np.ndarray, scores: np.ndarray, *, first_row: int
) -> tuple[np.ndarray, np.ndarray]:
    """The k best of those so far and of a block of scores."""
    n_queries, k = best.shape
    if first_row == 0 and scores.shape[1] >= k:
        chosen = np.argpartition(-scores, k - 1, axis=1)[:, :k]
        return np.take_along_axis(scores, chosen, axis=1), chosen.astype(np.int32)
    better = np.flatnonzero(scores > best.min(axis=1, keepdims=True))
    query, column = np.divmod(better, scores.shape[1])
    counts = np.bincount(query, minlength=n_queries)
    place = k + np.arange(len(query)) - np.repeat(np.cumsum(counts) - counts, counts)
    width = k + int(counts.max(initial=0))
    pool = np.full((n_queries, width), -np.inf, dtype=np.float32)
    pool_rows = np.full((n_queries, width), -1, dtype=np.int32)
    pool[:, :k], pool_rows[:, :k] = best, best_rows
    pool[query, place] = scores.ravel()[better]
    pool_rows[query, place] = first_row + column
    if width == k:
        return best, best_rows
    chosen = np.argpartition(-pool, k - 1, axis=1)[:, :k]
    return np.take_along_axis(pool, chosen, axis=1), np.take_along_axis(pool_rows, chosen, axis=1)


def one_blas_thread() -> AbstractContextManager[object]:
    """Within it, sums of products are rounded the same whatever the number of threads.

    Raises:
        MissingExtraError: If threadpoolctl is not installed.
    """
    try:
        from threadpoolctl import threadpool_limits
    except ImportError as error:
        raise MissingExtraError(
            "maps need openTSNE and what comes with it, which the base install leaves out; pip install 'albumnet[map]'"
        ) from error
    limits: AbstractContextManager[object] = threadpool_limits(1, user_api="blas")
    return limits


def n_cpus() -> int:
    """Processors that this process may use."""
    # Not everywhere: macOS and Windows do not say which are ours.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
