"""What is hidden: everything once, albums and artists whole."""

import numpy as np
import pytest

from albumnet.recommend.scenarios import SCENARIOS, deal_folds
from listeners_world import ARTISTS, make_listeners


@pytest.fixture(scope="module")
def interactions():
    return make_listeners({"popularity": 1.0})[0]


def deal(scenario, interactions, **options):
    return deal_folds(scenario, interactions, artists=ARTISTS, n_folds=5, rng=np.random.default_rng(0), **options)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_interaction_is_hidden_once(scenario, interactions):
    assert (np.sum([fold.is_hidden for fold in deal(scenario, interactions)], axis=0) == 1).all()


def test_a_cold_album_keeps_no_interaction_and_is_a_candidate(interactions):
    for fold in deal("cold albums", interactions):
        hidden, left = (set(interactions.album[rows]) for rows in (fold.is_hidden, ~fold.is_hidden))
        assert not hidden & left
        assert set(np.flatnonzero(fold.is_candidate)) == hidden


def test_a_cold_artist_keeps_no_interaction(interactions):
    for fold in deal("cold artists", interactions):
        hidden, left = (set(ARTISTS[interactions.album[rows]]) for rows in (fold.is_hidden, ~fold.is_hidden))
        assert not hidden & left


def test_warm_ranks_all_albums_that_anyone_knows(interactions):
    for fold in deal("warm", interactions):
        assert set(np.flatnonzero(fold.is_candidate)) == set(interactions.album)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_what_is_hidden_already_stays_hidden_and_is_no_candidate_for_cold(scenario, interactions):
    there = interactions.album % 2 == 0
    for fold in deal(scenario, interactions, among=there):
        assert fold.is_hidden[~there].all()
        assert not fold.is_candidate[1::2].any()
