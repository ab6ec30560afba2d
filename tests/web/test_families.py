"""Families of moods."""

import numpy as np

from albumnet.moodspace import WordVectors, load_packaged_vectors
from albumnet.web.families import N_FAMILIES, find_families


def test_moods_that_mean_nearly_the_same_are_one_family_named_after_the_commonest():
    rng = np.random.default_rng(0)
    centres = np.eye(N_FAMILIES, 20)
    words = tuple(f"mood{n}" for n in range(4 * N_FAMILIES))
    vectors = np.stack([centres[n % N_FAMILIES] + rng.normal(scale=0.01, size=20) for n in range(len(words))])
    families = find_families({word: 100 - n for n, word in enumerate(words)}, WordVectors(words, vectors))
    assert len(families) == N_FAMILIES
    assert families[0].name == "mood0"
    for family in families:
        numbers = {int(mood.removeprefix("mood")) % N_FAMILIES for mood in family.moods}
        assert len(numbers) == 1
    assert [family.n_albums for family in families] == sorted((f.n_albums for f in families), reverse=True)


def test_moods_without_a_vector_belong_to_none():
    families = find_families({"Warm": 3, "Xyzzyq": 9}, load_packaged_vectors())
    assert [family.moods for family in families] == [("Warm",)]
    assert find_families({}, load_packaged_vectors()) == ()
