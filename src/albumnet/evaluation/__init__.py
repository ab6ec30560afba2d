"""What a model is worth: scores with intervals beside the baselines, collapse, calibration, leaks, and a conclusion."""

from albumnet.evaluation.collapse import Collapse, measure_collapse
from albumnet.evaluation.conclusion import conclude
from albumnet.evaluation.reliability import Reliability, measure_reliability
from albumnet.evaluation.result import Evaluation, write_evaluation
from albumnet.evaluation.table import Estimate, ScoreTable, Truth, make_score_table, metric_titles

__all__ = [
    "Collapse",
    "Estimate",
    "Evaluation",
    "Reliability",
    "ScoreTable",
    "Truth",
    "conclude",
    "make_score_table",
    "measure_collapse",
    "measure_reliability",
    "metric_titles",
    "write_evaluation",
]
