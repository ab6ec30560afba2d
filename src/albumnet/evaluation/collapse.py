"""Collapse and hubness of predicted mood vectors: do they crowd the middle of the mood space, near a few labels?

Notation: N albums, M moods, E numbers per vector, all vectors of unit length.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float, Int

K_OCCURRENCE = 10
N_COMMONEST = 10


@dataclass(frozen=True, slots=True)
class Collapse:
    """How predicted mood vectors lie, beside how true ones do.

    Attributes:
        spread: Mean squared distance of the predicted vectors from their mean, in [0, 1].
        true_spread: The same of the albums' true mood vectors.
        spread_ratio: The first over the second: 1 is no collapse, 0 is one point for all albums.
        hubness: Skewness of the labels' k-occurrence, how many albums have a label among their 10 nearest; 0 where all
            labels are near equally often.
        true_hubness: The same of the true mood vectors.
        commonest_share: Share of predictions whose nearest label is one of the ten commonest moods.
        true_commonest_share: The same of the true mood vectors.
    """

    spread: float
    true_spread: float
    spread_ratio: float
    hubness: float
    true_hubness: float
    commonest_share: float
    true_commonest_share: float


def measure_collapse(
    vectors: Float[np.ndarray, "N E"],
    *,
    labels: Float[np.ndarray, "M E"],
    relevance: Float[np.ndarray, "N M"],
    train_counts: Int[np.ndarray, " M"],
) -> Collapse:
    """Measure how far predicted mood vectors have drawn together.

    Args:
        vectors: Predicted, of any length but 0.
        labels: Unit label vectors.
        relevance: Of each album's moods by rank, at least one above 0; its true mood vector is the mean of its moods'
            vectors.
        train_counts: Training albums of each mood; the ten largest are the commonest.

    Source:
        Radovanovic, Nanopoulos & Ivanovic (2010), "Hubs in Space: Popular Nearest Neighbors in High-Dimensional Data",
        JMLR 11, 2487-2531 (k-occurrence and its skewness).
    """
    predicted, true = _unit(vectors), _unit((relevance > 0).astype(np.float64) @ labels)
    commonest = np.argsort(-train_counts, kind="stable")[:N_COMMONEST]
    spread, true_spread = _spread(predicted), _spread(true)
    return Collapse(
        spread=spread,
        true_spread=true_spread,
        spread_ratio=spread / true_spread if true_spread > 0 else float("nan"),
        hubness=_hubness(predicted, labels),
        true_hubness=_hubness(true, labels),
        commonest_share=_share_near(predicted, labels, commonest),
        true_commonest_share=_share_near(true, labels, commonest),
    )


def _unit(vectors: np.ndarray) -> np.ndarray:
    unit: np.ndarray = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    return unit


def _spread(unit: np.ndarray) -> float:
    return float(1 - np.square(unit.mean(axis=0)).sum())


def _share_near(unit: np.ndarray, labels: np.ndarray, chosen: np.ndarray) -> float:
    """Share of vectors whose nearest label is one of the chosen."""
    return float(np.isin((unit @ labels.T).argmax(axis=1), chosen).mean())


def _hubness(unit: np.ndarray, labels: np.ndarray) -> float:
    """Skewness of how often each label is among the nearest; nan where every label always is."""
    k = min(K_OCCURRENCE, len(labels))
    nearest = np.argpartition(-(unit @ labels.T), k - 1, axis=1)[:, :k]
    occurrence = np.bincount(nearest.ravel(), minlength=len(labels)).astype(np.float64)
    deviation = occurrence - occurrence.mean()
    std = deviation.std()
    return float((deviation**3).mean() / std**3) if std > 0 else float("nan")
