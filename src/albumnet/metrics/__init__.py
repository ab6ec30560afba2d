"""Numbers about predictions: arrays in, numbers out; undefined is nan and counted, never 0."""

from albumnet.metrics.all_albums import average_precision_of_all_albums, average_precisions_of_all_albums
from albumnet.metrics.bootstrap import ClusterResamples, ResampledScores, draw_resamples, resample_mean, resample_moods
from albumnet.metrics.calibration import (
    ReliabilityCurve,
    brier_score,
    brier_scores,
    expected_calibration_error,
    expected_calibration_errors,
    reliability_curve,
)
from albumnet.metrics.intervals import Estimate, holm, interval, on_log_scale, p_value, score_interval
from albumnet.metrics.layouts import neighbour_scores
from albumnet.metrics.multilabel import (
    MoodScores,
    average_precision,
    average_precisions,
    lifts_over_prior,
    roc_auc,
    roc_aucs,
    score_moods,
    thirds_of_frequency,
)
from albumnet.metrics.ranking import (
    coverage_error,
    label_ranking_average_precision,
    ndcg,
    precision_at_k,
    recall_at_k,
)
from albumnet.metrics.semantic import mood_set_distance, semantic_precision_at_k

__all__ = [
    "ClusterResamples",
    "Estimate",
    "MoodScores",
    "ReliabilityCurve",
    "ResampledScores",
    "average_precision",
    "average_precision_of_all_albums",
    "average_precisions",
    "average_precisions_of_all_albums",
    "brier_score",
    "brier_scores",
    "coverage_error",
    "draw_resamples",
    "expected_calibration_error",
    "expected_calibration_errors",
    "holm",
    "interval",
    "label_ranking_average_precision",
    "lifts_over_prior",
    "mood_set_distance",
    "ndcg",
    "neighbour_scores",
    "on_log_scale",
    "p_value",
    "precision_at_k",
    "recall_at_k",
    "reliability_curve",
    "resample_mean",
    "resample_moods",
    "roc_auc",
    "roc_aucs",
    "score_interval",
    "score_moods",
    "semantic_precision_at_k",
    "thirds_of_frequency",
]
