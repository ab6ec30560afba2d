"""Metadata as numbers: what genre names contain, the year as value and soft decades, and what is missing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from albumnet.records import Album, normalise_name

if TYPE_CHECKING:
    from jaxtyping import Float

# A token that fewer training albums carry says nothing that can be learned.
MIN_ALBUMS_PER_TOKEN = 3
_MIN_TOKEN_LENGTH = 3
# Mean squared length of the year's columns against the genre's; chosen inside the training folds (docs/results.md).
_YEAR_WEIGHT = 0.2


@dataclass(frozen=True)
class MetadataEncoder:
    """Turns genres and years into model input; its width K follows the training albums.

    A genre switches on every token that its name contains: itself, and words that other genres use too, so that
    "Melodic Death Metal" has much in common with "Death Metal" and something with "Metal". Columns: one per token;
    genre missing; year, in standard deviations from the mean; one per decade, 1 in its middle and falling to 0 ten
    years away; year missing.

    Attributes:
        tokens: Normalised genre names and words of them, in column order.
        decades: First years, in column order, without gaps.
        year_mean: Of the training albums.
        year_std: Of the training albums.
        genre_scale: What the genre's columns are multiplied by.
        year_scale: What the year's columns are multiplied by.
    """

    tokens: tuple[str, ...]
    decades: tuple[int, ...]
    year_mean: float
    year_std: float
    genre_scale: float = 1.0
    year_scale: float = 1.0

    @property
    def width(self) -> int:
        """K, the number of columns."""
        return len(self.tokens) + len(self.decades) + 3

    @property
    def n_genre_columns(self) -> int:
        """The first columns, which are the genre's; the others are the year's."""
        return len(self.tokens) + 1

    @cached_property
    def _columns_of_name(self) -> dict[str, list[int]]:
        """Filled as names come by: albums share few genre names."""
        return {}

    def _columns(self, genre: str) -> list[int]:
        name = normalise_name(genre)
        if name not in self._columns_of_name:
            self._columns_of_name[name] = [column for column, token in enumerate(self.tokens) if token in name]
        return self._columns_of_name[name]

    def knows(self, genre: str) -> bool:
        """Whether anything in a genre's name has a column; the others are passed over."""
        return bool(self._columns(genre))

    def encode(self, genres: Sequence[Sequence[str]], years: Sequence[int | None]) -> Float[np.ndarray, "N K"]:
        """Encode N albums' genres and years; an empty list and None are the stated input "missing".

        An album's genre columns have length 1 before scaling, however many tokens they are. A year outside the training
        decades counts with the nearest of them.
        """
        encoded = np.zeros((len(genres), self.width), dtype=np.float32)
        genre_missing, year_value, year_missing = len(self.tokens), len(self.tokens) + 1, self.width - 1
        middles = np.array(self.decades, dtype=np.float64) + 5
        for row, album_genres, year in zip(encoded, genres, years, strict=True):
            columns = sorted({column for genre in album_genres for column in self._columns(genre)}) or [genre_missing]
            row[columns] = self.genre_scale / np.sqrt(len(columns))
            if year is None or not self.decades:
                row[year_missing] = self.year_scale
                continue
            row[year_value] = self.year_scale * np.clip((year - self.year_mean) / self.year_std, -3, 3)
            distance = np.abs(middles - np.clip(year, middles[0], middles[-1]))
            row[year_value + 1 : year_missing] = self.year_scale * np.clip(1 - distance / 10, 0, None)
        return encoded

    def encode_albums(self, albums: Sequence[Album]) -> Float[np.ndarray, "N K"]:
        """Encode albums as `encode` does."""
        return self.encode([album.genres for album in albums], [album.year for album in albums])

    def to_json(self) -> dict[str, Any]:
        """As stored in a run's config."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> MetadataEncoder:
        """As read from a run's config."""
        return cls(**{**content, "tokens": tuple(content["tokens"]), "decades": tuple(content["decades"])})


def fit_metadata(albums: Sequence[Album]) -> MetadataEncoder:
    """The encoder for these training albums, scaled so that genre varies by 1 and year by a fifth of that.

    Squared distance from the mean, on average over the training albums; columns that never vary keep a scale of 1.
    """
    years = np.array([album.year for album in albums if album.year is not None], dtype=np.float64)
    plain = MetadataEncoder(
        tokens=_find_tokens(albums),
        decades=tuple(range(int(years.min()) // 10 * 10, int(years.max()) + 1, 10)) if len(years) else (),
        year_mean=float(years.mean()) if len(years) else 0.0,
        year_std=float(years.std()) or 1.0 if len(years) else 1.0,
    )
    if not albums:
        return plain
    variances = plain.encode_albums(albums).var(axis=0, dtype=np.float64)
    genre, year = (float(part.sum()) for part in np.split(variances, [plain.n_genre_columns]))
    return replace(
        plain,
        genre_scale=genre**-0.5 if genre > 1e-9 else 1.0,
        year_scale=(_YEAR_WEIGHT / year) ** 0.5 if year > 1e-9 else 1.0,
    )


def _find_tokens(albums: Iterable[Album]) -> tuple[str, ...]:
    """Genre names and their words that at least three albums' genres contain, in alphabetical order."""
    names_of = Counter(frozenset(normalise_name(genre) for genre in album.genres) for album in albums)
    words = {
        normalise_name(word) for album in albums for genre in album.genres for word in re.split(r"[\s/&,]+", genre)
    }
    candidates = {token for token in words.union(*names_of) if len(token) >= _MIN_TOKEN_LENGTH}
    counts: Counter[str] = Counter()
    for names, n_albums in names_of.items():
        counts.update({token: n_albums for token in candidates if any(token in name for name in names)})
    return tuple(sorted(token for token, count in counts.items() if count >= MIN_ALBUMS_PER_TOKEN))
