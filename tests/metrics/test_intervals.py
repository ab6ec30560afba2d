"""Intervals, p-values and Holm's correction: against Student's t, by hand, and at the edges."""

import math

import numpy as np
import pytest
from scipy import stats

from albumnet.metrics import (
    draw_resamples,
    holm,
    interval,
    on_log_scale,
    p_value,
    resample_mean,
    resample_moods,
    score_interval,
    score_moods,
)


def _values(seed, *, n_groups=40):
    rng = np.random.default_rng(seed)
    values = rng.normal(0.3, 1, size=n_groups)
    resamples = draw_resamples(np.arange(n_groups), n_resamples=20_000, rng=rng)
    return values, resample_mean(values, resamples)


def test_interval_and_p_value_of_a_mean_of_single_albums_are_those_of_the_t_test():
    values, resampled = _values(0)
    test = stats.ttest_1samp(values, 0)
    low, high = interval(values.mean(), resampled, n_groups=40)
    assert (low, high) == pytest.approx(tuple(test.confidence_interval()), abs=0.01)
    assert p_value(values.mean(), resampled, n_groups=40) == pytest.approx(test.pvalue, abs=0.005)


def test_interval_by_hand():
    # sd 1, times sqrt(2 / 1); Student's t with one degree of freedom is 1 at three quarters.
    low, high = interval(5.0, np.array([4.0, 5.0, 6.0]), n_groups=2, level=0.5)
    assert (low, high) == pytest.approx((5 - math.sqrt(2), 5 + math.sqrt(2)))


def test_score_interval_by_hand():
    # At 1/2 the logit is 0 and its slope 4, so a half-width of sqrt(2) / 10 becomes 4 sqrt(2) / 10.
    low, high = score_interval(0.5, np.array([0.4, 0.5, 0.6]), n_groups=2, level=0.5)
    end = 1 / (1 + math.exp(-0.4 * math.sqrt(2)))
    assert (low, high) == pytest.approx((1 - end, end))


@pytest.mark.parametrize("point", [0.02, 0.5, 0.99])
def test_score_interval_stays_inside_and_is_longer_towards_the_middle(point):
    resampled = np.random.default_rng(0).normal(point, 0.02, size=1000)
    low, high = score_interval(point, resampled, n_groups=30)
    assert 0 < low < point < high < 1
    assert np.sign(high + low - 2 * point) == np.sign(0.5 - point) or point == 0.5


def test_narrow_score_intervals_are_those_of_interval():
    resampled = np.random.default_rng(0).normal(0.3, 0.001, size=1000)
    assert score_interval(0.3, resampled, n_groups=30) == pytest.approx(interval(0.3, resampled, n_groups=30), abs=1e-5)


def test_score_interval_of_a_perfect_score_ends_there():
    low, high = score_interval(1.0, np.array([1.0, 0.98, 1.0]), n_groups=9)
    assert high == 1.0
    assert low == interval(1.0, np.array([1.0, 0.98, 1.0]), n_groups=9)[0]
    assert score_interval(0.0, np.zeros(5), n_groups=9) == (0.0, 0.0)


def test_a_ratio_on_the_log_scale_by_hand():
    # The slope of the logarithm at 2 is 1/2: a resample of 3 lies 1/2 higher, one of 0 a whole lower and not at -inf.
    point, resampled = on_log_scale(2.0, np.array([3.0, 2.0, 0.0]))
    assert point == pytest.approx(math.log(2))
    assert resampled - point == pytest.approx([0.5, 0.0, -1.0])


def test_a_ratio_of_nothing_has_no_interval():
    point, resampled = on_log_scale(0.0, np.array([0.0, 1.0]))
    assert np.isnan(interval(point, resampled, n_groups=5)).all()


def test_intervals_of_a_planted_ratio_hold_it():
    # Rare, so that some resamples have none at all: 40 groups, each with a chance of 8 % of a share of 1, else 0.
    rng, held = np.random.default_rng(0), 0
    for _ in range(300):
        values = (rng.random(40) < 0.08).astype(float)
        drawn = rng.multinomial(40, np.full(40, 1 / 40), size=400)
        point, resampled = on_log_scale(values.mean() / 0.08, drawn @ values / 40 / 0.08)
        low, high = interval(point, resampled, n_groups=40)
        held += math.isnan(low) or low <= 0 <= high
    assert held / 300 > 0.9


