"""Who liked what: a table of ratings or plays, matched to the albums of a set, with all that could not be used counted.

A row is a user, an album (by `album_id`, or by `artist` and `title`) and a `rating` or a number of `plays`. What a set
lacks, what is out of scale and what is there twice is counted and told, not passed over in silence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from albumnet.errors import InputTableError
from albumnet.records import Album, normalise_name

if TYPE_CHECKING:
    from jaxtyping import Float, Int


@dataclass(frozen=True)
class RatingScale:
    """What a rating means.

    Attributes:
        lowest: No rating is below.
        highest: Or above.
        liked: A rating of at least this says that the user likes the album; below, that they know it and do not.
    """

    lowest: float = 0.5
    highest: float = 5.0
    liked: float = 4.0


@dataclass(frozen=True)
class ReadingReport:
    """What became of a table's rows.

    Attributes:
        n_rows: In the table.
        n_by_id: Matched by `album_id`.
        n_by_name: Matched by artist and title.
        n_unmatched: Rows of albums that the set lacks.
        n_without_user: Rows without a user.
        n_out_of_scale: Rows whose rating or plays is no number or out of scale.
        n_duplicates: Rows of a user and album that a later row replaced.
        n_users_left_out: Users none of whose albums is in the set.
        n_single: Users with a single album, who say nothing of likeness.
        unmatched: Albums the set lacks, (album_id, artist, title) -> rows, most first.
    """

    n_rows: int
    n_by_id: int
    n_by_name: int
    n_unmatched: int
    n_without_user: int
    n_out_of_scale: int
    n_duplicates: int
    n_users_left_out: int
    n_single: int
    unmatched: Mapping[tuple[str, str, str], int] = field(repr=False)


@dataclass(frozen=True, eq=False)
class Interactions:
    """Users, albums, and what is between them.

    Attributes:
        users: U names.
        album_ids: N ids, those of the set in its order.
        user: Row of each interaction.
        album: Column of each interaction.
        value: Rating or number of plays.
        is_liked: Whether it is a like.
        is_explicit: Whether values are ratings.
    """

    users: tuple[str, ...]
    album_ids: tuple[str, ...]
    user: Int[np.ndarray, " I"]
    album: Int[np.ndarray, " I"]
    value: Float[np.ndarray, " I"]
    is_liked: np.ndarray
    is_explicit: bool

    @property
    def shape(self) -> tuple[int, int]:
        """(U, N)."""
        return len(self.users), len(self.album_ids)

    def liked(self, kept: np.ndarray | None = None) -> Any:
        """Sparse (U, N) of likes, weighted: 1 for a rating, 1 + log of plays; of the interactions kept, if given."""
        chosen = np.flatnonzero(self.is_liked if kept is None else self.is_liked & kept)
        weight = np.float32(1) + np.log(np.maximum(self.value[chosen], 1)) if not self.is_explicit else None
        return self._matrix(chosen, weight)

    def seen(self, kept: np.ndarray | None = None) -> Any:
        """Sparse (U, N), 1 where a user knows an album, liked or not."""
        chosen = slice(None) if kept is None else np.flatnonzero(kept)
        return self._matrix(chosen, None)

    def _matrix(self, chosen: np.ndarray | slice, weight: np.ndarray | None) -> Any:
        """Weights of the interactions chosen, 1 if none are given."""
        from scipy.sparse import csr_array

        user, album = self.user[chosen], self.album[chosen]
        entries = np.ones(len(user), dtype=np.float32) if weight is None else weight.astype(np.float32)
        matrix = csr_array((entries, (user, album)), shape=self.shape)
        # Some of implicit's loops take 32-bit columns only.
        matrix.indices, matrix.indptr = matrix.indices.astype(np.int32), matrix.indptr.astype(np.int32)
        return matrix


def read_interactions(
    table: Path, albums: Sequence[Album], *, scale: RatingScale = RatingScale()
) -> tuple[Interactions, ReadingReport]:
    """Read a CSV or Parquet table of ratings or plays and match its albums to a set's.

    Args:
        table: Columns `user`, `album_id` or `artist` and `title` (or all three), and `rating` or `plays`.
        albums: Of the set.
        scale: Of ratings.

    Raises:
        InputTableError: If the table cannot be read, lacks a column, or no row can be used.
    """
    rows = _read_table(table)
    columns = set(rows.column_names)
    is_explicit = _check_columns(table, columns)
    if not rows.num_rows:
        raise InputTableError(f"{table} holds no row; expected one per user and album")
    album_of_row, n_by_id, n_by_name, unmatched = _match(rows, albums)
    user_codes, users = _encode(rows["user"])
    value = _numbers(rows["rating" if is_explicit else "plays"])
    low, high = (scale.lowest, scale.highest) if is_explicit else (np.nextafter(0, 1), np.inf)
    is_in_scale = np.isfinite(value) & (value >= low) & (value <= high)
    has_user = user_codes >= 0
    is_matched = album_of_row >= 0
    usable = np.flatnonzero(is_matched & is_in_scale & has_user)
    if not len(usable):
        raise InputTableError(_why_none(table, rows.num_rows, is_matched, is_in_scale, scale, is_explicit))
    if "time" in columns:
        times = _numbers(rows["time"])[usable]
        usable = usable[np.argsort(np.where(np.isnan(times), -np.inf, times), kind="stable")]
    pair = user_codes[usable].astype(np.int64) * len(albums) + album_of_row[usable]
    # The last row of a pair stands, as when a listener rates anew.
    _, last = np.unique(pair[::-1], return_index=True)
    kept = usable[len(usable) - 1 - last]
    found, user = np.unique(user_codes[kept], return_inverse=True)
    chosen = value[kept]
    interactions = Interactions(
        users=tuple(users[n] for n in found),
        album_ids=tuple(album.album_id for album in albums),
        user=user.astype(np.int32),
        album=album_of_row[kept].astype(np.int32),
        value=chosen.astype(np.float32),
        is_liked=chosen >= scale.liked if is_explicit else np.ones(len(chosen), dtype=bool),
        is_explicit=is_explicit,
    )
    if not interactions.is_liked.any():
        raise InputTableError(
            f"none of the {len(chosen):,} ratings in {table} reaches {scale.liked:g}, from which on an album counts as "
            "liked; lower --liked"
        )
    report = ReadingReport(
        n_rows=rows.num_rows,
        n_by_id=n_by_id,
        n_by_name=n_by_name,
        n_unmatched=int((~is_matched).sum()),
        n_without_user=int((~has_user).sum()),
        n_out_of_scale=int((~is_in_scale & is_matched).sum()),
        n_duplicates=len(usable) - len(kept),
        n_users_left_out=len(users) - len(found),
        n_single=int((np.bincount(user) == 1).sum()),
        unmatched=unmatched,
    )
    return interactions, report


def describe_report(report: ReadingReport) -> list[str]:
    """What became of the rows, a line for each thing worth saying."""
    n_matched = report.n_by_id + report.n_by_name
    lines = [
        f"{report.n_rows:,} rows: {n_matched:,} of albums in the set ({report.n_by_id:,} by id, {report.n_by_name:,} "
        f"by artist and title), {report.n_unmatched:,} of {len(report.unmatched):,} albums that the set lacks"
    ]
    if report.unmatched:
        names = [artist_title(key) for key in list(report.unmatched)[:3]]
        lines.append(f"most often lacking: {'; '.join(names)}")
    for count, what in (
        (report.n_without_user, "rows without a user passed over"),
        (report.n_out_of_scale, "rows passed over whose rating or plays is missing or out of scale"),
        (report.n_duplicates, "rows replaced by a later one of the same user and album"),
        (report.n_users_left_out, "users left out, none of whose usable rows is of an album in the set"),
        (report.n_single, "users with a single album: kept, but they say nothing of what goes together"),
    ):
        if count:
            lines.append(f"{count:,} {what}")
    return lines


def artist_title(key: tuple[str, str, str]) -> str:
    """An unmatched album as a person would say it."""
    album_id, artist, title = key
    return f"{artist} – {title}" if title else album_id


def _read_table(table: Path) -> pa.Table:
    if not table.is_file():
        raise InputTableError(f"{table} does not exist; give a .csv or .parquet table of ratings or plays")
    if not table.stat().st_size:
        raise InputTableError(f"{table} is empty; expected columns user, album_id, rating")
    try:
        if table.suffix.lower() == ".parquet":
            return pq.ParquetFile(pa.BufferReader(table.read_bytes())).read()
        if table.suffix.lower() == ".csv":
            texts = {name: pa.string() for name in ("user", "album_id", "artist", "title", "rating", "plays", "time")}
            options = pa_csv.ConvertOptions(column_types=texts, strings_can_be_null=True)
            return pa_csv.read_csv(table, convert_options=options)
    except (pa.ArrowException, OSError) as error:
        raise InputTableError(f"cannot read {table}: {' '.join(str(error).split())}") from error
    raise InputTableError(f"{table} ends in {table.suffix or 'nothing'}; expected .csv or .parquet")


def _check_columns(table: Path, columns: set[str]) -> bool:
    """Whether values are ratings."""
    there = ", ".join(sorted(columns)) or "none"
    if "user" not in columns:
        raise InputTableError(f"{table} has no column 'user'; it has {there}")
    if "album_id" not in columns and not {"artist", "title"} <= columns:
        raise InputTableError(f"{table} says of no album which it is: needs album_id, or artist and title; has {there}")
    if len(columns & {"rating", "plays"}) != 1:
        raise InputTableError(f"{table} needs one of the columns rating and plays; it has {there}")
    return "rating" in columns


def _match(rows: pa.Table, albums: Sequence[Album]) -> tuple[np.ndarray, int, int, dict[tuple[str, str, str], int]]:
    """Album of each row (-1 for none), rows matched by id and by name, and what the set lacks."""
    place = {album.album_id: n for n, album in enumerate(albums)}
    names: dict[tuple[str, str], list[int]] = {}
    for n, album in enumerate(albums):
        names.setdefault((normalise_name(album.artist), normalise_name(album.title)), []).append(n)
    # A name that several albums of the set bear tells of none of them.
    by_name = {key: found[0] for key, found in names.items() if len(found) == 1 and all(key)}
    keys = [
        rows[name].cast(pa.string())
        if name in rows.column_names
        else pa.chunked_array([pa.nulls(len(rows), pa.string())])
        for name in ("album_id", "artist", "title")
    ]
    # A million rows name few albums: each name is looked up once.
    distinct = pa.table(dict(zip(("album_id", "artist", "title"), keys, strict=True)))
    codes = [_encode(column) for column in distinct.columns]
    sizes = [len(values) + 1 for _, values in codes]
    joint = ((codes[0][0].astype(np.int64) + 1) * sizes[1] + codes[1][0] + 1) * sizes[2] + codes[2][0] + 1
    found, inverse, counts = np.unique(joint, return_inverse=True, return_counts=True)
    album_of, how = np.full(len(found), -1, dtype=np.int64), np.zeros(len(found), dtype=np.int8)
    unmatched: Counter[tuple[str, str, str]] = Counter()
    for n, code in enumerate(found.tolist()):
        rest, title_code = divmod(code, sizes[2])
        id_code, artist_code = divmod(rest, sizes[1])
        album_id, artist, title = (
            values[c - 1].strip() if c else ""
            for (_, values), c in zip(codes, (id_code, artist_code, title_code), strict=True)
        )
        name = (normalise_name(artist), normalise_name(title))
        if album_id in place:
            album_of[n], how[n] = place[album_id], 1
        elif name in by_name:
            album_of[n], how[n] = by_name[name], 2
        else:
            unmatched[(album_id, artist, title)] += int(counts[n])
    n_by_id, n_by_name = (int(counts[how == kind].sum()) for kind in (1, 2))
    return album_of[inverse], n_by_id, n_by_name, dict(unmatched.most_common())


def _encode(column: pa.ChunkedArray) -> tuple[np.ndarray, list[str]]:
    """Number of each value among the distinct ones, -1 for null and empty; and those."""
    texts = column.cast(pa.string())
    texts = pc.if_else(pc.equal(pc.utf8_trim_whitespace(texts), ""), pa.scalar(None, pa.string()), texts)
    encoded = pa.chunked_array(texts).combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return codes, [str(value) for value in encoded.dictionary.to_pylist()]


def _numbers(column: pa.ChunkedArray) -> np.ndarray:
    """Values as float64; nan for what is missing or no number."""
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        try:
            column = column.cast(pa.float64())
        except pa.ArrowInvalid:
            return np.array([_number(text) for text in column.to_pylist()], dtype=np.float64)
    elif pa.types.is_temporal(column.type):
        column = column.cast(pa.timestamp("us")).cast(pa.int64())
    return np.asarray(pc.fill_null(column.cast(pa.float64()), float("nan")).to_numpy(), dtype=np.float64)


def _number(text: str | None) -> float:
    try:
        return float(text) if text is not None else float("nan")
    except ValueError:
        # ISO dates sort as their digits do.
        digits = "".join(c for c in text or "" if c.isdigit())
        return float(digits) if "-" in (text or "") and digits else float("nan")


def _why_none(
    table: Path, n_rows: int, is_matched: np.ndarray, is_in_scale: np.ndarray, scale: RatingScale, is_explicit: bool
) -> str:
    if not is_matched.any():
        return (
            f"none of the {n_rows:,} rows of {table} is of an album in the set; compare its album_id, artist and title"
        )
    if not (is_matched & is_in_scale).any():
        wanted = f"from {scale.lowest:g} to {scale.highest:g} (--scale)" if is_explicit else "above 0"
        return f"no row of {table} has a {'rating' if is_explicit else 'number of plays'} {wanted}"
    return f"no row of {table} has a user and an album of the set and a value in scale"
