"""Invented names: one name, one artist, however many are wanted."""

import numpy as np

from albumnet.planted.names import invent_artists, invent_title


def test_more_artists_than_the_word_lists_hold_still_have_names_of_their_own():
    names = invent_artists(n_artists=18_000, rng=np.random.default_rng(0))
    assert len(names) == len(set(names)) == 18_000


def test_a_usual_number_of_artists_needs_no_numbered_names():
    assert not any("No." in name for name in invent_artists(n_artists=400, rng=np.random.default_rng(0)))


def test_titles_vary_and_follow_the_seed():
    titles = [invent_title(np.random.default_rng(seed)) for seed in range(50)]
    assert len(set(titles)) > 40
    assert titles[7] == invent_title(np.random.default_rng(7))
