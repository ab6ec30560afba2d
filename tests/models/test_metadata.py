"""Metadata as numbers: what each column says, and what is said when nothing is known."""

import json

import numpy as np
import pytest

from albumnet.models.metadata import MetadataEncoder, fit_metadata
from albumnet.records import Album


def albums(*rows: tuple[tuple[str, ...], int | None]) -> list[Album]:
    return [Album(album_id=str(n), genres=genres, year=year) for n, (genres, year) in enumerate(rows)]


ENCODER = MetadataEncoder(genres=("Jazz", "Rock"), decades=(1970, 1990), year_mean=1980.0, year_std=10.0)
# Columns: Jazz, Rock, genre missing, year value, 1970s, 1990s, year missing.


def encode(genres: tuple[str, ...], year: int | None) -> list[float]:
    return ENCODER.encode([genres], [year])[0].tolist()


def test_width_follows_the_training_albums():
    few = fit_metadata(albums(*[(("Rock",), 1977)] * 3))
    more = fit_metadata(albums(*[(("Rock", "Jazz"), 1977)] * 3, *[(("Folk",), 1985)] * 3))
    assert (few.width, more.width) == (1 + 1 + 1 + 1 + 1, 3 + 1 + 1 + 2 + 1)
    for encoder in (few, more):
        assert encoder.encode([()], [None]).shape == (1, encoder.width)


def test_a_known_genre_and_year_are_told_by_column():
    assert encode(("Rock",), 1990) == [0, 1, 0, 1, 0, 1, 0]


def test_several_genres_are_all_told():
    assert encode(("Rock", "Jazz"), 1970)[:3] == [1, 1, 0]


def test_genres_are_matched_however_they_are_written():
    assert encode(("  rock ",), None) == encode(("ROCK",), None) == encode(("Rock",), None)


def test_a_missing_genre_and_a_missing_year_are_stated():
    assert encode((), None) == [0, 0, 1, 0, 0, 0, 1]


def test_an_unknown_genre_is_passed_over():
    assert encode(("Polka", "Rock"), 1977) == encode(("Rock",), 1977)
    assert encode(("Polka",), 1977) == encode((), 1977)
    assert not ENCODER.knows("Polka")


@pytest.mark.parametrize(("year", "decade_columns"), [(1955, [1, 0]), (1979, [1, 0]), (1991, [0, 1]), (2024, [0, 1])])
def test_a_year_outside_the_training_decades_counts_with_the_nearest(year, decade_columns):
    row = encode((), year)
    assert row[4:6] == decade_columns
    assert row[6] == 0


def test_a_year_far_off_is_held_within_three_deviations():
    assert encode((), 1066)[3] == -3
    assert encode((), 2500)[3] == 3


def test_without_any_year_in_training_every_year_is_missing():
    encoder = fit_metadata(albums(*[(("Rock",), None)] * 3))
    assert encoder.decades == ()
    np.testing.assert_array_equal(encoder.encode([("Rock",)], [1977]), encoder.encode([("Rock",)], [None]))


def test_one_and_the_same_year_throughout_does_not_divide_by_zero():
    encoded = fit_metadata(albums(*[((), 1977)] * 5)).encode([()], [1999])
    assert np.isfinite(encoded).all()


def test_without_training_albums_there_is_still_an_encoder():
    assert fit_metadata([]).encode([("Rock",)], [1977]).tolist() == [[1, 0, 1]]


def test_a_genre_of_fewer_than_three_albums_has_no_column():
    encoder = fit_metadata(albums((("Rock",), 1977), (("rock",), 1977), (("Rock", "Polka"), 1977), (("Polka",), 1977)))
    assert encoder.genres == ("Rock",)


def test_an_album_that_repeats_a_genre_counts_once():
    assert fit_metadata(albums((("Polka", "polka", "POLKA"), 1977))).genres == ()


def test_encoder_is_the_same_after_a_round_trip_through_json():
    assert MetadataEncoder.from_json(json.loads(json.dumps(ENCODER.to_json()))) == ENCODER


def test_as_many_years_as_genres_are_wanted():
    with pytest.raises(ValueError, match="zip"):
        ENCODER.encode([(), ()], [1977])
