"""The coverage section of `benchmarks/planted.py`: what it takes for the truth, and that intervals hold it."""

import numpy as np
import pytest

from planted_coverage import METRICS, SETTINGS, Outcome, try_world


def test_a_world_says_what_both_probes_and_their_difference_score():
    world = try_world(SETTINGS[0], rng=np.random.default_rng(5))
    assert world.truth.shape == world.point.shape == (3, len(METRICS))
    assert world.truth[2] == pytest.approx(world.truth[0] - world.truth[1])
    assert world.point[2] == pytest.approx(world.point[0] - world.point[1])
    assert (world.ends[..., 0] < world.point).all()
    assert (world.point < world.ends[..., 1]).all()
    assert 150 < world.n_albums < 350


def test_the_cover_says_something_in_every_world():
    for seed in range(3):
        world = try_world(SETTINGS[0], rng=np.random.default_rng(seed))
        assert (world.truth[2] > 0.01).all()


def test_one_state_of_the_generator_gives_one_world():
    first, second = (try_world(SETTINGS[2], rng=np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(first.ends, second.ends)


@pytest.fixture(scope="module", params=SETTINGS[:2], ids=["100 artists", "300 artists"])
def worlds(request) -> list[Outcome]:
    return [try_world(request.param, rng=np.random.default_rng([1, k])) for k in range(200)]


def _share_held(worlds: list[Outcome], truth: np.ndarray) -> np.ndarray:
    ends = np.array([world.ends for world in worlds])
    return ((ends[..., 0] <= truth) & (truth <= ends[..., 1])).mean(axis=0)


# Of 200 worlds, three standard errors around 95 % are 90.4 and 99.6 %. docs/results.md has 1,000 worlds, and says what
# is out where moods are on five albums each (`SETTINGS[2]`), which is therefore not asked for here.
@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_intervals_hold_the_score_on_all_albums_in_95_of_100_worlds_but_for_plain_macro_ap(worlds):
    held = _share_held(worlds, np.array([world.truth for world in worlds]))
    plain = list(METRICS).index("macro_ap")
    assert np.delete(held, plain, axis=1).min() >= 0.904
    assert held.max() <= 0.996
    assert held[:2, plain].max() < 0.9
    assert held[2, plain] >= 0.904


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_intervals_hold_the_mean_over_sides_of_this_size_in_95_of_100_worlds(worlds):
    truth, point = (np.array([getattr(world, name) for world in worlds]) for name in ("truth", "point"))
    held = _share_held(worlds, truth + (point - truth).mean(axis=0))
    assert held.min() >= 0.904
    assert held.max() <= 0.996


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_macro_ap_of_few_albums_is_too_high_and_the_estimate_for_all_albums_is_not(worlds):
    excess = np.mean([world.point - world.truth for world in worlds], axis=0)
    plain, of_all = (list(METRICS).index(metric) for metric in ("macro_ap", "macro_ap_of_all_albums"))
    assert (excess[:2, plain] > 0.005).all()
    assert (np.abs(excess[:2, of_all]) < 0.5 * excess[:2, plain]).all()
    assert (np.abs(excess[2]) < 0.01).all()
