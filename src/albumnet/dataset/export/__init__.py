"""A set as other programs read it: a dataset folder of Hugging Face, CSV or Parquet, with covers or without."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from albumnet.dataset.album_set import AlbumSet
from albumnet.dataset.atomic import read_json, replacing, write_json, write_text
from albumnet.dataset.covers import find_cover
from albumnet.dataset.export.card import write_dataset_card
from albumnet.dataset.export.writing import SIDE_NAMES, Row, write_csv, write_folders, write_parquet_table, write_sides
from albumnet.errors import AlbumSetError
from albumnet.progress import Progress, ProgressCallback, ignore_progress
from albumnet.records import Album

SCHEMA_VERSION = 1
MARKER = "export.json"
KINDS = ("huggingface", "csv", "parquet")
COVERS = ("files", "addresses", "none")


@dataclass(frozen=True)
class Exported:
    """An export's outcome.

    Attributes:
        albums: That were exported.
        covers: Covers, or addresses of covers, that went along.
        left_out: Albums that have no place in it: an image folder has none without a picture.
        was_there_already: Whether there was nothing to do.
    """

    albums: int
    covers: int
    left_out: int
    was_there_already: bool = False


def export_set(
    album_set: AlbumSet,
    *,
    out: Path,
    kind: str,
    covers: str = "addresses",
    force: bool = False,
    progress: ProgressCallback = ignore_progress,
) -> Exported:
    """Write a set's albums, moods and sides with a card, as other programs read them.

    Args:
        album_set: What to export; it is only read.
        out: The folder; made if missing.
        kind: huggingface | csv | parquet.
        covers: files (the pictures themselves) | addresses (where they are, for sets whose pictures must not be passed
            on) | none.
        force: Replace an export of other albums or of another kind.
        progress: Called per cover.

    Raises:
        AlbumSetError: If `out` holds something else and `force` is not given.
    """
    made_from = {"albums": album_set.digest, "kind": kind, "covers": covers}
    if (done := _find_done(out, made_from)) is not None:
        return done
    if out.is_dir() and any(out.iterdir()):
        if not force:
            raise AlbumSetError(f"{out} holds something else than this export; pass --force to replace it")
        _remove_old(out)
    is_image_folder = kind == "huggingface" and covers == "files"
    albums = [album for album in album_set.albums if album.cover or not is_image_folder]
    rows = [_row(album, side=album_set.splits[album.album_id], covers=covers) for album in albums]
    if covers == "files":
        name_cover = _name_in_side if is_image_folder else _name_in_covers
        _copy_covers(album_set, albums, rows, out=out, name_cover=name_cover, progress=progress)
    if is_image_folder:
        write_folders(rows, out)
    else:
        {"huggingface": write_sides, "csv": write_csv, "parquet": write_parquet_table}[kind](rows, out)
    exported = Exported(
        albums=len(rows),
        covers=sum(bool(row.get("cover") or row.get("cover_address")) for row in rows),
        left_out=len(album_set.albums) - len(rows),
    )
    write_text(out / "README.md", write_dataset_card(album_set, kind=kind, covers=covers, left_out=exported.left_out))
    counts = {"exported": exported.albums, "with_cover": exported.covers, "left_out": exported.left_out}
    write_json(out / MARKER, {**made_from, **counts}, schema_version=SCHEMA_VERSION)
    return exported


def _row(album: Album, *, side: str, covers: str) -> Row:
    address = album.cover_file or ""
    where = {"files": {"cover": None}, "none": {}}.get(
        covers, {"cover_address": address if address.startswith(("http://", "https://")) else None}
    )
    return {
        "album_id": album.album_id,
        "artist": album.artist,
        "title": album.title,
        "year": album.year,
        "genres": list(album.genres),
        "styles": list(album.styles),
        "moods": list(album.moods),
        "split": side,
        "source": album.source,
        **where,
    }


def _copy_covers(
    album_set: AlbumSet,
    albums: Sequence[Album],
    rows: Sequence[Row],
    *,
    out: Path,
    name_cover: Callable[[Row, Path, int], str],
    progress: ProgressCallback,
) -> None:
    """Copy each album's cover and write its name into its row."""
    for n, (album, row) in enumerate(zip(albums, rows, strict=True)):
        path = find_cover(album_set.covers_dir, album.cover) if album.cover else None
        if path is not None:
            row["cover"] = name_cover(row, path, n)
            copied = out / row["cover"] if name_cover is _name_in_side else out / "covers" / row["cover"]
            if not copied.exists():
                with replacing(copied) as temporary:
                    shutil.copyfile(path, temporary)
        progress(Progress("covers", n + 1, len(albums)))


def _name_in_side(row: Row, path: Path, n: int) -> str:
    # By number: an image folder takes one row per file, and albums may share a cover.
    return f"{SIDE_NAMES[row['split']]}/{n:06d}{path.suffix}"


def _name_in_covers(_row: Row, path: Path, _n: int) -> str:
    return path.name


def _find_done(out: Path, made_from: dict[str, str]) -> Exported | None:
    if not (out / MARKER).is_file():
        return None
    found = read_json(out / MARKER, schema_version=SCHEMA_VERSION)
    if any(found.get(key) != value for key, value in made_from.items()):
        return None
    return Exported(found["exported"], found["with_cover"], found["left_out"], was_there_already=True)


def _remove_old(out: Path) -> None:
    """What an export writes, and nothing else that may lie there."""
    for name in (MARKER, "README.md", "albums.csv", "data.parquet"):
        (out / name).unlink(missing_ok=True)
    for name in ("covers", "data", *SIDE_NAMES.values()):
        shutil.rmtree(out / name, ignore_errors=True)
