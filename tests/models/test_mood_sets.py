"""Sets of moods: their coverage holds on new albums, and a set as long as the prior's tells nothing."""

import numpy as np
import pytest

from albumnet.models.mood_sets import MoodSets, fit_mood_sets


def draw(rng, n_albums, *, sharpness):
    belief = sharpness * rng.normal(size=(n_albums, 12)) - np.linspace(0, 3, 12)
    probabilities = 1 / (1 + np.exp(-belief))
    return probabilities, (rng.random(belief.shape) < probabilities).astype(np.uint8)


def coverage_of(sets, probabilities, target):
    has = target.any(axis=1)
    return (((probabilities >= sets.threshold) & (target > 0)).sum(axis=1)[has] / target.sum(axis=1)[has]).mean()


@pytest.mark.parametrize("wanted", [0.5, 0.8, 0.9])
def test_new_albums_are_covered_as_stated(wanted):
    reached = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        probabilities, target = draw(rng, 150, sharpness=2)
        sets = fit_mood_sets(probabilities, target, base_rates=target.mean(axis=0), coverage=wanted)
        reached.append(coverage_of(sets, *draw(rng, 2000, sharpness=2)))
    assert np.mean(reached) >= wanted - 0.01
    assert np.mean(reached) < wanted + 0.05


def test_the_threshold_is_the_highest_that_keeps_the_promise():
    probabilities, target = draw(np.random.default_rng(0), 200, sharpness=2)
    sets = fit_mood_sets(probabilities, target, base_rates=target.mean(axis=0))
    n_albums = target.any(axis=1).sum()
    covered = coverage_of(sets, probabilities, target)
    assert (n_albums * (1 - covered) + 1) / (n_albums + 1) <= 0.2 + 1e-9
    above = MoodSets(0.8, np.nextafter(sets.threshold, 1), 0)
    assert (n_albums * (1 - coverage_of(above, probabilities, target)) + 1) / (n_albums + 1) > 0.2


def test_a_sharp_model_needs_fewer_moods_than_the_prior_and_says_so():
    probabilities, target = draw(np.random.default_rng(0), 400, sharpness=3)
    sets = fit_mood_sets(probabilities, target, base_rates=target.mean(axis=0))
    sizes = [sets.size(row) for row in probabilities]
    assert np.mean(sizes) < 0.8 * sets.prior_size
    assert np.mean([sets.can_tell(row) for row in probabilities]) > 0.5


def test_a_model_that_repeats_the_prior_cannot_tell():
    _, target = draw(np.random.default_rng(0), 300, sharpness=2)
    base_rates = target.mean(axis=0)
    sets = fit_mood_sets(np.tile(base_rates, (300, 1)), target, base_rates=base_rates)
    assert sets.size(base_rates) == sets.prior_size
    assert not sets.can_tell(base_rates)


@pytest.mark.parametrize("n_albums", [0, 3])
def test_too_few_albums_promise_nothing(n_albums):
    probabilities, target = draw(np.random.default_rng(0), n_albums, sharpness=2)
    target[:, :1] = 1
    assert fit_mood_sets(probabilities, target, base_rates=np.full(12, 0.3)) is None


def test_albums_without_moods_are_passed_over():
    probabilities, target = draw(np.random.default_rng(0), 200, sharpness=2)
    more = np.concatenate([target, np.zeros_like(target)]), np.concatenate([probabilities, probabilities[::-1]])
    rates = target.mean(axis=0)
    assert fit_mood_sets(more[1], more[0], base_rates=rates) == fit_mood_sets(probabilities, target, base_rates=rates)
