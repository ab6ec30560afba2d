"""From answers to numbers: who decided what, how far they agree, and how sure that is."""

from albumnet.study.analysis.decisions import (
    Party,
    choose_thresholds,
    party_of_model,
    party_of_rater,
    party_of_set,
)
from albumnet.study.analysis.findings import Contrast, Findings, PairFindings, analyse

__all__ = [
    "Contrast",
    "Findings",
    "PairFindings",
    "Party",
    "analyse",
    "choose_thresholds",
    "party_of_model",
    "party_of_rater",
    "party_of_set",
]
