"""A map as one Parquet file for embedding-atlas: places, texts, small covers and neighbours of all albums."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from albumnet.dataset.atomic import replacing
from albumnet.moodmap.neighbours import nearest_neighbours
from albumnet.progress import Progress, ProgressCallback, ignore_progress

if TYPE_CHECKING:
    from albumnet.moodmap.mood_map import MoodMap
    from albumnet.records import Album

N_NEIGHBOURS = 15
_ROWS = 2000

_TEXTS = pa.list_(pa.string())
_SCHEMA = pa.schema(
    {
        "album_id": pa.string(),
        "x": pa.float32(),
        "y": pa.float32(),
        "text": pa.string(),
        "image": pa.struct({"bytes": pa.binary(), "path": pa.string()}),
        "artist": pa.string(),
        "title": pa.string(),
        "year": pa.int16(),
        "genres": _TEXTS,
        "moods": _TEXTS,
        "mood": pa.string(),
        "neighbors": pa.struct({"ids": pa.list_(pa.int64()), "distances": pa.list_(pa.float32())}),
    }
)


def write_atlas(
    path: Path,
    mood_map: MoodMap,
    albums: Sequence[Album],
    *,
    read_thumbnail: Callable[[Album], bytes | None],
    progress: ProgressCallback = ignore_progress,
) -> None:
    """Write what embedding-atlas shows: a row per album in the map's order.

    `neighbors` holds row numbers and cosine distances (1 - cosine), nearest first; `image` is a JPEG as Hugging Face's
    tables have it, null without a cover; `mood` is the first of the album's moods, to colour by.

    Args:
        path: The file.
        mood_map: The map.
        albums: In the map's order.
        read_thumbnail: A small JPEG of an album's cover; None where there is none.
        progress: Called with albums written.

    Source:
        embedding-atlas 0.26, documentation of its command line (`--x`, `--y`, `--text`, `--image`, `--neighbors`).
    """
    rows, cosines = nearest_neighbours(mood_map.vectors, k=min(N_NEIGHBOURS, len(albums) - 1))
    metadata = {"schema_version": "1", "map": mood_map.config.digest}
    with replacing(path) as temporary, _open(temporary, metadata) as writer:
        for start in range(0, len(albums), _ROWS):
            block = range(start, min(start + _ROWS, len(albums)))
            records = [
                {
                    **_describe(albums[n], read_thumbnail(albums[n])),
                    "x": float(mood_map.xy[n, 0]),
                    "y": float(mood_map.xy[n, 1]),
                    "neighbors": {"ids": rows[n].tolist(), "distances": (1 - cosines[n]).tolist()},
                }
                for n in block
            ]
            writer.write_table(pa.Table.from_pylist(records, schema=_SCHEMA))
            progress(Progress("atlas", block.stop, len(albums)))


def _open(path: Path, metadata: dict[str, str]) -> pq.ParquetWriter:
    return pq.ParquetWriter(path, _SCHEMA.with_metadata(metadata), compression="zstd")


def _describe(album: Album, thumbnail: bytes | None) -> dict[str, object]:
    name = " – ".join(part for part in (album.artist, album.title) if part) or album.album_id
    return {
        "album_id": album.album_id,
        "text": f"{name} ({album.year})" if album.year else name,
        "image": None if thumbnail is None else {"bytes": thumbnail, "path": f"{album.album_id}.jpg"},
        "artist": album.artist,
        "title": album.title,
        "year": album.year,
        "genres": list(album.genres),
        "moods": list(album.moods),
        "mood": album.moods[0] if album.moods else None,
    }
