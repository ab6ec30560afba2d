"""How near predicted moods come to the true ones, as words are near each other: "energetic" for "upbeat" is half right.

Notation: target (N, M) is 1 where album n has mood m, else 0; scores (N, M) are any numbers that grow with belief;
label_vectors (M, E) have length 1, so that the closeness of two moods is the product of their vectors: their cosine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from albumnet.metrics.ranking import listed_share

if TYPE_CHECKING:
    from jaxtyping import Float, Int


def semantic_precision_at_k(
    target: Int[np.ndarray, "N M"],
    scores: Float[np.ndarray, "N M"],
    *,
    label_vectors: Float[np.ndarray, "M E"],
    k: int,
) -> Float[np.ndarray, " N"]:
    """Precision at k that credits a near mood, rescaled so that a random list is worth 0 and a true one 1.

    A listed mood m earns album n c(n, m) = max over its true moods t of cos(m, t), which is 1 where m is true. With
    C the mean credit of the k highest moods and C0 that of all M, hence of a random list: (C - C0) / (1 - C0). Moods
    with equal scores share the places they reach, as in `precision_at_k`; a k above M is taken as M.

    Returns:
        Values up to 1, below 0 where the list is worse than a random one; nan for an album without moods, or one that
        every list serves (all moods true, or of one vector with a true one).

    Source:
        Ours. Credit for near labels as in Frome et al. (2013), "DeViSE", NIPS 26, hierarchical precision@k; correction
        for chance as in Cohen (1960), "A coefficient of agreement for nominal scales", EPM 20(1), 37-46.
    """
    credit = _credit(target.astype(bool), _closeness(label_vectors))
    listed = listed_share(scores, k=k)
    mean_credit = (credit * listed).sum(axis=1) / max(min(k, scores.shape[1]), 1)
    by_chance = credit.mean(axis=1) if credit.shape[1] else np.full(len(credit), np.nan)
    # Single-precision vectors leave cosines of equal moods about 1e-7 off 1: nothing to gain is not a tiny gain.
    room = np.where(1 - by_chance > 1e-6, 1 - by_chance, np.nan)
    values: np.ndarray = (mean_credit - by_chance) / room
    return values


def mood_set_distance(
    target: Int[np.ndarray, "N M"],
    scores: Float[np.ndarray, "N M"],
    *,
    label_vectors: Float[np.ndarray, "M E"],
) -> Float[np.ndarray, " N"]:
    """Distance from an album's true moods to its equally many highest scored ones, each matched with one of the others.

    The matching is the one that makes the mean over pairs of 1 - cos least. Where scores tie at the end of the list,
    the mood first in the vocabulary is listed: unlike the other metrics, this one depends on the order of moods.

    Returns:
        Values in [0, 2], 0 where the two sets are one; nan for an album without moods.

    Source:
        Kuhn (1955), "The Hungarian method for the assignment problem", Naval Research Logistics Quarterly 2, 83-97; the
        distance is that of Kusner et al. (2015), "From word embeddings to document distances", ICML, with cosines.
    """
    from scipy.optimize import linear_sum_assignment  # here: `albumnet --help` needs none of it

    distance = 1 - _closeness(label_vectors)
    # Stable from the left, though sorted from the highest down: reverse before and after.
    order = len(distance) - 1 - np.argsort(scores[:, ::-1], axis=1, kind="stable")[:, ::-1]
    values = np.full(len(target), np.nan)
    for n, is_true in enumerate(target.astype(bool)):
        true = np.flatnonzero(is_true)
        if len(true):
            between = distance[np.ix_(true, order[n, : len(true)])]
            values[n] = between[linear_sum_assignment(between)].mean()
    return values


def _closeness(label_vectors: np.ndarray) -> np.ndarray:
    vectors = label_vectors.astype(np.float64)
    closeness: np.ndarray = np.clip(vectors @ vectors.T, -1, 1)
    np.fill_diagonal(closeness, 1)
    return closeness


def _credit(is_true: np.ndarray, closeness: np.ndarray) -> np.ndarray:
    """Closeness of every mood (N, M) to the nearest true one of the album; nan for an album without moods."""
    credit = np.full(is_true.shape, -np.inf)
    for t, row in enumerate(closeness):
        albums = np.flatnonzero(is_true[:, t])
        credit[albums] = np.maximum(credit[albums], row)
    credit[~is_true.any(axis=1)] = np.nan
    return credit
