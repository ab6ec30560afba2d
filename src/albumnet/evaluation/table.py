"""The score table: every predictor's metrics with intervals over artists, and its differences to the others, paired.

Notation: N albums, M moods, E numbers per label vector, R resamples, G artists.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from albumnet.errors import PredictionsError
from albumnet.metrics import (
    ClusterResamples,
    Estimate,
    ResampledScores,
    average_precisions,
    average_precisions_of_all_albums,
    coverage_error,
    draw_resamples,
    holm,
    interval,
    label_ranking_average_precision,
    lifts_over_prior,
    mood_set_distance,
    ndcg,
    p_value,
    precision_at_k,
    recall_at_k,
    resample_mean,
    resample_moods,
    roc_aucs,
    score_interval,
    score_moods,
    semantic_precision_at_k,
    thirds_of_frequency,
)

if TYPE_CHECKING:
    from jaxtyping import Float, Int

K = 5
THIRDS = ("rare", "middle", "common")
# What differences are tested on; Holm's correction runs over all of them.
TESTED_METRICS = ("macro_ap", "macro_roc_auc")
# Metrics whose values may lie outside [0, 1].
_BEYOND_UNIT = {"macro_lift", "coverage_error", f"semantic_precision_at_{K}", "mood_set_distance"}


@dataclass(frozen=True)
class Row:
    """One predictor's scores.

    Attributes:
        name: Of the predictor ("model", "prior", "metadata", …).
        title: As the table calls it.
        scores: Metric -> estimate.
    """

    name: str
    title: str
    scores: Mapping[str, Estimate]


@dataclass(frozen=True)
class Difference:
    """How much the first predictor is ahead of the second in one metric, on the same resamples.

    Attributes:
        first, second: Names of rows.
        metric: Which.
        difference: First minus second.
        p: Two-sided, of no difference.
        p_holm: The same, corrected for all differences of the table.
    """

    first: str
    second: str
    metric: str
    difference: Estimate
    p: float
    p_holm: float


@dataclass(frozen=True)
class MoodRow:
    """One mood under one predictor: albums that have it, average precision and ROC-AUC, and how rare it is."""

    mood: str
    n_albums: int
    third: str
    average_precision: Estimate
    roc_auc: Estimate
    lift: float


@dataclass(frozen=True)
class ScoreTable:
    """All that was measured on one side.

    Attributes:
        n_albums: N.
        n_artists: G, groups that were resampled.
        n_moods: Moods that every metric over moods is about.
        left_out_moods: Moods without an album that has them, or without one that has not.
        n_resamples: R.
        rows: The model first.
        differences: The model against every other row.
        moods: Of the model, commonest first.
    """

    n_albums: int
    n_artists: int
    n_moods: int
    left_out_moods: tuple[str, ...]
    n_resamples: int
    rows: tuple[Row, ...]
    differences: tuple[Difference, ...]
    moods: tuple[MoodRow, ...] = field(repr=False)

    def row(self, name: str) -> Row:
        """A row by name.

        Raises:
            KeyError: If there is none.
        """
        return {row.name: row for row in self.rows}[name]

    def difference(self, second: str, metric: str) -> Difference | None:
        """The model against another row in one metric; None where that was not compared."""
        return next((d for d in self.differences if (d.second, d.metric) == (second, metric)), None)


@dataclass(frozen=True)
class Truth:
    """What predictions are compared with.

    Attributes:
        moods: M names.
        target: (N, M) 0 or 1.
        relevance: (N, M) in [0, 1], graded by rank.
        artists: (N,) group of each album, equal for albums of one artist.
        train_counts: (M,) training albums that carry each mood; decides which third a mood is in.
        label_vectors: (M, E) unit vectors of the moods; None where they have none, which leaves semantic metrics out.
    """

    moods: tuple[str, ...]
    target: Int[np.ndarray, "N M"]
    relevance: Float[np.ndarray, "N M"]
    artists: Int[np.ndarray, " N"]
    train_counts: Int[np.ndarray, " M"]
    label_vectors: Float[np.ndarray, "M E"] | None


def check_truth(truth: Truth) -> Int[np.ndarray, " K"]:
    """Find the K moods that can be scored: those that some of the albums have and others have not.

    Raises:
        PredictionsError: If there is none, or the albums are by one artist, so that no interval can be told.
    """
    positives = truth.target.sum(axis=0, dtype=np.int64)
    kept = np.flatnonzero((positives > 0) & (positives < len(truth.target)))
    if not len(kept):
        raise PredictionsError(
            f"none of the {len(truth.moods)} moods is on some of the {len(truth.target)} albums and missing on others, "
            "so nothing can be scored; evaluate on a larger set"
        )
    if len(np.unique(truth.artists)) < 2:
        raise PredictionsError(
            f"the {len(truth.artists):,} albums are by one artist, and intervals need at least two; evaluate on a set "
            "with more artists"
        )
    return kept


def make_score_table(
    truth: Truth,
    predictions: Mapping[str, tuple[str, Float[np.ndarray, "N M"]]],
    *,
    n_resamples: int = 1000,
    rng: np.random.Generator,
    advance: Callable[[int], None] = lambda _: None,
) -> ScoreTable:
    """Score predictors on the same albums and the same resamples of artists.

    Args:
        truth: What they should have said.
        predictions: Name -> (title, probabilities); the first is the model, which the others are compared with.
        n_resamples: R, at least 2.
        rng: Draws the resamples.
        advance: Called with how many predictors are done.

    Raises:
        PredictionsError: If scores are not finite, no mood can be scored, or there is but one artist.
    """
    kept = check_truth(truth)
    for name, (_, scores) in predictions.items():
        if not np.isfinite(scores).all():
            raise PredictionsError(f"the predictions of {name!r} hold nan or infinity; make them again")
    resamples = draw_resamples(truth.artists, n_resamples=n_resamples, rng=rng)
    measured: dict[str, Measured] = {}
    moods: tuple[MoodRow, ...] = ()
    for n, (name, (_, scores)) in enumerate(predictions.items(), start=1):
        resampled = resample_moods(truth.target, scores, resamples)
        measured[name] = _measure(truth, scores, resamples, resampled)
        # Only the model's, which comes first: a row per mood and predictor is more than anyone reads.
        moods = moods or _score_each_mood(truth, scores, resampled, n_artists=resamples.n_groups)
        advance(n)
    rows = tuple(
        Row(
            name,
            title,
            {
                metric: _estimate(metric, point, resampled, n_artists=resamples.n_groups)
                for metric, (point, resampled) in measured[name].items()
            },
        )
        for name, (title, _) in predictions.items()
    )
    return ScoreTable(
        n_albums=len(truth.target),
        n_artists=resamples.n_groups,
        n_moods=len(kept),
        left_out_moods=tuple(mood for m, mood in enumerate(truth.moods) if m not in set(kept)),
        n_resamples=n_resamples,
        rows=rows,
        differences=_compare(next(iter(predictions)), measured, n_groups=resamples.n_groups),
        moods=moods,
    )


def _estimate(metric: str, point: float, resampled: np.ndarray, *, n_artists: int) -> Estimate:
    ends = interval if metric in _BEYOND_UNIT else score_interval
    return Estimate(point, *ends(point, resampled, n_groups=n_artists))


# Metric -> (score of the albums themselves, the same on each resample).
Measured = dict[str, tuple[float, "Float[np.ndarray, ' R']"]]


def _measure(truth: Truth, scores: np.ndarray, resamples: ClusterResamples, resampled: ResampledScores) -> Measured:
    points = score_moods(truth.target, scores)
    measured: Measured = {
        metric: (getattr(points, metric), getattr(resampled, metric))
        for metric in ("macro_ap", "macro_roc_auc", "micro_ap", "micro_roc_auc")
    }
    # Centred on the estimate; it spreads as the plain score does.
    of_all = average_precisions_of_all_albums(truth.target, scores, artists=resamples.groups)
    measured["macro_ap_of_all_albums"] = _mean_or_nan(of_all), resampled.macro_ap
    precisions, lifts = average_precisions(truth.target, scores), lifts_over_prior(truth.target, scores)
    shares = truth.target.mean(axis=0)
    third_of = thirds_of_frequency(truth.train_counts)
    for third, name in enumerate(THIRDS):
        chosen = np.flatnonzero((third_of == third) & ~np.isnan(precisions))
        if len(chosen):
            measured[f"macro_ap_{name}"] = _mean_of(precisions, resampled.average_precisions, chosen)
    chosen = np.flatnonzero(~np.isnan(lifts))
    resampled_lifts = resampled.average_precisions / np.where(shares > 0, shares, np.nan)
    measured["macro_lift"] = _mean_of(lifts, resampled_lifts, chosen)
    for metric, values in _per_album(truth, scores).items():
        measured[metric] = _mean_or_nan(values), resample_mean(values, resamples)
    return measured


def _mean_of(values: np.ndarray, resampled: np.ndarray, chosen: np.ndarray) -> tuple[float, np.ndarray]:
    """Mean over chosen moods, and the same on each resample over those that it keeps."""
    part = resampled[:, chosen]
    n_kept = (~np.isnan(part)).sum(axis=1)
    means = np.divide(np.nansum(part, axis=1), n_kept, out=np.full(len(part), np.nan), where=n_kept > 0)
    return float(values[chosen].mean()), means


def _per_album(truth: Truth, scores: np.ndarray) -> dict[str, np.ndarray]:
    values = {
        "label_ranking_ap": label_ranking_average_precision(truth.target, scores),
        f"ndcg_at_{K}": ndcg(truth.relevance, scores, k=K),
        f"precision_at_{K}": precision_at_k(truth.target, scores, k=K),
        f"recall_at_{K}": recall_at_k(truth.target, scores, k=K),
        "coverage_error": coverage_error(truth.target, scores),
    }
    if truth.label_vectors is not None:
        vectors = truth.label_vectors
        values[f"semantic_precision_at_{K}"] = semantic_precision_at_k(truth.target, scores, label_vectors=vectors, k=K)
        values["mood_set_distance"] = mood_set_distance(truth.target, scores, label_vectors=vectors)
    return values


def _mean_or_nan(values: np.ndarray) -> float:
    return float(np.nanmean(values)) if not np.isnan(values).all() else float("nan")


def _compare(model: str, measured: Mapping[str, Measured], *, n_groups: int) -> tuple[Difference, ...]:
    pairs = [(other, metric) for other in measured if other != model for metric in measured[model]]
    differences = []
    for other, metric in pairs:
        (first_point, first_resampled), (point, resampled) = measured[model][metric], measured[other][metric]
        point, resampled = first_point - point, first_resampled - resampled
        estimate = Estimate(point, *interval(point, resampled, n_groups=n_groups))
        differences.append((other, metric, estimate, p_value(point, resampled, n_groups=n_groups)))
    tested = [n for n, (_, metric, _, _) in enumerate(differences) if metric in TESTED_METRICS]
    corrected = np.full(len(differences), np.nan)
    corrected[tested] = holm(np.array([differences[n][3] for n in tested]))
    return tuple(
        Difference(model, other, metric, estimate, p, float(p_holm))
        for (other, metric, estimate, p), p_holm in zip(differences, corrected, strict=True)
    )


def _score_each_mood(
    truth: Truth, scores: np.ndarray, resampled: ResampledScores, *, n_artists: int
) -> tuple[MoodRow, ...]:
    precisions, areas = average_precisions(truth.target, scores), roc_aucs(truth.target, scores)
    lifts, third_of = lifts_over_prior(truth.target, scores), thirds_of_frequency(truth.train_counts)
    positives = truth.target.sum(axis=0, dtype=np.int64)

    def estimate(values: np.ndarray, of_resamples: np.ndarray, m: int) -> Estimate:
        return _estimate("", float(values[m]), of_resamples[:, m], n_artists=n_artists)

    return tuple(
        MoodRow(
            mood=truth.moods[m],
            n_albums=int(positives[m]),
            third=THIRDS[third_of[m]],
            average_precision=estimate(precisions, resampled.average_precisions, m),
            roc_auc=estimate(areas, resampled.roc_aucs, m),
            lift=float(lifts[m]),
        )
        for m in sorted(range(len(truth.moods)), key=lambda m: (-positives[m], truth.moods[m]))
    )


def metric_titles(metrics: Sequence[str]) -> dict[str, str]:
    """Metric -> as a table calls it."""
    words = {"ap": "AP", "roc": "ROC", "auc": "AUC", "ndcg": "nDCG", "at": "@"}
    return {
        metric: " ".join(words.get(word, word) for word in metric.split("_"))
        .replace("ROC AUC", "ROC-AUC")
        .replace(" @ ", "@")
        for metric in metrics
    }
