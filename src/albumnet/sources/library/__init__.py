"""Albums from a folder of tagged audio files, which is only read."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from albumnet.dataset import CoverFailure, Step, Terms
from albumnet.dataset.tracks import AlbumTrack, has_tracks, write_tracks
from albumnet.errors import CoverError, InputTableError, MissingExtraError
from albumnet.progress import ProgressCallback, ignore_progress
from albumnet.records import Album, MoodAliases
from albumnet.sources.importing import ImportResult, covers_below, write_imported
from albumnet.sources.library.grouping import group_with_tracks
from albumnet.sources.library.scanning import AUDIO_SUFFIXES, scan_tracks
from albumnet.sources.library.tags import Track

SCAN_FILE = "library.jsonl"
_TERMS = Terms("library", "your own files: their covers and tags are for your own use, do not pass them on")


def import_library(
    music_dir: Path,
    *,
    out: Path,
    aliases: MoodAliases = MoodAliases(),
    seed: int = 0,
    force: bool = False,
    progress: ProgressCallback = ignore_progress,
) -> ImportResult:
    """Turn a folder of tagged audio files into an album set.

    Files are one album by their MusicBrainz release, else by album artist and album, else by folder and album. Moods
    are those of its tracks, the most frequent first. The cover is the front picture inside the files, or the file
    `cover`, `folder` or `front` beside them. What was read is remembered in `out`, so that an interrupted scan goes on.

    Args:
        music_dir: Searched with all folders below; never written to.
        out: The set's folder.
        aliases: Variant spellings of moods.
        seed: Of the split.
        force: Replace a set that came from another import, or from the library as it was before.
        progress: Told about files, then covers.

    Raises:
        InputTableError: If there is no such folder or no audio file with an album in it.
        AlbumSetError: If `out` holds another set and `force` is not given.
        MissingExtraError: If mutagen is not installed.
    """
    read = read_library(music_dir, scan_file=out / SCAN_FILE, progress=progress)
    albums = [_storable(album) for album, _ in read.albums]
    original_names = {_shown(album.cover_file): album.cover_file for album, _ in read.albums if album.cover_file}
    failures = [CoverFailure(_shown(name), reason) for name, reason in read.failures]
    content = json.dumps(
        [[asdict(track) for track in read.tracks], str(music_dir.resolve()), seed, dict(aliases.mood_of_variant)]
    )
    result = write_imported(
        albums,
        load_cover=lambda name: load_cover(music_dir, original_names.get(name, name)),
        out=out,
        import_digest=hashlib.sha256(content.encode()).hexdigest()[:16],
        aliases=aliases,
        seed=seed,
        force=force,
        terms=_TERMS,
        funnel=(Step("albums in the library", len(albums)),),
        failures=failures,
        progress=progress,
    )
    if not has_tracks(result.album_set):
        of_album = {album.album_id: [_album_track(track) for track in tracks] for album, tracks in read.albums}
        write_tracks(result.album_set, of_album, music_dir=music_dir)
    return result


@dataclass(frozen=True)
class Library:
    """What was read of a music library.

    Attributes:
        tracks: Every audio file, in the order of their paths.
        albums: Each with its tracks in playing order.
        failures: Files that are of no album, and why.
    """

    tracks: tuple[Track, ...]
    albums: tuple[tuple[Album, tuple[Track, ...]], ...]
    failures: tuple[tuple[str, str], ...]


def read_library(music_dir: Path, *, scan_file: Path, progress: ProgressCallback = ignore_progress) -> Library:
    """Read every audio file of a library, and group them into albums.

    Args:
        music_dir: Searched with all folders below; never written to.
        scan_file: Remembers what was read, so that only files that changed are read again.
        progress: Told about files.

    Raises:
        InputTableError: If there is no such folder or no audio file with an album in it.
        MissingExtraError: If mutagen is not installed.
    """
    check_library(music_dir)
    tracks = scan_tracks(music_dir, scan_file=scan_file, progress=progress)
    if not tracks:
        raise InputTableError(f"{music_dir} holds no audio files; expected {', '.join(sorted(AUDIO_SUFFIXES))}")
    failures = [(track.path, track.error) for track in tracks if track.error]
    loose = [track for track in tracks if not track.error and not track.album]
    failures += [(track.path, "no album tag, so it is of no album") for track in loose]
    albums = group_with_tracks([track for track in tracks if track.album], music_dir=music_dir)
    if not albums:
        raise InputTableError(
            f"none of the {len(tracks):,} audio files in {music_dir} has an album tag; tag them first"
        )
    return Library(tuple(tracks), tuple(albums), tuple(failures))


def check_library(music_dir: Path) -> None:
    """Check that a library can be read.

    Raises:
        InputTableError: If there is no such folder.
        MissingExtraError: If mutagen is not installed.
    """
    if importlib.util.find_spec("mutagen") is None:
        raise MissingExtraError("reading audio files needs mutagen (GPL): pip install 'albumnet[library]'")
    if not music_dir.is_dir():
        raise InputTableError(f"{music_dir} is not a folder; give the folder that your music lies in")


def _storable(album: Album) -> Album:
    """The album as a table can hold it: a cover file whose name is no UTF-8 goes by an escaped one."""
    return replace(album, cover_file=None if album.cover_file is None else _shown(album.cover_file))


def _shown(name: str) -> str:
    """A file name in plain text; bytes that are no UTF-8 are spelled out."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _album_track(track: Track) -> AlbumTrack:
    return AlbumTrack(track.path, track.title, track.artist, track.seconds)


def load_cover(music_dir: Path, name: str) -> bytes:
    """The picture file of this name, or the front picture inside the audio file of this name.

    Raises:
        CoverError: If it cannot be read, or the audio file has no picture after all.
    """
    if Path(name).suffix.lower() not in AUDIO_SUFFIXES:
        return covers_below(music_dir)(name)
    from albumnet.sources.library.pictures import read_picture

    picture = read_picture(music_dir / name)
    if picture is None:
        raise CoverError("there is no picture in the file any more; import again with --force")
    return picture
