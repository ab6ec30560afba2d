"""How well lists of albums found what a listener likes: recall, nDCG, reciprocal rank, coverage, popularity.

Notation: U users, N albums; scores (U, N) grow with belief; `liked` (U, N) is true for albums that were hidden and
liked; `is_candidate` (U, N) or (N,) for albums that may be listed; k is the length of a list. Every candidate is
ranked: there are no sampled negatives. Among candidates of equal score chance decides, by one order of albums for all
users, so that a scorer that says nothing gets what chance gets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from albumnet.metrics.multilabel import divide_or_nan

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int


@dataclass(frozen=True, eq=False)
class ListScores:
    """A value per user; nan for a user of whom nothing that can be listed was hidden.

    Attributes:
        recall: Share of the hidden liked albums that is among the `k_recall` first.
        ndcg: Of the `k_ndcg` first, binary gain.
        reciprocal_rank: 1 over the rank of the first liked album among all candidates.
        listed: Columns of the `k_recall` first albums, -1 where there were fewer candidates.
    """

    recall: Float[np.ndarray, " U"]
    ndcg: Float[np.ndarray, " U"]
    reciprocal_rank: Float[np.ndarray, " U"]
    listed: Int[np.ndarray, "U k"]


def score_lists(
    scores: Float[np.ndarray, "U N"],
    liked: Bool[np.ndarray, "U N"],
    *,
    is_candidate: Bool[np.ndarray, "... N"],
    rng: np.random.Generator,
    k_recall: int = 20,
    k_ndcg: int = 10,
) -> ListScores:
    """Score what each user's ranking of the candidates found.

    Args:
        scores: Finite numbers.
        liked: What is to be found; outside the candidates it does not count.
        is_candidate: What may be listed.
        rng: Decides among equal scores.
        k_recall: Length of the lists that recall is of, at least `k_ndcg`.
        k_ndcg: Length of the lists that nDCG is of.

    Source:
        Järvelin & Kekäläinen (2002), "Cumulated gain-based evaluation of IR techniques", ACM TOIS 20(4), 422-446;
        Krichene & Rendle (2020), "On Sampled Metrics for Item Recommendation", KDD (why no sampled negatives).
    """
    n_albums = scores.shape[1]
    order = rng.permutation(n_albums)
    masked = np.where(is_candidate, scores, -np.inf)[:, order]
    target = (liked & is_candidate)[:, order]
    n_liked = target.sum(axis=1)
    listed = top_columns(masked, k=k_recall)
    hits = np.take_along_axis(target, np.maximum(listed, 0), axis=1) & (listed >= 0)
    gain = hits[:, :k_ndcg] @ (1 / np.log2(np.arange(2, hits[:, :k_ndcg].shape[1] + 2)))
    best = np.append(0, np.cumsum(1 / np.log2(np.arange(2, k_ndcg + 2))))[np.minimum(n_liked, k_ndcg)]
    return ListScores(
        recall=divide_or_nan(hits.sum(axis=1).astype(np.float64), n_liked.astype(np.float64)),
        ndcg=divide_or_nan(gain, best),
        reciprocal_rank=np.where(n_liked > 0, 1 / _first_rank(masked, target), np.nan),
        listed=np.where(listed >= 0, order[np.maximum(listed, 0)], -1),
    )


def top_columns(scores: Float[np.ndarray, "U N"], *, k: int) -> Int[np.ndarray, "U k"]:
    """Columns of the k highest scores of each row, highest first; -1 where fewer than k are above minus infinity.

    Of equal scores the lower column comes first within the list; which of those equal to the k-th are in it is open.
    """
    k = min(k, scores.shape[1])
    if k == 0:
        return np.empty((len(scores), 0), dtype=np.int64)
    if k < scores.shape[1]:
        found = np.sort(np.argpartition(-scores, k - 1, axis=1)[:, :k], axis=1)
    else:
        found = np.broadcast_to(np.arange(k), (len(scores), k))
    values = np.take_along_axis(scores, found, axis=1)
    by_score = np.argsort(-values, axis=1, kind="stable")
    columns = np.take_along_axis(found, by_score, axis=1)
    return np.where(np.take_along_axis(values, by_score, axis=1) > -np.inf, columns, -1)


def catalogue_coverage(listed: Int[np.ndarray, "U k"], *, n_candidates: int) -> float:
    """Share of the candidates that is in anyone's list; nan without candidates."""
    return len(np.unique(listed[listed >= 0])) / n_candidates if n_candidates else float("nan")


def popularity_bias(
    listed: Int[np.ndarray, "U k"], liked: Bool[np.ndarray, "U N"], *, n_listeners: Int[np.ndarray, " N"]
) -> float:
    """Mean listeners of the albums listed over those of the albums that the same users like: 1 is no bias.

    Args:
        listed: Columns of the albums listed for each user, -1 for none.
        liked: The hidden albums that each user likes; a user without any is left out.
        n_listeners: Of each album, hidden interactions counted too.

    Returns:
        A ratio of at least 0; nan where nobody likes or is shown anything.

    Source:
        Abdollahpouri et al. (2019), "The Unfairness of Popularity Bias in Recommendation", RMSE workshop (the ratio of
        group average popularities, there as a relative difference).
    """
    has = liked.any(axis=1) & (listed >= 0).any(axis=1)
    if not has.any():
        return float("nan")
    shown = (
        np.where(listed >= 0, n_listeners[np.maximum(listed, 0)], 0).sum(axis=1)[has] / (listed >= 0).sum(axis=1)[has]
    )
    own = (liked @ n_listeners.astype(np.float64))[has] / liked.sum(axis=1)[has]
    return float(shown.mean() / own.mean()) if own.mean() > 0 else float("nan")


def _first_rank(masked: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Rank from 1 of each row's first target, columns of equal score in their order."""
    best = np.where(target, masked, -np.inf).max(axis=1, initial=-np.inf)
    is_best = target & (masked == best[:, None])
    first = is_best.argmax(axis=1)
    before = (masked == best[:, None]) & (np.arange(masked.shape[1]) < first[:, None])
    rank: np.ndarray = 1 + (masked > best[:, None]).sum(axis=1) + before.sum(axis=1)
    return rank
