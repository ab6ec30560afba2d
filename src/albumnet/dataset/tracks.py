"""The audio files behind the albums of a set that was imported from a music library."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa

from albumnet.dataset.album_set import AlbumSet
from albumnet.dataset.atomic import read_parquet, write_parquet
from albumnet.errors import AlbumSetError

SCHEMA_VERSION = 1
_FILE_NAME = "tracks.parquet"
_SCHEMA = pa.schema(
    {
        "album_id": pa.string(),
        "path": pa.binary(),  # names of files need not be UTF-8
        "title": pa.string(),
        "artist": pa.string(),
        "seconds": pa.float32(),
    }
)


@dataclass(frozen=True, slots=True)
class AlbumTrack:
    """One audio file: its path relative to the library, what it is called, and how long it plays if that is known."""

    path: str
    title: str
    artist: str
    seconds: float | None


@dataclass(frozen=True)
class AlbumTracks:
    """The files of a library.

    Attributes:
        music_dir: The library.
        of_album: album_id -> its tracks in playing order.
    """

    music_dir: Path
    of_album: Mapping[str, tuple[AlbumTrack, ...]]


def write_tracks(album_set: AlbumSet, tracks: Mapping[str, Sequence[AlbumTrack]], *, music_dir: Path) -> None:
    """Write the set's tracks.parquet."""
    rows = [
        {"album_id": album_id, **asdict(track), "path": os.fsencode(track.path)}
        for album_id, members in tracks.items()
        for track in members
    ]
    made_from = {"albums": album_set.digest, "music_dir": os.fsencode(music_dir.resolve()).hex()}
    table = pa.Table.from_pylist(rows, schema=_SCHEMA)
    write_parquet(album_set.path / _FILE_NAME, table, schema_version=SCHEMA_VERSION, made_from=made_from)


def has_tracks(album_set: AlbumSet) -> bool:
    """Whether tracks were written for these very albums."""
    try:
        read_tracks(album_set)
    except AlbumSetError:
        return False
    return True


def read_tracks(album_set: AlbumSet) -> AlbumTracks:
    """Read the set's tracks.parquet.

    Raises:
        AlbumSetError: If the set is not from a music library, or has other albums now.
        SchemaVersionError: If another version wrote it.
    """
    path = album_set.path / _FILE_NAME
    if not path.is_file():
        raise AlbumSetError(
            f"{album_set.path} knows no audio files; make it with `albumnet import library MUSIC_DIR --out SET` "
            "(an older one with --force)"
        )
    table, made_from = read_parquet(path, schema_version=SCHEMA_VERSION)
    if made_from.get("albums") != album_set.digest:
        raise AlbumSetError(f"{path} is of other albums than {album_set.path}; import the library again with --force")
    of_album: dict[str, list[AlbumTrack]] = {}
    for row in table.to_pylist():
        album_id = row.pop("album_id")
        of_album.setdefault(album_id, []).append(AlbumTrack(**{**row, "path": os.fsdecode(row["path"])}))
    music_dir = Path(os.fsdecode(bytes.fromhex(made_from["music_dir"])))
    return AlbumTracks(music_dir, {album_id: tuple(tracks) for album_id, tracks in of_album.items()})
