"""The bootstrap over artists against writing every resample out, by hand, and at the edges."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from albumnet.errors import AlbumNetError
from albumnet.metrics import (
    ClusterResamples,
    average_precisions,
    bootstrap,
    draw_resamples,
    resample_mean,
    resample_moods,
    roc_aucs,
    score_moods,
)

SCORES = ("macro_ap", "micro_ap", "macro_roc_auc", "micro_roc_auc")


def _albums(seed, *, n_albums=60, n_moods=5, n_artists=15, rate=0.3, decimals=6):
    rng = np.random.default_rng(seed)
    target = (rng.random((n_albums, n_moods)) < rate).astype(np.uint8)
    scores = np.round(rng.random(target.shape) + 0.3 * target, decimals).astype(np.float32)
    artists = np.append([0, 1], rng.integers(n_artists, size=n_albums - 2))
    return target, scores, draw_resamples(artists, n_resamples=12, rng=rng)


def _written_out(resamples, r):
    """Row numbers of resample r, each album as often as its group was drawn."""
    return np.repeat(np.arange(len(resamples.groups)), resamples.counts[resamples.groups, r])


def _check_against_writing_out(target, scores, resamples):
    ours = resample_moods(target, scores, resamples)
    for r in range(resamples.n_resamples):
        rows = _written_out(resamples, r)
        expected = score_moods(target[rows], scores[rows])
        for name in SCORES:
            assert getattr(ours, name)[r] == pytest.approx(getattr(expected, name), abs=1e-6, nan_ok=True)
        precisions, areas = average_precisions(target[rows], scores[rows]), roc_aucs(target[rows], scores[rows])
        assert ours.average_precisions[r] == pytest.approx(precisions, abs=1e-6, nan_ok=True)
        assert ours.roc_aucs[r] == pytest.approx(areas, abs=1e-6, nan_ok=True)


@pytest.mark.parametrize("decimals", [0, 1, 6])
@given(st.integers(0, 10_000), st.sampled_from([0.03, 0.3, 0.97]), st.sampled_from([2, 15, 400]))
def test_scores_on_a_resample_are_those_of_its_albums_written_out(decimals, seed, rate, n_artists):
    # From many equal scores to none, from moods that most resamples leave out to moods that none does.
    _check_against_writing_out(*_albums(seed, rate=rate, n_artists=n_artists, decimals=decimals))


def test_working_in_small_pieces_changes_nothing(monkeypatch):
    albums = _albums(0, rate=0.05, decimals=1)
    whole = resample_moods(*albums)
    monkeypatch.setattr(bootstrap, "N_WEIGHTS_HELD", 100)
    monkeypatch.setattr(bootstrap, "N_BLOCK", 24)
    for name in SCORES:
        assert getattr(resample_moods(*albums), name) == pytest.approx(getattr(whole, name), abs=1e-6, nan_ok=True)
    _check_against_writing_out(*albums)


@pytest.mark.parametrize("rate", [0.001, 0.999])
def test_single_precision_will_do_for_many_albums_of_rare_and_of_common_moods(rate):
    rng = np.random.default_rng(0)
    target = (rng.random((20_000, 2)) < rate).astype(np.uint8)
    scores = (rng.random(target.shape) + 0.3 * target).astype(np.float16)
    _check_against_writing_out(target, scores, draw_resamples(np.arange(20_000), n_resamples=2, rng=rng))


def test_a_resample_that_draws_every_artist_once_gives_the_scores_themselves():
    target, scores, resamples = _albums(3, n_albums=400, n_moods=8)
    once = ClusterResamples(resamples.groups, np.ones((resamples.n_groups, 1), dtype=np.uint8))
    ours, expected = resample_moods(target, scores, once), score_moods(target, scores)
    assert [getattr(ours, name)[0] for name in SCORES] == pytest.approx(
        [getattr(expected, n) for n in SCORES], abs=1e-6
    )


def test_moods_that_no_album_has_are_nan_per_mood_and_left_out_of_the_means():
    target, scores, resamples = _albums(4)
    target[:, 0], target[:, 1] = 0, 1
    ours = resample_moods(target, scores, resamples)
    assert np.isnan(ours.average_precisions[:, :2]).all()
    assert np.isnan(ours.roc_aucs[:, :2]).all()
    rest = resample_moods(target[:, 2:], scores[:, 2:], resamples)
    for name in SCORES:
        assert getattr(ours, name).tolist() == getattr(rest, name).tolist()


@pytest.mark.parametrize("n_moods", [0, 3])
def test_without_any_mood_left_all_is_nan_without_a_warning(n_moods):
    _, _, resamples = _albums(5)
    shape = (len(resamples.groups), n_moods)
    ours = resample_moods(np.zeros(shape, dtype=np.uint8), np.zeros(shape), resamples)
    for name in SCORES:
        assert np.isnan(getattr(ours, name)).all()
    assert ours.roc_aucs.shape == (resamples.n_resamples, n_moods)


def test_models_on_the_same_resamples_are_paired():
    target, scores, resamples = _albums(6)
    first, second = resample_moods(target, scores, resamples), resample_moods(target, 2 * scores, resamples)
    assert (first.macro_ap - second.macro_ap == 0).all()


def test_every_resample_draws_as_many_artists_as_there_are():
    artists = np.array([7, 7, 3, 9, 3, 7])
    resamples = draw_resamples(artists, n_resamples=500, rng=np.random.default_rng(0))
    assert resamples.groups.tolist() == [1, 1, 0, 2, 0, 1]
    assert resamples.counts.shape == (3, 500)
    assert (resamples.counts.sum(axis=0) == 3).all()
    # Each artist is drawn once on average; 500 draws of variance 2/3 put the mean within 0.15.
    assert resamples.counts.mean(axis=1) == pytest.approx(1, abs=0.15)


def test_artists_may_be_named():
    resamples = draw_resamples(np.array(["b", "a", "b"]), n_resamples=3, rng=np.random.default_rng(0))
    assert resamples.groups.tolist() == [1, 0, 1]


def test_one_state_of_rng_gives_one_set_of_resamples_in_little_memory():
    first, second = (draw_resamples(np.arange(300), n_resamples=20, rng=np.random.default_rng(1)) for _ in range(2))
    assert (first.counts == second.counts).all()
    assert first.counts.dtype == np.uint8


@pytest.mark.parametrize("artists", [[], [4, 4, 4]])
def test_fewer_than_two_artists_are_an_error_that_says_so(artists):
    with pytest.raises(AlbumNetError, match="at least two"):
        draw_resamples(np.array(artists), n_resamples=10, rng=np.random.default_rng(0))


def test_mean_on_a_resample_is_that_of_its_defined_albums_written_out():
    _, scores, resamples = _albums(8)
    values = scores[:, 0].astype(np.float64)
    values[::3] = np.nan
    expected = [np.nanmean(values[_written_out(resamples, r)]) for r in range(resamples.n_resamples)]
    assert resample_mean(values, resamples) == pytest.approx(expected, abs=1e-12)


def test_mean_is_nan_on_a_resample_without_a_defined_album():
    resamples = ClusterResamples(np.array([0, 1, 1]), np.array([[2, 0, 1], [0, 2, 1]]))
    means = resample_mean(np.array([np.nan, 1.0, 3.0]), resamples)
    assert np.isnan(means[0])
    assert means[1:].tolist() == [2.0, 2.0]
