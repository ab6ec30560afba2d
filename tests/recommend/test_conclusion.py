"""The last line, from numbers alone."""

import pytest

from albumnet.metrics import Estimate
from albumnet.recommend.conclusion import conclude, verdict
from albumnet.recommend.evaluation import Comparison, ScenarioResult


def comparison(first, second, value, *, users=0.01, folds=0.02, p=0.001):
    return Comparison(
        first, second, "it helps", Estimate(value, value - users, value + users),
        Estimate(value, value - folds, value + folds), p,
    )  # fmt: skip


def result(*comparisons, scenario="cold albums"):
    return ScenarioResult(scenario, 10, 5, 2.0, (), comparisons)


COVER = ("hybrid", "hybrid_permuted")
METADATA = ("hybrid_genre_year", "hybrid_nothing")


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (comparison(*COVER, 0.05), "helps"),
        (comparison(*COVER, 0.05, p=0.2), "may help"),
        (comparison(*COVER, 0.05, folds=0.1), "may help"),
        (comparison(*COVER, 0.005), "no evidence"),
        (comparison(*COVER, -0.05), "hurts"),
        (comparison(*COVER, -0.05, folds=0.1), "no evidence"),
    ],
)
def test_verdicts(found, said):
    assert verdict(found) == said


def test_both_helped():
    last = conclude([result(comparison(*COVER, 0.05), comparison(*METADATA, 0.1))])[-1]
    assert "The COVER helped, nDCG@10 +0.050" in last
    assert "the METADATA (genre, year) helped, nDCG@10 +0.100" in last


def test_neither_helped():
    last = conclude([result(comparison(*COVER, 0.0), comparison(*METADATA, 0.0))])[-1]
    assert last.startswith("Neither surely helped.")


def test_a_model_without_the_cover_is_said_to_be_one():
    assert "The cover was not looked at" in conclude([result(comparison(*METADATA, 0.1))])[-1]


def test_warm_alone_is_about_warm_albums():
    found = comparison(*COVER, 0.05), comparison(*METADATA, 0.1)
    assert "For warm albums" in conclude([result(*found, scenario="warm")])[-1]
