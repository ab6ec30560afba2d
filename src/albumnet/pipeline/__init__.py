"""The order of the stages: album set -> features -> training -> scores -> predictions."""

from albumnet.pipeline.demo import DemoResult, demo
from albumnet.pipeline.evaluating import evaluate
from albumnet.pipeline.explaining.changes import change_cover
from albumnet.pipeline.explaining.covers import (
    describe,
    explain_covers,
    has_earned_belief,
    method_title,
    write_explanation,
)
from albumnet.pipeline.explaining.seeing import draw_filters, see_covers, see_set
from albumnet.pipeline.explaining.sets import explain_set
from albumnet.pipeline.folds import FoldResult, cross_validate
from albumnet.pipeline.reporting import write_report
from albumnet.pipeline.scoring import compare_with_set, predict_albums, score
from albumnet.pipeline.training import ScoreRow, TrainingResult, read_scores, table_values, train, training_options

__all__ = [
    "DemoResult",
    "FoldResult",
    "ScoreRow",
    "TrainingResult",
    "change_cover",
    "compare_with_set",
    "cross_validate",
    "demo",
    "describe",
    "draw_filters",
    "evaluate",
    "explain_covers",
    "explain_set",
    "has_earned_belief",
    "method_title",
    "predict_albums",
    "read_scores",
    "score",
    "see_covers",
    "see_set",
    "table_values",
    "train",
    "training_options",
    "write_explanation",
    "write_report",
]
