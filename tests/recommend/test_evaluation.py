"""Planted listeners: the cover helps where taste goes by mood, and nowhere else; and the last line says so."""

import numpy as np
import pytest

from albumnet.metrics.recommendation import score_lists
from albumnet.recommend import evaluation as module
from albumnet.recommend import tuning
from albumnet.recommend.conclusion import conclude
from albumnet.recommend.evaluation import evaluate_recommenders, over_folds
from albumnet.recommend.recommenders import AlsOptions
from albumnet.recommend.scenarios import deal_folds
from listeners_world import ARTISTS, make_contents, make_listeners

N_FOLDS = 3
SHOWN = ("hybrid", "hybrid_genre_year", "als", "same_artist", "hybrid_permuted", "hybrid_nothing", "chance")


@pytest.fixture(scope="module", autouse=True)
def few_trials():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tuning, "ALS_GRID", ((8, 2.0, 0.1), (16, 8.0, 1.0)))
        patch.setattr(tuning.tune_als, "__kwdefaults__", {"grid": ((8, 2.0, 0.1), (16, 8.0, 1.0))})
        patch.setattr(module, "ROWS", tuple(row for row in module.ROWS if row.name in SHOWN))
        yield


def evaluate(shares, scenarios=("cold albums",)):
    interactions, listeners, moods = make_listeners(shares)
    results = evaluate_recommenders(
        interactions, make_contents(moods), artists=ARTISTS, artist_groups=ARTISTS, n_folds=N_FOLDS, n_resamples=200,
        scenarios=scenarios, als=AlsOptions(n_iterations=8, n_threads=1),
    )  # fmt: skip
    return results, interactions, listeners


@pytest.fixture(scope="module")
def by_mood():
    return evaluate({"mood": 1.0}, ("warm", "cold albums", "cold artists"))


def ndcg(result, name):
    return result.row(name).scores["ndcg_at_10"].value


def test_where_taste_goes_by_mood_the_cover_helps_on_cold_albums_and_artists(by_mood):
    for result in by_mood[0][1:]:
        assert result.comparison("hybrid", "hybrid_permuted").difference.low > 0.1
        assert ndcg(result, "hybrid_permuted") == pytest.approx(ndcg(result, "chance"), abs=0.06)


def test_the_hybrid_comes_near_the_planted_optimum(by_mood):
    results, interactions, listeners = by_mood
    folds = deal_folds("cold albums", interactions, artists=ARTISTS, n_folds=N_FOLDS, rng=np.random.default_rng([0, 1]))
    best = []
    for fold in folds:
        hidden = interactions.liked(fold.is_hidden).toarray() > 0
        candidates = np.broadcast_to(fold.is_candidate, hidden.shape)
        best.append(score_lists(listeners.utility, hidden, is_candidate=candidates, rng=np.random.default_rng(0)).ndcg)
    assert ndcg(results[1], "hybrid") > 0.8 * np.nanmean(best)


def test_with_listeners_the_hybrid_is_not_behind_als(by_mood):
    assert not by_mood[0][0].comparison("hybrid", "als").difference.high < 0


def test_the_last_line_says_that_the_cover_helped(by_mood):
    last = conclude(by_mood[0])[-1]
    assert last.startswith("For albums without listeners: The COVER helped, nDCG@10 +")
    assert "no evidence that the METADATA (genre, year) helped" in last


@pytest.mark.parametrize("driver", ["artist", "popularity"])
def test_where_taste_does_not_go_by_mood_the_gain_is_gone(driver):
    (result,), _, _ = evaluate({driver: 1.0})
    found = result.comparison("hybrid", "hybrid_permuted")
    assert abs(found.difference.value) < 0.05
    assert "no evidence that the COVER helped" in conclude([result])[-1].replace("No evidence", "no evidence")
    assert conclude([result])[-1].startswith("Neither surely helped.")


def test_taste_by_artist_is_found_by_more_of_the_same_artist():
    (result,), _, _ = evaluate({"artist": 1.0})
    assert ndcg(result, "same_artist") > ndcg(result, "hybrid") + 0.1


def test_one_seed_gives_one_result():
    first, second = (evaluate({"mood": 1.0})[0][0] for _ in range(2))
    assert [row.scores for row in first.rows] == [row.scores for row in second.rows]


def test_the_interval_over_folds_is_students():
    found = over_folds(np.array([0.1, 0.3, np.nan]))
    assert found.value == pytest.approx(0.2)
    assert found.high - 0.2 == pytest.approx(12.7062 * np.std([0.1, 0.3], ddof=1) / np.sqrt(2), rel=1e-4)
    assert np.isnan(over_folds(np.array([0.1])).low)
