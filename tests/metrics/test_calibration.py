"""Calibration against scikit-learn, by hand, and at the edges."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from albumnet.metrics import (
    brier_score,
    brier_scores,
    expected_calibration_error,
    expected_calibration_errors,
    reliability_curve,
)

STRATEGIES = {"equal_mass": "quantile", "equal_width": "uniform"}


@st.composite
def outcomes_with_probabilities(draw):
    target = draw(arrays(np.uint8, st.integers(2, 60), elements=st.integers(0, 1)))
    target[:2] = [0, 1]
    # Distinct, and between the edges of equally wide bins: where they meet an edge, scikit-learn's rounding decides.
    steps = st.integers(0, 999).map(lambda step: (step + 0.5) / 1000)
    return target, draw(arrays(np.float64, len(target), elements=steps, unique=True))


@given(outcomes_with_probabilities())
def test_brier_score_is_scikit_learn_s(drawn):
    target, probabilities = drawn
    assert brier_score(target, probabilities) == pytest.approx(brier_score_loss(target, probabilities), abs=1e-12)


@pytest.mark.parametrize("binning", STRATEGIES)
@given(outcomes_with_probabilities(), st.integers(1, 12))
def test_reliability_curve_is_scikit_learn_s(binning, drawn, n_bins):
    target, probabilities = drawn
    assume(math.gcd(len(target) - 1, n_bins) == 1)  # no quantile is a probability itself, as said above
    curve = reliability_curve(target, probabilities, n_bins=n_bins, binning=binning)
    rate, mean = calibration_curve(target, probabilities, n_bins=n_bins, strategy=STRATEGIES[binning])
    assert curve.mean_probability == pytest.approx(mean, abs=1e-12)
    assert curve.observed_rate == pytest.approx(rate, abs=1e-12)
    assert curve.counts.sum() == len(target)


def test_expected_calibration_error_by_hand():
    # Two bins of two: 0.1 and 0.3 with no hit, 0.6 and 0.8 with two. Gaps 0.2 and 0.3.
    target, probabilities = np.array([0, 0, 1, 1]), np.array([0.1, 0.3, 0.6, 0.8])
    assert expected_calibration_error(target, probabilities, n_bins=2) == pytest.approx(0.25)


def test_bins_are_weighted_by_what_they_hold():
    # Bins of equal width: three predictions with gap 0.1, one with gap 0.3.
    target, probabilities = np.array([0, 0, 0, 1]), np.array([0.1, 0.1, 0.1, 0.7])
    error = expected_calibration_error(target, probabilities, n_bins=2, binning="equal_width")
    assert error == pytest.approx((3 * 0.1 + 0.3) / 4)


def test_by_default_bins_hold_equally_many_predictions():
    probabilities = np.random.default_rng(0).random(1500) ** 8
    assert reliability_curve(np.zeros(1500), probabilities).counts.tolist() == [100] * 15


def test_equal_probabilities_share_a_bin_so_that_order_does_not_matter():
    target = np.arange(100) % 3 == 0
    curve = reliability_curve(target, np.full(100, 0.2))
    assert curve.counts.tolist() == [100]
    assert curve.observed_rate == pytest.approx([0.34])


def test_probabilities_that_tell_the_truth_have_errors_near_zero_and_wrong_ones_have_not():
    rng = np.random.default_rng(0)
    probabilities = rng.random((20_000, 2)) * 0.3
    target = rng.random((20_000, 2)) < probabilities
    assert expected_calibration_error(target, probabilities) < 0.01
    assert expected_calibration_error(target, probabilities + 0.1) == pytest.approx(0.1, abs=0.01)


def test_per_mood_values_are_those_of_each_column():
    rng = np.random.default_rng(0)
    probabilities = rng.random((50, 3))
    target = rng.random((50, 3)) < probabilities
    each = [brier_score(target[:, m], probabilities[:, m]) for m in range(3)]
    assert brier_scores(target, probabilities).tolist() == each
    each = [expected_calibration_error(target[:, m], probabilities[:, m], n_bins=4) for m in range(3)]
    assert expected_calibration_errors(target, probabilities, n_bins=4).tolist() == each


def test_half_precision_probabilities_are_summed_in_double():
    target, probabilities = np.zeros((5000, 20)), np.full((5000, 20), 0.25, dtype=np.float16)
    assert brier_score(target, probabilities) == 0.0625
    assert expected_calibration_error(target, probabilities) == 0.25


@pytest.mark.parametrize("shape", [(0, 3), (4, 0)])
def test_of_nothing_all_are_nan_without_a_warning(shape):
    target, probabilities = np.zeros(shape, dtype=np.uint8), np.zeros(shape)
    assert math.isnan(brier_score(target, probabilities))
    assert math.isnan(expected_calibration_error(target, probabilities))
    assert brier_scores(target, probabilities).shape == shape[1:]
    assert np.isnan(expected_calibration_errors(target, probabilities)).all()
    assert len(reliability_curve(target, probabilities).counts) == 0
