import numpy as np
import pytest

from albumnet.recommend.reasons import say_alike, say_common_moods

MOODS = ("Calm", "Wild", "Sad")


@pytest.mark.parametrize(
    ("n_both", "expected"),
    [
        (0, "close in mood: calm"),
        (1, "1 likes both; close in mood: calm"),
        (1200, "1,200 like both; close in mood: calm"),
    ],
)
def test_likeness_is_said_by_listeners_then_by_common_moods(n_both, expected):
    first, second = np.array([0.4, 0.3, -0.1]), np.array([0.2, -0.3, -0.2])
    assert say_alike(n_both=n_both, first=first, second=second, moods=MOODS) == expected


def test_the_two_moods_that_both_have_most_of_are_named_the_stronger_first():
    assert (
        say_common_moods(np.array([0.2, 0.5, 0.3]), np.array([0.2, 0.4, 0.6]), moods=MOODS)
        == "close in mood: wild, sad"
    )


def test_nothing_in_common_and_nothing_known_say_nothing():
    for second in (np.array([-0.2, 0.0, -0.1]), np.full(3, np.nan)):
        assert say_common_moods(np.array([0.2, 0.5, 0.3]), second, moods=MOODS) == ""
    assert say_alike(n_both=0, first=np.empty(0), second=np.empty(0), moods=()) == ""
