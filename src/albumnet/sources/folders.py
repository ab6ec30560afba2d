"""Albums from a folder of pictures with a metadata file beside them, as Hugging Face's ImageFolder has it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from albumnet.errors import InputTableError
from albumnet.progress import ProgressCallback, ignore_progress
from albumnet.sources.importing import ImportResult
from albumnet.sources.tables import TableOptions, import_table

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
    """Turn a folder of covers and its metadata file (column `file_name`) into an album set.

    Without a column `album_id`, the file name is the id. For the rest see `import_table`.

    Raises:
        InputTableError: If the folder holds no metadata file, several, or one that cannot be read.
        AlbumSetError: If `out` holds a set from another import and `force` is not given.
    """
    options = dataclasses.replace(options, cover_column="file_name", id_column_fallback="file_name")
    return import_table(
        find_metadata(folder), folder, out=out, options=options, seed=seed, force=force, progress=progress
    )


def find_metadata(folder: Path) -> Path:
    """The one metadata file of an image folder.

    Raises:
        InputTableError: If there is none, or more than one.
    """
    found = [folder / name for name in METADATA_NAMES if (folder / name).is_file()]
    if len(found) != 1:
        what = "no metadata file" if not found else f"{len(found)} metadata files"
        raise InputTableError(
            f"{folder} has {what}; expected one of {', '.join(METADATA_NAMES)} with a column file_name"
        )
    return found[0]
