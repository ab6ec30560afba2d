"""The cut of rare moods, its curve, and synonyms."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from albumnet.cleaning.moods import CURVE, cut_moods, kept_curve, propose_synonyms
from albumnet.moodspace import WordVectors

ALBUMS = st.lists(st.lists(st.sampled_from("ABCDEF"), unique=True, max_size=6), max_size=30)


@given(ALBUMS, st.integers(1, 6), st.integers(1, 3))
def test_every_kept_mood_is_on_k_albums_with_n_kept_moods(albums, least_albums, least_moods):
    kept = cut_moods(albums, min_albums_per_mood=least_albums, min_moods=least_moods)
    left = [kept.intersection(album) for album in albums]
    for mood in kept:
        assert sum(mood in album and len(album) >= least_moods for album in left) >= least_albums


def test_an_album_that_falls_takes_other_moods_with_it():
    albums = [["A", "B"], ["A", "C"], ["A", "B"], ["D", "C"]]
    # D is rare; without it the last album has one mood, and then C is on one album only, and so on down to A and B.
    assert cut_moods(albums, min_albums_per_mood=2, min_moods=2) == {"A", "B"}
    assert cut_moods(albums, min_albums_per_mood=2, min_moods=1) == {"A", "B", "C"}


def test_the_curve_falls_and_starts_with_all():
    albums = [["A"]] * 60 + [["A", "B"]] * 12 + [["C"]]
    points = {point.min_albums_per_mood: (point.moods, point.albums) for point in kept_curve(albums, min_moods=1)}
    assert list(points) == list(CURVE)
    assert (points[1], points[10], points[50], points[100]) == ((3, 73), (2, 72), (1, 72), (0, 0))


def test_synonyms_are_close_in_meaning_and_used_alike():
    vectors = WordVectors(
        ("sad", "sorrowful", "happy", "loud"),
        np.array([[1, 0, 0.1], [1, 0.1, 0], [1, 0, 0.2], [0, 0, 1]], dtype=np.float32),
    )
    rng = np.random.default_rng(0)
    albums = []
    for _ in range(300):
        if rng.random() < 0.4:
            albums.append([mood for mood in ("Sad", "Sorrowful") if rng.random() < 0.8])
        else:
            albums.append([mood for mood in ("Happy", "Loud") if rng.random() < 0.8])
    pairs = propose_synonyms(albums, vectors)
    # Happy is as close in meaning to both, Loud is on the albums that Happy is on.
    assert [{pair.variant, pair.mood} for pair in pairs] == [{"Sad", "Sorrowful"}]
    assert pairs[0].albums == min(sum(mood in album for album in albums) for mood in ("Sad", "Sorrowful"))
    assert pairs[0].lift > 1.5


def test_moods_without_vectors_or_words_are_passed_over():
    vectors = WordVectors(("sad",), np.ones((1, 3), dtype=np.float32))
    assert propose_synonyms([["Sad", "Zyx", "/"]], vectors) == []
    assert propose_synonyms([], vectors) == []
