"""Albums from a folder of pictures with metadata, or from a dataset folder, as Hugging Face has both."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

from albumnet.errors import InputTableError
from albumnet.progress import ProgressCallback, ignore_progress
from albumnet.records import Album
from albumnet.sources.hugging_face import find_parquet_files, read_picture_table
from albumnet.sources.importing import ImportResult, covers_below, digest_file, write_imported
from albumnet.sources.tables import TableOptions, albums_of_rows, options_digest, read_albums

METADATA_NAMES = ("metadata.csv", "metadata.jsonl", "metadata.parquet")


def import_folder(
    folder: Path,
    *,
    out: Path,
    options: TableOptions = TableOptions(),
    seed: int = 0,
    force: bool = False,
    progress: ProgressCallback = ignore_progress,
) -> ImportResult:
    """Turn a folder of covers into an album set.

    Three layouts are known: pictures with one metadata file (column `file_name`); the same in a folder for each side
    (`train`, `test`, …); Parquet files with the pictures inside. Sides are not kept: the set is divided anew, because
    here no artist may be on two. Without a column `album_id` the file name is the id.

    Raises:
        InputTableError: If the folder has none of these, or something cannot be read.
        AlbumSetError: If `out` holds a set from another import and `force` is not given.
    """
    if not folder.is_dir():
        raise InputTableError(f"{folder} is not a folder; give one with covers and metadata")
    options = dataclasses.replace(options, cover_column="file_name", id_column_fallback="file_name")
    tables = find_metadata(folder)
    files = [] if tables else find_parquet_files(folder)
    load_cover: Callable[[str], bytes]
    if tables:
        albums, ignored = _albums_of_tables(tables, folder=folder, options=options)
        load_cover = covers_below(folder)
    elif files:
        options = dataclasses.replace(options, cover_column="cover", id_column_fallback="cover")
        pictures = read_picture_table(files, folder=folder)
        albums, ignored = albums_of_rows(
            pictures.columns, pictures.rows, where=str(folder), source=folder.resolve().name, options=options
        )
        load_cover = pictures.load_cover
    else:
        raise InputTableError(
            f"{folder} has no metadata file and no Parquet files with pictures; expected one of "
            f"{', '.join(METADATA_NAMES)} with a column file_name"
        )
    content = json.dumps([[digest_file(path) for path in tables or files], str(folder.resolve()), seed])
    result = write_imported(
        albums,
        load_cover=load_cover,
        out=out,
        import_digest=hashlib.sha256(f"{content} {options_digest(options)}".encode()).hexdigest()[:16],
        aliases=options.aliases,
        seed=seed,
        force=force,
        progress=progress,
    )
    return dataclasses.replace(result, ignored_columns=ignored)


def find_metadata(folder: Path) -> list[Path]:
    """The metadata file of an image folder, or those of its sides; none if there is none.

    Raises:
        InputTableError: If a folder has more than one.
    """
    here = _metadata_in(folder)
    if here:
        return here
    return [path for side in sorted(folder.iterdir()) if side.is_dir() for path in _metadata_in(side)]


def _metadata_in(folder: Path) -> list[Path]:
    found = [folder / name for name in METADATA_NAMES if (folder / name).is_file()]
    if len(found) > 1:
        raise InputTableError(
            f"{folder} has {len(found)} metadata files; expected one of {', '.join(METADATA_NAMES)} "
            "with a column file_name"
        )
    return found


def _albums_of_tables(
    tables: Sequence[Path], *, folder: Path, options: TableOptions
) -> tuple[list[Album], tuple[str, ...]]:
    """Albums of all metadata files, cover names made relative to the folder; ids by file name then are too."""
    albums: list[Album] = []
    ignored: dict[str, None] = {}
    for table in tables:
        found, passed_over = read_albums(table, options=options)
        ignored.update(dict.fromkeys(passed_over))
        side = table.parent.relative_to(folder)
        for album in found:
            cover_file = (side / album.cover_file).as_posix() if album.cover_file else None
            by_name = album.album_id == album.cover_file
            album_id = cover_file or album.album_id if by_name else album.album_id
            albums.append(dataclasses.replace(album, cover_file=cover_file, album_id=album_id))
    return albums, tuple(ignored)
