"""The conclusion follows from the numbers, whichever way they point."""

import numpy as np
import pytest

from albumnet.evaluation import Collapse, ScoreTable, conclude
from albumnet.evaluation.leaks import LeakAlarm
from albumnet.evaluation.table import Difference
from albumnet.metrics import Estimate


def table(p_holm=0.01, **differences):
    """A table whose model is ahead of each named row by (value, low, high)."""
    found = tuple(
        Difference("model", second.replace("_", " "), "macro_roc_auc", Estimate(*ends), 0.01, p_holm)
        for second, ends in differences.items()
    )
    return ScoreTable(100, 40, 20, (), 1000, (), found, ())


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        (
            (0.012, 0.003, 0.021),
            "The cover adds +0.012 macro ROC-AUC (95 % interval +0.003 to +0.021) to genre and year.",
        ),
        ((0.004, -0.006, 0.014), "No evidence that the cover adds to genre and year: +0.004 macro ROC-AUC"),
        ((-0.02, -0.03, -0.01), "The model falls behind where it was to be ahead, -0.020 macro ROC-AUC"),
        ((0.0, np.nan, np.nan), "No evidence that the cover adds to genre and year"),
    ],
)
def test_does_the_cover_add_anything_is_answered_by_the_interval(ends, said):
    first, *_ = conclude(table(metadata=ends), uses_cover=True, uses_metadata=True)
    assert first.startswith(said)


def test_a_cover_model_is_held_against_chance():
    first, *_ = conclude(
        table(prior=(0.1, 0.05, 0.15), metadata=(-0.1, -0.2, -0.05)), uses_cover=True, uses_metadata=False
    )
    assert first.startswith("The cover gives +0.100 macro ROC-AUC")
    assert "over chance" in first


def test_shuffled_covers_and_moods_are_told_of():
    said = conclude(
        table(shuffled_covers=(0.01, -0.01, 0.03), shuffled_moods=(0.2, 0.1, 0.3)), uses_cover=True, uses_metadata=True
    )
    assert said[0].startswith("No evidence that it matters whose cover it is")
    assert said[1].startswith("The true moods in training add +0.200")


def test_a_leak_comes_first():
    alarms = [
        LeakAlarm("artists", 0, float("nan"), False, (), "fine"),
        LeakAlarm("covers", 3, 0.001, True, (), "3 covers"),
    ]
    said = conclude(table(prior=(0.1, 0.05, 0.15)), uses_cover=True, uses_metadata=False, alarms=alarms)
    assert said[0] == "LEAK: 3 covers"
    assert not any("fine" in sentence for sentence in said)


@pytest.mark.parametrize(("ratio", "said"), [(0.2, "have collapsed"), (0.9, "have 90 % of the spread")])
def test_collapse_is_called_by_its_name_only_where_it_is_one(ratio, said):
    collapse = Collapse(0.1, 0.5, ratio, 3.0, 1.0, 0.8, 0.4)
    assert said in conclude(table(), uses_cover=True, uses_metadata=True, collapse=collapse)[-1]


def test_an_interval_without_zero_that_does_not_survive_correction_is_weak_evidence():
    first, *_ = conclude(table(p_holm=0.1, metadata=(0.01, 0.001, 0.02)), uses_cover=True, uses_metadata=True)
    assert first.startswith("Weak evidence, gone once the whole table is corrected for (p = 0.10), that the cover adds")
