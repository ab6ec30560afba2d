"""Albums from a table: CSV, JSON lines or Parquet, with cover files in a folder."""

from __future__ import annotations

import csv
import difflib
import hashlib
import io
import json
import reprlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from albumnet.errors import InputTableError
from albumnet.progress import ProgressCallback, ignore_progress
from albumnet.records import Album, MoodAliases
from albumnet.sources.forms import gather_long, gather_wide
from albumnet.sources.importing import ImportResult, covers_below, digest_file, write_imported

LIST_SEPARATOR = "|"
_KNOWN = ("album_id", "artist", "title", "cover", "moods", "genres", "styles", "year")
_YEARS = range(1000, 3000)


@dataclass(frozen=True)
class TableOptions:
    """How to read a table.

    Attributes:
        moods_column: The column that holds the moods, strongest first.
        cover_column: The column that holds the cover's file name, relative to the covers folder.
        renames: Column in the table -> the name it should have here; to "" to pass it over.
        encoding: Of CSV and JSON lines.
        aliases: Variant spellings of moods.
        id_column_fallback: The column to take ids from when there is no album_id; None to insist on one.
        form: rows (one per album) | long (one per album and mood) | wide (a column per mood).
    """

    moods_column: str = "moods"
    cover_column: str = "cover"
    renames: Mapping[str, str] | None = None
    encoding: str = "utf-8-sig"
    aliases: MoodAliases = MoodAliases()
    id_column_fallback: str | None = None
    form: str = "rows"


def import_table(
    table: Path,
    covers_dir: Path,
    *,
    out: Path,
    options: TableOptions = TableOptions(),
    seed: int = 0,
    force: bool = False,
    moods_table: Path | None = None,
    progress: ProgressCallback = ignore_progress,
) -> ImportResult:
    """Turn a table of albums and a folder of covers into an album set.

    Known columns are album_id, moods and cover (needed), artist, title, year, genres and styles; lists are separated
    by `|` in CSV. Other columns are passed over, unless one looks like a known name misspelt.

    Args:
        table: The CSV, JSON lines or Parquet file.
        covers_dir: The folder that the cover files lie in.
        out: The set's folder.
        options: How to read the table.
        seed: Of the split.
        force: Replace a set that came from another import.
        moods_table: Another table with the moods, in the long form; the first one's are then not looked at.
        progress: Called per cover.

    Raises:
        InputTableError: If the table cannot be read, lacks a column, or holds a value of the wrong type.
        AlbumSetError: If `out` holds a set from another import and `force` is not given.
    """
    if not covers_dir.is_dir():
        raise InputTableError(f"{covers_dir} is not a folder; --covers takes the folder that the cover files lie in")
    moods = read_long_moods(moods_table, options=options) if moods_table else None
    albums, ignored_columns = read_albums(table, options=options, moods=moods)
    tables = [digest_file(path) for path in (table, moods_table) if path]
    content = json.dumps([tables, str(covers_dir.resolve()), seed, options_digest(options)])
    digest = hashlib.sha256(content.encode()).hexdigest()[:16]
    result = write_imported(
        albums, load_cover=covers_below(covers_dir), out=out, import_digest=digest, aliases=options.aliases, seed=seed,
        force=force, progress=progress,
    )  # fmt: skip
    return replace(result, ignored_columns=ignored_columns)


def options_digest(options: TableOptions) -> str:
    """Of everything that says how a table is read."""
    values = {
        **asdict(options),
        "renames": dict(options.renames or {}),
        "aliases": dict(options.aliases.mood_of_variant),
    }
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


def read_albums(
    table: Path, *, options: TableOptions = TableOptions(), moods: Mapping[str, Sequence[str]] | None = None
) -> tuple[list[Album], tuple[str, ...]]:
    """The albums of a table, covers not yet looked at, and the columns that were passed over.

    Args:
        table: The file.
        options: How to read it.
        moods: album_id -> moods, from elsewhere; the table's own are then not looked at.

    Raises:
        InputTableError: If the table cannot be read, lacks a column, or holds a value of the wrong type.
    """
    columns, rows = _read_rows(table, encoding=options.encoding)
    if moods is not None:
        rows = [{**row, options.moods_column: list(moods.get(str(row.get("album_id")), ()))} for row in rows]
        columns = list(dict.fromkeys([*columns, options.moods_column]))
    return albums_of_rows(columns, rows, where=str(table), source=table.name, options=options)


