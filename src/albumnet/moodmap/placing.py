"""Where a new album goes on a map that is already laid out, and where a crowd of albums has its middle.

Notation: K points to place, k neighbours of each, p (K, k) their affinities, y (K, k, 2) where the neighbours lie.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from albumnet.moodmap.neighbours import search

if TYPE_CHECKING:
    from jaxtyping import Float

    from albumnet.moodmap.layout import Layout

N_STEPS = 30
_N_HALVINGS = 40


def place_among(
    new: Float[np.ndarray, "K E"], vectors: Float[np.ndarray, "N E"], layout: Layout
) -> Float[np.ndarray, "K 2"]:
    """Where new vectors go on a layout, each drawn by its neighbours among the old ones; nothing else moves.

    Args:
        new: Of unit length.
        vectors: What was laid out, of unit length.
        layout: Of `vectors`.
    """
    rows, cosines = search(new, vectors, k=int(np.ceil(3 * layout.perplexity)))
    affinities = perplexity_affinities(2 - 2 * cosines, perplexity=min(layout.perplexity, rows.shape[1] / 2))
    return attract(layout.xy[rows].astype(np.float64), affinities, unit=layout.unit).astype(np.float32)


def attract(
    points: Float[np.ndarray, "K k 2"], affinities: Float[np.ndarray, "K k"], *, unit: float
) -> Float[np.ndarray, "K 2"]:
    """The place that neighbours pull a point to, with t-SNE's heavy-tailed forces.

    The fixed point of y = sum(p w y_j) / sum(p w) with w = 1 / (1 + |y - y_j|^2), from the affinities' median on: where
    neighbours lie in two groups, it is in the heavier one and not between them.

    Args:
        points: Where the neighbours lie.
        affinities: How strongly each pulls; at least one above 0.
        unit: The length on the map that was 1 in t-SNE.

    Source:
        van der Maaten & Hinton (2008), "Visualizing Data using t-SNE", JMLR 9, 2579-2605 (the attractive force; the
        repulsive one is all but even within a neighbourhood and left out).
    """
    place = _weighted_medians(points, affinities)
    for _ in range(N_STEPS):
        pull = affinities / (1 + np.square((points - place[:, None]) / unit).sum(axis=2))
        place = (pull[:, :, None] * points).sum(axis=1) / pull.sum(axis=1)[:, None]
    return place


def perplexity_affinities(
    squared_distances: Float[np.ndarray, "K k"], *, perplexity: float
) -> Float[np.ndarray, "K k"]:
    """Gaussian affinities with this perplexity, each row summing to 1, as t-SNE has them (Gaussian width by bisection).

    A row of equal distances gets equal affinities.
    """
    distances = squared_distances.astype(np.float64) - squared_distances.min(axis=1, keepdims=True)
    scale = np.maximum(distances.mean(axis=1, keepdims=True), 1e-12)
    low, high = np.full_like(scale, -20.0), np.full_like(scale, 20.0)  # of log(beta * scale)
    for _ in range(_N_HALVINGS):
        middle = (low + high) / 2
        affinities = _gaussian(distances, np.exp(middle) / scale)
        entropy = -(affinities * np.log(np.maximum(affinities, 1e-300))).sum(axis=1, keepdims=True)
        is_too_wide = entropy > np.log(perplexity)
        low, high = np.where(is_too_wide, middle, low), np.where(is_too_wide, high, middle)
    return _gaussian(distances, np.exp((low + high) / 2) / scale)


def _gaussian(distances: np.ndarray, beta: np.ndarray) -> np.ndarray:
    weights = np.exp(-beta * distances)
    affinities: np.ndarray = weights / weights.sum(axis=1, keepdims=True)
    return affinities


def _weighted_medians(points: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Per coordinate, (K, 2)."""
    order = np.argsort(points, axis=1, kind="stable")
    ordered = np.take_along_axis(points, order, axis=1)
    cumulated = np.cumsum(np.take_along_axis(weights[:, :, None], order, axis=1), axis=1)
    middle = (cumulated >= cumulated[:, -1:] / 2).argmax(axis=1)
    medians: np.ndarray = np.take_along_axis(ordered, middle[:, None], axis=1)[:, 0]
    return medians
