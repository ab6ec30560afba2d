"""Flags: what a rule says about an album, on disk beside the cleaned set, and what was said about one album."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa

from albumnet.dataset import AlbumSet
from albumnet.dataset.atomic import read_parquet, write_parquet
from albumnet.errors import AlbumSetError

SCHEMA_VERSION = 1
FLAGS_FILE = "flags.parquet"
_SCHEMA = pa.schema(
    {name: pa.string() for name in ("album_id", "artist", "title", "rule", "action", "reason", "other")}
)


@dataclass(frozen=True)
class Flag:
    """What one rule said about one album, and what came of it.

    Attributes:
        album_id: Of the album.
        artist: As printed.
        title: As printed.
        rule: Who says so.
        action: left out | merged | changed | kept.
        reason: Why, in one line.
        other: Id of the album it was merged into, or shares its picture with; None where there is none.
    """

    album_id: str
    artist: str
    title: str
    rule: str
    action: str
    reason: str
    other: str | None = None


def read_flags(folder: Path) -> tuple[Flag, ...]:
    """The flags of a cleaned set.

    Raises:
        AlbumSetError: If the folder holds none.
    """
    path = folder / FLAGS_FILE
    if not path.is_file():
        raise AlbumSetError(
            f"{folder} holds no {FLAGS_FILE}; `albumnet clean SET --out {folder}` makes it, --explain reads it there"
        )
    table, _ = read_parquet(path, schema_version=SCHEMA_VERSION)
    return tuple(Flag(**row) for row in table.to_pylist())


def write_flags(folder: Path, flags: Sequence[Flag], *, made_from: str) -> None:
    """Replace a set's flags; `made_from` is the digest of the albums that were flagged."""
    table = pa.Table.from_pylist([asdict(flag) for flag in flags], schema=_SCHEMA)
    write_parquet(folder / FLAGS_FILE, table, schema_version=SCHEMA_VERSION, made_from={"albums": made_from})


def explain_album(folder: Path, wanted: str) -> list[str]:
    """What the rules said about an album of a cleaned set, line by line; the last line says whether it is in the set.

    Args:
        folder: Of the cleaned set.
        wanted: The album's id, or its title whatever its case.

    Raises:
        AlbumSetError: If no album, kept or left out, has that id or title.
    """
    flags = read_flags(folder)
    kept = {album.album_id: (album.artist, album.title) for album in AlbumSet(folder).albums}
    names = {flag.album_id: (flag.artist, flag.title) for flag in flags} | kept
    if wanted in names:
        found = [wanted]
    else:
        found = [album_id for album_id, (_, title) in names.items() if title.casefold() == wanted.casefold()]
    if not found:
        raise AlbumSetError(f"no album of {folder} has the id or title {wanted!r}, neither kept nor left out")
    lines = []
    for album_id in found:
        artist, title = names[album_id]
        lines.append(f"{album_id}: {title or 'untitled'}{f', {artist}' if artist else ''}")
        said = [flag for flag in flags if flag.album_id == album_id]
        lines += [f"  {flag.rule}: {flag.action}; {flag.reason}" for flag in said]
        lines.append(
            f"  {'in the set' if album_id in kept else 'not in the set'}{'' if said else '; no rule flagged it'}"
        )
    return lines