def read_long_moods(table: Path, *, options: TableOptions = TableOptions()) -> dict[str, list[str]]:
    """album_id -> moods, strongest first, of a table in the long form.

    Raises:
        InputTableError: If the table cannot be read, lacks a column, or has a rank that is no number.
    """
    columns, rows = _read_rows(table, encoding=options.encoding)
    _, albums = gather_long(columns, rows, where=str(table))
    return {str(album["album_id"]): album["moods"] for album in albums}


def albums_of_rows(
    columns: Sequence[str], rows: Sequence[dict[str, Any]], *, where: str, source: str, options: TableOptions
) -> tuple[list[Album], tuple[str, ...]]:
    """The albums of rows that were read, and the columns that were passed over.

    Args:
        columns: Of all rows.
        rows: Column -> value.
        where: What they are of, for errors.
        source: What albums say they come from.
        options: How to read them.

    Raises:
        InputTableError: If a column is missing, or a value of the wrong type.
    """
    columns, rows = _to_rows(list(columns), list(rows), where=where, options=options)
    name_of = _map_columns(columns, table=where, options=options)
    albums = [
        _album(
            {known: row.get(column) for known, column in name_of.items()},
            where=f"{where}, row {number}",
            source=source,
        )
        for number, row in enumerate(rows, start=1)
    ]
    used = set(name_of.values())
    return albums, tuple(column for column in columns if column not in used)


def _to_rows(
    columns: list[str], rows: list[dict[str, Any]], *, where: str, options: TableOptions
) -> tuple[list[str], list[dict[str, Any]]]:
    """Whatever the form, a row per album with a list of moods."""
    renames = options.renames or {}
    if options.form == "long":
        return gather_long(columns, rows, where=where)
    if options.form == "wide":
        not_moods = {*_KNOWN, *renames, options.cover_column, options.id_column_fallback}
        return gather_wide(columns, rows, moods=[name for name in columns if name not in not_moods], where=where)
    return columns, rows


def _read_rows(table: Path, *, encoding: str) -> tuple[list[str], list[dict[str, Any]]]:
    readers = {".csv": _read_csv, ".jsonl": _read_json_lines, ".ndjson": _read_json_lines, ".parquet": _read_parquet}
    if table.suffix.lower() not in readers:
        raise InputTableError(f"{table} ends in {table.suffix or 'nothing'}; expected .csv, .jsonl or .parquet")
    try:
        columns, rows = readers[table.suffix.lower()](table, encoding)
    except FileNotFoundError as error:
        raise InputTableError(f"{table} does not exist; give the path of a .csv, .jsonl or .parquet table") from error
    except UnicodeDecodeError as error:
        raise InputTableError(
            f"{table} is not {encoding.removesuffix('-sig').upper()}: byte 0x{error.object[error.start]:02x} at "
            f"position {error.start}; save it as UTF-8, or say what it is with --encoding latin-1"
        ) from error
    except (OSError, LookupError, UnicodeError, csv.Error, pa.ArrowException) as error:
        raise InputTableError(f"cannot read {table}: {' '.join(str(error).split())}") from error
    if repeated := [column for column, count in Counter(columns).items() if count > 1]:
        raise InputTableError(f"{table} has several columns {repeated[0]!r}; give every column a name of its own")
    return columns, rows


def _read_csv(table: Path, encoding: str) -> tuple[list[str], list[dict[str, Any]]]:
    reader = csv.DictReader(io.StringIO(table.read_text(encoding), newline=""), strict=True)
    rows = list(reader)
    for number, row in enumerate(rows, start=1):
        if None in row or None in row.values():
            raise InputTableError(
                f"{table}, row {number} has {'more' if None in row else 'fewer'} fields than the header; "
                "quote fields that contain commas"
            )
    return list(reader.fieldnames or ()), rows


