"""What is planted is what the measures find."""

import itertools

import numpy as np
import pytest

from albumnet.errors import StudyError
from albumnet.metrics import interval
from albumnet.metrics.agreement import count_moods, pooled_kappa
from albumnet.study import read_key
from albumnet.study.planning import plan_study
from albumnet.study.simulation import Planted, simulate_answers, simulate_decisions

SHARES = np.array([0.4, 0.3, 0.2, 0.1, 0.1, 0.05, 0.02])


def worlds(n_covers, planted, *, n_raters=3, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.random((n_covers, len(SHARES))) < SHARES
    return truth, simulate_decisions(truth, SHARES, n_raters=n_raters, planted=planted, rng=rng)


@pytest.mark.parametrize(("between", "with_set"), [(0.0, 0.0), (0.3, 0.15), (0.6, 0.5), (1.0, 0.4)])
def test_pooled_kappa_recovers_what_was_planted(between, with_set):
    truth, said = worlds(20_000, Planted(between, with_set))
    for first, second in itertools.combinations(said, 2):
        assert pooled_kappa(first, second) == pytest.approx(between, abs=0.02)
    for rater in said:
        assert pooled_kappa(rater, truth) == pytest.approx(with_set, abs=0.02)
    assert said.mean(axis=(0, 1)) == pytest.approx(SHARES, abs=0.01)


def test_intervals_hold_what_was_planted_as_often_as_they_say():
    rng = np.random.default_rng(1)
    n_held = 0
    for seed in range(300):
        _, (first, second) = worlds(50, Planted(0.35, 0.1), n_raters=2, seed=seed)
        weights = rng.multinomial(50, np.full(50, 1 / 50), size=200)
        low, high = interval(pooled_kappa(first, second), count_moods(first, second, weights).pooled, n_groups=50)
        n_held += low <= 0.35 <= high
    assert 0.90 <= n_held / 300 <= 0.98


def test_a_plan_is_narrower_with_more_covers_and_with_more_raters():
    lines = plan_study(
        SHARES, planted=Planted(0.3, 0.0), rng=np.random.default_rng(0), n_simulated=60, covers=(25, 100), raters=(2, 5)
    )
    width = {(line.n_covers, line.n_raters): line.width for line in lines}
    assert width[25, 2] > width[100, 2] > width[100, 5]
    assert width[25, 2] == pytest.approx(2 * width[100, 2], rel=0.35)
    assert all(line.mean == pytest.approx(0.3, abs=0.05) for line in lines)


def test_simulated_answers_are_whole_sittings_and_say_what_they_are(study):
    rng = np.random.default_rng(0)
    answers = simulate_answers(study, read_key(study), ["ben"], planted=Planted(), rng=rng)
    assert [a.position for a in answers] == list(range(3 + 12 + 3))
    assert {a.source for a in answers} == {"simulated"}
    assert all(a.cannot_tell != bool(a.moods) or not a.moods for a in answers)


@pytest.mark.parametrize("planted", [{"between_raters": 1.2}, {"between_raters": 0.1, "with_set": 0.5}])
def test_agreement_that_cannot_be_is_refused(planted):
    with pytest.raises(StudyError):
        Planted(**{"with_set": 0.0} | planted)
