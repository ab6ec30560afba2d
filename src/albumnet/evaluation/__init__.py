"""What a model is worth: scores with intervals beside the baselines, collapse, calibration, leaks, and a conclusion."""

from albumnet.evaluation.collapse import Collapse, measure_collapse
from albumnet.evaluation.conclusion import conclude
from albumnet.evaluation.coverage import SetCoverage, measure_coverage
from albumnet.evaluation.reliability import Reliability, measure_reliability
from albumnet.evaluation.result import Evaluation, write_evaluation
from albumnet.evaluation.table import ScoreTable, Truth, check_truth, make_score_table, metric_titles

__all__ = [
    "Collapse",
    "Evaluation",
    "Reliability",
    "ScoreTable",
    "SetCoverage",
    "Truth",
    "check_truth",
    "conclude",
    "make_score_table",
    "measure_collapse",
    "measure_coverage",
    "measure_reliability",
    "metric_titles",
    "write_evaluation",
]