def _read_json_lines(table: Path, encoding: str) -> tuple[list[str], list[dict[str, Any]]]:
    rows = []
    # Not splitlines(): it also splits within a text that contains U+2028 or U+0085.
    for number, line in enumerate(table.read_text(encoding).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise InputTableError(f"{table}, line {number} is not JSON ({error}); expected one object") from error
        if not isinstance(row, dict):
            raise InputTableError(f"{table}, line {number} is {_shown(row)}; expected one JSON object")
        rows.append(row)
    return list(dict.fromkeys(key for row in rows for key in row)), rows


def _read_parquet(table: Path, encoding: str) -> tuple[list[str], list[dict[str, Any]]]:  # noqa: ARG001  one signature
    arrow = pq.ParquetFile(table).read()
    return list(arrow.column_names), arrow.to_pylist()


def _map_columns(columns: Sequence[str], *, table: str, options: TableOptions) -> dict[str, str]:
    """Known name -> the table's column of that meaning."""
    if not columns:
        raise InputTableError(f"{table} is empty; expected a row per album with album_id, moods and cover")
    there = ", ".join(columns)
    renames = dict(options.renames or {})
    for column, known in renames.items():
        if column not in columns:
            raise InputTableError(f"{table} has no column {column!r} to rename; it has {there}")
        if known and known not in _KNOWN:
            raise InputTableError(f"--rename {column}={known}: {known!r} is not one of {', '.join(_KNOWN)}")
    name_of = {column: column for column in columns if column in _KNOWN and column not in renames}
    name_of |= {known: column for column, known in renames.items() if known}
    for known, column, flag in (
        ("moods", options.moods_column, "--moods-column"),
        ("cover", options.cover_column, "--cover-column"),
    ):
        if column in columns and column != known:
            name_of[known] = column
        elif column != known:
            raise InputTableError(f"{table} has no column {column!r}; {flag} takes one of {there}")
    if "album_id" not in name_of and options.id_column_fallback is not None:
        name_of["album_id"] = options.id_column_fallback
    _check_columns(columns, name_of=name_of, renames=renames, table=table)
    return name_of


def _check_columns(
    columns: Sequence[str], *, name_of: Mapping[str, str], renames: Mapping[str, str], table: str
) -> None:
    missing = [known for known in _KNOWN if known not in name_of]
    for column in columns:
        close = difflib.get_close_matches(column.casefold(), missing, n=1, cutoff=0.8)
        if close and column not in name_of.values() and column not in renames:
            raise InputTableError(
                f"{table} has an unknown column {column!r}; did you mean {close[0]!r}? Say "
                f"--rename {column}={close[0]}, or --rename {column}= to pass it over"
            )
    for needed in ("album_id", "moods", "cover"):
        if needed in missing:
            raise InputTableError(
                f"{table} has no column {needed!r}; it has {', '.join(columns)}. Rename the one that is meant, "
                f"e.g. --rename {columns[0]}={needed}"
            )


def _album(row: Mapping[str, Any], *, where: str, source: str) -> Album:
    album_id = _text(row["album_id"], name="album_id", where=where)
    if not album_id:
        raise InputTableError(f"{where} has no album_id; every album needs one of its own")
    return Album(
        album_id=album_id,
        artist=_text(row.get("artist"), name="artist", where=where),
        title=_text(row.get("title"), name="title", where=where),
        moods=_moods(row["moods"], where=where),
        genres=_list(row.get("genres"), name="genres", where=where),
        styles=_list(row.get("styles"), name="styles", where=where),
        year=_year(row.get("year"), where=where),
        cover_file=_text(row["cover"], name="cover", where=where) or None,
        source=source,
    )


def _moods(value: Any, *, where: str) -> tuple[str, ...]:
    moods = _list(value, name="moods", where=where)
    for mood in moods:
        # A column of numbers, or a list that a script wrote as its Python text, would pass as text.
        if mood.startswith(("[", "{")) or not any(letter.isalpha() for letter in mood):
            raise InputTableError(
                f"{where}: moods holds {reprlib.repr(mood)}; expected names such as Playful|Warm, strongest first"
            )
    return moods


def _text(value: Any, *, name: str, where: str) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise InputTableError(f"{where}: {name} is {_shown(value)}; expected text")


def _list(value: Any, *, name: str, where: str) -> tuple[str, ...]:
    if value is None:
        return ()
    items = value.split(LIST_SEPARATOR) if isinstance(value, str) else value
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise InputTableError(
            f"{where}: {name} is {_shown(value)}; expected a list of texts, or one text separated by {LIST_SEPARATOR}"
        )
    return tuple(dict.fromkeys(item.strip() for item in items if item.strip()))


def _year(value: Any, *, where: str) -> int | None:
    if value is None or value != value or (isinstance(value, str) and not value.strip()):
        return None
    try:
        year = float(value)
        if year == int(year) and int(year) in _YEARS:
            return int(year)
    except (TypeError, ValueError, OverflowError):
        pass
    raise InputTableError(f"{where}: year is {_shown(value)}; expected a whole number such as 1977, or nothing")


def _shown(value: Any) -> str:
    return f"{reprlib.repr(value)} ({type(value).__name__})"
