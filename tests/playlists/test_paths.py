"""A way through moods, on worlds where it is known which albums lie on it, and where."""

from itertools import permutations

import numpy as np
import pytest
from scipy.stats import spearmanr

from albumnet.errors import PlaylistError
from albumnet.playlists import path_between


def plant(rng, *, n_on_way=60, n_off=400, noise=0.05):
    """Closeness of albums along the way from the first mood to the last, and of others that are of neither.

    With it, how far along each is, from 0 to 90 degrees in radians; nan for the others.
    """
    along = rng.uniform(0, np.pi / 2, n_on_way)
    strength = rng.uniform(2.8, 3.0, n_on_way)
    on_way = strength[:, None] * np.stack([np.cos(along), np.sin(along)], axis=1)
    off = rng.normal(scale=0.4, size=(n_off, 2))
    closeness = np.concatenate([on_way, off]) + noise * rng.normal(size=(n_on_way + n_off, 2))
    order = rng.permutation(len(closeness))
    # Moods are close to albums on scales of their own.
    return closeness[order] * (3.0, 0.2) + (5.0, -1.0), np.concatenate([along, np.full(n_off, np.nan)])[order]


@pytest.mark.parametrize("seed", range(5))
def test_the_albums_are_those_on_the_way_in_its_order(seed):
    closeness, along = plant(np.random.default_rng(seed))
    rows = path_between(closeness, n=12)
    assert len(set(rows.tolist())) == len(rows) == 12
    assert not np.isnan(along[rows]).any()
    assert spearmanr(np.arange(12), along[rows]).statistic > 0.97
    assert along[rows[0]] < 0.25
    assert along[rows[-1]] > np.pi / 2 - 0.25


def test_steps_are_even_and_much_smaller_than_by_chance():
    rng = np.random.default_rng(7)
    closeness, along = plant(rng, noise=0.02)
    rows = path_between(closeness, n=10)
    steps = np.diff(along[rows])
    assert steps.max() < 2 * (np.pi / 2) / 9
    by_chance = [np.abs(np.diff(along[rng.permutation(rows)])).mean() for _ in range(100)]
    assert np.abs(steps).mean() < np.min(by_chance)


def test_the_way_back_is_the_same_way():
    closeness, _ = plant(np.random.default_rng(3))
    there, back = path_between(closeness, n=9), path_between(closeness[:, ::-1], n=9)
    assert there.tolist() == back.tolist()[::-1]


def test_where_albums_are_few_each_comes_once():
    closeness, _ = plant(np.random.default_rng(4), n_on_way=3, n_off=2)
    assert sorted(path_between(closeness, n=12).tolist()) == [0, 1, 2, 3, 4]


def test_the_assignment_is_the_best_of_all():
    closeness = np.random.default_rng(5).normal(size=(7, 2))
    standard = (closeness - closeness.mean(axis=0)) / closeness.std(axis=0)
    blends = np.array([(np.cos(a), np.sin(a)) for a in (0, np.pi / 4, np.pi / 2)])

    def total(chosen):
        return sum(blend @ standard[row] for blend, row in zip(blends, chosen, strict=True))

    reached = max(map(total, permutations(path_between(closeness, n=3))))
    assert reached == pytest.approx(max(map(total, permutations(range(7), 3))))


def test_two_albums_that_go_together_are_a_way_all_the_same():
    assert sorted(path_between(np.array([[1.0, 5.0], [2.0, 6.0]]), n=5).tolist()) == [0, 1]


def test_a_mood_that_tells_nothing_is_refused():
    closeness, _ = plant(np.random.default_rng(6))
    with pytest.raises(PlaylistError, match="tells no album of the library apart"):
        path_between(closeness * (1, 0), n=5)
