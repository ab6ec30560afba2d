"""Albums in row order, and which of them a person means: words in artist and title, genre, decade, mood."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from albumnet.records import Album, normalise_name

SORTS = ("artist", "title", "year", "newest")
NO_YEAR = -1


@dataclass(frozen=True, slots=True)
class Shelf:
    """The albums that carry one genre or mood."""

    name: str
    rows: np.ndarray


class Catalogue:
    """Albums by row, and quick ways to find them.

    Args:
        albums: In row order.
    """

    def __init__(self, albums: Sequence[Album]) -> None:
        self.albums = tuple(albums)
        self.row_of = {album.album_id: row for row, album in enumerate(self.albums)}
        self.years = np.array([NO_YEAR if a.year is None else a.year for a in self.albums], dtype=np.int32)

    def __len__(self) -> int:
        return len(self.albums)

    @cached_property
    def _text(self) -> pa.Array:
        return pa.array([fold(f"{album.artist} \x1f {album.title}") for album in self.albums], pa.large_string())

    @cached_property
    def genres(self) -> dict[str, Shelf]:
        """Genres by normalised name, the commonest first."""
        return _shelves(self.albums, lambda album: album.genres)

    @cached_property
    def moods(self) -> dict[str, Shelf]:
        """True moods by normalised name, the commonest first."""
        return _shelves(self.albums, lambda album: album.moods)

    @cached_property
    def decades(self) -> dict[int, int]:
        """First year of each decade and its number of albums, in order."""
        counts = Counter((self.years[self.years != NO_YEAR] // 10 * 10).tolist())
        return dict(sorted(counts.items()))

    def prepare(self) -> Catalogue:
        """Make now what the first search would have to wait for."""
        _ = (self._text, self.genres, self.moods, self.decades, self._rank_of)
        return self

    def rows_with_words(self, q: str) -> np.ndarray:
        """Rows whose artist or title contain every word of a query, accents and case aside; all for an empty one."""
        found = np.ones(len(self), dtype=bool)
        for word in fold(q).split():
            found &= pc.match_substring(self._text, word).to_numpy(zero_copy_only=False)
        return np.flatnonzero(found)

    def mask(self, *, genre: str = "", decade: int | None = None, mood: str = "") -> np.ndarray:
        """(N,) which albums carry a genre and a mood and are of a decade; an empty filter passes all."""
        passed = np.ones(len(self), dtype=bool)
        for name, shelves in ((genre, self.genres), (mood, self.moods)):
            if name:
                shelf = shelves.get(normalise_name(name))
                passed &= _mask_of(shelf.rows if shelf else np.empty(0, np.int64), len(self))
        if decade is not None:
            passed &= (self.years >= decade) & (self.years < decade + 10)
        return passed

    def sorted_rows(self, rows: np.ndarray, sort: str) -> np.ndarray:
        """Rows in the order of `SORTS`; unknown ones leave them as they are."""
        if sort not in SORTS:
            return rows
        rank = self._rank_of[sort]
        ordered: np.ndarray = rows[np.argsort(rank[rows], kind="stable")]
        return ordered

    @cached_property
    def _rank_of(self) -> dict[str, np.ndarray]:
        names = {"artist": [(fold(a.artist), fold(a.title)) for a in self.albums]}
        names["title"] = [(title, artist) for artist, title in names["artist"]]
        ranks = {}
        for sort, keys in names.items():
            # Albums that nobody named come last.
            order = sorted(range(len(keys)), key=lambda row: (not keys[row][0], keys[row]))
            ranks[sort] = _ranks(np.array(order, dtype=np.int64))
        unknown = self.years == NO_YEAR
        ranks["year"] = np.where(unknown, np.iinfo(np.int32).max, self.years)
        ranks["newest"] = np.where(unknown, np.iinfo(np.int32).max, -self.years)
        return ranks


def fold(text: str) -> str:
    """Text as it is searched: no case, no accents (`Björk` and `BJORK` are one)."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).casefold()


def _shelves(albums: Sequence[Album], names_of: Callable[[Album], Iterable[str]]) -> dict[str, Shelf]:
    rows: dict[str, list[int]] = {}
    spellings: dict[str, Counter[str]] = {}
    key_of: dict[str, str] = {}
    for row, album in enumerate(albums):
        for name in names_of(album):
            key = key_of.get(name)
            if key is None:
                key = key_of[name] = normalise_name(name)
            rows.setdefault(key, []).append(row)
            spellings.setdefault(key, Counter())[name] += 1
    commonest = sorted(rows, key=lambda key: (-len(rows[key]), key))
    return {
        key: Shelf(spellings[key].most_common(1)[0][0], np.unique(np.array(rows[key], dtype=np.int64)))
        for key in commonest
        if key
    }


def _mask_of(rows: np.ndarray, n: int) -> np.ndarray:
    mask = np.zeros(n, dtype=bool)
    mask[rows] = True
    return mask


def _ranks(order: np.ndarray) -> np.ndarray:
    ranks = np.empty(len(order), dtype=np.int64)
    ranks[order] = np.arange(len(order))
    return ranks
