"""Predictions on disk: a row per album and mood, long form, as other programs read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from albumnet.dataset.atomic import read_parquet, writing_parquet
from albumnet.errors import PredictionsError
from albumnet.records import MoodVocabulary

if TYPE_CHECKING:
    from jaxtyping import Float

SCHEMA_VERSION = 1
# A row group of the file: with 167 moods, 342,000 rows.
ALBUMS_AT_ONCE = 2048
_COLUMNS = ("album_id", "mood", "probability", "rank")


@dataclass(frozen=True)
class Predictions:
    """Probabilities (N, M) of albums and moods.

    Attributes:
        album_ids: N of them, each once.
        vocabulary: The M moods, column by column.
        probabilities: (N, M) float32 in [0, 1].
        splits: (N,) side of each album; None where the file does not say.
        made_from: Digests of what the predictions were made from ("albums", "vocabulary").
    """

    album_ids: tuple[str, ...]
    vocabulary: MoodVocabulary
    probabilities: Float[np.ndarray, "N M"]
    splits: tuple[str, ...] | None
    made_from: Mapping[str, str]

    def of_side(self, side: str) -> Predictions:
        """The albums of one side alone.

        Raises:
            PredictionsError: If the predictions do not say their sides, or none is on this one.
        """
        rows = [n for n, found in enumerate(self.splits or ()) if found == side]
        if not rows:
            raise PredictionsError(f"no prediction is of the {side} side; write them again with `albumnet train`")
        return Predictions(
            album_ids=tuple(self.album_ids[n] for n in rows),
            vocabulary=self.vocabulary,
            probabilities=self.probabilities[rows],
            splits=(side,) * len(rows),
            made_from=self.made_from,
        )

    def rows_of(self, album_ids: Sequence[str]) -> Float[np.ndarray, "N M"]:
        """Probabilities of these albums, in this order.

        Raises:
            PredictionsError: If one was not predicted.
        """
        row_of = {album_id: n for n, album_id in enumerate(self.album_ids)}
        lacking = [album_id for album_id in album_ids if album_id not in row_of]
        if lacking:
            raise PredictionsError(
                f"{len(lacking)} of {len(album_ids)} albums have no prediction, first {lacking[0]!r}; "
                "the predictions were made for another set, make them again"
            )
        rows: np.ndarray = self.probabilities[[row_of[album_id] for album_id in album_ids]]
        return rows


def read_predictions(path: Path) -> Predictions:
    """Read what `write_predictions` wrote; moods come in alphabetical order.

    Raises:
        PredictionsError: If the file is missing, lacks a column, holds a value that is no probability, or does not hold
            every mood of every album once.
        SchemaVersionError: If another version wrote it.
    """
    if not path.is_file():
        raise PredictionsError(f"{path} does not exist; it is written by `albumnet train` and `albumnet score`")
    table, made_from = read_parquet(path, schema_version=SCHEMA_VERSION)
    if missing := [column for column in _COLUMNS if column not in table.column_names]:
        raise PredictionsError(f"{path} has no column {missing[0]!r}; expected {', '.join(_COLUMNS)}")
    albums, moods = (table[name].combine_chunks().dictionary_encode() for name in ("album_id", "mood"))
    names = [str(name) for name in moods.dictionary.to_pylist()]
    order = sorted(range(len(names)), key=names.__getitem__)
    column_of = np.empty(len(names), dtype=np.int64)
    column_of[order] = np.arange(len(names))
    row, column = np.asarray(albums.indices), column_of[np.asarray(moods.indices)] if names else np.empty(0, np.int64)
    n_albums = len(albums.dictionary)
    probabilities = np.empty((n_albums, len(names)), dtype=np.float32)
    if not len(row) == len(np.unique(row * len(names) + column)) == probabilities.size:
        raise PredictionsError(
            f"{path} has {len(row):,} rows for {n_albums:,} albums and {len(names)} moods; expected each pair once"
        )
    probabilities[row, column] = table["probability"].to_numpy()
    if not ((probabilities >= 0) & (probabilities <= 1)).all():
        raise PredictionsError(f"{path} holds values that are no probabilities (nan, infinite, or outside 0 to 1)")
    splits = None
    if "split" in table.column_names:
        side_of_row = dict(zip(row.tolist(), table["split"].to_pylist(), strict=True))
        splits = tuple(side_of_row[n] for n in range(n_albums))
    return Predictions(
        album_ids=tuple(albums.dictionary.to_pylist()),
        vocabulary=MoodVocabulary(tuple(names[m] for m in order)),
        probabilities=probabilities,
        splits=splits,
        made_from={key: value for key, value in made_from.items() if key != "schema_version"},
    )


def write_predictions(
    path: Path,
    *,
    album_ids: Sequence[str],
    moods: Sequence[str],
    probabilities: Float[np.ndarray, "N M"],
    splits: Sequence[str] | None = None,
    made_from: Mapping[str, str],
) -> None:
    """Write predictions in long form: album_id, mood, probability, rank (1 is the likeliest), and split if given."""
    steps = [slice(start, start + ALBUMS_AT_ONCE) for start in range(0, max(len(album_ids), 1), ALBUMS_AT_ONCE)]
    parts = (
        PredictionsPart(album_ids[rows], probabilities[rows], None if splits is None else splits[rows])
        for rows in steps
    )
    write_prediction_parts(path, parts, moods=moods, made_from=made_from)


@dataclass(frozen=True)
class PredictionsPart:
    """Some albums' probabilities (n, M), and the side of each where the file shall say it."""

    album_ids: Sequence[str]
    probabilities: Float[np.ndarray, "n M"]
    splits: Sequence[str] | None = None


def write_prediction_parts(
    path: Path, parts: Iterable[PredictionsPart], *, moods: Sequence[str], made_from: Mapping[str, str]
) -> None:
    """The same from parts that come one after the other, at least one, so that memory does not grow with the set.

    Parts of `ALBUMS_AT_ONCE` albums, all but the last, give the same bytes as `write_predictions`.
    """
    with writing_parquet(path, schema_version=SCHEMA_VERSION, made_from=made_from) as write:
        for part in parts:
            write(_long_form(part, moods))


def _long_form(part: PredictionsPart, moods: Sequence[str]) -> pa.Table:
    n_albums, n_moods = part.probabilities.shape
    order = np.argsort(-part.probabilities, axis=1, kind="stable")
    mood_column = pa.DictionaryArray.from_arrays(
        pa.array(order.ravel().astype(np.int32)), pa.array(list(moods), pa.string())
    )
    columns = {
        "album_id": pa.array(np.repeat(np.array(part.album_ids, dtype=object), n_moods), pa.string()),
        "mood": mood_column.cast(pa.string()),
        "probability": np.take_along_axis(part.probabilities, order, axis=1).ravel().astype(np.float32),
        "rank": np.tile(np.arange(1, n_moods + 1, dtype=np.int32), n_albums),
    }
    if part.splits is not None:
        columns["split"] = pa.array(np.repeat(np.array(part.splits, dtype=object), n_moods), pa.string())
    return pa.table(columns)