@pytest.mark.parametrize("point", [-0.4, 0.01, 0.25])
def test_p_value_is_where_the_interval_begins_to_leave_out_zero(point):
    resampled = np.random.default_rng(0).normal(point, 0.2, size=1000)
    p = p_value(point, resampled, n_groups=30)
    touching = interval(point, resampled, n_groups=30, level=1 - p)
    assert min(np.abs(touching)) == pytest.approx(0, abs=1e-9)
    assert p_value(-point, -resampled, n_groups=30) == pytest.approx(p)


def test_resamples_where_the_score_is_undefined_are_left_out():
    resampled = np.array([0.1, np.nan, 0.3, 0.2, np.nan])
    assert interval(0.2, resampled, n_groups=9) == interval(0.2, resampled[[0, 2, 3]], n_groups=9)
    assert p_value(0.2, resampled, n_groups=9) == p_value(0.2, resampled[[0, 2, 3]], n_groups=9)


@pytest.mark.parametrize(("point", "resampled"), [(math.nan, [0.1, 0.2]), (0.1, [math.nan, 0.2]), (0.1, [])])
def test_without_a_score_or_two_resamples_of_it_both_are_nan(point, resampled):
    assert np.isnan(interval(point, np.array(resampled), n_groups=9)).all()
    assert np.isnan(score_interval(point, np.array(resampled), n_groups=9)).all()
    assert math.isnan(p_value(point, np.array(resampled), n_groups=9))


def test_models_that_never_differ_have_p_value_one_and_those_that_always_differ_alike_zero():
    assert p_value(0.0, np.zeros(50), n_groups=9) == 1.0
    assert p_value(0.5, np.full(50, 0.5), n_groups=9) == 0.0
    assert interval(0.0, np.zeros(50), n_groups=9) == (0.0, 0.0)


def test_p_values_of_models_without_a_difference_are_spread_evenly():
    rng = np.random.default_rng(5)
    p_values = []
    for _ in range(200):
        differences = rng.normal(size=30)
        resamples = draw_resamples(np.arange(30), n_resamples=200, rng=rng)
        p_values.append(p_value(differences.mean(), resample_mean(differences, resamples), n_groups=30))
    assert stats.kstest(p_values, "uniform").pvalue > 0.01


def test_intervals_over_artists_cover_where_those_over_albums_are_too_narrow():
    # Ten albums by each of 40 artists, alike in mood and in score: an album says little that its artist has not said.
    truth = 0.818  # measured over 2,000,000 artists
    rng = np.random.default_rng(7)
    artists = np.repeat(np.arange(40), 10)
    covered = {"artists": 0, "albums": 0}
    for _ in range(60):
        mood, taste = rng.normal(size=(2, 40, 4))
        target = (mood[artists] + 0.3 * rng.normal(size=(400, 4)) > 0).astype(np.uint8)
        scores = (mood + taste)[artists]
        point = score_moods(target, scores).macro_roc_auc
        for name, groups in (("artists", artists), ("albums", np.arange(400))):
            resamples = draw_resamples(groups, n_resamples=200, rng=rng)
            resampled = resample_moods(target, scores, resamples).macro_roc_auc
            low, high = interval(point, resampled, n_groups=resamples.n_groups)
            covered[name] += low <= truth <= high
    assert covered["artists"] >= 53
    assert covered["albums"] <= 35


def test_holm_by_hand():
    # Sorted .005, .01, .03, .04 times 4, 3, 2, 1: .02, .03, .06, .04, and the last may not fall below .06.
    adjusted = holm(np.array([0.01, 0.04, 0.03, 0.005]))
    assert adjusted == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_holm_keeps_nan_and_does_not_count_it():
    adjusted = holm(np.array([0.02, math.nan, 0.03]))
    assert adjusted[[0, 2]] == pytest.approx([0.04, 0.04])
    assert math.isnan(adjusted[1])


@pytest.mark.parametrize("p_values", [[], [math.nan]])
def test_holm_of_nothing_is_nothing(p_values):
    assert np.isnan(holm(np.array(p_values, dtype=float))).all()


def test_holm_never_passes_one():
    assert holm(np.array([0.6, 0.7, 0.9])).tolist() == [1.0, 1.0, 1.0]
