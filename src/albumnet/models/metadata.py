"""Metadata as numbers: genres multi-hot and the year as value and decade, with what is missing stated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from albumnet.records import Album, normalise_name

if TYPE_CHECKING:
    from jaxtyping import Float

# A genre that fewer training albums carry says nothing that can be learned.
MIN_ALBUMS_PER_GENRE = 3


@dataclass(frozen=True)
class MetadataEncoder:
    """Turns genres and years into model input; its width K follows the training albums.

    Columns: one per genre; genre missing; year, in standard deviations from the mean; one per decade; year missing.

    Attributes:
        genres: Names, in column order.
        decades: First years, in column order.
        year_mean: Of the training albums.
        year_std: Of the training albums.
    """

    genres: tuple[str, ...]
    decades: tuple[int, ...]
    year_mean: float
    year_std: float

    @property
    def width(self) -> int:
        """K, the number of columns."""
        return len(self.genres) + len(self.decades) + 3

    @cached_property
    def _column_of_genre(self) -> dict[str, int]:
        return {normalise_name(genre): column for column, genre in enumerate(self.genres)}

    def knows(self, genre: str) -> bool:
        """Whether a genre has a column; the others are passed over."""
        return normalise_name(genre) in self._column_of_genre

    def encode(self, genres: Sequence[Sequence[str]], years: Sequence[int | None]) -> Float[np.ndarray, "N K"]:
        """Encode N albums' genres and years; an empty list and None are the stated input "missing".

        A year outside the training decades counts with the nearest of them.
        """
        encoded = np.zeros((len(genres), self.width), dtype=np.float32)
        genre_missing, year_value, year_missing = len(self.genres), len(self.genres) + 1, self.width - 1
        for row, album_genres, year in zip(encoded, genres, years, strict=True):
            columns = [self._column_of_genre[normalise_name(genre)] for genre in album_genres if self.knows(genre)]
            row[columns or [genre_missing]] = 1
            if year is None or not self.decades:
                row[year_missing] = 1
                continue
            row[year_value] = np.clip((year - self.year_mean) / self.year_std, -3, 3)
            decade = int(np.argmin([abs(year // 10 * 10 - first) for first in self.decades]))
            row[year_value + 1 + decade] = 1
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
        return cls(tuple(content["genres"]), tuple(content["decades"]), content["year_mean"], content["year_std"])


def fit_metadata(albums: Sequence[Album]) -> MetadataEncoder:
    """The encoder for these training albums."""
    counts: Counter[str] = Counter()
    spelling: dict[str, str] = {}
    for album in albums:
        for genre in album.genres:
            spelling.setdefault(normalise_name(genre), genre)
        counts.update({normalise_name(genre) for genre in album.genres})
    years = np.array([album.year for album in albums if album.year is not None], dtype=np.float64)
    return MetadataEncoder(
        genres=tuple(sorted(spelling[key] for key, count in counts.items() if count >= MIN_ALBUMS_PER_GENRE)),
        decades=tuple(sorted({int(year) // 10 * 10 for year in years})),
        year_mean=float(years.mean()) if len(years) else 0.0,
        year_std=float(years.std()) or 1.0 if len(years) else 1.0,
    )
