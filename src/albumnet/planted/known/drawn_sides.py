"""Test sides drawn from a known world without end, and what a fixed predictor scores on all albums there could be.

The albums that there could be: artists drawn from those of a world, each with the covers, genres and years of that one
and with an effect of its own on the moods. Artists are independent of each other then, as the bootstrap over artists
takes them to be, and every album of the world is as likely as any other.

Notation: n albums of the world, M moods, p (n, M) the chance that an album by a new artist has a mood.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from albumnet.metrics import MoodScores
from albumnet.planted.known.probability import MoodTruth

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int


@dataclass(frozen=True)
class DrawnSide:
    """Albums to test predictors on.

    Attributes:
        rows: (n,) the album of the world that each one is like.
        artist: (n,) whose it is, numbered from 0: two artists drawn from the same one of the world are two.
        target: (n, M) True where it has the mood.
    """

    rows: Int[np.ndarray, " n"]
    artist: Int[np.ndarray, " n"]
    target: Bool[np.ndarray, "n M"]


def draw_test_side(
    truth: MoodTruth, *, rows: Int[np.ndarray, " N"], n_artists: int, rng: np.random.Generator
) -> DrawnSide:
    """Draw artists with replacement, each with all its albums among `rows` and an effect of its own.

    Args:
        truth: Of the world.
        rows: Albums of the world to draw from, in general those no predictor was trained on.
        n_artists: How many.
        rng: Settles everything.
    """
    by_artist = rows[np.argsort(truth.artist[rows], kind="stable")]
    _, starts, sizes = np.unique(truth.artist[by_artist], return_index=True, return_counts=True)
    drawn = rng.integers(len(starts), size=n_artists)
    albums_of = [by_artist[starts[a] : starts[a] + sizes[a]] for a in drawn]
    chosen, artist = np.concatenate(albums_of), np.repeat(np.arange(n_artists), sizes[drawn])
    return DrawnSide(chosen, artist, truth.draw_target_of_new_artists(chosen, artist=artist, rng=rng))


def score_without_end(probability: Float[np.ndarray, "n M"], scores: Float[np.ndarray, "n M"]) -> MoodScores:
    """What `score_moods` comes to on ever larger test sides, exactly: each album counts p as one with the mood.

    Args:
        probability: p, of the albums that are equally likely to be drawn.
        scores: Of the predictor, in the same order.
    """
    precisions, areas = (
        [score(probability[:, m], scores[:, m]) for m in range(scores.shape[1])]
        for score in (precision_without_end, area_without_end)
    )
    return MoodScores(
        macro_ap=float(np.mean(precisions)),
        micro_ap=precision_without_end(probability.ravel(), scores.ravel()),
        macro_roc_auc=float(np.mean(areas)),
        micro_roc_auc=area_without_end(probability.ravel(), scores.ravel()),
        n_moods=scores.shape[1],
        n_left_out=0,
    )


def precision_without_end(probability: Float[np.ndarray, " n"], scores: Float[np.ndarray, " n"]) -> float:
    """Average precision of one mood on ever larger test sides; equal scores are one step."""
    positive, everyone = _weight_per_step(probability, scores)
    precision = np.cumsum(positive) / np.cumsum(everyone)
    return float((positive * precision).sum() / positive.sum())


def area_without_end(probability: Float[np.ndarray, " n"], scores: Float[np.ndarray, " n"]) -> float:
    """Area under the ROC curve of one mood on ever larger test sides; ties count half."""
    positive, everyone = _weight_per_step(probability, scores)
    negative = everyone - positive
    below = negative.sum() - np.cumsum(negative)
    return float((positive * (below + negative / 2)).sum() / (positive.sum() * negative.sum()))


def _weight_per_step(probability: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each distinct score, highest first: expected positives, and albums."""
    _, step = np.unique(-scores, return_inverse=True)
    return np.bincount(step, weights=probability), np.bincount(step).astype(np.float64)
