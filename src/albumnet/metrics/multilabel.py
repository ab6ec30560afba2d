"""How well scores rank albums per mood: average precision and area under the ROC curve, macro and micro.

Notation: target (N, M) is 1 where album n has mood m, else 0; scores (N, M) are any numbers that grow with belief.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float, Int


@dataclass(frozen=True)
class MoodScores:
    """Scores of one set of predictions.

    Attributes:
        macro_ap: Mean over moods of average precision, in (0, 1]; nan where no mood is left.
        micro_ap: Average precision of all (album, mood) pairs in one ranking; nan likewise.
        macro_roc_auc: Mean over moods of the area under the ROC curve, in [0, 1], 0.5 by chance; nan likewise.
        micro_roc_auc: The same of all pairs in one ranking; nan likewise.
        n_moods: Moods that all four are over.
        n_left_out: Moods left out, for want of an album that has them or of one that has not.
    """

    macro_ap: float
    micro_ap: float
    macro_roc_auc: float
    micro_roc_auc: float
    n_moods: int
    n_left_out: int


def score_moods(target: Int[np.ndarray, "N M"], scores: Float[np.ndarray, "N M"]) -> MoodScores:
    """Score predictions over the moods that have both an album with them and one without."""
    n_moods = target.shape[1]
    kept = np.flatnonzero(_has_both(target))
    target, scores = target[:, kept], scores[:, kept]
    return MoodScores(
        macro_ap=_mean(average_precisions(target, scores)),
        micro_ap=average_precision(target.ravel(), scores.ravel()),
        macro_roc_auc=_mean(roc_aucs(target, scores)),
        micro_roc_auc=roc_auc(target.ravel(), scores.ravel()),
        n_moods=len(kept),
        n_left_out=n_moods - len(kept),
    )


def average_precisions(target: Int[np.ndarray, "N M"], scores: Float[np.ndarray, "N M"]) -> Float[np.ndarray, " M"]:
    """Average precision of each mood; nan for those that `score_moods` leaves out, so its mean is the macro AP."""
    return _per_mood(average_precision, target, scores)


def roc_aucs(target: Int[np.ndarray, "N M"], scores: Float[np.ndarray, "N M"]) -> Float[np.ndarray, " M"]:
    """Area under the ROC curve of each mood; nan for those that `score_moods` leaves out."""
    return _per_mood(roc_auc, target, scores)


def lifts_over_prior(target: Int[np.ndarray, "N M"], scores: Float[np.ndarray, "N M"]) -> Float[np.ndarray, " M"]:
    """How many times the average precision of each mood is that of scores that say nothing: its share of the albums.

    Returns:
        Values above 0: 1 for equal scores, one over the share at best; nan for moods that `score_moods` leaves out.
    """
    shares = target.sum(axis=0) / max(len(target), 1)
    precisions = average_precisions(target, scores)
    return divide_or_nan(precisions, shares)


def thirds_of_frequency(positives: Int[np.ndarray, " M"]) -> Int[np.ndarray, " M"]:
    """The third of the moods that each belongs to by frequency: 0 rare, 1 middle, 2 common.

    Where M is no multiple of 3 the rarer thirds are the larger; of equally frequent moods the first counts as rarer.

    Args:
        positives: Number of albums that have each mood. Take that of the training albums to compare test sets.
    """
    rank = np.empty(len(positives), dtype=np.int64)
    rank[np.argsort(positives, kind="stable")] = np.arange(len(positives))
    return rank * 3 // max(len(positives), 1)


def average_precision(target: Int[np.ndarray, " N"], scores: Float[np.ndarray, " N"]) -> float:
    """Precision at each distinct score, weighted by the recall gained there: sum over k of (R_k - R_{k-1}) P_k.

    Equal scores are one step, so the order of rows does not matter.

    Returns:
        A value in (0, 1]; nan where there is no positive.

    Source:
        Manning, Raghavan & Schütze (2008), "Introduction to Information Retrieval", section 8.4, without interpolation.
    """
    n_positive = int(target.sum())
    if n_positive == 0:
        return float("nan")
    order = np.argsort(scores)[::-1]
    ranked = scores[order]
    step_ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    true_positives = np.cumsum(target[order], dtype=np.int64)[step_ends]
    precision = true_positives / (step_ends + 1)
    return float(np.sum(np.diff(true_positives, prepend=0) * precision) / n_positive)


def roc_auc(target: Int[np.ndarray, " N"], scores: Float[np.ndarray, " N"]) -> float:
    """Chance that a positive scores above a negative, ties counting half.

    Returns:
        A value in [0, 1]; nan where there is no positive or no negative.

    Source:
        Hanley & McNeil (1982), "The meaning and use of the area under a ROC curve", Radiology 143(1), 29-36.
    """
    n_positive = int(target.sum())
    n_negative = len(target) - n_positive
    if n_positive == 0 or n_negative == 0:
        return float("nan")
    _, step, per_step = np.unique(scores, return_inverse=True, return_counts=True)
    mean_rank = np.cumsum(per_step) - (per_step - 1) / 2
    rank_sum = float(mean_rank[step][target.astype(bool)].sum())
    return (rank_sum - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative)


def divide_or_nan(numerator: Float[np.ndarray, " K"], denominator: Float[np.ndarray, " K"]) -> Float[np.ndarray, " K"]:
    """Element by element; nan where the denominator is 0, without a warning."""
    quotient: np.ndarray = np.divide(numerator, denominator, out=np.full(len(numerator), np.nan), where=denominator > 0)
    return quotient


def _per_mood(metric: Callable[[np.ndarray, np.ndarray], float], target: np.ndarray, scores: np.ndarray) -> np.ndarray:
    has_both = _has_both(target)
    return np.array(
        [metric(target[:, m], scores[:, m]) if has_both[m] else np.nan for m in range(target.shape[1])], dtype=float
    )


def _has_both(target: np.ndarray) -> np.ndarray:
    """Whether a mood (M,) has both an album with it and one without."""
    positives = target.sum(axis=0)
    has_both: np.ndarray = (positives > 0) & (positives < len(target))
    return has_both


def _mean(values: np.ndarray) -> float:
    return float(np.mean(values)) if len(values) else float("nan")
