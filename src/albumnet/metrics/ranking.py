"""How well an album's scores rank its moods, a value per album: label-ranking AP, nDCG, precision and recall at k.

Notation: target (N, M) is 1 where album n has mood m, else 0; relevance (N, M) in [0, 1] says how strongly; scores
(N, M) are any numbers that grow with belief; k is how many moods are listed. Moods with equal scores have no order of
their own: what depends on one is the mean over all their orders, so a scorer that says nothing gets what chance gets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from albumnet.metrics.multilabel import divide_or_nan

if TYPE_CHECKING:
    from jaxtyping import Float, Int


def label_ranking_average_precision(
    target: Int[np.ndarray, "N M"], scores: Float[np.ndarray, "N M"]
) -> Float[np.ndarray, " N"]:
    """Of the moods that score at least as high as a true one, the share that is true; mean over the true ones.

    Returns:
        Values in (0, 1]; nan for an album without moods.

    Source:
        Schapire & Singer (2000), "BoosTexter", Machine Learning 39, 135-168, section 2; ties as in scikit-learn.
    """
    order, _, ends = _rank_moods(scores)
    is_true = np.take_along_axis(target, order, axis=1).astype(bool)
    n_true_above = np.take_along_axis(np.cumsum(is_true, axis=1), ends - 1, axis=1)
    return divide_or_nan((is_true * (n_true_above / ends)).sum(axis=1), is_true.sum(axis=1))


def ndcg(relevance: Float[np.ndarray, "N M"], scores: Float[np.ndarray, "N M"], *, k: int) -> Float[np.ndarray, " N"]:
    """Normalised discounted cumulative gain of the k highest moods: sum of relevance / log2(1 + rank) over its maximum.

    Returns:
        Values in [0, 1]; nan for an album whose relevance is 0 everywhere.

    Source:
        Järvelin & Kekäläinen (2002), "Cumulated gain-based evaluation of IR techniques", ACM TOIS 20(4), 422-446; ties
        as in McSherry & Najork (2008), "Computing information retrieval performance measures efficiently in the
        presence of tied scores", ECIR, 414-421.
    """
    n_moods = scores.shape[1]
    discount = np.where(np.arange(n_moods) < k, 1 / np.log2(np.arange(n_moods) + 2), 0)
    gain = (relevance * mean_over_orders(scores, discount)).sum(axis=1)
    best = np.sort(relevance, axis=1)[:, ::-1] @ discount
    return divide_or_nan(gain, best)


def precision_at_k(
    target: Int[np.ndarray, "N M"], scores: Float[np.ndarray, "N M"], *, k: int
) -> Float[np.ndarray, " N"]:
    """Share of the k highest moods that is true; a k above M is taken as M.

    Returns:
        Values in [0, 1]; nan for an album without moods, which no list could get right.

    Source:
        Manning, Raghavan & Schütze (2008), "Introduction to Information Retrieval", section 8.4; ties as in `ndcg`.
    """
    n_listed = min(k, scores.shape[1])
    hits = (target * listed_share(scores, k=k)).sum(axis=1)
    return divide_or_nan(hits, np.where(target.any(axis=1), n_listed, 0))


def recall_at_k(target: Int[np.ndarray, "N M"], scores: Float[np.ndarray, "N M"], *, k: int) -> Float[np.ndarray, " N"]:
    """Share of an album's moods that is among the k highest.

    An album with more than k moods cannot reach 1.

    Returns:
        Values in [0, 1]; nan for an album without moods.

    Source:
        As `precision_at_k`.
    """
    return divide_or_nan((target * listed_share(scores, k=k)).sum(axis=1), target.sum(axis=1))


def coverage_error(target: Int[np.ndarray, "N M"], scores: Float[np.ndarray, "N M"]) -> Float[np.ndarray, " N"]:
    """How many moods must be listed, from the highest down, to have listed every true one; equal scores come together.

    Returns:
        Counts in [1, M], at best the album's number of moods; nan for an album without moods.

    Source:
        Tsoumakas, Katakis & Vlahavas (2010), "Mining multi-label data", Data Mining and Knowledge Discovery Handbook,
        section 34.5, there less 1; ties as in scikit-learn.
    """
    is_true = target.astype(bool)
    lowest = np.where(is_true, scores, np.inf).min(axis=1, initial=np.inf)
    n_listed = (scores >= lowest[:, None]).sum(axis=1)
    return np.where(is_true.any(axis=1), n_listed, np.nan)


def listed_share(scores: Float[np.ndarray, "N M"], *, k: int) -> Float[np.ndarray, "N M"]:
    """The chance that a mood is among an album's k highest: 1 or 0, between them only where the k-th score is tied."""
    return mean_over_orders(scores, (np.arange(scores.shape[1]) < k).astype(np.float64))


def mean_over_orders(scores: Float[np.ndarray, "N M"], weights: Float[np.ndarray, " M"]) -> Float[np.ndarray, "N M"]:
    """The weight of each mood's rank, given the weight of every rank; tied moods get the mean over their ranks."""
    order, starts, ends = _rank_moods(scores)
    before = np.append(0, np.cumsum(weights))  # (M + 1): weight of the ranks above
    means = np.empty(scores.shape)
    np.put_along_axis(means, order, (before[ends] - before[starts]) / (ends - starts), axis=1)
    return means


def _rank_moods(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Moods from the highest down (N, M), and for each the ranks [start, end) that it shares with its equals."""
    order = np.argsort(scores, axis=1)[:, ::-1]
    ranked = np.take_along_axis(scores, order, axis=1)
    n_moods = scores.shape[1]
    rank = np.arange(n_moods)
    is_new = np.ones(scores.shape, dtype=bool)
    is_new[:, 1:] = ranked[:, 1:] != ranked[:, :-1]
    starts = np.maximum.accumulate(np.where(is_new, rank, 0), axis=1)
    is_last = np.ones(scores.shape, dtype=bool)
    is_last[:, :-1] = is_new[:, 1:]
    ends = np.minimum.accumulate(np.where(is_last, rank + 1, n_moods)[:, ::-1], axis=1)[:, ::-1]
    return order, starts, ends
