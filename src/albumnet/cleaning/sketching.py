"""Every cover of a set decoded once: its size, its sketch, or why it cannot be decoded. Kept on disk, resumable."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pyarrow as pa

from albumnet.dataset import AlbumSet
from albumnet.dataset.atomic import read_parquet, write_parquet
from albumnet.errors import CoverError, SchemaVersionError
from albumnet.progress import Progress, ProgressCallback, ignore_progress
from albumnet.vision.decoding import cover_size
from albumnet.vision.sketches import (
    CHROMA_SIDE,
    HASH_WORDS,
    SKETCH_VERSION,
    THUMBNAIL_SIDE,
    Sketches,
    sketch_cover,
)

_SHARD_SIZE = 2048
_SCHEMA = pa.schema(
    {
        "cover": pa.string(),
        "width": pa.int32(),
        "height": pa.int32(),
        "error": pa.string(),
        "hashes": pa.binary(8 * HASH_WORDS),
        "thumbnails": pa.binary(THUMBNAIL_SIDE**2),
        "chroma": pa.binary(2 * CHROMA_SIDE**2),
    }
)
_BLANK = {
    "hashes": bytes(8 * HASH_WORDS),
    "thumbnails": bytes(THUMBNAIL_SIDE**2),
    "chroma": bytes(2 * CHROMA_SIDE**2),
}


@dataclass(frozen=True)
class SketchedCovers:
    """What is known of N covers after decoding.

    Attributes:
        row_of: sha256 -> row.
        sizes: (N, 2) width and height; 0 where the cover cannot be decoded.
        errors: N reasons why a cover cannot be decoded; None where it can.
        sketches: N; zeros where the cover cannot be decoded.
    """

    row_of: dict[str, int]
    sizes: np.ndarray
    errors: tuple[str | None, ...]
    sketches: Sketches


def sketch_covers(
    album_set: AlbumSet,
    *,
    folder: Path,
    n_threads: int = 2,
    progress: ProgressCallback = ignore_progress,
) -> SketchedCovers:
    """Sketch every cover of a set, those that `folder` holds already excepted.

    Args:
        album_set: Its covers are read.
        folder: Where sketches are kept, in shards; made if missing.
        n_threads: That decode.
        progress: Told after every shard.
    """
    wanted = list(dict.fromkeys(album.cover for album in album_set.albums if album.cover))
    tables = [table for path in sorted(folder.glob("shard-*.parquet")) if (table := _read_shard(path)) is not None]
    there = {cover for table in tables for cover in table["cover"].to_pylist()}
    missing = [cover for cover in wanted if cover not in there]
    n_done = len(wanted) - len(missing)
    with ThreadPoolExecutor(n_threads) as executor:
        for start in range(0, len(missing), _SHARD_SIZE):
            covers = missing[start : start + _SHARD_SIZE]
            rows = list(executor.map(lambda cover: _sketch(album_set, cover), covers))
            table = pa.Table.from_pylist(rows, schema=_SCHEMA)
            name = hashlib.sha256("".join(covers).encode()).hexdigest()[:16]
            made_from = {"sketch_version": str(SKETCH_VERSION)}
            write_parquet(folder / f"shard-{name}.parquet", table, schema_version=SKETCH_VERSION, made_from=made_from)
            tables.append(table)
            progress(Progress("decoding", n_done + start + len(covers), len(wanted)))
    return _collect(tables, wanted=wanted)


def _read_shard(path: Path) -> pa.Table | None:
    try:
        return read_parquet(path, schema_version=SKETCH_VERSION)[0]
    except SchemaVersionError:  # of another version, or cut off: the covers are sketched again
        return None


def _sketch(album_set: AlbumSet, cover: str) -> dict[str, object]:
    try:
        data = album_set.read_cover(cover)
        width, height = cover_size(data)
        sketch = sketch_cover(data)
    except CoverError as error:
        return {"cover": cover, "width": 0, "height": 0, "error": str(error), **_BLANK}
    columns = {field.name: getattr(sketch, field.name).tobytes() for field in fields(Sketches)}
    return {"cover": cover, "width": width, "height": height, "error": None, **columns}


def _collect(tables: Sequence[pa.Table], *, wanted: Sequence[str]) -> SketchedCovers:
    """The wanted covers' rows of all shards, in the order of `wanted`."""
    rank = {cover: n for n, cover in enumerate(wanted)}
    sizes = np.zeros((len(wanted), 2), dtype=np.int32)
    errors: list[str | None] = [None] * len(wanted)
    sketches = Sketches(
        np.zeros((len(wanted), HASH_WORDS), np.uint64),
        np.zeros((len(wanted), THUMBNAIL_SIDE, THUMBNAIL_SIDE), np.uint8),
        np.zeros((len(wanted), CHROMA_SIDE, CHROMA_SIDE, 2), np.uint8),
    )
    for table in tables:
        covers = table["cover"].to_pylist()
        found = [n for n, cover in enumerate(covers) if cover in rank]
        places = [rank[covers[n]] for n in found]
        sizes[places] = np.stack([table[name].to_numpy() for name in ("width", "height")], axis=1)[found]
        for place, error in zip(places, table["error"].take(found).to_pylist(), strict=True):
            errors[place] = error
        for field in fields(Sketches):
            whole = getattr(sketches, field.name)
            data = b"".join(table[field.name].take(found).to_pylist())
            whole[places] = np.frombuffer(data, dtype=whole.dtype).reshape(len(found), *whole.shape[1:])
    return SketchedCovers(rank, sizes, tuple(errors), sketches)
