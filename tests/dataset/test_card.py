"""The card says how many, which are commonest and rarest, and what is missing."""

import pytest

from albumnet.dataset import write_album_set
from albumnet.dataset.card import write_card
from albumnet.records import Album, build_vocabulary

# Mood k of A..L is on 12 - k albums, so that the order of moods is known.
MOODS = "ABCDEFGHIJKL"


def make_set(path, albums, sides=None):
    vocabulary = build_vocabulary(album.moods for album in albums)
    album_set = write_album_set(path / "shelf", albums, vocabulary=vocabulary, import_digest="")
    album_set.write_splits(sides or {album.album_id: "train" for album in albums}, seed=0)
    return album_set


def tables(card):
    """Heading cell of each table -> its rows."""
    found, rows = {}, None
    for line in card.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|"):
            rows = None
        elif rows is None:
            rows = found[cells[0]] = []
        elif not cells[0].startswith("---"):
            rows.append((cells[0], cells[1]))
    return found


@pytest.fixture
def card(tmp_path):
    genres = [("Hip Hop",), ("Hip-Hop", "Pop"), ("hip hop",), ("Hip Hop",)] + [()] * 8
    years = [1969, 1970, 1979, None] + [2001] * 8
    artists = ["Can", "CAN", "Low", "Various Artists"] + [""] * 8
    albums = [
        Album(
            f"{n}",
            artist=artists[n],
            moods=tuple(MOODS[: 12 - n]),
            genres=genres[n],
            year=years[n],
            cover="ab" * 32 if n < 2 else None,
            source="x.csv",
        )
        for n in range(12)
    ]
    albums.append(Album("12", source="y.csv"))
    sides = {str(n): side for n, side in enumerate(["train", "valid", "test", *["train"] * 10])}
    return write_card(make_set(tmp_path, albums, sides))


def test_counts(card):
    assert dict(tables(card)["what"]) == {
        "albums": "13",
        "artists": "2",
        "albums with moods": "12",
        "moods": "12",
        "moods per album with moods": "6.5",
        "different covers": "1",
        "albums without a usable cover": "11",
        "moods on all three sides": "10",
    }


def test_the_five_commonest_and_the_five_rarest_moods_are_listed_with_their_albums(card):
    assert tables(card)["commonest"] == [("A", "12"), ("B", "11"), ("C", "10"), ("D", "9"), ("E", "8")]
    assert tables(card)["rarest"] == [("H", "5"), ("I", "4"), ("J", "3"), ("K", "2"), ("L", "1")]


def test_years_are_counted_by_decade_and_missing_ones_as_unknown(card):
    assert tables(card)["decade"] == [("1960s", "1"), ("1970s", "2"), ("2000s", "8"), ("unknown", "2")]


def test_spellings_of_a_genre_are_one_row_under_the_commonest_and_missing_ones_are_unknown(card):
    assert tables(card)["genre"] == [("unknown", "9"), ("Hip Hop", "4"), ("Pop", "1")]


def test_sides_and_sources_are_counted(card):
    assert tables(card)["side"] == [("train", "11"), ("valid", "1"), ("test", "1")]
    assert tables(card)["source"] == [("x.csv", "12"), ("y.csv", "1")]


def test_genres_beyond_twenty_are_counted_not_listed(tmp_path):
    card = write_card(make_set(tmp_path, [Album("a", genres=tuple(f"genre {n}" for n in range(23)))]))
    assert len(tables(card)["genre"]) == 20
    assert "and 3 more." in card


def test_a_bar_in_a_name_does_not_break_the_table(tmp_path):
    card = write_card(make_set(tmp_path, [Album("a", genres=("Pop|Rock",))]))
    assert tables(card)["genre"] == [("Pop&#124;Rock", "1")]


def test_a_set_without_moods_has_a_card(tmp_path):
    counts = dict(tables(write_card(make_set(tmp_path, [Album("a")])))["what"])
    assert (counts["moods"], counts["moods per album with moods"]) == ("0", "0.0")
