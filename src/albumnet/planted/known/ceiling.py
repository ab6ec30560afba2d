"""How close a model comes to the best that can be known: expected scores, and shares of the Bayes-optimal one."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from albumnet.metrics import MoodScores, score_moods
from albumnet.planted.known.probability import MoodTruth

if TYPE_CHECKING:
    from jaxtyping import Float, Int


@dataclass(frozen=True)
class CeilingShare:
    """A model's score in shares of the Bayes-optimal one.

    Attributes:
        of_score: model / bayes; nan where bayes is 0 or either is nan.
        of_gain: (model - prior) / (bayes - prior); nan where there is nothing to gain.
    """

    of_score: float
    of_gain: float


def share_of_ceiling(model: float, prior: float, bayes: float) -> CeilingShare:
    """Hold a model's score against that of a prior and that of the true probabilities, all of one metric.

    Shares may lie outside [0, 1]: a model can be worse than the prior, and above the ceiling by chance.
    """
    return CeilingShare(of_score=_ratio(model, bayes), of_gain=_ratio(model - prior, bayes - prior))


def expected_scores(
    truth: MoodTruth,
    scores: Float[np.ndarray, "n M"],
    *,
    rows: Int[np.ndarray, " n"],
    rng: np.random.Generator,
    n_draws: int = 20,
) -> MoodScores:
    """Mean scores of a ranking of some albums over many draws of their moods, their artists being new.

    Args:
        truth: Of the world.
        scores: One row per album of `rows`.
        rows: The albums, in general those of the test side.
        rng: Draws the moods; the same state gives the same moods, so that two rankings are compared on equal terms.
        n_draws: How often they are drawn.

    Returns:
        The mean of each score over the draws, nan draws left out; counts of moods are those of the last draw.
    """
    draws = [score_moods(truth.draw_target_of_new_artists(rows, rng=rng), scores) for _ in range(n_draws)]
    means = {
        name: _mean([getattr(draw, name) for draw in draws])
        for name in (field.name for field in fields(MoodScores))
        if name not in ("n_moods", "n_left_out")
    }
    return MoodScores(**means, n_moods=draws[-1].n_moods, n_left_out=draws[-1].n_left_out)


def bayes_scores(
    truth: MoodTruth, *, rows: Int[np.ndarray, " n"], rng: np.random.Generator, n_draws: int = 20
) -> MoodScores:
    """The ceiling: `expected_scores` of the true probabilities, the artists being new."""
    best = truth.probability_of_new_artist[rows]
    return expected_scores(truth, best, rows=rows, rng=rng, n_draws=n_draws)


def prior_scores(
    truth: MoodTruth, *, rows: Int[np.ndarray, " n"], rng: np.random.Generator, n_draws: int = 20
) -> MoodScores:
    """The floor: `expected_scores` of each mood's true frequency, the same for every album."""
    frequency = np.broadcast_to(truth.probability_of_new_artist.mean(axis=0), (len(rows), len(truth.mood_names)))
    return expected_scores(truth, frequency, rows=rows, rng=rng, n_draws=n_draws)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")


def _mean(values: list[float]) -> float:
    there = [value for value in values if not np.isnan(value)]
    return float(np.mean(there)) if there else float("nan")
