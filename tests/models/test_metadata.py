"""Metadata as numbers: what each column says, and what is said when nothing is known."""

import json

import numpy as np
import pytest

from albumnet.models.metadata import MetadataEncoder, fit_metadata
from albumnet.records import Album


def albums(*rows: tuple[tuple[str, ...], int | None]) -> list[Album]:
    return [Album(album_id=str(n), genres=genres, year=year) for n, (genres, year) in enumerate(rows)]


ENCODER = MetadataEncoder(tokens=("jazz", "rock"), decades=(1970, 1980, 1990), year_mean=1980.0, year_std=10.0)
# Columns: jazz, rock, genre missing, year value, 1970s, 1980s, 1990s, year missing.


def encode(genres: tuple[str, ...], year: int | None) -> list[float]:
    return ENCODER.encode([genres], [year])[0].tolist()


def test_width_follows_the_training_albums():
    few = fit_metadata(albums(*[(("Rock",), 1977)] * 3))
    more = fit_metadata(albums(*[(("Rock", "Jazz"), 1977)] * 3, *[(("Folk",), 1995)] * 3))
    assert (few.width, more.width) == (1 + 1 + 1 + 1 + 1, 3 + 1 + 1 + 3 + 1)
    for encoder in (few, more):
        assert encoder.encode([()], [None]).shape == (1, encoder.width)


def test_a_known_genre_and_year_are_told_by_column():
    assert encode(("Rock",), 1995) == [0, 1, 0, 1.5, 0, 0, 1, 0]


def test_a_year_between_two_decades_counts_with_both():
    assert encode((), 1982)[4:7] == pytest.approx([0.3, 0.7, 0])


def test_a_genre_switches_on_every_token_that_its_name_contains():
    encoder = fit_metadata(albums(*[(("Death Metal",), 1990)] * 3, *[(("Metal",), 1990)] * 3))
    assert encoder.tokens == ("death", "deathmetal", "metal")
    rows = encoder.encode([("Melodic Death-Metal",), ("Heavy Metal",), ("Jazz",)], [1990] * 3)[:, :4] > 0
    assert rows.tolist() == [[True, True, True, False], [False, False, True, False], [False, False, False, True]]


def test_genre_columns_have_one_length_however_many_they_are():
    rows = ENCODER.encode([("Rock",), ("Rock", "Jazz"), ()], [1980] * 3)[:, :3]
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, rtol=1e-6)


def test_over_the_training_albums_genre_varies_by_one_and_year_by_a_fifth():
    rng = np.random.default_rng(0)
    names = ("Rock", "Jazz", "Folk", "Death Metal")
    rows = albums(*[((names[rng.integers(4)],), int(rng.integers(1950, 2020))) for _ in range(200)])
    encoder = fit_metadata(rows)
    variances = encoder.encode_albums(rows).var(axis=0)
    genre, year = np.split(variances, [encoder.n_genre_columns])
    assert genre.sum() == pytest.approx(1, rel=1e-3)
    assert year.sum() == pytest.approx(0.2, rel=1e-3)


def test_several_genres_are_all_told():
    assert [value > 0 for value in encode(("Rock", "Jazz"), 1970)[:3]] == [True, True, False]


def test_genres_are_matched_however_they_are_written():
    assert encode(("  rock ",), None) == encode(("ROCK",), None) == encode(("Rock",), None)


def test_a_missing_genre_and_a_missing_year_are_stated():
    assert encode((), None) == [0, 0, 1, 0, 0, 0, 0, 1]


def test_an_unknown_genre_is_passed_over():
    assert encode(("Polka", "Rock"), 1977) == encode(("Rock",), 1977)
    assert encode(("Polka",), 1977) == encode((), 1977)
    assert not ENCODER.knows("Polka")


@pytest.mark.parametrize(("year", "decade_columns"), [(1955, [1, 0, 0]), (1970, [1, 0, 0]), (2024, [0, 0, 1])])
def test_a_year_outside_the_training_decades_counts_with_the_nearest(year, decade_columns):
    row = encode((), year)
    assert row[4:7] == decade_columns
    assert row[7] == 0


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
    assert encoder.tokens == ("rock",)


def test_an_album_that_repeats_a_genre_counts_once():
    assert fit_metadata(albums((("Polka", "polka", "POLKA"), 1977))).tokens == ()


def test_encoder_is_the_same_after_a_round_trip_through_json():
    assert MetadataEncoder.from_json(json.loads(json.dumps(ENCODER.to_json()))) == ENCODER


def test_as_many_years_as_genres_are_wanted():
    with pytest.raises(ValueError, match="zip"):
        ENCODER.encode([(), ()], [1977])
