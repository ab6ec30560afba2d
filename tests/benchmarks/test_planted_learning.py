"""The order and switches sections of `benchmarks/planted.py`: what they report, and that training earns it."""

import numpy as np
import pytest
from scipy import stats

from albumnet.planted.known.hidden_artists import draw_covers_of_artists
from planted_learning import SWITCHES, learn_world, mean_interval, say_whether_order_helps, score_order

LEARNERS = ("model 3", "ridge on graded moods")


@pytest.fixture(scope="module")
def covers() -> np.ndarray:
    # Each by an artist of its own: worlds invent who made the covers they draw.
    return draw_covers_of_artists(np.arange(1500), rng=np.random.default_rng(0))[:, :64]


def test_interval_over_worlds_is_student_s():
    values = np.random.default_rng(0).normal(1, 2, size=7)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert mean_interval(values) == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.01, 0.03, "training on order helps"),
        (-0.01, 0.03, "no evidence that training on order helps"),
        (0.0, 0.0, "no evidence that training on order helps"),
        (-0.03, -0.01, "training on order harms"),
    ],
)
def test_order_is_said_to_help_only_where_the_interval_lies_above_0(low, high, said):
    assert say_whether_order_helps(low, high) == said


def _differences(covers: np.ndarray, order: str) -> dict[str, np.ndarray]:
    worlds = [score_order(covers, order=order, n_albums=1500, seed=100 + k) for k in range(5)]
    return {name: np.array([world[name][0] - world[name][1] for world in worlds]) for name in LEARNERS}


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    ("order", "said"), [("graded", "training on order helps"), ("random", "no evidence that training on order helps")]
)
def test_training_on_order_is_said_to_help_where_order_is_planted_and_only_there(covers, order, said):
    for differences in _differences(covers, order).values():
        assert say_whether_order_helps(*mean_interval(differences)) == said


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_untold_moods_cost_a_model_little_by_the_truth_and_much_by_its_own_table(covers):
    clean, untold = (
        learn_world(covers, options=SWITCHES[name], n_albums=3000, seed=0)
        for name in ("clean", "30 % of the moods untold")
    )
    assert clean.of_all.of_score - 0.05 < untold.of_all.of_score < clean.of_all.of_score
    assert untold.macro_ap_by_table < untold.macro_ap - 0.05
    assert clean.macro_ap_by_table == clean.macro_ap
    # An absent label is taken for a negative: the model believes that there are as few moods as the table tells.
    assert untold.probability_share == pytest.approx(0.7, abs=0.05)
    assert clean.probability_share == pytest.approx(1, abs=0.05)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_rare_moods_are_further_from_their_ceiling_and_leave_the_others_alone(covers):
    clean, rare = (
        learn_world(covers, options=SWITCHES[name], n_albums=3000, seed=0)
        for name in ("clean", "8 moods on 2 % of the albums each")
    )
    assert rare.of_last.of_gain < clean.of_last.of_gain - 0.1
