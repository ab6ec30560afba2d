"""What the app knows while it runs, read only: the albums by row, what is said of them, and what lies near what."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from albumnet.dataset import AlbumSet
from albumnet.errors import WordVectorError
from albumnet.moodspace import WordVectors, embed_labels, load_packaged_words
from albumnet.moodspace.label_vectors import split_label
from albumnet.pipeline import vectors_to_walk
from albumnet.recommend.reasons import say_common_moods
from albumnet.records import Album, normalise_name
from albumnet.web.catalogue import Catalogue
from albumnet.web.families import UNKNOWN_FAMILY, Family, find_families
from albumnet.web.look import LookIndex
from albumnet.web.options import Limits

if TYPE_CHECKING:
    from jaxtyping import Float

    from albumnet.models.prediction import MoodModel
    from albumnet.moodmap import MoodMap
    from albumnet.recommend.asking import Asking

N_NEAR = 12
# Mood words name no album exactly: this many of the nearest count as meant.
N_OF_MOOD_WORDS = 500
MOOD_PREFIX = "mood:"
NO_RECOMMENDER = (
    "Nobody's likes are known here. Fit a recommender with `albumnet recommend fit RATINGS --set SET --model RUN --out "
    "REC` and start with `albumnet serve --set SET --model RUN --recommend REC`."
)


@dataclass(frozen=True)
class Match:
    """Rows that were meant, and by what: "text", "mood" or, where a query met nothing, "none"."""

    rows: np.ndarray
    by: str


@dataclass(frozen=True)
class AppState:
    """Everything that pages and API read.

    Rows: the map's albums in its order, then those that are not on it; without a map, the set's order.

    Attributes:
        album_set: None when a model is served alone.
        model: None when a set is served alone.
        mood_map: None without.
        run: The model's folder.
        probabilities: (N, M) per row, nan where the model could not say; None without a model or features.
        look: What looks like what; None without features.
        recommender: Who likes what; None where that is not known.
        app_dir: The only folder written to.
        limits: Of requests.
        notes: What could not be had, for whoever starts the app.
    """

    album_set: AlbumSet | None
    model: MoodModel | None
    mood_map: MoodMap | None
    app_dir: Path
    run: Path | None = None
    probabilities: Float[np.ndarray, "N M"] | None = None
    look: LookIndex | None = None
    recommender: Asking | None = None
    limits: Limits = field(default_factory=Limits)
    notes: tuple[str, ...] = ()

    @cached_property
    def catalogue(self) -> Catalogue:
        """The albums in row order."""
        return Catalogue(rows_in_order(self.album_set, self.mood_map)).prepare()

    @property
    def albums(self) -> tuple[Album, ...]:
        """The albums in row order."""
        return self.catalogue.albums

    @property
    def n_on_map(self) -> int:
        """Rows below this one have a place on the map; without a map, all albums."""
        return len(self.mood_map.album_ids) if self.mood_map is not None else len(self.albums)

    @cached_property
    def version(self) -> str:
        """Differs whenever rows, places or predictions do: what may be cached under it is for ever."""
        parts = [self.album_set.digest if self.album_set else ""]
        if self.mood_map is not None:
            parts.append(self.mood_map.config.digest)
        if self.probabilities is not None:
            parts.append(hashlib.sha256(np.ascontiguousarray(self.probabilities[::97]).tobytes()).hexdigest())
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]

    def prepare(self) -> AppState:
        """Make now what the first request would have to wait for."""
        _ = (self.catalogue, self.family_of_row, self.version, self.words_to_search)
        if self.probabilities is not None:
            _ = self._mean_probabilities
        if self.recommender is not None and self.albums:
            # The first of its reasons waits for likes in another order.
            self.recommender.why_alike(self.albums[0].album_id, self.albums[0].album_id)
        return self

    # What is said of one album.

    def label(self, row: int) -> dict[str, Any]:
        """Who, what and when of a row."""
        album = self.albums[row]
        return {
            "row": row,
            "album_id": album.album_id,
            "artist": album.artist,
            "title": album.title,
            "year": album.year,
            "cover": album.cover is not None,
        }

    def card(self, album: Album) -> dict[str, Any]:
        """All that is known of an album, as `/api/albums/{album_id}` answers."""
        row = self.catalogue.row_of[album.album_id]
        said = self.probabilities[row] if self.probabilities is not None else None
        told = None
        if said is not None and self.model is not None and not np.isnan(said).any():
            told = self.tell(
                said, by=self.model.part_for(has_cover=album.cover is not None, genres=album.genres, year=album.year)
            )
        return {
            **self.label(row),
            "genres": list(album.genres),
            "styles": list(album.styles),
            "moods": list(album.moods),
            **_NOTHING_TOLD,
            **({**told, "predicted": told["moods"], "moods": list(album.moods)} if told else {"predicted": None}),
            "place": self.place(row),
            "near_by_listeners": self.near_by_listeners(row),
            "why_no_listeners": self.why_no_listeners(row),
            "near_in_mood": self.near_in_mood(row),
            "near_in_look": self.near_in_look(row),
        }

    def tell(self, probabilities: Float[np.ndarray, " M"], *, by: MoodModel) -> dict[str, Any]:
        """Probabilities as moods, likeliest first, and how far to trust them, by the model that gave them."""
        moods = [
            {
                "mood": m.mood,
                "probability": m.probability,
                "base_rate": m.base_rate,
                "rank": m.rank,
                "is_told": m.is_told,
            }
            for m in by.rank(probabilities)
        ]
        sets = by.config.mood_sets
        if sets is None:
            return {"moods": moods, **_NOTHING_TOLD}
        return {
            "moods": moods,
            "can_tell": sets.can_tell(probabilities),
            "n_for_coverage": sets.size(probabilities),
            "n_without_looking": sets.prior_size,
            "coverage": sets.coverage,
        }

    def place(self, row: int) -> dict[str, float] | None:
        """Where a row lies on the map."""
        if self.mood_map is None or row >= self.n_on_map:
            return None
        x, y = self.mood_map.xy[row]
        return {"x": float(x), "y": float(y)}

    # What lies near what.

    @property
    def is_map_of_moods(self) -> bool:
        """Whether the map's vectors are mood vectors."""
        return self.mood_map is not None and self.mood_map.config.of == "moods"

    def near_by_listeners(self, row: int) -> list[dict[str, Any]]:
        """The albums that the same people like, by the factors that their likes were taken apart into."""
        if self.recommender is None or self.why_no_listeners(row):
            return []
        found = self.recommender.like(self.albums[row].album_id, k=N_NEAR, by="listeners")
        return [
            {**self.label(self.catalogue.row_of[one.album_id]), "closeness": round(one.score, 4), "reason": one.reason}
            for one in found
        ]

    def why_no_listeners(self, row: int) -> str | None:
        """Why nothing can be near by listeners; None where something can."""
        if self.recommender is None:
            return NO_RECOMMENDER
        if not self.recommender.n_listeners(self.albums[row].album_id):
            return "Nobody whose likes are known likes this album."
        return None

    def near_in_mood(self, row: int) -> list[dict[str, Any]]:
        """The albums nearest to a row in the mood space."""
        if self.mood_map is None or row >= self.n_on_map or not self.is_map_of_moods:
            return []
        rows, cosines = self.mood_map.nearest(self.mood_map.vectors[row : row + 1], N_NEAR + 1)
        return self._with_reasons(row, self.neighbours(rows[0], cosines[0], without=row))

    def near_in_look(self, row: int) -> list[dict[str, Any]]:
        """The albums whose covers look most like a row's."""
        if self.look is None:
            return []
        found = self.look.near_row(row, N_NEAR + 1)
        return self._with_reasons(row, self.neighbours(*found, without=row)) if found else []

    def neighbours(self, rows: np.ndarray, closeness: np.ndarray, *, without: int = -1) -> list[dict[str, Any]]:
        """Rows and cosines as answered."""
        pairs = [(int(row), float(value)) for row, value in zip(rows, closeness, strict=True) if row != without]
        return [{**self.label(row), "closeness": round(value, 4)} for row, value in pairs[:N_NEAR]]

    def _with_reasons(self, row: int, near: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{**album, "reason": self._why_alike(row, album["row"])} for album in near]

    def _why_alike(self, row: int, other: int) -> str:
        """As the recommender says it; without one, the moods that the model says of both."""
        if self.recommender is not None:
            return self.recommender.why_alike(self.albums[row].album_id, self.albums[other].album_id)
        if self.probabilities is None or self.model is None:
            return ""
        first, second = (self.probabilities[n] - self._mean_probabilities for n in (row, other))
        return say_common_moods(first, second, moods=self.model.config.moods)

    @cached_property
    def _mean_probabilities(self) -> Float[np.ndarray, " M"]:
        assert self.probabilities is not None
        has_any = ~np.isnan(self.probabilities).any(axis=1)
        if not has_any.any():
            return np.zeros(self.probabilities.shape[1])
        mean: np.ndarray = self.probabilities.mean(axis=0, where=has_any[:, None])
        return mean

    # What a person looks for.

    def match_rows(self, q: str = "", genre: str = "", decade: int | None = None, mood: str = "") -> np.ndarray:
        """Rows that pass all filters, in row order; for mood words the nearest first."""
        return self.match(q, genre, decade, mood).rows

    def match(self, q: str = "", genre: str = "", decade: int | None = None, mood: str = "") -> Match:
        """As `match_rows`, and what the query was understood as.

        A query that no artist or title contains is tried as words with vectors; `mood:` before it asks for that.
        """
        q = q.strip()
        wants_mood = q.startswith(MOOD_PREFIX)
        rows = np.empty(0, np.int64) if wants_mood else self.catalogue.rows_with_words(q)
        by = "text"
        if q and not len(rows):
            rows = self.rows_of_mood_words(q.removeprefix(MOOD_PREFIX))
            by = "mood" if len(rows) else "none"
        if genre or decade is not None or mood:
            rows = rows[self.catalogue.mask(genre=genre, decade=decade, mood=mood)[rows]]
        return Match(rows, by)

    def rows_of_mood_words(self, words: str) -> np.ndarray:
        """The rows nearest to those of some words that have vectors, nearest first; none where none has."""
        vectors = self.words_to_search
        if vectors is None:
            return np.empty(0, np.int64)
        known = [word for word in split_label(words, vectors) if word in vectors]
        if self.mood_map is None or not self.is_map_of_moods or not known:
            return np.empty(0, np.int64)
        if vectors.size != self.mood_map.vectors.shape[1]:
            return np.empty(0, np.int64)
        vector = embed_labels([" ".join(known)], vectors)
        rows, _ = self.mood_map.nearest(vector, min(N_OF_MOOD_WORDS, self.n_on_map))
        return np.asarray(rows[0], dtype=np.int64)

    @cached_property
    def words_to_search(self) -> WordVectors | None:
        """Vectors of the model's own mood space; the packaged ones without a model, none where the model's are gone."""
        try:
            return vectors_to_walk(None, config=self.model.config if self.model else None)
        except WordVectorError:
            return None

    # The map's colours.

    @cached_property
    def families(self) -> tuple[Family, ...]:
        """Families of moods, the one with most albums first."""
        counts = Counter(mood for mood in self._first_moods if mood)
        return find_families(dict(counts.most_common()), load_packaged_words())

    @cached_property
    def family_of_row(self) -> np.ndarray:
        """(N,) uint8: the family of each row's first mood, of the likeliest where nobody said; 255 unknown."""
        number = {normalise_name(mood): n for n, family in enumerate(self.families) for mood in family.moods}
        of_mood = {mood: number.get(normalise_name(mood), UNKNOWN_FAMILY) for mood in set(self._first_moods)}
        return np.array([of_mood[mood] for mood in self._first_moods], dtype=np.uint8)

    @cached_property
    def _first_moods(self) -> list[str]:
        first = [album.moods[0] if album.moods else "" for album in self.albums]
        if self.probabilities is not None and self.model is not None:
            likeliest = np.nan_to_num(self.probabilities, nan=-1.0).argmax(axis=1)
            has_any = ~np.isnan(self.probabilities).any(axis=1)
            moods = self.model.config.moods
            first = [
                mood or (moods[m] if said else "")
                for mood, m, said in zip(first, likeliest.tolist(), has_any.tolist(), strict=True)
            ]
        return first


_NOTHING_TOLD = {"can_tell": None, "n_for_coverage": None, "n_without_looking": None, "coverage": None}


def rows_in_order(album_set: AlbumSet | None, mood_map: MoodMap | None) -> list[Album]:
    """The map's albums in its order, then the set's others."""
    if album_set is None:
        return []
    if mood_map is None:
        return list(album_set.albums)
    of_id = {album.album_id: album for album in album_set.albums}
    on_map = [of_id.pop(album_id) for album_id in mood_map.album_ids]
    return [*on_map, *of_id.values()]
