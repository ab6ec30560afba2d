"""Coverage of sets of moods, by hand."""

import numpy as np
import pytest

from albumnet.evaluation import measure_coverage

TARGET = np.array([[1, 1, 0], [0, 0, 1], [0, 0, 0]])
PROBABILITIES = np.array([[0.9, 0.2, 0.6], [0.1, 0.7, 0.5], [0.4, 0.4, 0.4]])


def measure(target):
    return measure_coverage(
        target, PROBABILITIES, stated=0.8, threshold=0.5, prior_size=3, can_tell=np.array([True, True, False])
    )


def test_the_share_reached_is_the_mean_over_albums_that_have_moods():
    found = measure(TARGET)
    assert found.reached == pytest.approx((1 / 2 + 1) / 2)
    assert found.mean_size == pytest.approx((2 + 2 + 0) / 3)
    assert found.cannot_tell == pytest.approx(1 / 3)


def test_without_any_mood_the_share_is_undefined():
    assert np.isnan(measure(TARGET * 0).reached)
