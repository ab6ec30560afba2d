"""Leak alarms: open leaks are named, hidden ones are heard when large, clean splits are left in peace."""

import numpy as np
import pytest

from albumnet.errors import InputTableError
from albumnet.evaluation.hidden_leaks import find_alike_covers, find_hidden_artists
from albumnet.evaluation.leaks import LeakAlarm
from albumnet.planted.known.hidden_artists import LeakyWorld, draw_leaky_world

# Two alarms share the 1 % that both together may be wrong.
LEVEL = 0.005


def _sound(leaky: LeakyWorld, *, level: float = LEVEL) -> tuple[LeakAlarm, LeakAlarm]:
    artists, sides = [str(artist) for artist in leaky.credited], leaky.side.tolist()
    views = [leaky.world.features, leaky.world.target, leaky.world.truth.metadata]
    rng = np.random.default_rng(0)
    return (
        find_hidden_artists(views, artists=artists, sides=sides, rng=rng, level=level),
        find_alike_covers(views[0], artists=artists, sides=sides, rng=rng, level=level),
    )


def _world(seed: int, *, n_albums: int = 1500, **leak: float) -> LeakyWorld:
    return draw_leaky_world(n_albums=n_albums, rng=np.random.default_rng(seed), **leak)


def test_a_large_leak_of_hidden_artists_is_heard():
    by_artist, _ = _sound(_world(0, leak_share=1.0))
    assert by_artist.fired
    assert by_artist.statistic > 1
    assert by_artist.p_value <= LEVEL
    assert by_artist.message.startswith("hidden artists: test artists come nearer to other train artists")


def test_copied_covers_are_heard_and_shown():
    leaky = _world(0, duplicate_share=0.1)
    _, by_cover = _sound(leaky)
    assert by_cover.fired
    assert np.mean([leaky.is_leaked[pair.held_out] for pair in by_cover.pairs]) > 0.7
    assert by_cover.pairs[0].closeness > 0.8
    assert all(leaky.side[pair.reference] == "train" for pair in by_cover.pairs)


@pytest.mark.parametrize("seed", range(3))
def test_a_clean_split_is_left_in_peace(seed):
    for alarm in _sound(_world(seed)):
        assert not alarm.fired
        assert "do not come nearer" in alarm.message


def test_hidden_artists_show_among_the_suspicious_pairs():
    leaky = _world(0, leak_share=1.0)
    by_artist, _ = _sound(leaky)
    artist = leaky.world.truth.artist
    is_right = [artist[pair.held_out] == artist[pair.reference] for pair in by_artist.pairs]
    assert np.mean(is_right) > 0.2  # by chance one in some 500


def test_one_state_of_the_generator_gives_one_alarm():
    leaky = _world(1, leak_share=0.3)
    assert _sound(leaky) == _sound(leaky)


def test_albums_that_name_nobody_count_as_an_artist_each():
    leaky = _world(0)
    sides = leaky.side.tolist()
    alarm = find_alike_covers(leaky.world.features, artists=[""] * 1500, sides=sides, rng=np.random.default_rng(0))
    # Covers by one artist lie on one side only, so that those of the reference side come nearer to each other.
    assert not alarm.fired


def test_other_sides_are_passed_over():
    leaky = _world(0, duplicate_share=0.1)
    side = np.where(leaky.is_leaked, "valid", leaky.side)
    artists = [str(artist) for artist in leaky.credited]
    rng = np.random.default_rng(0)
    assert not find_alike_covers(leaky.world.features, artists=artists, sides=side.tolist(), rng=rng).fired
    assert find_alike_covers(
        leaky.world.features, artists=artists, sides=side.tolist(), rng=rng, held_out="valid"
    ).fired


def test_too_few_artists_are_refused():
    with pytest.raises(InputTableError, match="1 on side test are too few"):
        find_alike_covers(np.eye(4), artists=list("abcd"), sides=["train"] * 3 + ["test"], rng=np.random.default_rng(0))


def test_features_that_are_not_finite_are_refused():
    features = np.eye(6)
    features[2, 3] = np.nan
    with pytest.raises(InputTableError, match="not finite"):
        find_alike_covers(
            features, artists=list("abcdef"), sides=["train"] * 4 + ["test"] * 2, rng=np.random.default_rng(0)
        )


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_split_that_ignores_artists_is_heard_in_100_of_100_worlds_of_3000_albums():
    worlds = (_world(seed, n_albums=3000, leak_share=1.0) for seed in range(100))
    assert sum(any(alarm.fired for alarm in _sound(leaky)) for leaky in worlds) == 100


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_copies_among_3_percent_of_the_test_covers_are_heard_in_100_of_100_worlds_of_1500_albums():
    assert sum(_sound(_world(seed, duplicate_share=0.03))[1].fired for seed in range(100)) == 100


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_false_alarms_sound_in_at_most_5_of_100_clean_worlds():
    assert sum(any(alarm.fired for alarm in _sound(_world(seed))) for seed in range(100)) <= 5
