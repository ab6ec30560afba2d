"""Places for new albums: beside those like them, in one group and not between two, and nothing else moves."""

import numpy as np
import pytest

from albumnet.moodmap import lay_out
from albumnet.moodmap.placing import attract, perplexity_affinities, place_among


def test_albums_of_the_map_are_placed_where_they_are(grouped):
    vectors = grouped[0]
    layout = lay_out(vectors, rng=np.random.default_rng(0), perplexity=10)
    before = layout.xy.copy()
    places = place_among(vectors, vectors, layout)
    assert np.median(np.linalg.norm(places - layout.xy, axis=1)) < 0.05
    np.testing.assert_array_equal(layout.xy, before)


def test_held_out_albums_go_to_their_own_group(grouped):
    vectors, group = grouped
    layout = lay_out(vectors[24:], rng=np.random.default_rng(0), perplexity=10)
    places = place_among(vectors[:24], vectors[24:], layout)
    nearest = np.linalg.norm(places[:, None] - layout.xy[None], axis=2).argmin(axis=1)
    assert (group[24:][nearest] == group[:24]).mean() > 0.95


def test_one_album_is_placed_as_it_is_among_others(grouped):
    vectors = grouped[0]
    layout = lay_out(vectors[10:], rng=np.random.default_rng(0))
    together = place_among(vectors[:10], vectors[10:], layout)
    np.testing.assert_allclose(place_among(vectors[:1], vectors[10:], layout), together[:1], atol=1e-6)
    assert place_among(vectors[:0], vectors[10:], layout).shape == (0, 2)


def test_between_two_groups_of_neighbours_the_heavier_one_wins():
    points = np.concatenate([np.zeros((6, 2)), np.ones((4, 2))])[None]
    place = attract(points, np.full((1, 10), 0.1), unit=0.05)
    assert np.linalg.norm(place[0]) < 0.01


@pytest.mark.parametrize("perplexity", [2.0, 5.0, 20.0])
def test_affinities_have_the_perplexity_that_is_asked_for(perplexity):
    distances = np.random.default_rng(0).uniform(0.1, 2, size=(8, 60))
    affinities = perplexity_affinities(distances, perplexity=perplexity)
    np.testing.assert_allclose(affinities.sum(axis=1), 1)
    entropy = -(affinities * np.log(np.maximum(affinities, 1e-300))).sum(axis=1)
    np.testing.assert_allclose(np.exp(entropy), perplexity, rtol=1e-3)


def test_equal_distances_give_equal_affinities():
    np.testing.assert_allclose(perplexity_affinities(np.full((1, 8), 0.3), perplexity=3), 1 / 8)
