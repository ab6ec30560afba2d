"""Leaks in the open: artists and covers on two sides, by name and by digest."""

import math

from albumnet.evaluation.leaks import find_open_leaks


def test_an_artist_on_two_sides_is_named():
    artists, covers = find_open_leaks(
        artists=["ann", "bob", "ann", "", ""], covers=["1", "2", "3", "4", "5"], sides=["train", *["test"] * 3, "train"]
    )
    assert artists.fired
    assert artists.statistic == 1
    assert math.isnan(artists.p_value)
    assert "1 artist is on two sides: ann" in artists.message
    assert [(pair.held_out, pair.reference) for pair in artists.pairs] == [(2, 0)]
    assert not covers.fired


def test_a_cover_on_two_sides_is_named():
    _, covers = find_open_leaks(artists=["a", "b", "c"], covers=["f0", None, "f0"], sides=["train", "train", "valid"])
    assert covers.fired
    assert "f0" in covers.message


def test_albums_that_name_nobody_and_have_no_cover_share_neither():
    alarms = find_open_leaks(artists=["", ""], covers=[None, None], sides=["train", "test"])
    assert not any(alarm.fired for alarm in alarms)
