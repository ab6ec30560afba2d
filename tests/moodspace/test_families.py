"""Families of moods: what lies together is together, numbered by size and named after the middle."""

import numpy as np
import pytest
from sklearn.metrics import silhouette_score

from albumnet.errors import WordVectorError
from albumnet.moodspace import embed_labels, load_packaged_vectors, mood_families
from albumnet.moodspace.families import mean_silhouette

# Three directions, of two, four and three moods; all share a large common part.
DIRECTIONS = np.array([0, 0, 1, 1, 1, 1, 2, 2, 2])
CLUSTERED = np.eye(6)[DIRECTIONS] + 3 * np.eye(6)[5] + 0.05 * np.random.default_rng(0).normal(size=(9, 6))


def test_what_lies_together_is_one_family_and_the_largest_is_the_first():
    assert mood_families(CLUSTERED, n_families=3).family_of.tolist() == [2, 2, 0, 0, 0, 0, 1, 1, 1]


def test_the_number_of_families_is_chosen_by_the_silhouette():
    found = mood_families(CLUSTERED)
    assert len(found.central) == 3
    assert found.silhouette > 0.9


@pytest.mark.parametrize("n_families", range(1, 10))
def test_there_are_as_many_families_as_were_asked_for(n_families):
    found = mood_families(CLUSTERED, n_families=n_families)
    assert sorted(set(found.family_of.tolist())) == list(range(n_families))
    assert len(found.central) == len(found.centres) == n_families
    sizes = [len(found.members(k)) for k in range(n_families)]
    assert sizes == sorted(sizes, reverse=True)


def test_the_common_part_of_all_labels_and_their_lengths_decide_nothing():
    plain = mood_families(CLUSTERED, n_families=3).family_of
    lengths = np.linspace(0.1, 10, 9)[:, None]
    assert (mood_families(CLUSTERED * lengths, n_families=3).family_of == plain).all()


def test_the_name_giver_is_the_member_in_the_middle():
    angles = np.array([0, 20, 40, 180, 181, 182.0])
    labels = np.stack([np.cos(np.radians(angles)), np.sin(np.radians(angles))], axis=1)
    found = mood_families(labels, n_families=2)
    assert sorted(found.central.tolist()) == [1, 4]
    assert all(found.family_of[mood] == family for family, mood in enumerate(found.central))


def test_centres_point_at_their_own_members():
    found = mood_families(CLUSTERED, n_families=3)
    unit = CLUSTERED / np.linalg.norm(CLUSTERED, axis=1, keepdims=True)
    assert ((unit - unit.mean(axis=0)) @ found.centres.T).argmax(axis=1).tolist() == found.family_of.tolist()


@pytest.mark.parametrize("labels", [np.ones((1, 4)), np.ones((5, 4)), np.eye(2)])
def test_one_mood_equal_moods_and_two_moods_are_families_too(labels):
    found = mood_families(labels)
    assert len(found.family_of) == len(labels)
    assert sum(len(found.members(k)) for k in range(len(found.central))) == len(labels)


def test_a_single_family_has_no_silhouette():
    assert np.isnan(mood_families(CLUSTERED, n_families=1).silhouette)
    assert np.isnan(mood_families(np.ones((1, 3))).silhouette)
    assert np.isnan(mood_families(CLUSTERED, n_families=9).silhouette)


@pytest.mark.parametrize(("n_moods", "n_families"), [(9, 10), (9, 0), (0, None)])
def test_more_families_than_moods_or_none_are_refused(n_moods, n_families):
    with pytest.raises(WordVectorError, match=f"{n_moods} moods cannot be divided"):
        mood_families(CLUSTERED[:n_moods], n_families=n_families)


@pytest.mark.parametrize("seed", range(5))
def test_the_silhouette_is_scikit_learns(seed):
    rng = np.random.default_rng(seed)
    unit = rng.normal(size=(30, 5))
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    families = np.concatenate([np.arange(5), rng.integers(0, 5, size=25)])
    families[families == 4] = 3
    families[0] = 4  # alone in its family
    assert mean_silhouette(unit, families) == pytest.approx(silhouette_score(unit, families, metric="cosine"))


def test_the_seasons_are_one_family_and_so_are_the_jokers():
    moods = ["Autumnal", "Wintry", "Springlike", "Summery", "Humorous", "Satirical", "Wry", "Angry", "Hostile"]
    found = mood_families(embed_labels(moods, load_packaged_vectors()), n_families=3).family_of
    assert [len(set(found[rows])) for rows in (range(4), range(4, 7), range(7, 9))] == [1, 1, 1]


def test_labels_give_the_same_families_twice():
    first, second = mood_families(CLUSTERED), mood_families(CLUSTERED)
    assert (first.family_of == second.family_of).all()
