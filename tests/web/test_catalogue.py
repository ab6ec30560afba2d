"""Finding albums by words and filters."""

import numpy as np
import pytest

from albumnet.records import Album
from albumnet.web.catalogue import Catalogue, fold

ALBUMS = (
    Album("a", "Björk", "Début", moods=("Playful", "Warm"), genres=("Electronic",), year=1993),
    Album("b", "Bjork Tribute", "Début II", moods=("warm",), genres=("electronic", "Jazz"), year=1999),
    Album("c", "Miles Davis", "Kind of Blue", moods=("Calm",), genres=("Jazz",), year=1959),
    Album("d", "", "", genres=("Jazz",)),
)


@pytest.fixture
def catalogue() -> Catalogue:
    return Catalogue(ALBUMS)


@pytest.mark.parametrize(
    ("q", "rows"),
    [
        ("", [0, 1, 2, 3]),
        ("bjork", [0, 1]),
        ("BJÖRK", [0, 1]),
        ("björk ii", [1]),
        ("blue miles", [2]),
        ("début", [0, 1]),
        (".*", []),
        ("%", []),
        ("\x1f", []),
    ],
)
def test_every_word_must_be_in_artist_or_title_accents_and_case_aside(catalogue, q, rows):
    found = catalogue.rows_with_words(q).tolist()
    assert found == (rows if q != "\x1f" else [0, 1, 2, 3])


def test_filters_are_combined_and_spelled_anyhow(catalogue):
    assert np.flatnonzero(catalogue.mask(genre="JAZZ")).tolist() == [1, 2, 3]
    assert np.flatnonzero(catalogue.mask(genre="Jazz", mood="Warm")).tolist() == [1]
    assert np.flatnonzero(catalogue.mask(decade=1990)).tolist() == [0, 1]
    assert not catalogue.mask(genre="Polka").any()
    assert catalogue.mask().all()


def test_shelves_are_named_by_their_commonest_spelling_the_largest_first(catalogue):
    assert [(shelf.name, len(shelf.rows)) for shelf in catalogue.genres.values()] == [("Jazz", 3), ("Electronic", 2)]
    assert catalogue.decades == {1950: 1, 1990: 2}


def test_sorting_puts_what_is_unknown_last(catalogue):
    every = np.arange(4)
    assert catalogue.sorted_rows(every, "artist").tolist() == [0, 1, 2, 3]
    assert catalogue.sorted_rows(every, "year").tolist() == [2, 0, 1, 3]
    assert catalogue.sorted_rows(every, "newest").tolist() == [1, 0, 2, 3]
    assert catalogue.sorted_rows(np.array([2, 0]), "anything").tolist() == [2, 0]


def test_fold_keeps_letters_that_have_no_plain_form():
    assert fold("Sigur Rós – Ágætis") == "sigur ros – agætis"
