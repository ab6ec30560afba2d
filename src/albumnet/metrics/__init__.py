"""Numbers about predictions: arrays in, numbers out; undefined is nan and counted, never 0."""

from albumnet.metrics.multilabel import MoodScores, average_precision, roc_auc, score_moods

__all__ = ["MoodScores", "average_precision", "roc_auc", "score_moods"]
