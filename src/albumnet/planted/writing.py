"""A planted world as files anyone could have brought: a table of albums and a folder of covers."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable
from pathlib import Path

from albumnet.errors import AlbumSetError
from albumnet.planted.drawing import draw_cover
from albumnet.planted.world import PlantedWorld
from albumnet.progress import Progress, ProgressCallback, ignore_progress
from albumnet.records import Album

# Raise it when the same world comes to be drawn differently: covers of two drawings must not mix in one folder.
SCHEMA_VERSION = 1

_COLUMNS = ("album_id", "artist", "title", "year", "genres", "moods", "cover")


def write_world(world: PlantedWorld, directory: Path, *, progress: ProgressCallback = ignore_progress) -> Path:
    """Write `albums.csv`, `covers/*.jpg` and `planted.json`, which says which world they show.

    Every file is written under a temporary name and renamed, the table last: where it is, all covers are. Covers of
    the same world that are there already are not drawn again, so an interrupted call can be repeated.

    Args:
        world: What to write.
        directory: Made if missing.
        progress: Told after every cover.

    Returns:
        The path of `albums.csv`: UTF-8; list columns separated by `|`, moods strongest first; empty where missing.

    Raises:
        AlbumSetError: If the directory holds a table of something else, or another planted world.
        OSError: If it cannot be written.
    """
    covers, table, note = directory / "covers", directory / "albums.csv", directory / "planted.json"
    identity: dict[str, int | str] = {"schema_version": SCHEMA_VERSION, "world": world.digest}
    _refuse_other_contents(directory, note=note, identity=identity)
    directory.mkdir(parents=True, exist_ok=True)
    # The note comes before the covers it vouches for: covers without one are someone else's.
    _write_whole(note, (json.dumps(identity) + "\n").encode())
    covers.mkdir(exist_ok=True)
    for n, album in enumerate(world.albums):
        path = covers / (album.cover_file or f"{album.album_id}.jpg")
        if not path.exists():
            _write_whole(path, draw_cover(world, n))
        progress(Progress("covers", done=n + 1, total=len(world.albums)))
    _write_whole(table, _table_of(world.albums).encode())
    return table


def _refuse_other_contents(directory: Path, *, note: Path, identity: dict[str, int | str]) -> None:
    if not note.exists():
        foreign = [name for name in ("albums.csv", "covers") if (directory / name).exists()]
        if foreign:
            raise AlbumSetError(
                f"{directory} has {' and '.join(foreign)} that no planted world wrote; choose an empty directory"
            )
        return
    try:
        found = json.loads(note.read_text("utf-8"))
    except ValueError:
        found = None
    if found != identity:
        raise AlbumSetError(
            f"{note} says {found} but this planted world is {identity}; choose an empty directory or delete this one"
        )


def _write_whole(path: Path, data: bytes) -> None:
    """Write a whole file, or nothing; a killed process leaves at most a dotted temporary file."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _table_of(albums: Iterable[Album]) -> str:
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for album in albums:
        year = "" if album.year is None else album.year
        lists = ("|".join(album.genres), "|".join(album.moods))
        writer.writerow((album.album_id, album.artist, album.title, year, *lists, album.cover_file))
    return file.getvalue()
