"""The score table: the same numbers as the metrics give, paired differences, and what cannot be scored."""

import dataclasses
import math

import numpy as np
import pytest

from albumnet.errors import AlbumNetError, PredictionsError
from albumnet.evaluation import Truth, check_truth, make_score_table, metric_titles
from albumnet.metrics import holm, score_moods, semantic_precision_at_k

N, M = 240, 9


def draw_truth(rng, *, labels=True):
    belief = rng.normal(size=(N, M)) - np.linspace(0, 2, M)
    target = (rng.random((N, M)) < 1 / (1 + np.exp(-2 * belief))).astype(np.uint8)
    vectors = rng.normal(size=(M, 4))
    truth = Truth(
        moods=tuple(f"Mood {m}" for m in range(M)),
        target=target,
        relevance=target * rng.random((N, M)).astype(np.float32),
        artists=np.arange(N) // 3,
        train_counts=np.arange(M)[::-1] + 1,
        label_vectors=vectors / np.linalg.norm(vectors, axis=1, keepdims=True) if labels else None,
    )
    return truth, 1 / (1 + np.exp(-belief))


@pytest.fixture(scope="module")
def drawn():
    return draw_truth(np.random.default_rng(0))


@pytest.fixture(scope="module")
def table(drawn):
    truth, belief = drawn
    rng = np.random.default_rng(1)
    predictions = {
        "model": ("the model", belief),
        "noisy": ("the model with noise", belief + 0.03 * rng.normal(size=belief.shape)),
        "noise": ("noise", rng.random(belief.shape)),
        "again": ("the model again", belief.copy()),
    }
    return make_score_table(truth, predictions, n_resamples=300, rng=np.random.default_rng(2))


def test_points_are_those_of_the_metrics(drawn, table):
    truth, belief = drawn
    scores, row = score_moods(truth.target, belief), table.rows[0].scores
    for metric in ("macro_ap", "micro_ap", "macro_roc_auc", "micro_roc_auc"):
        assert row[metric].value == getattr(scores, metric)
    semantic = semantic_precision_at_k(truth.target, belief, label_vectors=truth.label_vectors, k=5)
    assert row["semantic_precision_at_5"].value == pytest.approx(np.nanmean(semantic))


def test_every_row_has_every_metric_with_an_interval_around_its_value(table):
    for row in table.rows:
        assert row.scores.keys() == table.rows[0].scores.keys()
        assert all(s.low < s.value < s.high for s in row.scores.values()), row


def test_the_thirds_together_are_the_macro_average_precision(table):
    scores = table.rows[0].scores
    thirds = [scores[f"macro_ap_{third}"].value for third in ("rare", "middle", "common")]
    assert np.mean(thirds) == pytest.approx(scores["macro_ap"].value)  # 9 moods, 3 in each


def test_a_clear_difference_is_found_and_none_between_equals(table):
    ahead = table.difference("noise", "macro_roc_auc")
    assert ahead.difference.low > 0
    assert ahead.p_holm < 0.01
    same = table.difference("again", "macro_roc_auc")
    assert (same.difference.value, same.p, same.p_holm) == (0, 1, 1)
    assert table.difference("nobody", "macro_ap") is None


def test_differences_are_paired(table):
    """The interval of a difference is narrower than two separate ones would make it, since resamples are shared."""
    model, noisy = (row.scores["macro_roc_auc"] for row in table.rows[:2])
    paired = table.difference("noisy", "macro_roc_auc").difference
    separate = math.hypot(model.high - model.low, noisy.high - noisy.low)
    assert paired.high - paired.low < 0.7 * separate


def test_only_the_tested_metrics_are_corrected_and_all_of_them_together(table):
    tested = [d for d in table.differences if not math.isnan(d.p_holm)]
    assert {d.metric for d in tested} == {"macro_ap", "macro_roc_auc"}
    np.testing.assert_allclose([d.p_holm for d in tested], holm(np.array([d.p for d in tested])))


def test_moods_come_commonest_first_with_their_counts(drawn, table):
    truth, _ = drawn
    counts = [row.n_albums for row in table.moods]
    assert counts == sorted(truth.target.sum(axis=0), reverse=True)
    assert {row.third for row in table.moods} == {"rare", "middle", "common"}


def test_moods_without_a_positive_are_left_out_and_named(drawn):
    truth, belief = drawn
    target = truth.target.copy()
    target[:, 3], target[:, 5] = 0, 1
    changed = Truth(truth.moods, target, target * 1.0, truth.artists, truth.train_counts, truth.label_vectors)
    table = make_score_table(changed, {"model": ("m", belief)}, n_resamples=20, rng=np.random.default_rng(0))
    assert table.left_out_moods == ("Mood 3", "Mood 5")
    assert table.n_moods == M - 2


def test_without_label_vectors_the_semantic_metrics_are_left_out(drawn):
    truth, belief = draw_truth(np.random.default_rng(0), labels=False)
    table = make_score_table(truth, {"model": ("m", belief)}, n_resamples=20, rng=np.random.default_rng(0))
    assert not {"semantic_precision_at_5", "mood_set_distance"} & set(table.rows[0].scores)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_scores_that_are_not_finite_are_refused_by_name(drawn, bad):
    truth, belief = drawn
    broken = belief.copy()
    broken[4, 2] = bad
    predictions = {"model": ("m", belief), "other": ("o", broken)}
    with pytest.raises(PredictionsError, match="'other' hold nan or infinity"):
        make_score_table(truth, predictions, n_resamples=20, rng=np.random.default_rng(0))


def test_a_side_without_any_positive_is_one_line(drawn):
    truth, belief = drawn
    empty = Truth(truth.moods, truth.target * 0, truth.relevance * 0, truth.artists, truth.train_counts, None)
    with pytest.raises(PredictionsError, match="none of the 9 moods"):
        make_score_table(empty, {"model": ("m", belief)}, n_resamples=20, rng=np.random.default_rng(0))


def test_one_artist_only_is_one_line(drawn):
    truth, belief = drawn
    alone = Truth(truth.moods, truth.target, truth.relevance, truth.artists * 0, truth.train_counts, None)
    with pytest.raises(AlbumNetError):
        make_score_table(alone, {"model": ("m", belief)}, n_resamples=20, rng=np.random.default_rng(0))


def test_titles_read_as_the_field_writes_them():
    titles = metric_titles(["macro_roc_auc", "label_ranking_ap", "ndcg_at_5", "semantic_precision_at_5"])
    assert list(titles.values()) == ["macro ROC-AUC", "label ranking AP", "nDCG@5", "semantic precision@5"]


def test_albums_by_one_artist_and_moods_on_all_or_none_are_refused_in_one_line(drawn):
    truth, _ = drawn
    assert list(check_truth(truth)) == list(range(M))
    with pytest.raises(PredictionsError, match=f"the {N} albums are by one artist"):
        check_truth(dataclasses.replace(truth, artists=np.zeros(N, dtype=int)))
    with pytest.raises(PredictionsError, match=f"none of the {M} moods is on some of the {N} albums"):
        check_truth(dataclasses.replace(truth, target=np.ones_like(truth.target)))
