"""Albums from a table: CSV, JSON lines or Parquet, with cover files in a folder."""

from __future__ import annotations

import csv
import difflib
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from albumnet.errors import InputTableError
from albumnet.progress import ProgressCallback, ignore_progress
from albumnet.records import Album, MoodAliases
from albumnet.sources.importing import ImportResult, digest_file, write_imported

LIST_SEPARATOR = "|"
_LISTS = ("moods", "genres", "styles")
_TEXTS = ("album_id", "artist", "title", "cover")
_KNOWN = (*_TEXTS, *_LISTS, "year")
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
    """

    moods_column: str = "moods"
    cover_column: str = "cover"
    renames: Mapping[str, str] | None = None
    encoding: str = "utf-8-sig"
    aliases: MoodAliases = MoodAliases()
    id_column_fallback: str | None = None


def import_table(
    table: Path,
    covers_dir: Path,
    *,
    out: Path,
    options: TableOptions = TableOptions(),
    seed: int = 0,
    force: bool = False,
    progress: ProgressCallback = ignore_progress,
) -> ImportResult:
    """Turn a table of albums and a folder of covers into an album set.

    Known columns are album_id (needed), artist, title, year, genres, styles, moods and cover; lists are separated by
    `|` in CSV. Other columns are passed over.

    Raises:
        InputTableError: If the table cannot be read, lacks a column, or holds a value of the wrong type.
    """
    if not covers_dir.is_dir():
        raise InputTableError(f"{covers_dir} is not a folder; --covers takes the folder that the cover files lie in")
    albums = read_albums(table, options=options)
    digest = hashlib.sha256(
        json.dumps(
            [digest_file(table), str(covers_dir.resolve()), options.moods_column, options.cover_column, seed,
             dict(options.renames or {}), dict(options.aliases.mood_of_variant)]
        ).encode()
    ).hexdigest()[:16]  # fmt: skip
    return write_imported(
        albums, covers_dir=covers_dir, out=out, import_digest=digest, aliases=options.aliases, seed=seed, force=force,
        progress=progress,
    )  # fmt: skip


def read_albums(table: Path, *, options: TableOptions = TableOptions()) -> list[Album]:
    """The albums of a table, covers not yet looked at.

    Raises:
        InputTableError: If the table cannot be read, lacks a column, or holds a value of the wrong type.
    """
    columns, rows = _read_rows(table, encoding=options.encoding)
    name_of = _map_columns(columns, table=table, options=options)
    return [
        _album({known: row.get(column) for known, column in name_of.items()}, where=f"{table}, row {number}", source=table.name)
        for number, row in enumerate(rows, start=1)
    ]


def ignored_columns(table: Path, *, options: TableOptions = TableOptions()) -> list[str]:
    """Columns of a table that an import passes over, for the user to see."""
    columns, _ = _read_rows(table, encoding=options.encoding)
    used = set(_map_columns(columns, table=table, options=options).values())
    return [column for column in columns if column not in used]


def _read_rows(table: Path, *, encoding: str) -> tuple[list[str], list[dict[str, Any]]]:
    readers = {".csv": _read_csv, ".jsonl": _read_json_lines, ".ndjson": _read_json_lines, ".parquet": _read_parquet}
    if table.suffix.lower() not in readers:
        raise InputTableError(f"{table} ends in {table.suffix or 'nothing'}; expected .csv, .jsonl or .parquet")
    try:
        return readers[table.suffix.lower()](table, encoding)
    except FileNotFoundError as error:
        raise InputTableError(f"{table} does not exist; give the path of a .csv, .jsonl or .parquet table") from error
    except UnicodeDecodeError as error:
        raise InputTableError(
            f"{table} is not {encoding.removesuffix('-sig').upper()}: byte 0x{error.object[error.start]:02x} at position "
            f"{error.start}; save it as UTF-8, or say what it is with --encoding latin-1"
        ) from error
    except (OSError, LookupError, csv.Error, json.JSONDecodeError, pa.ArrowException) as error:
        raise InputTableError(f"cannot read {table}: {error}") from error


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
    rows = [json.loads(line) for line in table.read_text(encoding).splitlines() if line.strip()]
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            raise InputTableError(f"{table}, row {number} is a JSON {type(row).__name__}; expected an object per line")
    return list(dict.fromkeys(key for row in rows for key in row)), rows


def _read_parquet(table: Path, encoding: str) -> tuple[list[str], list[dict[str, Any]]]:  # noqa: ARG001  one signature
    arrow = pq.read_table(table)
    return list(arrow.column_names), arrow.to_pylist()


def _map_columns(columns: Sequence[str], *, table: Path, options: TableOptions) -> dict[str, str]:
    """Known name -> the table's column of that meaning."""
    renames = dict(options.renames or {})
    if unknown := [column for column in renames if column not in columns]:
        raise InputTableError(f"{table} has no column {unknown[0]!r} to rename; it has {', '.join(columns)}")
    name_of = {renames.get(column, column): column for column in columns if renames.get(column, column)}
    name_of = {name: column for name, column in name_of.items() if name in _KNOWN}
    for known, column, flag in (("moods", options.moods_column, "--moods-column"), ("cover", options.cover_column, "--cover-column")):
        if column in columns:
            name_of[known] = column
        elif column not in _KNOWN:
            raise InputTableError(f"{table} has no column {column!r}; {flag} takes one of {', '.join(columns)}")
    if "album_id" not in name_of and options.id_column_fallback in columns:
        name_of["album_id"] = options.id_column_fallback
    for needed in ("album_id", "moods", "cover"):
        if needed not in name_of:
            raise InputTableError(
                f"{table} has no column {needed!r}; it has {', '.join(columns)}. Rename the one that is meant, "
                f"e.g. --rename {columns[0] if columns else 'NAME'}={needed}"
            )
    for column in columns:
        close = difflib.get_close_matches(column.casefold(), [k for k in _KNOWN if k not in name_of], n=1, cutoff=0.8)
        if close and column not in name_of.values() and column not in renames:
            raise InputTableError(
                f"{table} has an unknown column {column!r}; did you mean {close[0]!r}? Say --rename {column}={close[0]}, "
                f"or --rename {column}= to pass it over"
            )
    return name_of


def _album(row: Mapping[str, Any], *, where: str, source: str) -> Album:
    texts = {name: _text(row.get(name), name=name, where=where) for name in _TEXTS}
    if not texts["album_id"]:
        raise InputTableError(f"{where} has no album_id; every album needs one of its own")
    cover_file = texts.pop("cover")
    lists = {name: _list(row.get(name), name=name, where=where) for name in _LISTS}
    year = _year(row.get("year"), where=where)
    return Album(**texts, **lists, year=year, cover_file=cover_file or None, source=source)


def _text(value: Any, *, name: str, where: str) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise InputTableError(f"{where}: {name} is {value!r} ({type(value).__name__}); expected text")


def _list(value: Any, *, name: str, where: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, str):
        value = value.split(LIST_SEPARATOR)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise InputTableError(
            f"{where}: {name} is {value!r} ({type(value).__name__}); expected a list of texts, or one text separated by |"
        )
    return tuple(dict.fromkeys(item.strip() for item in value if item.strip()))


def _year(value: Any, *, where: str) -> int | None:
    if value is None or value == "" or (isinstance(value, float) and value != value):
        return None
    try:
        year = float(value)
        if year == int(year) and int(year) in _YEARS:
            return int(year)
    except (TypeError, ValueError, OverflowError):
        pass
    raise InputTableError(f"{where}: year is {value!r}; expected a whole number such as 1977, or nothing")
