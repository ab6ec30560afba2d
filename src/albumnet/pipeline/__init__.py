"""The order of the stages: album set -> features -> training -> scores -> predictions."""

from albumnet.pipeline.demo import DemoResult, demo
from albumnet.pipeline.drawing import draw_figures
from albumnet.pipeline.evaluating import evaluate
from albumnet.pipeline.folds import FoldResult, cross_validate
from albumnet.pipeline.mapping import find_or_make_map, make_map, write_atlas_of
from albumnet.pipeline.reporting import write_report
from albumnet.pipeline.scoring import compare_with_set, predict_albums, score
from albumnet.pipeline.studying import StudyReport, report_study
from albumnet.pipeline.training import ScoreRow, TrainingResult, read_scores, table_values, train, training_options

__all__ = [
    "DemoResult",
    "FoldResult",
    "ScoreRow",
    "StudyReport",
    "TrainingResult",
    "compare_with_set",
    "cross_validate",
    "demo",
    "draw_figures",
    "evaluate",
    "find_or_make_map",
    "make_map",
    "predict_albums",
    "read_scores",
    "report_study",
    "score",
    "table_values",
    "train",
    "training_options",
    "write_atlas_of",
    "write_report",
]
